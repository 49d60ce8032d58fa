//! The one ring of encoded units that every way out reads from.
//!
//! Owns: the last 30 s (or 64 MB) of access units, the index of keyframes among them, and the newest configuration of
//! each track. Never waits for a reader: the oldest units leave when the ring is full, and a [`Cursor`] that needed
//! them skips to the newest keyframe and counts what it lost.
//!
//! Threads: any number may write or read. Locks: one mutex held for a few pointer moves; never across an await, a
//! callback or the drop of a unit. Readers wait on a tokio [`Notify`] (tasks) or a condition variable (threads);
//! nothing here needs a runtime.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use vitrine_media::{AccessUnit, StreamConfig, TrackKind};

/// How much a ring keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RingLimits {
    /// Oldest unit kept, measured from the newest by decoding time.
    pub span: Duration,
    /// Payload bytes kept.
    pub bytes: usize,
}

impl Default for RingLimits {
    fn default() -> Self {
        Self { span: Duration::from_secs(30), bytes: 64 << 20 }
    }
}

/// The newest configuration of each track seen so far.
#[derive(Clone, Debug, Default)]
pub struct Configs {
    /// Of the picture.
    pub video: Option<Arc<StreamConfig>>,
    /// Of the sound.
    pub audio: Option<Arc<StreamConfig>>,
}

/// What is in the ring now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RingStats {
    /// Units held.
    pub units: usize,
    /// Payload bytes held.
    pub bytes: usize,
    /// Keyframes held.
    pub keyframes: usize,
    /// Units that were ever pushed.
    pub pushed: u64,
}

/// A bounded ring of access units. Cloning shares it.
#[derive(Clone, Debug)]
pub struct UnitRing {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    limits: RingLimits,
    state: Mutex<State>,
    tasks: Notify,
    threads: Condvar,
}

#[derive(Debug, Default)]
struct State {
    units: VecDeque<AccessUnit>,
    /// Sequence number of the front unit; the unit `n` sits at index `n - first`.
    first: u64,
    bytes: usize,
    keyframes: VecDeque<u64>,
    configs: Configs,
    closed: bool,
}

impl State {
    fn end(&self) -> u64 {
        self.first + self.units.len() as u64
    }

    fn get(&self, seq: u64) -> Option<&AccessUnit> {
        self.units.get(usize::try_from(seq.checked_sub(self.first)?).ok()?)
    }

    fn over(&self, limits: RingLimits) -> bool {
        let span = match (self.units.front(), self.units.back()) {
            (Some(oldest), Some(newest)) => newest.dts.since(oldest.dts),
            _ => Duration::ZERO,
        };
        self.bytes > limits.bytes || span > limits.span
    }
}

impl Default for UnitRing {
    fn default() -> Self {
        Self::new(RingLimits::default())
    }
}

impl UnitRing {
    /// An empty ring.
    pub fn new(limits: RingLimits) -> Self {
        let shared =
            Shared { limits, state: Mutex::default(), tasks: Notify::new(), threads: Condvar::new() };
        Self { shared: Arc::new(shared) }
    }

    /// Appends a unit (already interleaved by decoding time) and wakes all readers. Never blocks on them. Units
    /// pushed after [`UnitRing::close`] are dropped.
    pub fn push(&self, unit: AccessUnit) {
        let mut evicted = Vec::new();
        {
            let mut state = self.lock();
            if state.closed {
                return;
            }
            let seq = state.end();
            match unit.track {
                TrackKind::Video => state.configs.video = Some(Arc::clone(&unit.config)),
                TrackKind::Audio => state.configs.audio = Some(Arc::clone(&unit.config)),
            }
            if unit.track == TrackKind::Video && unit.keyframe {
                state.keyframes.push_back(seq);
            }
            state.bytes += unit.data.len();
            state.units.push_back(unit);
            // One unit always stays, however large, so that a reader can make progress.
            while state.units.len() > 1 && state.over(self.shared.limits) {
                if let Some(old) = state.units.pop_front() {
                    state.bytes -= old.data.len();
                    state.first += 1;
                    evicted.push(old);
                }
            }
            let first = state.first;
            while state.keyframes.front().is_some_and(|&key| key < first) {
                state.keyframes.pop_front();
            }
        }
        self.wake();
        drop(evicted);
    }

    /// Says that no more units will come. Readers drain what is there and then see the end.
    pub fn close(&self) {
        self.lock().closed = true;
        self.wake();
    }

