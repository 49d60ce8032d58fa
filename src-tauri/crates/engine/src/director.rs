//! The director: one tick, one programme frame.
//!
//! Owns the tick, the held frame and health of every source, the scene change in progress and the last canvas. On
//! each tick it takes what the sources have, draws the scene, and hands the frame to the encoder and the preview.
//! Nothing may hold it up: it never waits for a source, an encoder or the window. Threads: `director`. Locks: the
//! slots' short mutexes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError};

use vitrine_media::{
    Clock, FramePool, FrameRate, HealthThresholds, MediaTime, SourceHealth, SourceState, StopToken,
    VideoFrame,
};
use vitrine_picture::crossfade;
use vitrine_scene::{MixFrom, Programme, SceneId, Switcher, Transition};

use crate::pacer::{Due, Pacer};
use crate::pipeline::VideoSink;
use crate::preview::{PreviewHub, Sight};
use crate::slot::FrameSlot;
use crate::stage::{Stage, StageSet};

/// Ticks between two hand-overs of source frames for scene previews.
const SCENES_EVERY: i64 = 6;

/// What the actor asks of the director. Taken up before the next tick.
pub(crate) enum DirectorCommand {
    /// A new version of the show.
    Set(Arc<StageSet>),
    /// The sources that run: where their frames are, and whether they are stills.
    Seats(BTreeMap<String, Seat>),
    /// Scene change.
    Take { scene: SceneId, transition: Transition },
    /// Where programme frames go; `None` when nothing leaves.
    Sink(Option<VideoSink>),
}

/// A source as the director knows it.
#[derive(Clone)]
pub(crate) struct Seat {
    pub(crate) slot: Arc<FrameSlot>,
    /// A picture that needs no new frames to be alive.
    pub(crate) still: bool,
}

/// Counters and states, read by the actor.
#[derive(Debug, Default)]
pub(crate) struct DirectorReport {
    /// The newest tick drawn.
    pub(crate) tick: AtomicI64,
    pub(crate) drawn: AtomicU64,
    pub(crate) repeated: AtomicU64,
    pub(crate) late: AtomicU64,
    states: Mutex<BTreeMap<String, (SourceState, MediaTime)>>,
    on_programme: Mutex<Option<SceneId>>,
}

