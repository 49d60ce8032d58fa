use std::sync::Arc;

use vitrine_codec::{
    EncodeError, EncoderChoice, EncoderKind, FragmentedMp4, VideoEncoder, VideoSettings, probe_encoders,
};
use vitrine_media::{AccessUnit, FramePool, FrameRate, MediaTime};

use crate::support::{
    audio_config, decoded_frames, encode, ffprobe, moving, programme, settings, video_config,
};

/// Writes units with start codes and their parameter sets, as `ffprobe` reads raw H.264.
fn annex_b(units: &[AccessUnit]) -> Vec<u8> {
    let record = video_config(units).record;
    let mut out = Vec::new();
    let mut put = |nal: &[u8]| {
        out.extend_from_slice(&[0, 0, 0, 1]);
        out.extend_from_slice(nal);
    };
    let sps = u16::from_be_bytes([record[6], record[7]]) as usize;
    put(&record[8..8 + sps]);
    let pps = u16::from_be_bytes([record[9 + sps], record[10 + sps]]) as usize;
    put(&record[11 + sps..11 + sps + pps]);
    for unit in units {
        let mut rest = &unit.data[..];
        while let Some((length, tail)) = rest.split_first_chunk::<4>() {
            let (nal, tail) = tail.split_at(u32::from_be_bytes(*length) as usize);
            put(nal);
            rest = tail;
        }
        assert!(rest.is_empty(), "the lengths fill the unit exactly");
    }
    out
}

#[test]
fn the_stream_is_high_profile_tagged_709_limited_and_every_frame_decodes() {
    let mut encoder = VideoEncoder::open(settings()).unwrap();
    let mut units = encode(&mut encoder, &FramePool::new(8), 75);
    encoder.finish(&mut units).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("out.h264");
    std::fs::write(&file, annex_b(&units)).unwrap();
    let fields =
        "profile,width,height,has_b_frames,color_range,color_space,color_transfer,color_primaries,pix_fmt";
    let (line, errors) = ffprobe(&format!("-show_entries stream={fields}"), &file);
    assert_eq!(line, "High,320,180,0,yuv420p,tv,bt709,bt709,bt709");
    assert_eq!(errors, "");
    assert_eq!(decoded_frames(&file), (75, String::new()));
}

#[test]
fn times_are_exactly_the_ticks_and_keyframes_exactly_their_interval() {
    for rate in [FrameRate::FPS_30, FrameRate::new(30_000, 1001).unwrap(), FrameRate::new(24, 1).unwrap()] {
        let mut encoder = VideoEncoder::open(VideoSettings { rate, ..settings() }).unwrap();
        let mut units = encode(&mut encoder, &FramePool::new(8), 130);
        encoder.finish(&mut units).unwrap();
        assert_eq!(units.len(), 130);
        let gop = (rate.as_f64() * 2.0).round() as usize;
        for (tick, unit) in units.iter().enumerate() {
            assert_eq!((unit.pts, unit.dts), (rate.tick_time(tick as i64), rate.tick_time(tick as i64)));
            assert_eq!(unit.keyframe, tick % gop == 0, "tick {tick}");
            let kind = unit.data[4] & 0x1f;
            assert_eq!(kind, if unit.keyframe { 5 } else { 1 }, "a unit begins with its slice");
        }
        assert!(units.iter().all(|unit| Arc::ptr_eq(&unit.config, &units[0].config)));
    }
}

#[test]
fn a_forced_keyframe_is_that_very_frame() {
    let pool = FramePool::new(8);
    let mut encoder = VideoEncoder::open(settings()).unwrap();
    let mut units = Vec::new();
    for tick in 0..50 {
        let frame = moving(&pool, 320, 180, tick as u64);
        encoder.encode(&frame, tick, tick == 17, &mut units).unwrap();
    }
    encoder.finish(&mut units).unwrap();
    let keys: Vec<_> = units.iter().enumerate().filter(|(_, u)| u.keyframe).map(|(n, _)| n).collect();
    assert_eq!(keys, [0, 17]);
}

#[test]
fn a_new_bitrate_takes_effect_within_a_second_and_time_goes_on() {
    let pool = FramePool::new(8);
    let mut encoder =
        VideoEncoder::open(VideoSettings { width: 640, height: 360, bitrate: 3_000_000, ..settings() })
            .unwrap();
    let mut units = Vec::new();
    for tick in 0..240 {
        match tick {
            90 => encoder.set_bitrate(1_000_000),
            180 => encoder.set_bitrate(3_000_000),
            _ => (),
        }
        encoder.encode(&moving(&pool, 640, 360, tick as u64), tick, false, &mut units).unwrap();
    }
    encoder.finish(&mut units).unwrap();
    let rate = |ticks: std::ops::Range<usize>| {
        let bytes: usize = units[ticks.clone()].iter().map(|unit| unit.data.len()).sum();
        bytes as f64 * 8.0 * 30.0 / ticks.len() as f64
    };
    assert_eq!(units.len(), 240);
    assert!(rate(30..90) > 2_000_000.0, "before: {}", rate(30..90));
    assert!(rate(120..180) < 1_150_000.0, "after: {}", rate(120..180));
    assert!(rate(210..240) > 1_500_000.0, "back up: {}", rate(210..240));
    assert!(units.windows(2).all(|pair| pair[0].pts < pair[1].pts));
}

