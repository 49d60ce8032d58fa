use std::path::PathBuf;

use super::*;
use crate::flash_beep::beep_sample;
use crate::{AudioInput, AudioSource, AudioSpec, CaptureContext, PatternPainter, VideoSource, VideoSpec};
use vitrine_media::{FramePool, FrameRate, Plane, VideoFrame};
use vitrine_testkit::ffmpeg::{ffmpeg, ffmpeg_pipe};
use vitrine_testkit::frame_id::{self, Luma};

const CANVAS: (u32, u32) = (320, 180);

/// A folder with media files made for the test.
struct Studio(tempfile::TempDir);

impl Studio {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Frames `0..frames` of the test pattern at 30 a second, encoded with `args`.
    fn pattern(&self, name: &str, frames: i64, args: &[&str]) -> PathBuf {
        let painter = PatternPainter::new(CANVAS, FrameRate::FPS_30).unwrap();
        let pool = FramePool::new(2);
        let frames = (0..frames).map(|n| painter.paint(n, &pool).unwrap());
        self.encode(name, frames, &[&["-an"], args].concat())
    }

    fn encode(&self, name: &str, frames: impl Iterator<Item = VideoFrame>, args: &[&str]) -> PathBuf {
        let mut raw = Vec::new();
        for frame in frames {
            for (plane, columns) in [(Plane::Y, 320), (Plane::U, 160), (Plane::V, 160)] {
                for line in frame.plane(plane).chunks_exact(frame.stride(plane)) {
                    raw.extend_from_slice(&line[..columns]);
                }
            }
        }
        let path = self.path(name);
        let input = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", "320x180", "-r", "30", "-i", "-"];
        ffmpeg_pipe(&[&input, args, &[path.to_str().unwrap()]].concat(), raw);
        path
    }

    /// A wave file whose samples say their numbers.
    fn counting(&self, name: &str, samples: i64) -> PathBuf {
        let raw = (0..samples).flat_map(|n| [(n % 30_000) as i16; 2]).flat_map(i16::to_le_bytes).collect();
        let path = self.path(name);
        let args = ["-f", "s16le", "-ar", "48000", "-ac", "2", "-i", "-", path.to_str().unwrap()];
        ffmpeg_pipe(&args, raw);
        path
    }

    /// Four seconds of flash and beep in one file.
    fn flash_beep(&self, name: &str, args: &[&str]) -> PathBuf {
        let context = crate::tests_context(CANVAS);
        let mut flashes = crate::open_video(&VideoSpec::FlashBeep, &context).unwrap();
        let mut beeps = crate::open_audio(&AudioSpec::FlashBeep, &context).unwrap();
        let mut sound = AudioInput::default();
        (0..400).for_each(|k| beeps.read(MediaTime::from_millis(k * 10), &mut sound).unwrap());
        let wave = self.path("beeps.f32");
        let bytes: Vec<u8> = sound.samples.into_iter().flat_map(f32::to_le_bytes).collect();
        std::fs::write(&wave, bytes).unwrap();
        let frames = (0..120).map(|n| flashes.read(FrameRate::FPS_30.tick_time(n)).unwrap().unwrap());
        let sound = ["-f", "f32le", "-ar", "48000", "-ac", "2", "-i", wave.to_str().unwrap()];
        self.encode(name, frames, &[&sound, args].concat())
    }

    /// The first part of a file, in bytes.
    fn cut(&self, whole: &Path, name: &str, keep: f64) -> PathBuf {
        let bytes = std::fs::read(whole).unwrap();
        let path = self.path(name);
        std::fs::write(&path, &bytes[..(bytes.len() as f64 * keep) as usize]).unwrap();
        path
    }
}

/// What sample `n` of a counting file says.
fn said(n: i64) -> f32 {
    (n % 30_000) as f32 / 32_768.0
}

fn open(path: &Path, looping: bool, offset: Duration) -> FilePictures {
    FilePictures::open(path, looping, offset, &crate::tests_context(CANVAS)).unwrap()
}

fn listen(path: &Path, looping: bool, offset: Duration) -> FileSound {
    FileSound::open(path, looping, offset, Patience::Render, &crate::tests_context(CANVAS)).unwrap()
}

fn tick(n: i64) -> MediaTime {
    FrameRate::FPS_30.tick_time(n)
}

