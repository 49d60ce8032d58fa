//! The door of a device: any rate, any channels, any chunks in; studio blocks on the session clock out.
//!
//! Owns the ring of a device's newest second, the filter that knows when its frames were really taken
//! ([`crate::dll`]), the loop that sets the reading speed ([`crate::pace`]) and the resampler. Latency is fixed: a
//! sample leaves `latency` after it was taken, whatever the device's clock does. A source that is late is concealed
//! and counted; one that has piled up is cut back. Neither ever makes the latency grow.
//!
//! One thread calls `push` and `pull`. Neither blocks, locks or allocates.

use std::time::Duration;

use audioadapter_buffers::direct::InterleavedSlice;
use rubato::{
    Adjustable as _, Async, FixedAsync, Resampler as _, SincInterpolationParameters, SincInterpolationType,
    WindowFunction,
};
use vitrine_media::{AudioBlock, AudioFormat, BLOCK_FRAMES, CHANNELS, MediaTime, SAMPLE_RATE_HZ};

use crate::SoundError;
use crate::conceal::{fade_from_last, fade_in, fade_out};
use crate::dll::Dll;
use crate::fold;
use crate::frame_ring::FrameRing;
use crate::pace::Pace;

/// Seconds of one block.
const TICK_SECS: f64 = 0.010;
/// Taps of the interpolation filter at the slower of the two rates; THD+N −139 dB, 32 frames of delay.
const SINC_LEN: usize = 64;
/// More than this above the target and the surplus is cut, not worked off.
const RESYNC_SECS: f64 = 0.040;
/// What the target keeps beyond one chunk of the device, for jitter of its arrival.
const JITTER_SECS: f64 = 0.008;
/// No device makes the target grow beyond this; one with larger chunks is concealed.
const MAX_TARGET_SECS: f64 = 0.150;
/// Chunks that arrive closer together than this are one burst.
const BURST_NANOS: i64 = 2_000_000;

/// How an inlet is set up.
#[derive(Clone, Copy, Debug)]
pub struct InletConfig {
    /// Time from a sample's arrival to its place in the programme. A device whose chunks are too large for it gets
    /// what it needs when it is first heard; see [`InletStats::latency_samples`] for what is in force.
    pub latency: Duration,
}

impl Default for InletConfig {
    fn default() -> Self {
        Self { latency: Duration::from_millis(30) }
    }
}

/// What an inlet has been through, since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct InletStats {
    /// Gaps: the device was late and something had to be made up. One per gap, however long.
    pub underruns: u64,
    /// Blocks that were made up, wholly.
    pub concealed_blocks: u64,
    /// Surpluses that were cut away.
    pub resyncs: u64,
    /// Jumps of the device's clock, or frames lost by its driver.
    pub steps: u64,
    /// How much faster than nominal the device runs, as learnt so far; parts per million.
    pub drift_ppm: f64,
    /// Samples at 48 kHz from a frame's arrival to its place in a block.
    pub latency_samples: u32,
    /// Sound waiting to be read, milliseconds.
    pub waiting_millis: f64,
}

/// One device on its way into the mixer.
pub struct Inlet {
    format: AudioFormat,
    ring: FrameRing,
    dll: Dll,
    pace: Pace,
    resampler: Async<f32>,
    scratch: Box<[f32]>,
    bursts: Bursts,
    target_secs: f64,
    /// Next device frame the resampler takes.
    consumed: u64,
    /// Reading position at the end of the last block, in device frames.
    position: f64,
    flow: Flow,
    block: AudioBlock,
    stats: InletStats,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    /// Nothing has been played yet.
    Waiting,
    /// Blocks follow each other without a joint.
    Flowing,
    /// The device is late; silence is played.
    Concealing,
    /// A surplus has just been faded out; the next block starts anew.
    Cut,
}

