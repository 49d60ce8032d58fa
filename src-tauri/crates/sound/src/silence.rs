//! Notices what a host does not: an open microphone that delivers nothing, and speaking into a closed one.
//!
//! Pure: fed with time and the strip's input level (before gain and mute), gives an alarm.

use std::time::Duration;

use serde::Serialize;
use vitrine_media::MediaTime;

use crate::Level;

/// What is wrong with a strip's sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SoundAlarm {
    /// The strip is open and nothing comes in: unplugged, a hardware switch, a permission denied, the wrong device.
    NoInput,
    /// The strip is muted and someone speaks.
    SpeakingWhileMuted,
}

/// When an alarm is given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SilenceConfig {
    /// An input whose peak stays below it counts as silent, dB. A live microphone's own noise lies above it.
    pub silent_below_db: f32,
    /// For how long.
    pub silent_after: Duration,
    /// An input whose effective value is above it counts as speech, dB.
    pub speech_above_db: f32,
    /// For how long, in sum, before the alarm; short, since a host must be told within a second.
    pub speech_after: Duration,
    /// Silence after which speech into a muted strip counts as over.
    pub speech_over: Duration,
}

impl Default for SilenceConfig {
    fn default() -> Self {
        Self {
            silent_below_db: -70.0,
            silent_after: Duration::from_secs(5),
            speech_above_db: -45.0,
            speech_after: Duration::from_millis(400),
            speech_over: Duration::from_secs(3),
        }
    }
}

/// Follows one strip.
#[derive(Clone, Debug)]
pub struct SilenceWatch {
    config: SilenceConfig,
    alarm: Option<SoundAlarm>,
    last_at: Option<MediaTime>,
    was_muted: bool,
    /// Since when the open input has been silent.
    silent_since: Option<MediaTime>,
    /// Speech heard while muted, and when last.
    spoken: Duration,
    spoken_at: Option<MediaTime>,
}

impl SilenceWatch {
    /// Follows a strip from now on.
    pub fn new(config: SilenceConfig) -> Self {
        Self {
            config,
            alarm: None,
            last_at: None,
            was_muted: false,
            silent_since: None,
            spoken: Duration::ZERO,
            spoken_at: None,
        }
    }

    /// Takes the state at `at` and gives the alarm in force. Call it at any rate from 5 Hz up.
    pub fn update(&mut self, at: MediaTime, muted: bool, input: Level) -> Option<SoundAlarm> {
        let elapsed = self.last_at.map_or(Duration::ZERO, |last| at.since(last));
        self.last_at = Some(at);
        if muted != self.was_muted {
            self.was_muted = muted;
            self.silent_since = None;
            self.spoken = Duration::ZERO;
            self.spoken_at = None;
            self.alarm = None;
        }
        self.alarm = if muted { self.muted(at, elapsed, input) } else { self.open(at, input) };
        self.alarm
    }

    /// The alarm in force.
    pub fn alarm(&self) -> Option<SoundAlarm> {
        self.alarm
    }

    fn open(&mut self, at: MediaTime, input: Level) -> Option<SoundAlarm> {
        // `hold_db` is the loudest of a second, so that no reading between two words is missed.
        if input.hold_db >= self.config.silent_below_db {
            self.silent_since = None;
            return None;
        }
        let since = *self.silent_since.get_or_insert(at);
        (at.since(since) >= self.config.silent_after).then_some(SoundAlarm::NoInput)
    }

    fn muted(&mut self, at: MediaTime, elapsed: Duration, input: Level) -> Option<SoundAlarm> {
        if input.rms_db >= self.config.speech_above_db {
            self.spoken += elapsed.min(Duration::from_millis(200));
            self.spoken_at = Some(at);
        } else if self.spoken_at.is_none_or(|last| at.since(last) >= self.config.speech_over) {
            self.spoken = Duration::ZERO;
        }
        (self.spoken >= self.config.speech_after).then_some(SoundAlarm::SpeakingWhileMuted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(db: f32) -> Level {
        Level { rms_db: db - 6.0, peak_db: db, hold_db: db, clipped: false }
    }

    fn at(ms: i64) -> MediaTime {
        MediaTime::from_millis(ms)
    }

    #[test]
    fn an_open_microphone_that_delivers_nothing_is_reported_after_five_seconds() {
        let mut watch = SilenceWatch::new(SilenceConfig::default());
        for ms in (0..5000).step_by(50) {
            assert_eq!(watch.update(at(ms), false, Level::SILENT), None);
        }
        assert_eq!(watch.update(at(5000), false, Level::SILENT), Some(SoundAlarm::NoInput));
        assert_eq!(watch.update(at(5050), false, level(-60.0)), None);
    }

    #[test]
    fn a_quiet_room_is_no_dead_microphone() {
        let mut watch = SilenceWatch::new(SilenceConfig::default());
        for ms in (0..600_000).step_by(50) {
            assert_eq!(watch.update(at(ms), false, level(-66.0)), None);
        }
    }

    #[test]
    fn speaking_while_muted_is_noticed_within_a_second_and_forgotten_after_three() {
        let mut watch = SilenceWatch::new(SilenceConfig::default());
        for ms in (0..10_000).step_by(50) {
            assert_eq!(
                watch.update(at(ms), true, Level::SILENT),
                None,
                "muted and silent is as it should be"
            );
        }
        let mut noticed = None;
        for ms in (10_000..11_000).step_by(50) {
            if watch.update(at(ms), true, level(-20.0)).is_some() {
                noticed = noticed.or(Some(ms));
            }
        }
        assert!(noticed.unwrap() - 10_000 <= 500);
        assert!(watch.update(at(12_000), true, Level::SILENT).is_some(), "a pause for breath");
        assert_eq!(watch.update(at(14_000), true, Level::SILENT), None);
    }

    #[test]
    fn a_cough_while_muted_is_let_pass() {
        let mut watch = SilenceWatch::new(SilenceConfig::default());
        for round in 0..10 {
            for ms in (0..250).step_by(50) {
                assert_eq!(watch.update(at(round * 10_000 + ms), true, level(-20.0)), None);
            }
            for ms in (250..10_000).step_by(50) {
                assert_eq!(watch.update(at(round * 10_000 + ms), true, Level::SILENT), None);
            }
        }
    }

    #[test]
    fn unmuting_ends_the_alarm_at_once() {
        let mut watch = SilenceWatch::new(SilenceConfig::default());
        for ms in (0..1000).step_by(50) {
            watch.update(at(ms), true, level(-10.0));
        }
        assert_eq!(watch.alarm(), Some(SoundAlarm::SpeakingWhileMuted));
        assert_eq!(watch.update(at(1000), false, level(-10.0)), None);
    }
}
