//! What is played when a source has nothing: its last moment backwards, fading to silence in 5 ms.
//!
//! Playing backwards keeps the waveform continuous at the joint, so the end of a source is a short fade and not a
//! click. Nothing is repeated beyond that: a concealed gap is heard as a gap, not as a stutter.

use vitrine_media::{BLOCK_FRAMES, CHANNELS};

use crate::Samples;

/// Frames of the fade, 5 ms.
pub(crate) const FADE_FRAMES: usize = 240;

/// Turns `block`, which holds what was played last, into what follows it when nothing more comes.
pub(crate) fn fade_from_last(block: &mut Samples) {
    let (head, tail) = block.split_at_mut((BLOCK_FRAMES - FADE_FRAMES) * CHANNELS);
    // The tail is 240 frames and so is the head: one is the mirror of the other.
    let mirrored = tail.chunks_exact(CHANNELS).rev();
    for (n, (to, from)) in head.chunks_exact_mut(CHANNELS).zip(mirrored).enumerate() {
        let gain = 1.0 - (n + 1) as f32 / FADE_FRAMES as f32;
        for (to, from) in to.iter_mut().zip(from) {
            *to = from * gain;
        }
    }
    tail.fill(0.0);
}

/// Fades `block` in from silence within 5 ms, after `silent` frames of nothing (at most half the block).
pub(crate) fn fade_in(block: &mut Samples, silent: usize) {
    let silent = silent.min(BLOCK_FRAMES - FADE_FRAMES);
    for (n, frame) in block.chunks_exact_mut(CHANNELS).take(silent + FADE_FRAMES).enumerate() {
        let gain = n.saturating_sub(silent) as f32 / FADE_FRAMES as f32;
        for s in frame {
            *s *= gain;
        }
    }
}

/// Fades the last 5 ms of `block` out to silence.
pub(crate) fn fade_out(block: &mut Samples) {
    for (n, frame) in block.chunks_exact_mut(CHANNELS).skip(BLOCK_FRAMES - FADE_FRAMES).enumerate() {
        let gain = 1.0 - (n + 1) as f32 / FADE_FRAMES as f32;
        for s in frame {
            *s *= gain;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BLOCK_SAMPLES;

    #[test]
    fn a_source_that_ends_fades_without_a_step() {
        let tone = |n: usize| (n as f32 * 0.05).sin() * 0.8;
        let mut block = [0.0; BLOCK_SAMPLES];
        for (n, frame) in block.chunks_exact_mut(2).enumerate() {
            frame.fill(tone(n));
        }
        let last = block[BLOCK_SAMPLES - 2];
        fade_from_last(&mut block);
        let mut before = last;
        for frame in block.chunks_exact(2) {
            assert!((frame[0] - before).abs() < 0.05 * 0.8 + 1.0 / FADE_FRAMES as f32);
            before = frame[0];
        }
        assert_eq!(before.to_bits(), 0.0f32.to_bits());
        fade_from_last(&mut block);
        assert!(block.iter().all(|s| s.abs() < 1e-9));
    }
}