fn id(source: &mut FilePictures, at: MediaTime) -> i64 {
    let frame = source.read(at).unwrap().expect("a frame");
    i64::from(frame_id::read_frame(&frame).expect("the frame carries a code").id)
}

/// Left samples of blocks `blocks`.
fn hear(source: &mut FileSound, blocks: std::ops::Range<i64>) -> Vec<f32> {
    let mut out = AudioInput::default();
    for k in blocks {
        source.read(MediaTime::from_millis(k * 10), &mut out).unwrap();
    }
    assert_eq!(out.overruns, 0);
    out.samples.chunks_exact(2).map(|f| f[0]).collect()
}

const X264: &[&str] = &["-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-bf", "2", "-g", "12"];

#[test]
fn a_loop_of_any_container_repeats_no_frame_and_loses_none() {
    let studio = Studio::new();
    for name in ["a.mp4", "a.mkv", "a.mov", "a.ts"] {
        let mut source = open(&studio.pattern(name, 31, X264), true, Duration::ZERO);
        for n in 0..31 * 3 + 5 {
            assert_eq!(id(&mut source, tick(n)), n % 31, "{name} tick {n}");
        }
    }
}

#[test]
fn the_same_picture_is_the_same_frame_until_the_next() {
    let studio = Studio::new();
    let mut source = open(&studio.pattern("a.mp4", 30, X264), true, Duration::ZERO);
    let mut at = |ms| source.read(MediaTime::from_millis(ms)).unwrap().unwrap();
    let (a, b, c) = (at(100), at(120), at(134));
    assert!(a.same_pixels(&b) && !b.same_pixels(&c) && c.seq > b.seq);
    // Its time is the session's, from when it was first shown.
    assert_eq!([a.pts, b.pts, c.pts].map(MediaTime::millis), [100, 100, 134]);
}

#[test]
fn jumps_in_time_land_on_the_right_frame() {
    let studio = Studio::new();
    let file = studio.pattern("a.mp4", 150, &[X264, &["-g", "75", "-keyint_min", "75"]].concat());
    let mut source = open(&file, true, Duration::ZERO);
    for n in [140, 3, 4, 5, 80, 79, 149, 150, 0, 100_000, 7, 148, 299] {
        assert_eq!(id(&mut source, tick(n)), n % 150, "tick {n}");
    }
    let mut late = open(&file, true, Duration::from_secs(1));
    assert_eq!([id(&mut late, tick(0)), id(&mut late, tick(119)), id(&mut late, tick(120))], [30, 149, 0]);
}

#[test]
fn without_looping_the_last_frame_stays() {
    let studio = Studio::new();
    let file = studio.pattern("a.mp4", 20, X264);
    let mut source = open(&file, false, Duration::ZERO);
    for (n, expected) in [(0, 0), (19, 19), (20, 19), (500, 19), (100_000, 19)] {
        assert_eq!(id(&mut source, tick(n)), expected);
    }
    assert_eq!(id(&mut open(&file, false, Duration::ZERO), tick(9_000)), 19);
}

#[test]
fn a_variable_rate_shows_each_frame_for_its_own_time() {
    let studio = Studio::new();
    // Frames 0 to 29 all there, then every third.
    let thin = ["-vf", "select='lt(n,30)+not(mod(n,3))'", "-vsync", "vfr"];
    let mut source = open(&studio.pattern("a.mp4", 90, &[&thin, X264].concat()), true, Duration::ZERO);
    // The last picture, 87, lasts no longer than the others say.
    for n in 0..88 {
        assert_eq!(id(&mut source, tick(n)), if n < 30 { n } else { n / 3 * 3 }, "tick {n}");
    }
}

#[test]
fn a_faster_file_is_thinned_evenly() {
    let studio = Studio::new();
    let file = studio.pattern("a.mp4", 120, &[&["-r", "60", "-vf", "setpts=N/60/TB"], X264].concat());
    let mut source = open(&file, true, Duration::ZERO);
    for n in 0..60 {
        assert_eq!(id(&mut source, tick(n)), n * 2);
    }
}

#[test]
fn pictures_a_phone_filmed_sideways_stand_upright() {
    let studio = Studio::new();
    let plain = studio.pattern("a.mp4", 5, X264);
    let turned = studio.path("turned.mp4");
    let (from, to) = (plain.to_str().unwrap(), turned.to_str().unwrap());
    ffmpeg(&["-i", from, "-c", "copy", "-metadata:s:v", "rotate=90", to]);
    let frame = open(&turned, true, Duration::ZERO).read(MediaTime::ZERO).unwrap().unwrap();
    assert_eq!((frame.width(), frame.height()), (180, 320));
    // FFmpeg 5 writes the tag as a turn to the left, and turns it so itself.
    let upright = rotate::turned(frame, 1, &FramePool::new(1)).unwrap();
    assert_eq!(frame_id::read_frame(&upright).map(|f| f.id), Some(0));
}

