//! A clock that stands still until a test moves it.
//!
//! Owns: session time and the list of those who sleep on it. Locks: one mutex, held only inside this module.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use vitrine_media::{Clock, MediaTime};

/// How long [`VirtualClock::wait_for_sleepers`] waits in real time before it fails the test.
const PATIENCE: Duration = Duration::from_secs(30);

/// Session time moved by hand. Share it as `Arc<VirtualClock>`.
#[derive(Debug, Default)]
pub struct VirtualClock {
    state: Mutex<State>,
    moved: Condvar,
    slept: Condvar,
}

#[derive(Debug, Default)]
struct State {
    now: MediaTime,
    sleeping: Vec<MediaTime>,
}

impl VirtualClock {
    /// A clock at zero.
    pub fn new() -> Self {
        Self::default()
    }

    /// Moves time forward and wakes every sleeper whose deadline has come.
    pub fn advance(&self, by: Duration) {
        let now = self.now();
        self.advance_to(now + by);
    }

    /// Moves time forward to `to`; does nothing if that has passed.
    pub fn advance_to(&self, to: MediaTime) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.now = state.now.max(to);
        drop(state);
        self.moved.notify_all();
    }

    /// Blocks until at least `count` threads sleep on a deadline yet to come, then returns the earliest deadline.
    /// This is how a test knows that a worker has done its turn and waits for the next one.
    pub fn wait_for_sleepers(&self, count: usize) -> MediaTime {
        let pending = |s: &State| s.sleeping.iter().filter(|&&d| d > s.now).count();
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (state, timeout) = self
            .slept
            .wait_timeout_while(state, PATIENCE, |s| pending(s) < count.max(1))
            .unwrap_or_else(PoisonError::into_inner);
        assert!(!timeout.timed_out(), "{} of {count} threads sleep on the clock", pending(&state));
        state.sleeping.iter().copied().filter(|&d| d > state.now).min().unwrap_or(state.now)
    }

    /// Waits for `count` sleepers and moves time to the earliest of their deadlines.
    pub fn advance_to_next(&self, count: usize) -> MediaTime {
        let deadline = self.wait_for_sleepers(count);
        self.advance_to(deadline);
        deadline
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> MediaTime {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).now
    }

    fn sleep_until(&self, deadline: MediaTime) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.now >= deadline {
            return;
        }
        state.sleeping.push(deadline);
        self.slept.notify_all();
        while state.now < deadline {
            state = self.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if let Some(mine) = state.sleeping.iter().position(|&d| d == deadline) {
            state.sleeping.swap_remove(mine);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn a_sleeper_wakes_exactly_at_its_deadline() {
        let clock = Arc::new(VirtualClock::new());
        let sleeper = Arc::clone(&clock);
        let thread = std::thread::spawn(move || {
            for n in 1..=3 {
                sleeper.sleep_until(MediaTime::from_millis(n * 10));
            }
            sleeper.now()
        });
        for n in 1..=3 {
            assert_eq!(clock.wait_for_sleepers(1), MediaTime::from_millis(n * 10));
            clock.advance(Duration::from_millis(4));
            assert_eq!(clock.advance_to_next(1), MediaTime::from_millis(n * 10));
        }
        assert_eq!(thread.join().unwrap(), MediaTime::from_millis(30));
    }

    #[test]
    fn time_never_goes_back_and_a_past_deadline_returns_at_once() {
        let clock = VirtualClock::new();
        clock.advance_to(MediaTime::from_millis(50));
        clock.advance_to(MediaTime::from_millis(20));
        assert_eq!(clock.now(), MediaTime::from_millis(50));
        clock.sleep_until(MediaTime::from_millis(50));
    }
}
