//! Cameras, microphones, screens, media files, stills, text and test patterns.
//!
//! Owns: opening, reading and listing what a broadcast is made of, behind one contract for pictures
//! ([`VideoSource`]) and one for sound ([`AudioSource`]). Pictures leave as studio frames, converted once; sound
//! leaves as `f32` in the device's own rate and channels with the instants of its arrival, so that the sound engine
//! can remove drift. Never composes, mixes, encodes, or decides what to do about a fault: it reports a
//! [`CaptureError`] and the engine's supervisor reopens.
//!
//! Threads: a video source lives on one thread of its caller's making. Microphones own short-lived threads for
//! opening and closing; [`DeviceWatch`] owns two that poll.

mod camera;
mod color;
mod error;
mod flash_beep;
pub mod frame_id;
mod media_file;
mod microphone;
mod pattern;
mod screen;
mod source;
mod spec;
mod still;
#[cfg(test)]
mod test_context;
mod text;
mod timeline;
mod tone;
mod watch;

pub use camera::{CameraDevice, list_cameras};
pub use error::CaptureError;
pub use flash_beep::{BEEP_FRAMES, beep_sample, event_tick, is_flash};
pub use microphone::{MicrophoneDevice, list_microphones};
pub use pattern::PatternPainter;
pub use screen::{ScreenDevice, list_screens};
pub use source::{AudioInput, AudioSource, CaptureContext, Chunk, Pacing, VideoSource};
pub use spec::{AudioSpec, CameraCoding, CameraFormat, CameraSelect, VideoSpec};
#[cfg(test)]
pub(crate) use test_context::tests_context;
pub use text::{TextAlign, TextError, TextOutline, TextPicture, TextShadow, TextStyle, render_text};
pub use timeline::{Place, SamplePlace, Timeline};
pub use watch::{DeviceChange, DeviceKind, DeviceWatch, SeenDevice, diff_devices};

/// Opens a source of pictures on the calling thread, which may block as long as the driver likes.
pub fn open_video(spec: &VideoSpec, context: &CaptureContext) -> Result<Box<dyn VideoSource>, CaptureError> {
    match spec {
        VideoSpec::Camera { select, format } => camera::open(select, *format, context),
        VideoSpec::Screen { title } => screen::open(title.as_deref(), context),
        VideoSpec::File { path, looping, offset } => {
            Ok(Box::new(media_file::FilePictures::open(path, *looping, *offset, context)?))
        }
        VideoSpec::Image { path } => Ok(Box::new(still::StillSource::open(path, context)?)),
        VideoSpec::Text(style) => Ok(Box::new(text::TextSource::open(style, context)?)),
        VideoSpec::Pattern => Ok(Box::new(pattern::PatternSource::open(context)?)),
        VideoSpec::FlashBeep => Ok(Box::new(flash_beep::FlashSource::open(context)?)),
        VideoSpec::Color { rgb } => Ok(Box::new(color::ColorSource::open(*rgb, context)?)),
    }
}

/// Opens a source of sound. May block for as long as a sound server takes to answer, at most a few seconds.
pub fn open_audio(spec: &AudioSpec, context: &CaptureContext) -> Result<Box<dyn AudioSource>, CaptureError> {
    match spec {
        AudioSpec::Mic { name } => microphone::open(name.as_deref(), context),
        AudioSpec::File { path, looping, offset } => {
            let live = media_file::Patience::Live;
            Ok(Box::new(media_file::FileSound::open(path, *looping, *offset, live, context)?))
        }
        AudioSpec::Tone => Ok(Box::new(tone::ToneSource::tone())),
        AudioSpec::Silence => Ok(Box::new(tone::ToneSource::silence())),
        AudioSpec::FlashBeep => Ok(Box::new(flash_beep::BeepSource::open(context))),
    }
}

/// [`open_audio`] for rendering on a virtual clock: the sound of a file waits for its decoder instead of falling
/// silent, so that the result does not depend on the machine. Its `read` may block for as long as decoding takes.
pub fn open_audio_for_render(
    spec: &AudioSpec,
    context: &CaptureContext,
) -> Result<Box<dyn AudioSource>, CaptureError> {
    match spec {
        AudioSpec::File { path, looping, offset } => {
            let render = media_file::Patience::Render;
            Ok(Box::new(media_file::FileSound::open(path, *looping, *offset, render, context)?))
        }
        other => open_audio(other, context),
    }
}
