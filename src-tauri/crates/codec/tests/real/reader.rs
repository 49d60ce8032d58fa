use std::path::Path;

use vitrine_codec::{MediaError, MediaInfo, PictureReader, SoundReader};
use vitrine_media::{Convert as _, FramePool, Matrix, MediaTime, PixelFormat, Range};

use crate::support::ffmpeg;

/// Two seconds at 25 frames a second whose luma counts the frames, with B-frames and a keyframe a second.
const COUNTING: &str =
    "-f lavfi -i color=s=64x48:r=25:d=2,geq=lum='20+4*N':cb=128:cr=128 -c:v libx264 -g 25 -qp 4 -bf 2";
/// The same with sound beside it.
const COUNTING_AND_SOUND: &str = "-f lavfi -i color=s=64x48:r=25:d=2,geq=lum='20+4*N':cb=128:cr=128 -f lavfi -i sine=d=2 -c:v libx264 -g 25 -qp 4 -bf 2 -c:a aac";
/// Pictures that each stand alone and are large.
const LARGE: &str = "-f lavfi -i testsrc2=s=160x120:r=25:d=2,noise=alls=20 -c:v libx264 -g 1 -qp 20";
/// Sound whose value is its time: a ramp from 0 to 2 s, halved.
const RAMP: &str = "-f lavfi -i aevalsrc=t/2:s=48000:d=2 -c:a pcm_f32le";

fn ms(millis: i64) -> MediaTime {
    MediaTime::from_millis(millis)
}

/// The frame number painted into the next picture, and its time.
fn counted(reader: &mut PictureReader) -> Option<(i64, MediaTime)> {
    reader.next().unwrap().map(|picture| {
        let raw = picture.raw();
        let luma = raw.planes[0][24 * raw.strides[0] + 32];
        ((f64::from(luma) - 20.0) as i64 / 4 + i64::from((luma - 20) % 4 > 2), picture.at)
    })
}

#[test]
fn pictures_come_in_order_with_their_times() {
    let folder = tempfile::tempdir().unwrap();
    let file = ffmpeg(COUNTING, &folder.path().join("counting.mp4"));
    let mut reader = PictureReader::open(&file).unwrap();
    for n in 0..50 {
        assert_eq!(counted(&mut reader), Some((n, ms(n * 40))));
    }
    assert_eq!(counted(&mut reader), None);
    assert_eq!(counted(&mut reader), None);
    assert_eq!(reader.damaged(), 0);
}

#[test]
fn winding_gives_the_picture_showing_at_that_time() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["counting.mp4", "counting.mkv", "counting.ts"] {
        let file = ffmpeg(COUNTING, &folder.path().join(name));
        let mut reader = PictureReader::open(&file).unwrap();
        for (to, shown) in
            [(0, 0), (39, 0), (40, 1), (999, 24), (1000, 25), (1990, 49), (5000, 49), (410, 10)]
        {
            reader.seek(ms(to)).unwrap();
            let (n, at) = counted(&mut reader).unwrap();
            assert_eq!((n, at.millis()), (shown, shown * 40), "{name} at {to} ms");
            if shown < 49 {
                assert_eq!(counted(&mut reader).unwrap().0, shown + 1, "{name} after {to} ms");
            }
        }
        // As a loop does: to the end, and again from the start.
        while counted(&mut reader).is_some() {}
        reader.seek(MediaTime::ZERO).unwrap();
        assert_eq!(counted(&mut reader), Some((0, ms(0))), "{name}");
    }
}

#[test]
fn a_variable_rate_keeps_each_pictures_own_time() {
    let folder = tempfile::tempdir().unwrap();
    let vfr = "-f lavfi -i color=s=64x48:r=25:d=2,geq=lum='20+4*N':cb=128:cr=128,select='lt(mod(n,7),3)' -vsync vfr -c:v libx264 -qp 4";
    let mut reader = PictureReader::open(&ffmpeg(vfr, &folder.path().join("vfr.mkv"))).unwrap();
    let mut seen = Vec::new();
    while let Some((n, at)) = counted(&mut reader) {
        assert_eq!(at.millis(), n * 40);
        seen.push(n);
    }
    assert_eq!(seen, (0..50).filter(|n| n % 7 < 3).collect::<Vec<_>>());
    reader.seek(ms(6 * 40)).unwrap();
    assert_eq!(counted(&mut reader).unwrap().0, 2, "shown until the next one comes");
}

