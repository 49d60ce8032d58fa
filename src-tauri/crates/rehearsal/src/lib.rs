//! The embedded rehearsal room: a local RTMP ingest and a watch page, so that a host sees in any browser what
//! buyers would see, with no account and no packet to the internet.
//!
//! ```text
//! publisher ──RTMP──▶ session ──tags──▶ broadcast ──queue per viewer──▶ HTTP-FLV ──▶ watch page
//!                     (chunk, amf)      (GOP cache)                                   │ reports
//!                                            ▲────────────────────────────────────────┘
//! ```
//!
//! Everything that decides is pure (`chunk`, `amf`, `session`, `flv`, `describe`, `broadcast`, `queue`); `ingest`
//! and `web` do the I/O on one thread of the room's own. One publisher at a time. Nothing listens on anything but
//! loopback unless asked, and the ingest never does.
//!
//! # How the page knows its delay
//! Before each keyframe the room puts a script tag `onVitrineClock {ts, wall, from}` into the stream: the
//! keyframe's RTMP timestamp, and the room's wall clock (milliseconds since 1970) when that picture was made
//! (`from = "studio"`, if [`Room::set_time_origin`] was called) or when its last byte reached the room
//! (`from = "room"`). The first such tag also fixes which timestamp is the player's zero. The page asks `clock`
//! for the room's time, keeps the offset of the answer with the shortest round trip, and for each picture that
//! the browser presents (`requestVideoFrameCallback`) computes delay = time of display − wall clock of that
//! picture. So it covers everything from there to the glass, except the display's own lag.

mod amf;
mod broadcast;
mod chunk;
mod describe;
mod flv;
pub mod fuzz;
mod host;
mod ingest;
mod live;
mod page;
mod queue;
mod room;
mod session;
mod status;
mod web;

pub use describe::{AudioSeen, VideoSeen};
pub use flv::{FlvReader, Role, Tag, TagError, TagKind};
pub use room::{Expose, Room, RoomConfig, RoomError};
pub use session::SessionError as IngestFault;
pub use status::{PageReport, PageState, RoomStatus};
