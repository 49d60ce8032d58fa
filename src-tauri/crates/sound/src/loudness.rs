//! Programme loudness and true peak after EBU R 128 and ITU-R BS.1770, by the `ebur128` crate.

use ebur128::{EbuR128, Mode};
use vitrine_media::{BLOCK_FRAMES, CHANNELS, SAMPLE_RATE_HZ};

/// Blocks between two readings: windows of 0.4 and 3 s need not be summed up a hundred times a second.
const READ_EVERY: u32 = 10;

/// What the programme measures. `None` where nothing but silence has been heard.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Loudness {
    /// LUFS over the last 400 ms.
    pub momentary: Option<f32>,
    /// LUFS over the last 3 s.
    pub short_term: Option<f32>,
    /// LUFS since the last [`LoudnessMeter::reset`], gated.
    pub integrated: Option<f32>,
    /// Highest true peak since then, dBTP.
    pub true_peak_db: Option<f32>,
}

/// Measures the programme, block after block. No allocation: integrated loudness is kept as a histogram.
pub struct LoudnessMeter {
    meter: Option<EbuR128>,
    blocks: u32,
    reading: Loudness,
}

impl Default for LoudnessMeter {
    fn default() -> Self {
        let mode = Mode::M | Mode::S | Mode::I | Mode::TRUE_PEAK | Mode::HISTOGRAM;
        // Fails only for lack of memory; then there are no readings, and everything else goes on.
        let meter = EbuR128::new(CHANNELS as u32, SAMPLE_RATE_HZ, mode).ok();
        Self { meter, blocks: 0, reading: Loudness::default() }
    }
}

impl LoudnessMeter {
    /// Takes 10 ms of programme.
    pub fn block(&mut self, samples: &[f32; BLOCK_FRAMES * CHANNELS]) {
        let Some(meter) = &mut self.meter else { return };
        if meter.add_frames_f32(samples).is_err() {
            return;
        }
        self.blocks += 1;
        if self.blocks.is_multiple_of(READ_EVERY) {
            let peak = meter.true_peak(0).unwrap_or(0.0).max(meter.true_peak(1).unwrap_or(0.0));
            self.reading = Loudness {
                momentary: lufs(meter.loudness_momentary()),
                short_term: lufs(meter.loudness_shortterm()),
                integrated: lufs(meter.loudness_global()),
                true_peak_db: lufs(Ok(20.0 * peak.log10())),
            };
        }
    }

    /// The reading, at most 100 ms old.
    pub fn reading(&self) -> Loudness {
        self.reading
    }

    /// Begins a new programme: integrated loudness and true peak start again.
    pub fn reset(&mut self) {
        if let Some(meter) = &mut self.meter {
            meter.reset();
        }
        self.blocks = 0;
        self.reading = Loudness::default();
    }
}

/// A reading, unless it is minus infinity or below what the standard's absolute gate lets through.
fn lufs(value: Result<f64, ebur128::Error>) -> Option<f32> {
    value.ok().filter(|v| v.is_finite() && *v > -100.0).map(|v| v as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulated::tone_block;

    #[test]
    fn a_tone_at_minus_23_reads_minus_23() {
        // EBU Tech 3341, case 1: 1 kHz stereo at −23 dBFS for 20 s.
        let mut meter = LoudnessMeter::default();
        for k in 0..2000 {
            meter.block(&tone_block(k, 1000.0, 10f64.powf(-23.0 / 20.0)).samples);
        }
        let reading = meter.reading();
        for value in [reading.momentary, reading.short_term, reading.integrated] {
            assert!((value.unwrap() + 23.0).abs() < 0.1, "{reading:?}");
        }
        assert!((reading.true_peak_db.unwrap() + 23.0).abs() < 0.2, "{reading:?}");
    }

    #[test]
    fn silence_has_no_loudness() {
        let mut meter = LoudnessMeter::default();
        for _ in 0..1000 {
            meter.block(&[0.0; 960]);
        }
        assert_eq!(meter.reading(), Loudness::default());
    }
}
