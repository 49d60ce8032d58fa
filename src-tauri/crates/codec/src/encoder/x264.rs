//! The options of libx264 for a live broadcast.

use super::VideoSettings;

/// Frames x264 looks ahead: enough for its macroblock tree to pay, little enough for a third of a second of delay.
const LOOKAHEAD: u32 = 10;

/// Threads: every core of a small machine, since each one adds a frame of delay and the rest of the studio needs some.
fn threads() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 6)
}

/// Everything but size, rate and colour.
///
/// VBV is on from the start, for x264 takes a new bitrate only then; `nal-hrd` is never set, for x264 then refuses one.
/// A scene cut makes no keyframe, so that their distance is what the settings say.
pub(super) fn options(settings: &VideoSettings) -> Vec<(&'static str, String)> {
    let bitrate = settings.bitrate.to_string();
    vec![
        ("preset", settings.preset.clone()),
        ("profile", "high".to_owned()),
        ("b", bitrate.clone()),
        ("maxrate", bitrate.clone()),
        ("bufsize", bitrate),
        ("bf", "0".to_owned()),
        ("rc-lookahead", LOOKAHEAD.to_string()),
        ("sc_threshold", "0".to_owned()),
        ("forced-idr", "1".to_owned()),
        ("threads", threads().to_string()),
    ]
}
