//! The one handle to a running studio.
//!
//! Everything goes through [`Engine::call`]; everything that happens comes back through the snapshot, the events and
//! the telemetry. The handle may be shared between threads; dropping it shuts the studio down.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{broadcast, oneshot, watch};
use vitrine_capture::DeviceWatch;
use vitrine_media::{Clock, MonotonicClock, StopToken};
use vitrine_protocol::{Event, PreviewView, Snapshot, Status, Telemetry, UiError};
use vitrine_scene::Show;
use vitrine_store::{History, InstanceLock, Locations};

use crate::actor::{Actor, Message, Published, Setup, Verdict};
use crate::api::{Command, EncodeProfile, Reply};
use crate::preferences::Preferences;
use crate::prepare::Prepared;
use crate::preview::{self, PreviewHub};
use crate::{errors, listing, prepare, start};

/// Messages waiting for the actor.
const INBOX: usize = 256;
/// Events a slow reader may be behind before it has to read the snapshot again.
const EVENTS_KEPT: usize = 512;
/// How long closing may take in all.
const SHUTDOWN: Duration = Duration::from_millis(1500);

/// How an engine starts.
#[derive(Debug)]
pub struct EngineConfig {
    pub(crate) show: Show,
    pub(crate) folder: PathBuf,
    pub(crate) autosave: bool,
    pub(crate) profile: Option<EncodeProfile>,
    pub(crate) locations: Locations,
    pub(crate) lock: Option<InstanceLock>,
    pub(crate) interactive: bool,
}

impl EngineConfig {
    /// For the window: the host's settings, their last show or a first one, the folder locked against a second studio.
    pub fn for_window() -> Result<Self, UiError> {
        let locations = Locations::find(None).map_err(|e| errors::internal(&e))?;
        let lock = InstanceLock::acquire(&locations).map_err(|e| start::lock_error(&e))?;
        let show = start::last_show(&locations);
        Ok(Self {
            show,
            folder: locations.config_dir().to_owned(),
            autosave: true,
            profile: None,
            locations,
            lock: Some(lock),
            interactive: true,
        })
    }

    /// For the command line: this show, saved nowhere, encoded like that. Paths in it are relative to `folder`.
    pub fn headless(show: Show, folder: impl Into<PathBuf>, profile: EncodeProfile) -> Result<Self, UiError> {
        let locations = Locations::find(None).map_err(|e| errors::internal(&e))?;
        Ok(Self {
            show,
            folder: folder.into(),
            autosave: false,
            profile: Some(profile),
            locations,
            lock: None,
            interactive: false,
        })
    }
}

/// A running studio.
pub struct Engine {
    messages: SyncSender<Message>,
    published: Arc<Published>,
    preview: Arc<PreviewHub>,
    preferences: Arc<Preferences>,
    folder: PathBuf,
    stop: StopToken,
    threads: Mutex<Option<Threads>>,
    runtime: Handle,
}

/// What ends with the engine.
struct Threads {
    actor: JoinHandle<()>,
    runtime: Runtime,
    watch: Option<DeviceWatch>,
    _lock: Option<InstanceLock>,
}

impl Engine {
    /// Starts the studio's threads. Devices are opened in the background: the snapshot tells how they are.
    pub fn start(config: EngineConfig) -> Result<Self, UiError> {
        let system = |error: std::io::Error| errors::internal(&error);
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("network")
            .enable_all()
            .build()
            .map_err(system)?;
        let (messages, inbox) = sync_channel(INBOX);
        let preferences = Preferences::open(config.locations.clone());
        let clock: Arc<dyn Clock> = Arc::new(MonotonicClock::start());
        let (hub, stop) = (Arc::<PreviewHub>::default(), StopToken::new());
        let published = Arc::new(Published {
            snapshot: Mutex::new(start::empty_snapshot(&preferences)),
            status: Mutex::new(start::empty_status()),
            verdict: Mutex::new(Verdict::default()),
            events: broadcast::channel(EVENTS_KEPT).0,
            telemetry: watch::Sender::new(Telemetry::default()),
        });
        preview::start(Arc::clone(&hub), stop.clone()).map_err(system)?;
        let actor = Actor::start(Setup {
            show: config.show,
            folder: config.folder.clone(),
            autosave: config.autosave.then(|| config.locations.show_file()),
            profile: config.profile,
            preferences: Arc::clone(&preferences),
            clock,
            preview: Arc::clone(&hub),
            published: Arc::clone(&published),
            runtime: runtime.handle().clone(),
            messages: messages.clone(),
            // The command line leaves no traces.
            history: config.interactive.then(|| History::open(&config.locations.history_file())),
        })
        .map_err(system)?;
        let actor = std::thread::Builder::new()
            .name("actor".into())
            .spawn(move || actor.run(&inbox))
            .map_err(system)?;
        let watch = config.interactive.then(|| listing::watch(messages.clone()));
        if config.interactive {
            let learner = Arc::clone(&preferences);
            // A keychain may ask for a password; nobody waits for that.
            runtime.handle().spawn_blocking(move || learner.learn_keys());
        }
        Ok(Self {
            messages,
            published,
            preview: hub,
            preferences,
            folder: config.folder,
            stop,
            runtime: runtime.handle().clone(),
            threads: Mutex::new(Some(Threads { actor, runtime, watch, _lock: config.lock })),
        })
    }

