//! What others see of the studio: snapshot and events, telemetry, status lines, alarms.

use std::collections::{BTreeMap, VecDeque};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use vitrine_media::{MediaTime, SourceState};
use vitrine_protocol::{
    AudioStatus, DestinationMeter, DestinationState as StateView, DestinationStatus as StatusLine,
    DestinationView, Event, EventBody, LevelVerdict, LiveHealth, Phase, ProcessStatus, ProgrammeMeter,
    RecordStatus, RehearsalView, SecretView, Snapshot, SourceStatus, SourceView, Status, StripMeter,
    Telemetry, VideoStatus,
};
use vitrine_scene::Input;
use vitrine_sound::Verdict as SoundVerdict;
use vitrine_uplink::{DestinationState, DestinationStatus};

use super::Actor;
use crate::alarms::{self, Observed, ObservedDestination, ObservedSource, code_name};
use crate::broadcast::Broadcast;
use crate::chronicle::Figures;
use crate::process::ProcessUse;
use crate::{casting, errors, views};

/// How far back the share of dropped frames looks.
const DROPS_SPAN: Duration = Duration::from_secs(10);

/// Frames from which a share of them means something: three seconds.
const JUDGED: u64 = 90;

/// Readings kept between looks.
#[derive(Default)]
pub(crate) struct Meters {
    process: ProcessUse,
    process_read: Option<MediaTime>,
    /// Ticks drawn over the last second: time and count.
    drawn: VecDeque<(MediaTime, u64)>,
    /// Frames encoded and dropped over the last ten seconds.
    drops: VecDeque<(MediaTime, u64, u64)>,
    fps: f64,
    dropped_share: f64,
}

/// Milliseconds since the Unix epoch.
pub(super) fn unix_millis(at: SystemTime) -> f64 {
    at.duration_since(UNIX_EPOCH).map_or(0.0, |d| d.as_millis() as f64)
}

fn state_name(state: SourceState) -> &'static str {
    match state {
        SourceState::Warming => "warming",
        SourceState::Live => "live",
        SourceState::Held => "held",
        SourceState::Lost => "lost",
        SourceState::Gone => "gone",
    }
}

fn state_view(status: &DestinationStatus) -> StateView {
    match status.state {
        DestinationState::Connecting => StateView::Connecting,
        DestinationState::Publishing => StateView::Live,
        DestinationState::Waiting { .. } => StateView::Waiting,
        DestinationState::Refused { .. } => StateView::Rejected,
        DestinationState::Stopped => StateView::Off,
    }
}

impl Meters {
    /// Rates over the last second and the last ten.
    fn observe(&mut self, now: MediaTime, drawn: u64, encoded: u64, dropped: u64) {
        self.drawn.push_back((now, drawn));
        while self.drawn.front().is_some_and(|(at, _)| now.since(*at) > Duration::from_secs(1))
            && self.drawn.len() > 2
        {
            self.drawn.pop_front();
        }
        if let (Some((then, before)), true) = (self.drawn.front(), self.drawn.len() > 1) {
            let span = now.since(*then).as_secs_f64();
            self.fps = if span > 0.0 { drawn.saturating_sub(*before) as f64 / span } else { 0.0 };
        }
        self.drops.push_back((now, encoded, dropped));
        while self.drops.front().is_some_and(|(at, _, _)| now.since(*at) > DROPS_SPAN) {
            self.drops.pop_front();
        }
        if let Some((_, e, d)) = self.drops.front() {
            let (e, d) = (encoded.saturating_sub(*e), dropped.saturating_sub(*d));
            // A frame or two while the encoder fills up says nothing about the computer.
            self.dropped_share = if e + d >= JUDGED { d as f64 / (e + d) as f64 } else { 0.0 };
        }
    }
}

