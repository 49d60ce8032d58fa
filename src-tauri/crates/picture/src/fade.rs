//! The crossfade between two canvases.
//!
//! Owns: nothing but the mean of two pictures; when and how far is the scene switcher's business.

use vitrine_media::{FramePool, MediaTime, PoolExhausted, VideoFrame};

use crate::blend::Crossfade;
use crate::plane::{PLANES, is_chroma};
use crate::simd;

/// `a` at `t` = 0, `b` at `t` = 1, their mean by weight between. At either end it is that frame's own pixels. Canvases
/// of different sizes cannot be mixed: the nearer one is shown. Both are taken as opaque.
pub fn crossfade(
    a: &VideoFrame,
    b: &VideoFrame,
    t: f32,
    pool: &FramePool,
    pts: MediaTime,
    seq: u64,
) -> Result<VideoFrame, PoolExhausted> {
    let weight = (t.clamp(0.0, 1.0) * 256.0).round() as u16;
    let same_size = (a.width(), a.height()) == (b.width(), b.height());
    let ends = if same_size { (0, 256) } else { (127, 128) };
    if weight <= ends.0 || weight >= ends.1 {
        let near = if weight <= ends.0 { a } else { b };
        return Ok(near.stamped(pts, seq));
    }
    let mut out = pool.take(a.width(), a.height(), false)?;
    for plane in PLANES {
        debug_assert!(is_chroma(plane) || a.stride(plane) == b.stride(plane));
        simd::run(Crossfade { a: a.plane(plane), b: b.plane(plane), out: out.plane_mut(plane), weight });
    }
    Ok(out.freeze(pts, seq))
}

#[cfg(test)]
mod tests {
    use super::*;
    use vitrine_media::Plane;

    fn grey(pool: &FramePool, w: u32, value: u8) -> VideoFrame {
        let mut frame = pool.take(w, 4, false).unwrap();
        frame.planes_mut().into_iter().for_each(|p| p.fill(value));
        frame.freeze(MediaTime::ZERO, 0)
    }

    #[test]
    fn both_ends_are_the_pictures_themselves_and_the_middle_is_their_mean() {
        let pool = FramePool::new(4);
        let (a, b) = (grey(&pool, 8, 40), grey(&pool, 8, 200));
        let at = |t| crossfade(&a, &b, t, &pool, MediaTime::from_millis(5), 9).unwrap();
        assert!(at(0.0).same_pixels(&a) && at(1.0).same_pixels(&b) && at(7.0).same_pixels(&b));
        assert_eq!(at(0.5).plane(Plane::Y)[0], 120);
        assert_eq!((at(0.5).pts, at(0.5).seq), (MediaTime::from_millis(5), 9));
        let other = grey(&pool, 16, 1);
        assert!(crossfade(&a, &other, 0.9, &pool, MediaTime::ZERO, 0).unwrap().same_pixels(&other));
    }
}
