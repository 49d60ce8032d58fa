//! Composition: layers, back to front, onto one canvas.
//!
//! Owns: what is drawn and what is hidden, the order, and the tiles kept between frames so that a still picture or a
//! text costs only the blend of the pixels it covers. Decides nothing about time or scenes. Belongs to one thread; no
//! locks. Memory: one tile a layer that is not drawn straight from its source, dropped when unused or over a bound.

use std::collections::HashMap;

use vitrine_media::{FrameMut, FramePool, MediaTime, PixelsId, Plane, PoolExhausted, VideoFrame};

use crate::blend::{self, CHROMA_NEUTRAL, LUMA_NEUTRAL};
use crate::geometry::{Crop, Geometry, Rect};
use crate::plane::{Planes, is_chroma, view_mut};
use crate::rotate::Turned;
use crate::scale::PlaneScaler;
use crate::tile::Tile;

/// Largest canvas side; a larger one is cut to this.
const MAX_SIDE: u32 = 16_384;
/// Frames after which an unused tile is dropped: five seconds at 30 a second, so that a scene just left is still warm.
const KEEP_FRAMES: u64 = 150;
/// Bytes of tiles kept; the least recently used go first.
const KEEP_BYTES: usize = 256 << 20;

/// One picture on the canvas.
#[derive(Clone, Debug)]
pub struct Layer {
    /// The picture.
    pub frame: VideoFrame,
    /// Pixels of `frame` left out, before turning.
    pub crop: Crop,
    /// Where the cropped and turned picture goes, in canvas pixels.
    pub dest: Rect,
    /// Clockwise quarter turns, taken modulo 4.
    pub quarter_turns: u8,
    /// 0 hides it, 1 shows it as it is.
    pub opacity: f32,
    /// Names the item over time, so that its scaled picture is found again. Distinct for every layer of a composer.
    pub cache_key: u64,
}

/// What the tile cache did, for status and tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ComposerStats {
    /// Tiles made: a layer was scaled, turned or aligned.
    pub tiles_made: u64,
    /// Tiles drawn again without being made.
    pub tiles_reused: u64,
    /// Canvases that were a source's own frame, passed on without a copy.
    pub passed_through: u64,
    /// Bytes of tiles kept now.
    pub bytes: usize,
}

/// A layer that shows something.
#[derive(Clone, Copy, Debug)]
struct Placed {
    index: usize,
    geometry: Geometry,
    opacity: u8,
}

#[derive(Debug)]
struct Entry {
    source: PixelsId,
    geometry: Geometry,
    turned: Turned,
    tile: Tile,
    used: u64,
}

/// Draws canvases. Keep one for each programme: its memory is the cache.
pub struct Composer {
    pool: FramePool,
    scaler: PlaneScaler,
    tiles: HashMap<u64, Entry>,
    placed: Vec<Placed>,
    frames: u64,
    stats: ComposerStats,
}

impl std::fmt::Debug for Composer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Composer").field("stats", &self.stats).finish_non_exhaustive()
    }
}

impl Composer {
    /// A composer whose canvases come from `pool`.
    pub fn new(pool: FramePool) -> Self {
        Self {
            pool,
            scaler: PlaneScaler::default(),
            tiles: HashMap::new(),
            placed: Vec::new(),
            frames: 0,
            stats: ComposerStats::default(),
        }
    }

    /// The counters.
    pub fn stats(&self) -> ComposerStats {
        ComposerStats { bytes: self.bytes(), ..self.stats }
    }

    /// Draws `layers`, first at the back, on a canvas of (width, height) pixels. Black shows only where no layer is.
    /// A canvas that would be a copy of one frame *is* that frame, with `pts` and `seq`: its buffer belongs to the
    /// source's pool.
    pub fn compose(
        &mut self,
        canvas: (u32, u32),
        layers: &[Layer],
        pts: MediaTime,
        seq: u64,
    ) -> Result<VideoFrame, PoolExhausted> {
        let canvas = (canvas.0.clamp(1, MAX_SIDE), canvas.1.clamp(1, MAX_SIDE));
        self.frames += 1;
        let covered = self.place(canvas, layers);
        let out = match self.placed.as_slice() {
            [only] if covered && only.geometry.is_copy() => {
                layers.get(only.index).map(|l| &l.frame).filter(|f| (f.width(), f.height()) == canvas)
            }
            _ => None,
        };
        if let Some(frame) = out {
            self.stats.passed_through += 1;
            let out = frame.stamped(pts, seq);
            self.evict();
            return Ok(out);
        }
        let mut out = self.pool.take(canvas.0, canvas.1, false)?;
        if !covered {
            out.fill_black();
        }
        for n in 0..self.placed.len() {
            if let Some(&placed) = self.placed.get(n)
                && let Some(layer) = layers.get(placed.index)
            {
                self.draw(layer, placed, &mut out);
            }
        }
        self.evict();
        Ok(out.freeze(pts, seq))
    }

