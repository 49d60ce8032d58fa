//! The state of the broadcast: off air, starting, on air, rehearsing, ending. Pure: fed with commands, what the
//! destinations report, and time.
//!
//! On air begins when a destination accepted the first picture, not when the host pressed the button; it ends when
//! the host says so, never because a line is down.

use std::time::Duration;

use vitrine_media::MediaTime;

/// What the studio does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Broadcast {
    /// Off air.
    Idle,
    /// The host went live; no destination has accepted a picture yet.
    Starting {
        /// Since when.
        since: MediaTime,
    },
    /// On air.
    Live(Live),
    /// In the rehearsal room.
    Rehearsal {
        /// Since when.
        since: MediaTime,
    },
    /// Outputs are being closed.
    Ending(Ended),
    /// Over; what it was.
    Ended(Ended),
}

/// A broadcast on air.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Live {
    /// When the first picture was accepted.
    pub(crate) since: MediaTime,
    /// Since when no destination receives.
    pub(crate) off_since: Option<MediaTime>,
    /// Destinations that should receive but do not, while others do.
    pub(crate) partly: bool,
    longest_gap: Duration,
}

/// A broadcast or rehearsal that is over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ended {
    /// Its length; zero if nothing was ever accepted.
    pub(crate) length: Duration,
    /// The longest time no destination received.
    pub(crate) longest_gap: Duration,
    /// Whether it was a rehearsal.
    pub(crate) rehearsal: bool,
}

/// Not possible in this state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WrongPhase;

impl Broadcast {
    /// The host goes live.
    pub(crate) fn go_live(&mut self, now: MediaTime) -> Result<(), WrongPhase> {
        self.begin(Self::Starting { since: now })
    }

    /// The host starts a rehearsal.
    pub(crate) fn rehearse(&mut self, now: MediaTime) -> Result<(), WrongPhase> {
        self.begin(Self::Rehearsal { since: now })
    }

    fn begin(&mut self, next: Self) -> Result<(), WrongPhase> {
        match self {
            Self::Idle | Self::Ended(_) => {
                *self = next;
                Ok(())
            }
            _ => Err(WrongPhase),
        }
    }

    /// The destinations of a live broadcast report: how many should receive, and how many do.
    pub(crate) fn destinations(&mut self, wanted: usize, receiving: usize, now: MediaTime) {
        match self {
            Self::Starting { .. } if receiving > 0 => {
                *self = Self::Live(Live {
                    since: now,
                    off_since: None,
                    partly: receiving < wanted,
                    longest_gap: Duration::ZERO,
                });
            }
            Self::Live(live) => live.observe(wanted, receiving, now),
            _ => {}
        }
    }

    /// The host ends it. Ending is always possible; off air it changes nothing.
    pub(crate) fn end(&mut self, now: MediaTime) {
        *self = match *self {
            Self::Starting { .. } => {
                Self::Ending(Ended { length: Duration::ZERO, longest_gap: Duration::ZERO, rehearsal: false })
            }
            Self::Live(live) => Self::Ending(Ended {
                length: now.since(live.since),
                longest_gap: live.longest_gap.max(live.gap(now)),
                rehearsal: false,
            }),
            Self::Rehearsal { since } => {
                Self::Ending(Ended { length: now.since(since), longest_gap: Duration::ZERO, rehearsal: true })
            }
            other => other,
        };
    }

    /// All outputs are closed.
    pub(crate) fn closed(&mut self) {
        if let Self::Ending(ended) = *self {
            *self = Self::Ended(ended);
        }
    }

    /// Whether pictures leave, or are meant to leave, this computer.
    pub(crate) const fn is_live(&self) -> bool {
        matches!(self, Self::Starting { .. } | Self::Live(_))
    }
}

impl Live {
    fn gap(&self, now: MediaTime) -> Duration {
        self.off_since.map_or(Duration::ZERO, |since| now.since(since))
    }

    fn observe(&mut self, wanted: usize, receiving: usize, now: MediaTime) {
        self.partly = receiving > 0 && receiving < wanted;
        if receiving == 0 {
            self.off_since.get_or_insert(now);
        } else {
            self.longest_gap = self.longest_gap.max(self.gap(now));
            self.off_since = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: i64) -> MediaTime {
        MediaTime::from_millis(s * 1000)
    }

    #[test]
    fn on_air_begins_when_a_destination_accepts_and_the_gap_is_measured() {
        let mut b = Broadcast::Idle;
        b.go_live(at(0)).unwrap();
        b.destinations(2, 0, at(1));
        assert_eq!(b, Broadcast::Starting { since: at(0) });
        b.destinations(2, 1, at(2));
        assert!(matches!(b, Broadcast::Live(l) if l.since == at(2) && l.partly));
        b.destinations(2, 0, at(10));
        b.destinations(2, 0, at(12));
        b.destinations(2, 2, at(15));
        b.end(at(102));
        let ended =
            Ended { length: Duration::from_secs(100), longest_gap: Duration::from_secs(5), rehearsal: false };
        assert_eq!(b, Broadcast::Ending(ended));
        b.closed();
        assert_eq!(b, Broadcast::Ended(ended));
    }

    #[test]
    fn a_gap_that_lasts_to_the_end_counts() {
        let mut b = Broadcast::Idle;
        b.go_live(at(0)).unwrap();
        b.destinations(1, 1, at(1));
        b.destinations(1, 0, at(2));
        b.end(at(9));
        assert!(matches!(b, Broadcast::Ending(e) if e.longest_gap == Duration::from_secs(7)));
    }

    #[test]
    fn a_rehearsal_and_a_broadcast_never_overlap() {
        let mut b = Broadcast::Idle;
        b.rehearse(at(0)).unwrap();
        assert_eq!(b.go_live(at(1)), Err(WrongPhase));
        b.destinations(1, 1, at(2));
        assert_eq!(b, Broadcast::Rehearsal { since: at(0) });
        b.end(at(3));
        assert_eq!(b.go_live(at(3)), Err(WrongPhase));
        b.closed();
        assert_eq!(b.go_live(at(4)), Ok(()));
    }

    #[test]
    fn ending_off_air_changes_nothing() {
        let mut b = Broadcast::Idle;
        b.end(at(1));
        b.closed();
        assert_eq!(b, Broadcast::Idle);
    }
}