impl DirectorReport {
    /// State of each source and when its last frame came.
    pub(crate) fn states(&self) -> BTreeMap<String, (SourceState, MediaTime)> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The scene on programme, or the one being changed to.
    pub(crate) fn on_programme(&self) -> Option<SceneId> {
        self.on_programme.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What a director is given.
pub(crate) struct DirectorSetup {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rate: FrameRate,
    pub(crate) pool: FramePool,
    pub(crate) set: Arc<StageSet>,
    pub(crate) scene: SceneId,
    /// Shown in place of a source that has no picture.
    pub(crate) slate: VideoFrame,
    pub(crate) preview: Arc<PreviewHub>,
    pub(crate) report: Arc<DirectorReport>,
    pub(crate) stop: StopToken,
}

/// Runs until stopped. Call on a thread of its own.
pub(crate) fn run(setup: DirectorSetup, commands: &Receiver<DirectorCommand>) {
    let (clock, stop) = (Arc::clone(&setup.clock), setup.stop.clone());
    let mut pacer = Pacer::new(setup.rate, clock.now());
    let mut director = Director::new(setup);
    while !stop.is_stopped() {
        match pacer.poll(clock.now()) {
            Due::At(due) => clock.sleep_until(due),
            Due::Now { tick, missed } => {
                if !director.take_commands(commands, tick) {
                    return;
                }
                director.repeat(tick, missed);
                director.draw(tick);
            }
        }
    }
}

/// A source in its seat.
struct Seated {
    seat: Seat,
    health: SourceHealth,
    held: Option<VideoFrame>,
    last: MediaTime,
}

struct Director {
    clock: Arc<dyn Clock>,
    rate: FrameRate,
    pool: FramePool,
    stage: Stage,
    set: Arc<StageSet>,
    switcher: Switcher,
    sources: BTreeMap<String, Seated>,
    slate: VideoFrame,
    sink: Option<VideoSink>,
    preview: Arc<PreviewHub>,
    report: Arc<DirectorReport>,
    canvas: Option<VideoFrame>,
    snapshot: Option<VideoFrame>,
}

impl Director {
    fn new(setup: DirectorSetup) -> Self {
        Self {
            clock: setup.clock,
            rate: setup.rate,
            stage: Stage::new(setup.pool.clone()),
            pool: setup.pool,
            set: setup.set,
            switcher: Switcher::new(setup.scene, setup.rate),
            sources: BTreeMap::new(),
            slate: setup.slate,
            sink: None,
            preview: setup.preview,
            report: setup.report,
            canvas: None,
            snapshot: None,
        }
    }

    /// Whether the actor is still there.
    fn take_commands(&mut self, commands: &Receiver<DirectorCommand>, tick: i64) -> bool {
        loop {
            match commands.try_recv() {
                Ok(DirectorCommand::Set(set)) => self.replace_set(set),
                Ok(DirectorCommand::Seats(seats)) => self.seat(seats),
                Ok(DirectorCommand::Take { scene, transition }) => {
                    self.switcher.request(scene, transition, tick);
                }
                Ok(DirectorCommand::Sink(sink)) => self.sink = sink,
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
    }

    /// Takes over another version of the show; a scene that is no longer in it gives way to the first one that is.
    fn replace_set(&mut self, set: Arc<StageSet>) {
        if let Some(first) = set.first_scene() {
            for scene in [self.switcher.wanted().clone(), self.switcher.on_air().clone()] {
                if set.scene(scene.as_str()).is_none() {
                    self.switcher.removed(&scene, &first);
                }
            }
        }
        self.set = set;
    }

    /// Takes over new seats; a source that keeps its slot keeps its picture and its health.
    fn seat(&mut self, seats: BTreeMap<String, Seat>) {
        let now = self.clock.now();
        let mut old = std::mem::take(&mut self.sources);
        for (id, seat) in seats {
            let seated = match old.remove(&id) {
                Some(seated) if Arc::ptr_eq(&seated.seat.slot, &seat.slot) => seated,
                // A reopened source shows its last picture until the first new one.
                other => Seated {
                    health: SourceHealth::opened(now, HealthThresholds::default()),
                    held: other.and_then(|a| a.held),
                    last: now,
                    seat,
                },
            };
            self.sources.insert(id, seated);
        }
    }

    /// Keeps the frame rate constant over ticks nobody drew.
    fn repeat(&mut self, tick: i64, missed: u32) {
        if missed == 0 {
            return;
        }
        self.report.late.fetch_add(u64::from(missed), Ordering::Relaxed);
        let (Some(canvas), Some(sink)) = (&self.canvas, &self.sink) else { return };
        // After a long sleep of the computer, a second of stillness is enough; the rest is a gap in time.
        for n in tick - i64::from(missed.min(60))..tick {
            sink.send(n, canvas);
            self.report.repeated.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn draw(&mut self, tick: i64) {
        let at = self.rate.tick_time(tick);
        let now = self.clock.now();
        self.collect(at.max(now), now);
        let canvas = match self.compose(tick, at) {
            Ok(canvas) => canvas,
            Err(error) => {
                tracing::warn!(%error, "a frame could not be drawn; the last one stays");
                match self.canvas.clone() {
                    Some(canvas) => canvas,
                    None => return,
                }
            }
        };
        if let Some(sink) = &self.sink {
            sink.send(tick, &canvas);
        }
        if self.preview.wants_programme() {
            let mut shown = canvas.clone();
            shown.pts = at;
            self.preview.show(Sight::Programme(shown));
        }
        if self.preview.wants_scenes() && tick % SCENES_EVERY == 0 {
            let shown = self.sources.keys().filter_map(|id| Some((id.clone(), self.shown(id)?)));
            let frames = Arc::new(shown.collect());
            self.preview.show(Sight::Scenes { set: Arc::clone(&self.set), frames, at });
        }
        self.canvas = Some(canvas);
        self.report.tick.store(tick, Ordering::Release);
        self.report.drawn.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes each source's newest frame and tells its state.
    fn collect(&mut self, due: MediaTime, now: MediaTime) {
        for actor in self.sources.values_mut() {
            if let Some(frame) = actor.seat.slot.take_due(due) {
                actor.health.frame(now);
                actor.last = now;
                actor.held = Some(frame);
            } else if actor.seat.still && actor.held.is_some() {
                actor.health.frame(now);
            }
        }
        let states = self.sources.iter().map(|(id, a)| (id.clone(), (a.health.state(now), a.last))).collect();
        *self.report.states.lock().unwrap_or_else(PoisonError::into_inner) = states;
    }

    /// What a source shows: its newest frame, held for a while when none comes, then the slate.
    fn shown(&self, id: &str) -> Option<VideoFrame> {
        let actor = self.sources.get(id)?;
        match actor.health.state(self.clock.now()) {
            SourceState::Live | SourceState::Held => actor.held.clone(),
            // Never black: until a device has given its first picture, its place is not empty. A still is there at once.
            SourceState::Warming => {
                actor.held.clone().or_else(|| (!actor.seat.still).then(|| self.slate.clone()))
            }
            SourceState::Lost | SourceState::Gone => Some(self.slate.clone()),
        }
    }

    fn compose(&mut self, tick: i64, at: MediaTime) -> Result<VideoFrame, vitrine_media::PoolExhausted> {
        let (set, sources) = (Arc::clone(&self.set), &self.sources);
        let ready = |scene: &SceneId| {
            let items = set.scene(scene.as_str()).unwrap_or_default();
            items.iter().all(|item| sources.get(item.source.as_str()).is_some_and(|a| a.held.is_some()))
        };
        let answer = self.switcher.tick(tick, ready);
        if answer.keep_snapshot {
            self.snapshot.clone_from(&self.canvas);
        }
        *self.report.on_programme.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(self.switcher.wanted().clone());
        match answer.programme {
            Programme::Show(scene) => {
                self.snapshot = None;
                self.scene(&scene, at)
            }
            Programme::Mix { from, to, t } => {
                let before = match from {
                    MixFrom::Scene(scene) => Some(self.scene(&scene, at)?),
                    MixFrom::Snapshot => self.snapshot.clone(),
                };
                let after = self.scene(&to, at)?;
                match before {
                    Some(before) => crossfade(&before, &after, t, &self.pool, at, tick.unsigned_abs()),
                    None => Ok(after),
                }
            }
        }
    }

    fn scene(&mut self, id: &SceneId, at: MediaTime) -> Result<VideoFrame, vitrine_media::PoolExhausted> {
        let set = Arc::clone(&self.set);
        let items = set.scene(id.as_str()).unwrap_or_default();
        let shown: BTreeMap<&str, VideoFrame> =
            items.iter().filter_map(|i| Some((i.source.as_str(), self.shown(i.source.as_str())?))).collect();
        self.stage.draw(set.canvas, items, |id| shown.get(id).cloned(), at)
    }
}
