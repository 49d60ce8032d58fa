//! The way back to RGB, for stills that leave the studio (PNG, thumbnails).
//!
//! Owns: BT.709 limited to full-range RGB with the chroma sample of each pixel's own pair. Not for the live path.

use vitrine_media::{Plane, VideoFrame};

/// Writes `frame` as rows of R, G, B bytes without padding into `out`, which is emptied first. Alpha is not looked at:
/// a premultiplied frame comes out over black.
pub fn to_rgb24(frame: &VideoFrame, out: &mut Vec<u8>) {
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    out.clear();
    out.reserve(width * height * 3);
    let rows = |plane| frame.plane(plane).chunks(frame.stride(plane).max(1));
    let chroma = rows(Plane::U).zip(rows(Plane::V)).flat_map(|row| [row, row]);
    for (y, (u, v)) in rows(Plane::Y).zip(chroma).take(height) {
        let pairs = u.iter().zip(v).flat_map(|pair| [pair, pair]);
        for (y, (u, v)) in y.iter().zip(pairs).take(width) {
            out.extend_from_slice(&rgb([*y, *u, *v]));
        }
    }
}

/// One pixel, in 1/65536 (ITU-R BT.709-6 with 8-bit limited codes).
fn rgb([y, u, v]: [u8; 3]) -> [u8; 3] {
    let y = (i32::from(y) - 16) * 76_309;
    let (u, v) = (i32::from(u) - 128, i32::from(v) - 128);
    [y + 117_489 * v, y - 13_975 * u - 34_925 * v, y + 138_438 * u]
        .map(|c| ((c + 32_768) >> 16).clamp(0, 255) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Converter, solid};
    use vitrine_media::{ColorDesc, Convert, FramePool, MediaTime, PixelFormat, RawPicture};

    #[test]
    fn colours_come_back_within_the_rounding_of_eight_bits() {
        let pool = FramePool::new(2);
        let mut out = Vec::new();
        for rgb in [[255, 255, 255], [0, 0, 0], [200, 30, 60], [12, 200, 90], [255, 0, 0], [40, 44, 250]] {
            to_rgb24(&solid(&pool, (3, 3), rgb, MediaTime::ZERO, 0).unwrap(), &mut out);
            assert_eq!(out.len(), 27);
            for pixel in out.chunks(3) {
                assert!(pixel.iter().zip(rgb).all(|(a, b)| a.abs_diff(b) <= 2), "{rgb:?} {pixel:?}");
            }
        }
        let raw = RawPicture {
            width: 2,
            height: 1,
            format: PixelFormat::Rgb24,
            color: ColorDesc::JFIF,
            planes: [&[255, 255, 255, 0, 0, 0], &[], &[]],
            strides: [6, 0, 0],
        };
        let frame = Converter::new().convert(&raw, &pool, MediaTime::ZERO, 0).unwrap();
        to_rgb24(&frame, &mut out);
        assert_eq!(out, [255, 255, 255, 0, 0, 0]);
    }
}
