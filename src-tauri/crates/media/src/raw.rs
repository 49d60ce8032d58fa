//! A picture as a device, decoder or rasteriser hands it over, and the contract of what turns it into a
//! [`VideoFrame`].
//!
//! Capture knows devices, `picture` knows colour; neither knows the other. Capture describes what it has as a
//! [`RawPicture`] and is given a [`Convert`] when it is opened.

use crate::{FramePool, PoolExhausted, VideoFrame};
use crate::{MediaTime, SourceState};

/// How the bytes of a [`RawPicture`] are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PixelFormat {
    /// Three planes Y, U, V; chroma halved both ways.
    I420,
    /// Three planes; chroma halved horizontally.
    I422,
    /// Three planes; chroma halved vertically (JPEG rotated by some cameras).
    I440,
    /// Three planes; full chroma.
    I444,
    /// Luma only.
    Gray8,
    /// Two planes: Y, then interleaved U V; chroma halved both ways.
    Nv12,
    /// One plane: Y0 U Y1 V.
    Yuyv,
    /// One plane: U Y0 V Y1.
    Uyvy,
    /// One plane, 3 bytes a pixel.
    Rgb24,
    /// One plane, 3 bytes a pixel.
    Bgr24,
    /// One plane, 4 bytes a pixel, straight alpha: becomes a frame with alpha.
    Rgba,
    /// One plane, 4 bytes a pixel, alpha ignored (screens).
    Bgrx,
}

/// Luma coefficients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Matrix {
    /// ITU-R BT.601.
    Bt601,
    /// ITU-R BT.709.
    Bt709,
    /// ITU-R BT.2020, non-constant luminance.
    Bt2020,
}

/// Which code values mean black and white.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Range {
    /// 16 to 235 (chroma 240): "tv".
    Limited,
    /// 0 to 255: "pc".
    Full,
}

/// How YUV values are to be read. RGB formats ignore the matrix and are full range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ColorDesc {
    /// Luma coefficients.
    pub matrix: Matrix,
    /// Code range.
    pub range: Range,
}

impl ColorDesc {
    /// What every [`VideoFrame`] is.
    pub const STUDIO: Self = Self { matrix: Matrix::Bt709, range: Range::Limited };
    /// JPEG by its file format (JFIF).
    pub const JFIF: Self = Self { matrix: Matrix::Bt601, range: Range::Full };

    /// The usual guess for untagged video of that height: BT.601 up to 576 rows, else BT.709; limited range.
    pub const fn guess(height: u32) -> Self {
        Self { matrix: if height <= 576 { Matrix::Bt601 } else { Matrix::Bt709 }, range: Range::Limited }
    }
}

/// Borrowed pixels with everything needed to read them.
#[derive(Clone, Copy, Debug)]
pub struct RawPicture<'a> {
    /// Luma columns.
    pub width: u32,
    /// Luma rows.
    pub height: u32,
    /// Layout.
    pub format: PixelFormat,
    /// Meaning of the values.
    pub color: ColorDesc,
    /// Plane bytes; unused planes empty.
    pub planes: [&'a [u8]; 3],
    /// Bytes from row to row, per plane.
    pub strides: [usize; 3],
}

/// Why a picture could not be converted. The caller drops the frame and counts it; the source stays open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConvertError {
    /// A plane is shorter than its size says: a truncated frame.
    #[error("plane {plane} holds {got} bytes, {need} are needed")]
    Truncated {
        /// Which plane.
        plane: usize,
        /// Bytes there.
        got: usize,
        /// Bytes needed.
        need: usize,
    },
    /// Zero or absurd size.
    #[error("a picture of {width}x{height} cannot be used")]
    Size {
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// No buffer free.
    #[error(transparent)]
    Pool(#[from] PoolExhausted),
}

/// Turns what a source delivers into a studio frame, once, at the door.
pub trait Convert: Send + Sync {
    /// Converts to I420 BT.709 limited, at the same size, into a buffer of `pool`. `Rgba` yields a premultiplied
    /// frame with alpha unless every pixel is opaque.
    fn convert(
        &self,
        raw: &RawPicture<'_>,
        pool: &FramePool,
        pts: MediaTime,
        seq: u64,
    ) -> Result<VideoFrame, ConvertError>;
}

impl SourceState {
    /// Whether the source's own picture should be on air (else its slate).
    pub const fn shows_picture(self) -> bool {
        matches!(self, Self::Live | Self::Held)
    }
}
