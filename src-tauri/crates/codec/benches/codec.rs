//! What one frame costs: preview JPEG, camera JPEG, AAC. x264 is measured by `./dev bench` against the command line.
#![allow(missing_docs, clippy::unwrap_used)]

use criterion::{Criterion, criterion_group, criterion_main};
use vitrine_codec::{AacEncoder, JpegDecoder, JpegEncoder};
use vitrine_media::{AudioBlock, FramePool, MediaTime, VideoFrame};

fn texture(width: u32, height: u32) -> VideoFrame {
    let mut frame = FramePool::new(1).take(width, height, false).unwrap();
    for plane in frame.planes_mut() {
        plane.iter_mut().enumerate().for_each(|(n, pixel)| *pixel = 60 + ((n / 7) ^ (n / 900)) as u8 % 128);
    }
    frame.freeze(MediaTime::ZERO, 0)
}

fn jpeg(c: &mut Criterion) {
    let (mut encoder, mut out) = (JpegEncoder::new(75), Vec::new());
    let preview = texture(960, 540);
    c.bench_function("preview JPEG 960x540", |b| b.iter(|| encoder.encode(&preview, &mut out).unwrap()));
    encoder.encode(&texture(1920, 1080), &mut out).unwrap();
    let mut decoder = JpegDecoder::new();
    c.bench_function("camera JPEG 1920x1080 to planes", |b| b.iter(|| decoder.decode(&out).unwrap().width));
}

fn aac(c: &mut Criterion) {
    let (mut encoder, mut k) = (AacEncoder::open(160_000).unwrap(), 0);
    c.bench_function("AAC, 10 ms", |b| {
        b.iter(|| {
            let mut block = AudioBlock::silence(MediaTime::from_millis(k * 10));
            block.samples.iter_mut().enumerate().for_each(|(n, s)| *s = ((n * 7919) % 1000) as f32 / 2000.0);
            k += 1;
            encoder.encode(&block, &mut Vec::new()).unwrap();
        });
    });
}

criterion_group!(benches, jpeg, aac);
criterion_main!(benches);
