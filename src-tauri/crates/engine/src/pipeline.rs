//! From programme to encoded units: the two encoder threads, the interleaver and the ring.
//!
//! A pipeline lives while anything leaves the studio: a broadcast, a rehearsal, a recording; one encode serves them
//! all. Its time begins at zero with its first tick. Queues are bounded: when the video encoder is more than four
//! frames behind, frames are dropped before encoding, keep their place in time and are counted; sound is small and
//! its queue holds a second.
//!
//! Threads: `encode video`, `encode audio`. Locks: the interleaver, for two queue operations.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use vitrine_codec::{AacEncoder, VideoEncoder, VideoSettings};
use vitrine_media::{AccessUnit, AudioBlock, MediaTime, TrackKind, VideoFrame};
use vitrine_uplink::{Interleaver, UnitRing};

use crate::rate::RateMeter;

/// Frames waiting for the video encoder.
const VIDEO_QUEUE: usize = 4;
/// Blocks of 10 ms waiting for the audio encoder.
const AUDIO_QUEUE: usize = 100;

/// What a pipeline tells the actor.
#[derive(Clone, Debug)]
pub(crate) enum PipelineReport {
    /// Both encoders are open: pictures and sound may come.
    Ready {
        /// Which pipeline.
        id: u64,
    },
    /// An encoder took over from another.
    FellBack {
        /// Its name.
        encoder: String,
    },
    /// No encoder works; nothing can leave.
    Failed {
        /// Which pipeline.
        id: u64,
        /// What was tried.
        reason: String,
    },
    /// The last unit is in the ring.
    Finished {
        /// Which pipeline.
        id: u64,
    },
}

/// Settings of a pipeline.
#[derive(Clone, Debug)]
pub(crate) struct PipelineSettings {
    pub(crate) video: VideoSettings,
    pub(crate) audio_bitrate: u32,
}

/// Counters, read by status and telemetry.
#[derive(Debug, Default)]
pub(crate) struct PipelineCounters {
    pub(crate) encoded: AtomicU64,
    pub(crate) dropped: AtomicU64,
    pub(crate) audio_dropped: AtomicU64,
    pub(crate) bitrate: RateMeter,
    encoder: Mutex<String>,
}

