//! Access units for unit tests: right in shape, not decodable.

use std::sync::Arc;

use bytes::Bytes;
use vitrine_media::{
    AccessUnit, AudioCodec, AudioConfig, FrameRate, MediaTime, StreamConfig, TrackKind, VideoCodec,
    VideoConfig,
};

thread_local! {
    static VIDEO: Arc<StreamConfig> = video_config(1280, 720);
    static AUDIO: Arc<StreamConfig> = audio_config();
}

pub(crate) fn video_config(width: u32, height: u32) -> Arc<StreamConfig> {
    Arc::new(StreamConfig::Video(VideoConfig {
        codec: VideoCodec::H264,
        width,
        height,
        rate: FrameRate::FPS_30,
        bitrate: 4_500_000,
        record: Bytes::from_static(&[1, 0x64, 0, 0x1f, 0xff, 0xe0, 0]),
    }))
}

pub(crate) fn audio_config() -> Arc<StreamConfig> {
    Arc::new(StreamConfig::Audio(AudioConfig {
        codec: AudioCodec::Aac,
        rate_hz: 48_000,
        channels: 2,
        bitrate: 160_000,
        record: Bytes::from_static(&[0x11, 0x90]),
    }))
}

pub(crate) fn video(millis: i64, keyframe: bool, len: usize) -> AccessUnit {
    let at = MediaTime::from_millis(millis);
    AccessUnit {
        track: TrackKind::Video,
        pts: at,
        dts: at,
        keyframe,
        data: Bytes::from(vec![millis as u8; len]),
        config: VIDEO.with(Arc::clone),
    }
}

pub(crate) fn audio(millis: i64) -> AccessUnit {
    let at = MediaTime::from_millis(millis);
    AccessUnit {
        track: TrackKind::Audio,
        pts: at,
        dts: at,
        keyframe: true,
        data: Bytes::from(vec![millis as u8; 300]),
        config: AUDIO.with(Arc::clone),
    }
}
