//! The programme's last stage: a look-ahead limiter that keeps the true peak under −1 dBTP.
//!
//! It is written here, although dynamics elsewhere are libavfilter's, for three reasons: this crate must not depend
//! on FFmpeg; FFmpeg's `alimiter` limits sample peaks only (pink noise at +12 dB leaves it at +0.5 dBTP for a limit
//! of −1 dBFS) unless it is wrapped in two resamplers; and the crates that offer a limiter limit sample peaks as
//! well.
//!
//! How it works: the peak between samples is read off a four-times interpolation (the filter of ITU-R BS.1770-4
//! annex 2); the gain that would hold it down is taken as a minimum over a window, let go slowly, and averaged over
//! the look-ahead, so that it has fully arrived when the peak leaves the delay line and never moves by a step. Below
//! the ceiling the output is the input, bit for bit, 5 ms later.

use vitrine_media::{CHANNELS, SAMPLE_RATE_HZ};

use crate::Samples;

/// The highest true peak that leaves the limiter, dBTP. EBU R 128 and AES TD1004 ask for −1.
pub const CEILING_DBTP: f32 = -1.0;

/// What it aims at: the four-times reading can be low by some tenths of a decibel near the band's edge.
const AIM_DB: f32 = -1.3;
/// Frames from input to output.
const DELAY: usize = 240;
/// Frames the gain is averaged over.
const SMOOTH: usize = 230;
/// Frames the minimum is taken over. With `SMOOTH`, every average that meets a peak at the end of the delay
/// consists of minima that saw it, for a peak read 4 to 10 frames late (the filter's delay is 5.5).
const WINDOW: usize = 240;
/// Time constant of the release.
const RELEASE_SECS: f32 = 0.100;

/// Coefficients of ITU-R BS.1770-4 annex 2: for each tap, the four phases.
const PHASES: [[f32; 4]; TAPS] = [
    [0.001_708_984_4, -0.029_174_805, -0.018_920_898, -0.008_300_781],
    [0.010_986_328, 0.029_296_875, 0.033_081_055, 0.014_892_578],
    [-0.019_653_32, -0.051_757_812, -0.058_227_54, -0.026_611_328],
    [0.033_203_125, 0.089_111_33, 0.101_562_5, 0.047_607_422],
    [-0.059_448_242, -0.166_503_9, -0.200_317_38, -0.102_294_92],
    [0.137_329_1, 0.465_087_9, 0.779_785_16, 0.972_167_97],
    [0.972_167_97, 0.779_785_16, 0.465_087_9, 0.137_329_1],
    [-0.102_294_92, -0.200_317_38, -0.166_503_9, -0.059_448_242],
    [0.047_607_422, 0.101_562_5, 0.089_111_33, 0.033_203_125],
    [-0.026_611_328, -0.058_227_54, -0.051_757_812, -0.019_653_32],
    [0.014_892_578, 0.033_081_055, 0.029_296_875, 0.010_986_328],
    [-0.008_300_781, -0.018_920_898, -0.029_174_805, 0.001_708_984_4],
];
/// No phase's magnitudes add up to more: interpolation cannot exceed this many times the largest sample.
const MAX_OVERSHOOT: f32 = 2.1;
const TAPS: usize = 12;

/// A stereo limiter with linked channels.
pub struct Limiter {
    aim: f32,
    release: f32,
    /// The newest frames, newest last, for the interpolation.
    history: [[f32; TAPS]; CHANNELS],
    delay: Box<[[f32; CHANNELS]]>,
    at: usize,
    minimum: SlidingMinimum,
    gain: f32,
    average: Box<[f32]>,
    average_at: usize,
    average_sum: f64,
    reduction: f32,
}

impl Default for Limiter {
    fn default() -> Self {
        Self {
            aim: crate::level::from_db(AIM_DB),
            release: 1.0 - (-1.0 / (RELEASE_SECS * SAMPLE_RATE_HZ as f32)).exp(),
            history: [[0.0; TAPS]; CHANNELS],
            delay: vec![[0.0; CHANNELS]; DELAY].into_boxed_slice(),
            at: 0,
            minimum: SlidingMinimum::default(),
            gain: 1.0,
            average: vec![1.0; SMOOTH].into_boxed_slice(),
            average_at: 0,
            average_sum: SMOOTH as f64,
            reduction: 1.0,
        }
    }
}

