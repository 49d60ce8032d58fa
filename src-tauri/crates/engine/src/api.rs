//! What can be asked of the engine, and how it is set up. Plain data.

use std::path::PathBuf;

use vitrine_media::Secret;
use vitrine_protocol::{
    CanvasFormat, DestinationDraft, DestinationView, ItemEdit, NewSource, SettingsPatch, TransitionView,
};

/// Where a broadcast goes.
#[derive(Clone, Debug)]
pub enum LiveTargets {
    /// Every destination of the settings that is switched on.
    Enabled,
    /// These, and no others.
    Only(Vec<LiveTarget>),
}

/// One way out.
#[derive(Clone, Debug)]
pub enum LiveTarget {
    /// A URL with its key in it.
    Url(Secret<String>),
    /// A destination of the settings, by name.
    Named(String),
}

/// Something the host wants. Each is answered within 50 ms; what takes longer shows in the snapshot.
#[derive(Clone, Debug)]
pub enum Command {
    /// Adds a source to a scene.
    AddSource {
        /// Scene.
        scene: String,
        /// What.
        source: NewSource,
    },
    /// Changes an item.
    EditItem {
        /// Scene.
        scene: String,
        /// Item.
        item: String,
        /// How.
        edit: ItemEdit,
    },
    /// Puts another device, file or text behind a source.
    ReplaceSource {
        /// Source.
        source: String,
        /// What.
        replacement: NewSource,
    },
    /// Closes and opens a source again.
    RestartSource {
        /// Source.
        source: String,
    },
    /// Adds an empty scene.
    AddScene {
        /// Its name.
        name: String,
    },
    /// Renames a scene.
    RenameScene {
        /// Scene.
        scene: String,
        /// Its new name.
        name: String,
    },
    /// Removes a scene.
    RemoveScene {
        /// Scene.
        scene: String,
    },
    /// Puts a scene on programme.
    TakeScene {
        /// Scene.
        scene: String,
    },
    /// Chooses the transition.
    SetTransition(TransitionView),
    /// Chooses the shape of the canvas. Only while nothing leaves the studio.
    SetCanvasFormat(CanvasFormat),
    /// Sets a strip.
    SetStrip {
        /// Its source.
        source: String,
        /// Fader.
        gain_db: f32,
        /// Mute.
        muted: bool,
    },
    /// Takes the last change back.
    Undo,
    /// Does it again.
    Redo,
    /// Adds or changes a destination.
    SaveDestination(DestinationDraft),
    /// Removes a destination.
    RemoveDestination {
        /// Id.
        id: String,
    },
    /// Switches a destination on or off for the next broadcast.
    SetDestinationEnabled {
        /// Id.
        id: String,
        /// On.
        enabled: bool,
    },
    /// Opens the rehearsal room.
    StartRehearsal {
        /// Port of the watch page; a free one if `None`.
        port: Option<u16>,
        /// Let others on the same network watch.
        lan: bool,
    },
    /// Goes live.
    StartLive(LiveTargets),
    /// Ends the broadcast or the rehearsal.
    StopBroadcast,
    /// Connects destinations that wait, now.
    RetryNow,
    /// Starts recording; `None` takes a new file in the folder for recordings.
    StartRecording {
        /// File.
        path: Option<PathBuf>,
    },
    /// Ends the recording.
    StopRecording,
    /// Changes preferences.
    SetSettings(SettingsPatch),
}

/// An answer.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Done, or begun.
    Done,
    /// The destination as it is now.
    Destination(DestinationView),
}

/// How the programme is encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodeProfile {
    /// Bits per second of picture.
    pub video_bitrate: u32,
    /// Bits per second of sound.
    pub audio_bitrate: u32,
    /// x264 preset.
    pub preset: String,
    /// `auto` or an encoder's name.
    pub encoder: String,
}

impl Default for EncodeProfile {
    fn default() -> Self {
        Self {
            video_bitrate: 4_500_000,
            audio_bitrate: 160_000,
            preset: "veryfast".into(),
            encoder: "auto".into(),
        }
    }
}
