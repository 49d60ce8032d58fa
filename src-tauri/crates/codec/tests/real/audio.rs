use vitrine_codec::{AacEncoder, AacError, FragmentedMp4, SoundReader};
use vitrine_media::{AccessUnit, AudioBlock, MediaTime, StreamConfig};

use crate::support::{audio_config, block, ffprobe, programme, settings, video_config};

fn encode(blocks: impl Iterator<Item = AudioBlock>) -> (AacEncoder, Vec<AccessUnit>) {
    let mut encoder = AacEncoder::open(128_000).unwrap();
    let mut units = Vec::new();
    for block in blocks {
        encoder.encode(&block, &mut units).unwrap();
    }
    encoder.finish(&mut units).unwrap();
    (encoder, units)
}

fn sine(t: f64) -> f64 {
    (t * 440.0 * std::f64::consts::TAU).sin() * 0.5
}

#[test]
fn units_follow_each_other_exactly_and_begin_with_the_priming() {
    let origin = MediaTime::from_millis(5000);
    let blocks =
        (0..100).map(|k| AudioBlock { pts: MediaTime::from_millis(5000 + k * 10), ..block(k, sine) });
    let (encoder, units) = encode(blocks);
    // 48 000 samples are 46.875 frames; the encoder's run-up adds one.
    assert_eq!(units.len(), 48);
    for (n, unit) in units.iter().enumerate() {
        let at = MediaTime::from_samples((n as i64 - 1) * 1024).nanos() + origin.nanos();
        assert_eq!((unit.pts.nanos(), unit.dts), (at, unit.pts));
        assert!(unit.keyframe && !unit.data.is_empty());
    }
    let StreamConfig::Audio(config) = &*encoder.config() else { panic!("not sound") };
    // AAC-LC, 48 kHz, two channels: 00010 0011 0010 000.
    assert_eq!(&config.record[..2], &[0x11, 0x90]);
}

#[test]
fn a_click_comes_out_of_a_recording_when_it_went_in() {
    let click = |t: f64| if (0.5..0.501).contains(&t) { 0.9 } else { 0.0 };
    let units = programme(settings(), 1, click);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("click.mp4");
    let mut mp4 = FragmentedMp4::create(&file, &video_config(&units), &audio_config(&units)).unwrap();
    units.iter().for_each(|unit| mp4.write(unit).unwrap());
    mp4.finish().unwrap();
    let (line, errors) =
        ffprobe("-select_streams a -show_entries stream=codec_name,profile,sample_rate,channels", &file);
    assert_eq!((line.as_str(), errors.as_str()), ("aac,LC,48000,2", ""));
    let mut reader = SoundReader::open(&file).unwrap();
    let mut loudest = (0.0f32, 0);
    while let Some(sound) = reader.next().unwrap() {
        for (n, pair) in sound.samples.chunks_exact(2).enumerate() {
            if pair[0].abs() > loudest.0 {
                loudest = (pair[0].abs(), sound.at.nanos() + MediaTime::from_samples(n as i64).nanos());
            }
        }
    }
    let off = loudest.1 - 500_000_000;
    assert!((-1_000_000..2_000_000).contains(&off), "the click is {off} ns off");
}

#[test]
fn a_late_block_is_preceded_by_silence_and_a_repeated_one_left_out() {
    let (encoder, units) = encode([0, 1, 2, 7, 8, 8, 9].into_iter().map(|k| block(k, sine)));
    assert_eq!((encoder.filled(), encoder.skipped()), (4 * 480, 1));
    assert_eq!(units.len(), 6);
    let mut encoder = AacEncoder::open(64_000).unwrap();
    encoder.encode(&block(0, sine), &mut Vec::new()).unwrap();
    let far = encoder.encode(&block(100_000, sine), &mut Vec::new());
    assert!(matches!(far, Err(AacError::Jump(_))));
}

#[test]
fn numbers_that_are_none_do_not_spoil_the_sound_after_them() {
    let wave = |t: f64| if (0.1..0.2).contains(&t) { f64::NAN } else { sine(t) };
    let units = programme(settings(), 1, wave);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("nan.mp4");
    let mut mp4 = FragmentedMp4::create(&file, &video_config(&units), &audio_config(&units)).unwrap();
    units.iter().for_each(|unit| mp4.write(unit).unwrap());
    mp4.finish().unwrap();
    let mut reader = SoundReader::open(&file).unwrap();
    reader.seek(MediaTime::from_millis(500)).unwrap();
    let mut sum = (0.0, 0);
    while let Some(sound) = reader.next().unwrap() {
        sum.0 += sound.samples.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>();
        sum.1 += sound.samples.len();
    }
    let level = (sum.0 / f64::from(sum.1 as u32)).sqrt();
    assert!((0.3..0.4).contains(&level), "a sine of 0.5 has 0.354, not {level}");
}

#[test]
fn a_bitrate_that_is_none_and_blocks_after_the_end_are_refused() {
    assert!(matches!(AacEncoder::open(1000), Err(AacError::Bitrate(1000))));
    let (mut encoder, _) = encode((0..3).map(|k| block(k, sine)));
    assert_eq!(encoder.encode(&block(3, sine), &mut Vec::new()), Err(AacError::Finished));
}