impl Limiter {
    /// Frames by which the output lags behind the input.
    pub const LATENCY_SAMPLES: u32 = DELAY as u32;

    /// Limits a block in place.
    pub(crate) fn process(&mut self, block: &mut Samples) {
        self.reduction = 1.0;
        for frame in block.chunks_exact_mut(CHANNELS) {
            let [l, r] = frame else { continue };
            let peak = self.true_peak([*l, *r]);
            let gain = self.next_gain(if peak > self.aim { self.aim / peak } else { 1.0 });
            self.reduction = self.reduction.min(gain);
            if let Some(slot) = self.delay.get_mut(self.at) {
                let [out_l, out_r] = std::mem::replace(slot, [*l, *r]);
                *l = out_l * gain;
                *r = out_r * gain;
            }
            self.at = (self.at + 1) % DELAY;
        }
    }

    /// The strongest reduction within the last block, dB; 0 while nothing is limited.
    pub fn reduction_db(&self) -> f32 {
        crate::level::to_db(self.reduction)
    }

    /// The highest of the samples and the three values between each two of them, some 6 frames late.
    fn true_peak(&mut self, frame: [f32; CHANNELS]) -> f32 {
        let mut peak = 0.0f32;
        for (history, sample) in self.history.iter_mut().zip(frame) {
            history.copy_within(1.., 0);
            let [.., newest] = history;
            *newest = sample;
            let bound = history.iter().fold(0.0f32, |m, s| m.max(s.abs()));
            if bound * MAX_OVERSHOOT <= self.aim {
                continue;
            }
            let mut between = [0.0f32; 4];
            for (weights, sample) in PHASES.iter().zip(history.iter()) {
                for (sum, weight) in between.iter_mut().zip(weights) {
                    *sum += weight * sample;
                }
            }
            // The two samples that the interpolated values lie between.
            let [_, _, _, _, _, before, after, ..] = *history;
            peak = between.iter().fold(peak, |m, s| m.max(s.abs())).max(before.abs()).max(after.abs());
        }
        peak
    }

    fn next_gain(&mut self, needed: f32) -> f32 {
        let least = self.minimum.next(needed);
        // Snapping to the end makes the gain exactly one again, and the output exactly the input.
        self.gain =
            if least - self.gain < 1e-6 { least } else { self.gain + (least - self.gain) * self.release };
        if let Some(slot) = self.average.get_mut(self.average_at) {
            self.average_sum += f64::from(self.gain) - f64::from(std::mem::replace(slot, self.gain));
        }
        self.average_at = (self.average_at + 1) % SMOOTH;
        (self.average_sum / SMOOTH as f64) as f32
    }
}

/// The least of the last `WINDOW` values, by the ascending-queue method: constant time, fixed memory.
struct SlidingMinimum {
    queue: [(u64, f32); WINDOW],
    first: usize,
    len: usize,
    now: u64,
}

impl Default for SlidingMinimum {
    fn default() -> Self {
        Self { queue: [(0, 1.0); WINDOW], first: 0, len: 0, now: 0 }
    }
}

impl SlidingMinimum {
    fn next(&mut self, value: f32) -> f32 {
        self.now += 1;
        while self.len > 0 && self.get(self.len - 1).1 >= value {
            self.len -= 1;
        }
        if self.len > 0 && self.get(0).0 + WINDOW as u64 <= self.now {
            self.first = (self.first + 1) % WINDOW;
            self.len -= 1;
        }
        let end = (self.first + self.len) % WINDOW;
        if let Some(slot) = self.queue.get_mut(end) {
            *slot = (self.now, value);
            self.len += 1;
        }
        self.get(0).1
    }

