//! Getting out: everything between encoded units and the world.
//!
//! Owns: the [`ring`] all ways out read from, the [`interleave`]r that fills it, the [`rtmp`] publisher (bytes in, bytes
//! out), our own [`socket`]s, the decisions of one [`destination`], the tasks of all [`destinations`], and the [`record`]ing. Never
//! encodes and never waits for a destination: one that is slow or dead loses pictures of its own and nothing else.
//!
//! Times are programme time ([`vitrine_media::MediaTime`]), never restarted, and get the constant [`PROGRAMME_LEAD`]
//! where they are serialised, so that all destinations and recordings carry identical, non-negative times.

pub mod destination;
pub mod destinations;
pub mod interleave;
pub mod record;
pub mod ring;
pub mod rtmp;
pub mod socket;

mod error;
#[cfg(test)]
mod samples;

pub use destination::DestinationState;
pub use destinations::{DestinationId, DestinationSpec, DestinationStatus, Destinations};
pub use error::UplinkError;
pub use interleave::Interleaver;
pub use record::{RecordError, RecordState, RecordStatus, Recorder};
pub use ring::{Configs, Cursor, Readiness, RingLimits, RingStats, UnitRing};
pub use rtmp::{PROGRAMME_LEAD, RefusalKind, Target, TargetError};
pub use socket::{ConnectError, ConnectOptions};
