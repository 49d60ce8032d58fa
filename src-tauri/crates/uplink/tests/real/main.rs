//! The way out against real parts: Debian's nginx-rtmp, rustls, the disk, ffprobe as judge, media of real encoders.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // helpers of tests

mod disk;
mod faults;
mod media;
mod nginx;
mod parts;
mod rtmps;
