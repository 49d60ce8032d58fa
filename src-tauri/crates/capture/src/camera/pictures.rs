//! From the bytes of one camera buffer to a studio frame. A frame that cannot be read is skipped and counted, since
//! cameras on bad cables spoil single frames and go on. No device, no thread, no lock.

use vitrine_codec::JpegDecoder;
use vitrine_media::{ColorDesc, PixelFormat, RawPicture, VideoFrame};

use crate::{CameraCoding, CameraFormat, CaptureContext};

/// Reads the buffers of one stream.
pub(super) struct Pictures {
    context: CaptureContext,
    format: CameraFormat,
    /// Bytes from row to row of the first plane; unused for JPEG.
    stride: usize,
    /// Of raw pictures; a JPEG is always what JFIF says.
    color: ColorDesc,
    jpeg: JpegDecoder,
    seq: u64,
    skipped: u64,
}

impl Pictures {
    /// `stride` 0 stands for rows without padding.
    pub(super) fn new(context: &CaptureContext, format: CameraFormat, stride: u32, color: ColorDesc) -> Self {
        let packed = match format.coding {
            CameraCoding::Yuyv => format.width * 2,
            CameraCoding::Nv12 | CameraCoding::Mjpeg => format.width,
        };
        Self {
            context: context.clone(),
            format,
            stride: stride.max(packed) as usize,
            color,
            jpeg: JpegDecoder::new(),
            seq: 0,
            skipped: 0,
        }
    }

    /// The frame in `bytes`, which arrived now; `None` if it is damaged or no buffer is free.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Option<VideoFrame> {
        let pts = self.context.clock.now();
        let raw = match self.format.coding {
            CameraCoding::Mjpeg => match self.jpeg.decode(bytes) {
                Ok(raw) => raw,
                Err(error) => {
                    tracing::trace!(%error, "a camera frame was damaged");
                    self.skipped += 1;
                    return None;
                }
            },
            CameraCoding::Yuyv => self.raw(PixelFormat::Yuyv, [bytes, &[], &[]], [self.stride, 0, 0]),
            CameraCoding::Nv12 => {
                let luma = self.stride * self.format.height as usize;
                let (y, uv) = bytes.split_at(luma.min(bytes.len()));
                self.raw(PixelFormat::Nv12, [y, uv, &[]], [self.stride, self.stride, 0])
            }
        };
        match self.context.convert.convert(&raw, &self.context.pool, pts, self.seq) {
            Ok(frame) => {
                self.seq += 1;
                Some(frame)
            }
            Err(error) => {
                tracing::trace!(%error, "a camera frame was dropped");
                self.skipped += 1;
                None
            }
        }
    }

    fn raw<'a>(&self, format: PixelFormat, planes: [&'a [u8]; 3], strides: [usize; 3]) -> RawPicture<'a> {
        let CameraFormat { width, height, .. } = self.format;
        RawPicture { width, height, format, color: self.color, planes, strides }
    }

    /// Counts a frame the driver itself called damaged.
    #[cfg(target_os = "linux")]
    pub(super) fn skip(&mut self) {
        self.skipped += 1;
    }

    pub(super) fn skipped(&self) -> u64 {
        self.skipped
    }
}
