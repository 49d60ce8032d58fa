//! One source of pictures: its thread, its slot, its supervision.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::Thread;
use std::time::{Duration, Instant};

use vitrine_capture::{CaptureContext, CaptureError, Pacing, VideoSource, VideoSpec, open_video};
use vitrine_media::{MediaTime, StopToken, VideoFrame};

use super::watchdog::Watchdog;
use super::{FeedReport, Report};
use crate::backoff::Backoff;
use crate::slot::FrameSlot;

/// A running source of pictures. Dropping it asks its thread to end and does not wait.
pub(crate) struct VideoFeed {
    spec: VideoSpec,
    context: CaptureContext,
    run: Run,
    watchdog: Watchdog,
}

/// What one thread and its owner share. A thread that is given up keeps its own and can do no harm.
#[derive(Clone)]
struct Run {
    slot: Arc<FrameSlot>,
    report: Arc<FeedReport>,
    beats: Arc<AtomicU64>,
    stop: StopToken,
    thread: Thread,
}

impl VideoFeed {
    /// Starts the source's thread; opening happens there.
    pub(crate) fn start(name: &str, spec: VideoSpec, context: CaptureContext) -> std::io::Result<Self> {
        let watchdog = Watchdog::new(context.clock.now());
        let run = spawn(name, &spec, &context, Arc::default())?;
        Ok(Self { spec, context, run, watchdog })
    }

    /// Where its frames are. Changes when a hanging thread was replaced.
    pub(crate) fn slot(&self) -> &Arc<FrameSlot> {
        &self.run.slot
    }

    /// How it runs.
    pub(crate) fn report(&self) -> Report {
        self.run.report.read()
    }

    /// What it was opened as.
    pub(crate) fn spec(&self) -> &VideoSpec {
        &self.spec
    }

    /// Replaces the thread if it hangs; whether it did, so that the director is given the new slot.
    pub(crate) fn supervise(&mut self, name: &str, now: MediaTime) -> bool {
        let beats = self.run.beats.load(Ordering::Relaxed);
        let open = self.run.report.read().open;
        if !self.watchdog.check(beats, open, now) {
            return false;
        }
        tracing::warn!(
            source = name,
            "a driver does not answer; its thread is given up and the source reopened"
        );
        self.run.stop.stop();
        self.run.slot.clear();
        let report = Arc::clone(&self.run.report);
        report.failed(CaptureError::Device {
            device: name.to_owned(),
            reason: "the driver does not answer".into(),
        });
        match spawn(name, &self.spec, &self.context, report) {
            Ok(run) => self.run = run,
            Err(error) => tracing::error!(source = name, %error, "no thread for the source"),
        }
        true
    }
}

impl Drop for VideoFeed {
    fn drop(&mut self) {
        self.run.stop.stop();
        self.run.slot.clear();
        self.run.thread.unpark();
    }
}

fn spawn(
    name: &str,
    spec: &VideoSpec,
    context: &CaptureContext,
    report: Arc<FeedReport>,
) -> std::io::Result<Run> {
    let (slot, beats, stop) = (Arc::<FrameSlot>::default(), Arc::<AtomicU64>::default(), StopToken::new());
    let worker = Worker {
        name: name.to_owned(),
        spec: spec.clone(),
        context: context.clone(),
        slot: Arc::clone(&slot),
        report: Arc::clone(&report),
        beats: Arc::clone(&beats),
        stop: stop.clone(),
    };
    // Detached on purpose: a driver may never return, and stopping must not wait for it.
    let handle = std::thread::Builder::new().name(format!("src {name}")).spawn(move || worker.run())?;
    Ok(Run { slot, report, beats, stop, thread: handle.thread().clone() })
}

struct Worker {
    name: String,
    spec: VideoSpec,
    context: CaptureContext,
    slot: Arc<FrameSlot>,
    report: Arc<FeedReport>,
    beats: Arc<AtomicU64>,
    stop: StopToken,
}

impl Worker {
    fn run(self) {
        let mut backoff = Backoff::default();
        while !self.stop.is_stopped() {
            let began = Instant::now();
            let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.open_and_read()));
            let error = match ended {
                Ok(Ok(())) => return,
                Ok(Err(error)) => error,
                Err(_) => CaptureError::Device {
                    device: self.name.clone(),
                    reason: "its driver code panicked".into(),
                },
            };
            if self.stop.is_stopped() {
                return;
            }
            let first = self.report.read().error.as_ref() != Some(&error);
            if first {
                tracing::warn!(source = self.name, %error, "source is not available");
            }
            let retryable = error.retryable();
            self.report.failed(error);
            if !retryable {
                self.park_until_stopped();
                return;
            }
            self.pause(backoff.ended(began.elapsed()));
        }
    }

    /// Opens the source and reads until it fails (`Err`) or is stopped (`Ok`).
    fn open_and_read(&self) -> Result<(), CaptureError> {
        let mut source = open_video(&self.spec, &self.context)?;
        if self.stop.is_stopped() {
            // Given up while the driver hung; the report belongs to another thread now.
            return Ok(());
        }
        self.report.opened();
        tracing::info!(source = self.name, "source is open");
        match source.pacing() {
            Pacing::Device => {
                self.slot.set_elastic();
                self.read_device(source.as_mut())
            }
            Pacing::OnDemand => self.read_ahead(source.as_mut()),
            Pacing::Still => self.read_still(source.as_mut()),
        }
    }

    fn read_device(&self, source: &mut dyn VideoSource) -> Result<(), CaptureError> {
        while !self.stop.is_stopped() {
            if let Some(frame) = source.read(self.context.clock.now())? {
                self.slot.put(frame);
            }
            self.beat();
        }
        Ok(())
    }

    /// Renders the frame of every tick a little before it is due.
    fn read_ahead(&self, source: &mut dyn VideoSource) -> Result<(), CaptureError> {
        let rate = self.context.rate;
        let mut tick = rate.tick_at(self.context.clock.now()) + 1;
        while !self.stop.is_stopped() {
            self.beat();
            if !self.slot.wait_for_room(Duration::from_millis(200)) {
                continue;
            }
            // After a stall, frames nobody will see are not worth decoding.
            tick = tick.max(rate.tick_at(self.context.clock.now()));
            let at = rate.tick_time(tick);
            if let Some(mut frame) = source.read(at)? {
                frame.pts = at;
                self.slot.put(frame);
            } else {
                self.pause(Duration::from_millis(10));
            }
            tick += 1;
        }
        Ok(())
    }

    fn read_still(&self, source: &mut dyn VideoSource) -> Result<(), CaptureError> {
        let mut shown: Option<VideoFrame> = None;
        while !self.stop.is_stopped() {
            let now = self.context.clock.now();
            let changed = |frame: &VideoFrame| shown.as_ref().is_none_or(|s| !s.same_pixels(frame));
            if let Some(mut frame) = source.read(now)?.filter(changed) {
                frame.pts = now;
                self.slot.put(frame.clone());
                shown = Some(frame);
            }
            self.beat();
            self.pause(Duration::from_millis(100));
        }
        Ok(())
    }

    fn beat(&self) {
        self.beats.fetch_add(1, Ordering::Relaxed);
    }

    fn park_until_stopped(&self) {
        while !self.stop.is_stopped() {
            self.pause(Duration::from_secs(1));
        }
    }

    /// Waits, or returns early when the feed is dropped. Counts as a beat, since waiting is not hanging.
    fn pause(&self, span: Duration) {
        std::thread::park_timeout(span);
        self.beat();
    }
}
