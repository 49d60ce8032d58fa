//! Everything that leaves the studio: the pipeline while anything does, destinations, the rehearsal room, the
//! recording.
//!
//! Owned by the actor and called only from it; nothing here waits for a network or a disk. Two things may be wanted, a
//! broadcast and a recording; the encoders run while either is. When the last one is given up, the end has an order:
//! first the encoders are drained (their last pictures still go out), then destinations say goodbye and the recording
//! is closed. What may wait waits elsewhere and comes back as an [`OutputReport`].

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use vitrine_media::MediaTime;
use vitrine_protocol::ErrorCode;
use vitrine_rehearsal::{Room, RoomStatus};
use vitrine_uplink::{
    ConnectOptions, DestinationId, DestinationSpec, DestinationStatus, Destinations, PROGRAMME_LEAD,
    RecordError, RecordState, RecordStatus, Recorder,
};

use crate::errors;
use crate::pipeline::{AudioSink, Pipeline, PipelineReport, PipelineSettings, VideoSink};
use crate::preferences::Resolved;

/// How long encoders may take to give out their last pictures.
const DRAIN: Duration = Duration::from_millis(250);

/// What outputs tell the actor.
#[derive(Debug)]
pub(crate) enum OutputReport {
    /// From the pipeline.
    Pipeline(PipelineReport),
    /// All destinations have ended.
    DestinationsEnded,
    /// The recording is closed.
    RecordingClosed(Box<RecordStatus>),
}

/// Sends reports to the actor. Cheap to clone.
pub(crate) type Tell = std::sync::Arc<dyn Fn(OutputReport) + Send + Sync>;

/// A way out as the actor names it.
pub(crate) struct Destined {
    /// Id of the settings, or made up for this broadcast.
    pub(crate) key: String,
    pub(crate) id: DestinationId,
}

/// The recording as it is or was.
#[derive(Clone, Debug)]
pub(crate) struct RecordingView {
    pub(crate) path: PathBuf,
    pub(crate) began: SystemTime,
    pub(crate) bytes: u64,
    pub(crate) error: Option<ErrorCode>,
    pub(crate) running: bool,
}

/// Adds a way out.
fn destined(destinations: &Destinations, (key, name, target): Resolved) -> Destined {
    let mut spec = DestinationSpec::new(name, target);
    // Allowed by the specification, but no other studio does it; see docs/decisions/0004.
    spec.settings.interleave_audio = false;
    Destined { key, id: destinations.add(spec) }
}

struct Recording {
    recorder: Option<Recorder>,
    began: SystemTime,
    last: RecordStatus,
}

/// The sinks to connect, `None` to disconnect.
pub(crate) type Sinks = Option<(VideoSink, AudioSink)>;

pub(crate) struct Outputs {
    runtime: tokio::runtime::Handle,
    tell: Tell,
    next_pipeline: u64,
    pipeline: Option<Pipeline>,
    /// The pipeline's encoders are open and its sinks connected.
    ready: bool,
    /// Since when the encoders give out their last pictures.
    draining: Option<MediaTime>,
    /// By the wall clock, when the pipeline's time began.
    origin: Option<SystemTime>,
    /// A broadcast or a rehearsal is wanted.
    airing: bool,
    /// A recording is wanted.
    taping: bool,
    /// Destinations are saying goodbye.
    stopping: bool,
    /// The recording's file is being closed.
    closing: bool,
    destinations: Option<Destinations>,
    destined: Vec<Destined>,
    room: Option<Room>,
    recording: Option<Recording>,
    reached: bool,
}

impl Outputs {
    pub(crate) fn new(runtime: tokio::runtime::Handle, tell: Tell) -> Self {
        Self {
            runtime,
            tell,
            next_pipeline: 1,
            pipeline: None,
            ready: false,
            draining: None,
            origin: None,
            airing: false,
            taping: false,
            stopping: false,
            closing: false,
            destinations: None,
            destined: Vec::new(),
            room: None,
            recording: None,
            reached: false,
        }
    }

    /// Whether anything leaves, or is about to.
    pub(crate) fn is_idle(&self) -> bool {
        self.pipeline.is_none()
    }

    /// The pipeline, for counters.
    pub(crate) fn pipeline(&self) -> Option<&Pipeline> {
        self.pipeline.as_ref()
    }

    /// Whether something is still being ended.
    pub(crate) fn is_ending(&self) -> bool {
        self.pipeline.is_some() || self.stopping || self.closing
    }

