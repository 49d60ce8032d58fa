//! Sound in memory: interleaved `f32`, nominal range -1.0 to 1.0.

use crate::MediaTime;

/// The rate of everything inside the studio.
pub const SAMPLE_RATE_HZ: u32 = 48_000;
/// Channels of everything inside the studio: left, right.
pub const CHANNELS: usize = 2;
/// Frames in one block: 10 ms.
pub const BLOCK_FRAMES: usize = 480;
/// The length of one block.
pub const BLOCK_NANOS: i64 = 10_000_000;

/// What a device or file delivers, before it is brought to the studio's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AudioFormat {
    /// Frames per second.
    pub rate_hz: u32,
    /// Interleaved channels, at least 1.
    pub channels: u16,
}

impl AudioFormat {
    /// 48 kHz stereo.
    pub const STUDIO: Self = Self { rate_hz: SAMPLE_RATE_HZ, channels: CHANNELS as u16 };
}

/// 10 ms of studio sound.
#[derive(Clone, Debug, PartialEq)]
pub struct AudioBlock {
    /// Time of the first frame.
    pub pts: MediaTime,
    /// `BLOCK_FRAMES * CHANNELS` interleaved samples.
    pub samples: Box<[f32; BLOCK_FRAMES * CHANNELS]>,
}

impl AudioBlock {
    /// 10 ms of silence starting at `pts`.
    pub fn silence(pts: MediaTime) -> Self {
        Self { pts, samples: Box::new([0.0; BLOCK_FRAMES * CHANNELS]) }
    }
}
