//! Coverage masks: one byte a pixel, grown and blurred for outlines and shadows. Pure functions.

/// Coverage of a rectangle of pixels.
#[derive(Clone, Debug)]
pub(super) struct Mask {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) data: Vec<u8>,
}

impl Mask {
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self { width, height, data: vec![0; width * height] }
    }

    /// The greater coverage of both wins, so that overlapping glyphs of one word do not add up at their joints.
    pub(super) fn stamp(&mut self, x: i64, y: i64, width: usize, coverage: &[u8]) {
        for (row, line) in coverage.chunks_exact(width.max(1)).enumerate() {
            let Ok(row) = usize::try_from(y + row as i64) else { continue };
            if row >= self.height {
                return;
            }
            for (column, &value) in line.iter().enumerate() {
                let Ok(column) = usize::try_from(x + column as i64) else { continue };
                if column >= self.width {
                    break;
                }
                if let Some(to) = self.data.get_mut(row * self.width + column) {
                    *to = value.max(*to);
                }
            }
        }
    }

    /// Every pixel takes the greatest coverage within `radius`: the letters, grown by a round pen.
    pub(super) fn grown(&self, radius: f32) -> Self {
        let reach = radius.ceil() as i64;
        let mut out = Self::new(self.width, self.height);
        for dy in -reach..=reach {
            let half = (radius * radius - (dy * dy) as f32).max(0.0).sqrt();
            if dy.abs() as f32 > radius + 0.5 {
                continue;
            }
            for row in 0..self.height {
                let Ok(from) = usize::try_from(row as i64 + dy) else { continue };
                let (Some(source), Some(target)) = (self.row(from), out.row_mut(row)) else { continue };
                grow_row(source, target, half);
            }
        }
        out
    }

    /// Three box blurs, close to a Gaussian whose visible radius is `radius`.
    pub(super) fn blurred(&self, radius: f32) -> Self {
        let half = (radius / 3.0).round() as usize;
        let mut out = self.clone();
        if half == 0 {
            return out;
        }
        let mut line = Vec::new();
        for _ in 0..3 {
            for row in 0..out.height {
                if let Some(data) = out.row_mut(row) {
                    line.clear();
                    line.extend_from_slice(data);
                    box_blur(&line, data.iter_mut(), half);
                }
            }
            for column in 0..out.width {
                line.clear();
                line.extend(out.data.iter().skip(column).step_by(out.width));
                box_blur(&line, out.data.iter_mut().skip(column).step_by(self.width), half);
            }
        }
        out
    }

    fn row(&self, row: usize) -> Option<&[u8]> {
        self.data.get(row * self.width..(row + 1) * self.width)
    }

    fn row_mut(&mut self, row: usize) -> Option<&mut [u8]> {
        self.data.get_mut(row * self.width..(row + 1) * self.width)
    }
}

/// `target = max(target, greatest of source within half)`. The last fraction of a pixel counts in part, which keeps
/// the edge of the pen smooth.
fn grow_row(source: &[u8], target: &mut [u8], half: f32) {
    let whole = half.floor() as usize;
    let part = half - half.floor();
    for (column, &value) in source.iter().enumerate().filter(|(_, v)| **v > 0) {
        let (first, last) = (column.saturating_sub(whole), (column + whole + 1).min(target.len()));
        for to in target.get_mut(first..last).unwrap_or_default() {
            *to = value.max(*to);
        }
        let faint = (f32::from(value) * part) as u8;
        for edge in [column.checked_sub(whole + 1), Some(column + whole + 1)].into_iter().flatten() {
            if let Some(to) = target.get_mut(edge) {
                *to = faint.max(*to);
            }
        }
    }
}

/// Mean over `2 * half + 1` values; outside the row there is nothing.
fn box_blur<'a>(source: &[u8], target: impl Iterator<Item = &'a mut u8>, half: usize) {
    let span = (2 * half + 1) as u32;
    let mut sum: u32 = source.iter().take(half).map(|&v| u32::from(v)).sum();
    for (n, to) in target.enumerate() {
        sum += source.get(n + half).map_or(0, |&v| u32::from(v));
        *to = ((sum + span / 2) / span) as u8;
        sum -= n.checked_sub(half).and_then(|i| source.get(i)).map_or(0, |&v| u32::from(v));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full(mask: &Mask) -> usize {
        mask.data.iter().map(|&v| usize::from(v == 255)).sum()
    }

    fn dot() -> Mask {
        let mut mask = Mask::new(21, 21);
        mask.stamp(10, 10, 1, &[255]);
        mask
    }

    #[test]
    fn a_grown_dot_is_a_disc() {
        let disc = dot().grown(5.0);
        let at = |x: usize, y: usize| disc.data[y * 21 + x];
        assert_eq!([at(10, 10), at(15, 10), at(10, 5), at(13, 13)], [255; 4]);
        assert_eq!([at(16, 10), at(10, 4), at(15, 15), at(14, 14)], [0; 4]);
        // 81 whole pixels: those whose centres lie within 5 of the middle, 3.24 r^2 of the pi r^2.
        assert_eq!(full(&disc), 81);
    }

    #[test]
    fn blur_keeps_the_total_and_spreads_it() {
        let mut block = Mask::new(41, 41);
        block.stamp(16, 16, 9, &[255; 81]);
        let blurred = block.blurred(9.0);
        let sum = |m: &Mask| m.data.iter().map(|&v| u64::from(v)).sum::<u64>() as f64;
        assert!((sum(&blurred) / sum(&block) - 1.0).abs() < 0.05);
        assert!(blurred.data[20 * 41 + 20] < 255 && blurred.data[20 * 41 + 10] > 0);
    }

    #[test]
    fn stamps_outside_are_cut() {
        let mut mask = Mask::new(4, 4);
        for (x, y) in [(-1, -1), (3, 3), (-9, 0), (0, 9), (i64::from(i32::MAX), 0)] {
            mask.stamp(x, y, 2, &[255; 4]);
        }
        assert_eq!(full(&mask), 2);
    }
}
