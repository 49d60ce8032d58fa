//! Everything that leaves the studio: the pipeline while anything does, destinations, the rehearsal room, the
//! recording.
//!
//! Owned by the actor and called only from it; nothing here blocks. The end has an order: first the encoders are
//! drained (their last pictures still go out), then destinations say goodbye, then the recording is closed. What may
//! wait (a goodbye, a disk) waits elsewhere and comes back as an [`OutputReport`].

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use vitrine_media::MediaTime;
use vitrine_protocol::ErrorCode;
use vitrine_rehearsal::{Room, RoomStatus};
use vitrine_uplink::{
    ConnectOptions, DestinationId, DestinationSpec, DestinationStatus, Destinations, PROGRAMME_LEAD,
    RecordError, RecordState, RecordStatus, Recorder, Target,
};

use crate::errors;
use crate::pipeline::{AudioSink, Pipeline, PipelineReport, PipelineSettings, VideoSink};

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

struct Recording {
    recorder: Option<Recorder>,
    began: SystemTime,
    last: RecordStatus,
}

/// What is ending, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ending {
    since: MediaTime,
    destinations: bool,
    recording: bool,
}

/// The sinks to connect, `None` to disconnect.
pub(crate) type Sinks = Option<(VideoSink, AudioSink)>;

pub(crate) struct Outputs {
    runtime: tokio::runtime::Handle,
    tell: Tell,
    next_pipeline: u64,
    pipeline: Option<Pipeline>,
    ready: bool,
    destinations: Option<Destinations>,
    destined: Vec<Destined>,
    room: Option<Room>,
    recording: Option<Recording>,
    ending: Option<Ending>,
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
            destinations: None,
            destined: Vec::new(),
            room: None,
            recording: None,
            ending: None,
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

    /// Starts publishing to `targets`, each with the actor's name for it.
    pub(crate) fn publish(
        &mut self,
        targets: Vec<(String, String, Target)>,
        settings: &PipelineSettings,
        now: MediaTime,
    ) -> std::io::Result<()> {
        let ring = self.need_pipeline(settings)?.ring.clone();
        let destinations = Destinations::new(self.runtime.clone(), ring, now, ConnectOptions::default());
        self.destined = targets
            .into_iter()
            .map(|(key, name, target)| Destined {
                key,
                id: destinations.add(DestinationSpec::new(name, target)),
            })
            .collect();
        self.destinations = Some(destinations);
        Ok(())
    }

    /// Keeps the room open until the rehearsal ends.
    pub(crate) fn keep_room(&mut self, room: Room) {
        self.room = Some(room);
    }

    /// Starts recording into `path`.
    pub(crate) fn record(&mut self, path: &Path, settings: &PipelineSettings) -> Result<(), RecordError> {
        let pipeline = self.need_pipeline(settings).map_err(|e| RecordError::Io(e.kind()))?;
        let started = Recorder::start(&pipeline.ring, path);
        // A recording that joins a running encode begins with a picture of its own, not two seconds earlier.
        pipeline.request_key();
        match started {
            Ok(recorder) => {
                let last = recorder.status();
                self.recording = Some(Recording { recorder: Some(recorder), began: SystemTime::now(), last });
                Ok(())
            }
            Err(error) => {
                self.recording = None;
                Err(error)
            }
        }
    }

    fn need_pipeline(&mut self, settings: &PipelineSettings) -> std::io::Result<&Pipeline> {
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
        let pipeline = self.pipeline.as_ref().filter(|p| p.id == id)?;
        if self.ending.is_some() {
            return None;
        }
        self.ready = true;
        if let Some(room) = &self.room {
            // RTMP timestamps carry the uplink's lead.
            room.set_time_origin(origin.checked_sub(PROGRAMME_LEAD));
        }
        Some(pipeline.sinks(base_tick, base))
    }

    /// The host ends the broadcast. Whether sinks are to be disconnected now (nothing else needs them).
    pub(crate) fn end_broadcast(&mut self, now: MediaTime) -> bool {
        let recording = self.recording.as_ref().is_some_and(|r| r.recorder.is_some());
        if recording {
            self.end_destinations();
            return false;
        }
        self.begin_ending(now, true, false)
    }

    /// The host ends the recording. Whether sinks are to be disconnected now.
    pub(crate) fn end_recording(&mut self, now: MediaTime) -> bool {
        if self.destinations.is_some() {
            self.close_recording();
            return false;
        }
        self.begin_ending(now, false, true)
    }

    /// Everything ends, as when the studio closes.
    pub(crate) fn end_all(&mut self, now: MediaTime) -> bool {
        self.begin_ending(now, true, true)
    }

    fn begin_ending(&mut self, now: MediaTime, destinations: bool, recording: bool) -> bool {
        if self.pipeline.is_none() {
            self.end_destinations();
            return false;
        }
        self.ending = Some(Ending { since: now, destinations, recording });
        if !self.ready {
            self.drained();
        }
        true
    }

    /// Called about 20 times a second: an encoder that does not drain is not waited for.
    pub(crate) fn tick(&mut self, now: MediaTime) {
        if self.ending.is_some_and(|e| now.since(e.since) > DRAIN) {
            self.drained();
        }
        if let Some(Recording { recorder: Some(recorder), last, .. }) = &mut self.recording {
            *last = recorder.status();
        }
        self.reached = self.reached || self.statuses().iter().any(|(_, s)| s.first_accepted.is_some());
    }

    /// The last unit is in the ring.
    pub(crate) fn pipeline_finished(&mut self, id: u64) {
        if self.pipeline.as_ref().is_some_and(|p| p.id == id) {
            self.drained();
        }
    }

    fn drained(&mut self) {
        let Some(ending) = self.ending.take() else { return };
        self.pipeline = None;
        self.ready = false;
        if ending.recording {
            self.close_recording();
        }
        if ending.destinations {
            self.end_destinations();
        }
    }

    fn end_destinations(&mut self) {
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

    fn close_recording(&mut self) {
        let Some(recorder) = self.recording.as_mut().and_then(|r| r.recorder.take()) else { return };
        let tell = self.tell.clone();
        self.runtime.spawn_blocking(move || tell(OutputReport::RecordingClosed(Box::new(recorder.finish()))));
    }

    /// The recording's file is closed.
    pub(crate) fn recording_closed(&mut self, status: RecordStatus) {
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
