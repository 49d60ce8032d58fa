//! The show document: what a host prepares and what goes on air.
//!
//! Owns: the shape of the document, which is also the shape of the file. Every object keeps the fields it does not know,
//! so that a newer program's file survives an older one. Holds no secret: a destination names its key, it does not have
//! it. Plain data, no locks; whoever holds a show owns it.

use serde::{Deserialize, Serialize};
use vitrine_media::FrameRate;

use crate::id::{SceneId, SourceId};
use crate::item::Item;
use crate::source::Source;

/// Fields this version does not know, kept as they came.
pub type Extra = serde_json::Map<String, serde_json::Value>;

/// The version of the format this crate writes.
pub const FORMAT: u32 = 1;

/// A whole show. Build one with [`Show::starter`] or read one with [`Show::parse`]; both are valid. Change it through
/// [`crate::Edit`], which keeps it so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Show {
    /// Version of the format; always [`FORMAT`] once read.
    #[serde(rename = "vitrine_show")]
    pub format: u32,
    /// What the host calls it.
    #[serde(default)]
    pub name: String,
    /// Size and rate of the programme.
    pub canvas: Canvas,
    /// Everything that can be shown or heard.
    #[serde(default)]
    pub sources: Vec<Source>,
    /// Pictures to switch between, at least one; the first is on air at the start.
    pub scenes: Vec<Scene>,
    /// How scenes change.
    #[serde(default)]
    pub transition: Transition,
    /// Channels of the mixer.
    #[serde(default)]
    pub strips: Vec<Strip>,
    /// Where the programme goes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub destinations: Vec<Destination>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Show {
    /// The scene named `id`.
    pub fn scene(&self, id: &SceneId) -> Option<&Scene> {
        self.scenes.iter().find(|scene| scene.id == *id)
    }

    /// The source named `id`.
    pub fn source(&self, id: &SourceId) -> Option<&Source> {
        self.sources.iter().find(|source| source.id == *id)
    }

    /// The file's text: indented JSON with a newline at the end.
    pub fn to_json(&self) -> String {
        // Serialising plain data with string keys to memory has no way to fail.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// Size and rate of the programme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Canvas {
    /// Columns; even, 16 to 7680.
    pub width: u32,
    /// Rows; even, 16 to 7680.
    pub height: u32,
    /// Frames per second.
    #[serde(default = "Canvas::usual_rate")]
    pub rate: FrameRate,
}

impl Canvas {
    /// 16:9, 1920 x 1080 at 30 frames a second.
    pub const LANDSCAPE: Self = Self { width: 1920, height: 1080, rate: FrameRate::FPS_30 };
    /// 9:16, 1080 x 1920 at 30 frames a second.
    pub const PORTRAIT: Self = Self { width: 1080, height: 1920, rate: FrameRate::FPS_30 };

    fn usual_rate() -> FrameRate {
        FrameRate::FPS_30
    }
}

/// One picture made of items.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scene {
    /// Its id.
    pub id: SceneId,
    /// What the host calls it.
    #[serde(default)]
    pub name: String,
    /// What is in it, back to front.
    #[serde(default)]
    pub items: Vec<Item>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Scene {
    /// An empty scene.
    pub fn new(id: impl Into<SceneId>, name: impl Into<String>) -> Self {
        Self { id: id.into(), name: name.into(), items: Vec::new(), extra: Extra::new() }
    }
}

/// How one scene becomes the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// What is seen.
    pub kind: TransitionKind,
    /// How long it takes, 0 to 10 000; a cut takes none.
    #[serde(default)]
    pub duration_millis: u32,
}

impl Transition {
    /// From one frame to the next.
    pub const CUT: Self = Self { kind: TransitionKind::Cut, duration_millis: 0 };
}

impl Default for Transition {
    /// A fade of 300 ms.
    fn default() -> Self {
        Self { kind: TransitionKind::Fade, duration_millis: 300 }
    }
}

/// What a transition looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransitionKind {
    /// At once.
    Cut,
    /// One picture fades into the other.
    Fade,
}

/// A channel of the mixer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Strip {
    /// What is heard; one strip a source.
    pub source: SourceId,
    /// Gain in dB, -96 to 24.
    #[serde(default)]
    pub gain_db: f32,
    /// Whether it is silent.
    #[serde(default)]
    pub muted: bool,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Strip {
    /// A channel at 0 dB.
    pub fn new(source: impl Into<SourceId>) -> Self {
        Self { source: source.into(), gain_db: 0.0, muted: false, extra: Extra::new() }
    }
}

/// A place the programme is sent to. Never holds a key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Destination {
    /// What the host calls it; distinct within the show.
    pub name: String,
    /// Server and application (`rtmp://host/app`), without key, user or query.
    pub url: String,
    /// Under which name the key is kept outside the show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_ref: Option<String>,
    /// Whether going live sends there.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

pub(crate) fn yes() -> bool {
    true
}
