//! The task of one destination: connect, publish, wait, again, until told to stop.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::sleep_until;
use vitrine_media::MediaTime;

use super::session::Session;
use super::{DestinationId, DestinationSpec, DestinationStatus, Epoch};
use crate::destination::Destination;
use crate::error::UplinkError;
use crate::ring::UnitRing;
use crate::rtmp::{Phase, Publisher};
use crate::socket::{ConnectOptions, connect};

/// What the running connection reports; zero while there is none.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Figures {
    pub(super) bitrate_bps: u64,
    pub(super) queue_millis: u32,
    pub(super) rtt_millis: Option<u32>,
}

/// What a destination lost and sent over all its connections.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Totals {
    pub(super) dropped_frames: u64,
    pub(super) lost_units: u64,
    pub(super) sent_bytes: u64,
}

struct Record {
    name: String,
    address: String,
    destination: Destination,
    figures: Figures,
    totals: Totals,
}

/// What the task and the surface share.
pub(super) struct Shared {
    record: Mutex<Record>,
    pub(super) retry: Notify,
}

impl Shared {
    pub(super) fn new(now: MediaTime) -> Self {
        let record = Record {
            name: String::new(),
            address: String::new(),
            destination: Destination::new(now),
            figures: Figures::default(),
            totals: Totals::default(),
        };
        Self { record: Mutex::new(record), retry: Notify::new() }
    }

    pub(super) fn name(&self, spec: &DestinationSpec) {
        let mut record = self.lock();
        record.name.clone_from(&spec.name);
        record.address = spec.target.to_string();
    }

    pub(super) fn stop(&self, now: MediaTime) {
        let mut record = self.lock();
        record.destination.stop(now);
        record.figures = Figures::default();
    }

    pub(super) fn status(&self, id: DestinationId) -> DestinationStatus {
        let record = self.lock();
        DestinationStatus {
            id,
            name: record.name.clone(),
            address: record.address.clone(),
            state: record.destination.state(),
            bitrate_bps: record.figures.bitrate_bps,
            queue_millis: record.figures.queue_millis,
            rtt_millis: record.figures.rtt_millis,
            reconnects: record.destination.reconnects(),
            dropped_frames: record.totals.dropped_frames,
            lost_units: record.totals.lost_units,
            sent_bytes: record.totals.sent_bytes,
            error: record.destination.error().cloned(),
            first_accepted: record.destination.first_accepted(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One destination's task and what it needs.
pub(super) struct Worker {
    pub(super) spec: DestinationSpec,
    pub(super) ring: UnitRing,
    pub(super) options: ConnectOptions,
    pub(super) epoch: Epoch,
    pub(super) shared: Arc<Shared>,
    pub(super) stopped: watch::Receiver<bool>,
    pub(super) changes: watch::Sender<u64>,
}

impl Worker {
    /// Ends when the destination is told to stop, or the whole list was dropped.
    pub(super) async fn stop_asked(&self) {
        let _ = self.stopped.clone().wait_for(|&stop| stop).await;
    }

    pub(super) fn report(&self, figures: Figures, gained: Totals) {
        let mut record = self.shared.lock();
        record.figures = figures;
        record.totals.dropped_frames += gained.dropped_frames;
        record.totals.lost_units += gained.lost_units;
        record.totals.sent_bytes += gained.sent_bytes;
    }

    pub(super) fn accepted(&self) {
        let now = self.epoch.now();
        let reconnects = self.decide(|destination| {
            destination.accepted(now);
            destination.reconnects()
        });
        tracing::info!(destination = %self.spec.name, reconnects, "on air");
    }

    fn decide<R>(&self, change: impl FnOnce(&mut Destination) -> R) -> R {
        let result = {
            let mut record = self.shared.lock();
            let result = change(&mut record.destination);
            record.figures = Figures::default();
            result
        };
        self.changes.send_modify(|revision| *revision += 1);
        result
    }

    /// One connection from beginning to end. `Ok` means that we ended it.
    async fn attempt(self: Arc<Self>) -> Result<(), UplinkError> {
        let wire = tokio::select! {
            () = self.stop_asked() => return Ok(()),
            wire = connect(&self.spec.target, &self.options) => wire?,
        };
        let publisher = Publisher::new(self.spec.target.clone(), self.spec.settings)
            .map_err(|error| UplinkError::from_publish(error, Phase::Handshake))?;
        Session::new(&self, wire, publisher).run().await
    }

    fn failed(&self, error: UplinkError) {
        let (code, now) = (error.code(), self.epoch.now());
        let known = self.shared.lock().destination.error().is_some_and(|last| last.code() == code);
        // A destination that stays down for the same reason is news once.
        if known {
            tracing::debug!(destination = %self.spec.name, code, %error, "still not on air");
        } else {
            tracing::warn!(destination = %self.spec.name, code, %error, "not on air");
        }
        self.decide(|destination| destination.failed(now, error, rand::random()));
    }

    async fn wait(&self, until: MediaTime) {
        tokio::select! {
            () = self.stop_asked() => {}
            () = sleep_until(self.epoch.instant(until)) => {
                self.decide(|destination| destination.retry(until));
            }
            () = self.shared.retry.notified() => {
                let now = self.epoch.now();
                self.decide(|destination| destination.retry_now(now));
            }
        }
    }
}

/// Runs a destination until it is told to stop or the ring ends.
pub(super) async fn run(worker: Arc<Worker>) {
    while !*worker.stopped.borrow() {
        let retry_at = worker.shared.lock().destination.retry_at();
        if let Some(until) = retry_at {
            worker.wait(until).await;
            continue;
        }
        // In a task of its own, so that a panic ends the connection and not the destination; dropping the set with
        // this future ends it, too.
        let mut connection = JoinSet::new();
        connection.spawn(Arc::clone(&worker).attempt());
        match connection.join_next().await {
            Some(Ok(Ok(()))) | None => break,
            Some(Ok(Err(error))) => worker.failed(error),
            Some(Err(_)) => worker.failed(UplinkError::Internal),
        }
    }
    let now = worker.epoch.now();
    worker.decide(|destination| destination.stop(now));
}