    fn get(&self, n: usize) -> (u64, f32) {
        self.queue.get((self.first + n) % WINDOW).copied().unwrap_or((0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BLOCK_SAMPLES;
    use crate::simulated::{Random, largest_step};
    use ebur128::{EbuR128, Mode};
    use proptest::prelude::*;

    /// Runs `secs` of `signal(n)` through a limiter; the output's true peak in dBTP after the meter of EBU R 128.
    fn true_peak_of(secs: usize, mut signal: impl FnMut(usize) -> [f32; 2]) -> f64 {
        let mut limiter = Limiter::default();
        let mut meter = EbuR128::new(2, 48_000, Mode::TRUE_PEAK).unwrap();
        for k in 0..secs * 100 {
            let mut block = [0.0; BLOCK_SAMPLES];
            for (n, frame) in block.chunks_exact_mut(2).enumerate() {
                frame.copy_from_slice(&signal(k * 480 + n));
            }
            limiter.process(&mut block);
            meter.add_frames_f32(&block).unwrap();
        }
        20.0 * meter.true_peak(0).unwrap().max(meter.true_peak(1).unwrap()).log10()
    }

    #[test]
    fn no_signal_leaves_above_the_ceiling() {
        let mut random = Random::new(3);
        let white = true_peak_of(5, |_| [random.noise() * 4.0, random.noise() * 4.0]);
        let mut random = Random::new(4);
        let mut pole = 0.0;
        let red = true_peak_of(5, |_| {
            pole = pole * 0.98 + random.noise();
            [pole, -pole]
        });
        let square = true_peak_of(2, |n| if n / 24 % 2 == 0 { [3.0, 3.0] } else { [-3.0, -3.0] });
        // The classic: a quarter of the sampling rate at 45°, whose samples are 3 dB below its peak.
        let quarter = true_peak_of(2, |n| {
            let s = (std::f32::consts::FRAC_PI_2 * n as f32 + std::f32::consts::FRAC_PI_4).sin();
            [s * 1.4, s * 1.4]
        });
        let impulse = true_peak_of(2, |n| if n % 4801 == 0 { [8.0, 0.0] } else { [0.0, 0.0] });
        let high = true_peak_of(2, |n| {
            let s = (std::f64::consts::TAU * 19_000.0 * n as f64 / 48_000.0).sin() as f32;
            [s * 4.0, s]
        });
        for (name, peak) in [
            ("white", white),
            ("red", red),
            ("square", square),
            ("quarter", quarter),
            ("impulse", impulse),
            ("high", high),
        ] {
            println!("{name}: {peak:.2} dBTP");
            assert!(peak <= f64::from(CEILING_DBTP), "{name}: {peak} dBTP");
        }
    }

    #[test]
    fn a_signal_below_the_ceiling_is_only_delayed() {
        let mut limiter = Limiter::default();
        let mut random = Random::new(5);
        let input: Vec<f32> = (0..BLOCK_SAMPLES * 20).map(|_| random.noise() * 0.3).collect();
        let mut output = Vec::new();
        for block in input.chunks_exact(BLOCK_SAMPLES) {
            let mut block: Samples = block.try_into().unwrap();
            limiter.process(&mut block);
            output.extend(block);
        }
        assert_eq!(&output[DELAY * 2..], &input[..input.len() - DELAY * 2]);
        assert_eq!(limiter.reduction_db(), 0.0);
    }

    #[test]
    fn limiting_a_loud_tone_makes_no_step() {
        let mut limiter = Limiter::default();
        let mut left = Vec::new();
        for k in 0..200usize {
            let mut block = [0.0; BLOCK_SAMPLES];
            for (n, frame) in block.chunks_exact_mut(2).enumerate() {
                let at = k * 480 + n;
                let loud = if (48_000..60_000).contains(&at) { 3.0 } else { 0.5 };
                frame.fill((std::f32::consts::TAU * 100.0 * (at % 48_000) as f32 / 48_000.0).sin() * loud);
            }
            limiter.process(&mut block);
            left.extend(block.iter().step_by(2).copied());
        }
        // 100 Hz at 0.87 moves by 0.0114 a frame; the jump of the input itself is at a zero crossing.
        assert!(largest_step(&left) < 0.02, "{}", largest_step(&left));
        assert!(limiter.reduction_db() > -0.5, "released within a second");
    }

    proptest! {
        #[test]
        fn the_sliding_minimum_is_the_minimum(values in prop::collection::vec(0.0f32..1.0, 1..800)) {
            let mut minimum = SlidingMinimum::default();
            for (n, value) in values.iter().enumerate() {
                let expected = values[n.saturating_sub(WINDOW - 1)..=n].iter().copied().fold(1.0, f32::min);
                prop_assert_eq!(minimum.next(*value), expected);
            }
        }
    }
}
