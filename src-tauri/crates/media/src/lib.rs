//! Frames, blocks, time, clocks, buffer pools and mailboxes: the words every other crate speaks.
//!
//! Owns: the shape of a picture and of a sound block in memory, the session clock, the pools they come from, the
//! depth-one mailbox between threads, and the state a source is in. Never does I/O, never spawns a thread.
//!
//! Three conventions hold everywhere:
//! * **Time** is [`MediaTime`]: nanoseconds since the session began, on one monotonic clock for picture and sound.
//! * **Pictures** are I420, BT.709, limited range ([`VideoFrame`]). Every source is converted once, at the door
//!   ([`Convert`]). Overlays carry a fourth, full-size alpha plane and are premultiplied.
//! * **Sound** is 48 kHz stereo `f32`, in blocks of 480 frames = 10 ms ([`AudioBlock`]).

mod audio;
mod clock;
mod frame;
mod health;
mod latest;
mod pool;
mod raw;
mod secret;
mod stop;
mod time;
mod unit;

pub use audio::{AudioBlock, AudioFormat, BLOCK_FRAMES, BLOCK_NANOS, CHANNELS, SAMPLE_RATE_HZ};
pub use clock::{Clock, MonotonicClock};
pub use frame::{FrameMut, PixelsId, Plane, VideoFrame};
pub use health::{HealthThresholds, SourceHealth, SourceState};
pub use latest::Latest;
pub use pool::{FramePool, PoolExhausted, PoolStats};
pub use raw::{ColorDesc, Convert, ConvertError, Matrix, PixelFormat, Range, RawPicture};
pub use secret::Secret;
pub use stop::StopToken;
pub use time::{FrameRate, MediaTime};
pub use unit::{AccessUnit, AudioCodec, AudioConfig, StreamConfig, TrackKind, VideoCodec, VideoConfig};
