//! Bits per second over the last two seconds.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Seconds looked back.
const SPAN: Duration = Duration::from_secs(2);
/// Buckets the span is divided into.
const BUCKETS: usize = 20;

/// Counts bytes in buckets of 100 ms.
#[derive(Debug)]
pub(crate) struct RateMeter {
    inner: Mutex<Window>,
}

#[derive(Debug)]
struct Window {
    began: Instant,
    newest: usize,
    buckets: [u64; BUCKETS],
}

impl Default for RateMeter {
    fn default() -> Self {
        Self { inner: Mutex::new(Window { began: Instant::now(), newest: 0, buckets: [0; BUCKETS] }) }
    }
}

impl RateMeter {
    /// Counts bytes now.
    pub(crate) fn add(&self, bytes: usize) {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).add(bytes as u64, Instant::now());
    }

    /// Bits per second over the last two seconds.
    pub(crate) fn bits_per_second(&self) -> u64 {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).rate(Instant::now())
    }
}

impl Window {
    fn advance(&mut self, now: Instant) {
        let step = SPAN / BUCKETS as u32;
        let index = (now.saturating_duration_since(self.began).as_nanos() / step.as_nanos()) as usize;
        for n in (self.newest + 1..=index).take(BUCKETS) {
            if let Some(bucket) = self.buckets.get_mut(n % BUCKETS) {
                *bucket = 0;
            }
        }
        self.newest = self.newest.max(index);
    }

    fn add(&mut self, bytes: u64, now: Instant) {
        self.advance(now);
        if let Some(bucket) = self.buckets.get_mut(self.newest % BUCKETS) {
            *bucket += bytes;
        }
    }

    fn rate(&mut self, now: Instant) -> u64 {
        self.advance(now);
        self.buckets.iter().sum::<u64>() * 8 / SPAN.as_secs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_stream_is_measured_and_fades_when_it_ends() {
        let began = Instant::now();
        let mut window = Window { began, newest: 0, buckets: [0; BUCKETS] };
        let at = |ms| began + Duration::from_millis(ms);
        for n in 0..300 {
            window.add(12_500, at(n * 100));
        }
        assert_eq!(window.rate(at(29_900)), 1_000_000);
        assert_eq!(window.rate(at(30_900)), 500_000);
        assert_eq!(window.rate(at(90_000)), 0);
    }
}
