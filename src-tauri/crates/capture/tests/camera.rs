//! The real camera code against a camera of which every byte is known, in real time.
#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;

use vitrine_capture::{
    CameraCoding, CameraFormat, CameraSelect, CaptureContext, CaptureError, Pacing, VideoSource, VideoSpec,
    list_cameras, open_video,
};
use vitrine_media::{FramePool, FrameRate, MediaTime, MonotonicClock, Plane, VideoFrame};
use vitrine_picture::Converter;
use vitrine_testkit::fakecam::{FakeCamera, FakeMode, NODE, run_inside};

/// sRGB of the four upright bands every test picture shows, below a top eighth whose luma numbers the frame.
const BANDS: [[u8; 3]; 4] = [[200, 30, 40], [40, 170, 60], [50, 70, 200], [128, 128, 128]];
/// Frames in a test film.
const FILM: usize = 6;
const YUYV: FakeMode = FakeMode::at_30("YUYV", 320, 240);
const NV12: FakeMode = FakeMode::at_30("NV12", 320, 240);
const MJPG: FakeMode = FakeMode::at_30("MJPG", 640, 480);
const MODES: [FakeMode; 3] = [YUYV, NV12, MJPG];
/// `V4L2_COLORSPACE_REC709`, limited range.
const REC709: (u32, u32) = (3, 2);

fn context(canvas: (u32, u32)) -> CaptureContext {
    CaptureContext {
        clock: Arc::new(MonotonicClock::start()),
        convert: Arc::new(Converter::new()),
        pool: FramePool::new(8),
        canvas,
        rate: FrameRate::FPS_30,
    }
}

fn format(mode: FakeMode) -> CameraFormat {
    let coding = match mode.fourcc {
        "MJPG" => CameraCoding::Mjpeg,
        "YUYV" => CameraCoding::Yuyv,
        _ => CameraCoding::Nv12,
    };
    CameraFormat {
        width: mode.width,
        height: mode.height,
        rate: FrameRate::new(mode.fps, 1).unwrap(),
        coding,
    }
}

/// Rec. 709 limited range, in floating point.
fn yuv709([r, g, b]: [u8; 3]) -> [u8; 3] {
    let [r, g, b] = [r, g, b].map(|v| f64::from(v) / 255.0);
    let y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    let (u, v) = ((b - y) / 1.8556, (r - y) / 1.5748);
    [16.0 + 219.0 * y, 128.0 + 224.0 * u, 128.0 + 224.0 * v].map(|v| v.round() as u8)
}

/// Grey by which the numbered band of frame `n` is known.
fn grey(n: usize) -> u8 {
    60 + 30 * n as u8
}

fn rgb_at(mode: FakeMode, n: usize, x: u32, y: u32) -> [u8; 3] {
    if y < mode.height / 8 { [grey(n); 3] } else { BANDS[(x * 4 / mode.width) as usize] }
}

fn picture(mode: FakeMode, n: usize) -> Vec<u8> {
    let (w, h) = (mode.width, mode.height);
    let mut bytes = Vec::new();
    match mode.fourcc {
        "YUYV" => {
            for y in 0..h {
                for x in (0..w).step_by(2) {
                    let [luma, u, v] = yuv709(rgb_at(mode, n, x, y));
                    bytes.extend([luma, u, luma, v]);
                }
            }
        }
        "NV12" => {
            bytes.extend((0..h).flat_map(|y| (0..w).map(move |x| yuv709(rgb_at(mode, n, x, y))[0])));
            for y in (0..h).step_by(2) {
                bytes.extend((0..w).step_by(2).flat_map(|x| yuv709(rgb_at(mode, n, x, y))[1..].to_vec()));
            }
        }
        _ => {
            let rgb: Vec<u8> = (0..h).flat_map(|y| (0..w).flat_map(move |x| rgb_at(mode, n, x, y))).collect();
            let mut encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 95);
            encoder.encode(&rgb, w, h, image::ExtendedColorType::Rgb8).unwrap();
        }
    }
    bytes
}

/// Gives the camera its film in every mode.
fn film(camera: &FakeCamera) {
    camera.set_color(REC709.0, REC709.1);
    for mode in MODES {
        for n in 0..FILM {
            camera.add_frame(mode, &picture(mode, n));
        }
    }
}

fn open(format: Option<CameraFormat>) -> Result<Box<dyn VideoSource>, CaptureError> {
    let select = CameraSelect::Index(NODE);
    open_video(&VideoSpec::Camera { select, format }, &context((640, 480)))
}

/// The error of an opening that must fail.
fn refusal(format: Option<CameraFormat>) -> CaptureError {
    open(format).err().expect("it must not open")
}

/// The next frame, however long this machine takes to get to it.
fn next(camera: &mut dyn VideoSource) -> VideoFrame {
    for _ in 0..100 {
        if let Some(frame) = camera.read(MediaTime::ZERO).unwrap() {
            return frame;
        }
    }
    panic!("no frame in 100 reads");
}