#[test]
fn frames_are_read_where_they_lie_and_given_back() {
    let pool = FramePool::new(8);
    let mut encoder = VideoEncoder::open(settings()).unwrap();
    let mut units = encode(&mut encoder, &pool, 100);
    assert!(pool.stats().in_use <= 1, "only the frame kept for another try: {:?}", pool.stats());
    assert!(pool.stats().allocated <= 3, "{:?}", pool.stats());
    encoder.finish(&mut units).unwrap();
    drop(encoder);
    assert_eq!(pool.stats().in_use, 0);
}

#[test]
fn ticks_left_out_leave_a_gap_and_ticks_going_back_are_refused() {
    let pool = FramePool::new(8);
    let mut encoder = VideoEncoder::open(settings()).unwrap();
    let mut units = Vec::new();
    let frame = moving(&pool, 320, 180, 0);
    for tick in [0, 1, 2, 10, 11] {
        encoder.encode(&frame, tick, false, &mut units).unwrap();
    }
    assert_eq!(encoder.encode(&frame, 11, false, &mut units), Err(EncodeError::Tick { tick: 11, last: 11 }));
    let small = moving(&pool, 160, 90, 0);
    assert!(matches!(encoder.encode(&small, 12, false, &mut units), Err(EncodeError::FrameSize { .. })));
    encoder.finish(&mut units).unwrap();
    let ticks: Vec<_> = units.iter().map(|unit| FrameRate::FPS_30.tick_at(unit.pts)).collect();
    assert_eq!(ticks, [0, 1, 2, 10, 11]);
    assert_eq!(encoder.encode(&frame, 13, false, &mut units), Err(EncodeError::Finished));
    encoder.finish(&mut units).unwrap();
}

#[test]
fn a_portrait_canvas_and_the_fastest_preset_encode() {
    let portrait = VideoSettings { width: 270, height: 480, preset: "ultrafast".to_owned(), ..settings() };
    let units = programme(portrait, 1, |_| 0.0);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("portrait.mp4");
    let mut mp4 = FragmentedMp4::create(&file, &video_config(&units), &audio_config(&units)).unwrap();
    units.iter().for_each(|unit| mp4.write(unit).unwrap());
    mp4.finish().unwrap();
    assert_eq!(decoded_frames(&file), (30, String::new()));
}

#[test]
fn a_chosen_encoder_that_does_not_work_gives_way_to_software_and_says_why() {
    // A platform's encoder that this one cannot have.
    let absent = if cfg!(target_os = "macos") { EncoderKind::Amf } else { EncoderKind::VideoToolbox };
    let chosen = VideoSettings { encoder: EncoderChoice::Only(absent), ..settings() };
    let encoder = VideoEncoder::open(chosen).unwrap();
    assert_eq!((encoder.kind(), encoder.fallbacks()), (EncoderKind::X264, 1));
    assert!(encoder.fallback_reason().unwrap().contains(absent.name()));
}

#[test]
fn probing_tells_of_every_encoder_whether_it_works_or_why_not() {
    let probes = probe_encoders(&settings());
    assert_eq!(probes.len(), EncoderKind::of_platform().len());
    assert!(probes.iter().any(|probe| probe.kind == EncoderKind::X264 && probe.usable));
    for probe in &probes {
        assert_eq!(probe.usable, probe.reason.is_none(), "{probe:?}");
    }
    let auto = VideoEncoder::open(VideoSettings { encoder: EncoderChoice::Auto, ..settings() }).unwrap();
    let best = probes.iter().find(|probe| probe.usable).unwrap();
    assert_eq!((auto.kind(), auto.fallbacks()), (best.kind, 0));
}

#[test]
fn a_broadcast_may_begin_at_any_tick() {
    let pool = FramePool::new(8);
    let mut encoder = VideoEncoder::open(settings()).unwrap();
    let mut units = Vec::new();
    // Nine hours in, past the wrap of 2^24 milliseconds.
    let first = 30 * 3600 * 9;
    for tick in first..first + 20 {
        encoder.encode(&moving(&pool, 320, 180, tick as u64), tick, false, &mut units).unwrap();
    }
    encoder.finish(&mut units).unwrap();
    assert_eq!(units[0].pts, MediaTime::from_millis(9 * 3600 * 1000));
    assert!(units[0].keyframe && units.len() == 20);
}
