//! What [`super::VideoEncoder`] asks of one encoder.

use std::sync::Arc;

use vitrine_media::{AccessUnit, StreamConfig, VideoFrame};

use super::EncoderKind;
use crate::ff::FfError;

/// Why one encoder is of no use. The caller takes the next one.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum BackendError {
    /// FFmpeg was built without it.
    #[error("this FFmpeg was built without it")]
    NotBuilt,
    /// It opened or ran, but what it gave cannot be used.
    #[error("{0}")]
    Unusable(&'static str),
    /// FFmpeg or a driver refused.
    #[error("{what}: {error}{}{detail}", if detail.is_empty() { "" } else { ": " })]
    Ffmpeg {
        /// What was being done.
        what: &'static str,
        /// The code.
        error: FfError,
        /// The line FFmpeg or the driver wrote about it.
        detail: String,
    },
}

impl BackendError {
    /// Explains `error` with the line FFmpeg wrote on this thread.
    pub(crate) fn ffmpeg(what: &'static str) -> impl FnOnce(FfError) -> Self {
        move |error| Self::Ffmpeg { what, error, detail: crate::log::last_error() }
    }
}

/// How an encoder takes a new bitrate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BitrateChange {
    /// From the next frames on.
    Applied,
    /// Only when opened anew.
    Reopen,
}

/// One opened encoder. After an error it is given nothing more.
pub(crate) trait Backend: Send {
    fn kind(&self) -> EncoderKind;

    /// The configuration of the units it makes.
    fn config(&self) -> &Arc<StreamConfig>;

    /// Takes a frame, appends the units that are ready.
    fn encode(
        &mut self,
        frame: &VideoFrame,
        tick: i64,
        force_key: bool,
        out: &mut Vec<AccessUnit>,
    ) -> Result<(), BackendError>;

    /// Takes out all that is inside.
    fn finish(&mut self, out: &mut Vec<AccessUnit>) -> Result<(), BackendError>;

    fn set_bitrate(&mut self, bitrate: u32) -> BitrateChange;
}
