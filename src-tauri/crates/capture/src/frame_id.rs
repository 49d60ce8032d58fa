//! The block code burned into generated frames: writes it. Tests read it back after encoding, sending and scaling.
//!
//! Pure functions on a luma plane; no threads, no locks. The layout:
//!
//! * 2 rows of 46 square cells in the top left corner. A cell is `c = max(min(width, height) / 135, 4)` pixels, at
//!   most `width / 46`: 8 at 1080p. Cell `i` covers `round(i * c)` to `round((i + 1) * c)`.
//! * Row 0: white black white black, 40 bits, white black. Row 1: black white black white, 40 bits, black white.
//! * The 80 bits, most significant first: frame id (32), session milliseconds modulo 2^32 (32), CRC-16/CCITT-FALSE of
//!   those 8 bytes (16). White (luma 235) is 1, black (16) is 0.

use vitrine_media::{FrameMut, MediaTime, Plane};

/// Cells in a row.
pub const COLUMNS: usize = 46;
/// Rows of cells.
pub const ROWS: usize = 2;

const DATA_BITS: usize = 40;
const WHITE: u8 = 235;
const BLACK: u8 = 16;

/// Width of one cell in pixels, in a frame of that size.
pub fn cell_px(width: u32, height: u32) -> f32 {
    (width.min(height) as f32 / 135.0).max(4.0).min(width as f32 / COLUMNS as f32)
}

/// The pixels the code covers, columns and rows.
pub fn size_px(width: u32, height: u32) -> (u32, u32) {
    let cell = cell_px(width, height);
    ((COLUMNS as f32 * cell).round() as u32, (ROWS as f32 * cell).round() as u32)
}

/// Milliseconds of session time as the code carries them.
pub fn wrapped_millis(at: MediaTime) -> u32 {
    at.millis() as u32
}

/// Burns `id` and `millis` into the frame. Chroma is left alone: paint it grey there for the best contrast.
/// Frames below 46 columns cannot carry a code and stay as they are.
pub fn write(frame: &mut FrameMut, id: u32, millis: u32) {
    let (width, height) = (frame.width(), frame.height());
    let cell = cell_px(width, height);
    if cell < 1.0 {
        return;
    }
    let stride = frame.stride(Plane::Y);
    let edge = |cells: usize, limit: u32| ((cells as f32 * cell).round() as usize).min(limit as usize);
    let luma = frame.plane_mut(Plane::Y);
    for (row, cells) in cells(id, millis).into_iter().enumerate() {
        let (top, bottom) = (edge(row, height), edge(row + 1, height));
        for line in luma.chunks_exact_mut(stride).take(bottom).skip(top) {
            for (column, &white) in cells.iter().enumerate() {
                let span = edge(column, width)..edge(column + 1, width);
                line.get_mut(span).unwrap_or_default().fill(if white { WHITE } else { BLACK });
            }
        }
    }
}

/// The cells of both rows; true is white.
fn cells(id: u32, millis: u32) -> [[bool; COLUMNS]; ROWS] {
    let payload = u64::from(id) << 32 | u64::from(millis);
    let bits = u128::from(payload) << 16 | u128::from(crc16(&payload.to_be_bytes()));
    std::array::from_fn(|row| {
        std::array::from_fn(|column| match column.checked_sub(4) {
            Some(bit) if bit < DATA_BITS => bits >> (2 * DATA_BITS - 1 - (row * DATA_BITS + bit)) & 1 == 1,
            _ => (row + column) % 2 == 0,
        })
    })
}

/// CRC-16/CCITT-FALSE: polynomial 0x1021, start 0xFFFF, no reflection.
fn crc16(bytes: &[u8]) -> u16 {
    let step = |crc: u16| if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 };
    bytes.iter().fold(0xFFFF, |crc, &byte| (0..8).fold(crc ^ u16::from(byte) << 8, |crc, _| step(crc)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use vitrine_media::FramePool;
    use vitrine_testkit::frame_id::{self, FrameId};

    #[test]
    fn every_size_from_a_thumbnail_to_4k_reads_back() {
        let pool = FramePool::new(1);
        for (width, height) in
            [(1920, 1080), (1080, 1920), (3840, 2160), (640, 360), (320, 240), (185, 101), (92, 64)]
        {
            for (id, millis) in [(0, 0), (u32::MAX, u32::MAX), (1, 0x8000_0000), (0xDEAD_BEEF, 123_456)] {
                let mut frame = pool.take(width, height, false).unwrap();
                frame.fill_black();
                write(&mut frame, id, millis);
                let read = frame_id::read_frame(&frame.freeze(MediaTime::ZERO, 0));
                assert_eq!(read, Some(FrameId { id, millis }), "{width}x{height}");
            }
        }
    }

    #[test]
    fn a_frame_too_small_is_left_alone() {
        let pool = FramePool::new(1);
        let mut frame = pool.take(40, 30, false).unwrap();
        frame.fill_black();
        write(&mut frame, 7, 7);
        assert!(frame.plane(Plane::Y).iter().all(|&y| y == 16));
    }

    #[test]
    fn a_damaged_code_reads_as_none_not_as_another_number() {
        let pool = FramePool::new(1);
        let mut frame = pool.take(1920, 1080, false).unwrap();
        frame.fill_black();
        write(&mut frame, 41, 1367);
        let stride = frame.stride(Plane::Y);
        for line in frame.plane_mut(Plane::Y).chunks_exact_mut(stride).take(8) {
            for value in &mut line[160..168] {
                *value = 251 - *value;
            }
        }
        assert_eq!(frame_id::read_frame(&frame.freeze(MediaTime::ZERO, 0)), None);
    }

    #[test]
    fn session_milliseconds_wrap_after_49_days() {
        assert_eq!(wrapped_millis(MediaTime::from_millis((1 << 32) + 5)), 5);
    }
}