impl Actor {
    /// Publishes every aggregate that differs from what was published last.
    pub(super) fn publish(&mut self) {
        let states = self.picture.report.states();
        let bodies = [
            EventBody::Phase(self.phase()),
            EventBody::Show(self.show_view()),
            EventBody::Sources(self.source_views(&states)),
            EventBody::Devices(self.devices.clone()),
            EventBody::Destinations(self.destination_views()),
            EventBody::Recording(
                self.outputs.recording().filter(|r| r.running || r.error.is_some()).map(Self::recording_view),
            ),
            EventBody::Rehearsal(self.rehearsal_view()),
            EventBody::Alarms(self.alarms(&states)),
            EventBody::Settings(self.preferences.view()),
        ];
        let mut snapshot = self.published.snapshot.lock().unwrap_or_else(PoisonError::into_inner);
        for body in bodies {
            if replace(&mut snapshot, &body) {
                snapshot.revision = snapshot.revision.wrapping_add(1);
                // Nobody may be listening.
                let _ = self.published.events.send(Event { revision: snapshot.revision, body });
            }
        }
    }

    fn phase(&self) -> Phase {
        match &self.broadcast {
            Broadcast::Idle => Phase::Idle,
            // Whole seconds: a fraction would be an event twenty times a second.
            Broadcast::Starting { since } => {
                Phase::Starting { seconds: self.clock.now().since(*since).as_secs() as f64 }
            }
            Broadcast::Live(live) => {
                let health = if live.off_since.is_some() {
                    LiveHealth::Reconnecting
                } else if live.partly || self.meters.dropped_share > 0.01 {
                    LiveHealth::Degraded
                } else {
                    LiveHealth::Healthy
                };
                Phase::Live { since_millis: unix_millis(self.wall_time(live.since)), health }
            }
            Broadcast::Rehearsal { since } => {
                Phase::Rehearsal { since_millis: unix_millis(self.wall_time(*since)) }
            }
            Broadcast::Ending(_) => Phase::Ending,
            Broadcast::Ended(ended) => Phase::Ended {
                seconds: ended.length.as_secs() as f64,
                longest_gap_millis: ended.longest_gap.as_millis() as u32,
                rehearsal: ended.rehearsal,
            },
        }
    }

    fn show_view(&self) -> vitrine_protocol::ShowView {
        let undo = Self::step_name(self.history.next_undo());
        let redo = Self::step_name(self.history.next_redo());
        let on_air = self.picture.report.on_programme().unwrap_or_else(|| self.scene.clone());
        views::show(&self.show, on_air.as_str(), self.unsaved_since.is_none(), undo, redo)
    }

    fn source_views(&self, states: &BTreeMap<String, (SourceState, MediaTime)>) -> Vec<SourceView> {
        let now = self.clock.now();
        let view = |source: &vitrine_scene::Source| {
            let id = source.id.as_str();
            let (state, silent_since) = self.source_state(id, states);
            let fault = self.source_fault(id);
            SourceView {
                id: id.to_owned(),
                name: source.name.clone(),
                kind: casting::kind(&source.input),
                detail: self
                    .device_name(&casting::detail(&source.input))
                    .unwrap_or_else(|| casting::detail(&source.input)),
                state: state_name(state).to_owned(),
                error: fault.as_ref().map(|(code, _)| *code),
                params: fault.map(|(_, params)| params).unwrap_or_default(),
                // Whole seconds, see above.
                silent_secs: silent_since.map(|since| now.since(since).as_secs() as f32),
            }
        };
        self.show.sources.iter().map(view).collect()
    }

    fn source_fault(&self, id: &str) -> Option<(vitrine_protocol::ErrorCode, vitrine_protocol::Params)> {
        let reports = [self.cast.picture(id), self.cast.sound(id)];
        let failed = reports.into_iter().flatten().find(|r| !r.open && r.error.is_some())?;
        failed.error.as_ref().map(errors::capture)
    }

