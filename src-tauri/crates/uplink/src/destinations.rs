//! All destinations of a broadcast: one task each on a given runtime, each with its own cursor on the ring.
//!
//! Owns: the tasks, their stop flags and the status a surface shows. A destination never slows the ring or another
//! destination down; one that is dead costs a socket and a cursor. Every task is supervised: a panic in a connection is
//! counted as a failure and the connection is made anew.
//!
//! Threads: none of its own; tasks on the caller's runtime. Locks: one mutex for the list and one per destination,
//! each held for a few moves, never across an await.

mod session;
mod worker;

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use vitrine_media::MediaTime;

use crate::destination::DestinationState;
use crate::error::UplinkError;
use crate::ring::UnitRing;
use crate::rtmp::{PublisherSettings, Target};
use crate::socket::ConnectOptions;
use worker::{Shared, Worker};

/// A stop that takes longer is cut off. Before it, the studio drains its encoders for up to a quarter of a second, and both
/// together stay near half a second.
const STOP_LIMIT: Duration = Duration::from_millis(300);

/// Names a destination within one [`Destinations`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DestinationId(u64);

/// What to publish to.
#[derive(Clone, Debug)]
pub struct DestinationSpec {
    /// What the host calls it.
    pub name: String,
    /// Where it is.
    pub target: Target,
    /// How to publish there.
    pub settings: PublisherSettings,
}

impl DestinationSpec {
    /// With default settings.
    pub fn new(name: impl Into<String>, target: Target) -> Self {
        Self { name: name.into(), target, settings: PublisherSettings::default() }
    }
}

/// How a destination is doing.
#[derive(Clone, Debug)]
pub struct DestinationStatus {
    /// Which one.
    pub id: DestinationId,
    /// What the host calls it.
    pub name: String,
    /// The address without the key.
    pub address: String,
    /// Where it stands.
    pub state: DestinationState,
    /// Bits per second that the network took over the last 3 s, protocol included.
    pub bitrate_bps: u64,
    /// How far behind the newest unit its cursor is, in programme time.
    pub queue_millis: u32,
    /// Smoothed round-trip time of the connection, where the system tells.
    pub rtt_millis: Option<u32>,
    /// How often it came back on air after it had been.
    pub reconnects: u32,
    /// Pictures left out because the network was too slow.
    pub dropped_frames: u64,
    /// Units lost because the ring overran it.
    pub lost_units: u64,
    /// Bytes sent over all connections.
    pub sent_bytes: u64,
    /// Why it is not on air.
    pub error: Option<UplinkError>,
    /// Session time at which the server first had accepted the stream and held the first keyframe.
    pub first_accepted: Option<MediaTime>,
}

/// The session clock as tasks see it, so that virtual time moves both.
#[derive(Clone, Copy, Debug)]
struct Epoch {
    instant: Instant,
    session: MediaTime,
}

impl Epoch {
    fn now(self) -> MediaTime {
        self.session + self.instant.elapsed()
    }

    fn instant(self, at: MediaTime) -> Instant {
        self.instant + at.since(self.session)
    }
}

struct Entry {
    id: DestinationId,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// The destinations of one broadcast. Dropping it stops them.
pub struct Destinations {
    handle: Handle,
    ring: UnitRing,
    options: ConnectOptions,
    epoch: Epoch,
    next_id: AtomicU64,
    changes: watch::Sender<u64>,
    entries: Mutex<Vec<Entry>>,
}

impl Destinations {
    /// None yet. Tasks run on `handle`; `now` is the session time of this moment.
    pub fn new(handle: Handle, ring: UnitRing, now: MediaTime, options: ConnectOptions) -> Self {
        let epoch = Epoch { instant: Instant::now(), session: now };
        Self {
            handle,
            ring,
            options,
            epoch,
            next_id: AtomicU64::new(1),
            changes: watch::Sender::new(0),
            entries: Mutex::default(),
        }
    }

    /// Adds a destination and begins to connect at once.
    pub fn add(&self, mut spec: DestinationSpec) -> DestinationId {
        // A name goes to logs and events, and an address typed in full is a name that people use.
        spec.name = spec.target.redact(&spec.name);
        let id = DestinationId(self.next_id.fetch_add(1, Ordering::Relaxed));
        let (stop, stopped) = watch::channel(false);
        let shared = Arc::new(Shared::new(self.epoch.now()));
        let worker = Worker {
            spec,
            ring: self.ring.clone(),
            options: self.options.clone(),
            epoch: self.epoch,
            shared: Arc::clone(&shared),
            stopped,
            changes: self.changes.clone(),
        };
        shared.name(&worker.spec);
        let task = self.handle.spawn(worker::run(Arc::new(worker)));
        self.lock().push(Entry { id, shared, stop, task });
        self.changes.send_modify(|revision| *revision += 1);
        id
    }

    /// Takes a destination out. It is told at once; the future completes when it has said goodbye or was cut off, within
    /// half a second. The future may be dropped. An unknown id completes at once.
    pub fn remove(&self, id: DestinationId) -> impl Future<Output = ()> + Send + use<> {
        let entry = {
            let mut entries = self.lock();
            entries.iter().position(|entry| entry.id == id).map(|index| entries.remove(index))
        };
        self.end(entry.into_iter().collect())
    }

    /// Stops all, as [`Destinations::remove`] does one. Their last status stays listed.
    pub fn stop(&self) -> impl Future<Output = ()> + Send + use<> {
        let entries = self
            .lock()
            .iter_mut()
            .map(|entry| {
                let ended = self.handle.spawn(async {});
                Entry {
                    id: entry.id,
                    shared: Arc::clone(&entry.shared),
                    stop: entry.stop.clone(),
                    task: std::mem::replace(&mut entry.task, ended),
                }
            })
            .collect();
        self.end(entries)
    }

    fn end(&self, entries: Vec<Entry>) -> impl Future<Output = ()> + Send + use<> {
        for entry in &entries {
            entry.stop.send_replace(true);
        }
        let (epoch, changes) = (self.epoch, self.changes.clone());
        let deadline = Instant::now() + STOP_LIMIT;
        let ending = self.handle.spawn(async move {
            for mut entry in entries {
                if timeout(deadline.saturating_duration_since(Instant::now()), &mut entry.task).await.is_err()
                {
                    // Dropping its connection resets it, so the kernel does not try on either.
                    entry.task.abort();
                    entry.shared.stop(epoch.now());
                }
            }
            changes.send_modify(|revision| *revision += 1);
        });
        async move {
            // Fails only if the runtime ends first, and then all tasks have ended.
            let _ = ending.await;
        }
    }

    /// The host asks for a new attempt now.
    pub fn retry_now(&self, id: DestinationId) {
        if let Some(entry) = self.lock().iter().find(|entry| entry.id == id) {
            entry.shared.retry.notify_one();
        }
    }

    /// All destinations in the order they were added.
    pub fn list(&self) -> Vec<DestinationStatus> {
        self.lock().iter().map(|entry| entry.shared.status(entry.id)).collect()
    }

    /// A revision that moves when a destination is added, ends or changes its state.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Destinations {
    fn drop(&mut self) {
        for entry in self.lock().iter() {
            entry.stop.send_replace(true);
        }
    }
}

impl std::fmt::Debug for Destinations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.list()).finish()
    }
}
