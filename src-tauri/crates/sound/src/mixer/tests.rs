//! What a listener hears of the desk.

use proptest::prelude::*;

use super::*;
use crate::ChannelMode;
use crate::simulated::{largest_step, tone_block};

fn at(k: i64) -> MediaTime {
    MediaTime::from_millis(k * 10)
}

/// Runs blocks `0..blocks`; before each, `act` may change the desk and feed its strips. Gives the left channel.
fn run(mixer: &mut Mixer, blocks: i64, mut act: impl FnMut(&mut Mixer, i64)) -> Vec<f32> {
    let mut left = Vec::new();
    for k in 0..blocks {
        act(mixer, k);
        left.extend(mixer.mix(at(k)).samples.iter().step_by(2).copied());
    }
    left
}

/// The most a 300 Hz tone of amplitude `a` moves in a frame.
fn slope(a: f32) -> f32 {
    std::f32::consts::TAU * 300.0 / 48_000.0 * a
}

#[test]
fn no_strips_is_silence_and_still_a_programme() {
    let mut mixer = Mixer::new();
    assert!(run(&mut mixer, 100, |_, _| ()).iter().all(|s| s.to_bits() == 0));
    assert_eq!(mixer.programme_meter().verdict, Verdict::Silent);
}

#[test]
fn strips_are_summed_exactly_and_leave_five_milliseconds_later() {
    let mut mixer = Mixer::new();
    let a = mixer.add(StripSettings::default()).unwrap();
    let b = mixer.add(StripSettings { gain_db: -6.0, ..StripSettings::default() }).unwrap();
    let left = run(&mut mixer, 50, |mixer, k| {
        mixer.feed(a, &tone_block(k, 300.0, 0.2)).unwrap();
        mixer.feed(b, &tone_block(k, 500.0, 0.3)).unwrap();
    });
    let latency = Limiter::LATENCY_SAMPLES as usize;
    let gain = 10f64.powf(-6.0 / 20.0);
    for (n, sample) in left.iter().enumerate().skip(5000) {
        let secs = (n - latency) as f64 / 48_000.0 * std::f64::consts::TAU;
        let expected = (secs * 300.0).sin() * 0.2 + (secs * 500.0).sin() * 0.3 * gain;
        assert!((f64::from(*sample) - expected).abs() < 1e-6);
    }
    assert_eq!(mixer.latency_samples(), 240);
}

#[test]
fn nothing_a_host_does_clicks() {
    let mut mixer = Mixer::new();
    let stays = mixer.add(StripSettings::default()).unwrap();
    let mut comes = None;
    let left = run(&mut mixer, 400, |mixer, k| {
        match k {
            20 => mixer.set_muted(stays, true).unwrap(),
            40 => mixer.set_muted(stays, false).unwrap(),
            60 => mixer.set_gain_db(stays, -20.0).unwrap(),
            61 => mixer.set_gain_db(stays, 3.0).unwrap(),
            100 => comes = Some(mixer.add(StripSettings::default()).unwrap()),
            150 => mixer.remove(comes.take().unwrap()).unwrap(),
            200 => mixer.set(stays, StripSettings { balance: 1.0, ..StripSettings::default() }).unwrap(),
            220 => {
                let mode = ChannelMode::Right;
                mixer
                    .set(stays, StripSettings { mode, delay_samples: 4000, ..StripSettings::default() })
                    .unwrap();
            }
            240 => {
                mixer.set(stays, StripSettings { gain_db: f32::NEG_INFINITY, ..Default::default() }).unwrap();
            }
            260 => mixer.set(stays, StripSettings::default()).unwrap(),
            _ => {}
        }
        // The source itself stops and comes back, off phase, in between.
        if !(300..330).contains(&k) {
            mixer.feed(stays, &tone_block(k, 300.0, 0.3)).unwrap();
        }
        if let Some(id) = comes {
            mixer.feed(id, &tone_block(k, 300.0, 0.3)).unwrap();
        }
    });
    // A tone's own movement plus a full-scale fade of 5 ms.
    let allowed = slope(0.3 * 1.42 + 0.3) + 0.6 / 240.0;
    assert!(largest_step(&left) < allowed, "{} > {allowed}", largest_step(&left));
    assert!(left[310 * 480..325 * 480].iter().all(|s| s.abs() < 1e-9), "a starved strip is silent");
    assert_eq!(mixer.strip_meter(stays).unwrap().starved_blocks, 30);
}