    /// A reader that begins at the newest keyframe, or at the next one if there is none yet.
    pub fn cursor(&self) -> Cursor {
        let state = self.lock();
        let (next, seeking) = match state.keyframes.back() {
            Some(&key) => (key, false),
            None => (state.end(), true),
        };
        drop(state);
        Cursor { ring: self.clone(), next, seeking, lost: 0, overruns: 0 }
    }

    /// The newest configurations.
    pub fn configs(&self) -> Configs {
        self.lock().configs.clone()
    }

    /// What is in the ring now.
    pub fn stats(&self) -> RingStats {
        let state = self.lock();
        RingStats {
            units: state.units.len(),
            bytes: state.bytes,
            keyframes: state.keyframes.len(),
            pushed: state.end(),
        }
    }

    fn wake(&self) {
        self.shared.tasks.notify_waiters();
        self.shared.threads.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every critical section leaves the state whole, so a panic elsewhere does not spoil it.
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a waiting reader stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// [`Cursor::peek`] yields a unit.
    Unit,
    /// Nothing yet.
    Empty,
    /// The ring is closed and everything was read.
    Ended,
}

/// A reader's place in the ring.
#[derive(Debug)]
pub struct Cursor {
    ring: UnitRing,
    next: u64,
    /// Units are skipped until a keyframe comes.
    seeking: bool,
    lost: u64,
    overruns: u64,
}

impl Cursor {
    /// The next unit, if it is there. Repeating the call yields the same unit unless the reader was overrun.
    pub fn peek(&mut self) -> Option<AccessUnit> {
        let ring = self.ring.clone();
        let state = ring.lock();
        self.settle(&state);
        state.get(self.next).cloned()
    }

    /// Moves past the unit that [`Cursor::peek`] yielded.
    pub fn advance(&mut self) {
        self.next += 1;
    }

    /// The next unit, taken.
    pub fn try_next(&mut self) -> Option<AccessUnit> {
        let unit = self.peek()?;
        self.advance();
        Some(unit)
    }

    /// Whether there is something to read.
    pub fn readiness(&mut self) -> Readiness {
        let ring = self.ring.clone();
        let state = ring.lock();
        self.settle(&state);
        if self.next < state.end() {
            Readiness::Unit
        } else if state.closed {
            Readiness::Ended
        } else {
            Readiness::Empty
        }
    }

    /// Waits, as a task, until there is something to read or the ring has ended. Dropping the future is harmless.
    pub async fn ready(&mut self) -> Readiness {
        let shared = Arc::clone(&self.ring.shared);
        loop {
            let notified = shared.tasks.notified();
            tokio::pin!(notified);
            // Registered before the look, so that a push in between is not missed.
            notified.as_mut().enable();
            match self.readiness() {
                Readiness::Empty => notified.await,
                found => return found,
            }
        }
    }

    /// Waits, as a thread, for at most `timeout`.
    pub fn wait(&mut self, timeout: Duration) -> Readiness {
        let found = self.readiness();
        if found != Readiness::Empty {
            return found;
        }
        let ring = self.ring.clone();
        let guard = ring.lock();
        // A push between the look and this lock shows in `end`, so it is not missed.
        if self.next >= guard.end() && !guard.closed {
            drop(ring.shared.threads.wait_timeout(guard, timeout).unwrap_or_else(PoisonError::into_inner));
        } else {
            drop(guard);
        }
        self.readiness()
    }

    /// How far this reader is behind the newest unit, by decoding time.
    pub fn lag(&mut self) -> Duration {
        let ring = self.ring.clone();
        let state = ring.lock();
        self.settle(&state);
        match (state.get(self.next), state.units.back()) {
            (Some(mine), Some(newest)) => newest.dts.since(mine.dts),
            _ => Duration::ZERO,
        }
    }

    /// Whether a keyframe newer than the next unit is in the ring.
    pub fn has_later_keyframe(&self) -> bool {
        self.ring.lock().keyframes.back().is_some_and(|&key| key > self.next)
    }

    /// Moves the beginning of a reader that has not begun up to the newest keyframe; nothing counts as lost.
    pub fn begin_at_newest_keyframe(&mut self) {
        if let Some(&key) = self.ring.lock().keyframes.back()
            && (self.seeking || key > self.next)
        {
            self.next = key;
            self.seeking = false;
        }
    }

    /// Units this reader never saw because it was too slow.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// How often the ring overran this reader.
    pub fn overruns(&self) -> u64 {
        self.overruns
    }

