use super::*;

const FADE: Transition = Transition { kind: TransitionKind::Fade, duration_millis: 200 };

fn switcher() -> Switcher {
    Switcher::new("a".into(), FrameRate::FPS_30)
}

fn show(scene: &str) -> Programme {
    Programme::Show(scene.into())
}

/// (from, to, thousandths) of a mix.
fn mix(tick: &Tick) -> (From, String, u32) {
    match &tick.programme {
        Programme::Mix { from, to, t } => (from.clone(), to.to_string(), (t * 1000.0).round() as u32),
        other @ Programme::Show(_) => panic!("{other:?}"),
    }
}

#[test]
fn a_cut_lands_on_the_next_tick_once_its_pictures_are_there() {
    let mut switcher = switcher();
    assert_eq!(switcher.tick(0, |_| true).programme, show("a"));
    switcher.request("b".into(), Transition::CUT, 0);
    let waiting = switcher.tick(1, |_| false);
    assert_eq!((waiting.programme, waiting.preparing), (show("a"), Some("b".into())));
    let taken = switcher.tick(2, |_| true);
    assert_eq!((taken.programme, taken.preparing, taken.keep_snapshot), (show("b"), None, false));
}

#[test]
fn a_scene_without_pictures_is_taken_after_300_ms() {
    let mut switcher = switcher();
    switcher.tick(0, |_| false);
    switcher.request("b".into(), Transition::CUT, 0);
    assert!((1..9).all(|n| switcher.tick(n, |_| false).programme == show("a")));
    assert_eq!(switcher.tick(9, |_| false).programme, show("b"));
}

#[test]
fn asking_again_does_not_start_the_wait_again_but_asking_for_another_does() {
    let mut switcher = switcher();
    switcher.request("b".into(), FADE, 0);
    switcher.tick(8, |_| false);
    switcher.request("b".into(), Transition::CUT, 8);
    assert_eq!(switcher.tick(9, |_| false).programme, show("b"));
    switcher.request("c".into(), Transition::CUT, 9);
    switcher.tick(17, |_| false);
    switcher.request("d".into(), Transition::CUT, 17);
    assert_eq!(switcher.tick(25, |_| false).programme, show("b"));
    assert_eq!(switcher.tick(26, |_| false).programme, show("d"));
}

#[test]
fn a_fade_runs_by_the_number_of_the_tick_even_if_some_are_left_out() {
    let mut switcher = switcher();
    switcher.request("b".into(), FADE, 0);
    let from = From::Scene("a".into());
    // 200 ms are six ticks; each step is a seventh.
    assert_eq!(mix(&switcher.tick(1, |_| true)), (from.clone(), "b".into(), 143));
    assert_eq!(mix(&switcher.tick(2, |_| true)), (from.clone(), "b".into(), 286));
    assert_eq!(mix(&switcher.tick(6, |_| true)), (from, "b".into(), 857));
    assert_eq!(switcher.tick(7, |_| true).programme, show("b"));
}

#[test]
fn a_change_during_a_fade_starts_from_a_snapshot_and_the_fade_goes_on_until_then() {
    let mut switcher = switcher();
    switcher.request("b".into(), FADE, 0);
    switcher.tick(1, |_| true);
    switcher.request("c".into(), FADE, 1);
    let ready = |id: &SceneId| id.as_str() != "c";
    let going_on = switcher.tick(2, ready);
    assert_eq!(mix(&going_on), (From::Scene("a".into()), "b".into(), 286));
    assert_eq!(going_on.preparing, Some("c".into()));
    let taken = switcher.tick(3, |_| true);
    assert!(taken.keep_snapshot);
    assert_eq!(mix(&taken), (From::Snapshot, "c".into(), 143));
    let next = switcher.tick(4, |_| true);
    assert!(!next.keep_snapshot);
    assert_eq!(mix(&next), (From::Snapshot, "c".into(), 286));
    // Back to where it came from, in the middle of it: again from what is seen.
    switcher.request("b".into(), FADE, 4);
    let back = switcher.tick(5, |_| true);
    assert!(back.keep_snapshot);
    assert_eq!(mix(&back), (From::Snapshot, "b".into(), 143));
}