    pub(super) fn destination_views(&self) -> Vec<DestinationView> {
        let statuses = self.outputs.statuses();
        let live = self.broadcast.is_live();
        let kept = self.preferences.destinations().into_iter().map(|(destination, key)| {
            let status = statuses.iter().find(|(id, _)| live && *id == destination.id.0).map(|(_, s)| s);
            DestinationView {
                id: destination.id.0,
                name: destination.name,
                url: destination.url,
                key,
                enabled: destination.enabled,
                state: status.map_or(StateView::Off, state_view),
                error: status.and_then(|s| s.error.as_ref()).map(errors::uplink),
                reconnects: status.map_or(0, |s| s.reconnects),
            }
        });
        let mut views: Vec<DestinationView> = kept.collect();
        // Ways out that are not in the settings: given on the command line.
        for (id, status) in
            statuses.iter().filter(|(id, _)| live && !views.iter().any(|v| v.id == *id)).collect::<Vec<_>>()
        {
            views.push(DestinationView {
                id: id.clone(),
                name: status.name.clone(),
                url: status.address.clone(),
                key: SecretView { present: true, last4: None },
                enabled: true,
                state: state_view(status),
                error: status.error.as_ref().map(errors::uplink),
                reconnects: status.reconnects,
            });
        }
        views
    }

    fn rehearsal_view(&self) -> Option<RehearsalView> {
        let (watch_url, status) = self.outputs.room()?;
        let page = status.pages.last();
        Some(RehearsalView {
            watch_url,
            viewers: status.viewers as u32,
            delay_millis: page.and_then(|p| p.latency_millis).map(|d| (d / 50.0).round() as f32 * 50.0),
            picture_ok: page.map(|p| p.state == vitrine_rehearsal::PageState::Live),
            sound_ok: page.and_then(|p| p.sound_peak_db).map(|db| db > -60.0),
        })
    }

    fn alarms(&self, states: &BTreeMap<String, (SourceState, MediaTime)>) -> Vec<vitrine_protocol::Alarm> {
        let now = self.clock.now();
        let desk = self.desk_reports.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let shown = self.show.sources_of(&self.scene);
        let observed = self.show.sources.iter().filter_map(|source| {
            let microphone = matches!(source.input, Input::Microphone(_));
            if !microphone && !shown.contains(&source.id) {
                return None;
            }
            let (state, silent_since) = self.source_state(source.id.as_str(), states);
            Some(ObservedSource {
                id: source.id.as_str().to_owned(),
                name: source.name.clone(),
                state,
                microphone,
                silent_secs: silent_since.map_or(0, |since| now.since(since).as_secs()),
            })
        });
        let destinations = self.destination_views();
        let seen = Observed {
            live: self.broadcast.is_live(),
            off_air_secs: self.off_air_secs(),
            sources: observed.collect(),
            sound: desk.strips.iter().filter_map(|(id, _, alarm)| Some((id.clone(), (*alarm)?))).collect(),
            clipping: desk.programme.is_some_and(|p| p.verdict == SoundVerdict::Clipping),
            destinations: destinations
                .iter()
                .filter(|d| d.state != StateView::Off)
                .map(|d| ObservedDestination {
                    id: d.id.clone(),
                    name: d.name.clone(),
                    state: d.state,
                    error: d.error,
                })
                .collect(),
            recording_error: self.outputs.recording().and_then(|r| r.error),
            fell_back: self.fell_back.clone(),
            dropped_share: self.meters.dropped_share,
            vault_in_memory: self.preferences.keys_in_memory() && !destinations.is_empty(),
        };
        alarms::alarms(&seen)
    }

    /// Takes all readings and publishes those that change all the time.
    pub(super) fn measure(&mut self, now: MediaTime) {
        let drawn = self.picture.report.drawn.load(Ordering::Relaxed);
        let (encoded, dropped) = self.frame_counts();
        self.meters.observe(now, drawn, encoded, dropped);
        if self.meters.process_read.is_none_or(|at| now.since(at) >= Duration::from_secs(1)) {
            self.meters.process = self.process.read();
            self.meters.process_read = Some(now);
        }
        let status = self.status(now);
        self.published.telemetry.send_replace(self.telemetry(now, &status));
        *self.published.status.lock().unwrap_or_else(PoisonError::into_inner) = status;
        let mut verdict = self.published.verdict.lock().unwrap_or_else(PoisonError::into_inner);
        verdict.reached = self.outputs.was_reached();
        verdict.source_error = self.show.sources.iter().find_map(|source| {
            let (code, params) = self.source_fault(source.id.as_str())?;
            Some((
                source.name.clone(),
                vitrine_protocol::UiError { code, params, retryable: true, trace_id: String::new() },
            ))
        });
    }

