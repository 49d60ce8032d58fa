//! Test parts: virtual clock, fake devices, RTMP sink, real servers, decoder of burned-in frame ids.
//!
//! A dev-dependency of the other crates, never shipped. Nothing here is faked where the real part can run: the sink
//! speaks RTMP on a socket, [`nginx`] is Debian's nginx, [`ffmpeg`] calls the command line tools as judges.
//!
//! A part that cannot do its work panics: a test then fails at the line that asked, with the reason.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::missing_panics_doc)] // panicking is how every part here reports

pub mod fakecam;
pub mod ffmpeg;
pub mod frame_id;
pub mod nginx;
pub mod rtmp_sink;
pub mod soundcard;

mod clock;

pub use clock::VirtualClock;