#[test]
fn a_cut_during_a_fade_is_a_cut() {
    let mut switcher = switcher();
    switcher.request("b".into(), FADE, 0);
    switcher.tick(1, |_| true);
    switcher.request("c".into(), Transition::CUT, 1);
    let taken = switcher.tick(2, |_| true);
    assert_eq!((taken.programme, taken.keep_snapshot), (show("c"), false));
}

#[test]
fn asking_for_what_is_on_air_calls_a_waiting_change_off() {
    let mut switcher = switcher();
    switcher.request("b".into(), FADE, 0);
    switcher.tick(1, |_| false);
    switcher.request("a".into(), FADE, 1);
    assert_eq!(
        switcher.tick(2, |_| true),
        Tick { programme: show("a"), keep_snapshot: false, preparing: None }
    );
}

#[test]
fn a_removed_scene_leaves_the_programme_at_once() {
    let mut switcher = switcher();
    switcher.request("b".into(), FADE, 0);
    switcher.tick(1, |_| true);
    switcher.request("c".into(), FADE, 1);
    switcher.removed(&"c".into(), &"a".into());
    assert_eq!(switcher.wanted(), &"b".into());
    switcher.removed(&"b".into(), &"a".into());
    assert_eq!(switcher.tick(2, |_| true).programme, show("a"));
    switcher.request("b".into(), FADE, 2);
    switcher.tick(3, |_| true);
    switcher.removed(&"a".into(), &"b".into());
    assert_eq!(switcher.tick(4, |_| true).programme, show("b"));
}

/// A generator of the same numbers in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// Runs 1 000 switches, three in ten of them during the one before; returns every tick's programme.
fn thousand(seed: u64) -> Vec<Programme> {
    let mut dice = Dice(seed);
    let mut switcher = switcher();
    let mut log = Vec::new();
    let mut n = 0;
    let mut last_t: Option<(From, SceneId, f32)> = None;
    for _ in 0..1000 {
        let scene = SceneId::new(format!("s{}", dice.roll(6)));
        let kind = if dice.roll(4) == 0 { TransitionKind::Cut } else { TransitionKind::Fade };
        let transition = Transition { kind, duration_millis: 100 + dice.roll(500) as u32 };
        switcher.request(scene.clone(), transition, n);
        assert_eq!(switcher.wanted(), &scene);
        let slow = dice.roll(12);
        let interrupted = dice.roll(10) < 3;
        let ticks = if interrupted { 1 + dice.roll(8) } else { 40 };
        for k in 0..ticks {
            // Now and then a tick comes late and some are left out.
            n += 1 + i64::from(dice.roll(20) == 0) * dice.roll(4) as i64;
            let before = log.last().cloned();
            let tick = switcher.tick(n, |_| k >= slow);
            if let Programme::Mix { from, to, t } = &tick.programme {
                assert!(*t > 0.0 && *t < 1.0);
                if let Some((last_from, last_to, last)) = &last_t
                    && !tick.keep_snapshot
                    && (last_from, last_to) == (from, to)
                {
                    assert!(t > last, "a fade never goes back");
                }
                if *from == From::Snapshot && tick.keep_snapshot {
                    assert!(matches!(before, Some(Programme::Mix { .. })), "only a mix is worth a snapshot");
                }
                last_t = Some((from.clone(), to.clone(), *t));
            } else {
                last_t = None;
            }
            // What is left behind is what was seen.
            if let (Programme::Mix { from: From::Scene(old), to, .. }, Some(Programme::Show(seen))) =
                (&tick.programme, &before)
            {
                assert!(old == seen || to == seen);
            }
            log.push(tick.programme);
        }
        if !interrupted {
            assert_eq!(log.last(), Some(&Programme::Show(scene)), "a switch left alone ends on its scene");
        }
    }
    log
}

#[test]
fn a_thousand_switches_never_go_back_never_go_black_and_end_where_asked() {
    for seed in 1..20 {
        thousand(seed * 7919);
    }
}

#[test]
fn the_same_requests_give_the_same_programme() {
    assert_eq!(thousand(42), thousand(42));
}
