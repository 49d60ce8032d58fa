//! Quarter turns of a studio frame: phones film sideways and say so. A pure function.

use vitrine_media::{FramePool, Plane, PoolExhausted, VideoFrame};

/// Pixels are moved in squares of this size, so that both sides of the turn stay in the cache.
const TILE: usize = 16;

/// `frame` turned clockwise, in a buffer of `pool`; the same frame if there is nothing to turn.
pub(super) fn turned(
    frame: VideoFrame,
    quarter_turns: u8,
    pool: &FramePool,
) -> Result<VideoFrame, PoolExhausted> {
    let turns = quarter_turns % 4;
    if turns == 0 {
        return Ok(frame);
    }
    let (width, height) = (frame.width(), frame.height());
    let upright = if turns == 2 { (width, height) } else { (height, width) };
    let mut out = pool.take(upright.0, upright.1, frame.has_alpha())?;
    for plane in [Plane::Y, Plane::U, Plane::V, Plane::A] {
        let size = match plane {
            Plane::Y | Plane::A => (width, height),
            Plane::U | Plane::V => (width.div_ceil(2), height.div_ceil(2)),
        };
        let (from, to) = (frame.stride(plane), out.stride(plane));
        turn(frame.plane(plane), from, out.plane_mut(plane), to, (size.0 as usize, size.1 as usize), turns);
    }
    Ok(out.freeze(frame.pts, frame.seq))
}

fn turn(from: &[u8], from_stride: usize, to: &mut [u8], to_stride: usize, (w, h): (usize, usize), turns: u8) {
    if from.is_empty() {
        return;
    }
    for top in (0..h).step_by(TILE) {
        for left in (0..w).step_by(TILE) {
            for y in top..(top + TILE).min(h) {
                let span = y * from_stride + left..y * from_stride + (left + TILE).min(w);
                for (x, &value) in (left..).zip(from.get(span).unwrap_or_default()) {
                    let (column, row) = match turns {
                        1 => (h - 1 - y, x),
                        2 => (w - 1 - x, h - 1 - y),
                        _ => (y, w - 1 - x),
                    };
                    if let Some(target) = to.get_mut(row * to_stride + column) {
                        *target = value;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vitrine_media::MediaTime;

    #[test]
    fn turns_go_clockwise_and_four_make_none_at_any_size() {
        let pool = FramePool::new(8);
        for (width, height) in [(6, 4), (33, 17), (1, 5), (64, 48)] {
            let mut frame = pool.take(width, height, true).unwrap();
            for (value, plane) in frame.planes_mut().into_iter().enumerate() {
                for (n, byte) in plane.iter_mut().enumerate() {
                    *byte = (n * 7 + value * 31) as u8;
                }
            }
            let frame = frame.freeze(MediaTime::from_millis(5), 9);
            let once = turned(frame.clone(), 1, &pool).unwrap();
            assert_eq!((once.width(), once.height(), once.seq), (height, width, 9));
            // The left column of the original, read upwards, is the top row.
            for x in 0..height as usize {
                let original = frame.plane(Plane::Y)[(height as usize - 1 - x) * frame.stride(Plane::Y)];
                assert_eq!(once.plane(Plane::Y)[x], original);
            }
            let back = turned(turned(once, 2, &pool).unwrap(), 1, &pool).unwrap();
            let undone = turned(turned(frame.clone(), 3, &pool).unwrap(), 1, &pool).unwrap();
            for plane in [Plane::Y, Plane::U, Plane::V, Plane::A] {
                let columns =
                    if matches!(plane, Plane::U | Plane::V) { width.div_ceil(2) } else { width } as usize;
                let lines = |f: &VideoFrame| -> Vec<Vec<u8>> {
                    f.plane(plane).chunks_exact(f.stride(plane)).map(|l| l[..columns].to_vec()).collect()
                };
                assert_eq!(lines(&frame), lines(&back));
                assert_eq!(lines(&frame), lines(&undone));
            }
        }
    }
}
