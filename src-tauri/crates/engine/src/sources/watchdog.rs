//! Tells a thread that hangs in a driver from one that merely waits. Pure.

use std::time::Duration;

use vitrine_media::MediaTime;

/// Longest a driver may take to open a device before its thread is given up. USB cameras behind hubs need seconds.
const OPENING: Duration = Duration::from_secs(15);
/// Longest between two returns of a read that promises 200 ms.
const READING: Duration = Duration::from_secs(3);
/// Threads given up per source before it is left alone until the host asks for it again.
const GIVE_UPS: u32 = 4;

/// Beating for so long, earlier hangs no longer count.
const FORGIVEN: Duration = Duration::from_mins(1);

/// Fed with beats and time.
#[derive(Clone, Debug)]
pub(crate) struct Watchdog {
    beats: u64,
    since: MediaTime,
    given_up: u32,
    healthy_since: Option<MediaTime>,
}

impl Watchdog {
    pub(crate) fn new(now: MediaTime) -> Self {
        Self { beats: 0, since: now, given_up: 0, healthy_since: None }
    }

    /// `beats` is the thread's counter, `open` whether it is past opening. Whether the thread is to be given up now.
    pub(crate) fn check(&mut self, beats: u64, open: bool, now: MediaTime) -> bool {
        if beats != self.beats {
            // A device that has run for a while has earned its chances back.
            self.healthy_since.get_or_insert(now);
            if self.healthy_since.is_some_and(|since| now.since(since) > FORGIVEN) {
                self.given_up = 0;
            }
            self.beats = beats;
            self.since = now;
            return false;
        }
        let limit = if open { READING } else { OPENING };
        if now.since(self.since) <= limit || self.given_up >= GIVE_UPS {
            return false;
        }
        self.given_up += 1;
        self.healthy_since = None;
        self.since = now;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> MediaTime {
        MediaTime::from_millis(ms)
    }

    #[test]
    fn a_beating_thread_is_left_alone() {
        let mut dog = Watchdog::new(at(0));
        assert!((1..100).all(|n| !dog.check(n, true, at(n as i64 * 2900))));
    }

    #[test]
    fn a_hanging_read_is_given_up_after_three_seconds_and_a_hanging_open_after_fifteen() {
        let mut reading = Watchdog::new(at(0));
        assert!(!reading.check(0, true, at(3000)));
        assert!(reading.check(0, true, at(3001)));
        let mut opening = Watchdog::new(at(0));
        assert!(!opening.check(0, false, at(15_000)));
        assert!(opening.check(0, false, at(15_001)));
    }

    #[test]
    fn a_device_that_always_hangs_does_not_eat_threads_for_ever() {
        let mut dog = Watchdog::new(at(0));
        let given_up = (0..10_000).filter(|n| dog.check(0, true, at(n * 100))).count();
        assert_eq!(given_up, GIVE_UPS as usize);
    }
}