    fn settle(&mut self, state: &State) {
        if self.next < state.first && !self.seeking {
            self.overruns += 1;
            let target = state.keyframes.back().copied();
            let to = target.unwrap_or_else(|| state.end());
            self.lost += to - self.next;
            self.next = to;
            self.seeking = target.is_none();
        }
        if self.seeking {
            // Waiting for a first picture is no loss: nothing was promised yet, or it was counted above.
            match state.keyframes.iter().find(|&&key| key >= self.next) {
                Some(&key) => {
                    self.next = key;
                    self.seeking = false;
                }
                None => self.next = state.end(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{audio, video};
    use vitrine_media::MediaTime;

    fn ring(bytes: usize) -> UnitRing {
        UnitRing::new(RingLimits { span: Duration::from_secs(30), bytes })
    }

    #[test]
    fn a_reader_begins_at_the_newest_keyframe() {
        let ring = ring(1 << 20);
        for n in 0..10 {
            ring.push(video(n * 40, n % 4 == 0, 10));
        }
        let mut cursor = ring.cursor();
        let first = cursor.try_next().unwrap();
        assert_eq!((first.dts, first.keyframe), (MediaTime::from_millis(320), true));
        assert!(cursor.try_next().is_some());
        assert!(cursor.try_next().is_none());
        assert_eq!(cursor.lost(), 0);
    }

    #[test]
    fn a_reader_before_the_first_keyframe_waits_for_it_and_loses_nothing() {
        let ring = ring(1 << 20);
        ring.push(audio(0));
        let mut cursor = ring.cursor();
        ring.push(audio(10));
        ring.push(video(20, false, 10));
        assert!(cursor.peek().is_none());
        ring.push(video(40, true, 10));
        ring.push(audio(41));
        assert_eq!(cursor.try_next().unwrap().dts, MediaTime::from_millis(40));
        assert_eq!(cursor.try_next().unwrap().dts, MediaTime::from_millis(41));
        assert_eq!((cursor.lost(), cursor.overruns()), (0, 0));
    }

    #[test]
    fn a_slow_reader_skips_to_the_newest_keyframe_and_knows_what_it_lost() {
        let ring = ring(10_000);
        ring.push(video(0, true, 1000));
        let mut slow = ring.cursor();
        for n in 1..40 {
            ring.push(video(n * 40, n % 5 == 0, 1000));
        }
        let stats = ring.stats();
        assert!(stats.bytes <= 10_000 && stats.units == 10, "{stats:?}");
        assert_eq!(slow.try_next().unwrap().dts, MediaTime::from_millis(35 * 40));
        assert_eq!((slow.lost(), slow.overruns()), (35, 1));
    }

    #[test]
    fn what_is_older_than_the_span_leaves() {
        let ring = ring(usize::MAX);
        for second in 0..100 {
            ring.push(video(second * 1000, second % 2 == 0, 10));
        }
        assert_eq!(ring.stats(), RingStats { units: 31, bytes: 310, keyframes: 15, pushed: 100 });
    }

    #[test]
    fn a_closed_ring_is_drained_and_then_ends() {
        let ring = ring(1 << 20);
        ring.push(video(0, true, 10));
        let mut cursor = ring.cursor();
        ring.close();
        ring.push(video(40, true, 10));
        assert_eq!(cursor.wait(Duration::from_mins(1)), Readiness::Unit);
        assert!(cursor.try_next().is_some());
        assert_eq!(cursor.wait(Duration::from_mins(1)), Readiness::Ended);
    }

    #[test]
    fn a_waiting_thread_is_woken_by_a_push() {
        let ring = ring(1 << 20);
        let mut cursor = ring.cursor();
        let reader = std::thread::spawn(move || {
            while cursor.wait(Duration::from_mins(1)) == Readiness::Empty {}
            cursor.try_next().unwrap().dts
        });
        ring.push(video(0, true, 10));
        assert_eq!(reader.join().unwrap(), MediaTime::ZERO);
    }

    #[tokio::test]
    async fn a_waiting_task_is_woken_by_a_push() {
        let ring = ring(1 << 20);
        let mut cursor = ring.cursor();
        let reader = tokio::spawn(async move { cursor.ready().await });
        tokio::task::yield_now().await;
        ring.push(video(0, true, 10));
        assert_eq!(reader.await.unwrap(), Readiness::Unit);
    }

    #[test]
    fn lag_is_measured_in_programme_time() {
        let ring = ring(1 << 20);
        ring.push(video(0, true, 10));
        let mut cursor = ring.cursor();
        ring.push(video(40, false, 10));
        ring.push(audio(2500));
        assert_eq!(cursor.lag(), Duration::from_millis(2500));
        cursor.advance();
        cursor.advance();
        assert_eq!(cursor.lag(), Duration::ZERO);
    }
}
