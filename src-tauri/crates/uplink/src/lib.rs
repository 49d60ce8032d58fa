//! Getting out: the ring of encoded units, the RTMP publisher, destinations, recording.

pub mod interleave;
pub mod ring;
pub mod rtmp;

#[cfg(test)]
mod samples;

pub use interleave::Interleaver;
pub use ring::{Configs, Cursor, Readiness, RingLimits, RingStats, UnitRing};
pub use rtmp::{PROGRAMME_LEAD, Target, TargetError};