#[test]
fn every_kind_of_picture_comes_in_a_layout_the_studio_carries() {
    let folder = tempfile::tempdir().unwrap();
    let source =
        |size: &str| format!("-f lavfi -i testsrc2=s=320x240:r=10:d=0.5,format=yuv444p,scale={size}");
    let cases = [
        ("444.mp4", "320x180", "-c:v libx264 -pix_fmt yuv444p", PixelFormat::I444),
        ("10bit.mp4", "320x180", "-c:v libx264 -pix_fmt yuv420p10le", PixelFormat::I420),
        ("422-10.mkv", "320x180", "-c:v ffv1 -pix_fmt yuv422p10le", PixelFormat::I422),
        ("odd.mkv", "321x181", "-c:v ffv1 -pix_fmt yuv420p", PixelFormat::I420),
        ("odd-444.mp4", "321x181", "-c:v libx264 -pix_fmt yuv444p", PixelFormat::I444),
        ("rgb.mkv", "320x180", "-c:v ffv1 -pix_fmt bgr0", PixelFormat::Bgrx),
        ("alpha.mkv", "320x180", "-c:v ffv1 -pix_fmt yuva420p", PixelFormat::Rgba),
        ("planar-rgb.mp4", "320x180", "-c:v libx264rgb -qp 0", PixelFormat::Rgb24),
        ("mono.mkv", "320x180", "-c:v ffv1 -pix_fmt gray10le", PixelFormat::Gray8),
        ("tiny.mkv", "2x2", "-c:v ffv1 -pix_fmt yuv420p", PixelFormat::I420),
        ("cam.avi", "320x180", "-c:v mjpeg -pix_fmt yuvj422p", PixelFormat::I422),
        ("palette.gif", "320x180", "-loop 0", PixelFormat::Rgba),
    ];
    for (name, size, encoder, format) in cases {
        let file = ffmpeg(&format!("{} {encoder}", source(size)), &folder.path().join(name));
        let mut reader = PictureReader::open(&file).unwrap();
        let mut count = 0;
        while let Some(picture) = reader.next().unwrap() {
            let raw = picture.raw();
            assert_eq!(format!("{}x{}", raw.width, raw.height), size, "{name}");
            // FFmpeg decodes some RGB into a layout with other padding.
            let same =
                raw.format == format || (format == PixelFormat::Bgrx && raw.format == PixelFormat::Rgba);
            assert!(same, "{name}: {:?}", raw.format);
            let frame =
                vitrine_picture::Converter::new().convert(&raw, &FramePool::new(1), picture.at, count);
            assert!(frame.is_ok(), "{name}: {frame:?}");
            count += 1;
        }
        assert_eq!(count, 5, "{name}");
    }
}

#[test]
fn colour_is_read_from_the_tags_and_guessed_by_height_without() {
    let folder = tempfile::tempdir().unwrap();
    let color = |name: &str, size: &str, tags: &str| {
        let arguments = format!("-f lavfi -i testsrc2=s={size}:r=10:d=0.2 -c:v libx264 {tags}");
        let file = ffmpeg(&arguments, &folder.path().join(name));
        let mut reader = PictureReader::open(&file).unwrap();
        let (info, hdr) = (reader.info().color, reader.info().hdr);
        let color = reader.next().unwrap().unwrap().raw().color;
        assert_eq!(info, color, "{name}");
        (color.matrix, color.range, hdr)
    };
    let limited = Range::Limited;
    assert_eq!(color("sd.mkv", "320x180", "-pix_fmt yuv420p"), (Matrix::Bt601, limited, false));
    assert_eq!(color("hd.mkv", "1280x720", "-pix_fmt yuv420p"), (Matrix::Bt709, limited, false));
    let tagged = "-pix_fmt yuv420p -colorspace bt709 -color_range tv";
    assert_eq!(color("tagged.mkv", "320x180", tagged), (Matrix::Bt709, limited, false));
    let full = "-pix_fmt yuvj420p -colorspace smpte170m -color_range pc";
    assert_eq!(color("full.mkv", "1280x720", full), (Matrix::Bt601, Range::Full, false));
    let hdr = "-pix_fmt yuv420p10le -colorspace bt2020nc -color_primaries bt2020 -color_trc smpte2084 -color_range tv";
    assert_eq!(color("hdr.mkv", "320x180", hdr), (Matrix::Bt2020, limited, true));
}

