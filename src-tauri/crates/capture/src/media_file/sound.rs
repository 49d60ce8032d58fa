//! The sound of a media file, decoded ahead by a worker.
//!
//! Threads: one worker per open file; it decodes at most [`AHEAD`] blocks ahead and then sleeps. It ends when the
//! source is dropped, which does not wait for it: a decoder may hang on a network drive. Lock: one mutex around the
//! queue; neither side decodes, allocates or waits for anything else while it holds it.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use vitrine_media::{AudioFormat, BLOCK_FRAMES, CHANNELS, MediaTime};

use super::Block;
use super::tape::Tape;
use crate::tone::sample_at;
use crate::{AudioInput, AudioSource, CaptureContext, CaptureError, Chunk, Pacing};

/// Blocks decoded ahead: one second.
const AHEAD: usize = 100;
const STEP: i64 = BLOCK_FRAMES as i64;

/// What happens when sound is asked for that is not decoded yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// On air: silence, counted as an overrun. Time goes on.
    Live,
    /// Rendering on a virtual clock: wait for the decoder, so that the result is always the same.
    Render,
}

/// A finished block and the session sample it begins with.
struct Ready {
    n: i64,
    block: Box<Block>,
}

#[derive(Default)]
struct Queue {
    ready: VecDeque<Ready>,
    /// Used blocks on their way back, so that neither side allocates once running.
    #[allow(clippy::vec_box)] // boxes move between the queues; their content stays where it is
    spare: Vec<Box<Block>>,
    /// Session sample the worker makes next.
    next: i64,
    stop: bool,
    error: Option<CaptureError>,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    /// The reader took something or wants something else.
    wanted: Condvar,
    /// The worker finished a block or failed.
    made: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The reading half.
pub(crate) struct FileSound {
    shared: Arc<Shared>,
    patience: Patience,
}

impl FileSound {
    /// Opens the file and decodes the first block for the present session time, so that a file nothing can be made of
    /// is refused here and the first read finds sound.
    pub(crate) fn open(
        path: &Path,
        looping: bool,
        offset: Duration,
        patience: Patience,
        context: &CaptureContext,
    ) -> Result<Self, CaptureError> {
        let mut tape = Tape::open(path, looping, offset)?;
        let first = sample_at(context.clock.now()).div_euclid(STEP) * STEP;
        let mut block = silence();
        tape.read(first, &mut block)?;
        let shared = Arc::new(Shared::default());
        {
            let mut queue = shared.lock();
            queue.next = first + STEP;
            queue.ready.push_back(Ready { n: first, block });
        }
        let worker = Arc::clone(&shared);
        thread::Builder::new()
            .name("file sound".to_owned())
            .spawn(move || work(&worker, &mut tape))
            .map_err(|error| CaptureError::Device {
                device: path.display().to_string(),
                reason: error.to_string(),
            })?;
        Ok(Self { shared, patience })
    }
}

impl Drop for FileSound {
    fn drop(&mut self) {
        self.shared.lock().stop = true;
        self.shared.wanted.notify_all();
    }
}

impl AudioSource for FileSound {
    fn format(&self) -> AudioFormat {
        AudioFormat::STUDIO
    }

    fn pacing(&self) -> Pacing {
        Pacing::OnDemand
    }

    fn read(&mut self, at: MediaTime, out: &mut AudioInput) -> Result<(), CaptureError> {
        let n = sample_at(at);
        let mut queue = self.shared.lock();
        loop {
            if let Some(ready) = queue.find(n, self.patience) {
                out.samples.extend_from_slice(ready.block.as_slice());
                queue.spare.push(ready.block);
                break;
            }
            if let Some(error) = queue.error.clone() {
                return Err(error);
            }
            queue.aim(n, self.patience);
            if self.patience == Patience::Live {
                out.overruns += BLOCK_FRAMES as u64;
                out.samples.extend(std::iter::repeat_n(0.0, BLOCK_FRAMES * CHANNELS));
                break;
            }
            self.shared.wanted.notify_one();
            queue = self.shared.made.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        drop(queue);
        self.shared.wanted.notify_one();
        out.chunks.push(Chunk { frames: BLOCK_FRAMES, arrived: at });
        Ok(())
    }
}

impl Patience {
    /// How far ahead of a block that is not there the worker takes up again. On air that block is past saving, and
    /// the next few would be as well if the decoder has to wind first.
    const fn lead(self) -> i64 {
        match self {
            Self::Live => 4 * STEP,
            Self::Render => 0,
        }
    }

    /// Whether a block `lead` samples ahead of the one asked for means that the worker is on the right way.
    const fn is_on_the_way(self, lead: i64) -> bool {
        match self {
            Self::Live => lead > 0 && lead <= self.lead() && lead % STEP == 0,
            Self::Render => lead == 0,
        }
    }
}

impl Queue {
    /// Takes the block that begins at `n`. Drops those before it, and those left over from before a jump.
    fn find(&mut self, n: i64, patience: Patience) -> Option<Ready> {
        while let Some(front) = self.ready.pop_front() {
            if front.n == n {
                return Some(front);
            }
            if patience.is_on_the_way(front.n - n) {
                self.ready.push_front(front);
                return None;
            }
            self.spare.push(front.block);
        }
        None
    }

    /// The block at `n` is not there: sees to it that the worker is making what is asked for next.
    fn aim(&mut self, n: i64, patience: Patience) {
        let coming = self.ready.front().map_or(self.next, |front| front.n);
        if !patience.is_on_the_way(coming - n) {
            self.next = n + patience.lead();
        }
    }
}

/// The worker: makes the block at `next` as long as there is room, until told to stop.
fn work(shared: &Shared, tape: &mut Tape) {
    let mut queue = shared.lock();
    while !queue.stop {
        if queue.ready.len() >= AHEAD {
            queue = shared.wanted.wait(queue).unwrap_or_else(PoisonError::into_inner);
            continue;
        }
        let n = queue.next;
        let spare = queue.spare.pop();
        drop(queue);
        let mut block = spare.unwrap_or_else(silence);
        let made = tape.read(n, &mut block);
        queue = shared.lock();
        match made {
            // Otherwise the reader has jumped meanwhile, and wants another.
            Ok(()) if queue.next == n => {
                queue.next = n + STEP;
                queue.ready.push_back(Ready { n, block });
            }
            Ok(()) => queue.spare.push(block),
            Err(error) => {
                queue.error = Some(error);
                shared.made.notify_all();
                return;
            }
        }
        shared.made.notify_all();
    }
}

fn silence() -> Box<Block> {
    Box::new([0.0; BLOCK_FRAMES * CHANNELS])
}

#[cfg(test)]
impl FileSound {
    /// Waits until the worker has finished a block that was not read yet.
    pub(super) fn wait_for_block(&self) {
        let queue = self.shared.lock();
        drop(self.shared.made.wait_while(queue, |queue| queue.ready.is_empty()).unwrap());
    }

    /// Waits until the worker has no room left, and returns what tells whether it is gone.
    pub(super) fn wait_until_full(&self) -> std::sync::Weak<impl Sized + use<>> {
        let queue = self.shared.lock();
        let queue = self.shared.made.wait_while(queue, |queue| queue.ready.len() < AHEAD).unwrap();
        assert_eq!(queue.ready.len(), AHEAD);
        Arc::downgrade(&self.shared)
    }
}
