//! The only user of FFmpeg: encoders and their fallback, decoders, muxers, JPEG.
//!
//! Owns: H.264 and AAC encoding, JPEG both ways, reading media files, writing recordings, grabbing screens. Never
//! speaks to the network, never paces, never converts colour except where a format has only one (JPEG). Everything
//! here is used by one thread at a time and may be moved between threads; x264 and decoders run threads of their own.
//! No locks.
//!
//! Units carry what they need ([`vitrine_media::AccessUnit`]): H.264 with 4-byte lengths and its parameter sets in the
//! configuration, AAC without ADTS.

mod aac;
mod avc;
mod encoder;
mod ff;
mod jpeg;
mod log;
mod mp4;
mod reader;
mod screen;

pub use aac::{AacEncoder, AacError};
pub use encoder::{
    EncodeError, EncoderChoice, EncoderKind, EncoderProbe, UnknownEncoder, VideoEncoder, VideoSettings,
    probe_encoders,
};
pub use jpeg::{JpegDecoder, JpegEncoder, JpegError};
pub use mp4::{FragmentedMp4, MuxError};
pub use reader::{MediaError, MediaInfo, Picture, PictureInfo, PictureReader, Sound, SoundInfo, SoundReader};
pub use screen::{ScreenError, ScreenGrabber, ScreenOptions, ScreenTarget, list_windows};