#[test]
fn a_telephones_rotation_is_told_in_clockwise_turns() {
    let folder = tempfile::tempdir().unwrap();
    let corner = "-f lavfi -i color=black:s=64x48:d=0.2,drawbox=w=20:h=20:color=white:t=fill -c:v libx264";
    let upright = ffmpeg(corner, &folder.path().join("upright.mp4"));
    for degrees in [0, 90, 180, 270] {
        let arguments = format!("-i {} -c copy -metadata:s:v rotate={degrees}", upright.display());
        let file = ffmpeg(&arguments, &folder.path().join(format!("{degrees}.mp4")));
        // FFmpeg turns it as it is to be seen: clockwise, where is the corner that was top left?
        let turned = folder.path().join("turned.gray");
        let size = if degrees % 180 == 0 { 64 } else { 48 };
        ffmpeg(&format!("-i {} -frames:v 1 -pix_fmt gray -f rawvideo", file.display()), &turned);
        let pixels = std::fs::read(turned).unwrap();
        let (right, bottom) = (size - 4, 64 * 48 - 4 * size);
        let corners = [4 * size + 4, 4 * size + right, bottom + right, bottom + 4];
        let turns = corners.iter().position(|&at| pixels[at] > 128).unwrap() as u8;
        let mut reader = PictureReader::open(&file).unwrap();
        assert_eq!(reader.info().quarter_turns, turns, "{degrees}");
        assert_eq!(reader.next().unwrap().unwrap().quarter_turns, turns);
    }
}

#[test]
fn a_missing_track_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let silent = ffmpeg(COUNTING, &folder.path().join("silent.mp4"));
    let blind = ffmpeg(RAMP, &folder.path().join("blind.wav"));
    assert_eq!(SoundReader::open(&silent).err(), Some(MediaError::NoSound));
    assert_eq!(PictureReader::open(&blind).err(), Some(MediaError::NoPicture));
    let (silent, blind) = (MediaInfo::probe(&silent).unwrap(), MediaInfo::probe(&blind).unwrap());
    assert!(silent.sound.is_none() && blind.picture.is_none());
    assert_eq!(silent.duration, Some(ms(2000)));
    let picture = silent.picture.unwrap();
    assert_eq!((picture.width, picture.height, picture.mean_rate), (64, 48, Some(25.0)));
    assert_eq!(blind.sound.map(|sound| (sound.rate_hz, sound.channels)), Some((48_000, 1)));
}

#[test]
fn a_music_files_cover_is_no_picture() {
    let folder = tempfile::tempdir().unwrap();
    let cover = ffmpeg("-f lavfi -i testsrc2=s=64x64 -frames:v 1", &folder.path().join("cover.png"));
    let arguments = format!(
        "-f lavfi -i sine=d=1 -i {} -map 0 -map 1 -c:v copy -disposition:v attached_pic",
        cover.display()
    );
    let song = ffmpeg(&arguments, &folder.path().join("song.mp3"));
    assert_eq!(PictureReader::open(&song).err(), Some(MediaError::NoPicture));
    assert!(SoundReader::open(&song).unwrap().next().unwrap().is_some());
}

