//! From a scene to a flat list of pictures with their places.
//!
//! Owns: what groups, nested scenes, visibility and fit come to. Sizes of sources are not in the document, so a placement
//! is finished with [`Placement::resolve`] once the frame is there. Pure.

use crate::check::{MAX_DEPTH, MAX_PLACEMENTS};
use crate::id::{ItemId, SceneId, SourceId};
use crate::item::{Content, Crop, Fit, Item, Transform};
use crate::show::{Canvas, Show};

/// A rectangle in canvas units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rect {
    /// Left edge.
    pub x: f32,
    /// Upper edge.
    pub y: f32,
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
}

/// One source's picture on the canvas.
#[derive(Clone, Debug, PartialEq)]
pub struct Placement {
    /// The item it comes from.
    pub item: ItemId,
    /// Distinct for every placement of a scene and the same from frame to frame: a key for caches.
    pub key: u64,
    /// Whose picture.
    pub source: SourceId,
    /// Pixels of the source left out, before turning.
    pub crop: Crop,
    /// The rectangle it is fitted into.
    pub dest: Rect,
    /// Clockwise quarter turns, 0 to 3.
    pub quarter_turns: u8,
    /// 0 to 1.
    pub opacity: f32,
    /// How it is fitted.
    pub fit: Fit,
}

/// Why a scene cannot be placed. A show that passed [`Show::check`] knows only the first.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// The scene is not in the show: it was removed; show another.
    #[error("there is no scene {0:?}")]
    NoSuchScene(SceneId),
    /// Scenes or groups are nested too deeply, or in a circle.
    #[error("scene {0:?} is nested too deeply")]
    TooDeep(SceneId),
    /// The scene comes to more items than can be drawn.
    #[error("scene {0:?} has too many items")]
    TooMany(SceneId),
}

impl Show {
    /// The visible pictures of a scene, back to front.
    pub fn place(&self, scene: &SceneId) -> Result<Vec<Placement>, PlaceError> {
        let mut placer = Placer { show: self, scene, out: Vec::new() };
        let items = &self.scene(scene).ok_or_else(|| PlaceError::NoSuchScene(scene.clone()))?.items;
        placer.items(items, fnv(FNV_START, scene.as_str()), 1)?;
        Ok(placer.out)
    }

    /// The sources a scene shows, each once, in the order they are first drawn. Hidden items do not count. Empty for a
    /// scene that is not there.
    pub fn sources_of(&self, scene: &SceneId) -> Vec<SourceId> {
        let mut used = Vec::new();
        for placement in self.place(scene).unwrap_or_default() {
            if !used.contains(&placement.source) {
                used.push(placement.source);
            }
        }
        used
    }
}

struct Placer<'a> {
    show: &'a Show,
    scene: &'a SceneId,
    out: Vec<Placement>,
}

impl Placer<'_> {
    fn items(&mut self, items: &[Item], key: u64, depth: usize) -> Result<(), PlaceError> {
        if depth > MAX_DEPTH {
            return Err(PlaceError::TooDeep(self.scene.clone()));
        }
        let shown = |item: &&Item| item.visible && item.transform.opacity > 0.0;
        for item in items.iter().filter(shown) {
            let key = fnv(key, item.id.as_str());
            let first = self.out.len();
            match &item.content {
                Content::Source(source) => self.out.push(leaf(item, key, source)),
                Content::Group(children) => self.items(children, key, depth + 1)?,
                Content::Scene(id) => {
                    let scene = self.show.scene(id);
                    let inner = &scene.ok_or_else(|| PlaceError::NoSuchScene(id.clone()))?.items;
                    self.items(inner, key, depth + 1)?;
                }
            }
            if !matches!(item.content, Content::Source(_)) {
                for placement in self.out.iter_mut().skip(first) {
                    placement.put_into(&item.transform, self.show.canvas);
                }
            }
            if self.out.len() > MAX_PLACEMENTS {
                return Err(PlaceError::TooMany(self.scene.clone()));
            }
        }
        Ok(())
    }
}

