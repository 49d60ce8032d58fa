//! The command line as people type it. A contract: spellings here are never changed, only added to.
//!
//! Pure: parses, checks and explains; opens nothing.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand};

/// Vitrine, the studio for people who sell live, without its window.
#[derive(Debug, Parser)]
#[command(name = "vitrine", version, about, disable_help_subcommand = true)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List cameras, microphones and screens.
    Devices {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Broadcast to one or more destinations, record, or both.
    Live(Live),
    /// Open a rehearsal room: a watch page on this computer shows what buyers would see.
    Rehearse(Rehearse),
    /// Render the programme of a show file, as fast as possible, on a virtual clock.
    Render(Render),
    /// Try every video encoder for real and say which work here.
    ProbeEncoders {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

/// What is shown and heard.
#[derive(Debug, Args)]
pub(crate) struct Sources {
    /// Picture: camera:INDEX|NAME, screen[:TITLE], file:PATH, image:PATH, pattern.
    #[arg(long, value_name = "SRC")]
    pub(crate) video: Option<VideoArg>,
    /// Sound: mic[:NAME], file:PATH, tone, silence.
    #[arg(long, value_name = "SRC")]
    pub(crate) audio: Option<AudioArg>,
    /// A still picture over the programme, its top left corner at X,Y.
    #[arg(long, value_name = "PNG@X,Y")]
    pub(crate) overlay: Vec<Overlay>,
    /// Text over the programme, its top left corner at X,Y.
    #[arg(long, value_name = "STR@X,Y", allow_hyphen_values = true)]
    pub(crate) text: Vec<Overlay>,
    /// A show file instead of the source flags.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["video", "audio", "overlay", "text"])]
    pub(crate) show: Option<PathBuf>,
    /// Canvas size. A show file brings its own.
    #[arg(long, default_value = "1920x1080", value_name = "WxH", conflicts_with = "show")]
    pub(crate) size: Size,
    /// Frames a second: 24, 25, 30, 50, 60, or a fraction such as 30000/1001. A show file brings its own.
    #[arg(long, default_value = "30", conflicts_with = "show")]
    pub(crate) fps: Fps,
}

/// How the programme is encoded.
#[derive(Debug, Args)]
pub(crate) struct Encoding {
    /// Bits a second for the picture.
    #[arg(long, default_value = "4500k", value_name = "RATE")]
    pub(crate) video_bitrate: Bitrate,
    /// Bits a second for the sound.
    #[arg(long, default_value = "160k", value_name = "RATE")]
    pub(crate) audio_bitrate: Bitrate,
    /// x264 preset: quality against processor time.
    #[arg(long, default_value = "veryfast", value_parser = PRESETS)]
    pub(crate) preset: String,
    /// Encoder: auto, x264, nvenc, qsv, vaapi, videotoolbox, amf.
    #[arg(long, default_value = "auto", value_parser = ["auto", "x264", "nvenc", "qsv", "vaapi", "videotoolbox", "amf"])]
    pub(crate) encoder: String,
}

const PRESETS: [&str; 9] =
    ["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"];

/// When to stop and what to tell meanwhile.
#[derive(Debug, Args)]
pub(crate) struct Running {
    /// Stop after that many seconds.
    #[arg(long, value_name = "SECS", value_parser = positive_seconds)]
    pub(crate) duration: Option<f64>,
    /// Write one JSON object a second to a file, or to standard output with `-`.
    #[arg(long, value_name = "-|FILE", allow_hyphen_values = true)]
    pub(crate) status: Option<PathBuf>,
}

/// `vitrine live`.
#[derive(Debug, Args)]
pub(crate) struct Live {
    #[command(flatten)]
    pub(crate) sources: Sources,
    /// Destination: rtmp://…, rtmps://…, dest:NAME from the settings, env:VARIABLE holding a URL. Repeatable.
    #[arg(long, value_name = "URL")]
    pub(crate) to: Vec<To>,
    /// Record to an MP4 file.
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) encoding: Encoding,
    #[command(flatten)]
    pub(crate) running: Running,
}

/// `vitrine rehearse`.
#[derive(Debug, Args)]
pub(crate) struct Rehearse {
    /// Port of the watch page; a free one if not given.
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// Let other computers and phones on the same network watch.
    #[arg(long)]
    pub(crate) lan: bool,
    #[command(flatten)]
    pub(crate) sources: Sources,
    #[command(flatten)]
    pub(crate) encoding: Encoding,
    #[command(flatten)]
    pub(crate) running: Running,
}

/// `vitrine render`.
#[derive(Debug, Args)]
pub(crate) struct Render {
    /// The show file.
    #[arg(long, value_name = "FILE")]
    pub(crate) show: PathBuf,
    /// How many frames.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) frames: u32,
    /// Where to: OUT.y4m gets all frames, OUT.png the last one.
    #[arg(long, value_name = "OUT.y4m|OUT.png")]
    pub(crate) out: PathBuf,
}

/// `--video`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum VideoArg {
    /// Index or name.
    Camera(String),
    /// Window title, or the whole screen.
    Screen(Option<String>),
    /// Media file.
    File(PathBuf),
    /// Still picture.
    Image(PathBuf),
    /// Test pattern.
    Pattern,
    /// Flash and beep, for measuring sync.
    FlashBeep,
}

