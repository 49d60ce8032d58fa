//! From scenes and frames to one picture: which layers there are, and the composer that blends them.
//!
//! Used by the director for the programme, by the preview thread for small scenes and by the renderer. No threads.

use std::collections::BTreeMap;

use vitrine_media::{FramePool, MediaTime, PoolExhausted, VideoFrame};
use vitrine_picture::{Composer, Crop, Layer, Rect};
use vitrine_scene::{Placement, SceneId, Show};

/// A show, ready to be drawn: scenes with their items placed, back to front.
#[derive(Clone, Debug, Default)]
pub(crate) struct StageSet {
    /// Canvas width and height.
    pub(crate) canvas: (u32, u32),
    scenes: BTreeMap<String, Vec<Placement>>,
    first: Option<SceneId>,
}

impl StageSet {
    /// Places every scene of a show.
    pub(crate) fn of(show: &Show) -> Self {
        let place = |scene: &vitrine_scene::Scene| {
            let placed = show.place(&scene.id).unwrap_or_else(|error| {
                tracing::error!(scene = %scene.id, %error, "a scene cannot be drawn");
                Vec::new()
            });
            (scene.id.as_str().to_owned(), placed)
        };
        Self {
            canvas: (show.canvas.width, show.canvas.height),
            scenes: show.scenes.iter().map(place).collect(),
            first: show.scenes.first().map(|s| s.id.clone()),
        }
    }

    /// The scene to show when another is gone.
    pub(crate) fn first_scene(&self) -> Option<SceneId> {
        self.first.clone()
    }

    /// The items of a scene, back to front.
    pub(crate) fn scene(&self, id: &str) -> Option<&[Placement]> {
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
        scene: &[Placement],
        frame: impl Fn(&str) -> Option<VideoFrame>,
        at: MediaTime,
    ) -> Result<VideoFrame, PoolExhausted> {
        self.draw_small(canvas, scene, canvas, frame, at)
    }

    /// Draws a scene at another size, of whatever shape.
    pub(crate) fn draw_small(
        &mut self,
        canvas: (u32, u32),
        scene: &[Placement],
        size: (u32, u32),
        frame: impl Fn(&str) -> Option<VideoFrame>,
        at: MediaTime,
    ) -> Result<VideoFrame, PoolExhausted> {
        let (sx, sy) = (size.0 as f32 / canvas.0.max(1) as f32, size.1 as f32 / canvas.1.max(1) as f32);
        let layer = |item: &Placement| {
            let frame = frame(item.source.as_str())?;
            let (crop, dest) = item.resolve(frame.width(), frame.height())?;
            Some(Layer {
                frame,
                crop: Crop { left: crop.left, top: crop.top, right: crop.right, bottom: crop.bottom },
                dest: Rect {
                    x: dest.x * sx,
                    y: dest.y * sy,
                    width: dest.width * sx,
                    height: dest.height * sy,
                },
                quarter_turns: item.quarter_turns,
                opacity: item.opacity,
                cache_key: item.key,
            })
        };
        let layers: Vec<Layer> = scene.iter().filter_map(layer).collect();
        self.drawn += 1;
        self.composer.compose(size, &layers, at, self.drawn)
    }
}
