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

/// What a meter shows. Decibels relative to full scale.
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

    fn louder(self, other: Self) -> Self {
        Self {
            rms_db: self.rms_db.max(other.rms_db),
            peak_db: self.peak_db.max(other.peak_db),
            hold_db: self.hold_db.max(other.hold_db),
            clipped: self.clipped || other.clipped,
        }
    }
}

/// Measures block after block.
#[derive(Clone, Debug, Default)]
pub struct LevelMeter {
    sides: [Side; CHANNELS],
}

impl LevelMeter {
    /// Takes the 10 ms that begin at `at`.
    pub fn block(&mut self, samples: &[f32; BLOCK_FRAMES * CHANNELS], at: MediaTime) {
        let mut sums = [(0.0f32, 0.0f32); CHANNELS];
        for frame in samples.chunks_exact(CHANNELS) {
            for ((power, peak), s) in sums.iter_mut().zip(frame) {
                *power += s * s;
                *peak = peak.max(s.abs());
            }
        }
        for (side, (power, peak)) in self.sides.iter_mut().zip(sums) {
            side.block(power / BLOCK_FRAMES as f32, peak, at);
        }
    }

    /// The reading after the newest block, of whichever side is louder.
    pub fn level(&self) -> Level {
        let [left, right] = self.sides();
        left.louder(right)
    }

    /// The readings of left and right.
    pub fn sides(&self) -> [Level; CHANNELS] {
        let [left, right] = &self.sides;
        [left.level, right.level]
    }
}

#[derive(Clone, Debug)]
struct Side {
    power: f32,
    level: Level,
    held_at: MediaTime,
    clipped_at: Option<MediaTime>,
}

impl Default for Side {
    fn default() -> Self {
        Self { power: 0.0, level: Level::SILENT, held_at: MediaTime::ZERO, clipped_at: None }
    }
}

impl Side {
    fn block(&mut self, power: f32, peak: f32, at: MediaTime) {
        self.power += (power - self.power) * (1.0 - (-TICK_SECS / RMS_SECS).exp());
        let peak_db = to_db(peak);
        if peak >= 1.0 {
            self.clipped_at = Some(at);
        }
        if peak_db >= self.level.hold_db || at.since(self.held_at) >= HOLD {
            self.level.hold_db = peak_db;
            self.held_at = at;
        }
        self.level.rms_db = to_db(self.power.sqrt());
        self.level.peak_db = peak_db.max(self.level.peak_db - FALL_DB_PER_SEC * TICK_SECS).max(FLOOR_DB);
        self.level.clipped = self.clipped_at.is_some_and(|clip| at.since(clip) < CLIP);
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
    fn the_sides_are_told_apart() {
        let mut meter = LevelMeter::default();
        let mut block = tone_block(0, 997.0, 0.5);
        block.samples.iter_mut().step_by(2).for_each(|s| *s = 0.0);
        meter.block(&block.samples, at(0));
        let [left, right] = meter.sides();
        assert_eq!((left, meter.level()), (Level::SILENT, right));
        assert!((right.peak_db + 6.02).abs() < 0.1);
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