#[test]
fn odd_sizes_and_deep_or_full_chroma_are_shown() {
    let studio = Studio::new();
    for (name, args) in [
        ("odd.mkv", ["-vf", "scale=321:181", "-pix_fmt", "yuv444p", "-c:v", "ffv1"]),
        ("deep.mp4", ["-pix_fmt", "yuv420p10le", "-c:v", "libx264", "-qp", "10"]),
        ("rgb.avi", ["-pix_fmt", "bgr24", "-c:v", "rawvideo", "-g", "1"]),
        ("gray.mkv", ["-pix_fmt", "gray", "-c:v", "ffv1", "-g", "1"]),
        ("prores.mov", ["-pix_fmt", "yuv422p10le", "-c:v", "prores_ks", "-g", "1"]),
    ] {
        let mut source = open(&studio.pattern(name, 6, &args), true, Duration::ZERO);
        for n in [0, 3, 8] {
            assert_eq!(id(&mut source, tick(n)), n % 6, "{name}");
        }
        assert_eq!(source.skipped(), 0, "{name}");
    }
}

#[test]
fn sound_is_sample_exact_over_loops_offsets_and_jumps() {
    let studio = Studio::new();
    let length = 48_000 + 123;
    let file = studio.counting("a.wav", length);
    let check = |source: &mut FileSound, blocks: std::ops::Range<i64>, offset: i64| {
        let first = blocks.start * 480;
        for (i, sample) in hear(source, blocks).into_iter().enumerate() {
            let n = first + i as i64;
            assert!((sample - said((n + offset) % length)).abs() < 1e-6, "sample {n}");
        }
    };
    let mut source = listen(&file, true, Duration::ZERO);
    check(&mut source, 0..350, 0);
    check(&mut source, 10_000_000..10_000_020, 0);
    check(&mut source, 7..9, 0);
    check(&mut source, 8..130, 0);
    check(&mut listen(&file, true, Duration::from_millis(250)), 0..250, 12_000);
}

#[test]
fn without_looping_silence_follows() {
    let studio = Studio::new();
    let file = studio.counting("a.wav", 4_800);
    let mut source = listen(&file, false, Duration::ZERO);
    let heard = hear(&mut source, 0..40);
    assert!(heard[4_799] > 0.1 && heard[4_800..].iter().all(|&s| s == 0.0));
    assert!(hear(&mut source, 100_000..100_003).iter().all(|&s| s == 0.0));
    let mut late = listen(&file, false, Duration::from_hours(1));
    assert!(hear(&mut late, 0..3).iter().all(|&s| s == 0.0));
}

/// Session samples of the flashes in the first `ticks` ticks. One that shows for several, because the file has
/// nothing before it, counts from the last: that is when the file has it.
fn flashes(source: &mut FilePictures, ticks: i64) -> Vec<i64> {
    let bright: Vec<bool> = (0..ticks)
        .map(|n| Luma::of(&source.read(tick(n)).unwrap().unwrap()).mean() > 125.0)
        .chain([false])
        .collect();
    let last = (0..ticks).filter(|&n| bright[n as usize] && !bright[n as usize + 1]);
    last.map(|n| tick(n).nanos() * 48 / 1_000_000).collect()
}

/// Onsets of beeps: the first loud sample after 200 ms of quiet.
fn onsets(samples: &[f32]) -> Vec<i64> {
    let (mut found, mut quiet) = (Vec::new(), 9_600);
    for (n, sample) in samples.iter().enumerate() {
        if sample.abs() > 0.1 {
            if quiet >= 9_600 {
                found.push(n as i64);
            }
            quiet = 0;
        } else {
            quiet += 1;
        }
    }
    found
}

