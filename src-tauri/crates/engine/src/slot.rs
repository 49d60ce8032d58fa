//! Where a source's thread leaves its frames and the director finds them.
//!
//! A slot holds a few frames in order of their time. The director takes, for a tick, the newest one that is due; a
//! source that runs ahead of the clock (a generator, a file) waits until there is room, a device never waits: its
//! oldest unread frame is replaced and counted. Locks: one short mutex; frames are dropped outside it.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use vitrine_media::{MediaTime, VideoFrame};

/// Frames a slot holds at most: one shown next, one behind it, one being delivered.
const DEPTH: usize = 3;

/// The mailbox between one source and the director.
#[derive(Debug, Default)]
pub(crate) struct FrameSlot {
    inner: Mutex<Inner>,
    room: Condvar,
}

#[derive(Debug, Default)]
struct Inner {
    frames: VecDeque<VideoFrame>,
    put: u64,
    replaced: u64,
}

impl FrameSlot {
    /// Leaves a frame; a full slot loses its oldest.
    pub(crate) fn put(&self, frame: VideoFrame) {
        let old = {
            let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
            let old = if inner.frames.len() >= DEPTH { inner.frames.pop_front() } else { None };
            inner.replaced += u64::from(old.is_some());
            inner.put += 1;
            inner.frames.push_back(frame);
            old
        };
        drop(old);
    }

    /// Waits until there is room for one frame, at most `timeout`; whether there is.
    pub(crate) fn wait_for_room(&self, timeout: Duration) -> bool {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let (inner, _) = self
            .room
            .wait_timeout_while(inner, timeout, |i| i.frames.len() >= DEPTH)
            .unwrap_or_else(PoisonError::into_inner);
        inner.frames.len() < DEPTH
    }

    /// Takes the newest frame due at `at`, and drops those before it. Frames due later stay.
    pub(crate) fn take_due(&self, at: MediaTime) -> Option<VideoFrame> {
        let mut due = Vec::new();
        {
            let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
            while inner.frames.front().is_some_and(|f| f.pts <= at) {
                due.extend(inner.frames.pop_front());
            }
            inner.replaced += due.len().saturating_sub(1) as u64;
        }
        if !due.is_empty() {
            self.room.notify_all();
        }
        due.pop()
    }

    /// Empties the slot, as when its source is closed.
    pub(crate) fn clear(&self) {
        let old = std::mem::take(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner).frames);
        self.room.notify_all();
        drop(old);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vitrine_media::FramePool;

    fn frame(pool: &FramePool, ms: i64) -> VideoFrame {
        pool.take(16, 16, false).unwrap().freeze(MediaTime::from_millis(ms), ms as u64)
    }

    #[test]
    fn a_tick_gets_the_newest_frame_that_is_due_and_never_one_from_the_future() {
        let (slot, pool) = (FrameSlot::default(), FramePool::new(8));
        for ms in [0, 33, 66] {
            slot.put(frame(&pool, ms));
        }
        let at = |ms| slot.take_due(MediaTime::from_millis(ms)).map(|f| f.seq);
        assert_eq!(at(40), Some(33));
        assert_eq!(at(40), None);
        assert_eq!(at(70), Some(66));
    }

    #[test]
    fn a_device_that_nobody_reads_keeps_only_its_newest_frames() {
        let (slot, pool) = (FrameSlot::default(), FramePool::new(8));
        for ms in 0..100 {
            slot.put(frame(&pool, ms));
        }
        assert_eq!(pool.stats().in_use, DEPTH);
        assert_eq!(slot.take_due(MediaTime::from_millis(99)).map(|f| f.seq), Some(99));
        assert_eq!(pool.stats().in_use, 0);
    }

    #[test]
    fn a_generator_waits_until_a_frame_was_taken() {
        let (slot, pool) = (FrameSlot::default(), FramePool::new(8));
        for ms in [0, 33, 66] {
            slot.put(frame(&pool, ms));
        }
        assert!(!slot.wait_for_room(Duration::ZERO));
        let _shown = slot.take_due(MediaTime::ZERO);
        assert!(slot.wait_for_room(Duration::ZERO));
    }
}
