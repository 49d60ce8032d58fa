//! RTMP, seen from a publisher: addresses, chunks, messages, commands, FLV tags. Bytes in, bytes out.
//!
//! Never does I/O and never looks at a clock; `socket` and `destinations` do. Of `rml_rtmp` the handshake is used; the
//! chunk layer and AMF0 are our own, for the reasons their modules name.

pub mod amf0;
mod chunk;
mod command;
mod flv;
mod publisher;
mod reader;
mod refusal;
mod target;

pub use chunk::{ChunkWriter, Head, Lane, OutMessage};
pub use flv::{PROGRAMME_LEAD, wire_millis};
pub use publisher::{Phase, PublishError, Publisher, PublisherSettings};
pub use reader::{ChunkError, ChunkReader, InMessage};
pub use refusal::{Refusal, RefusalKind};
pub use target::{Scheme, Target, TargetError};
