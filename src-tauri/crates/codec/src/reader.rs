//! Reading media files: what is in them, their pictures, their sound.
//!
//! Owns: demuxing and decoding of local files. Files only: a name is never taken for a URL, and only known containers
//! are opened, so that a playlist made by somebody else cannot reach into the network or other files. Both readers
//! count time from the same zero, the file's start, so that picture and sound of one file stay together.
//! Each reader has its own open file; decoders may run two threads. No locks.

mod color;
mod input;
mod picture;
mod scale;
mod sound;

use std::path::Path;

use vitrine_media::{ColorDesc, MediaTime};

pub use picture::{Picture, PictureReader};
pub use sound::{Sound, SoundReader};

/// Why a media file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MediaError {
    /// There is no such file. Choose another; it may be on a drive that is not there now.
    #[error("the file does not exist")]
    Missing,
    /// It is there but may not be read, or is a folder or device. Change its permissions or choose another.
    #[error("the file cannot be opened: {0}")]
    Unreadable(String),
    /// It holds no bytes: a download or copy was never made. Get it again.
    #[error("the file is empty")]
    Empty,
    /// Not a container this program reads, or so damaged at its start that none is recognised. Convert it to MP4.
    #[error("the file is not a media file that can be read ({0})")]
    Unrecognised(String),
    /// It has no moving or still picture. Use it as sound only.
    #[error("the file has no picture")]
    NoPicture,
    /// It has no sound. Use it as picture only.
    #[error("the file has no sound")]
    NoSound,
    /// Recognised, but there is no decoder for it here. Convert it to H.264 and AAC.
    #[error("there is no decoder for {0}")]
    NoDecoder(String),
    /// Nothing of the track can be decoded: cut short or damaged throughout. Get the file again.
    #[error("the file is damaged: nothing of it could be decoded ({0})")]
    Damaged(String),
    /// The place asked for cannot be reached. Read on from here, or open the file anew.
    #[error("the file cannot be wound to another place ({0})")]
    Seek(String),
    /// Out of memory, or a picture of absurd size.
    #[error("the picture cannot be handled: {0}")]
    Resources(String),
}

/// What is in a file.
#[derive(Clone, Debug, PartialEq)]
pub struct MediaInfo {
    /// Length, if the file says or lets it be computed.
    pub duration: Option<MediaTime>,
    /// Its picture.
    pub picture: Option<PictureInfo>,
    /// Its sound.
    pub sound: Option<SoundInfo>,
}

/// A file's picture.
#[derive(Clone, Debug, PartialEq)]
pub struct PictureInfo {
    /// The codec by FFmpeg's name.
    pub codec: String,
    /// Columns as coded, before rotation.
    pub width: u32,
    /// Rows as coded, before rotation.
    pub height: u32,
    /// Clockwise quarter turns to be made before it is shown.
    pub quarter_turns: u8,
    /// Mean frames a second, if known. Frames need not come at a constant rate.
    pub mean_rate: Option<f64>,
    /// How its values are to be read.
    pub color: ColorDesc,
    /// It is tagged as high dynamic range (PQ or HLG), which this program shows without tone mapping.
    pub hdr: bool,
}

/// A file's sound, before it is brought to the studio's format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SoundInfo {
    /// The codec by FFmpeg's name.
    pub codec: String,
    /// Frames per second.
    pub rate_hz: u32,
    /// Channels.
    pub channels: u16,
}

impl MediaInfo {
    /// Opens the file and looks at its tracks; decodes only what is needed to know them.
    pub fn probe(path: &Path) -> Result<Self, MediaError> {
        let input = input::Input::open(path)?;
        let picture = input.stream(input::Want::Picture).map(|stream| picture::info(&stream));
        let sound = input.stream(input::Want::Sound).map(|stream| sound::info(&stream));
        if picture.is_none() && sound.is_none() {
            return Err(MediaError::Unrecognised("it has neither picture nor sound".to_owned()));
        }
        Ok(Self { duration: input.duration(), picture, sound })
    }
}
