//! The settings on disk: read once, written whole at each change.
//!
//! One owner, no thread, no lock. Reading never fails: what is wrong becomes a [`Notice`].

use std::fs;
use std::io;
use std::path::PathBuf;

use serde_json::Value;

use crate::aside::{copy_aside, put_aside};
use crate::migrate::{self, Document};
use crate::{Locations, Notice, Settings, SettingsError, write_atomic};

/// Why a change was not saved.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// A value cannot be used. Nothing has changed: tell the host which.
    #[error(transparent)]
    Unusable(#[from] SettingsError),
    /// The file could not be written. The change is in force until the studio closes: tell the host so.
    #[error("the settings could not be saved: {0}")]
    NotSaved(#[source] io::Error),
    /// The file there could not be read, so it is not written over. The change is in force until the studio closes.
    #[error("the settings are not saved over a file that could not be read")]
    Protected,
}

/// The settings, with the file they are kept in.
#[derive(Debug)]
pub struct SettingsFile {
    path: PathBuf,
    settings: Settings,
    protected: bool,
}

impl SettingsFile {
    /// Reads the settings, or takes the defaults where there are none.
    pub fn open(locations: &Locations) -> (Self, Vec<Notice>) {
        let path = locations.settings_file();
        let mut file = Self { path, settings: fresh(), protected: false };
        let notices = file.read();
        (file, notices)
    }

    /// What is in force.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Changes the settings and writes them. A change that cannot be used changes nothing; one that cannot be
    /// written is in force all the same.
    pub fn update(&mut self, change: impl FnOnce(&mut Settings)) -> Result<(), SaveError> {
        let mut settings = self.settings.clone();
        change(&mut settings);
        settings.version = self.settings.version;
        settings.check()?;
        if settings == self.settings && self.path.exists() {
            return Ok(());
        }
        self.settings = settings;
        if self.protected {
            return Err(SaveError::Protected);
        }
        let mut text =
            serde_json::to_vec_pretty(&self.settings).map_err(|e| SaveError::NotSaved(e.into()))?;
        text.push(b'\n');
        write_atomic(&self.path, &text).map_err(SaveError::NotSaved)
    }

    fn read(&mut self) -> Vec<Notice> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
            Err(error) => return vec![self.unreadable(&error)],
        };
        // A byte-order mark is what Windows editors leave behind.
        let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
        match parse(text) {
            Ok((settings, version)) => {
                self.settings = settings;
                self.accepted(version)
            }
            Err(error) => vec![self.not_understood(&error)],
        }
    }

    fn accepted(&mut self, version: u32) -> Vec<Notice> {
        let mut notices = Vec::new();
        let newer = version > migrate::CURRENT;
        if newer {
            let kept_as = copy_aside(&self.path, &format!("v{version}")).ok();
            notices.push(Notice::SettingsNewer { version, kept_as });
        }
        let corrected = self.settings.correct();
        if !corrected.is_empty() && !newer {
            // The next save writes the corrected values: keep what the host had written.
            let _ = copy_aside(&self.path, "before");
        }
        notices.extend(corrected.into_iter().map(|field| Notice::SettingCorrected { field }));
        notices
    }

    fn not_understood(&mut self, error: &serde_json::Error) -> Notice {
        match put_aside(&self.path) {
            Ok(kept_as) => Notice::SettingsPutAside {
                kept_as,
                line: error.line(),
                column: error.column(),
                reason: reason(error),
            },
            Err(error) => self.unreadable(&error),
        }
    }

    fn unreadable(&mut self, error: &io::Error) -> Notice {
        self.protected = true;
        Notice::SettingsUnreadable { path: self.path.clone(), reason: error.to_string() }
    }
}

fn fresh() -> Settings {
    Settings { version: migrate::CURRENT, ..Settings::default() }
}

/// The settings in `text` and the version it was written in.
fn parse(text: &[u8]) -> Result<(Settings, u32), serde_json::Error> {
    let document: Document = serde_json::from_slice(text)?;
    let version = migrate::version(&document);
    if version == migrate::CURRENT {
        // Parsed from the text itself, so that a mistake has a line and a column.
        return Ok((serde_json::from_slice(text)?, version));
    }
    let settings = serde_json::from_value(Value::Object(migrate::to_current(document)))?;
    Ok((settings, version))
}

