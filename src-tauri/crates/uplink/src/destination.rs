//! One destination's decisions, without a socket or a clock: when to connect, when to give up, when to try again, what
//! to leave out when the network is too slow.
//!
//! Owns: state, back-off, counters, the drop policy and the bitrate meter. Pure: fed with times and events by
//! `destinations`, tested without sleeping.

mod backoff;
mod gate;
mod rate;

use std::time::Duration;

use vitrine_media::MediaTime;

use crate::error::UplinkError;

pub use backoff::Backoff;
pub use gate::{Admission, GopGate};
pub use rate::RateMeter;

/// With bytes to send and none accepted for so long, a connection is dead.
pub const STALL_TIMEOUT: Duration = Duration::from_secs(8);
/// An RTMP server answers handshake and commands within this, or is given up.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// Published for so long, a destination counts as healthy: the next failure is retried at once again.
const HEALTHY_AFTER: Duration = Duration::from_secs(10);

/// Where a destination stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DestinationState {
    /// A connection is being made.
    Connecting,
    /// The server takes the stream and the first keyframe has reached it.
    Publishing,
    /// Broken; a new attempt at `until`.
    Waiting {
        /// Session time of the next attempt.
        until: MediaTime,
    },
    /// The server said no; a new attempt at `until`, in case that changes.
    Refused {
        /// Session time of the next attempt.
        until: MediaTime,
    },
    /// Ended by us.
    Stopped,
}

impl DestinationState {
    /// A stable word for the surface.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Publishing => "publishing",
            Self::Waiting { .. } => "waiting",
            Self::Refused { .. } => "refused",
            Self::Stopped => "stopped",
        }
    }
}

/// The life of one destination. Begins by connecting.
#[derive(Debug)]
pub struct Destination {
    state: DestinationState,
    since: MediaTime,
    backoff: Backoff,
    error: Option<UplinkError>,
    reconnects: u32,
    first_accepted: Option<MediaTime>,
}

impl Destination {
    /// A destination whose first connection is begun at `now`.
    pub fn new(now: MediaTime) -> Self {
        Self {
            state: DestinationState::Connecting,
            since: now,
            backoff: Backoff::default(),
            error: None,
            reconnects: 0,
            first_accepted: None,
        }
    }

    /// The server accepted the stream and has the first keyframe.
    pub fn accepted(&mut self, now: MediaTime) {
        if self.state == DestinationState::Connecting {
            if self.first_accepted.is_some() {
                self.reconnects += 1;
            }
            self.first_accepted.get_or_insert(now);
            self.error = None;
            self.enter(DestinationState::Publishing, now);
        }
    }

    /// The connection failed or ended. `chance` is a random number from 0 to 1 that spreads the attempts of many
    /// studios after a server's restart.
    pub fn failed(&mut self, now: MediaTime, error: UplinkError, chance: f64) {
        if self.state == DestinationState::Stopped {
            return;
        }
        if self.state == DestinationState::Publishing && now.since(self.since) >= HEALTHY_AFTER {
            self.backoff.reset();
        }
        let rejected = error.is_rejection();
        let refused = rejected || matches!(error, UplinkError::Refused(_));
        let until = now + if rejected { self.backoff.slow() } else { self.backoff.next(chance) };
        self.error = Some(error);
        let state =
            if refused { DestinationState::Refused { until } } else { DestinationState::Waiting { until } };
        self.enter(state, now);
    }

    /// When the next attempt is due; `None` while connected, connecting or stopped.
    pub fn retry_at(&self) -> Option<MediaTime> {
        match self.state {
            DestinationState::Waiting { until } | DestinationState::Refused { until } => Some(until),
            _ => None,
        }
    }

    /// Begins the next attempt: its time has come, or the host asked for it.
    pub fn retry(&mut self, now: MediaTime) {
        if self.retry_at().is_some() {
            self.enter(DestinationState::Connecting, now);
        }
    }

    /// The host asks: forget the back-off, too.
    pub fn retry_now(&mut self, now: MediaTime) {
        if self.retry_at().is_some() {
            self.backoff.reset();
            self.retry(now);
        }
    }

    /// Ends it for good.
    pub fn stop(&mut self, now: MediaTime) {
        self.enter(DestinationState::Stopped, now);
    }

    /// Where it stands.
    pub fn state(&self) -> DestinationState {
        self.state
    }

    /// Why it is not on air; `None` while it is, or before the first failure.
    pub fn error(&self) -> Option<&UplinkError> {
        self.error.as_ref()
    }

    /// How often it came back on air after it had been.
    pub fn reconnects(&self) -> u32 {
        self.reconnects
    }

    /// When the stream was accepted for the first time.
    pub fn first_accepted(&self) -> Option<MediaTime> {
        self.first_accepted
    }

    fn enter(&mut self, state: DestinationState, now: MediaTime) {
        self.state = state;
        self.since = now;
    }
}