/// `--audio`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AudioArg {
    /// Name, or the system's default.
    Mic(Option<String>),
    /// Media file.
    File(PathBuf),
    /// Test tone.
    Tone,
    /// Silence.
    Silence,
    /// The beep that goes with the flash.
    FlashBeep,
}

/// Splits `kind:rest`.
fn kind(text: &str) -> (&str, Option<&str>) {
    match text.split_once(':') {
        Some((kind, rest)) => (kind, Some(rest)),
        None => (text, None),
    }
}

fn needed(rest: Option<&str>, example: &str) -> Result<String, String> {
    match rest {
        Some(rest) if !rest.is_empty() => Ok(rest.to_owned()),
        _ => Err(format!("something must follow the colon, for example {example}")),
    }
}

impl FromStr for VideoArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match kind(text) {
            ("camera", rest) => needed(rest, "camera:0").map(Self::Camera),
            ("screen", rest) => Ok(Self::Screen(rest.filter(|t| !t.is_empty()).map(str::to_owned))),
            ("file", rest) => needed(rest, "file:show.mp4").map(|p| Self::File(p.into())),
            ("image", rest) => needed(rest, "image:card.png").map(|p| Self::Image(p.into())),
            ("pattern", None) => Ok(Self::Pattern),
            ("flash-beep", None) => Ok(Self::FlashBeep),
            _ => Err("use camera:INDEX|NAME, screen[:TITLE], file:PATH, image:PATH or pattern".into()),
        }
    }
}

impl FromStr for AudioArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match kind(text) {
            ("mic", rest) => Ok(Self::Mic(rest.filter(|t| !t.is_empty()).map(str::to_owned))),
            ("file", rest) => needed(rest, "file:show.mp4").map(|p| Self::File(p.into())),
            ("tone", None) => Ok(Self::Tone),
            ("silence", None) => Ok(Self::Silence),
            ("flash-beep", None) => Ok(Self::FlashBeep),
            _ => Err("use mic[:NAME], file:PATH, tone or silence".into()),
        }
    }
}

/// `WHAT@X,Y`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Overlay {
    /// Path or words.
    pub(crate) what: String,
    /// Left edge, canvas pixels.
    pub(crate) x: f32,
    /// Top edge, canvas pixels.
    pub(crate) y: f32,
}

impl FromStr for Overlay {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let explain =
            || "use WHAT@X,Y with X and Y in canvas pixels, for example card.png@1400,40".to_owned();
        // The last @ counts: text and paths may hold others.
        let (what, place) = text.rsplit_once('@').ok_or_else(explain)?;
        let (x, y) = place.split_once(',').ok_or_else(explain)?;
        let number = |t: &str| t.trim().parse::<f32>().ok().filter(|n| n.is_finite() && n.abs() < 1e5);
        let (Some(x), Some(y), false) = (number(x), number(y), what.is_empty()) else {
            return Err(explain());
        };
        Ok(Self { what: what.to_owned(), x, y })
    }
}

/// `--to`. A URL may hold a key, so it is never printed by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum To {
    /// A URL.
    Url(String),
    /// A destination of the settings, by name.
    Named(String),
    /// An environment variable that holds a URL.
    Env(String),
    /// None of these. Refused after parsing: the parser would repeat it, and it may hold a key.
    Unusable,
}

impl std::fmt::Debug for To {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Url(_) => f.write_str("Url(***)"),
            Self::Named(name) => write!(f, "Named({name})"),
            Self::Env(name) => write!(f, "Env({name})"),
            Self::Unusable => f.write_str("Unusable"),
        }
    }
}

impl FromStr for To {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match kind(text) {
            ("dest", rest) => needed(rest, "dest:Douyin").map(Self::Named),
            ("env", rest) => needed(rest, "env:STREAM_URL").map(Self::Env),
            ("rtmp" | "rtmps", Some(rest)) if rest.starts_with("//") => Ok(Self::Url(text.to_owned())),
            _ => Ok(Self::Unusable),
        }
    }
}

