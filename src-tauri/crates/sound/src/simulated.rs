//! Devices and signals for the tests: all of them functions of virtual time, none of them waits.

use std::f64::consts::TAU;

use vitrine_media::{AudioBlock, AudioFormat, MediaTime};

use crate::Inlet;

/// A small generator of repeatable noise (xorshift64).
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// From 0 to 1.
    pub(crate) fn unit(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// From −1 to 1.
    pub(crate) fn noise(&mut self) -> f32 {
        (self.unit() * 2.0 - 1.0) as f32
    }
}

/// What becomes of a chunk that a card has ready at `ready`.
pub(crate) enum Delivery {
    /// It is handed over then.
    At(MediaTime),
    /// It is never handed over.
    Lost,
}

/// Hands over every chunk when it is ready.
pub(crate) fn promptly(ready: MediaTime) -> Delivery {
    Delivery::At(ready)
}

/// A sound card with its own crystal. Its sound is a function of real time, `tone(secs)`.
pub(crate) struct Card<F: FnMut(f64) -> f32> {
    format: AudioFormat,
    rate: f64,
    chunk: usize,
    jitter_secs: f64,
    tone: F,
    random: Random,
    frames: u64,
    next: Option<Delivery>,
    samples: Vec<f32>,
}

impl<F: FnMut(f64) -> f32> Card<F> {
    pub(crate) fn new(format: AudioFormat, ppm: f64, chunk: usize, jitter_millis: f64, tone: F) -> Self {
        Self {
            format,
            rate: f64::from(format.rate_hz) * (1.0 + ppm * 1e-6),
            chunk,
            jitter_secs: jitter_millis * 1e-3,
            tone,
            random: Random::new(11),
            frames: 0,
            next: None,
            samples: Vec::new(),
        }
    }

    /// Pushes everything that has been handed over by `at`.
    pub(crate) fn run_until(
        &mut self,
        at: MediaTime,
        inlet: &mut Inlet,
        deliver: impl Fn(MediaTime) -> Delivery,
    ) {
        loop {
            let next = self.next.take().unwrap_or_else(|| {
                let taken = (self.frames + self.chunk as u64) as f64 / self.rate;
                let ready = taken + self.random.unit() * self.jitter_secs;
                deliver(MediaTime::from_nanos((ready * 1e9) as i64))
            });
            if let Delivery::At(arrived) = next
                && arrived > at
            {
                self.next = Some(next);
                return;
            }
            self.samples.clear();
            for n in 0..self.chunk as u64 {
                let sample = (self.tone)((self.frames + n) as f64 / self.rate);
                self.samples.extend(std::iter::repeat_n(sample, usize::from(self.format.channels)));
            }
            self.frames += self.chunk as u64;
            if let Delivery::At(arrived) = next {
                inlet.push(&self.samples, self.chunk, arrived);
            }
        }
    }
}

/// A sine of `hz` and amplitude `a`.
pub(crate) fn sine(hz: f64, a: f64) -> impl FnMut(f64) -> f32 {
    move |secs| ((TAU * hz * secs).sin() * a) as f32
}

/// A block of one tone, block number `k`.
pub(crate) fn tone_block(k: i64, hz: f64, a: f64) -> AudioBlock {
    let mut block = AudioBlock::silence(MediaTime::from_millis(k * 10));
    for (n, frame) in block.samples.chunks_exact_mut(2).enumerate() {
        let secs = (k * 480 + n as i64) as f64 / 48_000.0;
        frame.fill(((TAU * hz * secs).sin() * a) as f32);
    }
    block
}

/// Largest step between neighbouring frames of the left channel.
pub(crate) fn largest_step(samples: &[f32]) -> f32 {
    samples.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max)
}

/// Distortion and noise beside a tone of `hz`, in dB of the tone, over windows of 50 ms: the residue of a
/// least-squares fit of the tone with an amplitude and phase that may move as second-order polynomials. That takes
/// out what lies within some 30 Hz of the tone, a far narrower notch than AES17 §5.2.8 allows (Q from 1.2 to 3).
pub(crate) fn thd_n_db(samples: &[f32], hz: f64) -> f64 {
    let mut worst = f64::NEG_INFINITY;
    for window in samples.chunks_exact(2400) {
        let rows: Vec<[f64; 6]> = (0..window.len())
            .map(|n| {
                let u = n as f64 / window.len() as f64 * 2.0 - 1.0;
                let (s, c) = (TAU * hz * n as f64 / 48_000.0).sin_cos();
                [c, s, u * c, u * s, u * u * c, u * u * s]
            })
            .collect();
        let fit = least_squares(&rows, window);
        let (mut rest, mut tone) = (0.0, 0.0);
        for (row, sample) in rows.iter().zip(window) {
            let model: f64 = row.iter().zip(&fit).map(|(a, b)| a * b).sum();
            rest += (f64::from(*sample) - model).powi(2);
            tone += model * model;
        }
        worst = worst.max(10.0 * (rest / tone).log10());
    }
    worst
}

/// Normal equations, solved by Gauss–Jordan; the basis is near enough to orthogonal for that.
fn least_squares(rows: &[[f64; 6]], values: &[f32]) -> [f64; 6] {
    let mut a = [[0.0; 7]; 6];
    for (row, value) in rows.iter().zip(values) {
        for i in 0..6 {
            for j in 0..6 {
                a[i][j] += row[i] * row[j];
            }
            a[i][6] += row[i] * f64::from(*value);
        }
    }
    for i in 0..6 {
        let pivot = a[i][i];
        a[i].iter_mut().for_each(|x| *x /= pivot);
        let from = a[i];
        for (j, row) in a.iter_mut().enumerate() {
            if j != i {
                let factor = row[i];
                row.iter_mut().zip(from).for_each(|(x, y)| *x -= factor * y);
            }
        }
    }
    a.map(|row| row[6])
}
