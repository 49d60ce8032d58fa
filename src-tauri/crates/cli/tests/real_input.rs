//! Bad input is answered with exit code 2 and a sentence that says what to do; never a panic, never a key.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

#[path = "common/studio.rs"]
#[allow(dead_code, reason = "shared by several test programs")]
mod studio;

use std::fs;

use studio::run;

fn refused(args: &[&str], words: &[&str]) {
    let outcome = run(args);
    assert_eq!(outcome.code, Some(2), "{args:?}: {outcome:?}");
    for word in words {
        assert!(outcome.errors.contains(word), "{args:?} should say {word:?}: {}", outcome.errors);
    }
    assert!(!outcome.errors.contains("panicked"), "{}", outcome.errors);
}

const LIVE: [&str; 5] = ["live", "--video", "pattern", "--audio", "tone"];

fn live<'a>(more: &[&'a str]) -> Vec<&'a str> {
    LIVE.iter().copied().chain(more.iter().copied()).collect()
}

#[test]
fn a_command_without_a_goal_or_a_picture_is_refused() {
    refused(&LIVE, &["--to", "--record"]);
    refused(&["live", "--record", "x.mp4"], &["--video", "--show"]);
    refused(&["live", "--video", "webcam", "--record", "x.mp4"], &["camera:INDEX"]);
    refused(&live(&["--size", "1921x1080", "--record", "x.mp4"]), &["even"]);
    refused(&live(&["--duration", "-3", "--record", "x.mp4"]), &[]);
}

#[test]
fn a_destination_that_is_no_address_is_refused_without_repeating_its_key() {
    for url in [
        "http://host/live/SECRETKEY",
        "rtmp://",
        "rtmp://host",
        "rtmp://host:99999/live/SECRETKEY",
        "rtmp:///live/SECRETKEY",
    ] {
        let outcome = run(&live(&["--to", url]));
        assert_eq!(outcome.code, Some(2), "{url}: {outcome:?}");
        assert!(!outcome.errors.contains("SECRETKEY"), "{url}: {}", outcome.errors);
    }
    refused(&live(&["--to", "env:VITRINE_NO_SUCH_VARIABLE"]), &["VITRINE_NO_SUCH_VARIABLE"]);
    refused(&live(&["--to", "dest:Nobody"]), &["Nobody"]);
}

#[test]
fn files_that_cannot_be_shown_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.display().to_string()
    };
    let record = dir.path().join("x.mp4").display().to_string();
    let cases = [
        format!("file:{}", dir.path().join("missing.mp4").display()),
        format!("file:{}", file("empty.mp4", b"")),
        format!("file:{}", file("noise.mp4", &[7; 5000])),
        format!("image:{}", file("empty.png", b"")),
        format!("image:{}", file("half.png", &[0x89, b'P', b'N', b'G', 13, 10, 26, 10, 0, 0])),
    ];
    for case in &cases {
        refused(&["live", "--video", case, "--audio", "tone", "--record", &record], &[]);
    }
}

#[test]
fn a_camera_that_is_not_there_is_said_so() {
    let dir = tempfile::tempdir().unwrap();
    let record = dir.path().join("x.mp4").display().to_string();
    refused(&["live", "--video", "camera:77", "--audio", "tone", "--record", &record], &["vitrine devices"]);
}

#[test]
fn a_broken_show_file_is_refused_with_line_and_column() {
    let dir = tempfile::tempdir().unwrap();
    let show = dir.path().join("show.json");
    fs::write(&show, "{\n  \"vitrine_show\": 1,\n  oops\n}").unwrap();
    let path = show.display().to_string();
    refused(&["render", "--show", &path, "--frames", "1", "--out", "x.y4m"], &["line: 3", "column: 3"]);
    fs::write(&show, "{\"vitrine_show\": 999}").unwrap();
    refused(&["render", "--show", &path, "--frames", "1", "--out", "x.y4m"], &["newer"]);
    refused(&["render", "--show", &path, "--frames", "1", "--out", "x.avi"], &[".y4m"]);
    refused(&["live", "--show", "/nonexistent/show.json", "--record", "x.mp4"], &["/nonexistent/show.json"]);
}

#[test]
fn a_recording_that_cannot_be_written_ends_a_run_that_has_no_other_goal() {
    let outcome = run(&live(&["--record", "/proc/nowhere/x.mp4"]));
    assert!(matches!(outcome.code, Some(2 | 4)), "{outcome:?}");
    assert!(!outcome.errors.contains("panicked"), "{}", outcome.errors);
}

#[test]
fn a_port_that_is_taken_is_said_so() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    refused(&["rehearse", "--port", &port], &["taken", "--port"]);
}

#[test]
fn devices_and_encoders_answer_in_json() {
    let devices = run(&["devices", "--json"]);
    assert_eq!(devices.code, Some(0), "{devices:?}");
    let list: serde_json::Value = serde_json::from_str(&devices.rest.join("\n")).unwrap();
    assert!(list["cameras"].is_array() && list["microphones"].is_array() && list["screens"].is_array());
    let encoders = run(&["probe-encoders", "--json"]);
    assert_eq!(encoders.code, Some(0), "{encoders:?}");
    let list: serde_json::Value = serde_json::from_str(&encoders.rest.join("\n")).unwrap();
    let x264 = list.as_array().unwrap().iter().find(|e| e["encoder"] == "x264").unwrap();
    assert_eq!(x264["usable"], true);
}
