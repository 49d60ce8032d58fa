//! Scaling, plane by plane.
//!
//! Owns: the choice of filter, two cases that need none (same size, exactly half), and the scratch memory of the
//! resampler. Works on premultiplied planes, so coverage needs no special care: a weighted mean of premultiplied values
//! is premultiplied. Never reads outside the region it is given. No threads, no locks.

use std::sync::Arc;

use fast_image_resize::images::{TypedCroppedImage, TypedCroppedImageMut, TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use vitrine_media::{FramePool, PoolExhausted, VideoFrame};

use crate::plane::{PLANES, Planes, View, ViewMut, is_chroma, size, view_mut};
use crate::resample::{Resampler, Taps};
use crate::simd::{self, Kernel};

/// Where to read along one axis: `start` and `len` in source samples, and the whole samples `low..high` that may be
/// read, which the filter must not look beyond.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Reach {
    pub start: f64,
    pub len: f64,
    pub low: u32,
    pub high: u32,
}

impl Reach {
    /// All of an axis.
    pub(crate) fn all(len: u32) -> Self {
        Self { start: 0.0, len: f64::from(len), low: 0, high: len }
    }

    /// `start` as a whole number, if it is one.
    fn whole_start(&self) -> Option<u32> {
        (self.start.fract() == 0.0 && self.start >= 0.0).then_some(self.start as u32)
    }

    /// Confined to the samples that may be read.
    fn confined(self) -> Self {
        let (low, high) = (f64::from(self.low), f64::from(self.high));
        let start = self.start.clamp(low, high);
        let end = (self.start + self.len).clamp(start, high);
        Self { start, len: end - start, ..self }
    }
}

/// Axes whose weights are kept: enough for the planes of ten layers.
const KEEP_AXES: usize = 40;

/// Resamples planes. Keeps its scratch memory, and the weights of the sizes it was last asked for.
#[derive(Default)]
pub(crate) struct PlaneScaler {
    resampler: Resampler,
    /// Most recently used last.
    axes: Vec<(Reach, u32, Arc<Taps>)>,
    /// For extreme shrinkage.
    resizer: Resizer,
}

impl PlaneScaler {
    /// Fills `dst` with the part of `src` that `x` and `y` reach.
    #[allow(clippy::float_cmp, reason = "only exactly whole ratios have a shorter way")]
    pub(crate) fn scale(&mut self, src: View<'_>, x: Reach, y: Reach, mut dst: ViewMut<'_>) {
        let (x, y) = (x.confined(), y.confined());
        let by =
            |factor: f64| x.len == f64::from(dst.width) * factor && y.len == f64::from(dst.height) * factor;
        match (x.whole_start(), y.whole_start()) {
            (Some(left), Some(top)) if by(1.0) => {
                for row in 0..dst.height {
                    let from = src.row(top + row, left, dst.width);
                    let to = dst.row(row);
                    if to.len() == from.len() {
                        to.copy_from_slice(from);
                    }
                }
            }
            (Some(left), Some(top)) if by(2.0) => {
                for row in 0..dst.height {
                    let width = dst.width;
                    let rows = [0, 1].map(|n| src.row(top + 2 * row + n, left, 2 * width));
                    simd::run(Halve { rows, out: dst.row(row) });
                }
            }
            _ => {
                let (across, down) = (self.taps(x, dst.width), self.taps(y, dst.height));
                if let (Some(across), Some(down)) = (across, down) {
                    self.resampler.run(src, &across, &down, dst);
                } else {
                    let done = self.shrink(src, x, y, &mut dst);
                    debug_assert!(done.is_some(), "views hold what they say: {src:?} {x:?} {y:?} {dst:?}");
                }
            }
        }
    }

    /// The weights for `len` results from `reach`, made once.
    fn taps(&mut self, reach: Reach, len: u32) -> Option<Arc<Taps>> {
        let known = self.axes.iter().rposition(|(r, l, _)| (*r, *l) == (reach, len));
        let entry = match known {
            Some(at) => self.axes.remove(at),
            None => (reach, len, Arc::new(Taps::new(reach, len)?)),
        };
        if self.axes.len() >= KEEP_AXES {
            self.axes.remove(0);
        }
        let taps = Arc::clone(&entry.2);
        self.axes.push(entry);
        Some(taps)
    }

    /// To less than a sixteenth. `None` if a view does not hold what it says, which no caller makes.
    fn shrink(&mut self, src: View<'_>, x: Reach, y: Reach, dst: &mut ViewMut<'_>) -> Option<()> {
        let image = TypedImageRef::<U8>::from_buffer(src.stride as u32, src.height, src.bytes).ok()?;
        let (width, height) = (x.high.checked_sub(x.low)?, y.high.checked_sub(y.low)?);
        let image = TypedCroppedImage::from_ref(&image, x.low, y.low, width, height).ok()?;
        let rows = dst.bytes.len() / dst.stride.max(1);
        let mut out = TypedImage::<U8>::from_buffer(dst.stride as u32, rows as u32, dst.bytes).ok()?;
        let mut out = TypedCroppedImageMut::from_ref(&mut out, dst.x, dst.y, dst.width, dst.height).ok()?;
        let options = ResizeOptions::new()
            .resize_alg(ResizeAlg::Convolution(FilterType::Hamming))
            .crop(x.start - f64::from(x.low), y.start - f64::from(y.low), x.len, y.len)
            .use_alpha(false);
        self.resizer.resize_typed::<U8>(&image, &mut out, &options).ok()
    }
}

