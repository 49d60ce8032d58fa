//! Numbers that change all the time: sent at 20 Hz on a channel of their own that may lose messages. Under 8 KB.

use serde::{Deserialize, Serialize};
use specta::Type;

/// One message.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Type)]
pub struct Telemetry {
    /// Seconds since the studio started.
    pub t: f64,
    /// Strips, in the order of the show.
    pub strips: Vec<StripMeter>,
    /// The programme's sound.
    pub programme: ProgrammeMeter,
    /// Programme frames per second over the last second.
    pub fps: f32,
    /// Frames dropped before encoding in this broadcast.
    pub dropped: u32,
    /// Encoder in use.
    pub encoder: String,
    /// Encoded bits per second.
    pub bitrate: u32,
    /// Destinations.
    pub destinations: Vec<DestinationMeter>,
    /// Bytes recorded.
    pub recorded_bytes: f64,
    /// Share of one core this program uses.
    pub cpu: f32,
}

/// Level of a strip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct StripMeter {
    /// Source.
    pub source: String,
    /// RMS level, dBFS, at least -100.
    pub rms_db: f32,
    /// Peak, held 1 s, dBFS, at least -100.
    pub peak_db: f32,
    /// Clipped within the last 2 s.
    pub clipped: bool,
}

/// How the programme's loudness is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum LevelVerdict {
    /// No sound.
    #[default]
    Silent,
    /// Too quiet.
    TooQuiet,
    /// Just right.
    JustRight,
    /// Too loud.
    TooLoud,
    /// Clipping.
    Clipping,
}

/// Level of the programme.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Type)]
pub struct ProgrammeMeter {
    /// RMS level of each channel, dBFS.
    pub rms_db: [f32; 2],
    /// Peak of each channel, held 1 s, dBFS.
    pub peak_db: [f32; 2],
    /// Short-term loudness, LUFS; `None` before there is sound.
    pub lufs: Option<f32>,
    /// True peak since the start, dBTP; `None` before there is sound.
    pub true_peak_db: Option<f32>,
    /// Verdict.
    pub verdict: LevelVerdict,
}

/// Numbers of a destination.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Type)]
pub struct DestinationMeter {
    /// Id.
    pub id: String,
    /// Bits per second sent over the last two seconds.
    pub bitrate: u32,
    /// Media waiting to be sent.
    pub queue_millis: u32,
    /// Round-trip time; `None` while unknown.
    pub rtt_millis: Option<f32>,
}

/// A picture the window wants, at the size it is shown. Numbered by the window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct PreviewView {
    /// Number the frames carry in `preview_pull`'s answer.
    pub view: u32,
    /// Scene to draw; `None` for the programme.
    pub scene: Option<String>,
    /// Columns of the element.
    pub width: u32,
    /// Rows of the element.
    pub height: u32,
    /// Frames per second wanted, 1 to 30.
    pub fps: u32,
}