    /// Tells the history how things stand.
    pub(super) fn record_history(&mut self) {
        let figures = self.outputs.pipeline().map(|p| Figures {
            frames: p.counters.encoded.load(Ordering::Relaxed),
            dropped: p.counters.dropped.load(Ordering::Relaxed),
            reconnects: self.outputs.statuses().iter().map(|(_, s)| s.reconnects).sum(),
        });
        let failed = self.published.verdict.lock().unwrap_or_else(PoisonError::into_inner).fault.is_some();
        let (state, outputs) = (self.state_word(), &self.outputs);
        let ids = || outputs.statuses().into_iter().map(|(id, _)| id).collect();
        self.chronicle.observe(&self.broadcast, state, figures, failed, ids);
    }

    fn frame_counts(&self) -> (u64, u64) {
        self.outputs.pipeline().map_or((0, 0), |p| {
            (p.counters.encoded.load(Ordering::Relaxed), p.counters.dropped.load(Ordering::Relaxed))
        })
    }

    fn status(&self, now: MediaTime) -> Status {
        let report = &self.picture.report;
        let desk = self.desk_reports.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let states = report.states();
        let (encoded, dropped) = self.frame_counts();
        let pipeline = self.outputs.pipeline();
        let source = |source: &vitrine_scene::Source| {
            let (state, _) = self.source_state(source.id.as_str(), &states);
            SourceStatus {
                name: source.name.clone(),
                state: state_name(state).to_owned(),
                error: self.source_fault(source.id.as_str()).map(|(code, _)| code_name(code)),
            }
        };
        Status {
            t: now.secs_f64(),
            state: self.state_word().to_owned(),
            video: VideoStatus {
                fps: (self.meters.fps * 10.0).round() / 10.0,
                encoded,
                dropped_before_encode: dropped,
                repeated: report.repeated.load(Ordering::Relaxed),
                late_ticks: report.late.load(Ordering::Relaxed),
                encoder: pipeline.map(|p| p.counters.encoder()).unwrap_or_default(),
                bitrate: pipeline.map_or(0, |p| p.counters.bitrate.bits_per_second()),
            },
            audio: AudioStatus {
                xruns: desk.xruns,
                level_db: desk.programme.map_or(-100.0, |p| f64::from(p.level.rms_db.max(-100.0))),
            },
            sources: self.show.sources.iter().map(source).collect(),
            destinations: self.outputs.statuses().iter().map(|(_, s)| status_line(s)).collect(),
            record: self.outputs.recording().map(|r| RecordStatus {
                path: r.path.to_string_lossy().into_owned(),
                bytes: r.bytes,
                error: r.error.map(code_name),
            }),
            process: ProcessStatus { cpu: self.meters.process.cpu, rss_mb: self.meters.process.rss_mb },
        }
    }

