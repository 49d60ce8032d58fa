//! Points and spans on the session clock, and the frame rate that divides it.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Nanoseconds since the session began. Negative before it, as decoding times of a first B-frame are.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MediaTime(i64);

impl MediaTime {
    /// The instant the session began.
    pub const ZERO: Self = Self(0);

    /// From nanoseconds.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// From milliseconds.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis * 1_000_000)
    }

    /// From a count of audio frames at 48 kHz, rounded down.
    pub const fn from_samples(samples: i64) -> Self {
        Self((samples as i128 * 1_000_000_000 / crate::SAMPLE_RATE_HZ as i128) as i64)
    }

    /// Whole nanoseconds.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Whole milliseconds, rounded towards minus infinity.
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Seconds.
    pub fn secs_f64(self) -> f64 {
        self.0 as f64 * 1e-9
    }

    /// The span from `earlier` to `self`, zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl fmt::Debug for MediaTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.6}s", self.secs_f64())
    }
}

impl Add<Duration> for MediaTime {
    type Output = Self;
    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_nanos()).unwrap_or(i64::MAX)))
    }
}

impl AddAssign<Duration> for MediaTime {
    fn add_assign(&mut self, span: Duration) {
        *self = *self + span;
    }
}

impl Sub<Duration> for MediaTime {
    type Output = Self;
    fn sub(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(span.as_nanos()).unwrap_or(i64::MAX)))
    }
}

/// Frames per second as a fraction: 30/1, 30000/1001.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FrameRate {
    num: u32,
    den: u32,
}

impl FrameRate {
    /// 30 frames a second.
    pub const FPS_30: Self = Self { num: 30, den: 1 };

    /// `num / den` frames a second; `None` unless the rate is from 1 to 240.
    pub const fn new(num: u32, den: u32) -> Option<Self> {
        if den == 0 || num < den || num as u64 > 240 * den as u64 { None } else { Some(Self { num, den }) }
    }

    /// Numerator.
    pub const fn num(self) -> u32 {
        self.num
    }

    /// Denominator.
    pub const fn den(self) -> u32 {
        self.den
    }

    /// Frames per second.
    pub fn as_f64(self) -> f64 {
        f64::from(self.num) / f64::from(self.den)
    }

    /// When tick `n` is due, counted from tick 0. Computed from `n` every time, so it never accumulates error.
    pub const fn tick_time(self, n: i64) -> MediaTime {
        MediaTime((n as i128 * 1_000_000_000 * self.den as i128 / self.num as i128) as i64)
    }

    /// The newest tick due at or before `at`. The exact inverse of [`Self::tick_time`].
    pub const fn tick_at(self, at: MediaTime) -> i64 {
        // tick_time rounds down, so the half-open inverse is ceil((at + 1) * num / (den * 1e9)) - 1.
        let scaled = (at.0 as i128 + 1) * self.num as i128;
        let unit = self.den as i128 * 1_000_000_000;
        ((scaled + unit - 1).div_euclid(unit) - 1) as i64
    }

    /// The length of one frame, rounded down.
    pub fn frame_duration(self) -> Duration {
        Duration::from_nanos(self.tick_time(1).nanos().unsigned_abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_day_of_ntsc_ticks_does_not_drift() {
        let rate = FrameRate::new(30_000, 1001).unwrap();
        // 30 000 frames of 30000/1001 last exactly 1001 s.
        assert_eq!(rate.tick_time(30_000 * 86), MediaTime::from_millis(1001 * 86 * 1000));
    }

    #[test]
    fn impossible_rates_are_refused() {
        assert!(FrameRate::new(0, 1).is_none());
        assert!(FrameRate::new(30, 0).is_none());
        assert!(FrameRate::new(241, 1).is_none());
    }

    #[test]
    fn samples_and_blocks_agree() {
        assert_eq!(MediaTime::from_samples(48_000), MediaTime::from_millis(1000));
        assert_eq!(MediaTime::from_samples(480).nanos(), crate::BLOCK_NANOS);
    }

    proptest! {
        #[test]
        fn tick_at_inverts_tick_time(n in 0i64..100_000_000, fps in 2u32..=240, ntsc: bool) {
            let (num, den) = if ntsc { (fps * 1000, 1001) } else { (fps, 1) };
            let rate = FrameRate::new(num, den).unwrap();
            prop_assert_eq!(rate.tick_at(rate.tick_time(n)), n);
            if n > 0 {
                prop_assert_eq!(rate.tick_at(MediaTime::from_nanos(rate.tick_time(n).nanos() - 1)), n - 1);
            }
        }
    }
}
