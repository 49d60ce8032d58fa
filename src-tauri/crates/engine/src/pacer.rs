//! When the director's next tick is due, and how many it has missed. Pure.
//!
//! Tick n is due at `rate.tick_time(n)`, computed from n: sleeps never accumulate. A director that comes more than
//! one whole tick late repeats its last canvas for the ticks it missed, so that the frame rate stays constant (as
//! OBS does).

use vitrine_media::{FrameRate, MediaTime};

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// Nothing before that instant.
    At(MediaTime),
    /// Repeat the last canvas for `missed` ticks, then draw tick `tick`.
    Now {
        /// The tick to draw.
        tick: i64,
        /// Whole ticks before it that nobody drew.
        missed: u32,
    },
}

/// Counts ticks.
#[derive(Clone, Debug)]
pub(crate) struct Pacer {
    rate: FrameRate,
    next: i64,
}

impl Pacer {
    /// The first tick is the next one after `now`.
    pub(crate) fn new(rate: FrameRate, now: MediaTime) -> Self {
        Self { rate, next: rate.tick_at(now) + 1 }
    }

    /// What is due at `now`. Each tick is handed out once.
    pub(crate) fn poll(&mut self, now: MediaTime) -> Due {
        let due = self.rate.tick_time(self.next);
        if now < due {
            return Due::At(due);
        }
        let tick = self.rate.tick_at(now);
        let missed = u32::try_from(tick - self.next).unwrap_or(u32::MAX);
        self.next = tick + 1;
        Due::Now { tick, missed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_punctual_director_misses_nothing() {
        let mut pacer = Pacer::new(FrameRate::FPS_30, MediaTime::ZERO);
        for n in 1..1000 {
            let due = FrameRate::FPS_30.tick_time(n);
            assert_eq!(pacer.poll(due - std::time::Duration::from_nanos(1)), Due::At(due));
            assert_eq!(pacer.poll(due), Due::Now { tick: n, missed: 0 });
        }
    }

    proptest! {
        #[test]
        fn every_tick_is_drawn_or_counted_as_missed(steps in prop::collection::vec(0i64..200_000_000, 1..200)) {
            let mut pacer = Pacer::new(FrameRate::FPS_30, MediaTime::ZERO);
            let (mut now, mut expected) = (0, 1);
            for step in steps {
                now += step;
                if let Due::Now { tick, missed } = pacer.poll(MediaTime::from_nanos(now)) {
                    prop_assert_eq!(tick - i64::from(missed), expected);
                    expected = tick + 1;
                }
            }
        }
    }
}
