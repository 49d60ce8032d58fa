//! A layer made ready to be drawn: scaled, turned, clipped and laid on the canvas's own grid of chroma samples.
//!
//! Owns: the planes of what is seen of one layer, its coverage, and which part of each row has any. Made once for a
//! picture that stays, once a frame for one that moves, in memory that is kept. Never touches the canvas except to draw.

use vitrine_media::Plane;

use crate::blend::{self, CHROMA_NEUTRAL, LUMA_NEUTRAL};
use crate::convert::SumFull;
use crate::geometry::{Axis, Geometry};
use crate::plane::{PLANES, Planes, View, ViewMut, is_chroma};
use crate::scale::PlaneScaler;
use crate::simd::{self, Kernel};

/// Planes of one kind (full or half size) with their place on the canvas.
#[derive(Debug, Default)]
struct Sheet {
    x: u32,
    y: u32,
    width: u32,
    height: u32,
    /// Per row, the columns with any coverage. Empty: all of every row.
    spans: Vec<(u32, u32)>,
}

impl Sheet {
    fn lay(&mut self, (x, x_end): (u32, u32), (y, y_end): (u32, u32)) {
        (self.x, self.y, self.width, self.height) = (x, y, x_end - x, y_end - y);
        self.spans.clear();
    }

    fn len(&self) -> usize {
        self.width as usize * self.height as usize
    }

    /// Finds the columns of each row that `coverage` leaves any trace in.
    fn find_spans(&mut self, coverage: &[u8]) {
        self.spans.clear();
        for row in coverage.chunks_exact(self.width as usize) {
            let start = row.iter().position(|&a| a != 0).unwrap_or(row.len());
            let end = row.iter().rposition(|&a| a != 0).map_or(start, |last| last + 1);
            self.spans.push((start as u32, end as u32));
        }
    }
}

/// What is seen of one layer.
#[derive(Debug, Default)]
pub(crate) struct Tile {
    luma: Sheet,
    chroma: Sheet,
    planes: [Vec<u8>; 4],
    /// Coverage of chroma samples; empty where every sample is covered.
    chroma_alpha: Vec<u8>,
    rows: [Vec<u8>; 2],
    sums: Vec<u16>,
}

impl Tile {
    /// Takes what `geometry` shows of `source`, which is turned already.
    pub(crate) fn fill(&mut self, source: &Planes<'_>, geometry: &Geometry, scaler: &mut PlaneScaler) {
        let Geometry { x, y, .. } = geometry;
        self.luma.lay((x.seen, x.seen_end), (y.seen, y.seen_end));
        self.chroma.lay(x.chroma(), y.chroma());
        for ((plane, view), bytes) in PLANES.into_iter().zip(source.views).zip(&mut self.planes) {
            if plane == Plane::A && !source.alpha {
                bytes.clear();
                continue;
            }
            let sheet = if is_chroma(plane) { &self.chroma } else { &self.luma };
            bytes.resize(sheet.len(), 0);
            let out = ViewMut::new(bytes, sheet.width as usize, sheet.width, sheet.height);
            if !is_chroma(plane) {
                scaler.scale(view, x.luma_reach(), y.luma_reach(), out);
            } else if geometry.is_one_to_one() {
                shift_chroma(view, x, y, out);
            } else {
                scale_chroma(view, x, y, out, scaler);
            }
        }
        self.cover_chroma(geometry);
        if let [_, _, _, alpha] = &self.planes
            && !alpha.is_empty()
        {
            self.luma.find_spans(alpha);
            self.chroma.find_spans(&self.chroma_alpha);
        }
    }

