//! Commands, and what leaves the studio: going live, rehearsing, recording, ending.

use std::path::Path;
use std::time::{Duration, SystemTime};

use vitrine_codec::{EncoderChoice, VideoSettings};
use vitrine_protocol::{ErrorCode, UiError};
use vitrine_uplink::{PROGRAMME_LEAD, Target};

use super::Actor;
use crate::api::{Command, Reply};
use crate::broadcast::Broadcast;
use crate::desk::DeskCommand;
use crate::director::DirectorCommand;
use crate::errors;
use crate::outputs::OutputReport;
use crate::pipeline::{PipelineReport, PipelineSettings};
use crate::preferences::Resolved;
use crate::prepare::Prepared;

/// Ticks between now and the first one that is encoded: enough for both threads to have been told.
const HEAD_START: i64 = 2;
/// Seconds from keyframe to keyframe; what platforms ask for.
const KEYFRAME_SECS: u32 = 2;

impl Actor {
    pub(super) fn command(&mut self, prepared: Prepared) -> Result<Reply, UiError> {
        match prepared {
            Prepared::Plain(command) => self.plain(command)?,
            Prepared::Changed { answer, redirect } => {
                if let Some((key, target)) = redirect.filter(|_| self.broadcast.is_live()) {
                    self.outputs.redirect(&key, target);
                }
                let view = answer.and_then(|id| self.destination_views().into_iter().find(|v| v.id == id));
                return Ok(view.map_or(Reply::Done, Reply::Destination));
            }
            Prepared::AddSource { scene, made } => self.add_source(&scene, made)?,
            Prepared::ReplaceSource { source, made } => self.replace_source(&source, made)?,
            Prepared::StartLive(targets) => self.start_live(targets)?,
            Prepared::StartRehearsal { room, target } => self.start_rehearsal(*room, target)?,
            Prepared::StartRecording(path) => self.start_recording(&path)?,
        }
        Ok(Reply::Done)
    }

    fn plain(&mut self, command: Command) -> Result<(), UiError> {
        match command {
            Command::EditItem { scene, item, edit } => self.edit_item(&scene, &item, edit),
            Command::RestartSource { source } => {
                self.restart_source(&source);
                Ok(())
            }
            Command::AddScene { name } => self.add_scene(name),
            Command::RenameScene { scene, name } => {
                let what = format!("scene {scene}");
                self.edit(vitrine_scene::Edit::RenameScene { scene: scene.as_str().into(), name }, Some(what))
            }
            Command::RemoveScene { scene } => self.remove_scene(&scene),
            Command::TakeScene { scene } => self.take_scene(&scene),
            Command::SetTransition(view) => self.set_transition(view),
            Command::SetCanvasFormat(format) => self.set_canvas_format(format),
            Command::SetStrip { source, gain_db, muted } => self.set_strip(source, gain_db, muted),
            Command::Undo => self.undo(false),
            Command::Redo => self.undo(true),
            Command::StopBroadcast => {
                self.stop_broadcast();
                Ok(())
            }
            Command::RetryNow => {
                self.outputs.retry_now();
                Ok(())
            }
            Command::StopRecording => {
                let now = self.clock.now();
                if self.outputs.end_recording(now) {
                    self.disconnect_sinks();
                }
                Ok(())
            }
            // All others are prepared as something else.
            other => Err(errors::internal(format!("not prepared: {:?}", std::mem::discriminant(&other)))),
        }
    }

    fn pipeline_settings(&self) -> Result<PipelineSettings, UiError> {
        let profile = self.profile();
        let encoder = match profile.encoder.as_str() {
            "auto" => EncoderChoice::Auto,
            name => EncoderChoice::Only(
                name.parse()
                    .map_err(|e: vitrine_codec::UnknownEncoder| errors::bad_request(e.to_string()))?,
            ),
        };
        let video = VideoSettings {
            width: self.show.canvas.width,
            height: self.show.canvas.height,
            rate: self.show.canvas.rate,
            bitrate: profile.video_bitrate,
            preset: profile.preset,
            keyframe_secs: KEYFRAME_SECS,
            encoder,
        };
        Ok(PipelineSettings { video, audio_bitrate: profile.audio_bitrate })
    }

    fn start_live(&mut self, targets: Vec<Resolved>) -> Result<(), UiError> {
        let (settings, now) = (self.pipeline_settings()?, self.clock.now());
        let mut next = self.broadcast;
        next.go_live(now).map_err(|_| errors::wrong_phase())?;
        self.outputs.publish(targets, None, &settings, now).map_err(|e| errors::internal(&e))?;
        self.begin(next);
        Ok(())
    }

