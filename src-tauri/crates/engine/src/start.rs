//! What a studio starts from: its last show, an empty snapshot, reasons not to start.

use std::path::Path;

use vitrine_protocol::{
    AudioStatus, Devices, ErrorCode, Phase, ProcessStatus, Snapshot, Status, UiError, VideoStatus,
};
use vitrine_scene::{Canvas, ParseError, Show};
use vitrine_store::{Locations, LockError};

use crate::preferences::Preferences;
use crate::{errors, views};

/// The show of the last run; a first one where there is none, or where it cannot be read (it stays where it is, under
/// another name, so that nothing is lost).
pub(crate) fn last_show(locations: &Locations) -> Show {
    let path = locations.show_file();
    if !path.exists() {
        return first_show(locations);
    }
    match read_show(&path) {
        Ok(show) => show,
        Err(error) => {
            let aside = path.with_extension("unreadable.json");
            let kept = std::fs::rename(&path, &aside);
            tracing::error!(
                ?error,
                ?kept,
                "the last show cannot be read; it is kept aside and a new one begun"
            );
            Show::starter(Canvas::LANDSCAPE)
        }
    }
}

/// The first show, with names in the host's language: from here on they are the host's to change.
fn first_show(locations: &Locations) -> Show {
    let mut show = Show::starter(Canvas::LANDSCAPE);
    let (settings, _) = vitrine_store::SettingsFile::open(locations);
    if speaks_english(settings.settings().language, &std::env::var("LANG").unwrap_or_default()) {
        return show;
    }
    for scene in &mut show.scenes {
        "主播".clone_into(&mut scene.name);
        for item in &mut scene.items {
            "摄像头".clone_into(&mut item.name);
        }
    }
    for source in &mut show.sources {
        let camera = matches!(source.input, vitrine_scene::Input::Camera(_));
        if camera { "摄像头" } else { "麦克风" }.clone_into(&mut source.name);
    }
    show
}

/// Whether the host has chosen English, or chosen nothing on a system that speaks it. Chinese is the base language.
fn speaks_english(chosen: Option<vitrine_store::Language>, lang: &str) -> bool {
    match chosen {
        Some(language) => language == vitrine_store::Language::En,
        None => lang.starts_with("en"),
    }
}

/// Reads and checks a show file.
pub(crate) fn read_show(path: &Path) -> Result<Show, UiError> {
    let bytes = std::fs::read(path).map_err(|error| {
        let detail = errors::params([("path", path.display().to_string()), ("detail", error.to_string())]);
        errors::ui_error(ErrorCode::ShowUnreadable, detail, false)
    })?;
    Show::parse_bytes(&bytes).map_err(|error| parse_error(&error))
}

fn parse_error(error: &ParseError) -> UiError {
    let detail = error.to_string();
    match error {
        ParseError::Newer { .. } => {
            errors::ui_error(ErrorCode::ShowTooNew, errors::params([("detail", detail)]), false)
        }
        ParseError::Syntax { line, column, message } | ParseError::Type { line, column, message, .. } => {
            let what = errors::params([
                ("line", line.to_string()),
                ("column", column.to_string()),
                ("detail", message.clone()),
            ]);
            errors::ui_error(ErrorCode::ShowUnreadable, what, false)
        }
        _ => errors::ui_error(ErrorCode::ShowUnreadable, errors::params([("detail", detail)]), false),
    }
}

/// Why the folder cannot be locked.
pub(crate) fn lock_error(error: &LockError) -> UiError {
    errors::ui_error(ErrorCode::AlreadyRunning, errors::params([("detail", error.to_string())]), true)
}

/// The snapshot before anything has happened.
pub(crate) fn empty_snapshot(preferences: &Preferences) -> Snapshot {
    let show = Show::blank(Canvas::LANDSCAPE);
    Snapshot {
        revision: 0,
        phase: Phase::Idle,
        show: views::show(&show, "", true, None, None),
        sources: Vec::new(),
        devices: Devices::default(),
        destinations: Vec::new(),
        recording: None,
        rehearsal: None,
        alarms: Vec::new(),
        settings: preferences.view(),
    }
}

/// The status before anything has happened.
pub(crate) fn empty_status() -> Status {
    Status {
        t: 0.0,
        state: "idle".to_owned(),
        video: VideoStatus {
            fps: 0.0,
            encoded: 0,
            dropped_before_encode: 0,
            repeated: 0,
            late_ticks: 0,
            encoder: String::new(),
            bitrate: 0,
        },
        audio: AudioStatus { xruns: 0, level_db: -100.0 },
        sources: Vec::new(),
        destinations: Vec::new(),
        record: None,
        process: ProcessStatus { cpu: 0.0, rss_mb: 0.0 },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_show_speaks_the_hosts_language() {
        assert!(speaks_english(Some(vitrine_store::Language::En), "zh_CN.UTF-8"));
        assert!(speaks_english(None, "en_GB.UTF-8"));
        assert!(!speaks_english(None, "C.UTF-8"));
        assert!(!speaks_english(Some(vitrine_store::Language::ZhCn), "en_US.UTF-8"));
    }

    #[test]
    fn a_show_that_cannot_be_read_is_kept_aside() {
        let folder = tempfile::tempdir().unwrap();
        let locations = Locations::within(folder.path());
        std::fs::write(locations.show_file(), "{ oops").unwrap();
        assert_eq!(last_show(&locations).scenes.len(), 1);
        let kept = std::fs::read_to_string(folder.path().join("show.unreadable.json")).unwrap();
        assert_eq!(kept, "{ oops");
    }
}
