//! How large a picture is by nature, and whether a file can be used at all. Opens files: not for the actor's thread.

use std::path::Path;
use std::sync::Arc;

use vitrine_capture::{CaptureContext, CaptureError, VideoSpec, open_video};
use vitrine_media::{FramePool, FrameRate, MediaTime, MonotonicClock};
use vitrine_picture::Converter;
use vitrine_protocol::UiError;
use vitrine_scene::Input;

use crate::{casting, errors};

/// Columns and rows of a still or of words as drawn.
pub(crate) fn natural_size(input: &Input, folder: &Path) -> Result<(u32, u32), UiError> {
    let spec =
        casting::picture(input, folder).ok_or_else(|| errors::bad_request("this source has no picture"))?;
    let unusable = |error: &CaptureError| {
        let (code, params) = errors::capture(error);
        errors::ui_error(code, params, error.retryable())
    };
    let mut source = open_video(&spec, &context()).map_err(|e| unusable(&e))?;
    let frame = source.read(MediaTime::ZERO).map_err(|e| unusable(&e))?;
    frame.map(|f| (f.width(), f.height())).ok_or_else(|| errors::bad_request("the source shows nothing"))
}

/// Opens what is a file, to see that it can be used; devices are left alone.
pub(crate) fn check(input: &Input, folder: &Path) -> Result<(), UiError> {
    match casting::picture(input, folder) {
        Some(VideoSpec::Image { .. } | VideoSpec::Text(_)) => natural_size(input, folder).map(|_| ()),
        Some(VideoSpec::File { path, .. }) => {
            let media = vitrine_codec::MediaInfo::probe(&path).map_err(|error| {
                let detail = errors::params([("detail", format!("{}: {error}", path.display()))]);
                errors::ui_error(vitrine_protocol::ErrorCode::MediaUnusable, detail, false)
            })?;
            let usable = media.picture.is_some() || media.sound.is_some();
            if usable { Ok(()) } else { Err(errors::bad_request("the file has neither picture nor sound")) }
        }
        _ => Ok(()),
    }
}

fn context() -> CaptureContext {
    CaptureContext {
        clock: Arc::new(MonotonicClock::start()),
        convert: Arc::new(Converter::new()),
        pool: FramePool::new(4),
        canvas: (1920, 1080),
        rate: FrameRate::FPS_30,
    }
}
