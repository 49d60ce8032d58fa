//! Conversions against an exact reference in `f64`, and the portable build against the one for this CPU.

use super::*;
use crate::simd::Kernel;
use proptest::prelude::*;
use vitrine_media::{Matrix, Plane, Range};

const FORMATS: [PixelFormat; 12] = [
    PixelFormat::I420,
    PixelFormat::I422,
    PixelFormat::I440,
    PixelFormat::I444,
    PixelFormat::Gray8,
    PixelFormat::Nv12,
    PixelFormat::Yuyv,
    PixelFormat::Uyvy,
    PixelFormat::Rgb24,
    PixelFormat::Bgr24,
    PixelFormat::Rgba,
    PixelFormat::Bgrx,
];
const MATRICES: [Matrix; 3] = [Matrix::Bt601, Matrix::Bt709, Matrix::Bt2020];
const RANGES: [Range; 2] = [Range::Limited, Range::Full];

/// A small generator, so that a picture is the same in every run.
fn noise(len: usize, mut state: u32) -> Vec<u8> {
    (0..len)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect()
}

struct Sample {
    bytes: [Vec<u8>; 3],
    strides: [usize; 3],
    format: PixelFormat,
    color: ColorDesc,
    width: u32,
    height: u32,
}

impl Sample {
    fn new(format: PixelFormat, color: ColorDesc, width: u32, height: u32, padding: usize) -> Self {
        let shapes = shapes(format, width, height);
        let strides = shapes.map(|(len, _)| len + padding);
        let mut seed = width * 31 + height;
        let bytes = [0, 1, 2].map(|n| {
            seed += 7;
            noise(strides[n] * shapes[n].1, seed)
        });
        Self { bytes, strides, format, color, width, height }
    }

    fn raw(&self) -> RawPicture<'_> {
        RawPicture {
            width: self.width,
            height: self.height,
            format: self.format,
            color: self.color,
            planes: self.bytes.each_ref().map(Vec::as_slice),
            strides: self.strides,
        }
    }

    fn byte(&self, plane: usize, x: usize, y: usize) -> f64 {
        f64::from(self.bytes[plane][y * self.strides[plane] + x])
    }

    /// Source codes of a pixel: Y, U, V, 255, or premultiplied R, G, B and A.
    fn pixel(&self, x: usize, y: usize) -> [f64; 4] {
        use PixelFormat as F;
        let (cx, cy) = (x / 2, y / 2);
        let at = |p, x, y| self.byte(p, x, y);
        match self.format {
            F::I420 => [at(0, x, y), at(1, cx, cy), at(2, cx, cy), 255.0],
            F::I422 => [at(0, x, y), at(1, cx, y), at(2, cx, y), 255.0],
            F::I440 => [at(0, x, y), at(1, x, cy), at(2, x, cy), 255.0],
            F::I444 => [at(0, x, y), at(1, x, y), at(2, x, y), 255.0],
            F::Gray8 => [at(0, x, y), 128.0, 128.0, 255.0],
            F::Nv12 => [at(0, x, y), at(1, 2 * cx, cy), at(1, 2 * cx + 1, cy), 255.0],
            F::Yuyv => [at(0, 2 * x, y), at(0, 4 * cx + 1, y), at(0, 4 * cx + 3, y), 255.0],
            F::Uyvy => [at(0, 2 * x + 1, y), at(0, 4 * cx, y), at(0, 4 * cx + 2, y), 255.0],
            F::Rgb24 => [at(0, 3 * x, y), at(0, 3 * x + 1, y), at(0, 3 * x + 2, y), 255.0],
            F::Bgr24 => [at(0, 3 * x + 2, y), at(0, 3 * x + 1, y), at(0, 3 * x, y), 255.0],
            F::Bgrx => [at(0, 4 * x + 2, y), at(0, 4 * x + 1, y), at(0, 4 * x, y), 255.0],
            F::Rgba => {
                let a = at(0, 4 * x + 3, y);
                // Premultiplication rounds to bytes once; that is part of the definition.
                let c = |n| (at(0, 4 * x + n, y) * a / 255.0).round();
                [c(0), c(1), c(2), a]
            }
        }
    }

    /// The exact result for source codes.
    fn studio(&self, [a, b, c, _]: [f64; 4]) -> [f64; 3] {
        if is_rgb(self.format) {
            let [y, u, v] = matrix::rgb_to_studio().map(|k| k[0] * a + k[1] * b + k[2] * c);
            [16.0 + y, 128.0 + u, 128.0 + v]
        } else {
            let m = YuvMap::to_studio(self.color);
            let (y, u, v) = (a - m.black, b - 128.0, c - 128.0);
            [16.0 + m.yy * y + m.yu * u + m.yv * v, 128.0 + m.uu * u + m.uv * v, 128.0 + m.vu * u + m.vv * v]
        }
    }

    /// Compares a converted frame with the reference: (largest error in codes, share of pixels exactly rounded).
    fn compare(&self, frame: &VideoFrame) -> (f64, f64) {
        let (w, h) = (self.width as usize, self.height as usize);
        let (mut worst, mut exact, mut count) = (0.0f64, 0u32, 0u32);
        let mut see = |got: u8, want: f64| {
            let want = want.clamp(0.0, 255.0);
            worst = worst.max((f64::from(got) - want).abs());
            exact += u32::from(got == want.round() as u8);
            count += 1;
        };
        for y in 0..h {
            for x in 0..w {
                let [luma, ..] = self.studio(self.pixel(x, y));
                see(frame.plane(Plane::Y)[y * frame.stride(Plane::Y) + x], luma);
            }
        }
        for cy in 0..h.div_ceil(2) {
            for cx in 0..w.div_ceil(2) {
                let mut mean = [0.0; 4];
                for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                    let p = self.pixel((2 * cx + dx).min(w - 1), (2 * cy + dy).min(h - 1));
                    mean.iter_mut().zip(p).for_each(|(m, p)| *m += p / 4.0);
                }
                let [_, u, v] = self.studio(mean);
                see(frame.plane(Plane::U)[cy * frame.stride(Plane::U) + cx], u);
                see(frame.plane(Plane::V)[cy * frame.stride(Plane::V) + cx], v);
            }
        }
        (worst, f64::from(exact) / f64::from(count))
    }
}

