//! What leaves the studio, begun and ended in every order a host may press the buttons in.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panicking")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use vitrine_engine::{
    Command, EncodeProfile, Engine, EngineConfig, LiveTarget, LiveTargets, QuickPicture, QuickShow,
    QuickSound, Secret,
};
use vitrine_protocol::{CanvasFormat, ErrorCode, Phase, Snapshot};
use vitrine_testkit::nginx::Nginx;

fn studio() -> Engine {
    let show = QuickShow {
        picture: Some(QuickPicture::Pattern),
        sound: Some(QuickSound::Tone),
        overlays: Vec::new(),
        texts: Vec::new(),
        size: (320, 180),
        rate: (30, 1),
    };
    let profile =
        EncodeProfile { video_bitrate: 600_000, preset: "ultrafast".into(), ..EncodeProfile::default() };
    Engine::start(EngineConfig::headless(show.build().unwrap(), "", profile).unwrap()).unwrap()
}

/// Waits for a state of the studio, however slow the machine.
fn until(engine: &Engine, what: &str, wanted: impl Fn(&Snapshot) -> bool) -> Snapshot {
    let mut events = engine.events();
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        let snapshot = engine.snapshot();
        if wanted(&snapshot) {
            return snapshot;
        }
        assert!(Instant::now() < deadline, "{what} did not come: {:?} {:?}", snapshot.phase, snapshot.alarms);
        let _ = engine
            .runtime()
            .block_on(async { tokio::time::timeout(Duration::from_secs(1), events.recv()).await });
    }
}

fn live(snapshot: &Snapshot) -> bool {
    matches!(snapshot.phase, Phase::Live { .. })
}

fn go_live(engine: &Engine, url: &str) {
    let targets = LiveTargets::Only(vec![LiveTarget::Url(Secret::new(url.to_owned()))]);
    engine.call_blocking(Command::StartLive(targets)).unwrap();
}

fn record(engine: &Engine, path: &Path) -> Result<(), ErrorCode> {
    let command = Command::StartRecording { path: Some(path.to_path_buf()) };
    engine.call_blocking(command).map(|_| ()).map_err(|e| e.code)
}

/// Waits until the file holds `bytes`.
fn grows(engine: &Engine, path: &PathBuf, bytes: u64) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while std::fs::metadata(path).map_or(0, |m| m.len()) < bytes {
        assert!(Instant::now() < deadline, "{} does not grow: {:?}", path.display(), engine.status());
        std::thread::yield_now();
    }
}

fn plays(path: &Path) {
    let probed = vitrine_testkit::ffmpeg::probe(path);
    assert!(vitrine_testkit::ffmpeg::stream(&probed, "video").is_some(), "{probed}");
}

#[test]
fn a_recording_that_cannot_begin_leaves_nothing_running() {
    let engine = studio();
    assert_eq!(record(&engine, Path::new("/proc/nowhere/x.mp4")), Err(ErrorCode::ReadOnly));
    engine.call_blocking(Command::SetCanvasFormat(CanvasFormat::Portrait)).unwrap();
    assert!(until(&engine, "the upright canvas", |s| s.show.height > s.show.width).recording.is_none());
}

#[test]
fn a_recording_may_end_and_a_broadcast_begin_in_the_same_moment_and_the_other_way_round() {
    let (engine, nginx, folder) = (studio(), Nginx::start(), tempfile::tempdir().unwrap());
    let (first, second) = (folder.path().join("a.mp4"), folder.path().join("b.mp4"));
    record(&engine, &first).unwrap();
    grows(&engine, &first, 20_000);
    engine.call_blocking(Command::StopRecording).unwrap();
    go_live(&engine, &nginx.url("swap"));
    until(&engine, "on air", live);
    engine.call_blocking(Command::StopBroadcast).unwrap();
    record(&engine, &second).unwrap();
    until(&engine, "off air", |s| matches!(s.phase, Phase::Ended { .. }));
    grows(&engine, &second, 20_000);
    engine.shutdown();
    plays(&first);
    plays(&second);
}

#[test]
fn a_recording_outlives_the_broadcast_it_joined_and_stopping_twice_is_stopping_once() {
    let (engine, nginx, folder) = (studio(), Nginx::start(), tempfile::tempdir().unwrap());
    let file = folder.path().join("show.mp4");
    go_live(&engine, &nginx.url("long"));
    until(&engine, "on air", live);
    record(&engine, &file).unwrap();
    grows(&engine, &file, 5_000);
    engine.call_blocking(Command::StopBroadcast).unwrap();
    engine.call_blocking(Command::StopBroadcast).unwrap();
    let ended = until(&engine, "off air", |s| matches!(s.phase, Phase::Ended { .. }));
    assert!(ended.recording.is_some_and(|r| r.error.is_none()), "the recording ended with the broadcast");
    let so_far = std::fs::metadata(&file).unwrap().len();
    grows(&engine, &file, so_far + 20_000);
    engine.shutdown();
    plays(&file);
}

#[test]
fn a_rehearsal_refuses_a_broadcast_until_it_has_ended() {
    let (engine, nginx) = (studio(), Nginx::start());
    engine.call_blocking(Command::StartRehearsal { port: None, lan: false }).unwrap();
    until(&engine, "the room", |s| s.rehearsal.is_some());
    let targets = LiveTargets::Only(vec![LiveTarget::Url(Secret::new(nginx.url("no")))]);
    let refused = engine.call_blocking(Command::StartLive(targets)).unwrap_err();
    assert_eq!(refused.code, ErrorCode::WrongPhase);
    engine.call_blocking(Command::StopBroadcast).unwrap();
    until(&engine, "the end of the rehearsal", |s| matches!(s.phase, Phase::Ended { rehearsal: true, .. }));
    go_live(&engine, &nginx.url("yes"));
    until(&engine, "on air", live);
}
