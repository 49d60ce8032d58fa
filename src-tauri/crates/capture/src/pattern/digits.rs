//! Seven-segment digits, drawn as rectangles: readable at any size without a font.

use vitrine_media::{FrameMut, Plane};

use crate::color::{Area, fill_plane};

/// Segments of 0 to 9: top, upper right, lower right, bottom, lower left, upper left, middle; lowest bit first.
const SEGMENTS: [u8; 10] = [0x3F, 0x06, 0x5B, 0x4F, 0x66, 0x6D, 0x7D, 0x07, 0x7F, 0x6F];

/// Columns a character takes, in digits' widths times 4.
fn advance(character: char, digit: u32) -> u32 {
    if character.is_ascii_digit() { digit + digit / 3 } else { digit * 2 / 3 }
}

/// Width and height of `text` drawn with digits `digit` pixels wide.
pub(super) fn extent(text: &str, digit: u32) -> (u32, u32) {
    (text.chars().map(|c| advance(c, digit)).sum(), digit * 2)
}

/// Draws digits and colons into luma; everything else is a space.
pub(super) fn draw(frame: &mut FrameMut, text: &str, left: u32, top: u32, digit: u32, luma: u8) {
    let thick = (digit / 5).max(1);
    let mut x = left;
    for character in text.chars() {
        let mut bar = |l: u32, t: u32, r: u32, b: u32| {
            let area = Area { left: x + l, top: top + t, right: x + r, bottom: top + b };
            fill_plane(frame, Plane::Y, area, luma);
        };
        let (w, h) = (digit, digit * 2);
        let middle = h / 2 - thick / 2;
        let bars = [
            (0, 0, w, thick),
            (w - thick, 0, w, h / 2),
            (w - thick, h / 2, w, h),
            (0, h - thick, w, h),
            (0, h / 2, thick, h),
            (0, 0, thick, h / 2),
            (0, middle, w, middle + thick),
        ];
        if let Some(&lit) = character.to_digit(10).and_then(|d| SEGMENTS.get(d as usize)) {
            for (n, (l, t, r, b)) in bars.into_iter().enumerate() {
                if lit >> n & 1 == 1 {
                    bar(l, t, r, b);
                }
            }
        } else if character == ':' {
            bar(0, h / 4, thick, h / 4 + thick);
            bar(0, h * 3 / 4 - thick, thick, h * 3 / 4);
        }
        x += advance(character, digit);
    }
}
