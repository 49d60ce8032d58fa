//! Hot-plug: noticing that cameras and microphones came or went.
//!
//! Owns two threads, one per kind of device, that list names once a second; a hanging sound server holds up only its
//! own. What changed is decided by a pure comparison of two lists. Never opens a stream and never reacts: it tells.
//! Threads end by themselves within a second after the watch is dropped; nobody waits for them.

use std::collections::HashMap;
use std::thread;
use std::time::Duration;

use vitrine_media::StopToken;

use crate::{camera, microphone};

const PERIOD: Duration = Duration::from_secs(1);

/// What kind of device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeviceKind {
    /// A source of pictures.
    Camera,
    /// A source of sound.
    Microphone,
}

/// A device as the watch knows it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SeenDevice {
    /// Cameras: the operating system's index. Microphones: the stable id.
    pub key: String,
    /// What it calls itself.
    pub name: String,
}

/// Something came or went. At least one list is not empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceChange {
    /// What kind of device.
    pub kind: DeviceKind,
    /// Devices that are there now and were not before.
    pub came: Vec<SeenDevice>,
    /// Devices that are there no more.
    pub went: Vec<SeenDevice>,
}

/// What changed from `before` to `after`; `None` if nothing did. A device whose name changed under the same key went
/// and came.
pub fn diff_devices(kind: DeviceKind, before: &[SeenDevice], after: &[SeenDevice]) -> Option<DeviceChange> {
    let missing_in = |from: &[SeenDevice], list: &[SeenDevice]| -> Vec<SeenDevice> {
        from.iter().filter(|device| !list.contains(device)).cloned().collect()
    };
    let change = DeviceChange { kind, came: missing_in(after, before), went: missing_in(before, after) };
    (!change.came.is_empty() || !change.went.is_empty()).then_some(change)
}

/// Watches until dropped.
#[derive(Debug)]
pub struct DeviceWatch {
    stop: StopToken,
}

impl DeviceWatch {
    /// Starts watching. `tell` is called on the watch's threads with every change from what is there now; what is
    /// there now is not told. It may be called once more while the watch is being dropped.
    pub fn start(tell: impl Fn(DeviceChange) + Send + Clone + 'static) -> Self {
        let stop = StopToken::new();
        let mut cameras = CameraNames::default();
        spawn("watch-cameras", DeviceKind::Camera, move || cameras.list(), tell.clone(), stop.clone());
        spawn("watch-mics", DeviceKind::Microphone, || Some(list_microphones()), tell, stop.clone());
        Self { stop }
    }
}

impl Drop for DeviceWatch {
    fn drop(&mut self) {
        self.stop.stop();
    }
}

fn spawn(
    name: &str,
    kind: DeviceKind,
    mut list: impl FnMut() -> Option<Vec<SeenDevice>> + Send + 'static,
    tell: impl Fn(DeviceChange) + Send + 'static,
    stop: StopToken,
) {
    let work = move || {
        let mut before = list();
        while !stop.is_stopped() {
            thread::sleep(PERIOD);
            // A listing that failed says nothing about devices.
            let Some(after) = list() else { continue };
            let change = before.as_ref().and_then(|before| diff_devices(kind, before, &after));
            before = Some(after);
            if let Some(change) = change
                && !stop.is_stopped()
            {
                tracing::debug!(?change, "devices changed");
                tell(change);
            }
        }
    };
    if let Err(error) = thread::Builder::new().name(name.to_owned()).spawn(work) {
        tracing::warn!(%error, "hot-plug will not be noticed");
    }
}

/// Lists cameras without opening those it knows, since opening wakes a sleeping USB camera.
#[derive(Debug, Default)]
struct CameraNames {
    captures: HashMap<(u32, String), bool>,
}

impl CameraNames {
    fn list(&mut self) -> Option<Vec<SeenDevice>> {
        let named = camera::named_cameras().ok()?;
        self.captures.retain(|known, _| named.contains(known));
        let mut seen = Vec::new();
        for (index, name) in named {
            let captures =
                *self.captures.entry((index, name.clone())).or_insert_with(|| camera::captures(index));
            if captures {
                seen.push(SeenDevice { key: index.to_string(), name });
            }
        }
        Some(seen)
    }
}

/// A dead sound server has no microphones. Asks on the watch's own thread, which may hang as well as any other.
fn list_microphones() -> Vec<SeenDevice> {
    let listed = microphone::list_here().unwrap_or_default();
    listed.into_iter().map(|m| SeenDevice { key: m.id, name: m.name }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(key: &str, name: &str) -> SeenDevice {
        SeenDevice { key: key.to_owned(), name: name.to_owned() }
    }

    #[test]
    fn only_what_came_and_went_is_told() {
        let (a, b, c) = (device("0", "A"), device("1", "B"), device("2", "C"));
        let diff = |before: &[_], after: &[_]| diff_devices(DeviceKind::Camera, before, after);
        assert_eq!(diff(&[a.clone(), b.clone()], &[b.clone(), a.clone()]), None, "order does not matter");
        let change = diff(&[a.clone(), b.clone()], &[b.clone(), c.clone()]).unwrap();
        assert_eq!((change.came, change.went), (vec![c], vec![a]));
        let renamed = device("1", "other");
        let change = diff(std::slice::from_ref(&b), std::slice::from_ref(&renamed)).unwrap();
        assert_eq!((change.came, change.went), (vec![renamed], vec![b]));
    }
}
