//! Colour conversion at the door: whatever a source delivers becomes I420 BT.709 limited, in one pass.
//!
//! Owns: the walk over a picture, two rows at a time, and the scratch rows it needs; a pair of rows is read once and
//! stays in the nearest cache until its luma and chroma are written. Never scales, never guesses a colour description:
//! that is the source's business. Locks: one short mutex per picture, to borrow scratch rows.

mod matrix;
mod rows;

use std::sync::{Mutex, PoisonError};

use vitrine_media::{
    ColorDesc, Convert, ConvertError, FrameMut, FramePool, MediaTime, PixelFormat, RawPicture, VideoFrame,
};

use self::matrix::{RgbFixed, YuvFixed, YuvMap};
pub(crate) use self::rows::SumFull;
use self::rows::{Chroma, LumaFull, LumaHalf, Premultiply, RgbChroma, RgbLuma, Split, SplitPacked, SumHalf};
use crate::simd;

/// Largest width and height taken.
const MAX_SIDE: u32 = 16_384;

/// Converts pictures of every [`PixelFormat`] and [`ColorDesc`]. One may serve all sources: it keeps nothing but
/// scratch memory.
#[derive(Debug, Default)]
pub struct Converter {
    idle: Mutex<Vec<Scratch>>,
}

impl Converter {
    /// A converter.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Convert for Converter {
    fn convert(
        &self,
        raw: &RawPicture<'_>,
        pool: &FramePool,
        pts: MediaTime,
        seq: u64,
    ) -> Result<VideoFrame, ConvertError> {
        check(raw)?;
        let alpha = raw.format == PixelFormat::Rgba && !is_opaque(raw);
        let mut frame = pool.take(raw.width, raw.height, alpha)?;
        if raw.format == PixelFormat::I420 && raw.color == ColorDesc::STUDIO {
            copy_planes(raw, &mut frame);
        } else {
            let mut scratch = {
                let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
                idle.pop().unwrap_or_default()
            };
            scratch.fit(raw.width as usize);
            if is_rgb(raw.format) {
                convert_rgb(raw, &mut frame, &mut scratch);
            } else {
                convert_yuv(raw, &mut frame, &mut scratch);
            }
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(scratch);
        }
        Ok(frame.freeze(pts, seq))
    }
}

/// Rows for one pair of source rows taken apart, and for sums of chroma.
#[derive(Debug, Default)]
struct Scratch {
    rows: [[Vec<u8>; 4]; 2],
    sums: [Vec<u16>; 3],
}

impl Scratch {
    /// Makes every row exactly `width` long; allocates only when a source is wider than any before.
    fn fit(&mut self, width: usize) {
        for row in self.rows.iter_mut().flatten() {
            row.resize(width, 0);
        }
        for sum in &mut self.sums {
            sum.resize(width.div_ceil(2), 0);
        }
    }
}

fn is_rgb(format: PixelFormat) -> bool {
    use PixelFormat as F;
    matches!(format, F::Rgb24 | F::Bgr24 | F::Rgba | F::Bgrx)
}

/// Bytes in a row and number of rows of each plane.
fn shapes(format: PixelFormat, width: u32, height: u32) -> [(usize, usize); 3] {
    use PixelFormat as F;
    let (w, h) = (width as usize, height as usize);
    let (cw, ch) = (w.div_ceil(2), h.div_ceil(2));
    let none = (0, 0);
    match format {
        F::I420 => [(w, h), (cw, ch), (cw, ch)],
        F::I422 => [(w, h), (cw, h), (cw, h)],
        F::I440 => [(w, h), (w, ch), (w, ch)],
        F::I444 => [(w, h), (w, h), (w, h)],
        F::Gray8 => [(w, h), none, none],
        F::Nv12 => [(w, h), (2 * cw, ch), none],
        F::Yuyv | F::Uyvy => [(4 * cw, h), none, none],
        F::Rgb24 | F::Bgr24 => [(3 * w, h), none, none],
        F::Rgba | F::Bgrx => [(4 * w, h), none, none],
    }
}

fn check(raw: &RawPicture<'_>) -> Result<(), ConvertError> {
    let (width, height) = (raw.width, raw.height);
    if !(1..=MAX_SIDE).contains(&width) || !(1..=MAX_SIDE).contains(&height) {
        return Err(ConvertError::Size { width, height });
    }
    let shapes = shapes(raw.format, width, height);
    for (plane, (((len, rows), bytes), stride)) in
        shapes.into_iter().zip(raw.planes).zip(raw.strides).enumerate()
    {
        if rows == 0 {
            continue;
        }
        if stride < len {
            return Err(ConvertError::Truncated { plane, got: stride, need: len });
        }
        let need = stride.saturating_mul(rows - 1).saturating_add(len);
        if bytes.len() < need {
            return Err(ConvertError::Truncated { plane, got: bytes.len(), need });
        }
    }
    Ok(())
}