    /// Starts publishing to `targets`, each with the actor's name for it; `room` is kept open meanwhile.
    pub(crate) fn publish(
        &mut self,
        targets: Vec<Resolved>,
        room: Option<Room>,
        settings: &PipelineSettings,
        now: MediaTime,
    ) -> std::io::Result<()> {
        let ring = self.need_pipeline(settings)?.ring.clone();
        let destinations = Destinations::new(self.runtime.clone(), ring, now, ConnectOptions::default());
        self.destined = targets.into_iter().map(|target| destined(&destinations, target)).collect();
        self.destinations = Some(destinations);
        self.room = room;
        self.airing = true;
        self.tell_room_the_time();
        Ok(())
    }

    /// On air, puts `target` in the place of the way out called `key`; `None` takes that one out.
    pub(crate) fn redirect(&mut self, key: &str, target: Option<Resolved>) {
        let Some(destinations) = &self.destinations else { return };
        for old in self.destined.extract_if(.., |d| d.key == key) {
            self.runtime.spawn(destinations.remove(old.id));
        }
        self.destined.extend(target.map(|target| destined(destinations, target)));
    }

    /// Starts recording into `path`.
    pub(crate) fn record(
        &mut self,
        path: &Path,
        settings: &PipelineSettings,
        now: MediaTime,
    ) -> Result<(), RecordError> {
        let pipeline = self.need_pipeline(settings).map_err(|e| RecordError::Io(e.kind()))?;
        let started = Recorder::start(&pipeline.ring, path);
        // A recording that joins a running encode begins with a picture of its own, not two seconds earlier.
        pipeline.request_key();
        match started {
            Ok(recorder) => {
                let last = recorder.status();
                self.recording = Some(Recording { recorder: Some(recorder), began: SystemTime::now(), last });
                self.taping = true;
                Ok(())
            }
            Err(error) => {
                // An encoder that was started only for this is not left running for nobody. Its sinks are not
                // connected yet, so there is nothing to disconnect.
                self.release(now);
                Err(error)
            }
        }
    }

    fn need_pipeline(&mut self, settings: &PipelineSettings) -> std::io::Result<&Pipeline> {
        if self.draining.is_some() {
            // Whoever starts anew does not wait for the end of the last.
            self.finish();
        }
        if self.pipeline.is_none() {
            let id = self.next_pipeline;
            self.next_pipeline += 1;
            let tell = self.tell.clone();
            self.ready = false;
            self.pipeline = Some(Pipeline::start(id, settings.clone(), move |report| {
                tell(OutputReport::Pipeline(report));
            })?);
        }
        self.pipeline.as_ref().ok_or_else(|| std::io::ErrorKind::NotFound.into())
    }

    /// The encoders of pipeline `id` are open: the sinks to connect, with its tick 0 at `base_tick`, due at `base`,
    /// which is `origin` by the wall clock. `None` if that pipeline is no longer wanted.
    pub(crate) fn connect(&mut self, id: u64, base_tick: i64, base: MediaTime, origin: SystemTime) -> Sinks {
        if self.draining.is_some() {
            return None;
        }
        let sinks = self.pipeline.as_ref().filter(|p| p.id == id)?.sinks(base_tick, base);
        self.ready = true;
        self.origin = Some(origin);
        self.tell_room_the_time();
        Some(sinks)
    }

    fn tell_room_the_time(&self) {
        if let (Some(room), Some(origin)) = (&self.room, self.origin) {
            // RTMP timestamps carry the uplink's lead.
            room.set_time_origin(origin.checked_sub(PROGRAMME_LEAD));
        }
    }

    /// The host ends the broadcast. Whether sinks are to be disconnected now (nothing else needs them).
    pub(crate) fn end_broadcast(&mut self, now: MediaTime) -> bool {
        self.airing = false;
        self.release(now)
    }

    /// The host ends the recording. Whether sinks are to be disconnected now.
    pub(crate) fn end_recording(&mut self, now: MediaTime) -> bool {
        self.taping = false;
        self.release(now)
    }

    /// Everything ends, as when the studio closes. Whether sinks are to be disconnected now.
    pub(crate) fn end_all(&mut self, now: MediaTime) -> bool {
        self.airing = false;
        self.taping = false;
        self.release(now)
    }

