//! What a V4L2 driver's words about colour mean. Pure. Linux only.

use vitrine_media::{ColorDesc, Matrix, Range};

/// What a V4L2 driver says about colour: `enum v4l2_colorspace`, `v4l2_ycbcr_encoding`, `v4l2_quantization`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct DriverColor {
    pub(super) colorspace: u32,
    pub(super) encoding: u32,
    pub(super) quantization: u32,
}

/// Reads the driver's words as the V4L2 documentation defines them ("Colorspaces", the `V4L2_MAP_*_DEFAULT` macros).
/// A driver that says nothing gets the usual guess by height.
pub(super) fn color_desc(driver: DriverColor, height: u32) -> ColorDesc {
    let guess = ColorDesc::guess(height);
    let matrix = match driver.encoding {
        1 | 3 => Matrix::Bt601,
        2 | 4 => Matrix::Bt709,
        6 | 7 => Matrix::Bt2020,
        _ => match driver.colorspace {
            // SMPTE 170M, 470M, 470BG, JPEG, and sRGB, whose default encoding is BT.601.
            1 | 5 | 6 | 7 | 8 => Matrix::Bt601,
            // SMPTE 240M (its coefficients differ from BT.709 by less than 0.2 %), Rec. 709, DCI-P3.
            2 | 3 | 12 => Matrix::Bt709,
            10 => Matrix::Bt2020,
            _ => guess.matrix,
        },
    };
    let range = match driver.quantization {
        1 => Range::Full,
        2 => Range::Limited,
        _ if driver.colorspace == 7 => Range::Full,
        _ => Range::Limited,
    };
    ColorDesc { matrix, range }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drivers_words_about_colour_are_followed() {
        let of = |colorspace, encoding, quantization, height| {
            color_desc(DriverColor { colorspace, encoding, quantization }, height)
        };
        let bt601 = ColorDesc { matrix: Matrix::Bt601, range: Range::Limited };
        assert_eq!(of(0, 0, 0, 480), bt601);
        assert_eq!(of(0, 0, 0, 1080), ColorDesc::STUDIO);
        assert_eq!(of(8, 0, 0, 1080), bt601, "sRGB without an encoding is BT.601, whatever the height");
        assert_eq!(of(8, 2, 0, 480), ColorDesc::STUDIO, "an encoding beats the colour space");
        assert_eq!(of(3, 0, 1, 720), ColorDesc { matrix: Matrix::Bt709, range: Range::Full });
        assert_eq!(of(7, 0, 0, 720), ColorDesc::JFIF);
        assert_eq!(of(99, 99, 99, 1080), ColorDesc::STUDIO, "nonsense counts as nothing said");
    }
}
