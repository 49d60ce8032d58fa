//! Generated pictures and the command-line judges.

use std::path::{Path, PathBuf};
use std::process::Command;

use vitrine_codec::{AacEncoder, EncoderChoice, EncoderKind, VideoEncoder, VideoSettings};
use vitrine_media::{
    AccessUnit, AudioBlock, AudioConfig, FramePool, MediaTime, StreamConfig, VideoConfig, VideoFrame,
};

/// A small picture, fast to encode.
pub fn settings() -> VideoSettings {
    VideoSettings {
        width: 320,
        height: 180,
        bitrate: 600_000,
        encoder: EncoderChoice::Only(EncoderKind::X264),
        ..VideoSettings::default()
    }
}

/// A moving texture with some noise, which keeps an encoder busy.
pub fn moving(pool: &FramePool, width: u32, height: u32, n: u64) -> VideoFrame {
    let mut frame = pool.take(width, height, false).unwrap();
    let stride = frame.stride(vitrine_media::Plane::Y);
    let [y, u, v, _] = frame.planes_mut();
    let mut seed = n as u32 | 1;
    for (row, line) in y.chunks_mut(stride).enumerate() {
        for (column, pixel) in line.iter_mut().enumerate() {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let texture = (column + 3 * n as usize) ^ (row + n as usize);
            *pixel = 16 + ((texture & 127) + (seed >> 27) as usize) as u8;
        }
    }
    u.fill(100 + (n % 50) as u8);
    v.fill(150 - (n % 40) as u8);
    frame.freeze(MediaTime::ZERO, n)
}

/// Encodes `count` frames from tick 0 on, without finishing.
pub fn encode(encoder: &mut VideoEncoder, pool: &FramePool, count: i64) -> Vec<AccessUnit> {
    let (width, height) = (encoder.settings().width, encoder.settings().height);
    let mut out = Vec::new();
    for tick in 0..count {
        encoder.encode(&moving(pool, width, height, tick as u64), tick, false, &mut out).unwrap();
    }
    out
}

/// A block of a function of time in seconds, the same on both channels.
pub fn block(k: i64, wave: impl Fn(f64) -> f64) -> AudioBlock {
    let mut block = AudioBlock::silence(MediaTime::from_nanos(k * 10_000_000));
    for (n, pair) in block.samples.chunks_exact_mut(2).enumerate() {
        pair.fill(wave((k * 480 + n as i64) as f64 / 48_000.0) as f32);
    }
    block
}

/// Picture and sound of `secs` seconds in order of decoding, with their configurations.
pub fn programme(settings: VideoSettings, secs: i64, wave: impl Fn(f64) -> f64) -> Vec<AccessUnit> {
    let rate = settings.rate;
    let mut video = VideoEncoder::open(settings).unwrap();
    let mut units =
        encode(&mut video, &FramePool::new(32), rate.tick_at(MediaTime::from_millis(secs * 1000)));
    video.finish(&mut units).unwrap();
    let mut audio = AacEncoder::open(128_000).unwrap();
    for k in 0..secs * 100 {
        audio.encode(&block(k, &wave), &mut units).unwrap();
    }
    audio.finish(&mut units).unwrap();
    units.sort_by_key(|unit| unit.dts);
    units
}

pub fn video_config(units: &[AccessUnit]) -> VideoConfig {
    let mut configs = units.iter().map(|unit| &*unit.config);
    configs.find_map(|c| if let StreamConfig::Video(v) = c { Some(v.clone()) } else { None }).unwrap()
}

pub fn audio_config(units: &[AccessUnit]) -> AudioConfig {
    let mut configs = units.iter().map(|unit| &*unit.config);
    configs.find_map(|c| if let StreamConfig::Audio(a) = c { Some(a.clone()) } else { None }).unwrap()
}

/// Runs `ffmpeg` and fails the test with its words if it does.
pub fn ffmpeg(arguments: &str, out: &Path) -> PathBuf {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-y"]).args(arguments.split(' ')).arg(out);
    let done = command.output().unwrap();
    assert!(done.status.success(), "ffmpeg {arguments}: {}", String::from_utf8_lossy(&done.stderr));
    out.to_owned()
}

/// What `ffprobe` prints about `file`, one value or line of values per line, and what it complains about.
pub fn ffprobe(arguments: &str, file: &Path) -> (String, String) {
    let mut command = Command::new("ffprobe");
    command.args(["-v", "error", "-of", "csv=p=0"]).args(arguments.split(' ')).arg(file);
    let done = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    (text(&done.stdout), text(&done.stderr))
}

/// Frames of picture that decode from `file`, and any complaint.
pub fn decoded_frames(file: &Path) -> (usize, String) {
    let (count, errors) =
        ffprobe("-count_frames -select_streams v:0 -show_entries stream=nb_read_frames", file);
    (count.lines().next().and_then(|line| line.trim_matches(',').parse().ok()).unwrap_or(0), errors)
}
