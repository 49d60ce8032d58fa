//! What the host has to be told although nothing stopped.

use std::path::PathBuf;

use serde::Serialize;

/// Something was not as it should be, and the studio has carried on. Worded by the window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "notice", rename_all = "snake_case")]
pub enum Notice {
    /// The settings could not be understood. They were moved to `kept_as`, and defaults are in force.
    SettingsPutAside {
        /// Where the old file is now.
        kept_as: PathBuf,
        /// Line of the first mistake, from 1; 0 if unknown.
        line: usize,
        /// Column of the first mistake, from 1; 0 if unknown.
        column: usize,
        /// What was wrong there.
        reason: String,
    },
    /// The settings could not be read at all. Defaults are in force, and nothing will be saved over the file.
    SettingsUnreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        reason: String,
    },
    /// The settings were written by a newer studio. What is known of them is in force; a copy was made.
    SettingsNewer {
        /// Version of the document.
        version: u32,
        /// The copy, if it could be made.
        kept_as: Option<PathBuf>,
    },
    /// A value could not be used; its default is in force.
    SettingCorrected {
        /// Which, as a path into the document.
        field: String,
    },
    /// The history could not be understood. It was moved to `kept_as`, and a new one begun.
    HistoryPutAside {
        /// Where the old file is now.
        kept_as: PathBuf,
    },
    /// The history cannot be written, and is kept in memory until it can.
    HistoryInMemory {
        /// The database's reason.
        reason: String,
    },
    /// There is no keychain: stream keys are kept in memory until the studio closes.
    SecretsInMemory {
        /// The system's reason.
        reason: String,
    },
}