    /// Ends what is no longer wanted. Whether sinks are to be disconnected now.
    fn release(&mut self, now: MediaTime) -> bool {
        if self.airing || self.taping {
            self.end_unwanted();
            return false;
        }
        if self.pipeline.is_none() || !self.ready {
            self.finish();
        } else {
            self.draining.get_or_insert(now);
        }
        true
    }

    /// Called about 20 times a second: an encoder that does not drain is not waited for, a recording that failed no
    /// longer wants anything. Whether sinks are to be disconnected now.
    pub(crate) fn tick(&mut self, now: MediaTime) -> bool {
        if self.draining.is_some_and(|since| now.since(since) > DRAIN) {
            self.finish();
        }
        let mut failed = false;
        if let Some(recording) = &mut self.recording {
            if let Some(recorder) = &recording.recorder {
                recording.last = recorder.status();
            }
            failed =
                matches!(recording.last.state, RecordState::Failed(_)) && recording.recorder.take().is_some();
        }
        self.reached = self.reached || self.statuses().iter().any(|(_, s)| s.first_accepted.is_some());
        failed && self.end_recording(now)
    }

    /// The last unit is in the ring.
    pub(crate) fn pipeline_finished(&mut self, id: u64) {
        if self.pipeline.as_ref().is_some_and(|p| p.id == id) && self.draining.is_some() {
            self.finish();
        }
    }

    /// The encoders are done, or given up.
    fn finish(&mut self) {
        self.pipeline = None;
        self.ready = false;
        self.draining = None;
        self.origin = None;
        self.end_unwanted();
    }

    fn end_unwanted(&mut self) {
        if !self.taping {
            self.close_recording();
        }
        if !self.airing && !self.stopping && (self.destinations.is_some() || self.room.is_some()) {
            self.end_destinations();
        }
    }

    fn end_destinations(&mut self) {
        self.stopping = true;
        let room = self.room.take();
        let (destinations, tell) = (self.destinations.take(), self.tell.clone());
        self.runtime.spawn(async move {
            if let Some(destinations) = destinations {
                destinations.stop().await;
            }
            // Closing the room joins its thread.
            let closed = tokio::task::spawn_blocking(move || drop(room)).await;
            if closed.is_err() {
                tracing::error!("the rehearsal room did not close properly");
            }
            tell(OutputReport::DestinationsEnded);
        });
    }

    /// All destinations have said goodbye.
    pub(crate) fn destinations_ended(&mut self) {
        self.stopping = false;
    }

    fn close_recording(&mut self) {
        let Some(recorder) = self.recording.as_mut().and_then(|r| r.recorder.take()) else { return };
        self.closing = true;
        let tell = self.tell.clone();
        self.runtime.spawn_blocking(move || tell(OutputReport::RecordingClosed(Box::new(recorder.finish()))));
    }

    /// The recording's file is closed.
    pub(crate) fn recording_closed(&mut self, status: RecordStatus) {
        self.closing = false;
        if let Some(recording) = self.recording.as_mut().filter(|r| r.last.path == status.path) {
            recording.last = status;
        }
    }

    /// Destinations that wait try again now.
    pub(crate) fn retry_now(&self) {
        if let Some(destinations) = &self.destinations {
            for destined in &self.destined {
                destinations.retry_now(destined.id);
            }
        }
    }

    /// Each destination's status under the actor's name for it.
    pub(crate) fn statuses(&self) -> Vec<(String, DestinationStatus)> {
        let Some(destinations) = &self.destinations else { return Vec::new() };
        let list = destinations.list();
        let key = |id| self.destined.iter().find(|d| d.id == id).map(|d| d.key.clone());
        list.into_iter().filter_map(|status| Some((key(status.id)?, status))).collect()
    }

    /// Whether any destination ever accepted a picture.
    pub(crate) fn was_reached(&self) -> bool {
        self.reached
    }

    /// Watch page address, status.
    pub(crate) fn room(&self) -> Option<(String, RoomStatus)> {
        self.room.as_ref().map(|room| (room.watch_url(), room.status()))
    }

    /// The recording, running or the last one.
    pub(crate) fn recording(&self) -> Option<RecordingView> {
        let recording = self.recording.as_ref()?;
        let error = match &recording.last.state {
            RecordState::Failed(error) => Some(errors::record(error)),
            _ => None,
        };
        Some(RecordingView {
            path: recording.last.path.clone(),
            began: recording.began,
            bytes: recording.last.bytes,
            running: recording.recorder.is_some() && error.is_none(),
            error,
        })
    }
}
