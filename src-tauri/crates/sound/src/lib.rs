//! The audio graph: inlets with drift removal, strips, the programme bus, meters and alarms.
//!
//! Owns: what happens to a block between the device (or file) and the encoder. Everything inside is 48 kHz stereo
//! `f32` in blocks of 480 frames, one call per 10 ms tick. Never does I/O, never spawns a thread, never takes a
//! lock: one sound thread owns an [`Inlet`] per device and one [`Mixer`], and calls them in turn. No allocation
//! happens in `push`, `pull`, `feed` or `mix`; adding a strip allocates.
//!
//! A device source passes through an [`Inlet`]. A source that is read on demand is already in studio format and on
//! the session clock: its blocks go to [`Mixer::feed`] directly.

// The tests compare sound that has to be exact, not nearly so.
#![cfg_attr(test, allow(clippy::float_cmp))]

mod conceal;
mod delay;
mod dll;
mod error;
mod fold;
mod frame_ring;
mod inlet;
mod level;
mod limiter;
mod loudness;
mod mixer;
mod pace;
mod ramp;
mod silence;
mod strip;
mod verdict;

#[cfg(test)]
mod simulated;

pub use error::SoundError;
pub use inlet::{Inlet, InletConfig, InletStats};
pub use level::{FLOOR_DB, Level, LevelMeter};
pub use limiter::{CEILING_DBTP, Limiter};
pub use loudness::{Loudness, LoudnessMeter};
pub use mixer::{Mixer, ProgrammeMeter};
pub use silence::{SilenceConfig, SilenceWatch, SoundAlarm};
pub use strip::{ChannelMode, StripId, StripMeter, StripSettings};
pub use verdict::{Verdict, VerdictRule, VerdictWatch};

/// Interleaved samples in one studio block.
pub(crate) const BLOCK_SAMPLES: usize = vitrine_media::BLOCK_FRAMES * vitrine_media::CHANNELS;
/// The samples of one studio block.
pub(crate) type Samples = [f32; BLOCK_SAMPLES];
