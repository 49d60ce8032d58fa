//! How loud a block is, for the eye: effective value, peak, a held peak and a clip mark.

use std::time::Duration;

use vitrine_media::{BLOCK_FRAMES, CHANNELS, MediaTime};

/// What silence reads, so that no meter has to show minus infinity.
pub const FLOOR_DB: f32 = -120.0;

/// Time constant of the effective value: "fast" of IEC 61672-1.
const RMS_SECS: f32 = 0.125;
/// How fast the peak falls: 20 dB in 1.7 s, IEC 60268-10 type I.
const FALL_DB_PER_SEC: f32 = 20.0 / 1.7;
const HOLD: Duration = Duration::from_secs(1);
const CLIP: Duration = Duration::from_secs(2);
const TICK_SECS: f32 = 0.010;

/// What a meter shows. Decibels relative to full scale, the louder of the two channels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// Effective value over 125 ms. A full-scale sine reads −3.
    pub rms_db: f32,
    /// Sample peak; rises at once, falls 20 dB in 1.7 s.
    pub peak_db: f32,
    /// The highest peak of the last second.
    pub hold_db: f32,
    /// A sample reached full scale within the last 2 s.
    pub clipped: bool,
}

impl Level {
    /// Silence.
    pub const SILENT: Self = Self { rms_db: FLOOR_DB, peak_db: FLOOR_DB, hold_db: FLOOR_DB, clipped: false };
}

/// Measures block after block.
#[derive(Clone, Debug)]
pub struct LevelMeter {
    power: [f32; CHANNELS],
    level: Level,
    held_at: MediaTime,
    clipped_at: Option<MediaTime>,
}

impl Default for LevelMeter {
    fn default() -> Self {
        Self { power: [0.0; CHANNELS], level: Level::SILENT, held_at: MediaTime::ZERO, clipped_at: None }
    }
}

impl LevelMeter {
    /// Takes the 10 ms that begin at `at`.
    pub fn block(&mut self, samples: &[f32; BLOCK_FRAMES * CHANNELS], at: MediaTime) {
        let mut power = [0.0f32; CHANNELS];
        let mut peak = 0.0f32;
        for frame in samples.chunks_exact(CHANNELS) {
            for (power, s) in power.iter_mut().zip(frame) {
                *power += s * s;
                peak = peak.max(s.abs());
            }
        }
        let weight = 1.0 - (-TICK_SECS / RMS_SECS).exp();
        for (mean, sum) in self.power.iter_mut().zip(power) {
            *mean += (sum / BLOCK_FRAMES as f32 - *mean) * weight;
        }
        let louder = self.power.iter().copied().fold(0.0, f32::max);
        let peak_db = to_db(peak);
        if peak >= 1.0 {
            self.clipped_at = Some(at);
        }
        if peak_db >= self.level.hold_db || at.since(self.held_at) >= HOLD {
            self.level.hold_db = peak_db;
            self.held_at = at;
        }
        self.level.rms_db = to_db(louder.sqrt());
        self.level.peak_db = peak_db.max(self.level.peak_db - FALL_DB_PER_SEC * TICK_SECS).max(FLOOR_DB);
        self.level.clipped = self.clipped_at.is_some_and(|clip| at.since(clip) < CLIP);
    }

    /// The reading after the newest block.
    pub fn level(&self) -> Level {
        self.level
    }
}

/// Amplitude to decibels, not below [`FLOOR_DB`].
pub(crate) fn to_db(amplitude: f32) -> f32 {
    (20.0 * amplitude.log10()).max(FLOOR_DB)
}

/// Decibels to amplitude.
pub(crate) fn from_db(db: f32) -> f32 {
    10.0f32.powf(db / 20.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulated::tone_block;

    fn at(k: i64) -> MediaTime {
        MediaTime::from_millis(k * 10)
    }

    #[test]
    fn a_sine_reads_its_peak_and_three_decibels_less() {
        let mut meter = LevelMeter::default();
        for k in 0..200 {
            meter.block(&tone_block(k, 997.0, 0.5).samples, at(k));
        }
        let level = meter.level();
        assert!((level.peak_db + 6.02).abs() < 0.05, "{level:?}");
        assert!((level.rms_db + 9.03).abs() < 0.1, "{level:?}");
        assert!(!level.clipped);
    }

    #[test]
    fn a_peak_is_held_for_a_second_and_a_clip_shown_for_two() {
        let mut meter = LevelMeter::default();
        let mut samples = [0.0; crate::BLOCK_SAMPLES];
        samples[100] = -1.0;
        meter.block(&samples, at(0));
        samples[100] = 0.0;
        for k in 1..100 {
            meter.block(&samples, at(k));
            assert_eq!(meter.level().hold_db, 0.0);
        }
        meter.block(&samples, at(100));
        assert_eq!(meter.level().hold_db, FLOOR_DB);
        assert!(meter.level().clipped && meter.level().peak_db < -10.0);
        meter.block(&samples, at(199));
        assert!(meter.level().clipped);
        meter.block(&samples, at(200));
        assert!(!meter.level().clipped);
    }
}
