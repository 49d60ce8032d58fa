//! Items: what is in a scene, and where.
//!
//! Owns: items, groups, transforms and how a picture fits its rectangle. Plain data.

use serde::{Deserialize, Serialize};

use crate::id::{ItemId, SceneId, SourceId};
use crate::show::{Canvas, Extra, yes};

/// One thing in a scene.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Its id, distinct within the show.
    pub id: ItemId,
    /// What the host calls it.
    #[serde(default)]
    pub name: String,
    /// What it shows: `source`, `items` or `scene` in the file.
    #[serde(flatten)]
    pub content: Content,
    /// Where it is.
    pub transform: Transform,
    /// Whether it is shown.
    #[serde(default = "yes")]
    pub visible: bool,
    /// Whether the pointer passes over it.
    #[serde(default)]
    pub locked: bool,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Item {
    /// A visible item showing `content`.
    pub fn new(
        id: impl Into<ItemId>,
        name: impl Into<String>,
        content: Content,
        transform: Transform,
    ) -> Self {
        let (id, name) = (id.into(), name.into());
        Self { id, name, content, transform, visible: true, locked: false, extra: Extra::new() }
    }

    /// What it is made of; empty unless it is a group.
    pub fn children(&self) -> &[Self] {
        match &self.content {
            Content::Group(items) => items,
            _ => &[],
        }
    }
}

/// What an item shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Content {
    /// A source's picture.
    #[serde(rename = "source")]
    Source(SourceId),
    /// Other items, back to front, laid out on a canvas of their own of the show's size.
    #[serde(rename = "items")]
    Group(Vec<Item>),
    /// Another scene as it would air.
    #[serde(rename = "scene")]
    Scene(SceneId),
}

/// Where and how something is shown. Lengths are canvas units: pixels of the show's canvas.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transform {
    /// Left edge; may be outside the canvas.
    pub x: f32,
    /// Upper edge.
    pub y: f32,
    /// Width after turning, more than 0.
    pub width: f32,
    /// Height after turning, more than 0.
    pub height: f32,
    /// Parts of the source left out; not for groups and scenes.
    #[serde(default, skip_serializing_if = "Crop::is_none")]
    pub crop: Crop,
    /// Clockwise quarter turns, 0 to 3.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub quarter_turns: u8,
    /// 0 invisible to 1 opaque.
    #[serde(default = "opaque", skip_serializing_if = "is_opaque")]
    pub opacity: f32,
    /// What happens when picture and rectangle have different proportions; of no effect on groups and scenes.
    #[serde(default)]
    pub fit: Fit,
}

impl Transform {
    /// The rectangle `x`, `y`, `width`, `height`; nothing cropped or turned, opaque.
    pub fn at(x: f32, y: f32, width: f32, height: f32) -> Self {
        let (crop, fit) = (Crop::default(), Fit::default());
        Self { x, y, width, height, crop, quarter_turns: 0, opacity: 1.0, fit }
    }

    /// The whole canvas. On a group: what leaves its items where they are.
    pub fn full(canvas: Canvas) -> Self {
        Self::at(0.0, 0.0, canvas.width as f32, canvas.height as f32)
    }

    /// The same with another fit.
    #[must_use]
    pub fn fitted(self, fit: Fit) -> Self {
        Self { fit, ..self }
    }
}

/// Pixels of the source left out at each side, before turning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crop {
    /// Columns at the left.
    #[serde(default)]
    pub left: u32,
    /// Rows at the top.
    #[serde(default)]
    pub top: u32,
    /// Columns at the right.
    #[serde(default)]
    pub right: u32,
    /// Rows at the bottom.
    #[serde(default)]
    pub bottom: u32,
}

impl Crop {
    /// Whether nothing is left out.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// How a picture fills a rectangle of other proportions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// All of the picture, in the middle, with room left over.
    #[default]
    Contain,
    /// All of the rectangle, the picture's edges cut off.
    Cover,
    /// Both, the picture pulled out of shape.
    Stretch,
}

fn opaque() -> f32 {
    1.0
}

#[allow(clippy::float_cmp, reason = "only the default itself is left out of the file")]
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_opaque(opacity: &f32) -> bool {
    *opacity == 1.0
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(turns: &u8) -> bool {
    *turns == 0
}
