//! The video encoder of a broadcast: one that keeps going when an encoder fails.
//!
//! Owns: the choice of encoder, the change to the next one at a keyframe, and the promise that decoding times never go
//! back. Never touches pixels: the encoder reads the frame's own memory. Used by one thread at a time; x264 runs its
//! own threads inside. No locks.

mod backend;
mod error;
mod hardware;
mod kind;
mod lavc;
mod probe;
mod settings;
mod x264;

use std::collections::VecDeque;
use std::sync::Arc;

use vitrine_media::{AccessUnit, MediaTime, StreamConfig, VideoFrame};

use backend::{Backend, BackendError, BitrateChange};
pub use error::EncodeError;
pub use kind::{EncoderChoice, EncoderKind, UnknownEncoder};
pub use probe::{EncoderProbe, probe_encoders};
pub use settings::VideoSettings;

/// Frames kept for another try in case a hardware encoder fails. More than any of them holds back.
const KEPT_FRAMES: usize = 16;
/// How often in a row software may be started afresh before the encoder gives up.
const RESTARTS: u32 = 3;

type Open = dyn FnMut(EncoderKind, &VideoSettings) -> Result<Box<dyn Backend>, BackendError> + Send;

/// An H.264 encoder with a way out: hardware that cannot be opened or fails in mid-broadcast is replaced by the next
/// encoder, in the end by software. The first unit after a change is a keyframe with a configuration of its own.
///
/// Units have no B-frames: at 1080p and 4.5 Mb/s they cost 25 % more time and gained no SSIM at this preset, and
/// without them `dts` equals `pts` and a change of encoder can never make time go back.
pub struct VideoEncoder {
    settings: VideoSettings,
    open: Box<Open>,
    /// Encoders not tried yet, best last.
    left: Vec<EncoderKind>,
    backend: Box<dyn Backend>,
    /// Frames given to a hardware encoder and not seen again yet.
    kept: VecDeque<Kept>,
    last_tick: Option<i64>,
    last_key_tick: i64,
    last_dts: Option<MediaTime>,
    fallbacks: u32,
    restarts: u32,
    lost: u64,
    reason: Option<String>,
    reopen_at_keyframe: bool,
    finished: bool,
}

struct Kept {
    frame: VideoFrame,
    tick: i64,
    force_key: bool,
}

impl VideoEncoder {
    /// Opens the chosen encoder, or the best one that passes a trial encode. A chosen encoder that does not work is
    /// replaced by software, since a broadcast in software is better than none: see [`Self::kind`] and
    /// [`Self::fallback_reason`].
    pub fn open(settings: VideoSettings) -> Result<Self, EncodeError> {
        Self::open_with(settings, Box::new(lavc::open_tried))
    }

    fn open_with(settings: VideoSettings, mut open: Box<Open>) -> Result<Self, EncodeError> {
        settings.check()?;
        let mut left = settings.encoder.candidates();
        left.reverse();
        let mut reasons = Vec::new();
        let chosen = matches!(settings.encoder, EncoderChoice::Only(_));
        while let Some(kind) = left.pop() {
            match open(kind, &settings) {
                Ok(backend) => {
                    // With `Auto`, an absent kind of hardware is not a failure to tell the host about.
                    let fallbacks = if chosen { reasons.len() as u32 } else { 0 };
                    let reason = chosen.then(|| reasons.pop()).flatten();
                    return Ok(Self {
                        settings,
                        open,
                        left,
                        backend,
                        kept: VecDeque::new(),
                        last_tick: None,
                        last_key_tick: i64::MIN,
                        last_dts: None,
                        fallbacks,
                        restarts: 0,
                        lost: 0,
                        reason,
                        reopen_at_keyframe: false,
                        finished: false,
                    });
                }
                Err(error) => reasons.push(format!("{kind}: {error}")),
            }
        }
        Err(EncodeError::NoEncoder { tried: reasons.join("; ") })
    }

    /// Encodes `frame` as tick `tick` of the settings' rate (`pts = rate.tick_time(tick)`) and appends the units that
    /// are ready. Ticks must increase; one may be left out, which leaves a gap in time. The frame's own `pts` is not
    /// looked at. `force_key` makes this frame an IDR picture.
    ///
    /// An error is final for this frame, and, except for a wrong size or tick, for the encoder.
    pub fn encode(
        &mut self,
        frame: &VideoFrame,
        tick: i64,
        force_key: bool,
        out: &mut Vec<AccessUnit>,
    ) -> Result<(), EncodeError> {
        if self.finished {
            return Err(EncodeError::Finished);
        }
        self.settings.check_frame(frame)?;
        if let Some(last) = self.last_tick.filter(|&last| tick <= last) {
            return Err(EncodeError::Tick { tick, last });
        }
        self.last_tick = Some(tick);
        let key_due = force_key || tick.saturating_sub(self.last_key_tick) >= self.settings.keyframe_ticks();
        if self.reopen_at_keyframe && key_due {
            self.reopen(out);
        }
        self.keep(Kept { frame: frame.clone(), tick, force_key });
        let from = out.len();
        match self.backend.encode(frame, tick, force_key, out) {
            Ok(()) => {
                self.restarts = 0;
                self.account(from, out);
                Ok(())
            }
            Err(error) => {
                self.account(from, out);
                self.fall_back(error, out)
            }
        }
    }