/// The rows of one plane, one after another.
fn plane_rows<'a>(raw: &RawPicture<'a>, plane: usize) -> impl Iterator<Item = &'a [u8]> + Clone {
    let (len, rows) = shapes(raw.format, raw.width, raw.height).get(plane).copied().unwrap_or_default();
    let bytes = raw.planes.get(plane).copied().unwrap_or_default();
    let stride = raw.strides.get(plane).copied().unwrap_or_default();
    bytes.chunks(stride.max(1)).take(rows).map(move |row| row.get(..len).unwrap_or_default())
}

fn is_opaque(raw: &RawPicture<'_>) -> bool {
    // The conjunction of all pixels of a row is a plain reduction; a row that is not opaque ends the search.
    plane_rows(raw, 0).all(|row| {
        let all = row.as_chunks::<4>().0.iter().fold(u32::MAX, |all, p| all & u32::from_le_bytes(*p));
        all >> 24 == 0xff
    })
}

fn copy_planes(raw: &RawPicture<'_>, frame: &mut FrameMut) {
    use vitrine_media::Plane;
    for (index, plane) in [Plane::Y, Plane::U, Plane::V].into_iter().enumerate() {
        let stride = frame.stride(plane);
        for (out, row) in frame.plane_mut(plane).chunks_exact_mut(stride).zip(plane_rows(raw, index)) {
            if let Some(out) = out.get_mut(..row.len()) {
                out.copy_from_slice(row);
            }
        }
    }
}

/// The rows of a frame that one pair of source rows becomes.
struct OutPair<'a> {
    luma: [Option<&'a mut [u8]>; 2],
    u: &'a mut [u8],
    v: &'a mut [u8],
    alpha: [Option<&'a mut [u8]>; 2],
}

/// Splits a frame into pairs of rows, cut to its width.
fn out_pairs(frame: &mut FrameMut) -> impl Iterator<Item = OutPair<'_>> {
    use vitrine_media::Plane;
    let (w, cw) = (frame.width() as usize, frame.width().div_ceil(2) as usize);
    let (stride, chroma_stride) = (frame.stride(Plane::Y), frame.stride(Plane::U));
    let [y, u, v, a] = frame.planes_mut();
    let mut alpha = a.chunks_exact_mut(stride).map(move |row| row.get_mut(..w).unwrap_or_default());
    let mut luma = y.chunks_exact_mut(stride).map(move |row| row.get_mut(..w).unwrap_or_default());
    u.chunks_exact_mut(chroma_stride).zip(v.chunks_exact_mut(chroma_stride)).map(move |(u, v)| OutPair {
        luma: [luma.next(), luma.next()],
        u: u.get_mut(..cw).unwrap_or_default(),
        v: v.get_mut(..cw).unwrap_or_default(),
        alpha: [alpha.next(), alpha.next()],
    })
}

/// One source row as planes.
#[derive(Clone, Copy, Default)]
struct YuvRow<'a> {
    y: &'a [u8],
    u: &'a [u8],
    v: &'a [u8],
}

fn convert_yuv(raw: &RawPicture<'_>, frame: &mut FrameMut, scratch: &mut Scratch) {
    use PixelFormat as F;
    let k = YuvFixed::from(YuvMap::to_studio(raw.color));
    let cw = (raw.width as usize).div_ceil(2);
    let full = matches!(raw.format, F::I440 | F::I444);
    let shared = matches!(raw.format, F::I420 | F::I440 | F::Nv12 | F::Gray8);
    if raw.format == F::Gray8 {
        for row in scratch.rows.iter_mut().flatten() {
            row.fill(128);
        }
    }
    let mut luma = plane_rows(raw, 0);
    let mut chroma = plane_rows(raw, 1).zip(plane_rows(raw, 2).chain(std::iter::repeat(&[][..])));
    let Scratch { rows: [first, second], sums: [sum_u, sum_v, _] } = scratch;
    for out in out_pairs(frame) {
        let Some(top) = luma.next() else { break };
        let planes = chroma.next().unwrap_or_default();
        let top = take_apart(raw.format, top, planes, first, cw);
        // The last row of an odd height pairs with itself; rows that share chroma read it once.
        let bottom = match luma.next() {
            None => top,
            Some(y) if shared => YuvRow { y, ..top },
            Some(y) => take_apart(raw.format, y, chroma.next().unwrap_or_default(), second, cw),
        };
        for (out, row) in out.luma.into_iter().flatten().zip([top, bottom]) {
            let YuvRow { y, u, v } = row;
            if full {
                simd::run(LumaFull { y, u, v, out, k });
            } else {
                simd::run(LumaHalf { y, u, v, out, k });
            }
        }
        if full {
            simd::run(SumFull { rows: [top.u, bottom.u], out: sum_u });
            simd::run(SumFull { rows: [top.v, bottom.v], out: sum_v });
        } else {
            simd::run(SumHalf { rows: [top.u, bottom.u], out: sum_u });
            simd::run(SumHalf { rows: [top.v, bottom.v], out: sum_v });
        }
        simd::run(Chroma { u: sum_u, v: sum_v, out_u: out.u, out_v: out.v, k });
    }
}

