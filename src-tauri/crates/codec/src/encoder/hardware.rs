//! What each hardware encoder needs: its options, its pixel layout and, for VAAPI, frames in its own memory.
#![allow(unsafe_code)] // Hardware devices and frames exist only in FFmpeg's C interface.
#![allow(clippy::cast_ptr_alignment)] // FFmpeg keeps its contexts behind byte pointers.

use std::ptr;

use ffmpeg_next::ffi;
use vitrine_media::{Plane, VideoFrame};

use super::backend::BackendError;
use super::{EncoderKind, VideoSettings};
use crate::ff::{BufferRef, Codec, FfError, Frame};

/// Frames in VAAPI's pool: those inside the encoder plus some on their way.
const POOL_FRAMES: i32 = 20;

/// How a frame reaches the encoder.
pub(super) enum Input {
    /// The frame's own memory, I420.
    Borrowed,
    /// Copied into NV12 in system memory.
    Nv12,
    /// Copied into NV12, then uploaded into a frame of this pool.
    Upload(BufferRef),
}

/// Everything but size, rate and colour.
pub(super) fn options(kind: EncoderKind, settings: &VideoSettings) -> Vec<(&'static str, String)> {
    let bitrate = settings.bitrate.to_string();
    let mut options = vec![
        ("b", bitrate.clone()),
        ("maxrate", bitrate.clone()),
        ("bufsize", bitrate),
        ("bf", "0".to_owned()),
        ("profile", "high".to_owned()),
    ];
    let own: &[(&str, &str)] = match kind {
        EncoderKind::X264 => &[],
        EncoderKind::Nvenc => &[
            ("preset", "p4"),
            ("tune", "ll"),
            ("rc", "cbr"),
            ("forced-idr", "1"),
            ("no-scenecut", "1"),
            ("delay", "0"),
        ],
        EncoderKind::Qsv => &[("preset", "veryfast"), ("forced_idr", "1"), ("async_depth", "2")],
        EncoderKind::Vaapi => &[("rc_mode", "CBR"), ("async_depth", "2")],
        EncoderKind::VideoToolbox => &[("realtime", "1"), ("allow_sw", "0")],
        EncoderKind::Amf => &[("usage", "lowlatency"), ("rc", "cbr"), ("quality", "speed")],
    };
    options.extend(own.iter().map(|&(key, value)| (key, value.to_owned())));
    options
}

/// Tells the context its pixel layout and, where needed, its device.
pub(super) fn prepare(
    kind: EncoderKind,
    settings: &VideoSettings,
    codec: &mut Codec,
) -> Result<Input, BackendError> {
    let (format, input) = match kind {
        EncoderKind::X264 | EncoderKind::Nvenc => (ffi::AVPixelFormat::AV_PIX_FMT_YUV420P, Input::Borrowed),
        EncoderKind::Qsv | EncoderKind::VideoToolbox | EncoderKind::Amf => {
            (ffi::AVPixelFormat::AV_PIX_FMT_NV12, Input::Nv12)
        }
        EncoderKind::Vaapi => {
            let pool = vaapi_pool(settings)?;
            codec.raw_mut().hw_frames_ctx = pool.share();
            (ffi::AVPixelFormat::AV_PIX_FMT_VAAPI, Input::Upload(pool))
        }
    };
    codec.raw_mut().pix_fmt = format;
    Ok(input)
}

fn vaapi_pool(settings: &VideoSettings) -> Result<BufferRef, BackendError> {
    let mut device: *mut ffi::AVBufferRef = ptr::null_mut();
    // SAFETY: null name and options ask for the default device; on success the reference is ours.
    let made = unsafe {
        ffi::av_hwdevice_ctx_create(
            &raw mut device,
            ffi::AVHWDeviceType::AV_HWDEVICE_TYPE_VAAPI,
            ptr::null(),
            ptr::null_mut(),
            0,
        )
    };
    FfError::check(made).map_err(BackendError::ffmpeg("opening the VAAPI device"))?;
    let no_memory = || BackendError::Unusable("out of memory");
    // SAFETY: the reference was just given to us.
    let device = unsafe { BufferRef::own(device) }.ok_or_else(no_memory)?;
    // SAFETY: the device is valid; the pool is a new reference of ours or null.
    let pool = unsafe { BufferRef::own(ffi::av_hwframe_ctx_alloc(device.as_ptr())) }.ok_or_else(no_memory)?;
    // SAFETY: a frames context's buffer holds an AVHWFramesContext, which nobody else knows yet.
    let ready = unsafe {
        let frames = (*pool.as_ptr()).data.cast::<ffi::AVHWFramesContext>();
        (*frames).format = ffi::AVPixelFormat::AV_PIX_FMT_VAAPI;
        (*frames).sw_format = ffi::AVPixelFormat::AV_PIX_FMT_NV12;
        (*frames).width = settings.width as i32;
        (*frames).height = settings.height as i32;
        (*frames).initial_pool_size = POOL_FRAMES;
        ffi::av_hwframe_ctx_init(pool.as_ptr())
    };
    FfError::check(ready).map_err(BackendError::ffmpeg("making VAAPI frames"))?;
    Ok(pool)
}