    /// Asks for another target, in bits per second. x264 follows within a second; an encoder that cannot change while
    /// it runs is opened anew at the next keyframe.
    pub fn set_bitrate(&mut self, bitrate: u32) {
        if bitrate == self.settings.bitrate || bitrate == 0 {
            return;
        }
        self.settings.bitrate = bitrate;
        if self.backend.set_bitrate(bitrate) == BitrateChange::Reopen {
            self.reopen_at_keyframe = true;
        }
    }

    /// The encoder at work.
    pub fn kind(&self) -> EncoderKind {
        self.backend.kind()
    }

    /// How often a failing encoder was replaced.
    pub fn fallbacks(&self) -> u32 {
        self.fallbacks
    }

    /// Why the last replacement was made.
    pub fn fallback_reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// Frames that were inside a failing encoder and could not be encoded again.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// The configuration of the units to come, for a muxer that has to be opened before the first one.
    pub fn config(&self) -> Arc<StreamConfig> {
        Arc::clone(self.backend.config())
    }

    /// What was asked for, with the bitrate as last set.
    pub fn settings(&self) -> &VideoSettings {
        &self.settings
    }

    /// Takes out what is still inside. The encoder is of no use afterwards.
    pub fn finish(&mut self, out: &mut Vec<AccessUnit>) -> Result<(), EncodeError> {
        if self.finished {
            return Ok(());
        }
        let from = out.len();
        let mut result = self.backend.finish(out);
        self.account(from, out);
        if let Err(error) = result {
            let from = out.len();
            self.fall_back(error, out)?;
            result = self.backend.finish(out);
            self.account(from, out);
        }
        self.finished = true;
        result.map_err(|error| EncodeError::Failed { reason: error.to_string() })
    }

    fn keep(&mut self, kept: Kept) {
        // Software does not fail half-way, and keeping its dozen frames in flight would drain the frame pool.
        if self.backend.kind() == EncoderKind::X264 {
            self.kept.clear();
        }
        if self.kept.len() >= KEPT_FRAMES {
            self.kept.pop_front();
        }
        self.kept.push_back(kept);
    }

    /// Looks through the units added since `from`: their frames are safe, and time must not go back.
    fn account(&mut self, from: usize, out: &mut [AccessUnit]) {
        let rate = self.settings.rate;
        for unit in out.get_mut(from..).unwrap_or_default() {
            let tick = rate.tick_at(unit.pts);
            self.kept.retain(|kept| kept.tick != tick);
            if unit.keyframe {
                self.last_key_tick = tick;
            }
            unit.dts = self.last_dts.map_or(unit.dts, |last| unit.dts.max(last)).min(unit.pts);
            self.last_dts = Some(unit.dts);
        }
    }

    /// Replaces the failed encoder and gives the next one every frame that had not come out.
    fn fall_back(&mut self, cause: BackendError, out: &mut Vec<AccessUnit>) -> Result<(), EncodeError> {
        let mut reasons = vec![format!("{}: {cause}", self.backend.kind())];
        loop {
            let next = match self.left.pop() {
                Some(kind) => kind,
                None if self.restarts < RESTARTS => {
                    self.restarts += 1;
                    EncoderKind::X264
                }
                None => {
                    self.finished = true;
                    return Err(EncodeError::Failed { reason: reasons.join("; ") });
                }
            };
            match (self.open)(next, &self.settings) {
                Ok(backend) => self.backend = backend,
                Err(error) => {
                    reasons.push(format!("{next}: {error}"));
                    continue;
                }
            }
            self.fallbacks += 1;
            self.reason = Some(reasons.join("; "));
            self.reopen_at_keyframe = false;
            tracing::warn!(encoder = %next, reason = self.reason, "the video encoder was replaced");
            match self.resubmit(out) {
                Ok(()) => return Ok(()),
                Err(error) => reasons.push(format!("{next}: {error}")),
            }
        }
    }

    fn resubmit(&mut self, out: &mut Vec<AccessUnit>) -> Result<(), BackendError> {
        let again: Vec<Kept> = self.kept.drain(..).collect();
        let from = out.len();
        let mut result = Ok(());
        for (n, kept) in again.iter().enumerate() {
            // A fresh encoder begins with an IDR picture by itself; asking makes sure.
            result = self.backend.encode(&kept.frame, kept.tick, n == 0 || kept.force_key, out);
            if result.is_err() {
                break;
            }
        }
        self.kept = again.into();
        self.account(from, out);
        if result.is_ok() && self.backend.kind() == EncoderKind::X264 {
            self.kept.clear();
        }
        result
    }

    /// The same encoder again with a new bitrate, before a frame that becomes a keyframe.
    fn reopen(&mut self, out: &mut Vec<AccessUnit>) {
        self.reopen_at_keyframe = false;
        let from = out.len();
        let drained = self.backend.finish(out);
        self.account(from, out);
        let kind = self.backend.kind();
        match drained.and_then(|()| (self.open)(kind, &self.settings)) {
            Ok(backend) => {
                self.lost += self.kept.len() as u64;
                self.kept.clear();
                self.backend = backend;
            }
            // The drained encoder refuses the next frame, which brings in the next encoder.
            Err(error) => tracing::warn!(encoder = %kind, %error, "the encoder could not be opened again"),
        }
    }
}

impl std::fmt::Debug for VideoEncoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VideoEncoder({}, {:?})", self.kind(), self.settings)
    }
}

#[cfg(test)]
mod tests;
