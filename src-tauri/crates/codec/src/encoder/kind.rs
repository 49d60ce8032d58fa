//! The encoders by name, and which of them to try on this platform.

use std::fmt;
use std::str::FromStr;

/// An implementation of H.264 encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EncoderKind {
    /// libx264, software.
    X264,
    /// NVIDIA.
    Nvenc,
    /// Intel Quick Sync Video.
    Qsv,
    /// Video Acceleration API: AMD and Intel on Linux.
    Vaapi,
    /// Apple.
    VideoToolbox,
    /// AMD on Windows.
    Amf,
}

impl EncoderKind {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::X264, Self::Nvenc, Self::Qsv, Self::Vaapi, Self::VideoToolbox, Self::Amf];

    /// Those that can exist on this platform, best first, software last.
    pub fn of_platform() -> &'static [Self] {
        if cfg!(target_os = "macos") {
            &[Self::VideoToolbox, Self::X264]
        } else if cfg!(windows) {
            &[Self::Nvenc, Self::Qsv, Self::Amf, Self::X264]
        } else {
            &[Self::Nvenc, Self::Qsv, Self::Vaapi, Self::X264]
        }
    }

    /// Its name in settings and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::X264 => "x264",
            Self::Nvenc => "nvenc",
            Self::Qsv => "qsv",
            Self::Vaapi => "vaapi",
            Self::VideoToolbox => "videotoolbox",
            Self::Amf => "amf",
        }
    }

    /// Its name in FFmpeg.
    pub(crate) const fn ffmpeg_name(self) -> &'static str {
        match self {
            Self::X264 => "libx264",
            Self::Nvenc => "h264_nvenc",
            Self::Qsv => "h264_qsv",
            Self::Vaapi => "h264_vaapi",
            Self::VideoToolbox => "h264_videotoolbox",
            Self::Amf => "h264_amf",
        }
    }
}

impl fmt::Display for EncoderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that is no encoder's. Show the list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no encoder; there are auto, x264, nvenc, qsv, vaapi, videotoolbox and amf")]
pub struct UnknownEncoder(pub String);

impl FromStr for EncoderKind {
    type Err = UnknownEncoder;

    fn from_str(name: &str) -> Result<Self, UnknownEncoder> {
        let found = Self::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name));
        found.ok_or_else(|| UnknownEncoder(name.to_owned()))
    }
}

/// What the host asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum EncoderChoice {
    /// The best one that works.
    #[default]
    Auto,
    /// This one while it works, else software.
    Only(EncoderKind),
}

impl EncoderChoice {
    /// The encoders to try in turn.
    pub(crate) fn candidates(self) -> Vec<EncoderKind> {
        match self {
            Self::Auto => EncoderKind::of_platform().to_vec(),
            Self::Only(EncoderKind::X264) => vec![EncoderKind::X264],
            Self::Only(kind) => vec![kind, EncoderKind::X264],
        }
    }
}

impl fmt::Display for EncoderChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.pad("auto"),
            Self::Only(kind) => kind.fmt(f),
        }
    }
}

impl FromStr for EncoderChoice {
    type Err = UnknownEncoder;

    fn from_str(name: &str) -> Result<Self, UnknownEncoder> {
        if name.eq_ignore_ascii_case("auto") { Ok(Self::Auto) } else { name.parse().map(Self::Only) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_others_are_refused() {
        for kind in EncoderKind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(EncoderChoice::Only(kind)));
        }
        assert_eq!("auto".parse(), Ok(EncoderChoice::Auto));
        assert!("h264".parse::<EncoderChoice>().unwrap_err().to_string().contains("h264"));
    }

    #[test]
    fn software_is_always_the_last_resort() {
        for choice in EncoderKind::ALL.map(EncoderChoice::Only).into_iter().chain([EncoderChoice::Auto]) {
            assert_eq!(choice.candidates().last(), Some(&EncoderKind::X264));
        }
    }
}
