//! The two contracts every source fulfils, and what it is given when it is opened.
//!
//! A video source is opened, read and dropped on one expendable thread of its own, because a driver may hang for
//! ever in any of the three. An audio source is read by the engine's sound thread and therefore never blocks; what
//! may hang in it happens on throw-away threads of its own.

use std::fmt;
use std::sync::Arc;

use vitrine_media::{AudioFormat, Clock, Convert, FramePool, FrameRate, MediaTime, VideoFrame};

use crate::CaptureError;

/// Who decides when the next picture or sound is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pacing {
    /// A device: it delivers when it likes.
    Device,
    /// A function of session time: ask for any instant.
    OnDemand,
    /// A picture that stays the same until it is changed.
    Still,
}

/// A source of studio frames. Not `Send`: used only on the thread that opened it.
pub trait VideoSource {
    /// How [`Self::read`] behaves.
    fn pacing(&self) -> Pacing;

    /// The next picture.
    ///
    /// * [`Pacing::Device`]: waits at most about 200 ms for the next frame; `None` when none came. `at` is ignored;
    ///   the frame's `pts` is the session time of its arrival. Frames the device spoils are skipped and counted.
    /// * [`Pacing::OnDemand`]: the frame that shows at session time `at`; the same frame again while it still shows.
    /// * [`Pacing::Still`]: always the same frame (the same pixels in memory) until it changes.
    ///
    /// An error ends the source: drop it, and if [`CaptureError::retryable`] open it again with back-off.
    fn read(&mut self, at: MediaTime) -> Result<Option<VideoFrame>, CaptureError>;

    /// Frames that arrived but could not be used since the source was opened: corrupt, truncated, or no buffer free.
    fn skipped(&self) -> u64 {
        0
    }
}

/// A source of sound.
pub trait AudioSource: Send {
    /// What [`Self::read`] delivers. Fixed while the source is open.
    fn format(&self) -> AudioFormat;

    /// How [`Self::read`] behaves.
    fn pacing(&self) -> Pacing;

    /// Appends sound to `out`. Never blocks, and does not allocate once `out` has grown.
    ///
    /// * [`Pacing::Device`]: everything that arrived since the last call, and when each piece did; nothing is normal.
    /// * [`Pacing::OnDemand`]: exactly the 480 frames of `[at, at + 10 ms)` in [`AudioFormat::STUDIO`].
    ///
    /// An error ends the source: drop it, and if [`CaptureError::retryable`] open it again with back-off.
    fn read(&mut self, at: MediaTime, out: &mut AudioInput) -> Result<(), CaptureError>;
}

/// A piece of sound that arrived in one go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Frames (one sample per channel each).
    pub frames: usize,
    /// Session time at which the device handed it over, that is, of its last frame.
    pub arrived: MediaTime,
}

/// Where [`AudioSource::read`] puts sound. Kept and cleared by the caller so that it allocates once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AudioInput {
    /// Interleaved samples in the source's format, nominal range -1.0 to 1.0.
    pub samples: Vec<f32>,
    /// How `samples` arrived; the frames add up to `samples`.
    pub chunks: Vec<Chunk>,
    /// Frames lost before these samples since the last read, because the reader was late or the device overran.
    pub overruns: u64,
}

impl AudioInput {
    /// Empties it, keeping the memory.
    pub fn clear(&mut self) {
        self.samples.clear();
        self.chunks.clear();
        self.overruns = 0;
    }
}

/// What a source is given when it is opened. Cheap to clone.
#[derive(Clone)]
pub struct CaptureContext {
    /// The session clock.
    pub clock: Arc<dyn Clock>,
    /// Turns what the device delivers into studio frames.
    pub convert: Arc<dyn Convert>,
    /// Where frames come from.
    pub pool: FramePool,
    /// Canvas width and height in pixels: the size worth capturing, and the size of generated pictures.
    pub canvas: (u32, u32),
    /// Canvas frame rate.
    pub rate: FrameRate,
}

impl fmt::Debug for CaptureContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (width, height) = self.canvas;
        write!(f, "CaptureContext({width}x{height} at {:.3})", self.rate.as_f64())
    }
}
