//! What each step costs for one picture at 1920 x 1080 on one thread. Read the ratios to `copy`, not the milliseconds:
//! both move with the machine.
#![allow(missing_docs, reason = "criterion's macros make public functions")]
#![allow(clippy::unwrap_used, reason = "a bench may stop at its first fault")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use vitrine_media::{
    ColorDesc, Convert, FramePool, Matrix, MediaTime, PixelFormat, Plane, Range, RawPicture, VideoFrame,
};
use vitrine_picture::{Composer, Converter, Crop, Layer, Rect, Scaler, crossfade};

const W: u32 = 1920;
const H: u32 = 1080;

fn noise(len: usize) -> Vec<u8> {
    let mut state = 1u32;
    (0..len)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect()
}

fn picture(pool: &FramePool, width: u32, height: u32, alpha: bool) -> VideoFrame {
    let mut frame = pool.take(width, height, alpha).unwrap();
    for plane in frame.planes_mut() {
        plane.copy_from_slice(&noise(plane.len()));
    }
    frame.freeze(MediaTime::ZERO, 0)
}

fn convert(c: &mut Criterion) {
    let pool = FramePool::new(4);
    let bytes = noise((W * H * 4) as usize);
    let converter = Converter::new();
    let (w, h) = (W as usize, H as usize);
    let bt601 = ColorDesc { matrix: Matrix::Bt601, range: Range::Limited };
    let mut group = c.benchmark_group("convert");
    let cases = [
        ("copy (I420 709 limited)", PixelFormat::I420, ColorDesc::STUDIO, [w, w / 2, w / 2]),
        ("I420 601 full", PixelFormat::I420, ColorDesc::JFIF, [w, w / 2, w / 2]),
        ("I422 601 full (JPEG)", PixelFormat::I422, ColorDesc::JFIF, [w, w / 2, w / 2]),
        ("I444 601 full", PixelFormat::I444, ColorDesc::JFIF, [w, w, w]),
        ("NV12 601 limited", PixelFormat::Nv12, bt601, [w, w, 0]),
        ("YUYV 601 limited", PixelFormat::Yuyv, bt601, [2 * w, 0, 0]),
        ("BGRX", PixelFormat::Bgrx, ColorDesc::STUDIO, [4 * w, 0, 0]),
        ("RGB24", PixelFormat::Rgb24, ColorDesc::STUDIO, [3 * w, 0, 0]),
        ("RGBA with alpha", PixelFormat::Rgba, ColorDesc::STUDIO, [4 * w, 0, 0]),
    ];
    for (name, format, color, strides) in cases {
        let planes = strides.map(|stride| bytes.get(..stride * h).unwrap());
        let raw = RawPicture { width: W, height: H, format, color, planes, strides };
        group.bench_function(name, |b| {
            b.iter(|| converter.convert(black_box(&raw), &pool, MediaTime::ZERO, 0).unwrap());
        });
    }
}

fn layer(frame: &VideoFrame, dest: [f32; 4], cache_key: u64) -> Layer {
    let [x, y, width, height] = dest;
    let dest = Rect { x, y, width, height };
    Layer { frame: frame.clone(), crop: Crop::default(), dest, quarter_turns: 0, opacity: 1.0, cache_key }
}

fn compose(c: &mut Criterion) {
    let pool = FramePool::new(32);
    let mut group = c.benchmark_group("compose");
    let camera = [picture(&pool, W, H, false), picture(&pool, W, H, false)];
    let small = [picture(&pool, 1280, 720, false), picture(&pool, 1280, 720, false)];
    let overlay = picture(&pool, W, H, true);
    // A bar with text: a strip of coverage in an otherwise empty full-size overlay.
    let mut bar = pool.take(W, H, true).unwrap();
    bar.fill_black();
    let stride = bar.stride(Plane::A);
    for row in bar.plane_mut(Plane::A).chunks_mut(stride).skip(900).take(120) {
        row.get_mut(100..900).unwrap().fill(200);
    }
    let bar = bar.freeze(MediaTime::ZERO, 0);
    let card = picture(&pool, 480, 270, false);
    let full = [0.0, 0.0, 1920.0, 1080.0];
    let pip = [1400.0, 40.0, 480.0, 270.0];
    let turned = Layer { quarter_turns: 1, ..layer(&camera[0], [0.0, 0.0, 1080.0, 1920.0], 1) };
    let cases: [(&str, (u32, u32), Vec<Layer>); 9] = [
        (
            "camera, still card, text bar",
            (W, H),
            vec![layer(&camera[0], full, 1), layer(&card, pip, 2), layer(&bar, full, 3)],
        ),
        (
            "camera, live picture-in-picture at a quarter",
            (W, H),
            vec![layer(&camera[0], full, 1), layer(&camera[0], pip, 2)],
        ),
        ("camera, full overlay", (W, H), vec![layer(&camera[0], full, 1), layer(&overlay, full, 2)]),
        ("720p camera enlarged", (W, H), vec![layer(&small[0], full, 1)]),
        (
            "camera at half opacity",
            (W, H),
            vec![layer(&camera[0], full, 1), Layer { opacity: 0.5, ..layer(&camera[0], full, 2) }],
        ),
        ("camera at an odd place", (W, H), vec![layer(&camera[0], [3.0, 5.0, 1920.0, 1080.0], 1)]),
        (
            "two halves side by side",
            (W, H),
            vec![
                layer(&camera[0], [0.0, 270.0, 960.0, 540.0], 1),
                layer(&camera[0], [960.0, 270.0, 960.0, 540.0], 2),
            ],
        ),
        ("camera turned upright", (1080, 1920), vec![turned]),
        (
            "camera in a portrait canvas",
            (1080, 1920),
            vec![Layer {
                crop: Crop { left: 656, top: 0, right: 656, bottom: 0 },
                ..layer(&camera[0], [0.0, 0.0, 1080.0, 1920.0], 1)
            }],
        ),
    ];
    for (name, canvas, mut layers) in cases {
        let mut composer = Composer::new(pool.clone());
        let mut seq = 0u64;
        group.bench_function(name, |b| {
            b.iter(|| {
                seq += 1;
                for layer in &mut layers {
                    // A camera's frames are new pixels every time; stills stay.
                    for live in [&camera, &small] {
                        if live.iter().any(|f| f.same_pixels(&layer.frame)) {
                            layer.frame = live.get((seq % 2) as usize).unwrap().clone();
                        }
                    }
                }
                composer.compose(canvas, &layers, MediaTime::ZERO, seq).unwrap()
            });
        });
    }
}

fn whole_pictures(c: &mut Criterion) {
    let pool = FramePool::new(8);
    let (a, b2) = (picture(&pool, W, H, false), picture(&pool, W, H, false));
    let mut group = c.benchmark_group("picture");
    group.bench_function("copy", |b| {
        b.iter(|| {
            let mut out = pool.take(W, H, false).unwrap();
            out.copy_from(black_box(&a));
            out
        });
    });
    group.bench_function("crossfade", |b| {
        b.iter(|| crossfade(&a, &b2, 0.4, &pool, MediaTime::ZERO, 0).unwrap());
    });
    let mut scaler = Scaler::new();
    for (w, h) in [(960, 540), (640, 360), (1280, 720), (854, 480)] {
        group.bench_function(format!("scale to {w}x{h}"), |b| {
            b.iter(|| scaler.scale(black_box(&a), w, h, &pool).unwrap());
        });
    }
}

criterion_group!(benches, convert, compose, whole_pictures);
criterion_main!(benches);