    /// Does what is asked, or says why not.
    pub async fn call(&self, command: Command) -> Result<Reply, UiError> {
        let prepared = if prepare::waits(&command) {
            let (preferences, folder) = (Arc::clone(&self.preferences), self.folder.clone());
            self.runtime
                .spawn_blocking(move || prepare::prepare(command, &preferences, &folder))
                .await
                .map_err(|e| errors::internal(&e))??
        } else {
            // Straight on, so that the steps of a drag stay in order.
            Prepared::Plain(command)
        };
        let (answer, reply) = oneshot::channel();
        let gone = || errors::internal("the studio is closed");
        self.messages.try_send(Message::Command(prepared, answer)).map_err(|_| gone())?;
        reply.await.map_err(|_| gone())?
    }

    /// As [`Engine::call`], for threads outside any runtime.
    pub fn call_blocking(&self, command: Command) -> Result<Reply, UiError> {
        self.runtime.block_on(self.call(command))
    }

    /// Everything the window shows.
    pub fn snapshot(&self) -> Snapshot {
        self.published.snapshot.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes from now on.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.published.events.subscribe()
    }

    /// Meters and rates; newest wins.
    pub fn telemetry(&self) -> watch::Receiver<Telemetry> {
        self.published.telemetry.subscribe()
    }

    /// A status line of this moment, at most 50 ms old.
    pub fn status(&self) -> Status {
        self.published.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn verdict(&self) -> Verdict {
        self.published.verdict.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether any destination has accepted a picture since the engine started.
    pub fn was_reached(&self) -> bool {
        self.verdict().reached
    }

    /// Why nothing can leave any more.
    pub fn fault(&self) -> Option<UiError> {
        self.verdict().fault
    }

    /// A source that cannot be opened at this moment: its name, and why.
    pub fn source_error(&self) -> Option<(String, UiError)> {
        self.verdict().source_error
    }

    /// Says which pictures are to be made, and how large.
    pub fn set_preview_views(&self, views: Vec<PreviewView>) {
        self.preview.set_views(views);
    }

    /// Pictures newer than `seen` (pairs of view and sequence number), packed; waits up to 100 ms for one.
    pub async fn preview_pull(&self, seen: &[(u32, u32)]) -> Vec<u8> {
        self.preview.pull(seen).await
    }

    /// The runtime of the engine's network tasks, for tasks that live as long as it.
    pub fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// Ends everything that leaves, closes recordings, saves, and stops all threads that can be stopped. Returns
    /// within about a second even if a server is dead or a driver hangs. A second call does nothing.
    pub fn shutdown(&self) {
        let Some(threads) = self.threads.lock().unwrap_or_else(PoisonError::into_inner).take() else {
            return;
        };
        let (done, closed) = oneshot::channel();
        // The actor always drains its queue, so this waits for a moment at most.
        if self.messages.send(Message::Shutdown(done)).is_ok() {
            let waited = threads.runtime.block_on(async { tokio::time::timeout(SHUTDOWN, closed).await });
            if waited.is_ok() {
                drop(threads.actor.join());
            } else {
                tracing::error!("the studio does not close; it is cut off");
            }
        }
        self.stop.stop();
        // Watching devices may hang in a driver's listing.
        drop(std::thread::Builder::new().name("end watch".into()).spawn(move || drop(threads.watch)));
        threads.runtime.shutdown_timeout(Duration::from_millis(200));
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.shutdown();
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

/// Reads a show file.
pub fn read_show(path: &Path) -> Result<Show, UiError> {
    start::read_show(path)
}
