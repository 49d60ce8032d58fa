//! The real screen grabber against a real X server.
#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use vitrine_capture::{
    CaptureContext, CaptureError, Pacing, ScreenDevice, VideoSource, VideoSpec, list_screens, open_video,
};
use vitrine_media::{FramePool, FrameRate, MediaTime, MonotonicClock, Plane, VideoFrame};
use vitrine_picture::Converter;

/// A program that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs this test binary again under an X server of 640x360, for the one test named `test`.
fn run_inside(test: &str, body: impl FnOnce()) {
    if std::env::var_os("VITRINE_TEST_DISPLAY").is_some() {
        body();
        return;
    }
    let mut server = Command::new("Xvfb")
        .args(["-displayfd", "1", "-screen", "0", "640x360x24", "-nolisten", "tcp", "-noreset"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("this test needs Xvfb");
    let output = server.stdout.take().unwrap();
    let _server = Running(server);
    let mut number = String::new();
    BufReader::new(output).read_line(&mut number).unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env("DISPLAY", format!(":{}", number.trim()))
        .env("VITRINE_TEST_DISPLAY", "1")
        .env_remove("WAYLAND_DISPLAY")
        .output()
        .unwrap();
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

/// A window all of one colour but for its text and button.
fn show_window(title: &str, geometry: &str) -> Running {
    let child = Command::new("xmessage")
        .args(["-title", title, "-bg", "#c81e28", "-geometry", geometry, "-buttons", "", " "])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("this test needs xmessage");
    Running(child)
}

fn open(title: Option<&str>) -> Result<Box<dyn VideoSource>, CaptureError> {
    let context = CaptureContext {
        clock: Arc::new(MonotonicClock::start()),
        convert: Arc::new(Converter::new()),
        pool: FramePool::new(4),
        canvas: (640, 360),
        rate: FrameRate::FPS_30,
    };
    open_video(&VideoSpec::Screen { title: title.map(str::to_owned) }, &context)
}

/// Reads until the pixel in the middle of the right half satisfies `want`.
fn wait_for(screen: &mut dyn VideoSource, want: impl Fn([u8; 3]) -> bool) -> VideoFrame {
    for _ in 0..1000 {
        let Some(frame) = screen.read(MediaTime::ZERO).unwrap() else { continue };
        let (x, y) = (frame.width() as usize * 3 / 4, frame.height() as usize * 7 / 8);
        let at = |plane, x, y| frame.plane(plane)[y * frame.stride(plane) + x];
        if want([at(Plane::Y, x, y), at(Plane::U, x / 2, y / 2), at(Plane::V, x / 2, y / 2)]) {
            return frame;
        }
    }
    panic!("the screen never looked as it should");
}

/// #c81e28 in BT.709 limited range.
fn is_red([y, u, v]: [u8; 3]) -> bool {
    y.abs_diff(73) <= 2 && u.abs_diff(115) <= 2 && v.abs_diff(202) <= 2
}

#[test]
fn the_whole_screen_is_captured() {
    run_inside("the_whole_screen_is_captured", || {
        let mut screen = open(None).unwrap();
        assert_eq!(screen.pacing(), Pacing::Device);
        let frame = wait_for(&mut *screen, |[y, ..]| y == 16);
        assert_eq!((frame.width(), frame.height()), (640, 360));
        let _window = show_window("Goods", "640x360+0+0");
        wait_for(&mut *screen, is_red);
    });
}

#[test]
fn a_window_is_listed_found_by_title_and_gone_when_closed() {
    run_inside("a_window_is_listed_found_by_title_and_gone_when_closed", || {
        assert!(matches!(open(Some("goods")), Err(CaptureError::NotFound { .. })));
        let window = show_window("Goods of today", "320x200+20+30");
        let mut screen = (0..3000)
            .find_map(|_| {
                // Another program draws its window; there is nothing to block on.
                std::thread::sleep(Duration::from_millis(20));
                open(Some("goods")).ok()
            })
            .expect("the window must appear");
        let frame = wait_for(&mut *screen, is_red);
        assert_eq!((frame.width(), frame.height()), (320, 200));
        let goods = ScreenDevice { title: Some("Goods of today".to_owned()) };
        let listed = list_screens().unwrap();
        assert_eq!(listed[0], ScreenDevice { title: None });
        assert!(listed.contains(&goods), "{listed:?}");
        drop(window);
        let error = (0..1000).find_map(|_| screen.read(MediaTime::ZERO).err()).unwrap();
        assert!(matches!(error, CaptureError::Gone { .. }), "{error}");
    });
}
