//! Whether an open microphone is alive, decided from when sound arrived. Pure.
//!
//! Some backends lose their server or their device without a word; the absence of sound is then the only sign.

use std::time::Duration;

use vitrine_media::MediaTime;

/// Silence of the line after which something may be wrong; devices deliver at least every 100 ms.
const SUSPECT: Duration = Duration::from_millis(250);
/// Silence of the line after which it is taken for dead.
const DEAD: Duration = Duration::from_secs(2);
/// The same before the first sound: a wireless microphone takes seconds to wake.
const DEAD_AT_START: Duration = Duration::from_secs(5);

/// How the line is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pulse {
    Steady,
    /// Told once per silence.
    Suspect,
    Dead,
}

/// Fed with arrivals and time.
#[derive(Clone, Debug)]
pub(super) struct Heartbeat {
    last: MediaTime,
    heard: bool,
    suspected: bool,
}

impl Heartbeat {
    pub(super) fn opened(now: MediaTime) -> Self {
        Self { last: now, heard: false, suspected: false }
    }

    /// Sound arrived.
    pub(super) fn beat(&mut self, now: MediaTime) {
        *self = Self { last: now, heard: true, suspected: false };
    }

    /// How the line is at `now`.
    pub(super) fn pulse(&mut self, now: MediaTime) -> Pulse {
        let silence = now.since(self.last);
        let dead = if self.heard { DEAD } else { DEAD_AT_START };
        if silence > dead {
            Pulse::Dead
        } else if silence > SUSPECT && self.heard && !self.suspected {
            self.suspected = true;
            Pulse::Suspect
        } else {
            Pulse::Steady
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> MediaTime {
        MediaTime::from_millis(ms)
    }

    #[test]
    fn silence_is_suspect_once_and_then_dead() {
        let mut heart = Heartbeat::opened(at(0));
        assert_eq!(heart.pulse(at(4900)), Pulse::Steady, "a slow start is no fault");
        heart.beat(at(4950));
        assert_eq!(heart.pulse(at(5200)), Pulse::Steady);
        assert_eq!(heart.pulse(at(5201)), Pulse::Suspect);
        assert_eq!(heart.pulse(at(5300)), Pulse::Steady, "told once");
        heart.beat(at(5400));
        assert_eq!(heart.pulse(at(5651)), Pulse::Suspect);
        assert_eq!(heart.pulse(at(7401)), Pulse::Dead);
    }

    #[test]
    fn a_line_that_never_sounds_is_dead_in_the_end() {
        let mut heart = Heartbeat::opened(at(0));
        assert_eq!(heart.pulse(at(5001)), Pulse::Dead);
    }
}