impl Input {
    /// `picture` as this encoder wants it.
    pub(super) fn bring(&self, picture: &VideoFrame) -> Result<Frame, FfError> {
        match self {
            Self::Borrowed => Frame::borrowing(picture),
            Self::Nv12 => nv12(picture),
            Self::Upload(pool) => {
                let from = nv12(picture)?;
                let mut frame = Frame::new()?;
                // SAFETY: the pool is initialised and the frame empty.
                FfError::check(unsafe { ffi::av_hwframe_get_buffer(pool.as_ptr(), frame.as_mut_ptr(), 0) })?;
                // SAFETY: both frames are valid and of one size.
                FfError::check(unsafe {
                    ffi::av_hwframe_transfer_data(frame.as_mut_ptr(), from.as_ptr(), 0)
                })?;
                Ok(frame)
            }
        }
    }
}

/// A copy with interleaved chroma.
fn nv12(picture: &VideoFrame) -> Result<Frame, FfError> {
    let mut frame = Frame::video(ffi::AVPixelFormat::AV_PIX_FMT_NV12, picture.width(), picture.height())?;
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let (columns, rows) = (width.div_ceil(2), height.div_ceil(2));
    let raw = frame.raw_mut();
    let &mut [luma_stride, chroma_stride, ..] = &mut raw.linesize;
    let &mut [luma, chroma, ..] = &mut raw.data;
    // SAFETY: av_frame_get_buffer made both planes at least stride times rows long, writable and ours alone.
    let (luma, chroma) = unsafe {
        (
            std::slice::from_raw_parts_mut(luma, luma_stride as usize * height),
            std::slice::from_raw_parts_mut(chroma, chroma_stride as usize * rows),
        )
    };
    let from = picture.plane(Plane::Y).chunks_exact(picture.stride(Plane::Y));
    for (to, from) in luma.chunks_exact_mut(luma_stride as usize).zip(from) {
        to.iter_mut().zip(from).take(width).for_each(|(to, from)| *to = *from);
    }
    let u = picture.plane(Plane::U).chunks_exact(picture.stride(Plane::U));
    let v = picture.plane(Plane::V).chunks_exact(picture.stride(Plane::V));
    for ((to, u), v) in chroma.chunks_exact_mut(chroma_stride as usize).zip(u).zip(v) {
        for ((pair, u), v) in to.as_chunks_mut::<2>().0.iter_mut().zip(u).zip(v).take(columns) {
            *pair = [*u, *v];
        }
    }
    Ok(frame)
}

#[cfg(test)]
mod tests {
    use super::*;
    use vitrine_media::{FramePool, MediaTime};

    #[test]
    fn chroma_is_interleaved_for_hardware() {
        let mut frame = FramePool::new(1).take(6, 4, false).unwrap();
        for (value, plane) in frame.planes_mut().into_iter().enumerate() {
            plane.iter_mut().enumerate().for_each(|(n, byte)| *byte = (value * 80 + n % 64) as u8);
        }
        let frame = nv12(&frame.freeze(MediaTime::ZERO, 0)).unwrap();
        let raw = frame.raw();
        // SAFETY: both planes hold at least one row of six.
        let rows =
            unsafe { [crate::ff::slice(raw.data[0], 6).to_vec(), crate::ff::slice(raw.data[1], 6).to_vec()] };
        assert_eq!(rows, [vec![0, 1, 2, 3, 4, 5], vec![80, 160, 81, 161, 82, 162]]);
    }
}
