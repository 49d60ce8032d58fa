//! How long to wait before the next attempt.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(250);
const CAP: Duration = Duration::from_secs(5);

/// Doubling waits with a cap and jitter.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    wait: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { wait: FIRST }
    }
}

impl Backoff {
    /// The next wait: 0.25 s, doubling up to 5 s, each ±20 % by `chance` (0 to 1; 0.5 means no jitter).
    pub fn next(&mut self, chance: f64) -> Duration {
        let wait = self.wait;
        self.wait = (wait * 2).min(CAP);
        wait.mul_f64(0.8 + 0.4 * chance.clamp(0.0, 1.0))
    }

    /// The wait after a "no": asking again soon would not help. The doubling is left as it is.
    pub fn slow(&self) -> Duration {
        CAP
    }

    /// Begins anew.
    pub fn reset(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_spreads_by_a_fifth_either_way() {
        assert_eq!(Backoff::default().next(0.0), Duration::from_millis(200));
        assert_eq!(Backoff::default().next(1.0), Duration::from_millis(300));
    }
}
