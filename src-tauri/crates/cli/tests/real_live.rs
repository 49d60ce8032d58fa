//! The whole chain in a process of its own: sources, engine, encoder, publisher, against a stock server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

#[path = "common/studio.rs"]
#[allow(dead_code, reason = "shared by several test programs")]
mod studio;

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use studio::Studio;
use vitrine_testkit::fakecam::{FakeCamera, FakeMode};
use vitrine_testkit::ffmpeg::{decode_sound, each_luma, ffmpeg, packet_times, probe, stream};
use vitrine_testkit::frame_id;
use vitrine_testkit::nginx::Nginx;

const SMALL: [&str; 6] = ["--size", "640x360", "--video-bitrate", "1500k", "--preset", "superfast"];

fn live<'a>(more: &[&'a str]) -> Vec<&'a str> {
    ["live"].into_iter().chain(SMALL).chain(["--status", "-"]).chain(more.iter().copied()).collect()
}

fn destination(status: &Value, index: usize) -> &Value {
    &status["destinations"][index]
}

fn encoded(status: &Value) -> u64 {
    status["video"]["encoded"].as_u64().unwrap_or(0)
}

/// Frame ids of a recording, in order; the code must be readable in every frame.
fn ids(path: &Path) -> Vec<u32> {
    let mut ids = Vec::new();
    each_luma(path, "null", |n, luma| {
        ids.push(frame_id::read(luma).unwrap_or_else(|| panic!("frame {n} has no readable id")).id);
    });
    ids
}

fn assert_tags(path: &Path) {
    let probed = probe(path);
    let video = stream(&probed, "video").expect("a picture");
    for (tag, value) in [
        ("color_range", "tv"),
        ("color_space", "bt709"),
        ("color_primaries", "bt709"),
        ("color_transfer", "bt709"),
    ] {
        assert_eq!(video[tag], value, "{tag} of {}", path.display());
    }
    let audio = stream(&probed, "audio").expect("a sound");
    assert_eq!((audio["codec_name"].as_str(), audio["sample_rate"].as_str()), (Some("aac"), Some("48000")));
}

/// Presentation times advance by exactly one frame, as far as the container's milliseconds can say.
fn assert_constant_rate(path: &Path, fps: f64) {
    let times = packet_times(path, "v:0");
    assert!(times.len() > 30, "{} frames", times.len());
    for (n, time) in times.iter().enumerate() {
        let exact = times[0] + n as f64 / fps;
        assert!((time - exact).abs() <= 0.0011, "frame {n} of {}: {time} instead of {exact}", path.display());
    }
}

#[test]
fn a_pattern_reaches_a_stock_server_and_a_recording_frame_by_frame() {
    let nginx = Nginx::start();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("show.mp4");
    let url = nginx.url("friday");
    let mut studio = Studio::start(
        &live(&["--video", "pattern", "--audio", "tone", "--to", &url, "--record", file.to_str().unwrap()]),
        &[],
    );
    let status = studio
        .wait_status("a live destination", |s| destination(s, 0)["state"] == "live" && encoded(s) > 150);
    assert_eq!(status["state"], "live");
    assert_eq!(status["video"]["encoder"], "x264");
    assert!(status["process"]["rss_mb"].as_f64().unwrap() > 1.0);
    assert!(!status.to_string().contains("friday"), "the key is in the status: {status}");
    studio.signal("TERM");
    let outcome = studio.wait();
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(!outcome.errors.contains("friday"), "the key is in the log");

    let [served] = &nginx.recordings("friday")[..] else { panic!("one recording expected") };
    for path in [served.as_path(), file.as_path()] {
        assert_tags(path);
        assert_constant_rate(path, 30.0);
        let ids = ids(path);
        let gaps = ids.windows(2).filter(|w| w[1] != w[0] + 1).count();
        // A loaded machine may repeat or skip a tick; it may not do so often, and never go back.
        assert!(gaps * 50 <= ids.len(), "{gaps} irregular steps in {}: {ids:?}", ids.len());
        assert!(ids.windows(2).all(|w| w[1] >= w[0]), "frames went back in {}", path.display());
    }
}

