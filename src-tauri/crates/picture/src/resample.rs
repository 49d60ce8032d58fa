//! Resampling one plane to any size, in integers.
//!
//! Owns: filter weights and the two passes. Weights are in 1/256 and sum to exactly 256, so that a flat picture stays flat
//! and every CPU gives the same bytes. Down is easy: a row is a weighted sum of rows, and neighbours in memory are
//! neighbours in a register. Across is done on sixteen rows at once, turned so that the same holds. No threads, no locks.

use crate::plane::{View, ViewMut};
use crate::scale::Reach;
use crate::simd::{self, BLOCK, Block, Kernel};

/// Most samples that one result is made of. Beyond a shrinkage of 16 to 1, weights in 1/256 are too coarse.
pub(crate) const MAX_TAPS: usize = 33;

/// The weights of one axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Taps {
    /// First sample of each result.
    first: Vec<u32>,
    /// `count` weights for each result.
    weights: Vec<u16>,
    count: usize,
}

impl Taps {
    /// For `len` results from `reach`; `None` if they would need more than [`MAX_TAPS`] samples each.
    pub(crate) fn new(reach: Reach, len: u32) -> Option<Self> {
        let scale = reach.len / f64::from(len);
        // Shrinking, a filter as wide as its result; enlarging, between neighbours.
        let (radius, shrinks) = (scale.max(1.0), scale > 1.0);
        let available = reach.high.checked_sub(reach.low).filter(|&n| n > 0)?;
        let count = (2 * radius.ceil() as usize).max(2).min(available as usize);
        if count > MAX_TAPS {
            return None;
        }
        let mut taps = Self { count, ..Self::default() };
        let last_first = reach.high - count as u32;
        for n in 0..len {
            let centre = reach.start + (f64::from(n) + 0.5) * scale - 0.5;
            let from = (centre - radius).floor() as i64 + 1;
            let first = from.clamp(i64::from(reach.low), i64::from(last_first)) as u32;
            taps.first.push(first);
            let start = taps.weights.len();
            taps.weights.resize(start + count, 0);
            let row = taps.weights.get_mut(start..).unwrap_or_default();
            fill_weights(row, first, reach, from, centre, radius, shrinks);
        }
        Some(taps)
    }

    fn len(&self) -> u32 {
        self.first.len() as u32
    }

    /// The samples that any result is made of: first, and past the last.
    pub(crate) fn range(&self) -> (u32, u32) {
        let low = self.first.iter().min().copied().unwrap_or(0);
        let high = self.first.iter().max().map_or(0, |first| first + self.count as u32);
        (low, high)
    }

    /// (first sample, weights) of each result.
    fn iter(&self) -> impl Iterator<Item = (u32, &[u16])> {
        self.first.iter().copied().zip(self.weights.chunks_exact(self.count.max(1)))
    }
}

/// The shape of the filter at `x` radii from its middle. Shrinking, Hamming's window on a sinc, as sharp as a filter this
/// narrow can be; enlarging, the straight line, which shows no steps.
fn filter(x: f64, shrinks: bool) -> f64 {
    let x = x.abs();
    if x >= 1.0 {
        0.0
    } else if !shrinks {
        1.0 - x
    } else if x < 1e-9 {
        1.0
    } else {
        let a = x * std::f64::consts::PI;
        a.sin() / a * (0.54 + 0.46 * a.cos())
    }
}

/// Weights for the samples from `first` on. Samples that may not be read count for the nearest that may.
fn fill_weights(
    out: &mut [u16],
    first: u32,
    reach: Reach,
    from: i64,
    centre: f64,
    radius: f64,
    shrinks: bool,
) {
    let mut exact = [0.0; MAX_TAPS];
    let (low, high) = (i64::from(reach.low), i64::from(reach.high) - 1);
    for sample in from..=from + 2 * radius.ceil() as i64 {
        let at = (sample.clamp(low, high) - i64::from(first)).clamp(0, out.len() as i64 - 1);
        if let Some(weight) = exact.get_mut(at as usize) {
            *weight += filter((sample as f64 - centre) / radius, shrinks);
        }
    }
    let total: f64 = exact.iter().sum::<f64>().max(1e-9);
    let mut left = 256i32;
    for (weight, exact) in out.iter_mut().zip(exact) {
        *weight = (exact / total * 256.0).round() as u16;
        left -= i32::from(*weight);
    }
    // What rounding has left over goes to the largest, where it weighs least.
    if let Some(largest) = out.iter_mut().max() {
        *largest = largest.saturating_add_signed(left as i16);
    }
}

