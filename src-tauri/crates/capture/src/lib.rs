//! Cameras, microphones, screens, media files, stills, text and test patterns.
//!
//! Owns: opening, reading and listing what a broadcast is made of, behind one contract for pictures
//! ([`VideoSource`]) and one for sound ([`AudioSource`]). Pictures leave as studio frames, converted once; sound
//! leaves as `f32` in the device's own rate and channels with the instants of its arrival, so that the sound engine
//! can remove drift. Never composes, mixes, encodes, or decides what to do about a fault: it reports a
//! [`CaptureError`] and the engine's supervisor reopens.
//!
//! Threads: a video source lives on one thread of its caller's making. Microphones own short-lived threads for
//! opening and closing; hot-plug watching owns one that polls.

mod error;
mod source;
mod spec;
mod text;

pub use error::CaptureError;
pub use source::{AudioInput, AudioSource, CaptureContext, Chunk, Pacing, VideoSource};
pub use spec::{AudioSpec, CameraCoding, CameraFormat, CameraSelect, VideoSpec};
pub use text::{TextAlign, TextOutline, TextShadow, TextStyle};

/// Opens a source of pictures on the calling thread, which may block as long as the driver likes.
pub fn open_video(spec: &VideoSpec, context: &CaptureContext) -> Result<Box<dyn VideoSource>, CaptureError> {
    let _ = context;
    match spec {
        other => Err(unsupported(format!("{other:?}"))),
    }
}

/// Opens a source of sound. May block for as long as a sound server takes to answer, at most a few seconds.
pub fn open_audio(spec: &AudioSpec, context: &CaptureContext) -> Result<Box<dyn AudioSource>, CaptureError> {
    let _ = context;
    match spec {
        other => Err(unsupported(format!("{other:?}"))),
    }
}

fn unsupported(what: String) -> CaptureError {
    CaptureError::Unsupported { what, reason: "this build has no such source".to_owned() }
}
