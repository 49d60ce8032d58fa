//! What can be wrong with a request to the audio graph.

use crate::StripId;

/// A request that could not be carried out. Nothing has changed when one is returned.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum SoundError {
    /// The device's format cannot be brought to the studio's: choose another of its formats.
    #[error("{rate_hz} Hz with {channels} channels cannot be used; 8 to 384 kHz and 1 to 64 channels can")]
    Format {
        /// Frames per second asked for.
        rate_hz: u32,
        /// Channels asked for.
        channels: u16,
    },
    /// The strip has been removed: forget its id.
    #[error("there is no strip {0}")]
    UnknownStrip(StripId),
    /// A gain, pan or delay that is not a number: ask the user again.
    #[error("{0} is not a finite number")]
    NotFinite(f32),
}