#[test]
fn picture_and_sound_of_one_file_stay_together_over_loops_in_every_container() {
    let studio = Studio::new();
    let aac: &[&str] = &["-c:a", "aac", "-b:a", "192k"];
    for (name, sound, tolerance) in [
        ("pcm.mov", &["-c:a", "pcm_s16le"][..], 48),
        ("a.mp4", aac, 96),
        ("a.mkv", aac, 96),
        ("a.flv", aac, 96),
        ("a.ts", aac, 96),
        ("opus.webm", &["-c:a", "libopus", "-c:v", "libvpx", "-b:v", "2M", "-deadline", "realtime"][..], 400),
    ] {
        let video: &[&str] = if name == "opus.webm" { &[] } else { X264 };
        let file = studio.flash_beep(name, &[video, sound].concat());
        let times = flashes(&mut open(&file, true, Duration::ZERO), 30 * 17);
        let beeps = onsets(&hear(&mut listen(&file, true, Duration::ZERO), 0..1_700));
        assert!(times.len() >= 16 && times.len() == beeps.len(), "{name}: {times:?} {beeps:?}");
        // A flash shows from the tick on in which it begins.
        for (lap, (flash, beep)) in times.iter().zip(&beeps).enumerate() {
            let behind = flash - beep;
            assert!(
                (-tolerance..1_600 + tolerance).contains(&behind),
                "{name} event {lap}: {behind} samples"
            );
        }
        // Some containers begin with the encoder's priming, 21 ms at most.
        let first = beeps[0];
        assert!((0..=1_024 + tolerance).contains(&first), "{name}: {first}");
        for (second, beep) in (0..4).zip(&beeps) {
            let apart = beep - first - beep_sample(FrameRate::FPS_30, second);
            assert!(apart.abs() <= tolerance, "{name} event {second}: {apart}");
        }
    }
}

#[test]
fn a_shorter_track_waits_for_the_other_before_the_next_lap() {
    let studio = Studio::new();
    let wave = studio.counting("half.wav", 24_000);
    let both: &[&str] = &["-i", wave.to_str().unwrap(), "-c:a", "pcm_s16le", "-map", "0:v", "-map", "1:a"];
    let painter = PatternPainter::new(CANVAS, FrameRate::FPS_30).unwrap();
    let pool = FramePool::new(2);
    let frames = (0..60).map(|n| painter.paint(n, &pool).unwrap());
    let file = studio.encode("a.mov", frames, &[both, X264].concat());
    let heard = hear(&mut listen(&file, true, Duration::ZERO), 0..250);
    assert!(heard[23_999] > 0.5 && heard[24_000..96_000].iter().all(|&s| s == 0.0));
    assert!((heard[96_100] - said(100)).abs() < 1e-6);
    let mut pictures = open(&file, true, Duration::ZERO);
    assert_eq!([id(&mut pictures, tick(59)), id(&mut pictures, tick(60))], [59, 0]);
}

#[test]
fn a_file_cut_off_loops_at_its_true_end_with_both_halves_together() {
    let studio = Studio::new();
    let args = [X264, &["-c:a", "aac", "-b:a", "192k"]].concat();
    let whole = studio.flash_beep("whole.mkv", &args);
    let file = studio.cut(&whole, "cut.mkv", 0.55);
    let flashes = flashes(&mut open(&file, true, Duration::ZERO), 300);
    let beeps = onsets(&hear(&mut listen(&file, true, Duration::ZERO), 0..1_000));
    // More than the whole file would have: it really begins anew.
    assert!(beeps.len() >= 9 && flashes.len() >= beeps.len(), "{flashes:?} {beeps:?}");
    // The cut may fall between a flash and its beep, but no beep is without its flash.
    for beep in &beeps {
        let found = flashes.iter().any(|flash| (-200..1_800).contains(&(flash - beep)));
        assert!(found, "{beep}: {flashes:?} {beeps:?}");
    }
}

#[test]
fn a_stream_without_times_or_length_loops_too() {
    let studio = Studio::new();
    let mut source =
        open(&studio.pattern("a.h264", 30, &["-c:v", "libx264", "-bf", "0"]), true, Duration::ZERO);
    let ids: Vec<i64> = (0..95).map(|n| id(&mut source, tick(n))).collect();
    assert!(ids.windows(2).filter(|w| w[1] < w[0]).count() >= 2, "{ids:?}");
}