    fn state_word(&self) -> &'static str {
        match &self.broadcast {
            Broadcast::Starting { .. } => "starting",
            Broadcast::Live(live) if live.off_since.is_some() => "reconnecting",
            Broadcast::Live(_) => "live",
            Broadcast::Rehearsal { .. } => "rehearsal",
            Broadcast::Ending(_) => "ending",
            Broadcast::Idle | Broadcast::Ended(_) => {
                if self.outputs.recording().is_some_and(|r| r.running) {
                    "recording"
                } else {
                    "idle"
                }
            }
        }
    }

    fn telemetry(&self, now: MediaTime, status: &Status) -> Telemetry {
        let desk = self.desk_reports.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let floor = |db: f32| db.max(-100.0);
        let strip =
            |(source, meter, _): &(String, vitrine_sound::StripMeter, Option<vitrine_sound::SoundAlarm>)| {
                StripMeter {
                    source: source.clone(),
                    rms_db: floor(meter.output.rms_db),
                    peak_db: floor(meter.output.hold_db),
                    clipped: meter.output.clipped,
                }
            };
        let meter = |(id, s): &(String, DestinationStatus)| DestinationMeter {
            id: id.clone(),
            bitrate: u32::try_from(s.bitrate_bps).unwrap_or(u32::MAX),
            queue_millis: s.queue_millis,
            rtt_millis: s.rtt_millis.map(|ms| ms as f32),
        };
        Telemetry {
            t: now.secs_f64(),
            strips: desk.strips.iter().map(strip).collect(),
            programme: desk.programme.map(programme_meter).unwrap_or_default(),
            fps: status.video.fps as f32,
            dropped: u32::try_from(status.video.dropped_before_encode).unwrap_or(u32::MAX),
            encoder: status.video.encoder.clone(),
            bitrate: u32::try_from(status.video.bitrate).unwrap_or(u32::MAX),
            destinations: self.outputs.statuses().iter().map(meter).collect(),
            recorded_bytes: self.outputs.recording().map_or(0.0, |r| r.bytes as f64),
            cpu: self.meters.process.cpu as f32,
        }
    }
}

fn programme_meter(meter: vitrine_sound::ProgrammeMeter) -> ProgrammeMeter {
    let floor = |db: f32| db.max(-100.0);
    ProgrammeMeter {
        rms_db: meter.sides.map(|side| floor(side.rms_db)),
        peak_db: meter.sides.map(|side| floor(side.hold_db)),
        lufs: meter.loudness.short_term,
        true_peak_db: meter.loudness.true_peak_db,
        verdict: match meter.verdict {
            SoundVerdict::Silent => LevelVerdict::Silent,
            SoundVerdict::TooQuiet => LevelVerdict::TooQuiet,
            SoundVerdict::JustRight => LevelVerdict::JustRight,
            SoundVerdict::TooLoud => LevelVerdict::TooLoud,
            SoundVerdict::Clipping => LevelVerdict::Clipping,
        },
    }
}

fn status_line(status: &DestinationStatus) -> StatusLine {
    let state = match state_view(status) {
        StateView::Off | StateView::Connecting => "connecting",
        StateView::Live => "live",
        StateView::Waiting => "waiting",
        StateView::Rejected => "rejected",
    };
    StatusLine {
        name: status.name.clone(),
        state: state.to_owned(),
        bitrate: status.bitrate_bps,
        queue_ms: u64::from(status.queue_millis),
        rtt_ms: status.rtt_millis.map(f64::from),
        reconnects: u64::from(status.reconnects),
        error: status.error.as_ref().map(|e| code_name(errors::uplink(e))),
    }
}

/// Puts an aggregate into the snapshot; whether it differed.
fn replace(snapshot: &mut Snapshot, body: &EventBody) -> bool {
    fn put<T: PartialEq + Clone>(slot: &mut T, value: &T) -> bool {
        let differs = slot != value;
        if differs {
            slot.clone_from(value);
        }
        differs
    }
    match body {
        EventBody::Phase(v) => put(&mut snapshot.phase, v),
        EventBody::Show(v) => put(&mut snapshot.show, v),
        EventBody::Sources(v) => put(&mut snapshot.sources, v),
        EventBody::Devices(v) => put(&mut snapshot.devices, v),
        EventBody::Destinations(v) => put(&mut snapshot.destinations, v),
        EventBody::Recording(v) => put(&mut snapshot.recording, v),
        EventBody::Rehearsal(v) => put(&mut snapshot.rehearsal, v),
        EventBody::Alarms(v) => put(&mut snapshot.alarms, v),
        EventBody::Settings(v) => put(&mut snapshot.settings, v),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_measured_over_the_last_second_and_drops_over_ten() {
        let mut meters = Meters::default();
        for n in 0..=100u64 {
            meters.observe(MediaTime::from_millis(n as i64 * 50), n * 3 / 2, n * 2, n / 2);
        }
        assert!((meters.fps - 30.0).abs() < 1.0, "{}", meters.fps);
        assert!((meters.dropped_share - 0.2).abs() < 0.01, "{}", meters.dropped_share);
    }
}
