//! The lines `vitrine --status` writes: one JSON object a second. A contract; fields are only ever added.

use serde::{Deserialize, Serialize};

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Seconds since the engine started.
    pub t: f64,
    /// `starting`, `live`, `reconnecting`, `rehearsal`, `recording`, `ending`.
    pub state: String,
    /// Picture.
    pub video: VideoStatus,
    /// Sound.
    pub audio: AudioStatus,
    /// Sources.
    pub sources: Vec<SourceStatus>,
    /// Destinations.
    pub destinations: Vec<DestinationStatus>,
    /// Recording; absent if none was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<RecordStatus>,
    /// This process.
    pub process: ProcessStatus,
}

/// Picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VideoStatus {
    /// Programme frames in the last second.
    pub fps: f64,
    /// Frames encoded since the start.
    pub encoded: u64,
    /// Frames dropped because the encoder's queue was full.
    pub dropped_before_encode: u64,
    /// Ticks that repeated the last canvas because they came too late.
    pub repeated: u64,
    /// Ticks more than one tick late.
    pub late_ticks: u64,
    /// Encoder in use.
    pub encoder: String,
    /// Encoded bits per second over the last two seconds.
    pub bitrate: u64,
}

/// Sound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AudioStatus {
    /// Blocks that came too late from a device and were concealed.
    pub xruns: u64,
    /// Programme RMS level, dBFS, at least -100.
    pub level_db: f64,
}

/// A source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceStatus {
    /// Name.
    pub name: String,
    /// `warming`, `live`, `held`, `lost`, `gone`.
    pub state: String,
    /// Why it is not live, as a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A destination.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DestinationStatus {
    /// Name; a URL without its key if it has none.
    pub name: String,
    /// `connecting`, `live`, `waiting`, `rejected`.
    pub state: String,
    /// Bits per second over the last two seconds.
    pub bitrate: u64,
    /// Media waiting to be sent.
    pub queue_ms: u64,
    /// Round-trip time; `null` while unknown.
    pub rtt_ms: Option<f64>,
    /// Reconnects since the start.
    pub reconnects: u64,
    /// Why it is not live, as a code; `null` if it is.
    pub error: Option<String>,
}

/// The recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordStatus {
    /// File.
    pub path: String,
    /// Bytes written.
    pub bytes: u64,
    /// Why it stopped, as a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// This process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProcessStatus {
    /// Cores used over the last second: 1.0 is one core.
    pub cpu: f64,
    /// Resident memory in megabytes (2^20).
    pub rss_mb: f64,
}
