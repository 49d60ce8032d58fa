//! Quarter turns.
//!
//! Owns: turned copies of a frame's planes, in memory that is kept between frames. A turn by 90 degrees goes through
//! blocks of 16 x 16, so that both sides of the copy stay in the cache. No threads, no locks.

use crate::plane::{PLANES, Planes, View, size};
use crate::simd::{self, BLOCK, Block, Kernel};

/// Turned planes of one frame.
#[derive(Debug, Default)]
pub(crate) struct Turned {
    planes: [Vec<u8>; 4],
    width: u32,
    height: u32,
    alpha: bool,
}

impl Turned {
    /// Takes `source` turned clockwise by `turns` quarters (1, 2 or 3).
    pub(crate) fn fill(&mut self, source: &Planes<'_>, turns: u8) {
        self.alpha = source.alpha;
        (self.width, self.height) =
            if turns == 2 { (source.width, source.height) } else { (source.height, source.width) };
        for ((view, out), plane) in source.views.into_iter().zip(&mut self.planes).zip(PLANES) {
            let (w, h) = size(plane, self.width, self.height);
            let len = if view.bytes.is_empty() { 0 } else { w as usize * h as usize };
            out.resize(len, 0);
            if len > 0 {
                turn(view, turns, out, w as usize);
            }
        }
    }

    /// The turned picture.
    pub(crate) fn planes(&self) -> Planes<'_> {
        let mut views = [View::default(); 4];
        for ((view, plane), bytes) in views.iter_mut().zip(PLANES).zip(&self.planes) {
            let (width, height) = size(plane, self.width, self.height);
            *view = View { bytes, stride: width as usize, width, height };
        }
        Planes { views, width: self.width, height: self.height, alpha: self.alpha }
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        self.planes.iter().map(Vec::capacity).sum()
    }
}

fn turn(src: View<'_>, turns: u8, out: &mut [u8], out_width: usize) {
    match turns {
        2 => {
            for (y, row) in (0..src.height).rev().zip(out.chunks_exact_mut(out_width)) {
                simd::run(Reverse { from: src.row(y, 0, src.width), to: row });
            }
        }
        _ => simd::run(Quarter { src, clockwise: turns == 1, out, out_width }),
    }
}

struct Reverse<'a> {
    from: &'a [u8],
    to: &'a mut [u8],
}

impl Kernel for Reverse<'_> {
    #[inline(always)]
    fn run(self) {
        for (to, from) in self.to.iter_mut().zip(self.from.iter().rev()) {
            *to = *from;
        }
    }
}

struct Quarter<'a> {
    src: View<'a>,
    clockwise: bool,
    out: &'a mut [u8],
    out_width: usize,
}

impl Kernel for Quarter<'_> {
    #[inline(always)]
    fn run(self) {
        let Self { src, clockwise, out, out_width } = self;
        let (w, h) = (src.width as usize, src.height as usize);
        for top in (0..h).step_by(BLOCK) {
            let rows = BLOCK.min(h - top);
            // Where this band of source rows lands: columns of the result, `rows` wide.
            let column = if clockwise { h - top - rows } else { top };
            for left in (0..w).step_by(BLOCK) {
                let columns = BLOCK.min(w - left);
                let mut block: Block = [[0; BLOCK]; BLOCK];
                for (n, line) in block.iter_mut().take(rows).enumerate() {
                    // Turned clockwise, a column is read upwards.
                    let n = if clockwise { rows - 1 - n } else { n };
                    let from = src.row((top + n) as u32, left as u32, columns as u32);
                    if let (Some(whole), BLOCK) = (from.first_chunk::<BLOCK>(), columns) {
                        *line = *whole;
                    } else if let Some(line) = line.get_mut(..columns) {
                        line.copy_from_slice(from);
                    }
                }
                let block = simd::transposed(&block);
                for (n, line) in block.iter().take(columns).enumerate() {
                    let row = if clockwise { left + n } else { w - 1 - left - n };
                    let at = row * out_width + column;
                    if let Some(to) = out.get_mut(at..at + rows) {
                        if let (Ok(whole), BLOCK) = (<&mut [u8; BLOCK]>::try_from(&mut *to), rows) {
                            *whole = *line;
                        } else if let Some(line) = line.get(..rows) {
                            to.copy_from_slice(line);
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_turned_plane_has_every_pixel_in_its_place(w in 1u32..70, h in 1u32..70, turns in 1u8..4) {
            let bytes: Vec<u8> = (0..w * h).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
            let src = View { bytes: &bytes, stride: w as usize, width: w, height: h };
            let (ow, oh) = if turns == 2 { (w, h) } else { (h, w) };
            let mut out = vec![0; (ow * oh) as usize];
            turn(src, turns, &mut out, ow as usize);
            for y in 0..h {
                for x in 0..w {
                    let (ox, oy) = match turns {
                        1 => (h - 1 - y, x),
                        2 => (w - 1 - x, h - 1 - y),
                        _ => (y, w - 1 - x),
                    };
                    prop_assert_eq!(out[(oy * ow + ox) as usize], bytes[(y * w + x) as usize]);
                }
            }
        }
    }
}
