//! The crate against real parts: everything encoded here is judged by the `ffmpeg` and `ffprobe` command lines, and
//! everything read here was made by them.
// Clippy's leave for tests does not reach the functions beside them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::needless_for_each)]

mod audio;
mod jpeg;
mod mp4;
mod reader;
#[cfg(target_os = "linux")]
mod screen;
mod support;
mod video;
