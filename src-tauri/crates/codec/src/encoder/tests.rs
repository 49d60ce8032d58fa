//! The change of encoder in mid-broadcast: real encoders that are made to fail.

use super::*;
use vitrine_media::{FramePool, FrameRate};

/// libx264 under another name, which fails from its `after`-th frame on.
struct Failing {
    inner: lavc::Lavc,
    kind: EncoderKind,
    after: usize,
    fails_at_end: bool,
}

impl Backend for Failing {
    fn kind(&self) -> EncoderKind {
        self.kind
    }

    fn config(&self) -> &Arc<StreamConfig> {
        self.inner.config()
    }

    fn encode(
        &mut self,
        frame: &VideoFrame,
        tick: i64,
        force_key: bool,
        out: &mut Vec<AccessUnit>,
    ) -> Result<(), BackendError> {
        if self.after == 0 {
            return Err(BackendError::Unusable("the driver was reset"));
        }
        self.after -= 1;
        self.inner.encode(frame, tick, force_key, out)
    }

    fn finish(&mut self, out: &mut Vec<AccessUnit>) -> Result<(), BackendError> {
        if self.fails_at_end {
            Err(BackendError::Unusable("the driver was reset"))
        } else {
            self.inner.finish(out)
        }
    }

    fn set_bitrate(&mut self, _: u32) -> BitrateChange {
        BitrateChange::Reopen
    }
}

fn settings() -> VideoSettings {
    VideoSettings {
        width: 160,
        height: 90,
        bitrate: 300_000,
        encoder: EncoderChoice::Only(EncoderKind::Nvenc),
        ..VideoSettings::default()
    }
}

/// An encoder whose hardware fails after `after` frames, or never opens for `None`.
fn with_hardware(after: Option<usize>, fails_at_end: bool) -> VideoEncoder {
    let open = move |kind, settings: &VideoSettings| -> Result<Box<dyn Backend>, BackendError> {
        let inner = lavc::Lavc::open(EncoderKind::X264, settings)?;
        match (kind, after) {
            (EncoderKind::X264, _) => Ok(Box::new(inner)),
            (_, None) => Err(BackendError::NotBuilt),
            (kind, Some(after)) => Ok(Box::new(Failing { inner, kind, after, fails_at_end })),
        }
    };
    VideoEncoder::open_with(settings(), Box::new(open)).unwrap()
}

fn run(encoder: &mut VideoEncoder, ticks: i64) -> Vec<AccessUnit> {
    let pool = FramePool::new(KEPT_FRAMES + 2);
    let mut out = Vec::new();
    for tick in 0..ticks {
        let mut frame = pool.take(160, 90, false).unwrap();
        frame.fill_black();
        frame.planes_mut()[0].fill(16 + tick as u8);
        encoder.encode(&frame.freeze(MediaTime::ZERO, 0), tick, false, &mut out).unwrap();
    }
    encoder.finish(&mut out).unwrap();
    out
}

fn ticks(units: &[AccessUnit]) -> Vec<i64> {
    units.iter().map(|unit| FrameRate::FPS_30.tick_at(unit.pts)).collect()
}

#[test]
fn hardware_that_fails_on_air_is_replaced_without_losing_a_frame() {
    for after in [1, 5, 40] {
        let mut encoder = with_hardware(Some(after), false);
        assert_eq!((encoder.kind(), encoder.fallbacks()), (EncoderKind::Nvenc, 0));
        let units = run(&mut encoder, 90);
        assert_eq!((encoder.kind(), encoder.fallbacks(), encoder.lost()), (EncoderKind::X264, 1, 0));
        assert!(encoder.fallback_reason().unwrap().contains("driver was reset"));
        assert_eq!(ticks(&units), (0..90).collect::<Vec<_>>(), "after {after}");
        assert!(units.windows(2).all(|pair| pair[0].dts <= pair[1].dts));
        // Where the configuration changes, a decoder can begin.
        let change = units.windows(2).position(|pair| !Arc::ptr_eq(&pair[0].config, &pair[1].config));
        assert!(units[change.map_or(0, |n| n + 1)].keyframe);
        assert!(units.iter().filter(|unit| unit.keyframe).count() >= 2 || change.is_none());
    }
}

#[test]
fn hardware_that_fails_at_the_very_end_gives_its_last_frames_to_software() {
    let mut encoder = with_hardware(Some(1000), true);
    let units = run(&mut encoder, 45);
    assert_eq!(ticks(&units), (0..45).collect::<Vec<_>>());
    assert_eq!(encoder.fallbacks(), 1);
}

#[test]
fn hardware_that_does_not_open_is_never_used() {
    let mut encoder = with_hardware(None, false);
    assert_eq!((encoder.kind(), encoder.fallbacks()), (EncoderKind::X264, 1));
    assert_eq!(run(&mut encoder, 5).len(), 5);
}

#[test]
fn hardware_that_cannot_change_its_bitrate_is_opened_anew_at_a_keyframe() {
    let mut encoder = with_hardware(Some(1000), false);
    let pool = FramePool::new(KEPT_FRAMES + 2);
    let mut out = Vec::new();
    for tick in 0..100 {
        if tick == 30 {
            encoder.set_bitrate(150_000);
        }
        let mut frame = pool.take(160, 90, false).unwrap();
        frame.fill_black();
        encoder.encode(&frame.freeze(MediaTime::ZERO, 0), tick, false, &mut out).unwrap();
    }
    encoder.finish(&mut out).unwrap();
    assert_eq!(ticks(&out), (0..100).collect::<Vec<_>>());
    let keys: Vec<_> =
        out.iter().filter(|unit| unit.keyframe).map(|u| FrameRate::FPS_30.tick_at(u.pts)).collect();
    assert_eq!(keys, [0, 60]);
    let StreamConfig::Video(config) = &*out[60].config else { panic!("not a picture") };
    assert_eq!((config.bitrate, encoder.fallbacks()), (150_000, 0));
}

#[test]
fn an_encoder_gives_up_only_when_software_fails_again_and_again() {
    let mut opened = 0;
    let open = move |kind, settings: &VideoSettings| -> Result<Box<dyn Backend>, BackendError> {
        opened += 1;
        assert!(opened < 20, "it must end");
        let inner = lavc::Lavc::open(EncoderKind::X264, settings)?;
        Ok(Box::new(Failing { inner, kind, after: usize::from(opened == 1), fails_at_end: false }))
    };
    let mut encoder = VideoEncoder::open_with(settings(), Box::new(open)).unwrap();
    let mut frame = FramePool::new(1).take(160, 90, false).unwrap();
    frame.fill_black();
    let frame = frame.freeze(MediaTime::ZERO, 0);
    let mut out = Vec::new();
    encoder.encode(&frame, 0, false, &mut out).unwrap();
    assert!(matches!(encoder.encode(&frame, 1, false, &mut out), Err(EncodeError::Failed { .. })));
    assert_eq!(encoder.encode(&frame, 2, false, &mut out), Err(EncodeError::Finished));
}