fn leaf(item: &Item, key: u64, source: &SourceId) -> Placement {
    let Transform { x, y, width, height, crop, quarter_turns, opacity, fit } = item.transform;
    Placement {
        item: item.id.clone(),
        key,
        source: source.clone(),
        crop,
        dest: Rect { x, y, width, height },
        quarter_turns: quarter_turns % 4,
        opacity,
        fit,
    }
}

impl Placement {
    /// Carries it from a group's own canvas to where the group is.
    fn put_into(&mut self, group: &Transform, canvas: Canvas) {
        self.dest = map_rect(self.dest, group, canvas);
        self.quarter_turns = (self.quarter_turns + group.quarter_turns) % 4;
        self.opacity *= group.opacity;
    }

    /// What to cut and where to draw for a source of `width` x `height` pixels; `None` if the crop leaves nothing.
    pub fn resolve(&self, width: u32, height: u32) -> Option<(Crop, Rect)> {
        let Crop { left, top, right, bottom } = self.crop;
        let columns = width.checked_sub(left.checked_add(right)?).filter(|&n| n > 0)?;
        let rows = height.checked_sub(top.checked_add(bottom)?).filter(|&n| n > 0)?;
        let upright = self.quarter_turns.is_multiple_of(2);
        let (across, down) = if upright { (columns, rows) } else { (rows, columns) };
        let (across, down) = (across as f32, down as f32);
        let Rect { x, y, width, height } = self.dest;
        let (fit_x, fit_y) = (width / across, height / down);
        match self.fit {
            Fit::Stretch => Some((self.crop, self.dest)),
            Fit::Contain => {
                let scale = fit_x.min(fit_y);
                let (w, h) = (across * scale, down * scale);
                let dest = Rect { x: x + (width - w) / 2.0, y: y + (height - h) / 2.0, width: w, height: h };
                Some((self.crop, dest))
            }
            Fit::Cover => {
                let scale = fit_x.max(fit_y);
                // What of the picture stays, in source pixels along the source's own axes; at least one.
                let (keep_x, keep_y) = (width / scale, height / scale);
                let (keep_columns, keep_rows) = if upright { (keep_x, keep_y) } else { (keep_y, keep_x) };
                let cut = |all: u32, keep: f32| {
                    let cut = all.saturating_sub((keep.round() as u32).max(1));
                    (cut / 2, cut - cut / 2)
                };
                let (cut_left, cut_right) = cut(columns, keep_columns);
                let (cut_top, cut_bottom) = cut(rows, keep_rows);
                let crop = Crop {
                    left: left + cut_left,
                    top: top + cut_top,
                    right: right + cut_right,
                    bottom: bottom + cut_bottom,
                };
                Some((crop, self.dest))
            }
        }
    }
}

/// A rectangle of a group's own canvas, turned and scaled to where the group is.
pub(crate) fn map_rect(rect: Rect, group: &Transform, canvas: Canvas) -> Rect {
    let (across, down) = (canvas.width as f32, canvas.height as f32);
    let Rect { x, y, width, height } = rect;
    let (rect, across, down) = match group.quarter_turns % 4 {
        0 => (rect, across, down),
        1 => (Rect { x: down - y - height, y: x, width: height, height: width }, down, across),
        2 => (Rect { x: across - x - width, y: down - y - height, ..rect }, across, down),
        _ => (Rect { x: y, y: across - x - width, width: height, height: width }, down, across),
    };
    let (sx, sy) = (group.width / across, group.height / down);
    Rect {
        x: group.x + rect.x * sx,
        y: group.y + rect.y * sy,
        width: rect.width * sx,
        height: rect.height * sy,
    }
}

const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a, with a byte after each part so that ("a", "bc") and ("ab", "c") differ.
fn fnv(start: u64, text: &str) -> u64 {
    text.bytes()
        .chain([0xff])
        .fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

#[cfg(test)]
mod tests;
