//! Which mode of a camera to take. A pure decision; no device is touched here.

use std::cmp::Reverse;

use vitrine_media::FrameRate;

use crate::{CameraCoding, CameraFormat};

/// The mode to use when the host asked for none: the largest that fits the canvas (either way round, since a camera
/// may be turned) at 30 frames a second or more, then the rate nearest above the canvas's, then the coding that
/// loses least. A camera too slow at every size gives its fastest.
pub(super) fn choose(formats: &[CameraFormat], canvas: (u32, u32), rate: FrameRate) -> Option<CameraFormat> {
    let (long, short) = (canvas.0.max(canvas.1), canvas.0.min(canvas.1));
    formats.iter().copied().max_by_key(|f| {
        let fits = f.width.max(f.height) <= long && f.width.min(f.height) <= short;
        let area = i64::from(f.width) * i64::from(f.height);
        (
            smoothness(f.rate),
            fits,
            // Beyond the canvas, more pixels only cost.
            if fits { area } else { -area },
            Reverse(distance(f.rate, rate)),
            quality(f.coding),
        )
    })
}

/// 29.97 counts as 30; below that, steps at which motion visibly worsens.
fn smoothness(rate: FrameRate) -> u8 {
    let fps = rate.as_f64();
    u8::from(fps >= 29.9) + u8::from(fps >= 23.9) + u8::from(fps >= 14.9)
}

/// Millihertz between two rates; a rate too low counts as further than any rate too high.
fn distance(rate: FrameRate, wanted: FrameRate) -> u64 {
    let millihertz = ((rate.as_f64() - wanted.as_f64()) * 1000.0).round() as i64;
    if millihertz >= -100 { millihertz.unsigned_abs() } else { 1_000_000 + millihertz.unsigned_abs() }
}

/// At one size and rate raw pictures have no compression artefacts and cost a twentieth to read.
fn quality(coding: CameraCoding) -> u8 {
    match coding {
        CameraCoding::Mjpeg => 0,
        CameraCoding::Nv12 => 1,
        CameraCoding::Yuyv => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(width: u32, height: u32, fps: u32, coding: CameraCoding) -> CameraFormat {
        CameraFormat { width, height, rate: FrameRate::new(fps, 1).unwrap(), coding }
    }

    /// What a common USB 2 camera offers.
    fn webcam() -> Vec<CameraFormat> {
        use CameraCoding::{Mjpeg, Yuyv};
        vec![
            mode(640, 480, 30, Yuyv),
            mode(1280, 720, 10, Yuyv),
            mode(1920, 1080, 5, Yuyv),
            mode(640, 480, 30, Mjpeg),
            mode(1280, 720, 30, Mjpeg),
            mode(1280, 720, 60, Mjpeg),
            mode(1920, 1080, 30, Mjpeg),
            mode(3840, 2160, 30, Mjpeg),
        ]
    }

    #[test]
    fn the_largest_smooth_mode_that_fits_the_canvas_is_taken() {
        let choice = |canvas| choose(&webcam(), canvas, FrameRate::FPS_30).unwrap();
        assert_eq!(choice((1920, 1080)), mode(1920, 1080, 30, CameraCoding::Mjpeg));
        assert_eq!(choice((1080, 1920)), mode(1920, 1080, 30, CameraCoding::Mjpeg));
        assert_eq!(choice((1280, 720)), mode(1280, 720, 30, CameraCoding::Mjpeg));
        assert_eq!(choice((640, 480)), mode(640, 480, 30, CameraCoding::Yuyv));
    }

    #[test]
    fn a_fast_canvas_takes_a_fast_mode_of_the_same_size() {
        let rate = FrameRate::new(60, 1).unwrap();
        assert_eq!(choose(&webcam(), (1280, 720), rate), Some(mode(1280, 720, 60, CameraCoding::Mjpeg)));
    }

    #[test]
    fn a_camera_larger_than_the_canvas_gives_its_smallest_smooth_mode() {
        let only = [mode(3840, 2160, 30, CameraCoding::Mjpeg), mode(1920, 1080, 30, CameraCoding::Mjpeg)];
        assert_eq!(choose(&only, (640, 360), FrameRate::FPS_30), Some(only[1]));
    }

    #[test]
    fn a_slow_camera_prefers_motion_to_pixels() {
        let slow = [mode(1920, 1080, 5, CameraCoding::Yuyv), mode(640, 480, 25, CameraCoding::Yuyv)];
        assert_eq!(choose(&slow, (1920, 1080), FrameRate::FPS_30), Some(slow[1]));
        assert_eq!(choose(&[], (1920, 1080), FrameRate::FPS_30), None);
    }
}
