//! Where a source's thread leaves its frames and the director finds them.
//!
//! A slot holds a few frames in order of their time. A source that runs ahead of the clock (a generator, a file) waits
//! until there is room, and the director takes the newest frame that is due. A device never waits: its oldest unread
//! frame is replaced and counted. Its frames come at the programme's rate but at another phase, so that the jitter of
//! a millisecond may bring two within one tick and none in the next; the slot is elastic for them: it hands them out
//! one by one and lets one wait, rather than skip it and then show the next twice. Locks: one short mutex; frames are
//! dropped outside it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use vitrine_media::{MediaTime, VideoFrame};

/// Frames a slot holds at most: one shown next, one behind it, one being delivered.
const DEPTH: usize = 3;
/// A device's frame that has waited longer than this is passed over for a newer one: after a stall, live comes first.
const STALE: Duration = Duration::from_millis(90);

/// The mailbox between one source and the director.
#[derive(Debug, Default)]
pub(crate) struct FrameSlot {
    inner: Mutex<Inner>,
    room: Condvar,
    elastic: AtomicBool,
}

#[derive(Debug, Default)]
struct Inner {
    frames: VecDeque<VideoFrame>,
    put: u64,
    replaced: u64,
}

impl FrameSlot {
    /// Says that a device delivers here, at a phase of its own.
    pub(crate) fn set_elastic(&self) {
        self.elastic.store(true, Ordering::Relaxed);
    }

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

    /// Takes the frame to show at `at`: the newest one due, or the oldest of a device that is not stale. Frames due
    /// later stay.
    pub(crate) fn take_due(&self, at: MediaTime) -> Option<VideoFrame> {
        let elastic = self.elastic.load(Ordering::Relaxed);
        let mut due = Vec::new();
        {
            let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
            while inner.frames.front().is_some_and(|f| f.pts <= at) {
                let fresh = inner.frames.front().is_some_and(|f| at.since(f.pts) <= STALE);
                due.extend(inner.frames.pop_front());
                if elastic && fresh && inner.frames.len() < DEPTH - 1 {
                    break;
                }
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
    fn a_device_whose_phase_sits_on_the_tick_is_shown_frame_by_frame() {
        let (slot, pool) = (FrameSlot::default(), FramePool::new(8));
        slot.set_elastic();
        let mut shown = Vec::new();
        let mut next = 0i64;
        for tick in 0..300i64 {
            // Frame n arrives within 3 ms before or after tick n.
            while next * 33 + [-3, 2, -1, 3, 0, 1, -2][next as usize % 7] <= tick * 33 {
                let mut arrived =
                    frame(&pool, (next * 33 + [-3, 2, -1, 3, 0, 1, -2][next as usize % 7]).max(0));
                arrived.seq = next as u64;
                slot.put(arrived);
                next += 1;
            }
            shown.extend(slot.take_due(MediaTime::from_millis(tick * 33)).map(|f| f.seq));
        }
        let skips = shown.windows(2).filter(|w| w[1] != w[0] + 1).count();
        // One tick finds the slot empty before the slack has built up; from then on every frame is shown once.
        assert_eq!(skips, 0, "{shown:?}");
        assert!(shown.len() >= 297, "{}", shown.len());
    }

    #[test]
    fn after_a_stall_a_device_is_live_again_at_once() {
        let (slot, pool) = (FrameSlot::default(), FramePool::new(8));
        slot.set_elastic();
        for ms in [0, 33, 1000] {
            slot.put(frame(&pool, ms));
        }
        assert_eq!(slot.take_due(MediaTime::from_millis(1010)).map(|f| f.seq), Some(1000));
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
