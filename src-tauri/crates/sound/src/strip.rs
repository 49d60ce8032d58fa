//! One channel of the mixer: a source's gain, mute, balance and delay, with its meters.
//!
//! Nothing a host does to a strip is heard as a click: gain, balance and channel mode move over 20 ms, mute over
//! 5 ms, and a strip that comes or goes is faded. A strip whose source gave no block is concealed.

use std::fmt;

use serde::{Deserialize, Serialize};
use vitrine_media::{AudioBlock, CHANNELS, MediaTime};

use crate::conceal::{fade_from_last, fade_in};
use crate::delay::DelayLine;
use crate::fold::sane;
use crate::level::{LevelMeter, from_db};
use crate::ramp::Ramp;
use crate::{BLOCK_SAMPLES, Level, Samples, SoundError};

/// Frames of a gain change, 20 ms.
const GAIN_FRAMES: u32 = 960;
/// Frames of a mute, 5 ms.
const MUTE_FRAMES: u32 = 240;
/// Frames over which a strip comes and goes, 10 ms.
const PRESENCE_FRAMES: u32 = 480;
/// What a fader reaches; below it, the strip is silent.
const GAIN_DB: std::ops::RangeInclusive<f32> = -90.0..=24.0;

/// Names a strip for as long as its mixer lives; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StripId(pub(crate) u32);

impl fmt::Display for StripId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What is taken from the source's two channels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelMode {
    /// Left to left, right to right.
    #[default]
    Stereo,
    /// Their mean to both sides.
    Mono,
    /// Left to both sides: a microphone in the first input of an interface.
    Left,
    /// Right to both sides.
    Right,
}

/// How a strip is set.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "snake_case")]
pub struct StripSettings {
    /// Fader, dB, from −90 (silent) to +24.
    pub gain_db: f32,
    /// Whether it is closed.
    pub muted: bool,
    /// Balance from −1 (left only) to 1 (right only); 0 leaves both as they are.
    pub balance: f32,
    /// Channels used.
    pub mode: ChannelMode,
    /// How long it is held back, samples at 48 kHz, at most 48 000.
    pub delay_samples: u32,
}

impl Default for StripSettings {
    fn default() -> Self {
        Self { gain_db: 0.0, muted: false, balance: 0.0, mode: ChannelMode::Stereo, delay_samples: 0 }
    }
}

impl StripSettings {
    pub(crate) fn check(&self) -> Result<(), SoundError> {
        for value in [self.gain_db, self.balance] {
            // Minus infinity is a fader pulled all the way down.
            if value.is_nan() || value == f32::INFINITY {
                return Err(SoundError::NotFinite(value));
            }
        }
        Ok(())
    }

    /// Gains from left and right to left, and from left and right to right.
    fn matrix(&self) -> [f32; 4] {
        let gain_db = self.gain_db.clamp(*GAIN_DB.start(), *GAIN_DB.end());
        let gain = if gain_db <= *GAIN_DB.start() { 0.0 } else { from_db(gain_db) };
        let balance = self.balance.clamp(-1.0, 1.0);
        let left = gain * (1.0 - balance).min(1.0);
        let right = gain * (1.0 + balance).min(1.0);
        match self.mode {
            ChannelMode::Stereo => [left, 0.0, 0.0, right],
            ChannelMode::Mono => [left * 0.5, left * 0.5, right * 0.5, right * 0.5],
            ChannelMode::Left => [left, 0.0, right, 0.0],
            ChannelMode::Right => [0.0, left, 0.0, right],
        }
    }
}

/// A strip's meters and figures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StripMeter {
    /// What comes from the source, before the fader: what alarms are decided on.
    pub input: Level,
    /// After fader and balance, before mute: what the strip's meter shows, dimmed while muted.
    pub output: Level,
    /// Whether the strip is closed.
    pub muted: bool,
    /// Samples at 48 kHz from a sound's arrival to the programme bus: the source's latency plus the strip's delay.
    pub latency_samples: u32,
    /// Blocks in which the source gave nothing.
    pub starved_blocks: u64,
}

pub(crate) struct Strip {
    pub(crate) id: StripId,
    pub(crate) settings: StripSettings,
    pub(crate) source_latency: u32,
    pub(crate) leaving: bool,
    input: Box<Samples>,
    fed: bool,
    /// The source gave the block before this one.
    was_fed: bool,
    ever_fed: bool,
    starved_blocks: u64,
    matrix: [Ramp; 4],
    open: Ramp,
    presence: Ramp,
    delay: DelayLine,
    work: Box<Samples>,
    input_meter: LevelMeter,
    output_meter: LevelMeter,
}

