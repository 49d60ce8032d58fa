//! Once a second, a white flash of one frame and a beep that begins at the same instant: the two sources with which
//! a chain's sync is measured.
//!
//! Both ask [`event_tick`] for the instant, so they agree by construction: the event of second `s` is the first
//! frame due at or after it, and the beep's first sample is the first one at or after that frame. No threads, no
//! locks.

use vitrine_media::{
    AudioFormat, BLOCK_FRAMES, FramePool, FrameRate, MediaTime, PoolExhausted, SAMPLE_RATE_HZ, VideoFrame,
};

use crate::color::{fill_all, no_buffer};
use crate::tone::{TONE_PERIOD, append_mono, sample_at, sine};
use crate::{AudioInput, AudioSource, CaptureContext, CaptureError, Pacing, VideoSource, frame_id};

/// Length of the beep: 50 ms.
pub const BEEP_FRAMES: i64 = SAMPLE_RATE_HZ as i64 / 20;
/// Peak of the beep: -6 dBFS.
const BEEP_PEAK: f32 = 0.501_187_2;

/// The frame that flashes for session second `second`: the first one due at or after it.
pub fn event_tick(rate: FrameRate, second: i64) -> i64 {
    rate.tick_at(MediaTime::from_nanos(second.saturating_mul(1_000_000_000).saturating_sub(1))) + 1
}

/// Whether frame `n` is a flash.
pub fn is_flash(rate: FrameRate, n: i64) -> bool {
    let second = rate.tick_time(n).nanos().div_euclid(1_000_000_000);
    event_tick(rate, second) == n
}

/// The first 48 kHz sample of the beep of `second`.
pub fn beep_sample(rate: FrameRate, second: i64) -> i64 {
    let due = rate.tick_time(event_tick(rate, second)).nanos();
    let scaled = i128::from(due) * i128::from(SAMPLE_RATE_HZ);
    (scaled + 999_999_999).div_euclid(1_000_000_000) as i64
}

/// White for one frame in every second, otherwise black; every frame carries its id.
pub(crate) struct FlashSource {
    rate: FrameRate,
    canvas: (u32, u32),
    pool: FramePool,
    shown: Option<VideoFrame>,
    skipped: u64,
}

impl FlashSource {
    pub(crate) fn open(context: &CaptureContext) -> Result<Self, CaptureError> {
        let mut source = Self {
            rate: context.rate,
            canvas: context.canvas,
            pool: context.pool.clone(),
            shown: None,
            skipped: 0,
        };
        source.shown = Some(source.paint(0).map_err(|full| no_buffer("flash", full))?);
        Ok(source)
    }

    fn paint(&self, n: i64) -> Result<VideoFrame, PoolExhausted> {
        let due = self.rate.tick_time(n);
        let mut frame = self.pool.take(self.canvas.0, self.canvas.1, false)?;
        fill_all(&mut frame, [if is_flash(self.rate, n) { 235 } else { 16 }, 128, 128]);
        frame_id::write(&mut frame, n as u32, frame_id::wrapped_millis(due));
        Ok(frame.freeze(due, n as u64))
    }
}

impl VideoSource for FlashSource {
    fn pacing(&self) -> Pacing {
        Pacing::OnDemand
    }

    fn read(&mut self, at: MediaTime) -> Result<Option<VideoFrame>, CaptureError> {
        let n = self.rate.tick_at(at);
        if self.shown.as_ref().is_none_or(|shown| shown.seq != n as u64) {
            match self.paint(n) {
                Ok(frame) => self.shown = Some(frame),
                Err(PoolExhausted { .. }) => self.skipped += 1,
            }
        }
        Ok(self.shown.clone())
    }

    fn skipped(&self) -> u64 {
        self.skipped
    }
}

/// The beep that goes with [`FlashSource`].
pub(crate) struct BeepSource {
    rate: FrameRate,
}

impl BeepSource {
    pub(crate) fn open(context: &CaptureContext) -> Self {
        Self { rate: context.rate }
    }

    /// The sample of session sample number `n`: the beep begins at phase zero and lasts 50 whole periods.
    fn sample(&self, n: i64) -> f32 {
        let second = n.div_euclid(i64::from(SAMPLE_RATE_HZ));
        // An event may fall into the second after the one it is for, when no frame is due in its last moments.
        for second in [second, second - 1] {
            let since = n - beep_sample(self.rate, second);
            if (0..BEEP_FRAMES).contains(&since) {
                return sine(since % TONE_PERIOD) * BEEP_PEAK;
            }
        }
        0.0
    }
}

impl AudioSource for BeepSource {
    fn format(&self) -> AudioFormat {
        AudioFormat::STUDIO
    }

    fn pacing(&self) -> Pacing {
        Pacing::OnDemand
    }

    fn read(&mut self, at: MediaTime, out: &mut AudioInput) -> Result<(), CaptureError> {
        let first = sample_at(at);
        append_mono(out, at, (first..first + BLOCK_FRAMES as i64).map(|n| self.sample(n)));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vitrine_testkit::frame_id::{Luma, read_frame};

    fn rates() -> [FrameRate; 4] {
        [(30, 1), (30_000, 1001), (25, 1), (60, 1)].map(|(n, d)| FrameRate::new(n, d).unwrap())
    }

    #[test]
    fn every_second_has_exactly_one_flash_and_its_beep_begins_with_it() {
        for rate in rates() {
            for second in [0, 1, 2, 59, 999, 1000, 1001, 36_000] {
                let tick = event_tick(rate, second);
                let flashes: Vec<i64> = (tick - 20..tick + 20).filter(|&n| is_flash(rate, n)).collect();
                assert_eq!(flashes, [tick], "{rate:?} second {second}");
                let due = rate.tick_time(tick).nanos();
                let beep = MediaTime::from_samples(beep_sample(rate, second)).nanos();
                assert!((0..20_834).contains(&(beep + 1 - due)), "{rate:?} second {second}: {}", beep - due);
            }
        }
    }

    #[test]
    fn the_beep_is_sample_exact_whatever_the_blocks() {
        for rate in rates() {
            let context = CaptureContext { rate, ..crate::tests_context((64, 36)) };
            let mut source = BeepSource::open(&context);
            let mut out = AudioInput::default();
            let blocks = 3 * 100;
            for k in 0..blocks {
                source.read(MediaTime::from_millis(k * 10), &mut out).unwrap();
            }
            let mono: Vec<f32> = out.samples.chunks_exact(2).map(|f| f[0]).collect();
            assert_eq!(mono.len(), blocks as usize * 480);
            for second in 0..3 {
                let start = beep_sample(rate, second) as usize;
                // Phase zero: the first sample of a sine is 0, the second is not.
                let end = start + BEEP_FRAMES as usize;
                assert!(mono[start + 1] > 0.05 && mono[end - 1] < -0.05);
                let next = if second < 2 { beep_sample(rate, second + 1) as usize } else { mono.len() };
                assert!(mono[end..next].iter().all(|&s| s == 0.0));
            }
        }
    }

    #[test]
    fn the_flash_lasts_one_frame_and_every_frame_carries_its_id() {
        let context = crate::tests_context((320, 180));
        let mut source = FlashSource::open(&context).unwrap();
        for n in 0..61 {
            let frame = source.read(context.rate.tick_time(n)).unwrap().unwrap();
            let bright = Luma::of(&frame).mean() > 125.0;
            assert_eq!(bright, n % 30 == 0, "frame {n}");
            assert_eq!(read_frame(&frame).map(|f| i64::from(f.id)), Some(n));
        }
    }
}
