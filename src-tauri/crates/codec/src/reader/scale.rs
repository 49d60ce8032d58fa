//! Pictures in formats the studio does not carry (10 bits, alpha, palettes), brought to 8 bits by swscale.
//!
//! Size and colour stay what they are: YUV keeps its matrix and range, and only what has alpha or a palette becomes
//! RGBA, read with the matrix and range it is tagged with.
#![allow(unsafe_code)] // swscale is used through its C interface.

use std::ptr::{self, NonNull};

use ffmpeg_next::ffi::{self, AVPixelFormat};
use vitrine_media::{ColorDesc, Matrix, Range};

use super::color;
use crate::ff::{FfError, Frame};

/// `SWS_BILINEAR | SWS_ACCURATE_RND`, which FFmpeg has declared in two ways.
const FLAGS: i32 = 2 | 0x4_0000;

/// What a conversion is made for.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Shape {
    width: i32,
    height: i32,
    from: AVPixelFormat,
    color: ColorDesc,
}

/// A conversion, kept for pictures of the same shape.
#[derive(Default)]
pub(super) struct Scaler {
    made: Option<(Shape, Context, Frame)>,
}

struct Context(NonNull<ffi::SwsContext>);

// SAFETY: a scaler context has no tie to the thread that made it.
unsafe impl Send for Context {}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: the context is ours and not used after this.
        unsafe { ffi::sws_freeContext(self.0.as_ptr()) };
    }
}

impl Scaler {
    /// `from` in the nearest 8-bit format, of which it also tells the layout.
    pub(super) fn convert(
        &mut self,
        from: &Frame,
        format: AVPixelFormat,
        color: ColorDesc,
    ) -> Result<(&Frame, AVPixelFormat), FfError> {
        let raw = from.raw();
        let shape = Shape { width: raw.width, height: raw.height, from: format, color };
        let to = color::nearest(format);
        let made = match self.made.take() {
            Some(made) if made.0 == shape => made,
            _ => (shape, context(shape, to)?, Frame::video(to, raw.width as u32, raw.height as u32)?),
        };
        let (_, context, out) = self.made.insert(made);
        let target = out.raw();
        // SAFETY: both frames hold whole pictures of the formats and size the context was made for, and `out` is ours
        // alone: its planes are written to through the pointers FFmpeg gave.
        FfError::check(unsafe {
            ffi::sws_scale(
                context.0.as_ptr(),
                raw.data.as_ptr().cast(),
                raw.linesize.as_ptr(),
                0,
                raw.height,
                target.data.as_ptr(),
                target.linesize.as_ptr(),
            )
        })?;
        Ok((out, to))
    }
}

fn context(shape: Shape, to: AVPixelFormat) -> Result<Context, FfError> {
    let Shape { width, height, from, color } = shape;
    // SAFETY: sizes come from a decoded frame; no filters and no parameters are given.
    let made = unsafe {
        ffi::sws_getContext(
            width,
            height,
            from,
            width,
            height,
            to,
            FLAGS,
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null(),
        )
    };
    let context = Context(NonNull::new(made).ok_or(FfError(-libc::EINVAL))?);
    // swscale's own numbers: SWS_CS_ITU709, SWS_CS_ITU601, SWS_CS_BT2020.
    let space = match color.matrix {
        Matrix::Bt709 => 1,
        Matrix::Bt601 => 5,
        Matrix::Bt2020 => 9,
    };
    let full = i32::from(color.range == Range::Full);
    // RGB is always full range; YUV keeps its own.
    let rgb = matches!(to, AVPixelFormat::AV_PIX_FMT_RGBA | AVPixelFormat::AV_PIX_FMT_RGB24);
    // SAFETY: the tables are static; the context is new. A refusal means that no matrix is involved.
    unsafe {
        let table = ffi::sws_getCoefficients(space);
        let target = if rgb { 1 } else { full };
        ffi::sws_setColorspaceDetails(context.0.as_ptr(), table, full, table, target, 0, 1 << 16, 1 << 16);
    }
    Ok(context)
}
