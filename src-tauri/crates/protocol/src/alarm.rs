//! What the one sentence at the top may say. The window picks the highest and words it.

use serde::{Deserialize, Serialize};
use specta::Type;

use crate::Params;

/// How loud an alarm is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum AlarmLevel {
    /// In order.
    Info,
    /// Viewers may notice soon, or the host should act.
    Attention,
    /// Viewers notice now.
    Urgent,
}

/// What is the matter. Declared in the order of urgency among equals: what viewers feel first comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum AlarmCode {
    /// No destination receives; `seconds` since when.
    OffAir,
    /// A destination rejects the key; `destination`.
    KeyRejected,
    /// A visible source is lost and its slate is shown; `source`.
    SourceLost,
    /// A visible source's last frame is held; `source`.
    SourceHeld,
    /// A visible device is not there; `source`.
    SourceGone,
    /// No sound from the microphone; `source`.
    MicrophoneSilent,
    /// The microphone is not there; `source`.
    MicrophoneGone,
    /// Muted while speaking; `source`.
    MutedSpeaking,
    /// The programme clips.
    SoundClipping,
    /// One destination of several is not reached; `destination`, `reason`.
    DestinationDown,
    /// A destination reconnects; `destination`.
    DestinationReconnecting,
    /// The encoder failed and another took over; `encoder`.
    EncoderFellBack,
    /// This computer is too slow: frames were dropped; `dropped`.
    Overloaded,
    /// The recording stopped; `reason`.
    RecordingFailed,
    /// Little room for the recording; `minutes`.
    DiskLow,
    /// Keys are kept for this session only: no keychain.
    VaultInMemory,
}

/// The one button beside the sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum AlarmAction {
    /// Reconnect the destinations now.
    RetryNow,
    /// Change the destination's key; `destination`.
    EditDestination,
    /// Pick another device for `source`.
    ReplaceSource,
    /// Close and open the device of `source` again.
    RestartSource,
    /// Unmute `source`.
    Unmute,
    /// Turn `source` down.
    TurnDown,
    /// Choose another folder for recordings.
    ChooseFolder,
}

/// One thing that is the matter now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Alarm {
    /// What.
    pub code: AlarmCode,
    /// How loud.
    pub level: AlarmLevel,
    /// Values for the wording.
    pub params: Params,
    /// The button, if one helps.
    pub action: Option<AlarmAction>,
}
