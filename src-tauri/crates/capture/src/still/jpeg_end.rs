//! Whether a JPEG file is whole. The decoder in use paints what is missing grey and reports no error. Pure functions.

/// Whether the segments of `file` lead to an end-of-image marker (ITU-T T.81 annex B). What follows it, such as the
/// film in a "motion photo", does not matter; an end inside a thumbnail does not count.
pub(super) fn is_whole(file: &[u8]) -> bool {
    let mut rest = file.strip_prefix(b"\xFF\xD8").unwrap_or_default();
    loop {
        let Some(after) = next_marker(rest) else { return false };
        let (marker, body) = after;
        match marker {
            0xD9 => return true,
            // Markers without a length: TEM, and restarts that a search from inside a scan may meet.
            0x01 | 0xD0..=0xD8 => rest = body,
            _ => {
                let Some(&[high, low]) = body.first_chunk() else { return false };
                let length = usize::from(u16::from_be_bytes([high, low])).max(2);
                let Some(next) = body.get(length..) else { return false };
                rest = next;
            }
        }
    }
}

/// The next marker code and what follows it. Skips entropy-coded data, in which `FF 00` is a byte and not a marker.
fn next_marker(data: &[u8]) -> Option<(u8, &[u8])> {
    let mut rest = data;
    loop {
        let at = rest.iter().position(|&byte| byte == 0xFF)?;
        rest = rest.get(at + 1..)?;
        match *rest.first()? {
            // Stuffing and fill bytes.
            0x00 | 0xFF => {}
            marker => return Some((marker, rest.get(1..)?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_whole;

    const WHOLE: &[u8] =
        b"\xFF\xD8\xFF\xE1\x00\x06\xFF\xD9\xFF\xD9\xFF\xDA\x00\x03\x00\x12\xFF\x00\x34\xFF\xD0\x56\xFF\xFF\xD9tail";

    #[test]
    fn only_the_end_of_the_picture_itself_counts() {
        assert!(is_whole(WHOLE));
        assert!(is_whole(&WHOLE[..WHOLE.len() - 4]));
        for keep in 0..WHOLE.len() - 4 {
            assert!(!is_whole(&WHOLE[..keep]), "{keep}");
        }
    }
}