/// Watches one connection for death. Pure.
#[derive(Debug)]
pub struct Watchdog {
    begun: MediaTime,
    progress: MediaTime,
    written: u64,
}

impl Watchdog {
    /// A connection made at `now`.
    pub fn new(now: MediaTime) -> Self {
        Self { begun: now, progress: now, written: 0 }
    }

    /// Told regularly: whether the server has accepted `publish`, whether something waits to be sent, and the bytes the
    /// kernel took so far. Returns why the connection should be given up.
    pub fn check(&mut self, now: MediaTime, live: bool, waiting: bool, written: u64) -> Option<Death> {
        if !waiting || written != self.written {
            self.progress = now;
            self.written = written;
        }
        if !live && now.since(self.begun) >= ANSWER_TIMEOUT {
            Some(Death::NoAnswer)
        } else if now.since(self.progress) >= STALL_TIMEOUT {
            Some(Death::Stalled)
        } else {
            None
        }
    }
}

/// How a connection died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Death {
    /// The server never answered.
    NoAnswer,
    /// No bytes are taken.
    Stalled,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtmp::{Phase, Refusal, RefusalKind};

    fn at(millis: i64) -> MediaTime {
        MediaTime::from_millis(millis)
    }

    fn refused(kind: RefusalKind) -> UplinkError {
        UplinkError::Refused(Refusal { kind, status: String::new(), detail: String::new() })
    }

    fn closed() -> UplinkError {
        UplinkError::Closed { phase: Phase::Live }
    }

    #[test]
    fn attempts_slow_down_and_a_healthy_time_forgives() {
        let mut destination = Destination::new(at(0));
        let mut waits = Vec::new();
        let mut now = at(0);
        for _ in 0..8 {
            destination.failed(now, closed(), 0.5);
            let until = destination.retry_at().unwrap();
            waits.push(until.since(now).as_millis());
            now = until;
            destination.retry(now);
            assert_eq!(destination.state(), DestinationState::Connecting);
        }
        assert_eq!(waits, [250, 500, 1000, 2000, 4000, 5000, 5000, 5000]);
        destination.accepted(now);
        now += Duration::from_secs(9);
        destination.failed(now, closed(), 0.5);
        assert_eq!(
            destination.retry_at(),
            Some(now + Duration::from_secs(5)),
            "accepting and hanging up is no health"
        );
        destination.retry_now(now);
        destination.accepted(now);
        now += Duration::from_secs(11);
        destination.failed(now, closed(), 0.5);
        assert_eq!(destination.retry_at(), Some(now + Duration::from_millis(250)));
    }

    #[test]
    fn a_rejected_key_is_tried_slowly_and_a_key_in_use_soon() {
        let mut destination = Destination::new(at(0));
        destination.failed(at(100), refused(RefusalKind::KeyRejected), 0.5);
        assert_eq!(destination.state(), DestinationState::Refused { until: at(5100) });
        destination.retry(at(5100));
        destination.failed(at(6000), refused(RefusalKind::KeyInUse), 0.5);
        assert_eq!(destination.state(), DestinationState::Refused { until: at(6250) });
        assert_eq!(destination.error().unwrap().code(), "key_in_use");
    }

    #[test]
    fn the_first_acceptance_and_reconnects_are_remembered() {
        let mut destination = Destination::new(at(0));
        destination.failed(at(10), closed(), 0.0);
        destination.retry(at(300));
        destination.accepted(at(400));
        assert_eq!((destination.reconnects(), destination.first_accepted()), (0, Some(at(400))));
        assert!(destination.error().is_none());
        destination.failed(at(500), closed(), 0.0);
        destination.retry(at(900));
        destination.accepted(at(1000));
        assert_eq!((destination.reconnects(), destination.first_accepted()), (1, Some(at(400))));
    }

    #[test]
    fn after_a_stop_nothing_begins_again() {
        let mut destination = Destination::new(at(0));
        destination.stop(at(10));
        destination.failed(at(20), closed(), 0.0);
        destination.retry_now(at(30));
        destination.accepted(at(40));
        assert_eq!(destination.state(), DestinationState::Stopped);
    }

    #[test]
    fn a_connection_that_takes_no_bytes_is_dead_and_an_idle_one_is_not() {
        let mut dog = Watchdog::new(at(0));
        assert_eq!(dog.check(at(1000), true, true, 10), None);
        assert_eq!(dog.check(at(60_000), true, false, 10), None);
        assert_eq!(dog.check(at(67_999), true, true, 10), None);
        assert_eq!(dog.check(at(68_000), true, true, 10), Some(Death::Stalled));
        let mut dog = Watchdog::new(at(0));
        assert_eq!(dog.check(at(4999), false, false, 10), None);
        assert_eq!(dog.check(at(5000), false, false, 20), Some(Death::NoAnswer));
    }
}