/// Mean of 2 x 2 samples.
struct Halve<'a> {
    rows: [&'a [u8]; 2],
    out: &'a mut [u8],
}

impl Kernel for Halve<'_> {
    #[inline(always)]
    fn run(self) {
        let [a, b] = self.rows.map(|row| row.as_chunks::<2>().0);
        for ((out, a), b) in self.out.iter_mut().zip(a).zip(b) {
            let (a, b) = (u16::from_le_bytes(*a), u16::from_le_bytes(*b));
            *out = (((a & 0xff) + (a >> 8) + (b & 0xff) + (b >> 8) + 2) >> 2) as u8;
        }
    }
}

/// Scales whole frames, for previews and thumbnails.
#[derive(Default)]
pub struct Scaler {
    planes: PlaneScaler,
}

impl std::fmt::Debug for Scaler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scaler")
    }
}

impl Scaler {
    /// A scaler. Keep it: it owns scratch memory.
    pub fn new() -> Self {
        Self::default()
    }

    /// `frame` at `width` x `height` (each at least 1), with its alpha, time and number. The same size is the same
    /// pixels, without a copy.
    pub fn scale(
        &mut self,
        frame: &VideoFrame,
        width: u32,
        height: u32,
        pool: &FramePool,
    ) -> Result<VideoFrame, PoolExhausted> {
        let (width, height) = (width.max(1), height.max(1));
        if (frame.width(), frame.height()) == (width, height) {
            return Ok(frame.clone());
        }
        let mut out = pool.take(width, height, frame.has_alpha())?;
        let source = Planes::of(frame);
        for (plane, view) in PLANES.into_iter().zip(source.views) {
            let (w, h) = size(plane, width, height);
            let (x, y) = if is_chroma(plane) {
                // A chroma sample belongs to two luma columns; an odd width has half of one too many.
                let reach = |from: u32, to: u32, samples: u32, high: u32| Reach {
                    len: f64::from(samples) * f64::from(from) / f64::from(to),
                    ..Reach::all(high)
                };
                (reach(source.width, width, w, view.width), reach(source.height, height, h, view.height))
            } else {
                (Reach::all(view.width), Reach::all(view.height))
            };
            let to = view_mut(&mut out, plane);
            if !to.bytes.is_empty() {
                self.planes.scale(view, x, y, to);
            }
        }
        Ok(out.freeze(frame.pts, frame.seq))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use vitrine_media::{MediaTime, Plane};

    fn flat(pool: &FramePool, w: u32, h: u32, values: [u8; 4], alpha: bool) -> VideoFrame {
        let mut frame = pool.take(w, h, alpha).unwrap();
        for (plane, value) in frame.planes_mut().into_iter().zip(values) {
            plane.fill(value);
        }
        frame.freeze(MediaTime::from_millis(7), 3)
    }

    #[test]
    fn half_size_is_the_mean_of_four() {
        let pool = FramePool::new(4);
        let mut frame = pool.take(64, 4, false).unwrap();
        frame.fill_black();
        let stride = frame.stride(Plane::Y);
        for (y, row) in frame.plane_mut(Plane::Y).chunks_mut(stride).enumerate() {
            for (x, p) in row.iter_mut().enumerate() {
                *p = (x * 2 + y * 7) as u8;
            }
        }
        let half = Scaler::new().scale(&frame.freeze(MediaTime::ZERO, 0), 32, 2, &pool).unwrap();
        for x in 0..32 {
            let sum = 2 * (4 * x) + 2 * (4 * x + 2) + 2 * 7;
            assert_eq!(half.plane(Plane::Y)[x], ((sum + 2) / 4) as u8);
        }
    }

    #[test]
    fn the_same_size_is_the_same_pixels() {
        let pool = FramePool::new(2);
        let frame = flat(&pool, 30, 20, [50, 60, 70, 0], false);
        assert!(Scaler::new().scale(&frame, 30, 20, &pool).unwrap().same_pixels(&frame));
    }

    proptest! {
        #[test]
        fn a_flat_picture_stays_flat_at_any_size(
            w in 1u32..90, h in 1u32..90, to_w in 1u32..90, to_h in 1u32..90, alpha: bool,
        ) {
            let pool = FramePool::new(4);
            let frame = flat(&pool, w, h, [90, 100, 140, 77], alpha);
            let out = Scaler::new().scale(&frame, to_w, to_h, &pool).unwrap();
            prop_assert_eq!((out.width(), out.height(), out.has_alpha()), (to_w, to_h, alpha));
            prop_assert_eq!((out.pts, out.seq), (frame.pts, frame.seq));
            for (plane, value) in PLANES.into_iter().zip([90, 100, 140, 77]) {
                let (pw, ph) = size(plane, to_w, to_h);
                for row in out.plane(plane).chunks(out.stride(plane)).take(ph as usize) {
                    prop_assert!(row[..pw as usize].iter().all(|&b| b == value), "{:?}", plane);
                }
            }
        }

        #[test]
        fn halving_gives_the_same_bits_on_every_cpu(bytes in proptest::collection::vec(any::<u8>(), 4..200)) {
            let row = &bytes[..bytes.len() / 2];
            let rows = [row, &bytes[bytes.len() / 2..]];
            let (mut a, mut b) = (vec![0; row.len() / 2], vec![0; row.len() / 2]);
            simd::run(Halve { rows, out: &mut a });
            Halve { rows, out: &mut b }.run();
            prop_assert_eq!(a, b);
        }
    }
}
