//! Colour conversion, scaling, blending, composition: functions on frames, no threads.
//!
//! Owns: what happens to a picture between its arrival and the encoder.
//! * [`Converter`] brings whatever a source delivers to I420 BT.709 limited, once, at the door.
//! * [`Composer`] draws [`Layer`]s onto a canvas; [`crossfade`] mixes two canvases.
//! * [`Scaler`] makes the small pictures of previews; [`slate`] and [`solid`] make pictures out of nothing.
//!
//! Never does I/O, never waits, never knows a device, a scene or an encoder. All arithmetic on pixels is in integers
//! and gives the same bytes for the same input on every CPU (shrinking below a sixteenth: on every CPU of a kind).
//! The inner loops are plain Rust that the compiler vectorises; `simd` is the one place that chooses the instruction
//! set.
#![allow(
    clippy::inline_always,
    reason = "a kernel takes on the CPU features of the function it is inlined into"
)]

mod blend;
mod compose;
mod convert;
mod fade;
mod geometry;
mod plane;
mod resample;
mod rgb;
mod rotate;
mod scale;
mod simd;
mod slate;
mod tile;

pub use compose::{Composer, ComposerStats, Layer};
pub use convert::{Converter, rgb_to_yuv};
pub use fade::crossfade;
pub use geometry::{Crop, Rect};
pub use rgb::to_rgb24;
pub use scale::Scaler;
pub use slate::{slate, solid};
