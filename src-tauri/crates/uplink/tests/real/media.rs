//! A programme made by the real encoders: moving picture, sine, interleaved.

use std::sync::OnceLock;
use std::time::Duration;

use vitrine_codec::{AacEncoder, EncoderChoice, EncoderKind, VideoEncoder, VideoSettings};
use vitrine_media::{AccessUnit, AudioBlock, FramePool, FrameRate, MediaTime, Plane, TrackKind, VideoFrame};
use vitrine_uplink::Interleaver;

/// Frames a second of the programme.
pub const FPS: i64 = 30;

fn frame(pool: &FramePool, tick: i64) -> VideoFrame {
    let mut frame = pool.take(320, 180, false).unwrap();
    for plane in [Plane::Y, Plane::U, Plane::V] {
        let stride = frame.stride(plane);
        for (at, byte) in frame.plane_mut(plane).iter_mut().enumerate() {
            let (x, y) = (at % stride, at / stride);
            *byte = 40 + ((x * 3 + y * 5 + tick as usize * 7) % 160) as u8;
        }
    }
    frame.freeze(FrameRate::FPS_30.tick_time(tick), tick as u64)
}

fn encode(secs: i64) -> Vec<AccessUnit> {
    let settings = VideoSettings {
        width: 320,
        height: 180,
        rate: FrameRate::FPS_30,
        bitrate: 1_500_000,
        preset: "veryfast".to_owned(),
        keyframe_secs: 1,
        encoder: EncoderChoice::Only(EncoderKind::X264),
    };
    let pool = FramePool::new(64);
    let mut video = VideoEncoder::open(settings).unwrap();
    let mut audio = AacEncoder::open(128_000).unwrap();
    let mut interleaver = Interleaver::default();
    let mut made = Vec::new();
    for tick in 0..secs * FPS {
        video.encode(&frame(&pool, tick), tick, false, &mut made).unwrap();
    }
    video.finish(&mut made).unwrap();
    for block in 0..secs * 100 {
        let mut sound = AudioBlock::silence(MediaTime::from_millis(block * 10));
        for (n, sample) in sound.samples.iter_mut().enumerate() {
            *sample = ((n / 2) as f32 * 0.06).sin() * 0.3;
        }
        audio.encode(&sound, &mut made).unwrap();
    }
    audio.finish(&mut made).unwrap();
    let mut out = Vec::new();
    for unit in made {
        interleaver.push(unit);
        out.extend(std::iter::from_fn(|| interleaver.pop()));
    }
    out.extend(std::iter::from_fn(|| interleaver.flush()));
    out.sort_by_key(|unit| unit.dts); // all pictures were made before all sound here, so the wait was exceeded
    out
}

/// Six seconds, made once for all tests of the process.
pub fn programme() -> Vec<AccessUnit> {
    static MADE: OnceLock<Vec<AccessUnit>> = OnceLock::new();
    MADE.get_or_init(|| encode(6)).clone()
}

/// The same, later by `offset`.
pub fn programme_at(offset: Duration) -> Vec<AccessUnit> {
    let mut units = programme();
    for unit in &mut units {
        unit.pts += offset;
        unit.dts += offset;
    }
    units
}

/// From the first keyframe on: what a destination that was there from the start gets.
pub fn from_keyframe(units: &[AccessUnit]) -> &[AccessUnit] {
    let key = units.iter().position(|u| u.track == TrackKind::Video && u.keyframe).unwrap();
    &units[key..]
}

pub fn of(units: &[AccessUnit], track: TrackKind) -> Vec<&AccessUnit> {
    units.iter().filter(|unit| unit.track == track).collect()
}