/// `WIDTHxHEIGHT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = text.split_once('x').and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
        match parsed {
            Some((width, height)) if (64..=4096).contains(&width) && (64..=4096).contains(&height) => {
                if width % 2 == 0 && height % 2 == 0 {
                    Ok(Self { width, height })
                } else {
                    Err("width and height must be even".into())
                }
            }
            _ => Err("use WIDTHxHEIGHT from 64x64 to 4096x4096, for example 1920x1080".into()),
        }
    }
}

/// Frames a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fps {
    pub(crate) num: u32,
    pub(crate) den: u32,
}

impl FromStr for Fps {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let explain = || "use a number of frames from 1 to 120, or a fraction such as 30000/1001".to_owned();
        let (num, den) = text.split_once('/').unwrap_or((text, "1"));
        let (num, den): (u32, u32) =
            (num.parse().map_err(|_| explain())?, den.parse().map_err(|_| explain())?);
        if den == 0 || num < den || u64::from(num) > 120 * u64::from(den) {
            return Err(explain());
        }
        Ok(Self { num, den })
    }
}

/// Bits a second, with `k` or `M`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bitrate(pub(crate) u32);

impl FromStr for Bitrate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (digits, unit) = match text.chars().last() {
            Some('k' | 'K') => (text.get(..text.len() - 1), 1e3),
            Some('m' | 'M') => (text.get(..text.len() - 1), 1e6),
            _ => (Some(text), 1.0),
        };
        let bits = digits.and_then(|d| d.parse::<f64>().ok()).map(|n| n * unit);
        match bits {
            Some(bits) if (8_000.0..=100_000_000.0).contains(&bits) => Ok(Self(bits.round() as u32)),
            _ => Err("use bits a second from 8k to 100M, for example 4500k or 6M".into()),
        }
    }
}

fn positive_seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds < 1e7 => Ok(seconds),
        _ => Err("use a number of seconds above 0".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }

    #[test]
    fn sources_are_read_as_documented() {
        assert_eq!("camera:0".parse(), Ok(VideoArg::Camera("0".into())));
        assert_eq!("camera:USB: HD".parse(), Ok(VideoArg::Camera("USB: HD".into())));
        assert_eq!("screen".parse(), Ok(VideoArg::Screen(None)));
        assert_eq!("screen:口红".parse(), Ok(VideoArg::Screen(Some("口红".into()))));
        assert_eq!("file:/a:b.mp4".parse(), Ok(VideoArg::File("/a:b.mp4".into())));
        assert_eq!("mic".parse(), Ok(AudioArg::Mic(None)));
        for bad in ["", "camera", "camera:", "file:", "pattern:x", "webcam:0", "tone"] {
            assert!(bad.parse::<VideoArg>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_last_at_sign_of_an_overlay_counts() {
        let overlay: Overlay = "a@b 口红 ¥89@10,-20.5".parse().unwrap();
        assert_eq!(overlay, Overlay { what: "a@b 口红 ¥89".into(), x: 10.0, y: -20.5 });
        for bad in ["card.png", "card.png@1", "@1,2", "x@1,nan", "x@1,inf"] {
            assert!(bad.parse::<Overlay>().is_err(), "{bad}");
        }
    }

    #[test]
    fn rates_sizes_and_frames_have_limits() {
        assert_eq!("4500k".parse(), Ok(Bitrate(4_500_000)));
        assert_eq!("6M".parse(), Ok(Bitrate(6_000_000)));
        assert_eq!("30000/1001".parse(), Ok(Fps { num: 30_000, den: 1001 }));
        assert!(["", "k", "1k", "1000M", "nan"].iter().all(|t| t.parse::<Bitrate>().is_err()));
        assert!(["0", "121", "30/0", "x"].iter().all(|t| t.parse::<Fps>().is_err()));
        assert!(["1920", "1921x1080", "0x0", "99999x2"].iter().all(|t| t.parse::<Size>().is_err()));
    }

    #[test]
    fn a_key_in_a_destination_is_not_printed() {
        let cli =
            Cli::try_parse_from(["vitrine", "live", "--video", "pattern", "--to", "rtmp://h/live/SECRET"]);
        assert!(!format!("{:?}", cli.unwrap()).contains("SECRET"));
    }

    #[test]
    fn a_show_file_and_source_flags_exclude_each_other() {
        assert!(Cli::try_parse_from(["vitrine", "live", "--show", "a", "--video", "pattern"]).is_err());
    }
}