#[test]
fn bad_files_are_told_apart_for_picture_and_sound() {
    let studio = Studio::new();
    let context = crate::tests_context(CANVAS);
    let errors = |path: &Path| {
        let path = path.to_owned();
        let video = VideoSpec::File { path: path.clone(), looping: true, offset: Duration::ZERO };
        let audio = AudioSpec::File { path, looping: true, offset: Duration::ZERO };
        (crate::open_video(&video, &context).err(), crate::open_audio(&audio, &context).err())
    };
    let (video, audio) = errors(Path::new("/nonexistent/a.mp4"));
    assert!(matches!(video, Some(CaptureError::NotFound { .. })) && video == audio);
    let (video, audio) = errors(studio.0.path());
    assert!(matches!(video, Some(CaptureError::Denied { .. })) && video == audio);
    let zero = studio.path("zero.mp4");
    std::fs::write(&zero, b"").unwrap();
    let (video, audio) = errors(&zero);
    assert!(matches!(video, Some(CaptureError::Media { .. })) && video == audio);
    let text = studio.path("text.mp4");
    std::fs::write(&text, "this is not a film\n".repeat(100)).unwrap();
    let (video, audio) = errors(&text);
    assert!(matches!(video, Some(CaptureError::Unsupported { .. })) && video == audio);
    // An MP4 without its index, which is at the end.
    let (video, audio) = errors(&studio.cut(&studio.pattern("a.mp4", 60, X264), "cut.mp4", 0.7));
    assert!(video.is_some_and(|e| !e.retryable()) && audio.is_some());
    let (video, audio) = errors(&studio.pattern("silent.mp4", 10, X264));
    assert!(video.is_none() && audio.is_some_and(|e| e.to_string().contains("no sound")));
    let (video, audio) = errors(&studio.counting("sound.wav", 4_800));
    assert!(audio.is_none() && video.is_some_and(|e| e.to_string().contains("no picture")));
}

#[test]
fn a_file_damaged_in_the_middle_plays_on() {
    let studio = Studio::new();
    let file = studio.pattern("a.mkv", 90, X264);
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 2_000].fill(0xA5);
    std::fs::write(&file, bytes).unwrap();
    let mut source = open(&file, true, Duration::ZERO);
    let mut right = 0;
    for n in 0..90 {
        let frame = source.read(tick(n)).unwrap().expect("a frame is held");
        right += i64::from(frame_id::read_frame(&frame).is_some_and(|f| i64::from(f.id) == n));
    }
    assert!(right >= 45, "{right} of 90");
}

#[test]
fn a_full_pool_holds_the_last_picture_and_it_goes_on_afterwards() {
    let studio = Studio::new();
    let file = studio.pattern("a.mp4", 60, X264);
    let context = CaptureContext { pool: FramePool::new(3), ..crate::tests_context(CANVAS) };
    let mut source = FilePictures::open(&file, true, Duration::ZERO, &context).unwrap();
    let held: Vec<_> = (0..6).map(|n| source.read(tick(n)).unwrap().unwrap()).collect();
    assert!(source.skipped() > 0);
    drop(held);
    assert_eq!(id(&mut source, tick(40)), 40);
}

#[test]
fn on_air_a_jump_is_silence_not_a_wait_and_sound_returns_in_the_right_place() {
    let studio = Studio::new();
    let file = studio.counting("a.wav", 480_000);
    let context = crate::tests_context(CANVAS);
    let mut source = FileSound::open(&file, true, Duration::ZERO, Patience::Live, &context).unwrap();
    let mut out = AudioInput::default();
    source.read(MediaTime::ZERO, &mut out).unwrap();
    assert!(out.overruns == 0 && (out.samples[2] - said(1)).abs() < 1e-6);
    out.clear();
    source.read(MediaTime::from_millis(5_000), &mut out).unwrap();
    assert_eq!((out.overruns, out.samples.len()), (480, 960));
    assert!(out.samples.iter().all(|&s| s == 0.0));
    source.wait_for_block();
    out.clear();
    source.read(MediaTime::from_millis(5_040), &mut out).unwrap();
    assert_eq!((out.overruns, out.chunks[0].frames), (0, 480));
    assert!((out.samples[0] - said(5_040 * 48)).abs() < 1e-6);
}

#[test]
fn the_worker_stops_at_its_bound_and_ends_with_its_source() {
    let studio = Studio::new();
    let file = studio.counting("a.wav", 480_000);
    let context = crate::tests_context(CANVAS);
    let source = FileSound::open(&file, true, Duration::ZERO, Patience::Live, &context).unwrap();
    let weak = source.wait_until_full();
    drop(source);
    while weak.upgrade().is_some() {
        std::thread::yield_now();
    }
}
