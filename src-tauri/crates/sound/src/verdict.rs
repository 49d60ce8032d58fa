//! One word for a level, so that nobody has to read decibels.
//!
//! Pure: fed with time and a reading, gives a word. It flaps neither at a threshold (hysteresis) nor in a pause of
//! speech (the loudest of the last 3 s counts) nor for a moment (a new word must hold for a second).

use std::time::Duration;

use serde::Serialize;
use vitrine_media::MediaTime;

/// How a level is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Within the right zone.
    JustRight,
    /// Viewers will turn it up.
    TooQuiet,
    /// Viewers will turn it down.
    TooLoud,
    /// Samples reach full scale: distortion.
    Clipping,
    /// Nothing to hear.
    Silent,
}

/// Where the words begin. Decibels full scale (effective value) for a strip, LUFS for the programme.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VerdictRule {
    /// Below it there is nothing to hear.
    pub silent_below: f32,
    /// Lower end of the right zone.
    pub right_from: f32,
    /// Upper end of the right zone.
    pub right_to: f32,
    /// How far beyond an end the level must go to leave the zone; to come back it must reach the end itself.
    pub margin: f32,
}

impl VerdictRule {
    /// Speech on a strip: the zone shown as a bracket on its meter, −24 to −12 dB.
    pub const SPEECH: Self = Self { silent_below: -60.0, right_from: -24.0, right_to: -12.0, margin: 2.0 };
    /// The programme by short-term loudness, around the default target of −16 LUFS (AES TD1004: −20 to −16).
    pub const PROGRAMME: Self = Self { silent_below: -55.0, right_from: -21.0, right_to: -13.0, margin: 1.5 };

    fn judge(&self, level: f32, clipped: bool, current: Verdict) -> Verdict {
        let edge = |inside: bool| if inside { self.margin } else { 0.0 };
        if clipped {
            Verdict::Clipping
        } else if level < self.silent_below + if current == Verdict::Silent { self.margin } else { 0.0 } {
            Verdict::Silent
        } else if level < self.right_from - edge(current != Verdict::TooQuiet) {
            Verdict::TooQuiet
        } else if level > self.right_to + edge(current != Verdict::TooLoud) {
            Verdict::TooLoud
        } else {
            Verdict::JustRight
        }
    }
}

/// Slots of the window over which the loudest reading counts, 250 ms each.
const SLOTS: usize = 12;
const SLOT_NANOS: i64 = 250_000_000;
const DWELL: Duration = Duration::from_secs(1);

/// Follows one level.
#[derive(Clone, Debug)]
pub struct VerdictWatch {
    rule: VerdictRule,
    verdict: Verdict,
    loudest: [f32; SLOTS],
    slot: i64,
    pending: Option<(Verdict, MediaTime)>,
}

impl VerdictWatch {
    /// Follows a level under `rule`, silent at first.
    pub fn new(rule: VerdictRule) -> Self {
        Self { rule, verdict: Verdict::Silent, loudest: [f32::NEG_INFINITY; SLOTS], slot: 0, pending: None }
    }

    /// Takes a reading at `at` and gives the word. `level` may be minus infinity.
    pub fn update(&mut self, at: MediaTime, level: f32, clipped: bool) -> Verdict {
        let loudest = self.windowed(at, level);
        let judged = self.rule.judge(loudest, clipped, self.verdict);
        if judged == self.verdict {
            self.pending = None;
        } else if judged == Verdict::Clipping {
            // A clip has happened; there is nothing to wait for.
            self.verdict = judged;
            self.pending = None;
        } else {
            match self.pending {
                Some((verdict, since)) if verdict == judged => {
                    if at.since(since) >= DWELL {
                        self.verdict = judged;
                        self.pending = None;
                    }
                }
                _ => self.pending = Some((judged, at)),
            }
        }
        self.verdict
    }

    /// The word in force.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    fn windowed(&mut self, at: MediaTime, level: f32) -> f32 {
        let slot = at.nanos().div_euclid(SLOT_NANOS);
        for passed in (self.slot + 1..=slot).rev().take(SLOTS) {
            if let Some(slot) = self.loudest.get_mut(passed.rem_euclid(SLOTS as i64) as usize) {
                *slot = f32::NEG_INFINITY;
            }
        }
        self.slot = self.slot.max(slot);
        if let Some(loudest) = self.loudest.get_mut(self.slot.rem_euclid(SLOTS as i64) as usize) {
            *loudest = loudest.max(level);
        }
        self.loudest.iter().copied().fold(f32::NEG_INFINITY, f32::max)
    }
}

#[cfg(test)]
mod tests {
    use super::Verdict::{JustRight, Silent, TooLoud, TooQuiet};
    use super::*;
    use proptest::prelude::*;

    fn run(watch: &mut VerdictWatch, from: i64, to: i64, level: impl Fn(i64) -> f32) -> Vec<Verdict> {
        let mut words: Vec<Verdict> = Vec::new();
        for ms in (from..to).step_by(50) {
            let word = watch.update(MediaTime::from_millis(ms), level(ms), false);
            if words.last() != Some(&word) {
                words.push(word);
            }
        }
        words
    }

    #[test]
    fn pauses_between_words_do_not_change_the_verdict() {
        let mut watch = VerdictWatch::new(VerdictRule::SPEECH);
        run(&mut watch, 0, 3000, |_| -18.0);
        // A second of speech, two of silence, for a minute.
        let words = run(&mut watch, 3000, 63_000, |ms| if ms / 1000 % 3 == 0 { -18.0 } else { -80.0 });
        assert_eq!(words, [JustRight]);
    }

    #[test]
    fn a_level_at_the_threshold_does_not_flap() {
        let mut watch = VerdictWatch::new(VerdictRule::SPEECH);
        let words = run(&mut watch, 0, 120_000, |ms| -24.0 + if ms / 4000 % 2 == 0 { 1.0 } else { -1.0 });
        assert_eq!(words, [Silent, JustRight]);
    }

    #[test]
    fn every_word_is_reached_and_left() {
        let mut watch = VerdictWatch::new(VerdictRule::SPEECH);
        let levels = [-18.0, -35.0, -18.0, -5.0, -18.0, -90.0];
        let words = run(&mut watch, 0, 60_000, |ms| levels[(ms / 10_000) as usize]);
        assert_eq!(words, [Silent, JustRight, TooQuiet, JustRight, TooLoud, JustRight, Silent]);
    }

    #[test]
    fn clipping_is_said_at_once_and_taken_back_when_it_ends() {
        let mut watch = VerdictWatch::new(VerdictRule::SPEECH);
        run(&mut watch, 0, 5000, |_| -14.0);
        assert_eq!(watch.update(MediaTime::from_millis(5000), -14.0, true), Verdict::Clipping);
        run(&mut watch, 5050, 7000, |_| -14.0);
        assert_eq!(watch.verdict(), JustRight);
    }

    proptest! {
        #[test]
        fn words_change_at_most_once_a_second(levels in prop::collection::vec(-100.0f32..0.0, 100..400)) {
            let mut watch = VerdictWatch::new(VerdictRule::PROGRAMME);
            let mut last = (watch.verdict(), i64::MIN / 2);
            for (n, level) in levels.iter().enumerate() {
                let ms = n as i64 * 50;
                let word = watch.update(MediaTime::from_millis(ms), *level, false);
                if word != last.0 {
                    prop_assert!(ms - last.1 >= 1000);
                    last = (word, ms);
                }
            }
        }
    }
}
