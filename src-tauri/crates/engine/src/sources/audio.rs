//! One source of sound: opened on a thread of its own, read by the sound thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::Thread;
use std::time::{Duration, Instant};

use vitrine_capture::{AudioSource, AudioSpec, CaptureContext, CaptureError, open_audio};
use vitrine_media::{Latest, StopToken};

use super::{FeedReport, Report};
use crate::backoff::Backoff;

/// A source of sound that is kept open. Dropping it asks its thread to end and does not wait.
pub(crate) struct AudioFeed {
    spec: AudioSpec,
    stop: StopToken,
    thread: Thread,
    line: AudioLine,
}

/// The sound thread's end of it. Cheap to clone.
#[derive(Clone)]
pub(crate) struct AudioLine {
    opened: Arc<Latest<Box<dyn AudioSource>>>,
    ended: Arc<AtomicBool>,
    report: Arc<FeedReport>,
}

impl AudioLine {
    /// Whether both are ends of the same feed.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.opened, &other.opened)
    }

    /// A freshly opened source, once after each opening.
    pub(crate) fn take_opened(&self) -> Option<Box<dyn AudioSource>> {
        self.opened.take()
    }

    /// The source failed in the sound thread's hands: it is to be opened again. The thread that opens polls, so that
    /// the sound thread makes no system call here.
    pub(crate) fn ended(&self, error: CaptureError) {
        self.report.failed(error);
        self.ended.store(true, Ordering::Release);
    }
}

impl AudioFeed {
    /// Starts the thread that opens the source.
    pub(crate) fn start(name: &str, spec: AudioSpec, context: CaptureContext) -> std::io::Result<Self> {
        let line = AudioLine { opened: Arc::default(), ended: Arc::default(), report: Arc::default() };
        let stop = StopToken::new();
        let opener = Opener {
            name: name.to_owned(),
            spec: spec.clone(),
            context,
            line: line.clone(),
            stop: stop.clone(),
        };
        // Detached on purpose: opening a device may hang.
        let handle = std::thread::Builder::new().name(format!("snd {name}")).spawn(move || opener.run())?;
        Ok(Self { spec, stop, thread: handle.thread().clone(), line })
    }

    /// The sound thread's end.
    pub(crate) fn line(&self) -> AudioLine {
        self.line.clone()
    }

    /// How it runs.
    pub(crate) fn report(&self) -> Report {
        self.line.report.read()
    }

    /// What it was opened as.
    pub(crate) fn spec(&self) -> &AudioSpec {
        &self.spec
    }
}

impl Drop for AudioFeed {
    fn drop(&mut self) {
        self.stop.stop();
        self.thread.unpark();
    }
}

struct Opener {
    name: String,
    spec: AudioSpec,
    context: CaptureContext,
    line: AudioLine,
    stop: StopToken,
}

impl Opener {
    fn run(self) {
        let mut backoff = Backoff::default();
        while !self.stop.is_stopped() {
            let began = Instant::now();
            let opening = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                open_audio(&self.spec, &self.context)
            }));
            let opening = opening.unwrap_or_else(|_| {
                Err(CaptureError::Device {
                    device: self.name.clone(),
                    reason: "its driver code panicked".into(),
                })
            });
            match opening {
                Ok(source) => {
                    self.line.report.opened();
                    self.line.opened.put(source);
                    tracing::info!(source = self.name, "sound source is open");
                    self.wait_for_end();
                }
                Err(error) => {
                    if self.line.report.read().error.as_ref() != Some(&error) {
                        tracing::warn!(source = self.name, %error, "sound source is not available");
                    }
                    let retryable = error.retryable();
                    self.line.report.failed(error);
                    if !retryable {
                        self.wait_for_end();
                    }
                }
            }
            if !self.stop.is_stopped() {
                std::thread::park_timeout(backoff.ended(began.elapsed()));
            }
        }
    }

    fn wait_for_end(&self) {
        while !self.stop.is_stopped() && !self.line.ended.swap(false, Ordering::AcqRel) {
            std::thread::park_timeout(Duration::from_millis(50));
        }
    }
}
