//! Supervision of sources: every device, file and generator runs on an expendable thread of its own.
//!
//! Owns the threads and what is known about each source. A thread that ends is started again with back-off; one that
//! hangs in a driver is abandoned, never waited for: its slot is cut off and a new thread takes over. Nothing here
//! decides what is shown.

mod audio;
mod video;
mod watchdog;

pub(crate) use audio::{AudioFeed, AudioLine};
pub(crate) use video::VideoFeed;

use std::sync::{Mutex, PoisonError};

use vitrine_capture::CaptureError;

/// What is known about how a source runs, written by its thread, read by the actor.
#[derive(Debug, Default)]
pub(crate) struct FeedReport {
    inner: Mutex<Report>,
}

/// A copy of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    /// Open and delivering, as far as its thread knows.
    pub(crate) open: bool,
    /// Why it is not open.
    pub(crate) error: Option<CaptureError>,
    /// Times it was opened again.
    pub(crate) reopened: u64,
}

impl FeedReport {
    pub(crate) fn read(&self) -> Report {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn opened(&self) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.open = true;
        inner.error = None;
    }

    fn failed(&self, error: CaptureError) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.open = false;
        inner.reopened += 1;
        inner.error = Some(error);
    }
}
