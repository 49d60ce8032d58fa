//! One colour over the whole canvas, and the paint the generated pictures are made with.
//!
//! Owns: nothing but the one frame. No threads, no locks.

use vitrine_media::{FrameMut, MediaTime, Plane, PoolExhausted, VideoFrame};

use crate::{CaptureContext, CaptureError, Pacing, VideoSource};

/// sRGB to BT.709 limited-range Y, Cb, Cr, 8 bits (ITU-R BT.709-6 §3, ITU-R BT.1361 quantisation).
pub(crate) fn studio_yuv([r, g, b]: [u8; 3]) -> [u8; 3] {
    let [r, g, b] = [r, g, b].map(|v| f64::from(v) / 255.0);
    let luma = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    let code = |offset: f64, span: f64, value: f64| (offset + span * value).round().clamp(0.0, 255.0) as u8;
    [
        code(16.0, 219.0, luma),
        code(128.0, 224.0, (b - luma) / 1.8556),
        code(128.0, 224.0, (r - luma) / 1.5748),
    ]
}

/// A rectangle in pixels: left, top, right, bottom (the last two exclusive).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Area {
    pub(crate) left: u32,
    pub(crate) top: u32,
    pub(crate) right: u32,
    pub(crate) bottom: u32,
}

/// Fills a rectangle with Y, Cb, Cr. Parts outside the frame are ignored; chroma covers every touched pixel.
pub(crate) fn fill(frame: &mut FrameMut, area: Area, [y, u, v]: [u8; 3]) {
    fill_plane(frame, Plane::Y, area, y);
    let half = Area {
        left: area.left / 2,
        top: area.top / 2,
        right: area.right.div_ceil(2),
        bottom: area.bottom.div_ceil(2),
    };
    fill_plane(frame, Plane::U, half, u);
    fill_plane(frame, Plane::V, half, v);
}

/// Fills a rectangle of one plane, in that plane's pixels.
pub(crate) fn fill_plane(frame: &mut FrameMut, plane: Plane, area: Area, value: u8) {
    let columns = match plane {
        Plane::Y | Plane::A => frame.width(),
        Plane::U | Plane::V => frame.width().div_ceil(2),
    };
    let (left, right) = (area.left.min(columns) as usize, area.right.min(columns) as usize);
    let stride = frame.stride(plane);
    for line in
        frame.plane_mut(plane).chunks_exact_mut(stride).take(area.bottom as usize).skip(area.top as usize)
    {
        line.get_mut(left..right).unwrap_or_default().fill(value);
    }
}

/// Fills the whole frame.
pub(crate) fn fill_all(frame: &mut FrameMut, yuv: [u8; 3]) {
    let area = Area { left: 0, top: 0, right: frame.width(), bottom: frame.height() };
    fill(frame, area, yuv);
}

/// No buffer was free when a source was opened: the canvas is being rebuilt, or someone holds on to frames.
pub(crate) fn no_buffer(what: &str, full: PoolExhausted) -> CaptureError {
    CaptureError::Device { device: what.to_owned(), reason: full.to_string() }
}

/// A plain colour of the size of the canvas.
pub(crate) struct ColorSource {
    frame: VideoFrame,
}

impl ColorSource {
    pub(crate) fn open(rgb: [u8; 3], context: &CaptureContext) -> Result<Self, CaptureError> {
        let (width, height) = context.canvas;
        let mut frame = context.pool.take(width, height, false).map_err(|full| no_buffer("colour", full))?;
        fill_all(&mut frame, studio_yuv(rgb));
        Ok(Self { frame: frame.freeze(MediaTime::ZERO, 0) })
    }
}

impl VideoSource for ColorSource {
    fn pacing(&self) -> Pacing {
        Pacing::Still
    }

    fn read(&mut self, _at: MediaTime) -> Result<Option<VideoFrame>, CaptureError> {
        Ok(Some(self.frame.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primaries_have_the_codes_of_bt709() {
        // SMPTE RP 177 / BT.709 100 % bars, 8 bits.
        assert_eq!(studio_yuv([255, 255, 255]), [235, 128, 128]);
        assert_eq!(studio_yuv([0, 0, 0]), [16, 128, 128]);
        assert_eq!(studio_yuv([255, 0, 0]), [63, 102, 240]);
        assert_eq!(studio_yuv([0, 255, 0]), [173, 42, 26]);
        assert_eq!(studio_yuv([0, 0, 255]), [32, 240, 118]);
    }

    #[test]
    fn a_colour_covers_the_canvas_and_is_always_the_same_frame() {
        let context = crate::tests_context((33, 17));
        let mut source = ColorSource::open([255, 0, 0], &context).unwrap();
        let frame = source.read(MediaTime::ZERO).unwrap().unwrap();
        assert_eq!((frame.width(), frame.height(), source.pacing()), (33, 17, Pacing::Still));
        for (plane, columns, value) in [(Plane::Y, 33, 63), (Plane::U, 17, 102), (Plane::V, 17, 240)] {
            for line in frame.plane(plane).chunks_exact(frame.stride(plane)) {
                assert!(line[..columns].iter().all(|&v| v == value));
            }
        }
        assert!(source.read(MediaTime::from_millis(900)).unwrap().unwrap().same_pixels(&frame));
    }
}
