//! Holding a strip back, so that its sound meets its picture or a slower strip.

use vitrine_media::{BLOCK_FRAMES, CHANNELS, SAMPLE_RATE_HZ};

use crate::Samples;

/// Longest delay: one second.
pub(crate) const MAX_FRAMES: usize = SAMPLE_RATE_HZ as usize;
/// Frames of the cross-fade when the delay changes: one block.
const FADE: f32 = BLOCK_FRAMES as f32;

/// A delay line that changes its length without a click. Memory is taken with the first delay asked for.
#[derive(Debug, Default)]
pub(crate) struct DelayLine {
    line: Vec<[f32; CHANNELS]>,
    at: usize,
    frames: usize,
    next: Option<usize>,
}

impl DelayLine {
    /// Asks for a delay of `frames`, at most [`MAX_FRAMES`]. Allocates when it is the first one.
    pub(crate) fn set(&mut self, frames: usize) {
        let frames = frames.min(MAX_FRAMES);
        if frames > 0 && self.line.is_empty() {
            self.line = vec![[0.0; CHANNELS]; (MAX_FRAMES + 1).next_power_of_two()];
        }
        self.next = (frames != self.frames).then_some(frames);
    }

    /// The delay in force or being moved to.
    pub(crate) fn frames(&self) -> usize {
        self.next.unwrap_or(self.frames)
    }

    /// Delays a block in place.
    pub(crate) fn process(&mut self, block: &mut Samples) {
        if self.line.is_empty() {
            return;
        }
        let next = self.next.take();
        for (n, frame) in block.chunks_exact_mut(CHANNELS).enumerate() {
            if let ([l, r], Some(slot)) = (&*frame, self.line.get_mut(self.at)) {
                *slot = [*l, *r];
            }
            let mut out = self.tap(self.frames);
            if let Some(next) = next {
                let t = (n + 1) as f32 / FADE;
                out.iter_mut().zip(self.tap(next)).for_each(|(a, b)| *a += (b - *a) * t);
            }
            frame.copy_from_slice(&out);
            self.at = (self.at + 1) & (self.line.len() - 1);
        }
        self.frames = next.unwrap_or(self.frames);
    }

    fn tap(&self, frames: usize) -> [f32; CHANNELS] {
        let at = self.at.wrapping_sub(frames) & (self.line.len() - 1);
        self.line.get(at).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulated::{largest_step, tone_block};

    #[test]
    fn a_delay_is_exact_and_its_changes_are_not_heard() {
        let mut line = DelayLine::default();
        let (mut dry, mut wet) = (Vec::new(), Vec::new());
        for k in 0..100 {
            match k {
                20 => line.set(1000),
                40 => line.set(20_000),
                60 => line.set(3),
                _ => {}
            }
            let mut block = tone_block(k, 300.0, 0.8);
            dry.extend(block.samples.iter().step_by(2).copied());
            line.process(&mut block.samples);
            wet.extend(block.samples.iter().step_by(2).copied());
        }
        assert_eq!(wet[..9600], dry[..9600]);
        assert_eq!(wet[12_000..19_000], dry[11_000..18_000]);
        assert_eq!(wet[30_000..], dry[30_000 - 3..48_000 - 3]);
        // 300 Hz at 0.8 moves by 0.0315 a frame; the line is silent before it was first used.
        assert!(largest_step(&wet) < 0.036, "{}", largest_step(&wet));
    }
}