    /// Works out how much of each chroma sample the layer covers, and fades the samples it covers by half.
    fn cover_chroma(&mut self, geometry: &Geometry) {
        let Geometry { x, y, .. } = geometry;
        let [_, u, v, alpha] = &mut self.planes;
        let width = self.chroma.width as usize;
        let halves = [x.half_first(), x.half_last(), y.half_first(), y.half_last()];
        if alpha.is_empty() && halves == [false; 4] {
            self.chroma_alpha.clear();
            return;
        }
        for plane in [u, v] {
            fade_edges(plane, width, halves);
        }
        self.chroma_alpha.resize(self.chroma.len(), 0);
        let luma_width = self.luma.width as usize;
        let mut lines = alpha.chunks_exact(luma_width);
        let opaque = alpha.is_empty();
        let mut next =
            || if opaque { Coverage::All } else { lines.next().map_or(Coverage::Nothing, Coverage::Row) };
        let [first, second] = &mut self.rows;
        let mut left = self.luma.height;
        for (n, out) in self.chroma_alpha.chunks_exact_mut(width).enumerate() {
            // A row of the pair that lies outside the layer covers nothing; one outside the canvas does not count.
            if n == 0 && y.half_first() {
                pad_row(Coverage::Nothing, x, first);
            } else {
                pad_row(next(), x, first);
                left = left.saturating_sub(1);
            }
            if left > 0 {
                pad_row(next(), x, second);
                left -= 1;
            } else if y.half_last() {
                pad_row(Coverage::Nothing, x, second);
            } else {
                second.clone_from(first);
            }
            self.sums.resize(width, 0);
            simd::run(SumFull { rows: [first, second], out: &mut self.sums });
            simd::run(Quarter { sums: &self.sums, out });
        }
    }

    /// Draws one plane. `opacity` 0 to 255.
    pub(crate) fn draw(&self, plane: Plane, canvas: &mut ViewMut<'_>, opacity: u8) {
        let [y, u, v, a] = &self.planes;
        let (bytes, sheet, alpha, neutral) = match plane {
            Plane::Y => (y, &self.luma, a, LUMA_NEUTRAL),
            Plane::U => (u, &self.chroma, &self.chroma_alpha, CHROMA_NEUTRAL),
            Plane::V => (v, &self.chroma, &self.chroma_alpha, CHROMA_NEUTRAL),
            Plane::A => return,
        };
        let width = sheet.width as usize;
        let mut target = canvas.part(sheet.x, sheet.y, sheet.width, sheet.height);
        let mut alphas = alpha.chunks_exact(width);
        let mut spans = sheet.spans.iter();
        for (row, src) in (0..sheet.height).zip(bytes.chunks_exact(width)) {
            let alpha = alphas.next();
            let (start, end) = spans.next().map_or((0, width), |&(s, e)| (s as usize, e as usize));
            if let (Some(dst), Some(src)) = (target.row(row).get_mut(start..end), src.get(start..end)) {
                blend::row(dst, src, alpha.and_then(|a| a.get(start..end)), opacity, neutral);
            }
        }
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        self.planes.iter().map(Vec::capacity).sum::<usize>() + self.chroma_alpha.capacity()
    }
}

/// What a row of the layer covers.
enum Coverage<'a> {
    /// It lies outside the layer.
    Nothing,
    /// All of it.
    All,
    /// By pixel, 0 to 255.
    Row(&'a [u8]),
}

/// Lays a row of coverage on pairs of canvas columns.
fn pad_row(row: Coverage<'_>, x: &Axis, out: &mut Vec<u8>) {
    out.clear();
    out.extend(x.half_first().then_some(0));
    let len = out.len() + x.seen_len() as usize;
    match row {
        Coverage::Nothing => out.resize(len, 0),
        Coverage::All => out.resize(len, 255),
        Coverage::Row(row) => out.extend_from_slice(row),
    }
    // The last column of an odd canvas stands for the pair.
    let last = if x.half_last() { Some(0) } else { out.last().copied().filter(|_| x.seen_end % 2 == 1) };
    out.extend(last);
}

/// Halves the distance from neutral in the first or last column or row.
fn fade_edges(plane: &mut [u8], width: usize, [left, right, top, bottom]: [bool; 4]) {
    let fade = |c: &mut u8| *c = (u16::from(*c) + u16::from(CHROMA_NEUTRAL)).div_ceil(2) as u8;
    let last = (plane.len() / width.max(1)).saturating_sub(1);
    for (n, row) in plane.chunks_exact_mut(width).enumerate() {
        if left {
            row.first_mut().into_iter().for_each(fade);
        }
        if right {
            row.last_mut().into_iter().for_each(fade);
        }
        if top && n == 0 {
            row.iter_mut().for_each(fade);
        }
        if bottom && n == last {
            row.iter_mut().for_each(fade);
        }
    }
}