/// The parser's words without any value it quotes: a key pasted into the wrong place must not get into a log.
fn reason(error: &serde_json::Error) -> String {
    match error.classify() {
        serde_json::error::Category::Eof => "the file ends too early".to_owned(),
        serde_json::error::Category::Data => "a value has the wrong type".to_owned(),
        serde_json::error::Category::Syntax | serde_json::error::Category::Io => "this is no JSON".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Theme;
    use proptest::prelude::*;

    fn folder() -> (tempfile::TempDir, Locations) {
        let folder = tempfile::tempdir().unwrap();
        let locations = Locations::within(folder.path());
        (folder, locations)
    }

    fn open_with(text: &[u8]) -> (tempfile::TempDir, SettingsFile, Vec<Notice>) {
        let (folder, locations) = folder();
        fs::write(locations.settings_file(), text).unwrap();
        let (file, notices) = SettingsFile::open(&locations);
        (folder, file, notices)
    }

    #[test]
    fn the_first_start_has_defaults_and_nothing_to_say() {
        let (_folder, locations) = folder();
        let (file, notices) = SettingsFile::open(&locations);
        assert_eq!((file.settings(), notices), (&fresh(), vec![]));
        assert!(!locations.settings_file().exists());
    }

    #[test]
    fn what_is_changed_is_there_at_the_next_start() {
        let (_folder, locations) = folder();
        let (mut file, _) = SettingsFile::open(&locations);
        file.update(|s| s.theme = Theme::Light).unwrap();
        let (again, notices) = SettingsFile::open(&locations);
        assert_eq!((again.settings(), notices), (file.settings(), vec![]));
    }

    #[test]
    fn fields_of_another_version_survive_a_change() {
        let (_folder, mut file, notices) = open_with(include_bytes!("../fixtures/settings-v1.json"));
        assert_eq!(notices, []);
        file.update(|s| s.theme = Theme::Dark).unwrap();
        let text = fs::read_to_string(&file.path).unwrap();
        assert!(text.contains("\"乌龙\"") && text.contains("\"note\": \"kept\""), "{text}");
    }

    #[test]
    fn a_broken_file_is_put_aside_with_its_place_and_without_its_words() {
        let (_folder, mut file, notices) =
            open_with(b"{\n  \"version\": 1,\n  \"theme\": \"live_sk_secret\"\n}");
        let [Notice::SettingsPutAside { kept_as, line, reason, .. }] = &notices[..] else {
            panic!("{notices:?}")
        };
        assert_eq!((*line, fs::read_to_string(kept_as).unwrap().contains("live_sk")), (3, true));
        assert!(!reason.contains("live_sk") && !format!("{notices:?}").contains("live_sk"));
        assert_eq!(file.settings(), &fresh());
        file.update(|s| s.theme = Theme::Light).unwrap();
        assert!(kept_as.exists(), "saving does not touch what was put aside");
    }

    #[test]
    fn a_newer_document_is_used_as_far_as_it_goes_and_copied() {
        let text = br#"{"version": 7, "theme": "light", "hologram": true}"#;
        let (_folder, mut file, notices) = open_with(text);
        let [Notice::SettingsNewer { version: 7, kept_as: Some(kept_as) }] = &notices[..] else {
            panic!("{notices:?}")
        };
        assert_eq!(file.settings().theme, Theme::Light);
        file.update(|s| s.window.maximized = true).unwrap();
        assert_eq!(fs::read(kept_as).unwrap(), text);
        let written: Value = serde_json::from_slice(&fs::read(&file.path).unwrap()).unwrap();
        assert_eq!((&written["version"], &written["hologram"]), (&7.into(), &true.into()));
    }

    #[test]
    fn a_value_out_of_range_is_corrected_and_named() {
        let (_folder, file, notices) =
            open_with(br#"{"version": 1, "video": {"fps": {"num": 30, "den": 0}}}"#);
        assert_eq!(notices, [Notice::SettingCorrected { field: "video.fps".to_owned() }]);
        assert_eq!(file.settings().check(), Ok(()));
    }

    #[test]
    fn a_folder_in_place_of_the_file_is_never_written_over() {
        let (_folder, locations) = folder();
        fs::create_dir(locations.settings_file()).unwrap();
        let (mut file, notices) = SettingsFile::open(&locations);
        assert!(matches!(notices[..], [Notice::SettingsUnreadable { .. }]));
        assert!(matches!(file.update(|s| s.theme = Theme::Light), Err(SaveError::Protected)));
        assert_eq!(file.settings().theme, Theme::Light, "in force until the studio closes");
    }

    #[test]
    fn an_unusable_change_changes_nothing() {
        let (_folder, locations) = folder();
        let (mut file, _) = SettingsFile::open(&locations);
        assert!(matches!(file.update(|s| s.video.width = 7), Err(SaveError::Unusable(_))));
        assert_eq!(file.settings(), &fresh());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_file_whatever_keeps_the_studio_from_starting(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let (_folder, mut file, _) = open_with(&bytes);
            prop_assert!(file.settings().check().is_ok());
            prop_assert!(file.update(|s| s.window.maximized = true).is_ok());
        }

        #[test]
        fn a_truncated_file_is_understood_or_put_aside(cut in 0usize..900) {
            let text = include_bytes!("../fixtures/settings-v1.json");
            let (_folder, file, notices) = open_with(&text[..cut.min(text.len())]);
            prop_assert!(file.settings().check().is_ok());
            prop_assert!(notices.len() == 1 || cut >= text.len() - 1);
        }
    }
}
