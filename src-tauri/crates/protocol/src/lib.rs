//! Every type that crosses to the window or out of the command line: commands' data, the snapshot and its events,
//! telemetry, error codes, and the status lines of `vitrine --status`.
//!
//! Plain data only. The core sends codes and parameters, never prose: the window words them in its language.
//! Numbers fit JavaScript (no 64-bit integers); units stand in the names.

mod alarm;
mod devices;
mod error;
mod show;
mod snapshot;
mod status;
mod telemetry;

pub use alarm::{Alarm, AlarmAction, AlarmCode, AlarmLevel};
pub use devices::{CameraFormatView, CameraView, Devices, MicrophoneView, ScreenView};
pub use error::{ErrorCode, Params, UiError};
pub use show::{
    CanvasFormat, CropView, ItemEdit, ItemView, NewSource, SceneView, ShowView, SourceKindView, StripView,
    TextStyleView, TransformView, TransitionKind, TransitionView,
};
pub use snapshot::{
    DestinationDraft, DestinationState, DestinationView, Event, EventBody, FileKind, Language, LiveHealth,
    Phase, RecordingView, RehearsalView, SecretView, SettingsPatch, SettingsView, Snapshot, SourceView,
    Theme, VaultView, VideoProfileView,
};
pub use status::{
    AudioStatus, DestinationStatus, ProcessStatus, RecordStatus, SourceStatus, Status, VideoStatus,
};
pub use telemetry::{DestinationMeter, LevelVerdict, PreviewView, ProgrammeMeter, StripMeter, Telemetry};