#[test]
fn what_is_no_media_file_gets_its_own_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        MediaInfo::probe(&path).err()
    };
    assert_eq!(MediaInfo::probe(Path::new("/nowhere/x.mp4")).err(), Some(MediaError::Missing));
    assert!(matches!(MediaInfo::probe(folder.path()).err(), Some(MediaError::Unreadable(_))));
    assert_eq!(file("empty.mp4", b""), Some(MediaError::Empty));
    assert!(matches!(file("text.mp4", b"dear sir, this is no film"), Some(MediaError::Unrecognised(_))));
    // Playlists name other files and addresses, so they are not followed.
    let playlist = b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n";
    assert!(matches!(file("list.m3u8", playlist), Some(MediaError::Unrecognised(_))));
    assert!(matches!(
        file("list.ffconcat", b"ffconcat version 1.0\nfile other.mp4\n"),
        Some(MediaError::Unrecognised(_))
    ));
    let url = MediaInfo::probe(Path::new("http://127.0.0.1:9/a.mp4")).err();
    assert_eq!(url, Some(MediaError::Missing), "a name is a name, never an address");
}

#[test]
fn a_file_cut_short_plays_as_far_as_it_goes() {
    let folder = tempfile::tempdir().unwrap();
    let whole = ffmpeg(&format!("{LARGE} -movflags +faststart"), &folder.path().join("whole.mp4"));
    let bytes = std::fs::read(&whole).unwrap();
    let cut = |len: usize| {
        let path = folder.path().join(format!("{len}.mp4"));
        std::fs::write(&path, &bytes[..len]).unwrap();
        PictureReader::open(&path)
    };
    let mut reader = cut(bytes.len() * 7 / 10).unwrap();
    let mut count = 0;
    while reader.next().unwrap().is_some() {
        count += 1;
    }
    assert!((30..40).contains(&count), "{count}");
    assert!(cut(300).is_err(), "without its index it is not recognised");
    let ends_early = ffmpeg(COUNTING, &folder.path().join("index-last.mp4"));
    let bytes = std::fs::read(&ends_early).unwrap();
    std::fs::write(&ends_early, &bytes[..bytes.len() / 2]).unwrap();
    assert!(matches!(PictureReader::open(&ends_early).err(), Some(MediaError::Unrecognised(_))));
}

#[test]
fn damage_in_the_middle_is_skipped_and_the_rest_plays() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["damaged.mp4", "damaged.mkv", "damaged.ts"] {
        let file = ffmpeg(COUNTING_AND_SOUND, &folder.path().join(name));
        let mut bytes = std::fs::read(&file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle..middle + 300].fill(0xa5);
        std::fs::write(&file, bytes).unwrap();
        let mut pictures = PictureReader::open(&file).unwrap();
        let mut last = ms(-1);
        while let Some(picture) = pictures.next().unwrap() {
            assert!(picture.at >= last, "{name}");
            last = picture.at;
        }
        // What is left of the damaged second may be lost with it.
        assert!(last >= ms(900), "{name} ends at {last:?}");
        let mut sound = SoundReader::open(&file).unwrap();
        while sound.next().unwrap().is_some() {}
    }
}

#[test]
fn a_raw_stream_without_times_gets_steady_ones() {
    let folder = tempfile::tempdir().unwrap();
    let file = ffmpeg(COUNTING, &folder.path().join("raw.h264"));
    let mut reader = PictureReader::open(&file).unwrap();
    let mut times = Vec::new();
    while let Some((_, at)) = counted(&mut reader) {
        times.push(at);
    }
    assert_eq!(times.len(), 50);
    assert!(times.windows(2).all(|pair| pair[0] < pair[1]));
}

/// All sound from here on, as left samples with the time of the first, checked to be without gaps.
fn left(reader: &mut SoundReader) -> (MediaTime, Vec<f32>) {
    let (mut start, mut out) = (None, Vec::new());
    while let Some(sound) = reader.next().unwrap() {
        let start = *start.get_or_insert(sound.at);
        let due = start.nanos() + MediaTime::from_samples(out.len() as i64).nanos();
        assert!((sound.at.nanos() - due).abs() < 25_000, "a gap at {:?}", sound.at);
        out.extend(sound.samples.chunks_exact(2).map(|pair| pair[0]));
    }
    (start.unwrap(), out)
}

