//! The one owner of the studio's state. Everything else sends it messages.
//!
//! Threads: `actor`, which never waits for a device, a disk, a keychain or a network; what may wait runs elsewhere and
//! reports. About twenty times a second, and after every message, it looks at all workers and publishes what changed.

mod air;
mod edits;
mod publish;
mod sources;

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::{broadcast, oneshot, watch};
use vitrine_media::{Clock, FramePool, MediaTime, StopToken};
use vitrine_protocol::{Devices, Event, Snapshot, Status, Telemetry, UiError};
use vitrine_scene::{History, SceneId, Show};

use crate::api::{EncodeProfile, Reply};
use crate::broadcast::Broadcast;
use crate::chronicle::Chronicle;
use crate::desk::{self, DeskCommand, DeskReports};
use crate::director::{self, DirectorCommand, DirectorReport, DirectorSetup};
use crate::outputs::{OutputReport, Outputs};
use crate::preferences::Preferences;
use crate::prepare::Prepared;
use crate::preview::PreviewHub;
use crate::process::ProcessMeter;
use crate::stage::StageSet;

/// How often workers are looked at.
const LOOK: Duration = Duration::from_millis(50);
/// Programme frames in use at once: queue, encoder, preview, previous canvases.
const PROGRAMME_FRAMES: usize = 40;

/// What reaches the actor.
pub(crate) enum Message {
    /// A command and where its answer goes.
    Command(Prepared, oneshot::Sender<Result<Reply, UiError>>),
    /// From the outputs.
    Output(OutputReport),
    /// What is plugged in now.
    Devices(Devices),
    /// End everything and answer when it is done.
    Shutdown(oneshot::Sender<()>),
}

/// What others read of the actor's state.
pub(crate) struct Published {
    pub(crate) snapshot: Mutex<Snapshot>,
    pub(crate) status: Mutex<Status>,
    /// What a caller without a window has to know.
    pub(crate) verdict: Mutex<Verdict>,
    pub(crate) events: broadcast::Sender<Event>,
    pub(crate) telemetry: watch::Sender<Telemetry>,
}

/// Facts for the command line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verdict {
    /// A destination has accepted a picture.
    pub(crate) reached: bool,
    /// Nothing can leave any more.
    pub(crate) fault: Option<UiError>,
    /// A source that cannot be opened: its name, why.
    pub(crate) source_error: Option<(String, UiError)>,
}

/// What an actor is made of.
pub(crate) struct Setup {
    pub(crate) show: Show,
    /// Folder that paths in the show are relative to.
    pub(crate) folder: PathBuf,
    /// Where the show is saved after each change; `None` keeps it as it was.
    pub(crate) autosave: Option<PathBuf>,
    /// Overrides the settings.
    pub(crate) profile: Option<EncodeProfile>,
    pub(crate) preferences: Arc<Preferences>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) preview: Arc<PreviewHub>,
    pub(crate) published: Arc<Published>,
    pub(crate) runtime: tokio::runtime::Handle,
    pub(crate) messages: SyncSender<Message>,
    /// Where broadcasts are recorded.
    pub(crate) history: Option<vitrine_store::History>,
}

/// The picture's threads; made anew when the canvas changes.
struct Picture {
    commands: SyncSender<DirectorCommand>,
    report: Arc<DirectorReport>,
    stop: StopToken,
}

pub(crate) struct Actor {
    show: Show,
    history: History,
    gesture: edits::Gesture,
    folder: PathBuf,
    autosave: Option<PathBuf>,
    unsaved_since: Option<Instant>,
    profile: Option<EncodeProfile>,
    preferences: Arc<Preferences>,
    clock: Arc<dyn Clock>,
    wall: (MediaTime, SystemTime),
    preview: Arc<PreviewHub>,
    published: Arc<Published>,
    picture: Picture,
    desk: SyncSender<DeskCommand>,
    desk_reports: DeskReports,
    desk_stop: StopToken,
    cast: sources::Cast,
    outputs: Outputs,
    broadcast: Broadcast,
    devices: Devices,
    scene: SceneId,
    fell_back: Option<String>,
    meters: publish::Meters,
    process: ProcessMeter,
    chronicle: Chronicle,
    shutdown: Option<(oneshot::Sender<()>, MediaTime)>,
}

impl Actor {
    /// Starts the threads of picture and sound.
    pub(crate) fn start(setup: Setup) -> std::io::Result<Self> {
        let tell_to = setup.messages.clone();
        let outputs = Outputs::new(
            setup.runtime.clone(),
            // The actor drains its queue; a full one only means that it is busy for a moment.
            Arc::new(move |report| drop(tell_to.send(Message::Output(report)))),
        );
        let (desk, desk_commands) = sync_channel(64);
        let (desk_reports, desk_stop) = (DeskReports::default(), StopToken::new());
        let (clock, reports, stop) = (Arc::clone(&setup.clock), Arc::clone(&desk_reports), desk_stop.clone());
        std::thread::Builder::new()
            .name("sound".into())
            .spawn(move || desk::run(clock.as_ref(), &desk_commands, &reports, &stop))?;
        let scene = setup.show.scenes.first().map_or_else(|| SceneId::new("main"), |s| s.id.clone());
        let picture = start_picture(&setup.show, &scene, &setup.clock, &setup.preview)?;
        let wall = (setup.clock.now(), SystemTime::now());
        let mut actor = Self {
            show: setup.show,
            history: History::new(),
            gesture: edits::Gesture::default(),
            folder: setup.folder,
            autosave: setup.autosave,
            unsaved_since: None,
            profile: setup.profile,
            preferences: setup.preferences,
            clock: setup.clock,
            wall,
            preview: setup.preview,
            published: setup.published,
            picture,
            desk,
            desk_reports,
            desk_stop,
            cast: sources::Cast::default(),
            outputs,
            broadcast: Broadcast::Idle,
            devices: Devices::default(),
            scene,
            fell_back: None,
            meters: publish::Meters::default(),
            process: ProcessMeter::new(),
            chronicle: Chronicle::new(setup.history),
            shutdown: None,
        };
        actor.show_changed();
        actor.publish();
        Ok(actor)
    }

