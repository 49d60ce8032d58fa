//! What can go wrong at the door. Every variant tells the caller what to do next; [`CaptureError::retryable`] says it
//! in one bit. Never holds a secret: device names and paths only.

use std::path::PathBuf;

/// Why a source could not be opened, or ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CaptureError {
    /// No such device, window or file. Wait for hot-plug or let the host choose another.
    #[error("{what} was not found")]
    NotFound {
        /// What was looked for, as the host named it.
        what: String,
    },
    /// Another program holds the device. Tell the host to close it; try again with back-off.
    #[error("{device} is in use by another program")]
    Busy {
        /// Name of the device.
        device: String,
    },
    /// The operating system refuses access. Tell the host which permission is missing; trying again is useless.
    #[error("access to {what} is not allowed: {reason}")]
    Denied {
        /// Device or file.
        what: String,
        /// What the system said, or what to change.
        reason: String,
    },
    /// It is there but cannot be used in the way asked. Ask for another format or source; trying again is useless.
    #[error("{what} cannot be used: {reason}")]
    Unsupported {
        /// Device, file or source kind.
        what: String,
        /// Why, and what would work.
        reason: String,
    },
    /// The device went away while open: unplugged, its stream ended, its server died. Drop the source and reopen it
    /// with back-off.
    #[error("{device} went away")]
    Gone {
        /// Name of the device.
        device: String,
    },
    /// The driver or the sound server failed. Drop the source and reopen it with back-off.
    #[error("{device} failed: {reason}")]
    Device {
        /// Name of the device.
        device: String,
        /// What the driver said.
        reason: String,
    },
    /// The media file is damaged, empty or lacks the asked track. Trying again is useless.
    #[error("{} cannot be played: {reason}", path.display())]
    Media {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl CaptureError {
    /// Whether opening the same source again later can succeed without the host changing anything.
    pub const fn retryable(&self) -> bool {
        match self {
            Self::NotFound { .. } | Self::Busy { .. } | Self::Gone { .. } | Self::Device { .. } => true,
            Self::Denied { .. } | Self::Unsupported { .. } | Self::Media { .. } => false,
        }
    }
}
