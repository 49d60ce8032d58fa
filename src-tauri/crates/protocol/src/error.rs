//! Errors as the window sees them: a code it can word, parameters for the wording, and whether trying again helps.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use specta::Type;

/// Values for the wording of a code: names, numbers, paths. Never a secret.
pub type Params = BTreeMap<String, String>;

/// What went wrong, as far as a host or a test needs to tell cases apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The command's data do not fit: see `detail`.
    BadRequest,
    /// What it names does not exist (any more).
    NotFound,
    /// Not possible in this phase, for example a new canvas while live.
    WrongPhase,
    /// No camera, microphone or screen of that name.
    DeviceMissing,
    /// Another program holds the device.
    DeviceBusy,
    /// The device offers no format that can be used.
    DeviceUnsupported,
    /// The system does not allow access to the device.
    DevicePermission,
    /// A media file cannot be used: see `detail`.
    MediaUnusable,
    /// The show file cannot be read: see `line`, `column`, `detail`.
    ShowUnreadable,
    /// The show was written by a newer version.
    ShowTooNew,
    /// The stream address is malformed: see `part`.
    BadUrl,
    /// The server's name could not be found.
    DnsFailed,
    /// The server refuses connections.
    ConnectionRefused,
    /// The server does not answer.
    ConnectionTimeout,
    /// The server's certificate is not valid for its name.
    TlsFailed,
    /// The server rejects the stream key or the application.
    KeyRejected,
    /// Somebody else publishes with this key.
    KeyInUse,
    /// The server closed the connection.
    ServerClosed,
    /// The server takes no more data.
    Stalled,
    /// The server breaks the protocol.
    ProtocolViolation,
    /// No destination is set.
    NoDestination,
    /// The disk is full.
    DiskFull,
    /// The folder cannot be written.
    ReadOnly,
    /// No encoder works on this machine.
    NoEncoder,
    /// The port is taken by another program.
    PortTaken,
    /// Another studio runs already.
    AlreadyRunning,
    /// Something inside failed; the log has more under `trace_id`.
    Internal,
}

/// An error at the window's edge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct UiError {
    /// The case.
    pub code: ErrorCode,
    /// Values for the wording.
    pub params: Params,
    /// Whether the same command may succeed later.
    pub retryable: bool,
    /// Finds the matching log lines.
    pub trace_id: String,
}

impl std::fmt::Display for UiError {
    /// For logs and terminals without a catalogue: the code and its values.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {:?}", self.code, self.params)
    }
}

impl std::error::Error for UiError {}
