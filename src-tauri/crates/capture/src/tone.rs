//! A reference tone and silence, both pure functions of the session's sample number. No threads, no locks.

use vitrine_media::{AudioFormat, BLOCK_FRAMES, MediaTime, SAMPLE_RATE_HZ};

use crate::{AudioInput, AudioSource, CaptureError, Chunk, Pacing};

/// Samples of one period of 1 kHz at 48 kHz.
pub(crate) const TONE_PERIOD: i64 = SAMPLE_RATE_HZ as i64 / 1000;
/// -20 dBFS, peak.
const TONE_PEAK: f32 = 0.1;

/// The number of the 48 kHz sample that begins at `at`, rounded to the nearest.
pub(crate) fn sample_at(at: MediaTime) -> i64 {
    let scaled = i128::from(at.nanos()) * i128::from(SAMPLE_RATE_HZ);
    (scaled + 500_000_000).div_euclid(1_000_000_000) as i64
}

/// A sine of period [`TONE_PERIOD`] and peak 1 at `phase` samples.
pub(crate) fn sine(phase: i64) -> f32 {
    (std::f64::consts::TAU * phase as f64 / TONE_PERIOD as f64).sin() as f32
}

/// Appends one block, the same on both channels.
pub(crate) fn append_mono(out: &mut AudioInput, at: MediaTime, samples: impl Iterator<Item = f32>) {
    out.samples.extend(samples.flat_map(|sample| [sample; 2]));
    out.chunks.push(Chunk { frames: BLOCK_FRAMES, arrived: at });
}

/// 1 kHz, or nothing.
pub(crate) struct ToneSource {
    period: [f32; TONE_PERIOD as usize],
}

impl ToneSource {
    /// 1 kHz at -20 dBFS (peak), its phase a function of session time: continuous across blocks, gaps and restarts.
    pub(crate) fn tone() -> Self {
        Self { period: std::array::from_fn(|phase| sine(phase as i64) * TONE_PEAK) }
    }

    /// Digital silence.
    pub(crate) fn silence() -> Self {
        Self { period: [0.0; TONE_PERIOD as usize] }
    }
}

impl AudioSource for ToneSource {
    fn format(&self) -> AudioFormat {
        AudioFormat::STUDIO
    }

    fn pacing(&self) -> Pacing {
        Pacing::OnDemand
    }

    fn read(&mut self, at: MediaTime, out: &mut AudioInput) -> Result<(), CaptureError> {
        let phase = sample_at(at).rem_euclid(TONE_PERIOD) as usize;
        append_mono(out, at, self.period.iter().copied().cycle().skip(phase).take(BLOCK_FRAMES));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_and_times_are_inverse() {
        for n in [0, 1, 2, 3, 479, 480, 481, 48_000, 1_234_567, 48_000 * 86_400 + 7] {
            assert_eq!(sample_at(MediaTime::from_samples(n)), n);
        }
    }

    #[test]
    fn the_tone_is_continuous_across_blocks_and_gaps_at_minus_20_dbfs() {
        let mut source = ToneSource::tone();
        let mut out = AudioInput::default();
        for k in [0, 1, 2, 70, 71] {
            out.clear();
            source.read(MediaTime::from_millis(k * 10), &mut out).unwrap();
            assert_eq!((out.samples.len(), out.chunks[0].frames), (960, 480));
            for (i, frame) in out.samples.chunks_exact(2).enumerate() {
                let time = (k * 480) as f64 + i as f64;
                let expected = (time * std::f64::consts::TAU / 48.0).sin() * 0.1;
                assert!((f64::from(frame[0]) - expected).abs() < 1e-5);
                assert!((frame[0] - frame[1]).abs() < f32::EPSILON);
            }
        }
        let peak = out.samples.iter().fold(0.0f32, |m, s| m.max(s.abs()));
        assert!((20.0 * peak.log10() + 20.0).abs() < 0.01);
    }

    #[test]
    fn silence_is_zero() {
        let mut out = AudioInput::default();
        ToneSource::silence().read(MediaTime::ZERO, &mut out).unwrap();
        assert_eq!(out.samples, vec![0.0; 960]);
    }
}
