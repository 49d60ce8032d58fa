//! Where frames come from and go back to.
//!
//! A pool keeps the buffers of dropped frames and hands them out again, so that a broadcast allocates only in its
//! first second. It is bounded: when `limit` buffers are in use, [`FramePool::take`] refuses rather than grows, and
//! the caller drops that frame and counts it. Locks: one short mutex per take and per drop, never across user code.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytemuck::{Pod, Zeroable};

use crate::frame::{FrameMut, Layout};

/// One cache line; gives every buffer its alignment without unsafe code.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
pub(crate) struct Line([u8; 64]);

/// Every buffer of the pool is in use: a consumer holds on to frames. Drop this frame and count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("all {limit} frame buffers are in use; a consumer is holding on to frames")]
pub struct PoolExhausted {
    /// The pool's bound.
    pub limit: usize,
}

/// A pool's counters, for status and for tests of growth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolStats {
    /// Buffers allocated since the pool was made. Flat once a broadcast runs.
    pub allocated: u64,
    /// Buffers out at this moment.
    pub in_use: usize,
    /// Times [`FramePool::take`] refused.
    pub refused: u64,
}

pub(crate) struct PoolInner {
    free: Mutex<Vec<Vec<Line>>>,
    limit: usize,
    in_use: AtomicUsize,
    allocated: AtomicU64,
    refused: AtomicU64,
}

/// A bounded pool of frame buffers of any size. Cheap to clone; clones share the buffers.
#[derive(Clone)]
pub struct FramePool {
    inner: Arc<PoolInner>,
}

impl FramePool {
    /// A pool of at most `limit` buffers in use at once.
    pub fn new(limit: usize) -> Self {
        Self {
            inner: Arc::new(PoolInner {
                free: Mutex::new(Vec::new()),
                limit,
                in_use: AtomicUsize::new(0),
                allocated: AtomicU64::new(0),
                refused: AtomicU64::new(0),
            }),
        }
    }

    /// A writable frame of `width` x `height` luma pixels, with an alpha plane if asked. Its content is whatever was
    /// there before: write every pixel, or call [`FrameMut::fill_black`].
    pub fn take(&self, width: u32, height: u32, alpha: bool) -> Result<FrameMut, PoolExhausted> {
        let layout = Layout::new(width, height, alpha);
        let pool = &self.inner;
        if pool.in_use.fetch_add(1, Ordering::AcqRel) >= pool.limit {
            pool.in_use.fetch_sub(1, Ordering::AcqRel);
            pool.refused.fetch_add(1, Ordering::Relaxed);
            return Err(PoolExhausted { limit: pool.limit });
        }
        let lines = layout.bytes().div_ceil(size_of::<Line>());
        let reused = {
            let mut free = pool.free.lock().unwrap_or_else(PoisonError::into_inner);
            free.iter().position(|b| b.len() == lines).map(|i| free.swap_remove(i))
        };
        let buffer = reused.unwrap_or_else(|| {
            pool.allocated.fetch_add(1, Ordering::Relaxed);
            vec![Line::zeroed(); lines]
        });
        Ok(FrameMut::new(Storage { buffer, pool: Arc::clone(pool) }, layout))
    }

    /// The counters now.
    pub fn stats(&self) -> PoolStats {
        PoolStats {
            allocated: self.inner.allocated.load(Ordering::Relaxed),
            in_use: self.inner.in_use.load(Ordering::Acquire),
            refused: self.inner.refused.load(Ordering::Relaxed),
        }
    }
}

/// A buffer on loan; returns to its pool when dropped.
pub(crate) struct Storage {
    buffer: Vec<Line>,
    pool: Arc<PoolInner>,
}

impl Storage {
    pub(crate) fn bytes(&self) -> &[u8] {
        bytemuck::cast_slice(&self.buffer)
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        bytemuck::cast_slice_mut(&mut self.buffer)
    }
}

impl Drop for Storage {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.buffer);
        let mut free = self.pool.free.lock().unwrap_or_else(PoisonError::into_inner);
        // A change of canvas leaves buffers of the old size behind; keep at most `limit`, newest last.
        if free.len() >= self.pool.limit {
            free.remove(0);
        }
        free.push(buffer);
        drop(free);
        self.pool.in_use.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MediaTime;

    #[test]
    fn buffers_are_reused_not_grown() {
        let pool = FramePool::new(4);
        for n in 0..300 {
            let frame = pool.take(64, 36, false).unwrap().freeze(MediaTime::ZERO, n);
            drop(frame);
        }
        assert_eq!(pool.stats(), PoolStats { allocated: 1, in_use: 0, refused: 0 });
    }

    #[test]
    fn a_full_pool_refuses_and_recovers() {
        let pool = FramePool::new(2);
        let a = pool.take(16, 16, false).unwrap();
        let _b = pool.take(16, 16, false).unwrap();
        assert_eq!(pool.take(16, 16, false).err(), Some(PoolExhausted { limit: 2 }));
        drop(a);
        assert!(pool.take(16, 16, false).is_ok());
        assert_eq!(pool.stats().refused, 1);
    }

    #[test]
    fn buffers_of_an_old_size_do_not_pile_up() {
        let pool = FramePool::new(2);
        for size in 1..40 {
            drop(pool.take(size * 2, 16, false).unwrap());
        }
        assert!(pool.inner.free.lock().unwrap().len() <= 2);
    }
}
