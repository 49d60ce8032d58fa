//! Reads the block code that generated frames carry in their top left corner.
//!
//! Written from the description of the code, not from its writer, so that the two check each other:
//!
//! * 2 rows of 46 square cells. A cell is `c = max(min(width, height) / 135, 4)` pixels, at most `width / 46`: 8 at
//!   1080p. Cell `i` begins at `round(i * c)`.
//! * Row 0: white black white black, 40 bits, white black. Row 1: black white black white, 40 bits, black white.
//! * The 80 bits, most significant first: frame id (32), session milliseconds (32), CRC-16/CCITT-FALSE of those
//!   8 bytes (16). White is 1.
//!
//! A frame scaled down has smaller cells than its size asks for, so the reader tries several sizes and lets the
//! sync cells and the checksum decide.

use vitrine_media::{Plane, VideoFrame};

const COLUMNS: usize = 46;
const DATA_BITS: usize = 40;
/// White minus black below this is noise, not a code.
const LEAST_CONTRAST: f32 = 40.0;

/// What a frame says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameId {
    /// Number of the frame on its source's time line.
    pub id: u32,
    /// Session time in milliseconds when it is due, modulo 2^32.
    pub millis: u32,
}

/// A luma plane to read from.
#[derive(Clone, Copy, Debug)]
pub struct Luma<'a> {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Bytes from row to row.
    pub stride: usize,
    /// The bytes.
    pub data: &'a [u8],
}

impl<'a> Luma<'a> {
    /// A plane without padding.
    pub fn packed(data: &'a [u8], width: u32, height: u32) -> Self {
        Self { width, height, stride: width as usize, data }
    }

    /// The luma of a studio frame.
    pub fn of(frame: &'a VideoFrame) -> Self {
        Self {
            width: frame.width(),
            height: frame.height(),
            stride: frame.stride(Plane::Y),
            data: frame.plane(Plane::Y),
        }
    }

    /// Mean luma over the whole picture.
    pub fn mean(&self) -> f32 {
        self.mean_in(0.0, 0.0, self.width as f32, self.height as f32).unwrap_or(0.0)
    }

    /// Mean of the pixels whose centres lie in the rectangle, at least one; `None` outside the picture.
    pub fn mean_in(&self, left: f32, top: f32, right: f32, bottom: f32) -> Option<f32> {
        let span = |from: f32, to: f32| {
            let first = (from - 0.5).ceil().max(0.0) as usize;
            let last = (to - 0.5).floor().max(0.0) as usize;
            if last < first {
                let only = f32::midpoint(from, to) as usize;
                only..=only
            } else {
                first..=last
            }
        };
        let (columns, rows) = (span(left, right), span(top, bottom));
        if *columns.end() >= self.width as usize || *rows.end() >= self.height as usize {
            return None;
        }
        let (mut sum, mut count) = (0u64, 0u64);
        for row in rows {
            let line = self.data.get(row * self.stride..row * self.stride + self.width as usize)?;
            for &value in &line[columns.clone()] {
                sum += u64::from(value);
                count += 1;
            }
        }
        Some(sum as f32 / count as f32)
    }
}

/// Reads the code of a generated frame, also after it was encoded, decoded and scaled down.
pub fn read(luma: Luma<'_>) -> Option<FrameId> {
    let natural = luma.width.min(luma.height) as f32 / 135.0;
    let widest = luma.width as f32 / COLUMNS as f32;
    [natural.max(4.0).min(widest), natural, widest].into_iter().find_map(|cell| read_at(luma, 0.0, 0.0, cell))
}

/// [`read`] for a studio frame.
pub fn read_frame(frame: &VideoFrame) -> Option<FrameId> {
    read(Luma::of(frame))
}

/// Reads a code whose top left corner is at (`x`, `y`) with cells of `cell` pixels: a pattern shown as an item.
pub fn read_at(luma: Luma<'_>, x: f32, y: f32, cell: f32) -> Option<FrameId> {
    if cell < 1.0 {
        return None;
    }
    // The middle half of a cell: what scaling and deblocking leave alone.
    let level = |row: usize, column: usize| {
        let (left, top) = (x + column as f32 * cell, y + row as f32 * cell);
        luma.mean_in(left + cell * 0.25, top + cell * 0.25, left + cell * 0.75, top + cell * 0.75)
    };
    let mut sync = [(0.0f32, 0.0f32); 2];
    for (row, levels) in sync.iter_mut().enumerate() {
        let (mut white, mut black) = (f32::MAX, f32::MIN);
        for column in [0, 1, 2, 3, COLUMNS - 2, COLUMNS - 1] {
            let value = level(row, column)?;
            if (column + row) % 2 == 0 {
                white = white.min(value);
            } else {
                black = black.max(value);
            }
        }
        if white - black < LEAST_CONTRAST {
            return None;
        }
        *levels = (white, black);
    }
    let mut bits: u128 = 0;
    for (row, (white, black)) in sync.into_iter().enumerate() {
        for column in 4..4 + DATA_BITS {
            bits = bits << 1 | u128::from(level(row, column)? > f32::midpoint(white, black));
        }
    }
    let payload = (bits >> 16) as u64;
    (crc16(&payload.to_be_bytes()) == bits as u16)
        .then_some(FrameId { id: (payload >> 32) as u32, millis: payload as u32 })
}

/// CRC-16/CCITT-FALSE: polynomial 0x1021, start 0xFFFF, no reflection. "123456789" gives 0x29B1.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, &byte| {
        (0..8).fold(
            crc ^ u16::from(byte) << 8,
            |crc, _| if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 },
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_published_one() {
        assert_eq!(crc16(b"123456789"), 0x29B1);
    }

    #[test]
    fn pictures_without_a_code_read_as_none() {
        let noise: Vec<u8> = (0..320u32 * 180).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for data in [vec![16; 320 * 180], vec![235; 320 * 180], noise] {
            assert_eq!(read(Luma::packed(&data, 320, 180)), None);
        }
        assert_eq!(read(Luma::packed(&[], 0, 0)), None);
        assert_eq!(read(Luma::packed(&[0; 4], 2, 2)), None);
        assert_eq!(read(Luma::packed(&[0; 4], 1920, 1080)), None);
    }
}