impl Inlet {
    /// An inlet for a device of that format.
    pub fn new(format: AudioFormat, config: InletConfig) -> Result<Self, SoundError> {
        let AudioFormat { rate_hz, channels } = format;
        let unusable = SoundError::Format { rate_hz, channels };
        if !(8_000..=384_000).contains(&rate_hz) || !(1..=64).contains(&channels) {
            return Err(unusable);
        }
        let resampler = resampler(rate_hz).ok_or(unusable)?;
        // Room for the largest input of a block, which the ratio's ±2 % bounds.
        let scratch_frames = resampler.input_frames_max() + 2 * sinc_len(rate_hz);
        Ok(Self {
            format,
            ring: FrameRing::new(rate_hz as usize),
            dll: Dll::new(rate_hz),
            pace: Pace::default(),
            scratch: vec![0.0; scratch_frames * CHANNELS].into_boxed_slice(),
            resampler,
            bursts: Bursts::default(),
            target_secs: config.latency.as_secs_f64().clamp(0.012, MAX_TARGET_SECS),
            consumed: 0,
            position: 0.0,
            flow: Flow::Waiting,
            block: AudioBlock::silence(MediaTime::ZERO),
            stats: InletStats::default(),
        })
    }

    /// The format expected by [`Self::push`].
    pub fn format(&self) -> AudioFormat {
        self.format
    }

    /// `frames` interleaved frames of the device's format, the last of which arrived at `arrived`. Samples beyond
    /// whole frames are ignored; what is not a number is silence.
    pub fn push(&mut self, samples: &[f32], frames: usize, arrived: MediaTime) {
        let channels = usize::from(self.format.channels);
        let mut taken = 0;
        for frame in samples.chunks_exact(channels).take(frames) {
            self.ring.push(fold::to_stereo(frame));
            taken += 1;
        }
        self.dll.arrived(taken, arrived);
        self.bursts.chunk(taken, arrived);
        if self.flow == Flow::Waiting {
            // Nothing has been played: the latency this device needs is free to be taken.
            self.make_room_for(taken);
        }
    }

    /// The block that begins at session time `at`; call it once a tick, in order. Silence until the device has
    /// delivered enough, a fade and then silence while it is late.
    pub fn pull(&mut self, at: MediaTime) -> &AudioBlock {
        self.block.pts = at;
        let Some(written) = self.dll.written_at(at) else {
            return &self.block;
        };
        let goal = written - self.margin();
        match self.flow {
            Flow::Flowing => self.flow_on(goal),
            Flow::Waiting | Flow::Concealing | Flow::Cut => self.start(goal),
        }
        self.stats.waiting_millis = (self.ring.written() - self.consumed) as f64 / self.rate() * 1e3;
        &self.block
    }

    /// Counters and the figures in force.
    pub fn stats(&self) -> InletStats {
        InletStats {
            steps: self.dll.steps(),
            drift_ppm: self.pace.drift_ppm(),
            latency_samples: (self.target_secs * f64::from(SAMPLE_RATE_HZ)).round() as u32,
            ..self.stats
        }
    }

    /// Continues from the last block; `goal` is where the reading position should be at this block's end.
    fn flow_on(&mut self, goal: f64) {
        let expected = self.position + self.advance(self.pace.correction());
        let behind_secs = (goal - expected) / self.rate();
        let correction = self.pace.tick(behind_secs, TICK_SECS);
        if !self.render(correction, true) {
            fade_from_last(&mut self.block.samples);
            self.flow = Flow::Concealing;
            self.stats.underruns += 1;
            self.stats.concealed_blocks += 1;
            self.make_room_for(self.bursts.recurring());
        } else if behind_secs > RESYNC_SECS {
            fade_out(&mut self.block.samples);
            self.flow = Flow::Cut;
            self.stats.resyncs += 1;
        }
    }

    /// Starts reading so that this block ends at `goal`, if the device has delivered that far.
    fn start(&mut self, goal: f64) {
        self.pace.restart();
        let correction = self.pace.correction();
        let start = goal - self.advance(correction);
        // What has been played is not played again, and what is no longer there cannot be: until the goal has
        // passed it, there is silence, for as long as frames are missing.
        let earliest = self.consumed.max(self.ring.oldest());
        let tolerance = 0.001 * self.rate();
        if start + tolerance >= earliest as f64 {
            self.consumed = (start.max(0.0) as u64).max(earliest);
            self.position = self.consumed as f64;
            self.resampler.reset();
            if self.render(correction, false) {
                // The filter's first frames ring: it knows nothing of what came before.
                fade_in(&mut self.block.samples, 2 * self.resampler.output_delay());
                self.flow = Flow::Flowing;
                return;
            }
            self.consumed = earliest;
        }
        self.conceal();
    }

