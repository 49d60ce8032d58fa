use std::path::Path;
use std::process::Command;

use vitrine_codec::{FragmentedMp4, MuxError, VideoEncoder};
use vitrine_media::{AccessUnit, FramePool, FrameRate, MediaTime, TrackKind};

use crate::support::{audio_config, decoded_frames, encode, ffprobe, programme, settings, video_config};

fn sine(t: f64) -> f64 {
    (t * 440.0 * std::f64::consts::TAU).sin() * 0.5
}

fn record(file: &Path, units: &[AccessUnit]) -> FragmentedMp4 {
    let mut mp4 = FragmentedMp4::create(file, &video_config(units), &audio_config(units)).unwrap();
    units.iter().for_each(|unit| mp4.write(unit).unwrap());
    mp4
}

#[test]
fn a_recording_is_tagged_and_its_times_are_exact() {
    let folder = tempfile::tempdir().unwrap();
    for rate in [FrameRate::FPS_30, FrameRate::new(30_000, 1001).unwrap()] {
        let file = folder.path().join(format!("{}.mp4", rate.den()));
        let units = programme(vitrine_codec::VideoSettings { rate, ..settings() }, 5, sine);
        let mut mp4 = record(&file, &units);
        mp4.finish().unwrap();
        assert_eq!(mp4.bytes(), std::fs::metadata(&file).unwrap().len());
        let fields =
            "codec_name,r_frame_rate,color_range,color_space,color_transfer,color_primaries,start_pts";
        let (line, errors) = ffprobe(&format!("-select_streams v -show_entries stream={fields}"), &file);
        let fps = format!("{}/{}", rate.num(), rate.den());
        assert_eq!(line, format!("h264,tv,bt709,bt709,bt709,{fps},0"));
        assert_eq!(errors, "");
        let (lines, _) = ffprobe("-select_streams v -show_entries packet=pts,dts,duration,flags", &file);
        let tick = if rate.den() == 1 { 512 } else { 1001 };
        for (n, line) in lines.lines().enumerate() {
            let key = if n % 60 == 0 { "K_" } else { "__" };
            assert_eq!(line.trim_matches(','), format!("{0},{0},{tick},{key}", n * tick));
        }
        let video = units.iter().filter(|unit| unit.track == TrackKind::Video).count();
        assert_eq!(lines.lines().count(), video);
        let (lines, _) = ffprobe("-select_streams a -show_entries packet=pts", &file);
        let times: Vec<i64> = lines.lines().map(|line| line.trim_matches(',').parse().unwrap()).collect();
        assert!(
            times.len() > 230 && times.windows(2).all(|pair| pair[1] - pair[0] == 1024),
            "sound has no gap"
        );
        assert_eq!(decoded_frames(&file), (video, String::new()));
    }
}

#[test]
fn a_recording_cut_anywhere_plays_up_to_its_last_whole_fragment() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole.mp4");
    let units = programme(vitrine_codec::VideoSettings { keyframe_secs: 1, ..settings() }, 6, sine);
    let mut mp4 = FragmentedMp4::create(&whole, &video_config(&units), &audio_config(&units)).unwrap();
    // Where each fragment ends, and the frames in the file by then.
    let (mut ends, mut frames, mut seen) = (vec![(mp4.bytes(), 0)], 0, 0);
    for unit in &units {
        mp4.write(unit).unwrap();
        if mp4.bytes() > ends.last().unwrap().0 {
            frames = seen;
            ends.push((mp4.bytes(), frames));
        }
        seen += usize::from(unit.track == TrackKind::Video);
    }
    mp4.finish().unwrap();
    assert_eq!((ends.len(), frames), (6, 150));
    let bytes = std::fs::read(&whole).unwrap();
    let (first, last) = (ends[1].0, bytes.len() as u64);
    let mut seed = 12_345u64;
    let anywhere = std::iter::repeat_with(move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        first + (seed >> 33) % (last - first)
    });
    let borders = ends[1..].iter().flat_map(|(end, _)| [*end, end + 5, end + 400, end + 900]);
    for (n, at) in anywhere.take(16).chain(borders).enumerate() {
        let cut = folder.path().join(format!("cut-{n}.mp4"));
        // What is behind the last whole fragment when the power goes is not known by its name yet.
        let (start, due) = *ends.iter().rev().find(|(end, _)| *end <= at).unwrap();
        let mut left = bytes[..at as usize].to_vec();
        let name = start as usize + 4;
        if name + 4 <= left.len() {
            assert_eq!(&left[name..name + 4], b"moof");
            left[name..name + 4].copy_from_slice(b"free");
        }
        std::fs::write(&cut, left).unwrap();
        let (got, _) = decoded_frames(&cut);
        assert!(got == due && due >= 30, "cut at {at}: {got} of {due} frames");
        // A copy of the finished file, cut off: only within a description is there a difference.
        let described = u32::from_be_bytes(bytes[start as usize..][..4].try_into().unwrap_or_default());
        if at < start + 8 || at >= start + u64::from(described) {
            std::fs::write(&cut, &bytes[..at as usize]).unwrap();
            let (got, _) = decoded_frames(&cut);
            assert!(got >= due, "cut at {at}: {got} of {due} frames");
        }
    }
}

