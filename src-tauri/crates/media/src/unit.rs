//! Encoded media on its way out.

use std::sync::Arc;

use bytes::Bytes;

use crate::{FrameRate, MediaTime};

/// Which track a unit belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrackKind {
    /// Picture.
    Video,
    /// Sound.
    Audio,
}

/// One encoded frame (video: all NAL units of a picture, each with a 4-byte big-endian length, as in ISO 14496-15;
/// audio: one raw AAC frame without ADTS).
#[derive(Clone, Debug)]
pub struct AccessUnit {
    /// Track.
    pub track: TrackKind,
    /// When it is shown.
    pub pts: MediaTime,
    /// When it is decoded; never decreases within a track, at most `pts`.
    pub dts: MediaTime,
    /// Video: an IDR picture, where a decoder can begin. Audio: always true.
    pub keyframe: bool,
    /// The bytes, shared by all destinations.
    pub data: Bytes,
    /// The configuration this unit needs. A new `Arc` means that decoders must be given it before the unit.
    pub config: Arc<StreamConfig>,
}

/// Codec of the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VideoCodec {
    /// H.264 / AVC.
    H264,
}

/// Codec of the sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AudioCodec {
    /// AAC-LC.
    Aac,
}

/// What a decoder must know about the picture.
#[derive(Clone, Debug, PartialEq)]
pub struct VideoConfig {
    /// Codec.
    pub codec: VideoCodec,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Constant frame rate.
    pub rate: FrameRate,
    /// Target bits per second, for metadata.
    pub bitrate: u32,
    /// `AVCDecoderConfigurationRecord` (ISO 14496-15 §5.3.3.1).
    pub record: Bytes,
}

/// What a decoder must know about the sound.
#[derive(Clone, Debug, PartialEq)]
pub struct AudioConfig {
    /// Codec.
    pub codec: AudioCodec,
    /// Frames per second.
    pub rate_hz: u32,
    /// Channels.
    pub channels: u16,
    /// Target bits per second, for metadata.
    pub bitrate: u32,
    /// `AudioSpecificConfig` (ISO 14496-3 §1.6.2.1).
    pub record: Bytes,
}

/// The configuration of one track.
#[derive(Clone, Debug, PartialEq)]
pub enum StreamConfig {
    /// Of a video track.
    Video(VideoConfig),
    /// Of an audio track.
    Audio(AudioConfig),
}
