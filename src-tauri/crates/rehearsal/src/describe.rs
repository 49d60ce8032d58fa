//! What the sequence headers say about picture and sound: size, codec string, rate.
//!
//! Reads `AVCDecoderConfigurationRecord` (ISO 14496-15 §5.3.3.1) with its first sequence parameter set (ITU-T
//! H.264 §7.3.2.1.1), and `AudioSpecificConfig` (ISO 14496-3 §1.6.2.1). Pure; the bytes come from a stranger.

use serde::Serialize;

/// The picture, as its sequence header describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VideoSeen {
    /// Columns shown.
    pub width: u32,
    /// Rows shown.
    pub height: u32,
    /// RFC 6381, for example `avc1.64001f`.
    pub codec: String,
}

/// The sound, as its sequence header describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AudioSeen {
    /// Frames per second.
    pub rate_hz: u32,
    /// Channels.
    pub channels: u8,
    /// RFC 6381, for example `mp4a.40.2`.
    pub codec: String,
}

/// Reads a video tag body that is a sequence header; `None` if it is not a usable one.
pub fn video(body: &[u8]) -> Option<VideoSeen> {
    let record = body.get(5..)?;
    let &[1, profile, compatibility, level, _, sets, ..] = record else { return None };
    let count = sets & 0x1f;
    if count == 0 {
        return None;
    }
    let length = u16::from_be_bytes(*record.get(6..)?.first_chunk::<2>()?) as usize;
    let sps = record.get(8..8 + length)?;
    let (width, height) = sps_size(sps)?;
    Some(VideoSeen { width, height, codec: format!("avc1.{profile:02x}{compatibility:02x}{level:02x}") })
}

/// Reads an audio tag body that is a sequence header; `None` if it is not a usable one.
pub fn audio(body: &[u8]) -> Option<AudioSeen> {
    const RATES: [u32; 13] = [
        96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
    ];
    let mut bits = Bits::new(body.get(2..)?);
    let object = bits.read(5)?;
    let index = bits.read(4)?;
    let rate_hz = if index == 15 { bits.read(24)? } else { *RATES.get(index as usize)? };
    let channels = bits.read(4)? as u8;
    (1..=7).contains(&channels).then(|| AudioSeen { rate_hz, channels, codec: format!("mp4a.40.{object}") })
}

fn sps_size(sps: &[u8]) -> Option<(u32, u32)> {
    let raw = unescape(sps.get(1..)?);
    let mut bits = Bits::new(&raw);
    let profile = bits.read(8)?;
    bits.read(16)?;
    bits.golomb()?;
    let mut chroma = 1;
    let mut separate = 0;
    if matches!(profile, 100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135) {
        chroma = bits.golomb()?;
        if chroma == 3 {
            separate = bits.read(1)?;
        }
        bits.golomb()?;
        bits.golomb()?;
        bits.read(1)?;
        if bits.read(1)? == 1 {
            for list in 0..if chroma == 3 { 12 } else { 8 } {
                if bits.read(1)? == 1 {
                    skip_scaling_list(&mut bits, if list < 6 { 16 } else { 64 })?;
                }
            }
        }
    }
    bits.golomb()?;
    skip_order_count(&mut bits)?;
    bits.golomb()?;
    bits.read(1)?;
    let columns = bits.golomb()?.checked_add(1)?.checked_mul(16)?;
    let map_units = bits.golomb()?.checked_add(1)?.checked_mul(16)?;
    let frames_only = bits.read(1)?;
    if frames_only == 0 {
        bits.read(1)?;
    }
    bits.read(1)?;
    let rows = map_units.checked_mul(2 - frames_only)?;
    let (mut crop_x, mut crop_y) = (0u32, 0u32);
    if bits.read(1)? == 1 {
        // Table 6-1 and equations 7-19 to 7-22.
        let (unit_x, unit_y) = match if separate == 1 { 0 } else { chroma } {
            1 => (2, 2),
            2 => (2, 1),
            _ => (1, 1),
        };
        crop_x = bits.golomb()?.checked_add(bits.golomb()?)?.checked_mul(unit_x)?;
        crop_y = bits.golomb()?.checked_add(bits.golomb()?)?.checked_mul(unit_y * (2 - frames_only))?;
    }
    let size = (columns.checked_sub(crop_x)?, rows.checked_sub(crop_y)?);
    ((1..=16_384).contains(&size.0) && (1..=16_384).contains(&size.1)).then_some(size)
}

fn skip_order_count(bits: &mut Bits<'_>) -> Option<()> {
    match bits.golomb()? {
        0 => {
            bits.golomb()?;
        }
        1 => {
            bits.read(1)?;
            bits.golomb()?;
            bits.golomb()?;
            for _ in 0..bits.golomb()?.min(255) {
                bits.golomb()?;
            }
        }
        _ => {}
    }
    Some(())
}

fn skip_scaling_list(bits: &mut Bits<'_>, size: u32) -> Option<()> {
    let (mut last, mut next) = (8i64, 8i64);
    for _ in 0..size {
        if next != 0 {
            let code = i64::from(bits.golomb()?);
            let delta = if code & 1 == 1 { (code + 1) / 2 } else { -(code / 2) };
            next = (last + delta).rem_euclid(256);
        }
        if next != 0 {
            last = next;
        }
    }
    Some(())
}

/// Takes the emulation prevention bytes out (H.264 §7.4.1).
fn unescape(nal: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(nal.len());
    let mut zeros = 0;
    for &byte in nal {
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        out.push(byte);
    }
    out
}

struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Bits<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    fn read(&mut self, count: u32) -> Option<u32> {
        let mut value = 0;
        for _ in 0..count {
            let byte = self.bytes.get(self.at / 8)?;
            value = value << 1 | u32::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(value)
    }

    /// ue(v), H.264 §9.1.
    fn golomb(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while self.read(1)? == 0 {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        Some(((1u64 << zeros) - 1 + u64::from(self.read(zeros)?)) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn aac_of_48_khz_stereo_is_recognised() {
        let seen = audio(&[0xaf, 0, 0x11, 0x90]).unwrap();
        assert_eq!((seen.rate_hz, seen.channels, &seen.codec[..]), (48_000, 2, "mp4a.40.2"));
    }

    #[test]
    fn a_cropped_1080_line_picture_is_1080_lines() {
        // x264 high profile 1920x1080, 4:2:0, frame_cropping bottom 4.
        let sps = [
            0x67, 0x64, 0x00, 0x28, 0xac, 0xd9, 0x40, 0x78, 0x02, 0x27, 0xe5, 0xc0, 0x44, 0x00, 0x00, 0x03,
            0x00, 0x04, 0x00, 0x00, 0x03, 0x00, 0xf0, 0x3c, 0x60, 0xc6, 0x58,
        ];
        assert_eq!(sps_size(&sps), Some((1920, 1080)));
    }

    proptest! {
        #[test]
        fn any_bytes_are_described_or_not(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            let _ = video(&bytes);
            let _ = audio(&bytes);
            let _ = sps_size(&bytes);
        }
    }
}