/// Y, U and V at a place given in eighths of the picture.
fn sample(frame: &VideoFrame, x8: u32, y8: u32) -> [u8; 3] {
    let (x, y) = ((frame.width() * x8 / 8) as usize, (frame.height() * y8 / 8) as usize);
    let at = |plane, x, y| frame.plane(plane)[y * frame.stride(plane) + x];
    [at(Plane::Y, x, y), at(Plane::U, x / 2, y / 2), at(Plane::V, x / 2, y / 2)]
}

fn assert_bands(frame: &VideoFrame, tolerance: u8) {
    for (i, rgb) in BANDS.into_iter().enumerate() {
        let (got, want) = (sample(frame, 2 * i as u32 + 1, 4), yuv709(rgb));
        for (got, want) in got.into_iter().zip(want) {
            assert!(got.abs_diff(want) <= tolerance, "band {i}: {got} is not {want}");
        }
    }
}

/// Which frame of the film this is.
fn number(frame: &VideoFrame) -> usize {
    let top = &frame.plane(Plane::Y)[4 * frame.stride(Plane::Y) + 4..][..1];
    (0..FILM).min_by_key(|&n| yuv709([grey(n); 3])[0].abs_diff(top[0])).unwrap()
}

#[test]
fn every_coding_arrives_in_real_time_with_right_colours() {
    run_inside("every_coding_arrives_in_real_time_with_right_colours", &MODES, film, |_| {
        for (mode, tolerance) in [(YUYV, 2), (NV12, 2), (MJPG, 4)] {
            let mut camera = open(Some(format(mode))).unwrap();
            assert_eq!(camera.pacing(), Pacing::Device);
            let mut last: Option<VideoFrame> = None;
            let mut seen = [false; FILM];
            for seq in 0..30 {
                let frame = next(&mut *camera);
                assert_eq!((frame.width(), frame.height(), frame.seq), (mode.width, mode.height, seq));
                assert_bands(&frame, tolerance);
                seen[number(&frame)] = true;
                if let Some(last) = last {
                    assert!(frame.pts > last.pts, "{:?} after {:?}", frame.pts, last.pts);
                }
                last = Some(frame);
            }
            assert_eq!(seen, [true; FILM], "{}: the whole film passes", mode.fourcc);
        }
    });
}

#[test]
fn colours_follow_what_the_driver_says() {
    // The film is Rec. 709 limited, but this driver calls it BT.601 full range (V4L2_COLORSPACE_JPEG).
    let prepare = |camera: &FakeCamera| {
        film(camera);
        camera.set_color(7, 0);
    };
    run_inside("colours_follow_what_the_driver_says", &[YUYV], prepare, |_| {
        let [y, u, v] = sample(&next(&mut *open(None).unwrap()), 1, 4);
        let [coded_y, coded_u, coded_v] = yuv709(BANDS[0]).map(f64::from);
        let r = coded_y + 1.402 * (coded_v - 128.0);
        let g = coded_y - 0.344_136 * (coded_u - 128.0) - 0.714_136 * (coded_v - 128.0);
        let b = coded_y + 1.772 * (coded_u - 128.0);
        let want = yuv709([r, g, b].map(|c| c.round() as u8));
        for (got, want) in [y, u, v].into_iter().zip(want) {
            assert!(got.abs_diff(want) <= 2, "{:?} is not {want:?}", [y, u, v]);
        }
    });
}

#[test]
fn the_best_mode_for_the_canvas_is_chosen_unless_one_is_asked_for() {
    run_inside("the_best_mode_for_the_canvas_is_chosen_unless_one_is_asked_for", &MODES, film, |_| {
        let frame = next(&mut *open(None).unwrap());
        assert_eq!((frame.width(), frame.height()), (640, 480));
        let frame = next(&mut *open(Some(format(NV12))).unwrap());
        assert_eq!((frame.width(), frame.height()), (320, 240));
        let odd = FakeMode::at_30("YUYV", 800, 600);
        assert!(matches!(refusal(Some(format(odd))), CaptureError::Unsupported { .. }));
    });
}

#[test]
fn a_camera_is_listed_by_name_with_stable_id_and_modes_even_on_air() {
    let prepare = |camera: &FakeCamera| {
        film(camera);
        camera.set_name("Studio Camera 4K");
    };
    let name = "a_camera_is_listed_by_name_with_stable_id_and_modes_even_on_air";
    run_inside(name, &MODES, prepare, |fake| {
        let mut camera = open(Some(format(MJPG))).unwrap();
        next(&mut *camera);
        let listed = list_cameras().unwrap().into_iter().find(|c| c.index == NODE).unwrap();
        assert_eq!(listed.name, "Studio Camera 4K");
        assert!(listed.id.contains("usb-0000:00:14.0-42"), "{}", listed.id);
        assert_eq!(listed.formats, MODES.map(format));
        assert_eq!(next(&mut *camera).width(), 640, "the camera on air is not disturbed");
        drop(camera);

        let by_name =
            VideoSpec::Camera { select: CameraSelect::Name("studio camera".to_owned()), format: None };
        next(&mut *open_video(&by_name, &context((320, 240))).unwrap());
        let by_id = VideoSpec::Camera { select: CameraSelect::Name(listed.id), format: None };
        next(&mut *open_video(&by_id, &context((320, 240))).unwrap());

        fake.unplug(true);
        assert!(!list_cameras().unwrap().iter().any(|c| c.index == NODE));
    });
}

