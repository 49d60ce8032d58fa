//! Hot-plug noticed on real device lists.
#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use vitrine_capture::{DeviceChange, DeviceKind, DeviceWatch};
use vitrine_testkit::fakecam::{self, FakeCamera, FakeMode};
use vitrine_testkit::soundcard;

fn watch() -> (DeviceWatch, Receiver<DeviceChange>) {
    let (tell, told) = channel();
    let tell = move |change| {
        let _ = tell.send(change);
    };
    (DeviceWatch::start(tell), told)
}

/// The next change of that kind: names that came, names that went.
fn next(told: &Receiver<DeviceChange>, kind: DeviceKind) -> (Vec<String>, Vec<String>) {
    loop {
        let change = told.recv_timeout(Duration::from_mins(1)).expect("a change must be told");
        if change.kind == kind {
            let names = |list: Vec<vitrine_capture::SeenDevice>| list.into_iter().map(|d| d.name).collect();
            return (names(change.came), names(change.went));
        }
    }
}

/// Does `change` again and again, back and forth, until the watch has told of one: it may be made before the watch
/// took its first look.
fn until_told(told: &Receiver<DeviceChange>, mut change: impl FnMut(bool)) -> DeviceChange {
    for on in [true, false].into_iter().cycle().take(40) {
        change(on);
        if let Ok(change) = told.recv_timeout(Duration::from_secs(3)) {
            return change;
        }
    }
    panic!("no change was told");
}

#[test]
fn a_camera_that_comes_and_goes_is_told() {
    let modes = [FakeMode::at_30("YUYV", 320, 240)];
    let body = |camera: &FakeCamera| {
        let (_watch, told) = watch();
        let first = until_told(&told, |on| camera.unplug(on));
        assert_eq!(first.kind, DeviceKind::Camera);
        let there = first.went.is_empty();
        camera.unplug(there);
        let (came, went) = next(&told, DeviceKind::Camera);
        assert_eq!(if there { went } else { came }, ["Fake Camera"]);
    };
    fakecam::run_inside("a_camera_that_comes_and_goes_is_told", &modes, |_| {}, body);
}

#[test]
fn a_microphone_that_comes_and_goes_is_told_also_when_the_server_dies() {
    soundcard::run_inside("a_microphone_that_comes_and_goes_is_told_also_when_the_server_dies", |card| {
        card.add_microphone("desk_mic");
        let (_watch, told) = watch();
        until_told(&told, |on| {
            if on { card.add_microphone("stage_mic") } else { card.remove_microphone("stage_mic") }
        });
        card.add_microphone("third_mic");
        assert!(next(&told, DeviceKind::Microphone).0.contains(&"third_mic".to_owned()));
        card.kill_server();
        assert!(next(&told, DeviceKind::Microphone).1.contains(&"third_mic".to_owned()));
        card.start_server();
        card.add_microphone("desk_mic");
        assert!(next(&told, DeviceKind::Microphone).0.contains(&"desk_mic".to_owned()));
    });
}