/// Scratch memory of the passes.
#[derive(Debug, Default)]
pub(crate) struct Resampler {
    between: Vec<u8>,
    turned: Vec<[u8; BLOCK]>,
}

impl Resampler {
    /// Fills `dst` with what `across` and `down` make of `src`.
    pub(crate) fn run(&mut self, src: View<'_>, across: &Taps, down: &Taps, dst: ViewMut<'_>) {
        let (left, right) = across.range();
        let (top, bottom) = down.range();
        let Self { between, turned } = self;
        // The pass across costs more, so it is done on the fewer rows.
        if dst.height <= bottom - top {
            let width = right - left;
            between.resize(width as usize * dst.height as usize, 0);
            let stride = width as usize;
            let mut part = ViewMut::new(between, stride, width, dst.height);
            for (row, (first, weights)) in (0..).zip(down.iter()) {
                let out = part.row(row);
                simd::run(Down { src, left, first, weights, out });
            }
            let part = View { bytes: between, stride, width, height: dst.height };
            simd::run(Across { src: part, left, taps: across, turned, dst });
        } else {
            let (width, rows) = (dst.width, bottom - top);
            between.resize(width as usize * rows as usize, 0);
            let stride = width as usize;
            let from = src.bytes.get(top as usize * src.stride..).unwrap_or_default();
            let band = View { bytes: from, height: rows, ..src };
            let part = ViewMut::new(between, stride, width, rows);
            simd::run(Across { src: band, left: 0, taps: across, turned, dst: part });
            let part = View { bytes: between, stride, width, height: rows };
            let mut dst = dst;
            for (row, (first, weights)) in (0..).zip(down.iter()) {
                let out = dst.row(row);
                simd::run(Down { src: part, left: 0, first: first - top, weights, out });
            }
        }
    }
}

/// Columns handled at once where the number of rows is not known beforehand.
const SPAN: usize = 64;

/// One row as a weighted sum of rows.
struct Down<'a> {
    src: View<'a>,
    left: u32,
    first: u32,
    weights: &'a [u16],
    out: &'a mut [u8],
}

impl Kernel for Down<'_> {
    #[inline(always)]
    fn run(self) {
        // The usual numbers of rows are known when compiled, so that a sum stays in a register.
        match self.weights.len() {
            2 => self.sum::<2>(),
            4 => self.sum::<4>(),
            6 => self.sum::<6>(),
            8 => self.sum::<8>(),
            _ => self.sum_any(),
        }
    }
}

impl Down<'_> {
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every row has been cut to the length of the result")]
    fn sum<const N: usize>(self) {
        let Self { src, left, first, weights, out } = self;
        let Some(weights) = weights.first_chunk::<N>() else { return };
        let len = out.len();
        let rows: [&[u8]; N] = std::array::from_fn(|n| src.row(first + n as u32, left, len as u32));
        if rows.iter().any(|row| row.len() != len) {
            return;
        }
        let rows = rows.map(|row| &row[..len]);
        for (x, out) in out.iter_mut().enumerate() {
            let mut sum = 128u16;
            for n in 0..N {
                sum += u16::from(rows[n][x]) * weights[n];
            }
            *out = (sum >> 8) as u8;
        }
    }

    #[inline(always)]
    fn sum_any(self) {
        let Self { src, left, first, weights, out } = self;
        let mut x = left;
        for span in out.chunks_mut(SPAN) {
            let mut sum = [128u16; SPAN];
            for (row, weight) in (first..).zip(weights) {
                for (sum, from) in sum.iter_mut().zip(src.row(row, x, span.len() as u32)) {
                    *sum += u16::from(*from) * weight;
                }
            }
            for (out, sum) in span.iter_mut().zip(sum) {
                *out = (sum >> 8) as u8;
            }
            x += SPAN as u32;
        }
    }
}