impl Strip {
    pub(crate) fn new(id: StripId, settings: StripSettings) -> Self {
        let mut presence = Ramp::settled(0.0, PRESENCE_FRAMES);
        presence.go(1.0);
        let mut delay = DelayLine::default();
        delay.set(settings.delay_samples as usize);
        Self {
            id,
            settings,
            source_latency: 0,
            leaving: false,
            input: Box::new([0.0; BLOCK_SAMPLES]),
            fed: false,
            was_fed: false,
            ever_fed: false,
            starved_blocks: 0,
            matrix: settings.matrix().map(|gain| Ramp::settled(gain, GAIN_FRAMES)),
            open: Ramp::settled(if settings.muted { 0.0 } else { 1.0 }, MUTE_FRAMES),
            presence,
            delay,
            work: Box::new([0.0; BLOCK_SAMPLES]),
            input_meter: LevelMeter::default(),
            output_meter: LevelMeter::default(),
        }
    }

    pub(crate) fn set(&mut self, settings: StripSettings) {
        self.settings = settings;
        for (ramp, gain) in self.matrix.iter_mut().zip(settings.matrix()) {
            ramp.go(gain);
        }
        self.open.go(if settings.muted { 0.0 } else { 1.0 });
        self.delay.set(settings.delay_samples as usize);
    }

    pub(crate) fn feed(&mut self, block: &AudioBlock) {
        for (to, from) in self.input.iter_mut().zip(block.samples.iter()) {
            *to = sane(*from);
        }
        self.fed = true;
    }

    /// Begins the strip's way out; it may still be fed.
    pub(crate) fn leave(&mut self) {
        self.leaving = true;
        self.presence.go(0.0);
    }

    /// Whether it has left.
    pub(crate) fn is_gone(&self) -> bool {
        self.leaving && self.presence.resting().is_some()
    }

    /// Adds this tick's block to the bus.
    pub(crate) fn mix_into(&mut self, bus: &mut Samples, at: MediaTime) {
        self.take_input();
        self.input_meter.block(&self.input, at);
        self.work.copy_from_slice(self.input.as_slice());
        self.apply_matrix();
        self.output_meter.block(&self.work, at);
        self.delay.process(&mut self.work);
        let gains = [self.open.resting(), self.presence.resting()];
        if gains == [Some(0.0), Some(1.0)] {
            return;
        }
        if gains == [Some(1.0), Some(1.0)] {
            bus.iter_mut().zip(self.work.iter()).for_each(|(sum, s)| *sum += s);
            return;
        }
        for (sum, frame) in bus.chunks_exact_mut(CHANNELS).zip(self.work.chunks_exact(CHANNELS)) {
            let gain = self.open.next() * self.presence.next();
            sum.iter_mut().zip(frame).for_each(|(sum, s)| *sum += s * gain);
        }
    }

    pub(crate) fn meter(&self) -> StripMeter {
        StripMeter {
            input: self.input_meter.level(),
            output: self.output_meter.level(),
            muted: self.settings.muted,
            latency_samples: self.source_latency + self.delay.frames() as u32,
            starved_blocks: self.starved_blocks,
        }
    }

    /// Makes `input` this tick's block: what was fed, or what conceals that nothing was.
    fn take_input(&mut self) {
        let fed = std::mem::take(&mut self.fed);
        match (fed, self.was_fed) {
            (true, false) => fade_in(&mut self.input, 0),
            (false, true) => fade_from_last(&mut self.input),
            (false, false) => self.input.fill(0.0),
            (true, true) => {}
        }
        self.ever_fed |= fed;
        if !fed && self.ever_fed && !self.leaving {
            self.starved_blocks += 1;
        }
        self.was_fed = fed;
    }

    fn apply_matrix(&mut self) {
        let [ll, rl, lr, rr] = &mut self.matrix;
        if let [Some(ll), Some(rl), Some(lr), Some(rr)] =
            [ll.resting(), rl.resting(), lr.resting(), rr.resting()]
        {
            for frame in self.work.chunks_exact_mut(CHANNELS) {
                let [l, r] = frame else { continue };
                (*l, *r) = (*l * ll + *r * rl, *l * lr + *r * rr);
            }
            return;
        }
        for frame in self.work.chunks_exact_mut(CHANNELS) {
            let [l, r] = frame else { continue };
            (*l, *r) = (*l * ll.next() + *r * rl.next(), *l * lr.next() + *r * rr.next());
        }
    }
}
