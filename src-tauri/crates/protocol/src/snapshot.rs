//! The whole state of the studio, and the events that keep a copy of it current.
//!
//! Each event carries one aggregate whole and the revision it leads to. A gap in the revisions means: read the
//! snapshot again.

use serde::{Deserialize, Serialize};
use specta::Type;

use crate::{Alarm, Devices, ErrorCode, Params, ShowView, SourceKindView};

/// Everything the window shows, at one revision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct Snapshot {
    /// Counts every event since the studio started.
    pub revision: u32,
    /// What the studio does.
    pub phase: Phase,
    /// The show.
    pub show: ShowView,
    /// Sources and how they are.
    pub sources: Vec<SourceView>,
    /// What is plugged in.
    pub devices: Devices,
    /// Where the show goes.
    pub destinations: Vec<DestinationView>,
    /// The recording, if one runs or just failed.
    pub recording: Option<RecordingView>,
    /// The rehearsal room, if open.
    pub rehearsal: Option<RehearsalView>,
    /// What is the matter, highest first.
    pub alarms: Vec<Alarm>,
    /// Preferences.
    pub settings: SettingsView,
}

/// A change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct Event {
    /// Revision after it; one more than the event before.
    pub revision: u32,
    /// The aggregate that changed.
    pub body: EventBody,
}

/// An aggregate, whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
#[serde(tag = "type", content = "value", rename_all = "snake_case")]
pub enum EventBody {
    /// What the studio does.
    Phase(Phase),
    /// The show.
    Show(ShowView),
    /// Sources.
    Sources(Vec<SourceView>),
    /// Devices.
    Devices(Devices),
    /// Destinations.
    Destinations(Vec<DestinationView>),
    /// Recording.
    Recording(Option<RecordingView>),
    /// Rehearsal.
    Rehearsal(Option<RehearsalView>),
    /// Alarms.
    Alarms(Vec<Alarm>),
    /// Preferences.
    Settings(SettingsView),
}

/// How a broadcast is going.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum LiveHealth {
    /// All well.
    Healthy,
    /// On air, but something is the matter.
    Degraded,
    /// No destination receives; reconnecting.
    Reconnecting,
}

/// What the studio does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub enum Phase {
    /// Off air.
    Idle,
    /// Going live: no destination has accepted the first picture yet.
    Starting {
        /// Seconds since the command.
        seconds: f64,
    },
    /// On air.
    Live {
        /// Milliseconds since the Unix epoch when the first picture was accepted.
        since_millis: f64,
        /// How it goes.
        health: LiveHealth,
    },
    /// In the rehearsal room.
    Rehearsal {
        /// Milliseconds since the Unix epoch when it began.
        since_millis: f64,
    },
    /// Winding down.
    Ending,
    /// Just ended: what it was.
    Ended {
        /// Length in seconds.
        seconds: f64,
        /// Longest gap a viewer may have seen, in milliseconds.
        longest_gap_millis: u32,
        /// Whether it was a rehearsal.
        rehearsal: bool,
    },
}

/// A source and how it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct SourceView {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Kind.
    pub kind: SourceKindView,
    /// Device, path or words behind it, for the second line.
    pub detail: String,
    /// `warming`, `live`, `held`, `lost`, `gone`.
    pub state: String,
    /// Why it is not live.
    pub error: Option<ErrorCode>,
    /// Values for the wording of `error`.
    pub params: Params,
    /// Seconds since its last frame, if held or lost.
    pub silent_secs: Option<f32>,
}

/// State of a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum DestinationState {
    /// Not in use.
    Off,
    /// Connecting or negotiating.
    Connecting,
    /// Receives.
    Live,
    /// Will be tried again.
    Waiting,
    /// The server says no.
    Rejected,
}

/// A key as the window may know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct SecretView {
    /// Whether one is stored.
    pub present: bool,
    /// Its last four characters if it is long enough to show them.
    pub last4: Option<String>,
}

/// Where the show goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct DestinationView {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Server address without the key.
    pub url: String,
    /// The key.
    pub key: SecretView,
    /// Used when going live.
    pub enabled: bool,
    /// State.
    pub state: DestinationState,
    /// Why it is not live.
    pub error: Option<ErrorCode>,
    /// Reconnects in this broadcast.
    pub reconnects: u32,
}

/// A destination as the host enters it. Its `Debug` hides the address, which may hold a key, and the key.
#[derive(Clone, PartialEq, Serialize, Deserialize, Type)]
pub struct DestinationDraft {
    /// Id to change; `None` to add.
    pub id: Option<String>,
    /// Name.
    pub name: String,
    /// Server address; a key in it is moved to the vault.
    pub url: String,
    /// The key; `None` keeps the stored one.
    pub key: Option<String>,
    /// Use when going live.
    pub enabled: bool,
}

impl std::fmt::Debug for DestinationDraft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DestinationDraft")
            .field("id", &self.id)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct RecordingView {
    /// File.
    pub path: String,
    /// Milliseconds since the Unix epoch when it began.
    pub since_millis: f64,
    /// Why it stopped.
    pub error: Option<ErrorCode>,
}

/// The rehearsal room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct RehearsalView {
    /// Address of the watch page.
    pub watch_url: String,
    /// Watchers now.
    pub viewers: u32,
    /// Delay the watch page measured, in milliseconds.
    pub delay_millis: Option<f32>,
    /// Whether the watch page shows moving pictures; `None` until a page watches.
    pub picture_ok: Option<bool>,
    /// Whether the watch page hears sound; `None` until a page watches.
    pub sound_ok: Option<bool>,
}

/// Language of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub enum Language {
    /// Simplified Chinese.
    #[serde(rename = "zh-CN")]
    ZhCn,
    /// English.
    #[serde(rename = "en")]
    En,
}

/// Light or dark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// Dark.
    Dark,
    /// Light.
    Light,
}

/// Where keys are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum VaultView {
    /// In the system's keychain.
    Keychain,
    /// In memory, until the studio closes.
    Memory,
}

/// Picture and encoder settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct VideoProfileView {
    /// Bits per second.
    pub video_bitrate: u32,
    /// Bits per second.
    pub audio_bitrate: u32,
    /// x264 preset.
    pub preset: String,
    /// `auto` or an encoder's name.
    pub encoder: String,
}

/// Preferences.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct SettingsView {
    /// Language; `None` follows the system.
    pub language: Option<Language>,
    /// Theme.
    pub theme: Theme,
    /// Folder for recordings.
    pub record_folder: String,
    /// Picture and encoder.
    pub video: VideoProfileView,
    /// Where keys are kept.
    pub vault: VaultView,
}

/// The preferences a host may change, all at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct SettingsPatch {
    /// Language; `None` follows the system.
    pub language: Option<Language>,
    /// Theme.
    pub theme: Theme,
    /// Folder for recordings.
    pub record_folder: String,
    /// Picture and encoder; in force from the next broadcast on.
    pub video: VideoProfileView,
}

/// What a file dialog looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// Films and music.
    Media,
    /// Still pictures.
    Image,
}