/// One row as three planes, borrowed where it is planar already, else split into `scratch`.
fn take_apart<'a>(
    format: PixelFormat,
    y: &'a [u8],
    (u, v): (&'a [u8], &'a [u8]),
    scratch: &'a mut [Vec<u8>; 4],
    cw: usize,
) -> YuvRow<'a> {
    use PixelFormat as F;
    let [sy, su, sv, _] = scratch;
    let (su, sv) = (su.get_mut(..cw).unwrap_or_default(), sv.get_mut(..cw).unwrap_or_default());
    match format {
        F::Yuyv | F::Uyvy => {
            let chroma_first = format == F::Uyvy;
            simd::run(SplitPacked { pixels: y, chroma_first, y: sy, u: su, v: sv });
            YuvRow { y: sy, u: su, v: sv }
        }
        F::Nv12 => {
            simd::run(Split { pixels: u, out: [&mut *su, &mut *sv] });
            YuvRow { y, u: su, v: sv }
        }
        F::Gray8 => YuvRow { y, u: su, v: sv },
        _ => YuvRow { y, u, v },
    }
}

fn convert_rgb(raw: &RawPicture<'_>, frame: &mut FrameMut, scratch: &mut Scratch) {
    let k = RgbFixed::to_studio();
    let mut source = plane_rows(raw, 0);
    let Scratch { rows: [first, second], sums } = scratch;
    let premultiply = frame.has_alpha();
    for out in out_pairs(frame) {
        let Some(top) = source.next() else { break };
        split_rgb(raw.format, top, first, premultiply);
        let pair = source.next().is_some_and(|bottom| {
            split_rgb(raw.format, bottom, second, premultiply);
            true
        });
        let top = ordered(raw.format, first);
        let bottom = if pair { ordered(raw.format, second) } else { top };
        let rows = [(top, &*first), (bottom, &*second)];
        for ((out, alpha), (rgb, rows)) in out.luma.into_iter().zip(out.alpha).zip(rows) {
            if let Some(out) = out {
                simd::run(RgbLuma { rgb, out, k });
            }
            if let (Some(out), [_, _, _, a]) = (alpha, rows) {
                out.copy_from_slice(a);
            }
        }
        for ((sum, a), b) in sums.iter_mut().zip(top).zip(bottom) {
            simd::run(SumFull { rows: [a, b], out: sum });
        }
        let rgb = sums.each_ref().map(Vec::as_slice);
        simd::run(RgbChroma { rgb, out_u: out.u, out_v: out.v, k });
    }
}

fn split_rgb(format: PixelFormat, pixels: &[u8], rows: &mut [Vec<u8>; 4], premultiply: bool) {
    let [a, b, c, d] = rows.each_mut().map(Vec::as_mut_slice);
    if matches!(format, PixelFormat::Rgb24 | PixelFormat::Bgr24) {
        simd::run(Split { pixels, out: [a, b, c] });
    } else {
        simd::run(Split { pixels, out: [&mut *a, &mut *b, &mut *c, &mut *d] });
        if premultiply {
            for color in [a, b, c] {
                simd::run(Premultiply { color, alpha: d });
            }
        }
    }
}

/// The split rows as red, green, blue.
fn ordered(format: PixelFormat, rows: &[Vec<u8>; 4]) -> [&[u8]; 3] {
    let [a, b, c, _] = rows;
    match format {
        PixelFormat::Bgr24 | PixelFormat::Bgrx => [c, b, a],
        _ => [a, b, c],
    }
}

/// The studio codes (Y, U, V) of one sRGB colour.
pub fn rgb_to_yuv(rgb: [u8; 3]) -> [u8; 3] {
    let [r, g, b] = rgb.map(f64::from);
    let [y, u, v] = matrix::rgb_to_studio().map(|[kr, kg, kb]| (kr * r + kg * g + kb * b).round());
    [(16.0 + y) as u8, (128.0 + u) as u8, (128.0 + v) as u8]
}

#[cfg(test)]
mod tests;
