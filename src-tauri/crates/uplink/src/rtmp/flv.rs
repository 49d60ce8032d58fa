//! What RTMP carries for H.264 and AAC: FLV tag bodies and metadata (Adobe FLV 10.1, annex E.4 and E.5).
//!
//! Owns: the bytes before a payload, composition times, `onMetaData`, and the mapping of programme time to RTMP's
//! milliseconds. Pure.

use std::time::Duration;

use vitrine_media::{AccessUnit, AudioConfig, MediaTime, StreamConfig, TrackKind, VideoConfig};

use super::amf0::Value;
use super::chunk::Head;

/// Added to every programme time when it is serialised. B-frames and AAC priming begin up to 100 ms before the
/// programme; RTMP and MP4 times cannot be negative, and must be the same on all destinations.
pub const PROGRAMME_LEAD: Duration = Duration::from_millis(100);

/// `CodecID` 7 (E.4.3.1).
const AVC: u8 = 7;
/// `SoundFormat` 10 with 44 kHz, 16 bit, stereo, as the standard demands for AAC whatever the truth is (E.4.2.1).
const AAC: u8 = 0xaf;

/// RTMP's milliseconds of a programme time: with the lead, modulo 2^32, so that a programme may run for ever.
pub fn wire_millis(at: MediaTime) -> u32 {
    (at + PROGRAMME_LEAD).millis().max(0) as u32
}

/// The tag header of a unit. The composition time is the difference of the rounded times, so that what a viewer
/// reconstructs is the rounded presentation time exactly.
pub fn tag_head(unit: &AccessUnit) -> Head {
    match unit.track {
        TrackKind::Audio => Head::new(&[AAC, 1]),
        TrackKind::Video => {
            let frame_type = if unit.keyframe { 0x10 } else { 0x20 };
            let offset = (unit.pts + PROGRAMME_LEAD).millis() - (unit.dts + PROGRAMME_LEAD).millis();
            // Signed, 24 bits.
            let [_, a, b, c] = (offset.clamp(-0x80_0000, 0x7f_ffff) as i32).to_be_bytes();
            Head::new(&[frame_type | AVC, 1, a, b, c])
        }
    }
}

/// The tag header of a sequence header; the configuration record follows.
pub fn config_head(config: &StreamConfig) -> Head {
    match config {
        StreamConfig::Video(_) => Head::new(&[0x10 | AVC, 0, 0, 0, 0]),
        StreamConfig::Audio(_) => Head::new(&[AAC, 0]),
    }
}

/// The values of an `onMetaData` message, to be sent as a data message.
pub fn metadata(video: Option<&VideoConfig>, audio: Option<&AudioConfig>) -> [Value; 3] {
    let number = |name: &str, value: f64| (name.to_owned(), Value::Number(value));
    let mut members = vec![number("duration", 0.0)];
    if let Some(video) = video {
        members.extend([
            number("width", f64::from(video.width)),
            number("height", f64::from(video.height)),
            number("videocodecid", f64::from(AVC)),
            number("videodatarate", f64::from(video.bitrate) / 1000.0),
            number("framerate", video.rate.as_f64()),
        ]);
    }
    if let Some(audio) = audio {
        members.extend([
            number("audiocodecid", 10.0),
            number("audiodatarate", f64::from(audio.bitrate) / 1000.0),
            number("audiosamplerate", f64::from(audio.rate_hz)),
            number("audiosamplesize", 16.0),
            number("audiochannels", f64::from(audio.channels)),
            ("stereo".to_owned(), Value::Boolean(audio.channels == 2)),
        ]);
    }
    members.push(("encoder".to_owned(), Value::string(concat!("Vitrine/", env!("CARGO_PKG_VERSION")))));
    [Value::string("@setDataFrame"), Value::string("onMetaData"), Value::EcmaArray(members)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{audio, video};

    #[test]
    fn times_carry_the_lead_and_wrap() {
        assert_eq!(wire_millis(MediaTime::from_millis(-100)), 0);
        assert_eq!(wire_millis(MediaTime::from_millis(-200)), 0);
        assert_eq!(wire_millis(MediaTime::ZERO), 100);
        assert_eq!(wire_millis(MediaTime::from_millis((1 << 32) - 100)), 0);
        assert_eq!(wire_millis(MediaTime::from_nanos(33_333_333)), 133);
    }

    #[test]
    fn composition_times_restore_the_rounded_presentation_time() {
        let mut unit = video(0, false, 1);
        for n in 0..200i64 {
            unit.dts = MediaTime::from_nanos((n - 2) * 33_333_333);
            unit.pts = MediaTime::from_nanos(n * 33_333_333);
            let head = format!("{:?}", tag_head(&unit));
            let offset = i64::from(wire_millis(unit.pts)) - i64::from(wire_millis(unit.dts));
            assert!(head.contains(&format!("[39, 1, 0, 0, {offset},")), "{head} {offset}");
        }
    }

    #[test]
    fn tags_begin_as_the_standard_says() {
        assert_eq!(
            format!("{:?}", tag_head(&video(0, true, 1))),
            format!("{:?}", Head::new(&[0x17, 1, 0, 0, 0]))
        );
        assert_eq!(format!("{:?}", tag_head(&audio(0))), format!("{:?}", Head::new(&[0xaf, 1])));
    }
}