impl PipelineCounters {
    /// Name of the encoder at work; empty before it is open.
    pub(crate) fn encoder(&self) -> String {
        self.encoder.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A running pipeline. Dropping both sinks (and this) lets it drain and finish.
pub(crate) struct Pipeline {
    pub(crate) id: u64,
    pub(crate) ring: UnitRing,
    pub(crate) counters: Arc<PipelineCounters>,
    video: SyncSender<(i64, VideoFrame)>,
    audio: SyncSender<AudioBlock>,
    key: Arc<AtomicBool>,
}

/// The director's end: takes programme frames.
#[derive(Clone)]
pub(crate) struct VideoSink {
    queue: SyncSender<(i64, VideoFrame)>,
    counters: Arc<PipelineCounters>,
    /// Tick of the director that is this pipeline's tick 0.
    base_tick: i64,
}

impl VideoSink {
    /// Hands a frame over, or drops it when the encoder is too far behind.
    pub(crate) fn send(&self, tick: i64, frame: &VideoFrame) {
        if tick < self.base_tick {
            return;
        }
        if let Err(TrySendError::Full(_)) = self.queue.try_send((tick - self.base_tick, frame.clone())) {
            self.counters.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The sound thread's end: takes programme blocks.
#[derive(Clone)]
pub(crate) struct AudioSink {
    queue: SyncSender<AudioBlock>,
    counters: Arc<PipelineCounters>,
    /// Session time that is this pipeline's zero.
    base: MediaTime,
}

impl AudioSink {
    /// Hands a block over; its time becomes the pipeline's.
    pub(crate) fn send(&self, block: &AudioBlock) {
        if block.pts < self.base {
            return;
        }
        let mut block = block.clone();
        block.pts = MediaTime::from_nanos(block.pts.nanos() - self.base.nanos());
        if let Err(TrySendError::Full(_)) = self.queue.try_send(block) {
            self.counters.audio_dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Pipeline {
    /// Starts the threads. Encoders open there; [`PipelineReport::Ready`] says when the sinks may be connected.
    pub(crate) fn start(
        id: u64,
        settings: PipelineSettings,
        report: impl Fn(PipelineReport) + Clone + Send + 'static,
    ) -> std::io::Result<Self> {
        let (video, frames) = sync_channel(VIDEO_QUEUE);
        let (audio, blocks) = sync_channel(AUDIO_QUEUE);
        let (ring, counters) = (UnitRing::default(), Arc::<PipelineCounters>::default());
        let shared = Shared {
            id,
            ring: ring.clone(),
            interleaver: Arc::default(),
            counters: Arc::clone(&counters),
            open: Arc::new(AtomicU64::new(2)),
            alive: Arc::new(AtomicU64::new(2)),
        };
        let key = Arc::new(AtomicBool::new(false));
        let (for_video, wants_key, tell) = (shared.clone(), Arc::clone(&key), report.clone());
        let video_settings = settings.video;
        std::thread::Builder::new().name("encode video".into()).spawn(move || {
            for_video.guarded(&tell, || encode_video(&for_video, video_settings, &frames, &wants_key, &tell));
        })?;
        std::thread::Builder::new().name("encode audio".into()).spawn(move || {
            shared.guarded(&report, || encode_audio(&shared, settings.audio_bitrate, &blocks, &report));
        })?;
        Ok(Self { id, ring, counters, video, audio, key })
    }

    /// The ends for director and sound thread, for a pipeline whose tick 0 is `base_tick`, due at `base`.
    pub(crate) fn sinks(&self, base_tick: i64, base: MediaTime) -> (VideoSink, AudioSink) {
        (
            VideoSink { queue: self.video.clone(), counters: Arc::clone(&self.counters), base_tick },
            AudioSink { queue: self.audio.clone(), counters: Arc::clone(&self.counters), base },
        )
    }

    /// Makes the next frame a keyframe.
    pub(crate) fn request_key(&self) {
        self.key.store(true, Ordering::Release);
    }
}

#[derive(Clone)]
struct Shared {
    id: u64,
    ring: UnitRing,
    interleaver: Arc<Mutex<Interleaver>>,
    counters: Arc<PipelineCounters>,
    /// Encoders still to open.
    open: Arc<AtomicU64>,
    /// Encoders not finished.
    alive: Arc<AtomicU64>,
}

impl Shared {
    fn opened(&self, report: &impl Fn(PipelineReport)) {
        if self.open.fetch_sub(1, Ordering::AcqRel) == 1 {
            report(PipelineReport::Ready { id: self.id });
        }
    }

    fn push(&self, units: &mut Vec<AccessUnit>) {
        let mut interleaver = self.interleaver.lock().unwrap_or_else(PoisonError::into_inner);
        for unit in units.drain(..) {
            if unit.track == TrackKind::Video {
                self.counters.encoded.fetch_add(1, Ordering::Relaxed);
            }
            self.counters.bitrate.add(unit.data.len());
            interleaver.push(unit);
        }
        while let Some(unit) = interleaver.pop() {
            self.ring.push(unit);
        }
    }

    /// Runs an encoder's thread; a panic in it is a failure to encode, told like any other.
    fn guarded(&self, report: &impl Fn(PipelineReport), encode: impl FnOnce()) {
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(encode)).is_err() {
            tracing::error!("an encoder's thread panicked");
            report(PipelineReport::Failed { id: self.id, reason: "an encoder failed inside".to_owned() });
            self.finished(report);
        }
    }

    fn finished(&self, report: &impl Fn(PipelineReport)) {
        if self.alive.fetch_sub(1, Ordering::AcqRel) == 1 {
            let mut interleaver = self.interleaver.lock().unwrap_or_else(PoisonError::into_inner);
            while let Some(unit) = interleaver.flush() {
                self.ring.push(unit);
            }
            drop(interleaver);
            self.ring.close();
            report(PipelineReport::Finished { id: self.id });
        }
    }
}

fn encode_video(
    shared: &Shared,
    settings: VideoSettings,
    frames: &Receiver<(i64, VideoFrame)>,
    wants_key: &AtomicBool,
    report: &impl Fn(PipelineReport),
) {
    let name = |encoder: &VideoEncoder| {
        *shared.counters.encoder.lock().unwrap_or_else(PoisonError::into_inner) = encoder.kind().to_string();
    };
    let mut units = Vec::new();
    let mut encoder = match VideoEncoder::open(settings) {
        Ok(encoder) => encoder,
        Err(error) => {
            tracing::error!(%error, "no video encoder");
            report(PipelineReport::Failed { id: shared.id, reason: error.to_string() });
            return shared.finished(report);
        }
    };
    name(&encoder);
    let mut fallbacks = 0;
    shared.opened(report);
    while let Ok((tick, frame)) = frames.recv() {
        let key = wants_key.swap(false, Ordering::AcqRel);
        if let Err(error) = encoder.encode(&frame, tick, key, &mut units) {
            tracing::error!(%error, "the video encoder failed and none could take over");
            report(PipelineReport::Failed { id: shared.id, reason: error.to_string() });
            break;
        }
        if encoder.fallbacks() != fallbacks {
            fallbacks = encoder.fallbacks();
            name(&encoder);
            tracing::warn!(encoder = %encoder.kind(), reason = encoder.fallback_reason(), "another encoder took over");
            report(PipelineReport::FellBack { encoder: encoder.kind().to_string() });
        }
        shared.push(&mut units);
    }
    if let Err(error) = encoder.finish(&mut units) {
        tracing::warn!(%error, "the last frames were not encoded");
    }
    shared.push(&mut units);
    shared.finished(report);
}

fn encode_audio(
    shared: &Shared,
    bitrate: u32,
    blocks: &Receiver<AudioBlock>,
    report: &impl Fn(PipelineReport),
) {
    let mut units = Vec::new();
    let mut encoder = match AacEncoder::open(bitrate) {
        Ok(encoder) => encoder,
        Err(error) => {
            tracing::error!(%error, "no audio encoder");
            report(PipelineReport::Failed { id: shared.id, reason: error.to_string() });
            return shared.finished(report);
        }
    };
    shared.opened(report);
    while let Ok(block) = blocks.recv() {
        if let Err(error) = encoder.encode(&block, &mut units) {
            tracing::error!(%error, "the audio encoder failed");
            report(PipelineReport::Failed { id: shared.id, reason: error.to_string() });
            break;
        }
        shared.push(&mut units);
    }
    if let Err(error) = encoder.finish(&mut units) {
        tracing::warn!(%error, "the last sound was not encoded");
    }
    shared.push(&mut units);
    shared.finished(report);
}