/// Mean of four from their sum.
struct Quarter<'a> {
    sums: &'a [u16],
    out: &'a mut [u8],
}

impl Kernel for Quarter<'_> {
    #[inline(always)]
    fn run(self) {
        for (out, sum) in self.out.iter_mut().zip(self.sums) {
            *out = ((*sum + 2) >> 2) as u8;
        }
    }
}

/// The two source samples that canvas chroma sample `at` lies on or between.
fn neighbours(axis: &Axis, at: u32) -> [u32; 2] {
    let luma = 2 * at as i32 + axis.shift();
    let low = axis.source as i32 / 2;
    let high = (axis.source + axis.source_len).div_ceil(2) as i32 - 1;
    [luma.div_euclid(2), luma.div_euclid(2) + luma.rem_euclid(2)].map(|n| n.clamp(low, high.max(low)) as u32)
}

/// Chroma at one to one: source samples where the grids agree, means of neighbours where they are half a sample apart.
fn shift_chroma(src: View<'_>, x: &Axis, y: &Axis, mut out: ViewMut<'_>) {
    let ((x0, x1), (y0, _)) = (x.chroma(), y.chroma());
    // Columns whose neighbours both exist go by rows; the one at each end, where they may not, by itself.
    let ends = [neighbours(x, x0), neighbours(x, x1 - 1)];
    let inner = (x0 + 1 < x1).then(|| neighbours(x, x0 + 1));
    for row in 0..out.height {
        let [top, bottom] = neighbours(y, y0 + row);
        let sample = |column: u32, line: u32| src.row(line, column, 1).first().map_or(0, |&c| u16::from(c));
        let mean = |[a, b]: [u32; 2]| {
            ((sample(a, top) + sample(b, top) + sample(a, bottom) + sample(b, bottom) + 2) >> 2) as u8
        };
        let [first, last] = ends.map(mean);
        let len = out.width.saturating_sub(2);
        let to = out.row(row);
        if let Some([a, b]) = inner {
            let rows = [(a, top), (b, top), (a, bottom), (b, bottom)].map(|(c, line)| src.row(line, c, len));
            simd::run(MeanOfFour { rows, out: to.get_mut(1..=len as usize).unwrap_or_default() });
        }
        to.last_mut().into_iter().for_each(|c| *c = last);
        to.first_mut().into_iter().for_each(|c| *c = first);
    }
}

struct MeanOfFour<'a> {
    rows: [&'a [u8]; 4],
    out: &'a mut [u8],
}

impl Kernel for MeanOfFour<'_> {
    #[inline(always)]
    fn run(self) {
        let [a, b, c, d] = self.rows;
        for ((((out, a), b), c), d) in self.out.iter_mut().zip(a).zip(b).zip(c).zip(d) {
            *out = ((u16::from(*a) + u16::from(*b) + u16::from(*c) + u16::from(*d) + 2) >> 2) as u8;
        }
    }
}

/// Chroma at another scale. Samples that the layer covers by half take the value of their neighbour.
fn scale_chroma(src: View<'_>, x: &Axis, y: &Axis, mut out: ViewMut<'_>, scaler: &mut PlaneScaler) {
    let ((x0, _), (y0, _)) = (x.chroma(), y.chroma());
    let ((left, right, reach_x), (top, bottom, reach_y)) = (x.chroma_reach(), y.chroma_reach());
    let (left, right, top, bottom) = (left - x0, right - x0, top - y0, bottom - y0);
    scaler.scale(src, reach_x, reach_y, out.part(left, top, right - left, bottom - top));
    let ragged = right + 1 == out.width;
    for row in top..bottom {
        let line = out.row(row);
        if let (1, [first, second, ..]) = (left, &mut *line) {
            *first = *second;
        }
        if let [.., second, last] = line
            && ragged
        {
            *last = *second;
        }
    }
    let stride = out.stride;
    if top == 1 && out.height > 1 {
        out.bytes.copy_within(stride..2 * stride, 0);
    }
    if bottom + 1 == out.height && out.height > 1 {
        let from = (bottom as usize - 1) * stride;
        out.bytes.copy_within(from..from + stride, from + stride);
    }
}