    /// Lists the layers that show something, from the topmost one that hides everything below. Returns whether there
    /// is one.
    fn place(&mut self, canvas: (u32, u32), layers: &[Layer]) -> bool {
        self.placed.clear();
        let mut covered = false;
        for (index, layer) in layers.iter().enumerate().rev() {
            let opacity = (layer.opacity.clamp(0.0, 1.0) * 255.0).round() as u8;
            let size = (layer.frame.width(), layer.frame.height());
            let geometry = Geometry::place(canvas, size, layer.crop, layer.dest, layer.quarter_turns);
            let Some(geometry) = geometry.filter(|_| opacity > 0) else { continue };
            self.placed.push(Placed { index, geometry, opacity });
            if geometry.covers() && opacity == 255 && !layer.frame.has_alpha() {
                covered = true;
                break;
            }
        }
        self.placed.reverse();
        covered
    }

    fn draw(&mut self, layer: &Layer, placed: Placed, out: &mut FrameMut) {
        let Placed { geometry, opacity, .. } = placed;
        if geometry.is_copy() && !layer.frame.has_alpha() {
            draw_straight(&layer.frame, &geometry, opacity, out);
            return;
        }
        let tile =
            Self::tile(&mut self.tiles, &mut self.scaler, &mut self.stats, layer, geometry, self.frames);
        for plane in [Plane::Y, Plane::U, Plane::V] {
            tile.draw(plane, &mut view_mut(out, plane), opacity);
        }
    }

    /// The layer's tile: the one kept if picture and place are the same, else made anew in the same memory.
    fn tile<'a>(
        tiles: &'a mut HashMap<u64, Entry>,
        scaler: &mut PlaneScaler,
        stats: &mut ComposerStats,
        layer: &Layer,
        geometry: Geometry,
        now: u64,
    ) -> &'a Tile {
        let mut fresh = false;
        let entry = tiles.entry(layer.cache_key).or_insert_with(|| {
            fresh = true;
            let (turned, tile) = (Turned::default(), Tile::default());
            Entry { source: layer.frame.pixels_id(), geometry, turned, tile, used: now }
        });
        entry.used = now;
        let same_source = !fresh && entry.source.is(&layer.frame);
        if same_source && entry.geometry == geometry {
            stats.tiles_reused += 1;
            return &entry.tile;
        }
        stats.tiles_made += 1;
        let source = Planes::of(&layer.frame);
        if geometry.turns == 0 {
            entry.tile.fill(&source, &geometry, scaler);
        } else {
            // Moving or resizing a still picture does not turn it again.
            if !(same_source && entry.geometry.turns == geometry.turns) {
                entry.turned.fill(&source, geometry.turns);
            }
            entry.tile.fill(&entry.turned.planes(), &geometry, scaler);
        }
        entry.source = layer.frame.pixels_id();
        entry.geometry = geometry;
        &entry.tile
    }

    fn bytes(&self) -> usize {
        self.tiles.values().map(|e| e.tile.bytes() + e.turned.bytes()).sum()
    }

    fn evict(&mut self) {
        let now = self.frames;
        self.tiles.retain(|_, entry| now - entry.used < KEEP_FRAMES);
        let mut bytes = self.bytes();
        while bytes > KEEP_BYTES {
            let Some(oldest) = self.tiles.iter().min_by_key(|(key, e)| (e.used, **key)).map(|(key, _)| *key)
            else {
                break;
            };
            self.tiles.remove(&oldest);
            bytes = self.bytes();
        }
    }
}

/// Draws a layer whose rows fit the canvas as they are.
fn draw_straight(frame: &VideoFrame, geometry: &Geometry, opacity: u8, out: &mut FrameMut) {
    let (x, y) = (&geometry.x, &geometry.y);
    let source = Planes::of(frame);
    for (plane, view) in [Plane::Y, Plane::U, Plane::V].into_iter().zip(source.views) {
        let (columns, rows, step, neutral) = if is_chroma(plane) {
            (x.chroma(), y.chroma(), 2, CHROMA_NEUTRAL)
        } else {
            ((x.seen, x.seen_end), (y.seen, y.seen_end), 1, LUMA_NEUTRAL)
        };
        let width = columns.1 - columns.0;
        let mut canvas = view_mut(out, plane);
        let mut target = canvas.part(columns.0, rows.0, width, rows.1 - rows.0);
        let left = columns.0.saturating_add_signed(x.shift() / step);
        let top = rows.0.saturating_add_signed(y.shift() / step);
        for row in 0..target.height {
            blend::row(target.row(row), view.row(top + row, left, width), None, opacity, neutral);
        }
    }
}

#[cfg(test)]
mod tests;