#[test]
fn a_missing_or_busy_camera_says_so() {
    run_inside("a_missing_or_busy_camera_says_so", &MODES, film, |fake| {
        let nowhere = VideoSpec::Camera { select: CameraSelect::Index(93), format: None };
        let error = open_video(&nowhere, &context((640, 480))).err().unwrap();
        assert!(matches!(error, CaptureError::NotFound { .. }), "{error}");
        let unknown = VideoSpec::Camera { select: CameraSelect::Name("Kinect".to_owned()), format: None };
        let error = open_video(&unknown, &context((640, 480))).err().unwrap();
        assert!(matches!(error, CaptureError::NotFound { .. }), "{error}");

        fake.busy(true);
        assert!(matches!(refusal(None), CaptureError::Busy { .. }));
        fake.busy(false);
        let mut camera = open(None).unwrap();
        next(&mut *camera);
        assert!(matches!(refusal(None), CaptureError::Busy { .. }), "one stream at a time");
        next(&mut *camera);
    });
}

#[test]
fn a_stalled_camera_yields_nothing_and_resumes() {
    run_inside("a_stalled_camera_yields_nothing_and_resumes", &MODES, film, |fake| {
        let mut camera = open(None).unwrap();
        next(&mut *camera);
        fake.stall(true);
        let quiet = (0..10).filter(|_| camera.read(MediaTime::ZERO).unwrap().is_none()).count();
        assert!(quiet >= 8, "{quiet} of 10 reads came back empty");
        fake.stall(false);
        assert_bands(&next(&mut *camera), 4);
    });
}

#[test]
fn an_unplugged_camera_is_gone_and_opens_again_when_it_is_back() {
    run_inside("an_unplugged_camera_is_gone_and_opens_again_when_it_is_back", &MODES, film, |fake| {
        let mut camera = open(None).unwrap();
        next(&mut *camera);
        fake.unplug(true);
        let error = (0..10).find_map(|_| camera.read(MediaTime::ZERO).err()).unwrap();
        assert_eq!(error, CaptureError::Gone { device: "Fake Camera".to_owned() });
        assert!(error.retryable());
        drop(camera);
        assert!(matches!(refusal(None), CaptureError::NotFound { .. }));
        fake.unplug(false);
        assert_bands(&next(&mut *open(None).unwrap()), 4);
    });
}

#[test]
fn damaged_frames_are_skipped_and_counted() {
    run_inside("damaged_frames_are_skipped_and_counted", &MODES, film, |fake| {
        for mode in [MJPG, YUYV, NV12] {
            fake.corrupt_every(Some(3));
            let mut camera = open(Some(format(mode))).unwrap();
            for _ in 0..20 {
                assert_bands(&next(&mut *camera), 4);
            }
            assert!(camera.skipped() >= 5, "{}: {} skipped", mode.fourcc, camera.skipped());
            fake.corrupt_every(Some(1));
            let broken = (0..5).filter(|_| camera.read(MediaTime::ZERO).unwrap().is_none()).count();
            assert!(broken >= 4, "a camera that only sends rubbish is silent, not an error: {broken}");
            fake.corrupt_every(None);
            assert_bands(&next(&mut *camera), 4);
        }
    });
}

#[test]
fn a_hundred_reopenings_and_unplugs_leak_no_descriptor_thread_or_buffer() {
    fn entries(of: &str) -> usize {
        std::fs::read_dir(format!("/proc/self/{of}")).unwrap().count()
    }
    let name = "a_hundred_reopenings_and_unplugs_leak_no_descriptor_thread_or_buffer";
    run_inside(name, &MODES, film, |fake| {
        let context = context((640, 480));
        let spec = VideoSpec::Camera { select: CameraSelect::Index(NODE), format: None };
        let mut before = None;
        for cycle in 0..101 {
            let mut camera = open_video(&spec, &context).unwrap();
            next(&mut *camera);
            if cycle % 2 == 1 {
                fake.unplug(true);
                assert!((0..10).any(|_| camera.read(MediaTime::ZERO).is_err()));
            }
            drop(camera);
            fake.unplug(false);
            let maps = std::fs::read_to_string("/proc/self/maps").unwrap().matches("memfd:fakecam").count();
            let now = (entries("fd"), entries("task"), maps, context.pool.stats().allocated);
            assert_eq!(*before.get_or_insert(now), now, "cycle {cycle}");
        }
    });
}
