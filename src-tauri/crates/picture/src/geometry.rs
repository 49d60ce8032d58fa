//! Where a layer lands on the canvas, one axis at a time.
//!
//! Owns: rounding, clipping, and the relation between luma and chroma positions. A chroma sample of the canvas belongs
//! to two luma columns (and rows); a layer that begins or ends between them covers half of it. Pure arithmetic.

use crate::scale::Reach;

/// Pixels of the source left out at each side, before turning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Crop {
    /// Columns at the left.
    pub left: u32,
    /// Rows at the top.
    pub top: u32,
    /// Columns at the right.
    pub right: u32,
    /// Rows at the bottom.
    pub bottom: u32,
}

impl Crop {
    /// The same sides after turning the picture clockwise.
    fn turned(self, quarter_turns: u8) -> Self {
        let Self { left, top, right, bottom } = self;
        match quarter_turns % 4 {
            0 => self,
            1 => Self { left: bottom, top: left, right: top, bottom: right },
            2 => Self { left: right, top: bottom, right: left, bottom: top },
            _ => Self { left: top, top: right, right: bottom, bottom: left },
        }
    }
}

/// A rectangle on the canvas, in canvas pixels; may lie outside it. The edges are rounded to whole pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    /// Left edge.
    pub x: f32,
    /// Upper edge.
    pub y: f32,
    /// Columns.
    pub width: f32,
    /// Rows.
    pub height: f32,
}

/// A position far outside any canvas; keeps the arithmetic within range.
const FAR: f64 = 1e6;

/// One axis of a layer that can be seen. All positions are luma pixels of the canvas unless they say source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Axis {
    /// Destination, unclipped.
    pub start: i32,
    pub end: i32,
    /// Destination within the canvas.
    pub seen: u32,
    pub seen_end: u32,
    /// Source pixels shown.
    pub source: u32,
    pub source_len: u32,
    canvas: u32,
}

impl Axis {
    /// `None` if nothing of it is on the canvas.
    fn place(at: f32, len: f32, source: u32, source_len: u32, canvas: u32) -> Option<Self> {
        let (at, len) = (f64::from(at), f64::from(len));
        if !at.is_finite() || !len.is_finite() {
            return None;
        }
        let start = at.clamp(-FAR, FAR).round() as i32;
        let end = (at + len).clamp(-FAR, FAR).round() as i32;
        let seen = start.max(0) as u32;
        let seen_end = (end.max(0) as u32).min(canvas);
        (end > start && seen < seen_end && source_len > 0).then_some(Self {
            start,
            end,
            seen,
            seen_end,
            source,
            source_len,
            canvas,
        })
    }

    fn len(&self) -> u32 {
        self.end.abs_diff(self.start)
    }

    /// Pixels on the canvas.
    pub(crate) fn seen_len(&self) -> u32 {
        self.seen_end - self.seen
    }

    /// Whether source and canvas pixels are the same size.
    pub(crate) fn is_one_to_one(&self) -> bool {
        self.len() == self.source_len
    }

    /// Whether the layer reaches both ends of the canvas.
    fn covers(&self) -> bool {
        self.seen == 0 && self.seen_end == self.canvas
    }

    /// What to add to a canvas position to get a source position, at one to one.
    pub(crate) fn shift(&self) -> i32 {
        self.source as i32 - self.start
    }

    fn source_per_pixel(&self) -> f64 {
        f64::from(self.source_len) / f64::from(self.len())
    }

    /// The source of canvas luma `from..to`, which lies in the destination.
    fn source_of(&self, from: i32, to: i32) -> (f64, f64) {
        let scale = self.source_per_pixel();
        (f64::from(self.source) + f64::from(from - self.start) * scale, f64::from(to - from) * scale)
    }

    /// Where luma of the seen part comes from.
    pub(crate) fn luma_reach(&self) -> Reach {
        let (start, len) = self.source_of(self.seen as i32, self.seen_end as i32);
        Reach { start, len, low: self.source, high: self.source + self.source_len }
    }

    /// Chroma samples of the canvas that the seen part touches.
    pub(crate) fn chroma(&self) -> (u32, u32) {
        (self.seen / 2, self.seen_end.div_ceil(2))
    }

