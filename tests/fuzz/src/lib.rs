//! What strangers' bytes are tried on: one function a target, used by the long run under libFuzzer (`fuzz_targets`) and
//! by the short run with a generator of its own (`short.rs`).
//!
//! A target never does I/O beyond a temporary file, and panics only if the code under test breaks a promise.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod generator;
mod jpeg;
mod media;
mod rtmp;
mod show;

pub use generator::Generator;
pub use jpeg::jpeg;
pub use media::media;
pub use rtmp::{flv, ingest, publisher, target_url};
pub use show::show;

/// A target's name (also of its folder of seeds), its function, and how many inputs a short run tries.
pub type Target = (&'static str, fn(&[u8]), u32);

/// All of them.
pub const TARGETS: &[Target] = &[
    ("publisher", publisher, 40_000),
    ("target_url", target_url, 200_000),
    ("ingest", ingest, 50_000),
    ("flv", flv, 300_000),
    ("show", show, 16_000),
    ("jpeg", jpeg, 60_000),
    ("media", media, 2_500),
];

/// The first two bytes say how the rest is delivered: a switch, and the size of the portions (times 16, at least 1).
fn delivery(data: &[u8]) -> Option<(bool, usize, &[u8])> {
    let (&[switch, portion], rest) = data.split_first_chunk()?;
    Some((switch & 1 == 1, (usize::from(portion) * 16).max(1), rest))
}
