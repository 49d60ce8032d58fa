//! The desk: strips in, the programme out, one block a tick.
//!
//! Owns the strips, the programme bus with its limiter, and every meter. Never knows where a block came from or
//! where it goes. The sound thread calls `feed` for every strip that has a block and then `mix` once; a strip that
//! was not fed is concealed, so a programme block always comes out, silent if need be.

use vitrine_media::{AudioBlock, CHANNELS, MediaTime};

use crate::strip::Strip;
use crate::{
    Level, LevelMeter, Limiter, Loudness, LoudnessMeter, SoundError, StripId, StripMeter, StripSettings,
    Verdict, VerdictRule, VerdictWatch,
};

/// What the programme measures, after the limiter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProgrammeMeter {
    /// For the meter: the louder side.
    pub level: Level,
    /// Left and right.
    pub sides: [Level; CHANNELS],
    /// Loudness and true peak.
    pub loudness: Loudness,
    /// In one word.
    pub verdict: Verdict,
    /// How much the limiter took off within the last block, dB; 0 or negative.
    pub limiting_db: f32,
    /// Samples at 48 kHz from the bus to the programme block.
    pub latency_samples: u32,
}

/// The mixer.
pub struct Mixer {
    strips: Vec<Strip>,
    next_id: u32,
    limiter: Limiter,
    programme: AudioBlock,
    level: LevelMeter,
    loudness: LoudnessMeter,
    verdict: VerdictWatch,
}

impl Default for Mixer {
    fn default() -> Self {
        Self {
            strips: Vec::with_capacity(16),
            next_id: 0,
            limiter: Limiter::default(),
            programme: AudioBlock::silence(MediaTime::ZERO),
            level: LevelMeter::default(),
            loudness: LoudnessMeter::default(),
            verdict: VerdictWatch::new(VerdictRule::PROGRAMME),
        }
    }
}

impl Mixer {
    /// A mixer without strips: its programme is silence.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a strip, faded in over 10 ms from its first block.
    pub fn add(&mut self, settings: StripSettings) -> Result<StripId, SoundError> {
        settings.check()?;
        let id = StripId(self.next_id);
        self.next_id += 1;
        self.strips.push(Strip::new(id, settings));
        Ok(id)
    }

    /// Removes a strip, faded out over 10 ms. Its id is unknown from now on.
    pub fn remove(&mut self, id: StripId) -> Result<(), SoundError> {
        self.strip(id)?.leave();
        Ok(())
    }

    /// Sets a strip anew; the change is heard as a smooth one.
    pub fn set(&mut self, id: StripId, settings: StripSettings) -> Result<(), SoundError> {
        settings.check()?;
        self.strip(id)?.set(settings);
        Ok(())
    }

    /// How a strip is set.
    pub fn settings(&self, id: StripId) -> Result<StripSettings, SoundError> {
        self.known(id).map(|strip| strip.settings)
    }

    /// Moves a strip's fader.
    pub fn set_gain_db(&mut self, id: StripId, gain_db: f32) -> Result<(), SoundError> {
        let settings = self.settings(id)?;
        self.set(id, StripSettings { gain_db, ..settings })
    }

    /// Closes or opens a strip.
    pub fn set_muted(&mut self, id: StripId, muted: bool) -> Result<(), SoundError> {
        let settings = self.settings(id)?;
        self.set(id, StripSettings { muted, ..settings })
    }

    /// Says how late the strip's source already is, samples at 48 kHz ([`crate::InletStats::latency_samples`]).
    pub fn set_source_latency(&mut self, id: StripId, samples: u32) -> Result<(), SoundError> {
        self.strip(id)?.source_latency = samples;
        Ok(())
    }

    /// Gives a strip its block for the next [`Self::mix`].
    pub fn feed(&mut self, id: StripId, block: &AudioBlock) -> Result<(), SoundError> {
        self.strip(id)?.feed(block);
        Ok(())
    }

    /// The programme's block that begins at `at`; call it once a tick.
    pub fn mix(&mut self, at: MediaTime) -> &AudioBlock {
        self.programme.pts = at;
        let bus = &mut self.programme.samples;
        bus.fill(0.0);
        for strip in &mut self.strips {
            strip.mix_into(bus, at);
        }
        self.strips.retain(|strip| !strip.is_gone());
        self.limiter.process(bus);
        self.level.block(bus, at);
        self.loudness.block(bus);
        let short_term = self.loudness.reading().short_term.unwrap_or(f32::NEG_INFINITY);
        self.verdict.update(at, short_term, self.level.level().clipped);
        &self.programme
    }

    /// The strips there are, in the order they were added.
    pub fn strips(&self) -> impl Iterator<Item = (StripId, StripMeter)> + '_ {
        self.strips.iter().filter(|strip| !strip.leaving).map(|strip| (strip.id, strip.meter()))
    }

    /// A strip's meters.
    pub fn strip_meter(&self, id: StripId) -> Result<StripMeter, SoundError> {
        self.known(id).map(Strip::meter)
    }

    /// The programme's meters.
    pub fn programme_meter(&self) -> ProgrammeMeter {
        ProgrammeMeter {
            level: self.level.level(),
            sides: self.level.sides(),
            loudness: self.loudness.reading(),
            verdict: self.verdict.verdict(),
            limiting_db: self.limiter.reduction_db(),
            latency_samples: Limiter::LATENCY_SAMPLES,
        }
    }

    /// The longest way of any strip into the programme, samples at 48 kHz, limiter included: what the picture is to
    /// be delayed by.
    pub fn latency_samples(&self) -> u32 {
        let strips = self.strips().map(|(_, meter)| meter.latency_samples).max().unwrap_or(0);
        strips + Limiter::LATENCY_SAMPLES
    }

    /// Begins a new programme: integrated loudness and true peak start again.
    pub fn reset_loudness(&mut self) {
        self.loudness.reset();
    }

    fn known(&self, id: StripId) -> Result<&Strip, SoundError> {
        self.strips.iter().find(|s| s.id == id && !s.leaving).ok_or(SoundError::UnknownStrip(id))
    }

    fn strip(&mut self, id: StripId) -> Result<&mut Strip, SoundError> {
        self.strips.iter_mut().find(|s| s.id == id && !s.leaving).ok_or(SoundError::UnknownStrip(id))
    }
}

#[cfg(test)]
mod tests;