#[test]
fn picture_and_sound_leave_together() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("sync.mp4");
    let mut studio = Studio::start(
        &live(&["--video", "flash-beep", "--audio", "flash-beep", "--record", file.to_str().unwrap()]),
        &[],
    );
    studio.wait_status("six seconds of recording", |s| encoded(s) > 190);
    studio.signal("INT");
    assert_eq!(studio.wait().code, Some(0));

    let times = packet_times(&file, "v:0");
    let mut flashes = Vec::new();
    let mut was_white = false;
    each_luma(&file, "null", |n, luma| {
        let white = luma.mean() > 150.0;
        if white && !was_white {
            flashes.push(times[n] - times[0]);
        }
        was_white = white;
    });
    // Sound from the first picture on, since both tracks count from there.
    let lead = packet_times(&file, "a:0")[0] - times[0];
    let sound = decode_sound(&file);
    let mut beeps = Vec::new();
    let mut quiet = 4800;
    for (n, frame) in sound.chunks_exact(2).enumerate() {
        if frame[0].abs() > 0.05 {
            if quiet >= 4800 {
                beeps.push(n as f64 / 48_000.0 + lead.max(0.0));
            }
            quiet = 0;
        } else {
            quiet += 1;
        }
    }
    assert!(flashes.len() >= 3 && beeps.len() >= 3, "{flashes:?} {beeps:?}");
    for flash in &flashes {
        let nearest = beeps.iter().map(|b| b - flash).min_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap();
        assert!(
            nearest.abs() <= 0.020,
            "a beep is {:.1} ms from its flash; {flashes:?} {beeps:?}",
            nearest * 1e3
        );
    }
}

#[test]
fn a_camera_that_stalls_and_is_unplugged_comes_back_and_the_broadcast_never_stops() {
    let nginx = Nginx::start();
    let dir = tempfile::tempdir().unwrap();
    let mode = FakeMode::at_30("MJPG", 640, 360);
    let camera = FakeCamera::create(dir.path(), &[mode]);
    let jpeg = dir.path().join("frame.jpg");
    ffmpeg(&[
        "-f",
        "lavfi",
        "-i",
        "testsrc2=s=640x360:d=0.1",
        "-frames:v",
        "1",
        "-q:v",
        "3",
        jpeg.to_str().unwrap(),
    ]);
    camera.add_frame(mode, &std::fs::read(&jpeg).unwrap());
    let url = nginx.url("camera");
    let mut studio = Studio::start(
        &live(&["--video", "camera:42", "--audio", "tone", "--to", &url]),
        &camera.environment(),
    );
    let state = |s: &Value| s["sources"][0]["state"].as_str().unwrap_or("").to_owned();
    let on_air = |s: &Value| destination(s, 0)["state"] == "live";
    studio.wait_status("the camera live on air", |s| on_air(s) && state(s) == "live");
    camera.stall(true);
    studio.wait_status("a lost camera", |s| state(s) == "lost" && on_air(s));
    camera.stall(false);
    studio.wait_status("the camera back from its stall", |s| state(s) == "live" && on_air(s));
    camera.unplug(true);
    studio.wait_status("a camera that is gone", |s| matches!(&*state(s), "gone" | "lost") && on_air(s));
    camera.unplug(false);
    studio.wait_status("the camera plugged in again", |s| state(s) == "live" && on_air(s));
    camera.corrupt_every(Some(20));
    let before = studio.wait_status("a status", |_| true);
    let later = studio.wait_status("sixty frames more", |s| encoded(s) > encoded(&before) + 60);
    assert_eq!(state(&later), "live", "one bad picture in twenty does not end a source");
    studio.signal("TERM");
    assert_eq!(studio.wait().code, Some(0));
    let [served] = &nginx.recordings("camera")[..] else { panic!("the server saw more than one publish") };
    assert_constant_rate(served, 30.0);
}

#[test]
fn one_dead_destination_of_four_costs_the_others_nothing() {
    let nginx = Nginx::start();
    // Accepts and never answers, for ever.
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let urls: Vec<String> = ["one", "two", "three"]
        .iter()
        .map(|key| nginx.url(key))
        .chain([format!("rtmp://{}/live/dead", dead.local_addr().unwrap())])
        .collect();
    let mut args = vec!["--video", "pattern", "--audio", "tone"];
    for url in &urls {
        args.extend(["--to", url]);
    }
    let mut studio = Studio::start(&live(&args), &[]);
    let live_now = |s: &Value| (0..3).all(|n| destination(s, n)["state"] == "live");
    studio.wait_status("three live and four seconds on air", |s| live_now(s) && encoded(s) > 200);
    studio.signal("TERM");
    assert_eq!(studio.wait().code, Some(0));
    for key in ["one", "two", "three"] {
        let [served] = &nginx.recordings(key)[..] else { panic!("{key}: one recording expected") };
        assert_constant_rate(served, 30.0);
    }
}