    fn conceal(&mut self) {
        // Whatever was played last has been faded out already.
        self.block.samples.fill(0.0);
        if self.flow != Flow::Waiting {
            self.stats.concealed_blocks += 1;
            self.flow = Flow::Concealing;
        }
    }

    /// Resamples one block from the reading position; false, with nothing taken, if frames are missing.
    fn render(&mut self, correction: f64, ramp: bool) -> bool {
        let before = 1.0 / self.resampler.resample_ratio();
        let after = self.step(correction);
        if self.resampler.set_resample_ratio(1.0 / after, ramp).is_err() {
            return false;
        }
        let frames = self.resampler.input_frames_next();
        let Some(input) = self.scratch.get_mut(..frames * CHANNELS) else {
            return false;
        };
        if !self.ring.read(self.consumed, input) {
            return false;
        }
        let done = match (
            InterleavedSlice::new(&*input, CHANNELS, frames),
            InterleavedSlice::new_mut(self.block.samples.as_mut_slice(), CHANNELS, BLOCK_FRAMES),
        ) {
            (Ok(input), Ok(mut output)) => {
                self.resampler.process_into_buffer(&input, &mut output, None).is_ok()
            }
            _ => false,
        };
        if done {
            self.consumed += frames as u64;
            // The ramp's steps are added before each frame, hence its end counts half a step more.
            let n = BLOCK_FRAMES as f64;
            let first = if ramp { before } else { after };
            self.position += n * 0.5 * (first + after) + 0.5 * (after - first);
        }
        done
    }

    /// Raises the target to what a device with bursts of so many frames needs.
    fn make_room_for(&mut self, burst: usize) {
        let wanted = TICK_SECS + burst as f64 / self.rate() + JITTER_SECS + self.filter_secs();
        self.target_secs = self.target_secs.max(wanted.min(MAX_TARGET_SECS));
    }

    fn rate(&self) -> f64 {
        f64::from(self.format.rate_hz)
    }

    /// Device frames per studio frame.
    fn step(&self, correction: f64) -> f64 {
        self.rate() / f64::from(SAMPLE_RATE_HZ) * (1.0 + correction)
    }

    fn advance(&self, correction: f64) -> f64 {
        self.step(correction) * BLOCK_FRAMES as f64
    }

    fn filter_secs(&self) -> f64 {
        sinc_len(self.format.rate_hz) as f64 / 2.0 / self.rate()
    }

    /// How far, in device frames, the reading position stays behind the writing position at the start of a block
    /// once that block is read.
    fn margin(&self) -> f64 {
        (self.target_secs - TICK_SECS - self.filter_secs()) * self.rate()
    }
}

/// Filter length in device frames: downsampling needs a longer one for the same steepness.
fn sinc_len(rate_hz: u32) -> usize {
    SINC_LEN * rate_hz.div_ceil(SAMPLE_RATE_HZ) as usize
}

fn resampler(rate_hz: u32) -> Option<Async<f32>> {
    let parameters = SincInterpolationParameters::new(sinc_len(rate_hz), WindowFunction::BlackmanHarris2)
        .oversampling_factor(128)
        .interpolation(SincInterpolationType::Cubic);
    let ratio = f64::from(SAMPLE_RATE_HZ) / f64::from(rate_hz);
    Async::new_sinc(ratio, 1.02, &parameters, BLOCK_FRAMES, CHANNELS, FixedAsync::Output).ok()
}

/// The size of a device's bursts: what must be in store when the next one is due.
#[derive(Debug, Default)]
struct Bursts {
    last: Option<MediaTime>,
    open: usize,
    recent: [usize; 8],
    next: usize,
}

impl Bursts {
    fn chunk(&mut self, frames: usize, arrived: MediaTime) {
        let together = self.last.is_some_and(|last| arrived.nanos() - last.nanos() < BURST_NANOS);
        self.last = Some(arrived);
        if together {
            self.open += frames;
            return;
        }
        let ended = std::mem::replace(&mut self.open, frames);
        if let Some(slot) = self.recent.get_mut(self.next) {
            *slot = ended;
        }
        self.next = (self.next + 1) % self.recent.len();
    }

    /// The third largest of the last eight: a size that recurs, which the one large burst after a stall does not.
    fn recurring(&self) -> usize {
        let mut sizes = self.recent;
        sizes.sort_unstable();
        let [.., third, _, _] = sizes;
        third
    }
}

#[cfg(test)]
mod tests;