fn convert(raw: &RawPicture<'_>) -> Result<VideoFrame, ConvertError> {
    Converter::new().convert(raw, &FramePool::new(4), MediaTime::ZERO, 0)
}

#[test]
fn every_format_matrix_and_range_is_within_one_code_of_exact_arithmetic() {
    for format in FORMATS {
        for (matrix, range) in MATRICES.into_iter().flat_map(|m| RANGES.map(|r| (m, r))) {
            let sample = Sample::new(format, ColorDesc { matrix, range }, 70, 37, 3);
            let (worst, exact) = sample.compare(&convert(&sample.raw()).unwrap());
            assert!(worst <= 1.0, "{format:?} {matrix:?} {range:?}: {worst} codes off");
            assert!(exact >= 0.97, "{format:?} {matrix:?} {range:?}: {exact} exact");
        }
    }
}

#[test]
fn known_colours_get_their_textbook_codes() {
    // BT.709 limited codes of white, black, red, green, blue (ITU-R BT.709-6, 8 bit).
    let colours = [
        ([255, 255, 255], [235, 128, 128]),
        ([0, 0, 0], [16, 128, 128]),
        ([255, 0, 0], [63, 102, 240]),
        ([0, 255, 0], [173, 42, 26]),
        ([0, 0, 255], [32, 240, 118]),
    ];
    for (rgb, want) in colours {
        let bytes = rgb.repeat(16);
        let raw = RawPicture {
            width: 4,
            height: 4,
            format: PixelFormat::Rgb24,
            color: ColorDesc::JFIF,
            planes: [&bytes, &[], &[]],
            strides: [12, 0, 0],
        };
        let frame = convert(&raw).unwrap();
        let got = [Plane::Y, Plane::U, Plane::V].map(|p| frame.plane(p)[0]);
        assert_eq!(got, want, "{rgb:?}");
    }
}

#[test]
fn greys_stay_grey_from_jpeg_and_white_and_black_land_on_235_and_16() {
    let ramp: Vec<u8> = (0..=255).collect();
    let neutral = [128; 128];
    let raw = RawPicture {
        width: 256,
        height: 1,
        format: PixelFormat::I420,
        color: ColorDesc::JFIF,
        planes: [&ramp, &neutral, &neutral],
        strides: [256, 128, 128],
    };
    let frame = convert(&raw).unwrap();
    assert_eq!(frame.plane(Plane::Y)[0], 16);
    assert_eq!(frame.plane(Plane::Y)[255], 235);
    assert!(frame.plane(Plane::Y)[..256].is_sorted());
    assert!(frame.plane(Plane::U)[..128].iter().chain(&frame.plane(Plane::V)[..128]).all(|&c| c == 128));
}

#[test]
fn studio_pictures_pass_unchanged() {
    for format in [PixelFormat::I420, PixelFormat::Nv12] {
        let sample = Sample::new(format, ColorDesc::STUDIO, 33, 17, 5);
        let (worst, exact) = sample.compare(&convert(&sample.raw()).unwrap());
        assert!(worst < 0.01 && exact > 0.999_999, "{format:?}");
    }
}

