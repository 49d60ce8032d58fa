//! Which encoders work here, found out by encoding.

use std::time::Instant;

use vitrine_media::{AccessUnit, FramePool, MediaTime, StreamConfig, VideoFrame};

use super::backend::{Backend as _, BackendError};
use super::lavc::Lavc;
use super::{EncoderKind, VideoSettings};

/// Frames of a trial: enough for a driver to fill its queues and give something back.
const TRIAL_FRAMES: i64 = 8;

/// What a trial of one encoder showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncoderProbe {
    /// Which encoder.
    pub kind: EncoderKind,
    /// Whether it opened and gave a picture for every frame, the first a keyframe.
    pub usable: bool,
    /// Why not, in the driver's words, for the log and for support.
    pub reason: Option<String>,
    /// How long opening and the trial took, in milliseconds.
    pub open_millis: u32,
}

/// Tries every encoder of this platform with `settings` and says how each did, best first. A driver may take seconds
/// or hang: call it on a thread that can be left behind.
pub fn probe_encoders(settings: &VideoSettings) -> Vec<EncoderProbe> {
    let kinds = EncoderKind::of_platform().iter().copied();
    kinds
        .map(|kind| {
            let begun = Instant::now();
            let checked = settings.check().map_err(|error| error.to_string());
            let result = checked.and_then(|()| trial(kind, settings).map_err(|error| error.to_string()));
            let open_millis = u32::try_from(begun.elapsed().as_millis()).unwrap_or(u32::MAX);
            EncoderProbe { kind, usable: result.is_ok(), reason: result.err(), open_millis }
        })
        .collect()
}

/// Opens the encoder and encodes a few black frames.
pub(super) fn trial(kind: EncoderKind, settings: &VideoSettings) -> Result<(), BackendError> {
    let mut encoder = Lavc::open(kind, settings)?;
    let frame = black(settings)?;
    let mut units: Vec<AccessUnit> = Vec::new();
    for tick in 0..TRIAL_FRAMES {
        encoder.encode(&frame, tick, tick == 0, &mut units)?;
    }
    encoder.finish(&mut units)?;
    let first = units.first().ok_or(BackendError::Unusable("it gives no pictures"))?;
    if units.len() as i64 != TRIAL_FRAMES {
        return Err(BackendError::Unusable("it loses pictures"));
    }
    if !first.keyframe || units.iter().any(|unit| unit.data.is_empty()) {
        return Err(BackendError::Unusable("it does not begin with a keyframe"));
    }
    match &*first.config {
        StreamConfig::Video(config) if !config.record.is_empty() => Ok(()),
        _ => Err(BackendError::Unusable("it gives no parameter sets")),
    }
}

fn black(settings: &VideoSettings) -> Result<VideoFrame, BackendError> {
    let frame = FramePool::new(1).take(settings.width, settings.height, false);
    let mut frame = frame.map_err(|_| BackendError::Unusable("out of memory"))?;
    frame.fill_black();
    Ok(frame.freeze(MediaTime::ZERO, 0))
}
