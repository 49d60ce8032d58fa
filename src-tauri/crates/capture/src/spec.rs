//! What a host asks for: plain data that names a source, without opening it.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use vitrine_media::FrameRate;

use crate::text::TextStyle;

/// Which camera.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CameraSelect {
    /// The first camera of the listing.
    #[default]
    Default,
    /// The camera with that operating-system index (Linux: the number N of `/dev/videoN`).
    Index(u32),
    /// The camera with that stable id, else with that exact name, else the only one whose name contains it,
    /// ignoring case.
    Name(String),
}

/// How a camera codes its pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CameraCoding {
    /// One JPEG a frame.
    Mjpeg,
    /// Packed 4:2:2, 2 bytes a pixel.
    Yuyv,
    /// Planar Y, interleaved UV, 4:2:0.
    Nv12,
}

/// One mode of a camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CameraFormat {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Frames per second.
    pub rate: FrameRate,
    /// Coding on the wire.
    pub coding: CameraCoding,
}

impl fmt::Display for CameraFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let coding = match self.coding {
            CameraCoding::Mjpeg => "MJPEG",
            CameraCoding::Yuyv => "YUYV",
            CameraCoding::Nv12 => "NV12",
        };
        write!(
            f,
            "{}x{} {coding} at {} fps",
            self.width,
            self.height,
            (self.rate.as_f64() * 100.0).round() / 100.0
        )
    }
}

/// A source of pictures.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum VideoSpec {
    /// A camera.
    Camera {
        /// Which one.
        select: CameraSelect,
        /// The mode, or `None` for the best mode up to the canvas size.
        format: Option<CameraFormat>,
    },
    /// The screen, or one window.
    Screen {
        /// Title of the window (exact, else contained); `None` for the whole screen.
        title: Option<String>,
    },
    /// The picture of a media file.
    File {
        /// The file.
        path: PathBuf,
        /// Start again at the end; otherwise the last frame stays.
        looping: bool,
        /// Where in the file session time zero is.
        offset: Duration,
    },
    /// A still picture, with its alpha.
    Image {
        /// PNG, JPEG, WebP, BMP or GIF (first frame).
        path: PathBuf,
    },
    /// Text.
    Text(TextStyle),
    /// Moving test pattern with a machine-readable frame id and millisecond clock.
    Pattern,
    /// A white flash once a second, for measuring sync with [`AudioSpec::FlashBeep`].
    FlashBeep,
    /// One colour over the whole canvas.
    Color {
        /// sRGB.
        rgb: [u8; 3],
    },
}

/// A source of sound.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AudioSpec {
    /// A microphone or another sound input.
    Mic {
        /// Stable id, exact name or part of the name; `None` follows the system's default.
        name: Option<String>,
    },
    /// The sound of a media file.
    File {
        /// The file.
        path: PathBuf,
        /// Start again at the end; otherwise silence follows.
        looping: bool,
        /// Where in the file session time zero is.
        offset: Duration,
    },
    /// A 1 kHz tone at -20 dBFS.
    Tone,
    /// Silence.
    Silence,
    /// A short beep with every flash of [`VideoSpec::FlashBeep`].
    FlashBeep,
}
