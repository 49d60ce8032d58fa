//! Colour conversion, scaling, blending, composition: functions on frames, no threads.

mod blend;
mod convert;
mod simd;

pub use convert::Converter;
