//! The last second of a device's sound, addressed by absolute frame number.
//!
//! One thread writes and reads. A frame that is overwritten before it is read is gone; the reader sees that from
//! [`FrameRing::oldest`].

use vitrine_media::CHANNELS;

/// Stereo frames, numbered from 0 since the device was opened.
#[derive(Debug)]
pub(crate) struct FrameRing {
    samples: Box<[f32]>,
    mask: u64,
    written: u64,
}

impl FrameRing {
    /// Holds at least `frames` frames.
    pub(crate) fn new(frames: usize) -> Self {
        let frames = frames.next_power_of_two();
        Self { samples: vec![0.0; frames * CHANNELS].into_boxed_slice(), mask: frames as u64 - 1, written: 0 }
    }

    /// Frames written since the beginning; the number the next one gets.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// The oldest frame still there.
    pub(crate) fn oldest(&self) -> u64 {
        self.written.saturating_sub(self.mask + 1)
    }

    /// Appends a frame.
    pub(crate) fn push(&mut self, frame: [f32; CHANNELS]) {
        let at = (self.written & self.mask) as usize * CHANNELS;
        if let Some(slot) = self.samples.get_mut(at..at + CHANNELS) {
            slot.copy_from_slice(&frame);
        }
        self.written += 1;
    }

    /// Copies the frames from number `start` on into `out`; false, with `out` untouched, if any is not there.
    pub(crate) fn read(&self, start: u64, out: &mut [f32]) -> bool {
        let frames = out.len() / CHANNELS;
        if start < self.oldest() || start + frames as u64 > self.written {
            return false;
        }
        let at = (start & self.mask) as usize * CHANNELS;
        let first = out.len().min(self.samples.len() - at);
        let (head, tail) = out.split_at_mut(first);
        if let Some(from) = self.samples.get(at..at + first) {
            head.copy_from_slice(from);
        }
        if let Some(from) = self.samples.get(..tail.len()) {
            tail.copy_from_slice(from);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_read_is_what_was_written(total in 0u64..400, start in 0u64..400, len in 0usize..80) {
            let mut ring = FrameRing::new(64);
            for n in 0..total {
                ring.push([n as f32, -(n as f32)]);
            }
            let mut out = vec![f32::NAN; len * 2];
            let there = start >= ring.oldest() && start + len as u64 <= total;
            prop_assert_eq!(ring.read(start, &mut out), there);
            if there {
                for (i, frame) in out.chunks_exact(2).enumerate() {
                    prop_assert_eq!(frame, &[(start + i as u64) as f32, -((start + i as u64) as f32)]);
                }
            }
        }
    }
}
