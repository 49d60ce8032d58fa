//! The depth-one mailbox between two threads: the newest value wins.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Holds at most one value. Putting a second one before the first was taken replaces it and counts that.
///
/// Locks: one short mutex; values are dropped outside it.
#[derive(Debug)]
pub struct Latest<T> {
    slot: Mutex<Slot<T>>,
    filled: Condvar,
}

#[derive(Debug)]
struct Slot<T> {
    value: Option<T>,
    put: u64,
    replaced: u64,
}

impl<T> Default for Latest<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Latest<T> {
    /// An empty mailbox.
    pub fn new() -> Self {
        Self { slot: Mutex::new(Slot { value: None, put: 0, replaced: 0 }), filled: Condvar::new() }
    }

    /// Leaves `value` for the reader, replacing one that was not read.
    pub fn put(&self, value: T) {
        let old = {
            let mut slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
            let old = slot.value.replace(value);
            slot.put += 1;
            slot.replaced += u64::from(old.is_some());
            old
        };
        self.filled.notify_one();
        drop(old);
    }

    /// Takes the value if there is one.
    pub fn take(&self) -> Option<T> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner).value.take()
    }

    /// Takes the value, waiting for one at most `timeout`.
    pub fn wait(&self, timeout: Duration) -> Option<T> {
        let slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut slot, _) = self
            .filled
            .wait_timeout_while(slot, timeout, |s| s.value.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        slot.value.take()
    }

    /// Values put so far.
    pub fn put_count(&self) -> u64 {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner).put
    }

    /// Values replaced before anyone read them.
    pub fn replaced_count(&self) -> u64 {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner).replaced
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn the_newest_wins_and_the_loss_is_counted() {
        let slot = Latest::new();
        slot.put(1);
        slot.put(2);
        assert_eq!((slot.take(), slot.take()), (Some(2), None));
        assert_eq!((slot.put_count(), slot.replaced_count()), (2, 1));
    }

    #[test]
    fn a_waiting_reader_is_woken() {
        let slot = Arc::new(Latest::new());
        let writer = Arc::clone(&slot);
        let thread = std::thread::spawn(move || writer.put(7));
        assert_eq!(slot.wait(Duration::from_secs(30)), Some(7));
        thread.join().unwrap();
    }
}