/// All rows, each result a weighted sum of columns. Column 0 of `src` is sample `left`.
struct Across<'a> {
    src: View<'a>,
    left: u32,
    taps: &'a Taps,
    turned: &'a mut Vec<[u8; BLOCK]>,
    dst: ViewMut<'a>,
}

impl Kernel for Across<'_> {
    #[inline(always)]
    fn run(self) {
        match self.taps.count {
            2 => self.sum(weighted::<2>),
            4 => self.sum(weighted::<4>),
            6 => self.sum(weighted::<6>),
            8 => self.sum(weighted::<8>),
            _ => self.sum(weighted_any),
        }
    }
}

impl Across<'_> {
    #[inline(always)]
    fn sum(self, weighted: impl Fn(&[[u8; BLOCK]], &[u16]) -> [u8; BLOCK]) {
        let Self { src, left, taps, turned, mut dst } = self;
        let (low, high) = taps.range();
        let columns = high - low;
        turned.resize((columns as usize).next_multiple_of(BLOCK), [0; BLOCK]);
        for top in (0..dst.height).step_by(BLOCK) {
            let rows = (dst.height - top).min(BLOCK as u32);
            for (n, part) in turned.as_chunks_mut::<BLOCK>().0.iter_mut().enumerate() {
                let column = (n * BLOCK) as u32;
                let len = (columns - column).min(BLOCK as u32);
                *part = simd::transposed(&load(src, low - left + column, top, len, rows));
            }
            let mut results = taps.iter();
            for column in (0..taps.len()).step_by(BLOCK) {
                let mut block: Block = [[0; BLOCK]; BLOCK];
                let len = (taps.len() - column).min(BLOCK as u32);
                for (out, (first, weights)) in block.iter_mut().zip(results.by_ref().take(len as usize)) {
                    let from = turned.get((first - low) as usize..).unwrap_or_default();
                    *out = weighted(from, weights);
                }
                let block = simd::transposed(&block);
                for (row, line) in (top..top + rows).zip(block) {
                    let out = dst.row(row).get_mut(column as usize..).unwrap_or_default();
                    if let Some(whole) = out.first_chunk_mut::<BLOCK>() {
                        *whole = line;
                    } else {
                        out.iter_mut().zip(line).for_each(|(out, byte)| *out = byte);
                    }
                }
            }
        }
    }
}

/// Up to 16 x 16 samples; the rest is zero.
#[inline(always)]
fn load(src: View<'_>, column: u32, top: u32, len: u32, rows: u32) -> Block {
    let mut block: Block = [[0; BLOCK]; BLOCK];
    for (row, line) in (top..top + rows).zip(&mut block) {
        let from = src.row(row, column, len);
        if let Some(whole) = from.first_chunk::<BLOCK>() {
            *line = *whole;
        } else {
            line.iter_mut().zip(from).for_each(|(line, byte)| *line = *byte);
        }
    }
    block
}

#[inline(always)]
#[allow(clippy::indexing_slicing, reason = "all arrays have the lengths the loops run over")]
fn weighted<const N: usize>(from: &[[u8; BLOCK]], weights: &[u16]) -> [u8; BLOCK] {
    let (Some(from), Some(weights)) = (from.first_chunk::<N>(), weights.first_chunk::<N>()) else {
        return [0; BLOCK];
    };
    let mut out = [0; BLOCK];
    for (lane, out) in out.iter_mut().enumerate() {
        let mut sum = 128u16;
        for n in 0..N {
            sum += u16::from(from[n][lane]) * weights[n];
        }
        *out = (sum >> 8) as u8;
    }
    out
}