    /// Those of [`Self::chroma`] whose two luma pixels both lie in the destination, and where they come from. For a
    /// layer too thin to have any, all of them and the whole source.
    pub(crate) fn chroma_reach(&self) -> (u32, u32, Reach) {
        let (first, end) = self.chroma();
        let low = self.source / 2;
        let high = (self.source + self.source_len).div_ceil(2);
        let inner = (self.start.div_euclid(2) + self.start.rem_euclid(2)).max(first as i32);
        let inner_end = self.end.div_euclid(2).min(end as i32);
        if inner < inner_end {
            let (start, len) = self.source_of(2 * inner, 2 * inner_end);
            let reach = Reach { start: start / 2.0, len: len / 2.0, low, high };
            (inner as u32, inner_end as u32, reach)
        } else {
            let start = f64::from(self.source) / 2.0;
            (first, end, Reach { start, len: f64::from(self.source_len) / 2.0, low, high })
        }
    }

    /// Whether the first chroma sample is covered by half.
    pub(crate) fn half_first(&self) -> bool {
        self.seen % 2 == 1
    }

    /// Whether the last chroma sample is covered by half. The last of an odd canvas has one column only.
    pub(crate) fn half_last(&self) -> bool {
        self.seen_end % 2 == 1 && self.seen_end < self.canvas
    }

    /// Whether rows and columns can be copied as they are, chroma included.
    fn is_copy(&self) -> bool {
        self.is_one_to_one() && self.shift() % 2 == 0 && !self.half_first() && !self.half_last()
    }
}

/// Both axes of a layer that can be seen, in the coordinates of the turned source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Geometry {
    pub x: Axis,
    pub y: Axis,
    pub turns: u8,
}

impl Geometry {
    /// `None` if the layer shows nothing: outside the canvas, cropped away, or without a usable size.
    pub(crate) fn place(
        canvas: (u32, u32),
        source: (u32, u32),
        crop: Crop,
        dest: Rect,
        quarter_turns: u8,
    ) -> Option<Self> {
        let turns = quarter_turns % 4;
        let crop = crop.turned(turns);
        let (width, height) = if turns % 2 == 1 { (source.1, source.0) } else { source };
        let columns = width.checked_sub(crop.left.checked_add(crop.right)?)?;
        let rows = height.checked_sub(crop.top.checked_add(crop.bottom)?)?;
        let x = Axis::place(dest.x, dest.width, crop.left, columns, canvas.0)?;
        let y = Axis::place(dest.y, dest.height, crop.top, rows, canvas.1)?;
        Some(Self { x, y, turns })
    }

    /// Whether the layer reaches every pixel of the canvas.
    pub(crate) fn covers(&self) -> bool {
        self.x.covers() && self.y.covers()
    }

    /// Whether source rows can be drawn as they are.
    pub(crate) fn is_copy(&self) -> bool {
        self.turns == 0 && self.x.is_copy() && self.y.is_copy()
    }

    /// Whether source and canvas pixels are the same size.
    pub(crate) fn is_one_to_one(&self) -> bool {
        self.x.is_one_to_one() && self.y.is_one_to_one()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn crops_turn_with_the_picture() {
        let crop = Crop { left: 1, top: 2, right: 3, bottom: 4 };
        // Clockwise: what was at the bottom comes to the left.
        assert_eq!(crop.turned(1), Crop { left: 4, top: 1, right: 2, bottom: 3 });
        for turns in 0..4 {
            assert_eq!((0..turns).fold(crop, |c, _| c.turned(1)), crop.turned(turns));
        }
    }

    proptest! {
        #[test]
        fn sources_of_seen_pixels_lie_in_the_crop(
            at in -300f32..300.0, len in 0f32..600.0, source in 0u32..50, source_len in 1u32..300, canvas in 1u32..200,
        ) {
            if let Some(axis) = Axis::place(at, len, source, source_len, canvas) {
                let (first, end) = axis.chroma();
                prop_assert!(axis.seen < axis.seen_end && axis.seen_end <= canvas);
                prop_assert!(first < end && end <= canvas.div_ceil(2));
                let luma = axis.luma_reach();
                prop_assert!(luma.start >= f64::from(luma.low) - 1e-6);
                prop_assert!(luma.start + luma.len <= f64::from(luma.high) + 1e-6);
                let (inner, inner_end, chroma) = axis.chroma_reach();
                prop_assert!(first <= inner && inner < inner_end && inner_end <= end);
                prop_assert!(inner - first <= 1 && end - inner_end <= 1);
                prop_assert!(chroma.start >= f64::from(chroma.low) - 1e-6);
                prop_assert!(chroma.start + chroma.len <= f64::from(chroma.high) + 1e-6);
            }
        }
    }
}