#[test]
fn every_group_of_pictures_is_in_the_file_as_soon_as_the_next_begins() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("growing.mp4");
    let units = programme(settings(), 5, sine);
    let mut mp4 = FragmentedMp4::create(&file, &video_config(&units), &audio_config(&units)).unwrap();
    let (mut keys, mut sizes) = (0, Vec::new());
    for unit in &units {
        mp4.write(unit).unwrap();
        if unit.track == TrackKind::Video && unit.keyframe {
            keys += 1;
            assert_eq!(std::fs::metadata(&file).unwrap().len(), mp4.bytes());
            sizes.push(mp4.bytes());
        }
    }
    assert_eq!(keys, 3);
    assert!(sizes.windows(2).all(|pair| pair[0] < pair[1]));
    // A recording nobody finished is finished when it is dropped.
    drop(mp4);
    assert_eq!(decoded_frames(&file), (150, String::new()));
}

#[test]
fn a_recording_may_begin_in_the_middle_and_starts_at_its_first_keyframe() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("middle.mp4");
    let units = programme(settings(), 5, sine);
    let later: Vec<_> = units.into_iter().filter(|unit| unit.pts > MediaTime::from_millis(1000)).collect();
    record(&file, &later).finish().unwrap();
    let (starts, _) = ffprobe("-show_entries stream=start_time", &file);
    let starts: Vec<f64> = starts.lines().map(|line| line.trim_matches(',').parse().unwrap()).collect();
    assert!(starts[0] == 0.0 && (0.0..0.022).contains(&starts[1]), "{starts:?}");
    // From the keyframe at 2 s on.
    assert_eq!(decoded_frames(&file), (90, String::new()));
}

#[test]
fn a_change_of_encoder_in_mid_recording_still_plays() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("changed.mp4");
    let mut units = programme(settings(), 2, sine);
    let pool = FramePool::new(8);
    // Another preset has other picture parameters.
    let other = vitrine_codec::VideoSettings { preset: "ultrafast".to_owned(), ..settings() };
    let mut encoder = VideoEncoder::open(other).unwrap();
    let mut more = encode(&mut encoder, &pool, 60);
    encoder.finish(&mut more).unwrap();
    for unit in &mut more {
        unit.pts = FrameRate::FPS_30.tick_time(FrameRate::FPS_30.tick_at(unit.pts) + 60);
        unit.dts = unit.pts;
    }
    assert_ne!(video_config(&more).record, video_config(&units).record);
    units.extend(more);
    record(&file, &units).finish().unwrap();
    assert_eq!(decoded_frames(&file), (120, String::new()));
}

#[test]
fn a_place_that_cannot_be_written_to_is_told_from_a_full_disk() {
    let units = programme(settings(), 1, sine);
    let create =
        |path: &str| FragmentedMp4::create(Path::new(path), &video_config(&units), &audio_config(&units));
    if cfg!(target_os = "linux") {
        assert!(matches!(create("/sys/vitrine.mp4"), Err(MuxError::ReadOnly(_))));
        assert!(matches!(create("/dev/full"), Err(MuxError::DiskFull)));
    }
    assert!(matches!(create("/nowhere/at/all/x.mp4"), Err(MuxError::Io(_))));
}

/// Run by the test below in a process whose files may not grow beyond a limit.
const CHILD: &str = "VITRINE_TEST_FULL_DISK";

#[test]
#[cfg(target_os = "linux")]
fn a_disk_that_fills_up_ends_the_recording_and_leaves_what_plays() {
    if let Ok(path) = std::env::var(CHILD) {
        let units = programme(settings(), 12, sine);
        let mut mp4 =
            FragmentedMp4::create(Path::new(&path), &video_config(&units), &audio_config(&units)).unwrap();
        let failed =
            units.iter().position(|unit| mp4.write(unit).is_err_and(|e| matches!(e, MuxError::DiskFull)));
        let next = &units[failed.expect("the disk fills up") + 1];
        assert!(matches!(mp4.write(next), Err(MuxError::Ended)));
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("full.mp4");
    let test = std::env::current_exe().unwrap();
    let name = "mp4::a_disk_that_fills_up_ends_the_recording_and_leaves_what_plays";
    // 512 KiB, and an error instead of the signal.
    let script = format!("trap '' XFSZ; ulimit -f 1024; exec \"$0\" --exact {name}");
    let done = Command::new("sh").args(["-c", &script]).arg(&test).env(CHILD, &file).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
    let (frames, errors) = decoded_frames(&file);
    assert!(frames >= 60 && frames % 60 == 0, "{frames}");
    assert_eq!(errors, "", "no half fragment is left");
}
