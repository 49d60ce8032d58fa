//! Bits per second over the last moments.

use std::collections::VecDeque;
use std::time::Duration;

use vitrine_media::MediaTime;

/// A group of pictures or two, so that keyframes do not make the figure jump.
const WINDOW: Duration = Duration::from_secs(3);
/// Samples are merged within this, which bounds their number.
const GRAIN: Duration = Duration::from_millis(100);

/// Told how many bytes were accepted so far, tells the bitrate.
#[derive(Debug, Default)]
pub struct RateMeter {
    samples: VecDeque<(MediaTime, u64)>,
}

impl RateMeter {
    /// `total` bytes at `now`. A total that falls (a new connection) begins anew.
    pub fn record(&mut self, now: MediaTime, total: u64) {
        match self.samples.back() {
            Some(&(_, last)) if total < last => self.samples.clear(),
            Some(&(at, _)) if self.samples.len() > 1 && now.since(at) < GRAIN => return,
            _ => {}
        }
        self.samples.push_back((now, total));
        while self.samples.get(1).is_some_and(|&(at, _)| now.since(at) >= WINDOW) {
            self.samples.pop_front();
        }
    }

    /// Bits per second over the window.
    pub fn bits_per_second(&self) -> u64 {
        match (self.samples.front(), self.samples.back()) {
            (Some(&(from, first)), Some(&(to, last))) if to > from => {
                let bits = (last - first) as f64 * 8.0;
                (bits / to.since(from).as_secs_f64()) as u64
            }
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_follows_the_last_seconds_and_memory_is_bounded() {
        let mut meter = RateMeter::default();
        for n in 0..10_000i64 {
            meter.record(MediaTime::from_millis(n), n as u64 * 500);
        }
        assert_eq!(meter.bits_per_second() / 1000, 4000);
        assert!(meter.samples.len() < 40);
        for n in 10_000..14_000i64 {
            meter.record(MediaTime::from_millis(n), 5_000_000);
        }
        assert_eq!(meter.bits_per_second(), 0);
    }

    #[test]
    fn a_new_connection_begins_anew() {
        let mut meter = RateMeter::default();
        meter.record(MediaTime::from_millis(0), 1_000_000);
        meter.record(MediaTime::from_millis(1000), 100);
        assert_eq!(meter.bits_per_second(), 0);
    }
}