#[test]
fn opaque_rgba_has_no_alpha_plane_and_transparency_is_premultiplied() {
    let convert_pixel = |rgba: [u8; 4]| {
        let bytes = rgba.repeat(4);
        let raw = RawPicture {
            width: 2,
            height: 2,
            format: PixelFormat::Rgba,
            color: ColorDesc::STUDIO,
            planes: [&bytes, &[], &[]],
            strides: [8, 0, 0],
        };
        convert(&raw).unwrap()
    };
    assert!(!convert_pixel([1, 2, 3, 255]).has_alpha());
    let clear = convert_pixel([200, 100, 50, 0]);
    assert!(clear.has_alpha());
    let values = [Plane::Y, Plane::U, Plane::V, Plane::A].map(|p| clear.plane(p)[0]);
    assert_eq!(values, [16, 128, 128, 0], "nothing is neutral");
    let half = convert_pixel([255, 255, 255, 128]);
    assert_eq!((half.plane(Plane::Y)[0], half.plane(Plane::A)[0]), (126, 128));
}

#[test]
fn truncated_and_absurd_pictures_are_refused() {
    for format in FORMATS {
        let sample = Sample::new(format, ColorDesc::JFIF, 9, 7, 0);
        for plane in 0..3 {
            let mut raw = sample.raw();
            let Some((_, short)) = raw.planes[plane].split_last() else { continue };
            raw.planes[plane] = short;
            let error = convert(&raw).unwrap_err();
            assert!(matches!(error, ConvertError::Truncated { plane: p, .. } if p == plane), "{format:?}");
        }
        let mut raw = sample.raw();
        raw.strides[0] = 2;
        assert!(matches!(convert(&raw), Err(ConvertError::Truncated { plane: 0, .. })));
        raw.width = 0;
        assert!(matches!(convert(&raw), Err(ConvertError::Size { .. })));
        raw.width = u32::MAX;
        assert!(matches!(convert(&raw), Err(ConvertError::Size { .. })));
    }
}

proptest! {
    #[test]
    fn any_size_and_stride_is_converted_right(
        format in proptest::sample::select(&FORMATS[..]), w in 1u32..80, h in 1u32..20, padding in 0usize..9,
    ) {
        let sample = Sample::new(format, ColorDesc::JFIF, w, h, padding);
        let frame = convert(&sample.raw()).unwrap();
        prop_assert_eq!((frame.width(), frame.height()), (w, h));
        prop_assert!(sample.compare(&frame).0 <= 1.0);
    }

    #[test]
    fn kernels_give_the_same_bits_on_every_cpu(w in 1usize..200, seed: u32, full: bool) {
        let k = YuvFixed::from(YuvMap::to_studio(ColorDesc::JFIF));
        let rows: Vec<Vec<u8>> = (0..3).map(|n| noise(w, seed ^ n)).collect();
        let (y, u, v) = (&rows[0][..], &rows[1][..], &rows[2][..]);
        let (mut a, mut b) = (vec![0; w], vec![0; w]);
        if full {
            simd::run(LumaFull { y, u, v, out: &mut a, k });
            LumaFull { y, u, v, out: &mut b, k }.run();
        } else {
            simd::run(LumaHalf { y, u, v, out: &mut a, k });
            LumaHalf { y, u, v, out: &mut b, k }.run();
        }
        prop_assert_eq!(&a, &b);
        let rgb = RgbFixed::to_studio();
        simd::run(RgbLuma { rgb: [y, u, v], out: &mut a, k: rgb });
        RgbLuma { rgb: [y, u, v], out: &mut b, k: rgb }.run();
        prop_assert_eq!(&a, &b);
        let mut sums = [vec![0u16; w.div_ceil(2)], vec![0u16; w.div_ceil(2)], vec![0u16; w.div_ceil(2)]];
        for (sum, row) in sums.iter_mut().zip(&rows) {
            simd::run(SumFull { rows: [row, y], out: sum });
        }
        let [su, sv, sb] = &sums;
        let cw = w.div_ceil(2);
        let (mut au, mut av, mut bu, mut bv) = (vec![0; cw], vec![0; cw], vec![0; cw], vec![0; cw]);
        simd::run(Chroma { u: su, v: sv, out_u: &mut au, out_v: &mut av, k });
        Chroma { u: su, v: sv, out_u: &mut bu, out_v: &mut bv, k }.run();
        prop_assert_eq!((&au, &av), (&bu, &bv));
        simd::run(RgbChroma { rgb: [su, sv, sb], out_u: &mut au, out_v: &mut av, k: rgb });
        RgbChroma { rgb: [su, sv, sb], out_u: &mut bu, out_v: &mut bv, k: rgb }.run();
        prop_assert_eq!((&au, &av), (&bu, &bv));
    }
}