#[test]
fn sound_comes_whole_and_winding_begins_at_the_very_sample() {
    let folder = tempfile::tempdir().unwrap();
    let file = ffmpeg(RAMP, &folder.path().join("ramp.wav"));
    let mut reader = SoundReader::open(&file).unwrap();
    let (start, samples) = left(&mut reader);
    assert_eq!((start, samples.len()), (ms(0), 96_000));
    for to in [0, 5, 250, 1111, 1999] {
        reader.seek(ms(to)).unwrap();
        let (start, samples) = left(&mut reader);
        assert_eq!(start, ms(to));
        assert!(
            (samples[0] / samples_gain(&mut SoundReader::open(&file).unwrap()) - to as f32 / 2000.0).abs()
                < 1e-3,
            "{to}"
        );
        assert_eq!(samples.len() as i64, (2000 - to) * 48);
    }
    reader.seek(ms(3000)).unwrap();
    assert!(reader.next().unwrap().is_none(), "behind the end is nothing");
}

/// What a mono file is multiplied by on its way to both channels.
fn samples_gain(reader: &mut SoundReader) -> f32 {
    let (_, samples) = left(reader);
    samples[48_000] / 0.5
}

#[test]
fn a_mono_recording_is_as_loud_on_both_sides() {
    let folder = tempfile::tempdir().unwrap();
    let file = ffmpeg(RAMP, &folder.path().join("mono.wav"));
    assert!((samples_gain(&mut SoundReader::open(&file).unwrap()) - 1.0).abs() < 1e-3);
}

#[test]
fn every_rate_and_layout_becomes_48_khz_stereo_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        ("cd.wav", "aevalsrc=sin(880*PI*t)*between(t\\,0.5\\,0.6):s=44100:d=1", "-c:a pcm_s16le"),
        ("phone.wav", "aevalsrc=sin(880*PI*t)*between(t\\,0.5\\,0.6):s=8000:d=1", "-c:a pcm_u8"),
        ("hd.wav", "aevalsrc=sin(880*PI*t)*between(t\\,0.5\\,0.6):s=96000:d=1", "-c:a pcm_s24le"),
        ("surround.flac", "aevalsrc=sin(880*PI*t)*between(t\\,0.5\\,0.6):s=48000:d=1", "-ac 6 -c:a flac"),
        ("music.mp3", "aevalsrc=sin(880*PI*t)*between(t\\,0.5\\,0.6):s=44100:d=1", "-ac 2"),
        ("clip.m4a", "aevalsrc=sin(880*PI*t)*between(t\\,0.5\\,0.6):s=44100:d=1", "-ac 2 -c:a aac"),
        ("clip.opus", "aevalsrc=sin(880*PI*t)*between(t\\,0.5\\,0.6):s=48000:d=1", "-ac 2 -c:a libopus"),
    ];
    for (name, source, encoder) in cases {
        let file = ffmpeg(&format!("-f lavfi -i {source} {encoder}"), &folder.path().join(name));
        let mut reader = SoundReader::open(&file).unwrap();
        let (start, samples) = left(&mut reader);
        assert!((46_500..51_000).contains(&samples.len()), "{name}: {} samples", samples.len());
        let peak = samples.iter().fold(0.0f32, |peak, s| peak.max(s.abs()));
        let onset = samples.iter().position(|s| s.abs() > peak / 3.0).unwrap() as i64;
        let onset = start.millis() + onset / 48;
        assert!((497..506).contains(&onset), "{name}: the tone begins at {onset} ms, not 500");
    }
}

#[test]
fn picture_and_sound_of_one_file_share_their_zero() {
    let folder = tempfile::tempdir().unwrap();
    // A transport stream starts at an arbitrary time; its picture and sound start together.
    let file = ffmpeg(COUNTING_AND_SOUND, &folder.path().join("both.ts"));
    let first = PictureReader::open(&file).unwrap().next().unwrap().unwrap().at;
    let sound = SoundReader::open(&file).unwrap().next().unwrap().unwrap().at;
    assert!(first.millis().abs() <= 40 && sound.millis().abs() <= 40, "{first:?} {sound:?}");
    assert!(first == MediaTime::ZERO || sound == MediaTime::ZERO);
}
