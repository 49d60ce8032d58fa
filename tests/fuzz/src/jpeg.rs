//! JPEG pictures as a broken cable delivers them.

use std::hint::black_box;

use vitrine_codec::JpegDecoder;

/// Pixels beyond which a picture is left to the long run: a header of a few bytes can ask for any size.
const MAX_PIXELS: u64 = 1 << 22;

/// Decodes a picture; what is decoded can be read to its last row.
pub fn jpeg(data: &[u8]) {
    if announced_pixels(data) > MAX_PIXELS {
        return;
    }
    let mut decoder = JpegDecoder::new();
    // Twice: a decoder is used again after whatever it met before.
    for _ in 0..2 {
        let Ok(picture) = decoder.decode(data) else { continue };
        assert!(picture.width > 0 && picture.height > 0);
        for (plane, stride) in picture.planes.iter().zip(picture.strides) {
            assert!(plane.is_empty() || stride > 0, "a plane without rows");
            assert!(plane.len() <= stride * picture.height as usize, "more rows than the picture has");
            black_box(plane.iter().fold(0u8, |sum, b| sum.wrapping_add(*b)));
        }
        assert!(
            picture.planes[0].len() + picture.strides[0] > picture.strides[0] * (picture.height as usize - 1)
        );
    }
}

/// The largest size that any frame header announces.
fn announced_pixels(data: &[u8]) -> u64 {
    data.windows(9)
        .filter(|w| w[0] == 0xff && (0xc0..=0xcf).contains(&w[1]))
        .map(|w| u64::from(u16::from_be_bytes([w[5], w[6]])) * u64::from(u16::from_be_bytes([w[7], w[8]])))
        .max()
        .unwrap_or(0)
}
