//! What the tests share: a runtime with destinations on a ring, and waiting for what must come.

use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use vitrine_media::{AccessUnit, MediaTime, TrackKind};
use vitrine_uplink::{
    ConnectOptions, DestinationId, DestinationSpec, DestinationState, DestinationStatus, Destinations,
    Target, UnitRing,
};

/// Longer than anything takes on a loaded machine; only a hang reaches it.
const PATIENCE: Duration = Duration::from_secs(40);

pub struct Studio {
    pub ring: UnitRing,
    pub destinations: Destinations,
    pub runtime: Runtime,
}

impl Studio {
    pub fn new() -> Self {
        Self::with(ConnectOptions::default())
    }

    pub fn with(options: ConnectOptions) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let ring = UnitRing::default();
        let destinations =
            Destinations::new(runtime.handle().clone(), ring.clone(), MediaTime::ZERO, options);
        Self { ring, destinations, runtime }
    }

    /// Adds a destination that does not interleave: the test sink's reader (rml_rtmp's) cannot follow that.
    pub fn add(&self, url: &str) -> DestinationId {
        let mut spec = DestinationSpec::new(url, Target::parse(url).unwrap());
        spec.settings.interleave_audio = false;
        self.destinations.add(spec)
    }

    pub fn add_interleaving(&self, url: &str) -> DestinationId {
        self.destinations.add(DestinationSpec::new(url, Target::parse(url).unwrap()))
    }

    pub fn status(&self, id: DestinationId) -> DestinationStatus {
        self.destinations.list().into_iter().find(|status| status.id == id).unwrap()
    }

    /// Waits until `done` holds of the status.
    pub fn wait_for(&self, id: DestinationId, what: &str, done: impl Fn(&DestinationStatus) -> bool) {
        wait_until(what, || done(&self.status(id)), || format!("{:?}", self.status(id)));
    }

    pub fn wait_publishing(&self, id: DestinationId) {
        self.wait_for(id, "publishing", |s| s.state == DestinationState::Publishing);
    }

    pub fn push(&self, units: &[AccessUnit]) {
        for unit in units {
            self.ring.push(unit.clone());
        }
    }

    /// Pushes a second of the programme at a time, each when all of `ids` have taken the one before.
    pub fn feed(&self, units: &[AccessUnit], ids: &[DestinationId]) {
        let mut rest = units;
        while let Some(first) = rest.first() {
            let end = first.dts + Duration::from_secs(1);
            let part = rest.iter().position(|unit| unit.dts >= end).unwrap_or(rest.len());
            let sent: Vec<_> = ids.iter().map(|&id| self.status(id).sent_bytes).collect();
            self.push(&rest[..part]);
            rest = &rest[part..];
            for (&id, sent) in ids.iter().zip(sent) {
                self.wait_for(id, "the queue to empty", |s| s.sent_bytes > sent && s.queue_millis < 500);
            }
        }
    }

    /// Pushes the programme up to its first keyframe and waits until all of `ids` have that; returns the rest.
    pub fn open<'a>(&self, units: &'a [AccessUnit], ids: &[DestinationId]) -> &'a [AccessUnit] {
        let key = units.iter().position(|u| u.track == TrackKind::Video && u.keyframe).unwrap();
        self.push(&units[..=key]);
        for &id in ids {
            self.wait_publishing(id);
        }
        &units[key + 1..]
    }

    /// Stops all; panics if that hangs.
    pub fn stop(&self) {
        let stop = self.destinations.stop();
        self.runtime.block_on(async { tokio::time::timeout(PATIENCE, stop).await }).expect("stop completes");
    }
}

/// Looks again and again until `done`; fails the test with `seen` if it never comes.
pub fn wait_until(what: &str, done: impl Fn() -> bool, seen: impl Fn() -> String) {
    let deadline = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < deadline, "waited in vain for {what}: {}", seen());
        std::thread::sleep(Duration::from_millis(5));
    }
}