#[test]
fn a_server_that_dies_is_found_again_and_time_goes_on() {
    let mut nginx = Nginx::start();
    let url = nginx.url("again");
    let mut studio = Studio::start(&live(&["--video", "pattern", "--audio", "tone", "--to", &url]), &[]);
    studio.wait_status("on air", |s| destination(s, 0)["state"] == "live" && encoded(s) > 60);
    nginx.stop();
    studio.wait_status("off air", |s| destination(s, 0)["state"] != "live" && s["state"] == "reconnecting");
    nginx.restart();
    let back = studio.wait_status("on air again", |s| destination(s, 0)["state"] == "live");
    assert!(destination(&back, 0)["reconnects"].as_u64().unwrap() >= 1);
    studio.signal("TERM");
    assert_eq!(studio.wait().code, Some(0));
}

#[test]
fn no_destination_reached_is_exit_code_three() {
    let closed = vitrine_testkit::nginx::free_port();
    let url = format!("rtmp://127.0.0.1:{closed}/live/SECRETKEY");
    let outcome = Studio::start(
        &live(&["--video", "pattern", "--audio", "tone", "--to", &url, "--duration", "2"]),
        &[],
    )
    .wait();
    assert_eq!(outcome.code, Some(3), "{outcome:?}");
    assert!(outcome.errors.contains("connection_refused"), "{}", outcome.errors);
    assert!(!outcome.errors.contains("SECRETKEY") && !outcome.rest.join("").contains("SECRETKEY"));
}

#[test]
fn a_file_plays_as_one_picture_and_sound_and_loops() {
    let dir = tempfile::tempdir().unwrap();
    let (clip, file) = (dir.path().join("clip.mp4"), dir.path().join("out.mp4"));
    ffmpeg(&[
        "-f",
        "lavfi",
        "-i",
        "testsrc2=s=640x360:r=30:d=2",
        "-f",
        "lavfi",
        "-i",
        "sine=1000:d=2",
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-c:a",
        "aac",
        clip.to_str().unwrap(),
    ]);
    let source = format!("file:{}", clip.display());
    let mut studio = Studio::start(
        &live(&["--video", &source, "--audio", &source, "--record", file.to_str().unwrap()]),
        &[],
    );
    let status = studio.wait_status("more than two rounds", |s| encoded(s) > 150);
    assert!(status["sources"].as_array().unwrap().iter().all(|s| s["state"] == "live"), "{status}");
    studio.signal("TERM");
    assert_eq!(studio.wait().code, Some(0));
    let loud = decode_sound(&file).iter().filter(|s| s.abs() > 0.02).count();
    assert!(loud > 48_000, "the sound of the file is missing");
    let mut lumas = BTreeSet::new();
    each_luma(&file, "null", |_, luma| {
        lumas.insert((luma.mean() * 100.0) as u32);
    });
    assert!(lumas.len() > 20, "the picture does not move");
}

#[test]
fn a_rehearsal_serves_the_exact_stream_to_a_watcher() {
    let mut studio =
        Studio::start(&["rehearse", "--size", "640x360", "--preset", "superfast", "--status", "-"], &[]);
    let line = studio.wait_line("the watch link", |l| l.starts_with("watch: "));
    let page = line.trim_start_matches("watch: ").to_owned();
    assert!(page.starts_with("http://127.0.0.1:"), "{page}");
    studio.wait_status("pictures in the room", |s| s["state"] == "rehearsal" && encoded(s) > 90);
    let mut ids = Vec::new();
    let flv = format!("{page}live.flv");
    let dir = tempfile::tempdir().unwrap();
    let copy = dir.path().join("watched.flv");
    ffmpeg(&["-t", "2", "-i", &flv, "-c", "copy", copy.to_str().unwrap()]);
    each_luma(&copy, "null", |_, luma| ids.extend(frame_id::read(luma).map(|f| f.id)));
    assert!(ids.len() > 30 && ids.windows(2).all(|w| w[1] >= w[0]), "{ids:?}");
    assert_tags(&copy);
    studio.signal("TERM");
    assert_eq!(studio.wait().code, Some(0));
}

#[test]
fn a_rendered_show_is_the_same_every_time() {
    let dir = tempfile::tempdir().unwrap();
    let show = dir.path().join("show.json");
    std::fs::write(&show, include_str!("fixtures/pattern.show.json")).unwrap();
    let render = |name: &str| {
        let out = dir.path().join(name);
        let outcome = studio::run(&[
            "render",
            "--show",
            show.to_str().unwrap(),
            "--frames",
            "12",
            "--out",
            out.to_str().unwrap(),
        ]);
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        std::fs::read(out).unwrap()
    };
    let (first, second) = (render("a.y4m"), render("b.y4m"));
    assert!(first == second, "two renders of one show differ");
    assert_eq!(packet_times(dir.path().join("a.y4m"), "v:0").len(), 12);
    assert!(render("c.png").starts_with(&[0x89, b'P', b'N', b'G']));
}