#[inline(always)]
fn weighted_any(from: &[[u8; BLOCK]], weights: &[u16]) -> [u8; BLOCK] {
    let mut sum = [128u16; BLOCK];
    for (from, weight) in from.iter().zip(weights) {
        for (sum, from) in sum.iter_mut().zip(from) {
            *sum += u16::from(*from) * weight;
        }
    }
    sum.map(|sum| (sum >> 8) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn noise(len: usize) -> Vec<u8> {
        let mut state = 9u32;
        (0..len)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            })
            .collect()
    }

    fn resample(bytes: &[u8], w: u32, h: u32, x: Reach, y: Reach, to: (u32, u32)) -> Option<Vec<u8>> {
        let src = View { bytes, stride: w as usize, width: w, height: h };
        let mut out = vec![0; (to.0 * to.1) as usize];
        let dst = ViewMut::new(&mut out, to.0 as usize, to.0, to.1);
        Resampler::default().run(src, &Taps::new(x, to.0)?, &Taps::new(y, to.1)?, dst);
        Some(out)
    }

    #[test]
    fn a_ramp_stays_a_ramp_at_any_size() {
        let ramp: Vec<u8> = (0..128 * 40).map(|n| 20 + (n % 128) as u8).collect();
        for to in [(64, 20), (77, 33), (200, 90), (300, 17)] {
            let out = resample(&ramp, 128, 40, Reach::all(128), Reach::all(40), to).unwrap();
            for row in out.chunks(to.0 as usize) {
                for (n, value) in row.iter().enumerate().skip(3).take(to.0 as usize - 6) {
                    let want = 20.0 + (n as f64 + 0.5) * 128.0 / f64::from(to.0) - 0.5;
                    assert!((f64::from(*value) - want).abs() <= 1.1, "{to:?} {n}: {value} {want}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn passes_follow_their_weights(
            w in 1u32..90, h in 1u32..90, to in (1u32..120, 1u32..120),
            cut in (0u32..20, 0u32..20), inset in (0.0f64..3.0, 0.0f64..3.0),
        ) {
            let bytes = noise((w * h) as usize);
            let reach = |len: u32, cut: u32, inset: f64| {
                let low = cut.min(len - 1);
                let room = f64::from(len - low);
                let inset = inset.min(room / 4.0);
                Reach { start: f64::from(low) + inset, len: room - 2.0 * inset, low, high: len }
            };
            let (x, y) = (reach(w, cut.0, inset.0), reach(h, cut.1, inset.1));
            let (Some(across), Some(down)) = (Taps::new(x, to.0), Taps::new(y, to.1)) else { return Ok(()) };
            for (taps, reach) in [(&across, x), (&down, y)] {
                prop_assert!(taps.iter().all(|(_, weights)| weights.iter().sum::<u16>() == 256));
                let (low, high) = taps.range();
                prop_assert!(low >= reach.low && high <= reach.high);
            }
            let out = resample(&bytes, w, h, x, y, to).unwrap();
            // One pass after the other in plain loops.
            let get = |c: u32, r: u32| f64::from(bytes[(r * w + c) as usize]);
            for (r, (top, wy)) in down.iter().enumerate() {
                for (c, (left, wx)) in across.iter().enumerate() {
                    let mut want = 0.0;
                    for (dy, wy) in wy.iter().enumerate() {
                        for (dx, wx) in wx.iter().enumerate() {
                            want += get(left + dx as u32, top + dy as u32) * f64::from(*wx) * f64::from(*wy) / 65536.0;
                        }
                    }
                    let got = f64::from(out[r * to.0 as usize + c]);
                    prop_assert!((got - want).abs() <= 1.01, "{} {}", got, want);
                }
            }
        }

        #[test]
        fn kernels_give_the_same_bits_on_every_cpu(w in 2u32..80, h in 1u32..40, to in 1u32..200) {
            let bytes = noise((w * h) as usize);
            let src = View { bytes: &bytes, stride: w as usize, width: w, height: h };
            let Some(taps) = Taps::new(Reach::all(w), to) else { return Ok(()) };
            let across = |fast: bool| {
                let (mut out, mut turned) = (vec![0; (to * h) as usize], Vec::new());
                let dst = ViewMut::new(&mut out, to as usize, to, h);
                let kernel = Across { src, left: 0, taps: &taps, turned: &mut turned, dst };
                if fast { simd::run(kernel) } else { kernel.run() }
                out
            };
            prop_assert_eq!(across(true), across(false));
            let down = |fast: bool| {
                let mut out = vec![0; w as usize];
                let kernel = Down { src, left: 0, first: 0, weights: &[100, 156][..h.min(2) as usize], out: &mut out };
                if fast { simd::run(kernel) } else { kernel.run() }
                out
            };
            prop_assert_eq!(down(true), down(false));
        }
    }
}
