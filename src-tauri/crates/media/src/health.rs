//! What state a source is in, decided from the times of its frames alone.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::MediaTime;

/// How a source is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceState {
    /// Opened, no frame yet.
    Warming,
    /// Frames arrive.
    Live,
    /// No frame for a moment: its last one is shown.
    Held,
    /// No frame for so long that the slate is shown.
    Lost,
    /// The device is not there, or its driver said so.
    Gone,
}

/// When silence becomes `Held` and `Lost`.
#[derive(Clone, Copy, Debug)]
pub struct HealthThresholds {
    /// Silence after which the last frame counts as held.
    pub held: Duration,
    /// Silence after which the source counts as lost.
    pub lost: Duration,
}

impl Default for HealthThresholds {
    fn default() -> Self {
        Self { held: Duration::from_millis(200), lost: Duration::from_millis(500) }
    }
}

/// Fed with frames and time, tells the state. Pure.
#[derive(Clone, Debug)]
pub struct SourceHealth {
    thresholds: HealthThresholds,
    opened_at: MediaTime,
    last_frame: Option<MediaTime>,
    gone: bool,
}

impl SourceHealth {
    /// A source opened at `now`.
    pub fn opened(now: MediaTime, thresholds: HealthThresholds) -> Self {
        Self { thresholds, opened_at: now, last_frame: None, gone: false }
    }

    /// A frame arrived. Ends `Gone`, too: a device that delivers is there.
    pub fn frame(&mut self, now: MediaTime) {
        self.last_frame = Some(now);
        self.gone = false;
    }

    /// The device is not there.
    pub fn gone(&mut self) {
        self.gone = true;
    }

    /// The state at `now`.
    pub fn state(&self, now: MediaTime) -> SourceState {
        if self.gone {
            return SourceState::Gone;
        }
        match self.last_frame {
            // A device that never delivers is lost, though later: cameras take seconds to open.
            None if now.since(self.opened_at) > Duration::from_secs(5) => SourceState::Lost,
            None => SourceState::Warming,
            Some(at) if now.since(at) > self.thresholds.lost => SourceState::Lost,
            Some(at) if now.since(at) > self.thresholds.held => SourceState::Held,
            Some(_) => SourceState::Live,
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
    fn silence_passes_through_held_to_lost_and_a_frame_heals_it() {
        let mut health = SourceHealth::opened(at(0), HealthThresholds::default());
        assert_eq!(health.state(at(100)), SourceState::Warming);
        health.frame(at(1000));
        assert_eq!(health.state(at(1200)), SourceState::Live);
        assert_eq!(health.state(at(1201)), SourceState::Held);
        assert_eq!(health.state(at(1501)), SourceState::Lost);
        health.frame(at(1600));
        assert_eq!(health.state(at(1600)), SourceState::Live);
        health.gone();
        assert_eq!(health.state(at(1601)), SourceState::Gone);
        health.frame(at(1700));
        assert_eq!(health.state(at(1701)), SourceState::Live);
    }

    #[test]
    fn a_source_that_never_delivers_is_lost_in_the_end() {
        let health = SourceHealth::opened(at(0), HealthThresholds::default());
        assert_eq!(health.state(at(5001)), SourceState::Lost);
    }
}