#[test]
fn a_removed_strip_is_unknown_and_its_number_is_not_used_again() {
    let mut mixer = Mixer::new();
    let first = mixer.add(StripSettings::default()).unwrap();
    mixer.remove(first).unwrap();
    assert_eq!(mixer.feed(first, &tone_block(0, 300.0, 0.1)), Err(SoundError::UnknownStrip(first)));
    let second = mixer.add(StripSettings::default()).unwrap();
    assert_ne!(first, second);
    run(&mut mixer, 3, |_, _| ());
    assert_eq!(mixer.strips.len(), 1);
}

#[test]
fn a_gain_that_is_no_number_is_refused_and_changes_nothing() {
    let mut mixer = Mixer::new();
    let id = mixer.add(StripSettings::default()).unwrap();
    assert!(matches!(mixer.set_gain_db(id, f32::NAN), Err(SoundError::NotFinite(_))));
    assert_eq!(mixer.settings(id).unwrap(), StripSettings::default());
}

#[test]
fn channel_modes_route_as_named() {
    for (mode, expected) in [
        (ChannelMode::Stereo, [0.4, 0.2]),
        (ChannelMode::Mono, [0.3, 0.3]),
        (ChannelMode::Left, [0.4, 0.4]),
        (ChannelMode::Right, [0.2, 0.2]),
    ] {
        let mut mixer = Mixer::new();
        let id = mixer.add(StripSettings { mode, ..StripSettings::default() }).unwrap();
        let mut block = AudioBlock::silence(at(0));
        block.samples.chunks_exact_mut(2).for_each(|f| f.copy_from_slice(&[0.4, 0.2]));
        for k in 0..10 {
            mixer.feed(id, &block).unwrap();
            mixer.mix(at(k));
        }
        let out = &mixer.programme.samples;
        assert!((out[900] - expected[0]).abs() < 1e-6 && (out[901] - expected[1]).abs() < 1e-6, "{mode:?}");
    }
}

#[test]
fn a_muted_strip_still_meters_so_that_speech_is_noticed() {
    let mut mixer = Mixer::new();
    let id = mixer.add(StripSettings { muted: true, ..StripSettings::default() }).unwrap();
    let left = run(&mut mixer, 100, |mixer, k| mixer.feed(id, &tone_block(k, 300.0, 0.5)).unwrap());
    assert!(left.iter().all(|s| s.to_bits() == 0));
    let meter = mixer.strip_meter(id).unwrap();
    assert!(meter.muted && meter.input.peak_db > -6.1 && meter.output.rms_db > -9.2);
}

#[test]
fn an_overloaded_programme_is_limited_and_called_too_loud() {
    let mut mixer = Mixer::new();
    let ids: Vec<_> = (0..4).map(|_| mixer.add(StripSettings::default()).unwrap()).collect();
    run(&mut mixer, 600, |mixer, k| {
        for (n, id) in ids.iter().enumerate() {
            mixer.feed(*id, &tone_block(k, 200.0 + 150.0 * n as f64, 0.9)).unwrap();
        }
    });
    let meter = mixer.programme_meter();
    assert!(meter.loudness.true_peak_db.unwrap() <= crate::CEILING_DBTP, "{meter:?}");
    assert_eq!(meter.verdict, Verdict::TooLoud);
    assert!(meter.limiting_db < -6.0 && !meter.level.clipped);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_input_and_no_setting_makes_the_programme_leave_its_range(
        levels in prop::collection::vec(prop::num::f32::ANY, 8),
        gains in prop::collection::vec(prop::num::f32::ANY, 8),
    ) {
        let mut mixer = Mixer::new();
        let id = mixer.add(StripSettings::default()).unwrap();
        for (k, (level, gain)) in levels.iter().zip(&gains).enumerate() {
            let _ = mixer.set(id, StripSettings { gain_db: *gain, balance: *level, ..StripSettings::default() });
            let mut block = AudioBlock::silence(at(k as i64));
            block.samples.iter_mut().step_by(3).for_each(|s| *s = *level);
            mixer.feed(id, &block).unwrap();
            prop_assert!(mixer.mix(at(k as i64)).samples.iter().all(|s| s.abs() <= 1.0));
        }
    }
}
