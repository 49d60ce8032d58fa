//! What a tick of sound costs. A tick is 10 ms: 100 µs are one per cent of a core.

// The macros of criterion write functions without documentation.
#![allow(missing_docs, clippy::unwrap_used)]

use criterion::{Criterion, criterion_group, criterion_main};
use vitrine_media::{AudioBlock, AudioFormat, MediaTime};
use vitrine_sound::{Inlet, InletConfig, Mixer, StripSettings};

fn tick(k: i64) -> MediaTime {
    MediaTime::from_millis(k * 10)
}

/// A block of noise that reaches `peak`.
fn noise(peak: f32) -> AudioBlock {
    let mut block = AudioBlock::silence(MediaTime::ZERO);
    let mut state = 1u32;
    for sample in block.samples.iter_mut() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *sample = (state as f32 / u32::MAX as f32 * 2.0 - 1.0) * peak;
    }
    block
}

fn inlets(criterion: &mut Criterion) {
    for (name, rate_hz, channels) in
        [("48 kHz stereo", 48_000, 2), ("44.1 kHz mono", 44_100, 1), ("96 kHz stereo", 96_000, 2)]
    {
        let mut inlet = Inlet::new(AudioFormat { rate_hz, channels }, InletConfig::default()).unwrap();
        let frames = rate_hz as usize / 100;
        let samples = vec![0.1f32; frames * usize::from(channels)];
        let mut k = 0;
        criterion.bench_function(&format!("inlet, {name}"), |bencher| {
            bencher.iter(|| {
                k += 1;
                inlet.push(&samples, frames, tick(k));
                inlet.pull(tick(k)).samples.first().copied()
            });
        });
    }
}

fn mixers(criterion: &mut Criterion) {
    for (name, strips, peak) in [("1 strip", 1, 0.3), ("4 strips", 4, 0.1), ("4 strips, limiting", 4, 0.9)] {
        let mut mixer = Mixer::new();
        let ids: Vec<_> = (0..strips).map(|_| mixer.add(StripSettings::default()).unwrap()).collect();
        let block = noise(peak);
        let mut k = 0;
        criterion.bench_function(&format!("mixer, {name}"), |bencher| {
            bencher.iter(|| {
                k += 1;
                for id in &ids {
                    mixer.feed(*id, &block).unwrap();
                }
                mixer.mix(tick(k)).samples.first().copied()
            });
        });
    }
}

criterion_group!(benches, inlets, mixers);
criterion_main!(benches);
