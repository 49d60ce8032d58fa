//! What FFmpeg says of a picture's layout and colour, in the studio's words.
#![allow(unsafe_code)] // Pixel formats are described in C tables.

use ffmpeg_next::ffi::{self, AVColorRange, AVColorSpace, AVPixelFormat};
use vitrine_media::{ColorDesc, Matrix, PixelFormat, Range};

/// Whether the format is one of the old ones that mean full range by their name.
fn is_jpeg(format: AVPixelFormat) -> bool {
    matches!(
        format,
        AVPixelFormat::AV_PIX_FMT_YUVJ420P
            | AVPixelFormat::AV_PIX_FMT_YUVJ422P
            | AVPixelFormat::AV_PIX_FMT_YUVJ440P
            | AVPixelFormat::AV_PIX_FMT_YUVJ444P
            | AVPixelFormat::AV_PIX_FMT_YUVJ411P
    )
}

/// How the values of a picture are to be read: by its tags, else by its format, else by its height.
pub(super) fn describe(
    space: AVColorSpace,
    range: AVColorRange,
    format: AVPixelFormat,
    rows: u32,
) -> ColorDesc {
    let guess = if is_jpeg(format) { ColorDesc::JFIF } else { ColorDesc::guess(rows) };
    let matrix = match space {
        AVColorSpace::AVCOL_SPC_BT709 | AVColorSpace::AVCOL_SPC_SMPTE240M => Matrix::Bt709,
        AVColorSpace::AVCOL_SPC_BT470BG | AVColorSpace::AVCOL_SPC_SMPTE170M | AVColorSpace::AVCOL_SPC_FCC => {
            Matrix::Bt601
        }
        AVColorSpace::AVCOL_SPC_BT2020_NCL | AVColorSpace::AVCOL_SPC_BT2020_CL => Matrix::Bt2020,
        _ => guess.matrix,
    };
    let range = match range {
        AVColorRange::AVCOL_RANGE_JPEG => Range::Full,
        AVColorRange::AVCOL_RANGE_MPEG => Range::Limited,
        _ => guess.range,
    };
    ColorDesc { matrix, range }
}

/// The layout, if a picture of this format can be handed on as it is.
pub(super) fn carried(format: AVPixelFormat) -> Option<PixelFormat> {
    Some(match format {
        AVPixelFormat::AV_PIX_FMT_YUV420P | AVPixelFormat::AV_PIX_FMT_YUVJ420P => PixelFormat::I420,
        AVPixelFormat::AV_PIX_FMT_YUV422P | AVPixelFormat::AV_PIX_FMT_YUVJ422P => PixelFormat::I422,
        AVPixelFormat::AV_PIX_FMT_YUV440P | AVPixelFormat::AV_PIX_FMT_YUVJ440P => PixelFormat::I440,
        AVPixelFormat::AV_PIX_FMT_YUV444P | AVPixelFormat::AV_PIX_FMT_YUVJ444P => PixelFormat::I444,
        AVPixelFormat::AV_PIX_FMT_GRAY8 => PixelFormat::Gray8,
        AVPixelFormat::AV_PIX_FMT_NV12 => PixelFormat::Nv12,
        AVPixelFormat::AV_PIX_FMT_YUYV422 => PixelFormat::Yuyv,
        AVPixelFormat::AV_PIX_FMT_UYVY422 => PixelFormat::Uyvy,
        AVPixelFormat::AV_PIX_FMT_RGB24 => PixelFormat::Rgb24,
        AVPixelFormat::AV_PIX_FMT_BGR24 => PixelFormat::Bgr24,
        AVPixelFormat::AV_PIX_FMT_RGBA => PixelFormat::Rgba,
        AVPixelFormat::AV_PIX_FMT_BGR0 => PixelFormat::Bgrx,
        _ => return None,
    })
}

/// The 8-bit format nearest to one that cannot be carried: the same chroma for YUV, RGBA where there is alpha.
pub(super) fn nearest(format: AVPixelFormat) -> AVPixelFormat {
    // SAFETY: the tables are static; an unknown format gives null.
    let Some(description) = (unsafe { ffi::av_pix_fmt_desc_get(format).as_ref() }) else {
        return AVPixelFormat::AV_PIX_FMT_RGB24;
    };
    let has = |flag: i32| description.flags & flag as u64 != 0;
    if has(ffi::AV_PIX_FMT_FLAG_ALPHA) || has(ffi::AV_PIX_FMT_FLAG_PAL) {
        return AVPixelFormat::AV_PIX_FMT_RGBA;
    }
    if has(ffi::AV_PIX_FMT_FLAG_RGB) {
        return AVPixelFormat::AV_PIX_FMT_RGB24;
    }
    if description.nb_components < 3 {
        return AVPixelFormat::AV_PIX_FMT_GRAY8;
    }
    match (description.log2_chroma_w, description.log2_chroma_h) {
        (0, 0) => AVPixelFormat::AV_PIX_FMT_YUV444P,
        (0, _) => AVPixelFormat::AV_PIX_FMT_YUV440P,
        (_, 0) => AVPixelFormat::AV_PIX_FMT_YUV422P,
        _ => AVPixelFormat::AV_PIX_FMT_YUV420P,
    }
}

/// The number FFmpeg keeps in frames, as a format; `None` for one this build does not know.
pub(super) fn format(number: i32) -> Option<AVPixelFormat> {
    if !(0..AVPixelFormat::AV_PIX_FMT_NB as i32).contains(&number) {
        return None;
    }
    // SAFETY: the enumeration is generated from the headers of the FFmpeg in use and has a value for every number
    // from 0 up to its count.
    Some(unsafe { std::mem::transmute::<i32, AVPixelFormat>(number) })
}
