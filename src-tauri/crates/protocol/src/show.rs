//! The show as the window draws it.

use serde::{Deserialize, Serialize};
use specta::Type;

/// Shape of the canvas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum CanvasFormat {
    /// 16:9.
    Landscape,
    /// 9:16.
    Portrait,
}

/// The show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct ShowView {
    /// Its name.
    pub name: String,
    /// Whether every change is on disk.
    pub saved: bool,
    /// Shape of the canvas.
    pub format: CanvasFormat,
    /// Canvas columns.
    pub width: u32,
    /// Canvas rows.
    pub height: u32,
    /// Frames per second.
    pub fps: f32,
    /// Scenes in order; their keys are 1 to 9.
    pub scenes: Vec<SceneView>,
    /// Id of the scene on programme.
    pub current_scene: String,
    /// How scenes change.
    pub transition: TransitionView,
    /// Sound strips, the host's microphone first.
    pub strips: Vec<StripView>,
    /// What undo would take back, as a code the window words; `None` if nothing.
    pub undo: Option<String>,
    /// What redo would do again.
    pub redo: Option<String>,
}

/// A scene.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct SceneView {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Items, topmost first.
    pub items: Vec<ItemView>,
}

/// Something in the picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct ItemView {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Source it shows; `None` for a group.
    pub source: Option<String>,
    /// What kind of source; `None` for a group.
    pub kind: Option<SourceKindView>,
    /// Where it stands.
    pub transform: TransformView,
    /// Shown.
    pub visible: bool,
    /// Protected from the pointer.
    pub locked: bool,
    /// Members of a group, topmost first; empty otherwise.
    pub children: Vec<ItemView>,
}

/// Where an item stands, in canvas units.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct TransformView {
    /// Left edge.
    pub x: f32,
    /// Top edge.
    pub y: f32,
    /// Columns on the canvas, above 0.
    pub width: f32,
    /// Rows on the canvas, above 0.
    pub height: f32,
    /// Quarter turns clockwise, 0 to 3.
    pub quarter_turns: u8,
    /// 0 to 1.
    pub opacity: f32,
    /// What is cut off the source.
    pub crop: CropView,
}

/// Source pixels cut off at each edge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, Type)]
pub struct CropView {
    /// Left.
    pub left: u32,
    /// Top.
    pub top: u32,
    /// Right.
    pub right: u32,
    /// Bottom.
    pub bottom: u32,
}

/// What a source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum SourceKindView {
    /// Camera.
    Camera,
    /// Microphone or other sound input.
    Microphone,
    /// Screen or window.
    Screen,
    /// Media file.
    File,
    /// Still picture.
    Image,
    /// Text.
    Text,
    /// Plain colour.
    Color,
    /// Test pattern.
    Pattern,
    /// Flash and beep.
    FlashBeep,
    /// Test tone.
    Tone,
    /// Silence.
    Silence,
}

/// How text looks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct TextStyleView {
    /// Height of the letters' em in canvas units.
    pub size: f32,
    /// `#rrggbb` or `#rrggbbaa`.
    pub color: String,
    /// Background `#rrggbb` or `#rrggbbaa`; `None` for none.
    pub background: Option<String>,
    /// Bold.
    pub bold: bool,
}

/// A source to add to the current scene.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum NewSource {
    /// A camera by its stable id or name.
    Camera {
        /// Name or stable id.
        device: String,
    },
    /// A microphone by name.
    Microphone {
        /// Name; `None` for the system's default.
        device: Option<String>,
    },
    /// The screen, or a window by title.
    Screen {
        /// Window title; `None` for the whole screen.
        title: Option<String>,
    },
    /// A media file: its picture and its sound.
    File {
        /// Path.
        path: String,
    },
    /// A still picture.
    Image {
        /// Path.
        path: String,
    },
    /// Text.
    Text {
        /// The words.
        text: String,
        /// Their look.
        style: TextStyleView,
    },
    /// A plain colour.
    Color {
        /// `#rrggbb`.
        color: String,
    },
    /// The test pattern.
    Pattern,
}

/// A change of one item of the current scene.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
#[serde(tag = "edit", rename_all = "snake_case")]
pub enum ItemEdit {
    /// Moves, scales, turns, crops, fades.
    Transform {
        /// The new place.
        transform: TransformView,
    },
    /// Shows or hides.
    Visible {
        /// Shown.
        visible: bool,
    },
    /// Locks or unlocks.
    Locked {
        /// Locked.
        locked: bool,
    },
    /// Renames.
    Rename {
        /// The new name.
        name: String,
    },
    /// Moves in the stack: 0 is the top.
    Reorder {
        /// New position.
        position: u32,
    },
    /// Replaces the words of a text item.
    Text {
        /// The words.
        text: String,
    },
    /// Takes it out of the scene.
    Remove,
}

/// How one scene gives way to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum TransitionKind {
    /// At once.
    Cut,
    /// Cross-fade.
    Fade,
}

/// A transition with its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct TransitionView {
    /// Kind.
    pub kind: TransitionKind,
    /// Length; ignored for a cut.
    pub duration_millis: u32,
}

/// A strip of the mixer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct StripView {
    /// Source it carries.
    pub source: String,
    /// Name.
    pub name: String,
    /// What kind of source.
    pub kind: SourceKindView,
    /// Fader.
    pub gain_db: f32,
    /// Muted.
    pub muted: bool,
}
