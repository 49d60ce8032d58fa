//! JPEG in and out, by libjpeg-turbo, without a detour through RGB.
//!
//! Owns: the decoder for cameras and stills and the encoder for the preview. Threads: none. No locks.

mod decode;
mod encode;

pub use decode::JpegDecoder;
pub use encode::JpegEncoder;

/// Why a JPEG could not be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JpegError {
    /// Not a JPEG, cut short, or damaged. Drop this picture and count it; the next one may be whole.
    #[error("the JPEG is damaged: {0}")]
    Damaged(String),
    /// Whole, but of a kind this crate does not read (CMYK, absurd size). Convert it first.
    #[error("this JPEG cannot be used: {0}")]
    Unsupported(String),
    /// Out of memory or a fault in the encoder. Drop the picture.
    #[error("the JPEG could not be written: {0}")]
    Write(String),
}
