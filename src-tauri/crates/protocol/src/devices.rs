//! What is plugged in.

use serde::{Deserialize, Serialize};
use specta::Type;

/// All devices at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Type)]
pub struct Devices {
    /// Cameras.
    pub cameras: Vec<CameraView>,
    /// Microphones and other sound inputs.
    pub microphones: Vec<MicrophoneView>,
    /// Screens and windows that can be shown.
    pub screens: Vec<ScreenView>,
}

/// A camera.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct CameraView {
    /// Number the system gives it; changes when devices are replugged.
    pub index: u32,
    /// Name, as people know it.
    pub name: String,
    /// Stays the same across replugging where the system tells.
    pub stable_id: String,
    /// Formats it offers, best first.
    pub formats: Vec<CameraFormatView>,
}

/// A format of a camera.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct CameraFormatView {
    /// `mjpeg`, `yuyv`, `nv12`.
    pub pixel: String,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Frames per second.
    pub fps: f32,
}

/// A sound input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct MicrophoneView {
    /// Name, as people know it.
    pub name: String,
    /// Whether the system uses it when nothing is chosen.
    pub is_default: bool,
}

/// A screen or window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct ScreenView {
    /// Title of the window; empty for the whole screen.
    pub title: String,
}