    /// Runs until shut down.
    pub(crate) fn run(mut self, inbox: &Receiver<Message>) {
        let mut next_look = Instant::now() + LOOK;
        loop {
            match inbox.recv_timeout(next_look.saturating_duration_since(Instant::now())) {
                Ok(message) => self.handle(message),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            let now = Instant::now();
            if now >= next_look {
                next_look = now + LOOK;
                self.look();
            }
            self.publish();
            self.record_history();
            if self.is_shut_down() {
                break;
            }
        }
        self.picture.stop.stop();
        self.desk_stop.stop();
        self.save_now();
        self.measure(self.clock.now());
        self.chronicle.close();
        if let Some((done, _)) = self.shutdown.take() {
            let _ = done.send(());
        }
    }

    fn handle(&mut self, message: Message) {
        match message {
            Message::Command(command, answer) => {
                let reply = self.command(command);
                // Whoever asked may have gone.
                let _ = answer.send(reply);
            }
            Message::Output(report) => self.output(report),
            Message::Devices(devices) => {
                self.devices = devices;
            }
            Message::Shutdown(done) => {
                let now = self.clock.now();
                self.shutdown = Some((done, now));
                self.broadcast.end(now);
                if self.outputs.end_all(now) {
                    self.disconnect_sinks();
                }
            }
        }
    }

    /// Looks after the workers.
    fn look(&mut self) {
        let now = self.clock.now();
        if self.outputs.tick(now) {
            self.disconnect_sinks();
        }
        if self.cast.supervise(now) {
            self.seat_sources();
        }
        let statuses = self.outputs.statuses();
        if self.broadcast.is_live() {
            let receiving = statuses
                .iter()
                .filter(|(_, s)| s.state == vitrine_uplink::DestinationState::Publishing)
                .count();
            self.broadcast.destinations(statuses.len(), receiving, now);
        }
        if self.unsaved_since.is_some_and(|since| since.elapsed() > Duration::from_secs(1)) {
            self.save_soon();
        }
        self.measure(now);
    }

    /// Whether everything has ended, or took too long to.
    fn is_shut_down(&self) -> bool {
        let Some((_, since)) = &self.shutdown else { return false };
        !self.outputs.is_ending() || self.clock.now().since(*since) > Duration::from_millis(800)
    }

    fn profile(&self) -> EncodeProfile {
        self.profile.clone().unwrap_or_else(|| self.preferences.profile())
    }

    fn restart_picture(&mut self) -> std::io::Result<()> {
        let picture = start_picture(&self.show, &self.scene, &self.clock, &self.preview)?;
        std::mem::replace(&mut self.picture, picture).stop.stop();
        Ok(())
    }

    /// Sends to the director, whose queue is drained at every tick.
    fn direct(&self, command: DirectorCommand) {
        if self.picture.commands.try_send(command).is_err() {
            tracing::error!("the director does not take commands");
        }
    }

    fn to_desk(&self, command: DeskCommand) {
        if self.desk.try_send(command).is_err() {
            tracing::error!("the sound thread does not take commands");
        }
    }

    fn disconnect_sinks(&self) {
        self.direct(DirectorCommand::Sink(None));
        self.to_desk(DeskCommand::Sink(None));
    }
}

fn start_picture(
    show: &Show,
    scene: &SceneId,
    clock: &Arc<dyn Clock>,
    preview: &Arc<PreviewHub>,
) -> std::io::Result<Picture> {
    let pool = FramePool::new(PROGRAMME_FRAMES);
    let size = (show.canvas.width, show.canvas.height);
    let slate = vitrine_picture::slate(&pool, size, MediaTime::ZERO, 0)
        .map_err(|e| std::io::Error::new(std::io::ErrorKind::OutOfMemory, e))?;
    let (commands, inbox) = sync_channel(256);
    let (report, stop) = (Arc::<DirectorReport>::default(), StopToken::new());
    let setup = DirectorSetup {
        clock: Arc::clone(clock),
        rate: show.canvas.rate,
        pool,
        set: Arc::new(StageSet::of(show)),
        scene: scene.clone(),
        slate,
        preview: Arc::clone(preview),
        report: Arc::clone(&report),
        stop: stop.clone(),
    };
    std::thread::Builder::new().name("director".into()).spawn(move || director::run(setup, &inbox))?;
    Ok(Picture { commands, report, stop })
}
