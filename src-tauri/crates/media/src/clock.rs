//! The session clock. Passed in everywhere, so that tests advance time instead of waiting for it.

use std::time::{Duration, Instant};

use crate::MediaTime;

/// A source of session time that can also be waited on.
pub trait Clock: Send + Sync {
    /// Time since the session began. Never goes backwards.
    fn now(&self) -> MediaTime;

    /// Returns at or shortly after `deadline`; at once if it has passed.
    fn sleep_until(&self, deadline: MediaTime);
}

/// The real clock: the operating system's monotonic clock, zero at construction.
#[derive(Debug)]
pub struct MonotonicClock {
    epoch: Instant,
}

impl MonotonicClock {
    /// Starts a session now.
    pub fn start() -> Self {
        Self { epoch: Instant::now() }
    }

    /// The session time of an [`Instant`] taken elsewhere, for example in a device callback.
    pub fn at(&self, instant: Instant) -> MediaTime {
        MediaTime::ZERO + instant.saturating_duration_since(self.epoch)
    }
}

impl Clock for MonotonicClock {
    fn now(&self) -> MediaTime {
        self.at(Instant::now())
    }

    fn sleep_until(&self, deadline: MediaTime) {
        let wait = deadline.since(self.now());
        if wait > Duration::ZERO {
            std::thread::sleep(wait);
        }
    }
}
