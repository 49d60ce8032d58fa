//! How long a supervisor waits before it opens something again. Pure.

use std::time::Duration;

/// Doubles from 0.2 s to 0.8 s while openings fail; starts over once one has held for 10 s.
#[derive(Clone, Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    const FIRST: Duration = Duration::from_millis(200);
    /// A device that is back is shown within two seconds, opening and first frame included.
    const LONGEST: Duration = Duration::from_millis(800);
    const SETTLED: Duration = Duration::from_secs(10);

    /// It ended after having run for `ran`: how long to wait before the next try.
    pub(crate) fn ended(&mut self, ran: Duration) -> Duration {
        if ran >= Self::SETTLED {
            self.failures = 0;
        }
        let wait = Self::FIRST.saturating_mul(1 << self.failures.min(8)).min(Self::LONGEST);
        self.failures = self.failures.saturating_add(1);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_their_limit_and_start_over_after_a_good_run() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..6).map(|_| backoff.ended(Duration::ZERO).as_millis()).collect();
        assert_eq!(waits, [200, 400, 800, 800, 800, 800]);
        assert_eq!(backoff.ended(Duration::from_secs(11)).as_millis(), 200);
    }
}
