//! From scenes and frames to one picture: which layers there are, and the composer that blends them.
//!
//! Used by the director for the programme, by the preview thread for small scenes and by the renderer. No threads.

use std::collections::BTreeMap;

use vitrine_media::{FramePool, MediaTime, PoolExhausted, VideoFrame};
use vitrine_picture::{Composer, Crop, Layer, Rect};

/// A show, ready to be drawn: scenes with their items placed, back to front.
#[derive(Clone, Debug, Default)]
pub(crate) struct StageSet {
    /// Canvas width and height.
    pub(crate) canvas: (u32, u32),
    scenes: BTreeMap<String, Vec<Placed>>,
}

/// An item of a scene, placed.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    /// Source whose frames it shows.
    pub(crate) source: String,
    /// Stays the same for the same item; keys the composer's cache.
    pub(crate) key: u64,
    pub(crate) crop: Crop,
    pub(crate) dest: Rect,
    pub(crate) quarter_turns: u8,
    pub(crate) opacity: f32,
}

impl StageSet {
    pub(crate) fn new(canvas: (u32, u32), scenes: BTreeMap<String, Vec<Placed>>) -> Self {
        Self { canvas, scenes }
    }

    /// The items of a scene, back to front.
    pub(crate) fn scene(&self, id: &str) -> Option<&[Placed]> {
        self.scenes.get(id).map(Vec::as_slice)
    }
}

/// Draws.
pub(crate) struct Stage {
    composer: Composer,
    drawn: u64,
}

impl Stage {
    pub(crate) fn new(pool: FramePool) -> Self {
        Self { composer: Composer::new(pool), drawn: 0 }
    }

    /// Draws a scene at canvas size. `frame` gives what a source shows; a source without a frame is left out.
    pub(crate) fn draw(
        &mut self,
        canvas: (u32, u32),
        scene: &[Placed],
        frame: impl Fn(&str) -> Option<VideoFrame>,
        at: MediaTime,
    ) -> Result<VideoFrame, PoolExhausted> {
        self.draw_small(canvas, scene, canvas, frame, at)
    }

    /// Draws a scene at another size, of whatever shape.
    pub(crate) fn draw_small(
        &mut self,
        canvas: (u32, u32),
        scene: &[Placed],
        size: (u32, u32),
        frame: impl Fn(&str) -> Option<VideoFrame>,
        at: MediaTime,
    ) -> Result<VideoFrame, PoolExhausted> {
        let (sx, sy) = (size.0 as f32 / canvas.0.max(1) as f32, size.1 as f32 / canvas.1.max(1) as f32);
        let layers: Vec<Layer> = scene
            .iter()
            .filter_map(|item| {
                Some(Layer {
                    frame: frame(&item.source)?,
                    crop: item.crop,
                    dest: Rect {
                        x: item.dest.x * sx,
                        y: item.dest.y * sy,
                        width: item.dest.width * sx,
                        height: item.dest.height * sy,
                    },
                    quarter_turns: item.quarter_turns,
                    opacity: item.opacity,
                    cache_key: item.key,
                })
            })
            .collect();
        self.drawn += 1;
        self.composer.compose(size, &layers, at, self.drawn)
    }
}
