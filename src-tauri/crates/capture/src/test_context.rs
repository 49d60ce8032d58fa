//! What the tests of this crate open sources with: real conversion, a virtual clock.

use std::sync::Arc;

use vitrine_media::{FramePool, FrameRate};
use vitrine_picture::Converter;
use vitrine_testkit::VirtualClock;

use crate::CaptureContext;

/// A context of that canvas at 30 frames a second.
pub(crate) fn tests_context(canvas: (u32, u32)) -> CaptureContext {
    CaptureContext {
        clock: Arc::new(VirtualClock::new()),
        convert: Arc::new(Converter::new()),
        pool: FramePool::new(16),
        canvas,
        rate: FrameRate::FPS_30,
    }
}
