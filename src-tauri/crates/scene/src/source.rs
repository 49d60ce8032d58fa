//! Sources: what can be shown or heard, described well enough to open it.
//!
//! Owns: the kinds of source and their parameters as the host chose them. Never opens anything.

use serde::{Deserialize, Serialize};

use crate::id::SourceId;
use crate::show::{Extra, yes};

/// One entry of the table of sources.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// Its id.
    pub id: SourceId,
    /// What the host calls it.
    #[serde(default)]
    pub name: String,
    /// What it is.
    pub input: Input,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Source {
    /// A source.
    pub fn new(id: impl Into<SourceId>, name: impl Into<String>, input: Input) -> Self {
        Self { id: id.into(), name: name.into(), input, extra: Extra::new() }
    }
}

/// What a source is. In the file, an object with a `kind` and the kind's own fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Input {
    /// A camera.
    Camera(Camera),
    /// A microphone or line input.
    Microphone(Microphone),
    /// The screen or a window.
    Screen(Screen),
    /// A media file, picture and sound.
    File(MediaFile),
    /// A still picture.
    Image(Image),
    /// Words.
    Text(Text),
    /// The test pattern with a frame number and a clock burned in.
    Pattern(Plain),
    /// A flash with a beep, to measure lip sync.
    FlashBeep(Plain),
    /// One colour.
    Color(Fill),
    /// A sine tone.
    Tone(Plain),
    /// Silence.
    Silence(Plain),
}

impl Input {
    /// Whether it can be put into a scene.
    pub fn has_picture(&self) -> bool {
        !matches!(self, Self::Microphone(_) | Self::Tone(_) | Self::Silence(_))
    }

    /// Whether it can have a strip in the mixer. A file or a screen is not opened to find out.
    pub fn has_sound(&self) -> bool {
        matches!(
            self,
            Self::Microphone(_) | Self::File(_) | Self::FlashBeep(_) | Self::Tone(_) | Self::Silence(_)
        )
    }
}

/// Which camera, and how. Without `device` and `index`: the system's first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Camera {
    /// Its name as the system lists it. Goes before `index`, which may change with the plug.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// Its number as the system lists it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u32>,
    /// What to ask of it; without it, what suits the canvas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<CameraMode>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A camera's mode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CameraMode {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Frames per second.
    pub fps: u32,
    /// The pixel format's usual name, for example `MJPG`, `YUYV`, `NV12`; any if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pixels: Option<String>,
}

/// Which microphone. Without `device`: the system's default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Microphone {
    /// Its name as the system lists it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Which part of the screen. Without `title`: all of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Screen {
    /// A window's title, or part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A media file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MediaFile {
    /// Where it is; relative to the show file's folder.
    pub path: String,
    /// Whether it begins again at its end, else it holds its last picture and is silent.
    #[serde(default = "yes")]
    pub looping: bool,
    /// Where in it to begin.
    #[serde(default)]
    pub offset_millis: u64,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

impl MediaFile {
    /// A looping file from its beginning.
    pub fn new(path: impl Into<String>) -> Self {
        Self { path: path.into(), looping: true, offset_millis: 0, extra: Extra::new() }
    }
}

/// A still picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Image {
    /// Where it is; relative to the show file's folder.
    pub path: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Image {
    /// The picture at `path`.
    pub fn new(path: impl Into<String>) -> Self {
        Self { path: path.into(), extra: Extra::new() }
    }
}

/// Words and how they look. Sizes are canvas units.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Text {
    /// The words; line breaks are kept.
    pub text: String,
    /// Height of a line's letters, 1 to 2000.
    #[serde(default = "Text::usual_size")]
    pub size: f32,
    /// Colour of the letters.
    #[serde(default = "Rgba::white")]
    pub color: Rgba,
    /// Colour behind them; none if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub background: Option<Rgba>,
    /// Font family; the system's own for the script if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub font: Option<String>,
    /// Whether the letters are bold.
    #[serde(default)]
    pub bold: bool,
    /// Where lines of different length meet.
    #[serde(default)]
    pub align: Align,
    /// Width at which lines wrap; never if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrap_width: Option<f32>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Text {
    /// White words, 64 high.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            size: Self::usual_size(),
            color: Rgba::white(),
            background: None,
            font: None,
            bold: false,
            align: Align::default(),
            wrap_width: None,
            extra: Extra::new(),
        }
    }

    fn usual_size() -> f32 {
        64.0
    }
}

/// Where lines of text meet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Align {
    /// At the left edge.
    #[default]
    Left,
    /// In the middle.
    Center,
    /// At the right edge.
    Right,
}

/// One colour over the whole picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fill {
    /// Which.
    pub color: Rgba,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A kind without parameters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Plain {
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// An sRGB colour with straight alpha; in the file `#rrggbb` or `#rrggbbaa`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rgba(pub [u8; 4]);

impl Rgba {
    fn white() -> Self {
        Self([255; 4])
    }
}

impl TryFrom<String> for Rgba {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let fault = || "a colour is written #rrggbb or #rrggbbaa".to_owned();
        let digits = text.strip_prefix('#').filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        let value = |digits| u32::from_str_radix(digits, 16).map_err(|_| fault());
        match digits {
            Some(rgb) if rgb.len() == 6 => Ok(Self((value(rgb)? << 8 | 0xff).to_be_bytes())),
            Some(rgba) if rgba.len() == 8 => Ok(Self(value(rgba)?.to_be_bytes())),
            _ => Err(fault()),
        }
    }
}

impl From<Rgba> for String {
    fn from(Rgba([r, g, b, a]): Rgba) -> Self {
        if a == 255 { format!("#{r:02x}{g:02x}{b:02x}") } else { format!("#{r:02x}{g:02x}{b:02x}{a:02x}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_and_written_as_hex() {
        for (text, bytes) in [("#ff8000", [255, 128, 0, 255]), ("#01020304", [1, 2, 3, 4])] {
            let color = Rgba::try_from(text.to_owned()).unwrap();
            assert_eq!(color, Rgba(bytes));
            assert_eq!(String::from(color), text);
        }
        for bad in ["", "#", "red", "#12345", "#+12345", "#1234567", "#ää1234"] {
            assert!(Rgba::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