    fn start_rehearsal(&mut self, room: vitrine_rehearsal::Room, target: Target) -> Result<(), UiError> {
        let (settings, now) = (self.pipeline_settings()?, self.clock.now());
        let mut next = self.broadcast;
        if next.rehearse(now).is_err() {
            // Closing a room joins its thread.
            drop(std::thread::Builder::new().name("close room".into()).spawn(move || drop(room)));
            return Err(errors::wrong_phase());
        }
        let name = "rehearsal".to_owned();
        self.outputs
            .publish(vec![(name.clone(), name, target)], Some(room), &settings, now)
            .map_err(|e| errors::internal(&e))?;
        self.begin(next);
        Ok(())
    }

    fn begin(&mut self, next: Broadcast) {
        self.broadcast = next;
        self.fell_back = None;
        // A pipeline that already runs, for a recording, needs no waiting; its next frame is where viewers come in.
        if let Some(pipeline) = self.outputs.pipeline() {
            pipeline.request_key();
        }
        tracing::info!(phase = ?next, "begins");
    }

    fn start_recording(&mut self, path: &Path) -> Result<(), UiError> {
        if self.outputs.recording().is_some_and(|r| r.running) {
            return Err(errors::wrong_phase());
        }
        let settings = self.pipeline_settings()?;
        self.outputs.record(path, &settings, self.clock.now()).map_err(|e| Self::recording_error(&e, path))
    }

    fn stop_broadcast(&mut self) {
        let (now, before) = (self.clock.now(), self.broadcast);
        self.broadcast.end(now);
        // Pressed twice, it is still ending.
        if self.broadcast != before && self.outputs.end_broadcast(now) {
            self.disconnect_sinks();
        }
    }

    pub(super) fn output(&mut self, report: OutputReport) {
        match report {
            OutputReport::Pipeline(PipelineReport::Ready { id }) => self.connect(id),
            OutputReport::Pipeline(PipelineReport::FellBack { encoder }) => self.fell_back = Some(encoder),
            OutputReport::Pipeline(PipelineReport::Failed { id, reason }) => self.pipeline_failed(id, reason),
            OutputReport::Pipeline(PipelineReport::Finished { id }) => self.outputs.pipeline_finished(id),
            OutputReport::DestinationsEnded => {
                self.outputs.destinations_ended();
                tracing::info!("off air");
                self.broadcast.closed();
            }
            OutputReport::RecordingClosed(status) => self.outputs.recording_closed(*status),
        }
    }

    /// The encoders are open: from a tick in the near future on, programme goes to them.
    fn connect(&mut self, id: u64) {
        let now = self.clock.now();
        let rate = self.show.canvas.rate;
        let base_tick = rate.tick_at(now) + HEAD_START;
        let base = rate.tick_time(base_tick);
        let (then, wall) = self.wall;
        let origin = wall + base.since(then) - PROGRAMME_LEAD;
        if let Some((video, audio)) = self.outputs.connect(id, base_tick, base, origin) {
            self.direct(DirectorCommand::Sink(Some(video)));
            self.to_desk(DeskCommand::Sink(Some(audio)));
        }
    }

    fn pipeline_failed(&mut self, id: u64, reason: String) {
        if self.outputs.pipeline().is_none_or(|p| p.id != id) {
            return;
        }
        tracing::error!(reason, "nothing can be encoded; everything that leaves is ended");
        let error = errors::ui_error(ErrorCode::NoEncoder, errors::params([("detail", reason)]), true);
        self.set_fault(error);
        let now = self.clock.now();
        self.broadcast.end(now);
        if self.outputs.end_all(now) {
            self.disconnect_sinks();
        }
    }

    /// A wall-clock instant of session time.
    pub(super) fn wall_time(&self, at: vitrine_media::MediaTime) -> SystemTime {
        let (then, wall) = self.wall;
        wall + at.since(then)
    }

    /// Since when nobody receives although somebody should, in whole seconds.
    pub(super) fn off_air_secs(&self) -> Option<u64> {
        let now = self.clock.now();
        match &self.broadcast {
            Broadcast::Live(live) => live.off_since.map(|since| now.since(since).as_secs()),
            Broadcast::Starting { since } => {
                let waited = now.since(*since);
                (waited > Duration::from_secs(10)).then_some(waited.as_secs())
            }
            _ => None,
        }
    }

    fn set_fault(&self, error: UiError) {
        self.published
            .verdict
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .fault
            .get_or_insert(error);
    }
}
