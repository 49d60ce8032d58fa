//! What a destination costs, against Debian's nginx-rtmp on loopback: time from adding it to accepted, and processor
//! time at 6 Mb/s. Prints figures; asserts nothing, since they depend on the machine.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // a bench reports on standard output

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::runtime::Runtime;
use vitrine_media::{
    AccessUnit, AudioCodec, AudioConfig, FrameRate, MediaTime, StreamConfig, TrackKind, VideoCodec,
    VideoConfig,
};
use vitrine_testkit::nginx::Nginx;
use vitrine_testkit::rtmp_sink::{RtmpSink, SinkOptions};
use vitrine_uplink::{ConnectOptions, DestinationSpec, Destinations, Target, UnitRing};

/// Bytes of a keyframe and of another picture: 6 Mb/s at 30 a second, a keyframe every 2 s.
const KEYFRAME: usize = 120_000;
const PICTURE: usize = 23_400;

struct Programme {
    video: Arc<StreamConfig>,
    audio: Arc<StreamConfig>,
    keyframe: Bytes,
    picture: Bytes,
    sound: Bytes,
}

impl Programme {
    fn new() -> Self {
        // One NAL unit with its length, so that the bytes are at least well formed.
        let picture = |len: usize| {
            let mut bytes = (len as u32 - 4).to_be_bytes().to_vec();
            bytes.resize(len, 0x65);
            Bytes::from(bytes)
        };
        Self {
            video: Arc::new(StreamConfig::Video(VideoConfig {
                codec: VideoCodec::H264,
                width: 1920,
                height: 1080,
                rate: FrameRate::FPS_30,
                bitrate: 6_000_000,
                record: Bytes::from_static(&[1, 0x64, 0, 0x28, 0xff, 0xe0, 0]),
            })),
            audio: Arc::new(StreamConfig::Audio(AudioConfig {
                codec: AudioCodec::Aac,
                rate_hz: 48_000,
                channels: 2,
                bitrate: 160_000,
                record: Bytes::from_static(&[0x11, 0x90]),
            })),
            keyframe: picture(KEYFRAME),
            picture: picture(PICTURE),
            sound: picture(427),
        }
    }

    /// The units of one tick: a picture and, roughly, its sound.
    fn push(&self, ring: &UnitRing, tick: i64) {
        let at = FrameRate::FPS_30.tick_time(tick);
        let keyframe = tick % 60 == 0;
        let data = if keyframe { &self.keyframe } else { &self.picture };
        let unit = |track, data: &Bytes, config: &Arc<StreamConfig>, keyframe, at| AccessUnit {
            track,
            pts: at,
            dts: at,
            keyframe,
            data: data.clone(),
            config: Arc::clone(config),
        };
        ring.push(unit(TrackKind::Video, data, &self.video, keyframe, at));
        for n in 0..2 {
            let at = at + Duration::from_millis(n * 16);
            ring.push(unit(TrackKind::Audio, &self.sound, &self.audio, true, at));
        }
    }
}

fn destinations(runtime: &Runtime, ring: &UnitRing) -> Destinations {
    Destinations::new(runtime.handle().clone(), ring.clone(), MediaTime::ZERO, ConnectOptions::default())
}

fn time_to_accept(runtime: &Runtime, nginx: &Nginx, programme: &Programme) {
    let mut millis = Vec::new();
    for run in 0..30 {
        let ring = UnitRing::default();
        programme.push(&ring, 0);
        let begun = Instant::now();
        let destinations = destinations(runtime, &ring);
        let mut changes = destinations.changes();
        let target = Target::parse(&nginx.url_in("plain", &format!("accept{run}"))).unwrap();
        destinations.add(DestinationSpec::new("a", target));
        while destinations.list().iter().any(|status| status.first_accepted.is_none()) {
            runtime.block_on(changes.changed()).unwrap();
        }
        millis.push(begun.elapsed().as_secs_f64() * 1000.0);
        runtime.block_on(destinations.stop());
    }
    millis.sort_by(f64::total_cmp);
    let at = |index: usize| millis.get(index).copied().unwrap_or(f64::NAN);
    println!("add to accepted, 30 runs: median {:.1} ms, worst {:.1} ms", at(15), at(29));
}

/// Seconds of processor time this process has used.
fn used() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields = stat.rsplit_once(')').unwrap().1.split_whitespace();
    fields.skip(11).take(2).map(|ticks| ticks.parse::<f64>().unwrap() / 100.0).sum()
}

fn cost(runtime: &Runtime, nginx: &Nginx, programme: &Programme, count: usize) -> f64 {
    let ring = UnitRing::default();
    let destinations = destinations(runtime, &ring);
    for n in 0..count {
        let target = Target::parse(&nginx.url_in("plain", &format!("cost{count}-{n}"))).unwrap();
        destinations.add(DestinationSpec::new(format!("{n}"), target));
    }
    let (begun, before, ticks) = (Instant::now(), used(), 450);
    for tick in 0..ticks {
        programme.push(&ring, tick);
        let due = begun + FrameRate::FPS_30.tick_time(tick + 1).since(MediaTime::ZERO);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    let share = (used() - before) / begun.elapsed().as_secs_f64();
    for status in destinations.list() {
        let rate = status.bitrate_bps as f64 / 1e6;
        println!(
            "  {}: {rate:.2} Mb/s, queue {} ms, rtt {:?} ms",
            status.name, status.queue_millis, status.rtt_millis
        );
    }
    runtime.block_on(destinations.stop());
    println!("{count} destinations: {:.2} % of a core", share * 100.0);
    share
}

fn time_to_stop(runtime: &Runtime, programme: &Programme) {
    let mut millis = Vec::new();
    for _ in 0..5 {
        let sink = RtmpSink::start(SinkOptions { receive_buffer: Some(4096), ..SinkOptions::default() });
        let ring = UnitRing::default();
        let destinations = destinations(runtime, &ring);
        let mut changes = destinations.changes();
        let mut spec = DestinationSpec::new("dead", Target::parse(&sink.url("k")).unwrap());
        spec.settings.interleave_audio = false; // the sink's reader cannot put interleaved messages together
        destinations.add(spec);
        programme.push(&ring, 0);
        while destinations.list().iter().any(|status| status.first_accepted.is_none()) {
            runtime.block_on(changes.changed()).unwrap();
        }
        sink.set_options(|options| options.stalled = true);
        (1..90).for_each(|tick| programme.push(&ring, tick));
        let begun = Instant::now();
        runtime.block_on(destinations.stop());
        millis.push(begun.elapsed().as_millis());
    }
    println!("stop on a server that reads nothing: {millis:?} ms");
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (nginx, programme) = (Nginx::start(), Programme::new());
    time_to_accept(&runtime, &nginx, &programme);
    time_to_stop(&runtime, &programme);
    let none = cost(&runtime, &nginx, &programme, 0);
    let eight = cost(&runtime, &nginx, &programme, 8);
    println!("each destination at 6 Mb/s: {:.2} % of a core", (eight - none) / 8.0 * 100.0);
}
