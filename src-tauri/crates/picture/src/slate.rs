//! The picture shown in place of a source that has none, and a plain colour.
//!
//! Owns: a neutral dark grey with a mark, the outline of a display case. Words are put over it as text by whoever
//! knows the host's language.

use vitrine_media::{FrameMut, FramePool, MediaTime, Plane, PoolExhausted, VideoFrame};

use crate::convert::rgb_to_yuv;

/// Luma of the ground and of the mark: dim, yet told from black by eye and by a black-frame detector.
const GROUND: u8 = 44;
const MARK: u8 = 92;

/// The slate at (width, height), each at least 1.
pub fn slate(
    pool: &FramePool,
    size: (u32, u32),
    pts: MediaTime,
    seq: u64,
) -> Result<VideoFrame, PoolExhausted> {
    let (width, height) = (size.0.max(1), size.1.max(1));
    let mut frame = pool.take(width, height, false)?;
    fill(&mut frame, [GROUND, 128, 128]);
    let unit = width.min(height) / 8;
    let line = (unit / 12).max(1);
    let (left, top) = ((width - unit.min(width)) / 2, (height - unit.min(height)) / 2);
    // A case: four sides and one shelf.
    for (x, y, w, h) in [
        (left, top, unit, line),
        (left, top + unit.saturating_sub(line), unit, line),
        (left, top, line, unit),
        (left + unit.saturating_sub(line), top, line, unit),
        (left, top + unit * 3 / 5, unit, line),
    ] {
        bar(&mut frame, x, y, w, h);
    }
    Ok(frame.freeze(pts, seq))
}

/// A canvas of one colour, sRGB codes.
pub fn solid(
    pool: &FramePool,
    size: (u32, u32),
    rgb: [u8; 3],
    pts: MediaTime,
    seq: u64,
) -> Result<VideoFrame, PoolExhausted> {
    let mut frame = pool.take(size.0.max(1), size.1.max(1), false)?;
    fill(&mut frame, rgb_to_yuv(rgb));
    Ok(frame.freeze(pts, seq))
}

fn fill(frame: &mut FrameMut, [luma, blue, red]: [u8; 3]) {
    let [y, u, v, _] = frame.planes_mut();
    y.fill(luma);
    u.fill(blue);
    v.fill(red);
}

fn bar(frame: &mut FrameMut, x: u32, y: u32, width: u32, height: u32) {
    let stride = frame.stride(Plane::Y);
    for row in frame.plane_mut(Plane::Y).chunks_exact_mut(stride).skip(y as usize).take(height as usize) {
        if let Some(run) = row.get_mut(x as usize..(x + width) as usize) {
            run.fill(MARK);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slate_is_neutral_and_not_black() {
        let pool = FramePool::new(2);
        for size in [(1920, 1080), (1080, 1920), (1, 1), (17, 3)] {
            let slate = slate(&pool, size, MediaTime::ZERO, 0).unwrap();
            assert!(slate.plane(Plane::Y).iter().all(|&y| y == GROUND || y == MARK));
            assert!(slate.plane(Plane::U).iter().chain(slate.plane(Plane::V)).all(|&c| c == 128));
        }
        let white = solid(&pool, (2, 2), [255; 3], MediaTime::ZERO, 0).unwrap();
        assert_eq!([Plane::Y, Plane::U, Plane::V].map(|p| white.plane(p)[0]), [235, 128, 128]);
    }
}
