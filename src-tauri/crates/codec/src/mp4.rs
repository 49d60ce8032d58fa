//! Recording to fragmented MP4 (ISO 14496-12 §8.8), a file that a power cut cannot spoil.
//!
//! Owns: the file and its boxes. Every fragment is one group of pictures with its sound, so what is lost at any moment
//! is at most one group. It is written as a box that players skip, forced onto the disk, and only then made known by
//! its true name: FFmpeg refuses a whole file for one fragment whose description is incomplete. Blocks while the disk
//! is busy: call it from a thread of its own. No locks.

mod boxes;
mod fragment;
mod header;

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use vitrine_media::{AccessUnit, AudioConfig, MediaTime, StreamConfig, TrackKind, VideoConfig};

use fragment::{Sample, Track};

/// A fragment is closed at this size even without a keyframe, so that memory stays bounded.
const MAX_FRAGMENT_BYTES: usize = 64 << 20;
/// A fragment is closed after this many pictures even without a keyframe.
const MAX_FRAGMENT_SAMPLES: usize = 1200;

/// Why a recording could not be made or goes on no more. The broadcast is not concerned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MuxError {
    /// The disk is full. What was written plays; free space and record to a new file.
    #[error("the disk is full")]
    DiskFull,
    /// The folder or disk cannot be written to. Choose another.
    #[error("the place cannot be written to: {0}")]
    ReadOnly(io::Error),
    /// Any other fault of the disk. What was written plays.
    #[error("writing failed: {0}")]
    Io(#[from] io::Error),
    /// An earlier error ended the recording, or it was finished. Begin a new file.
    #[error("the recording has ended")]
    Ended,
}

impl MuxError {
    fn of(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                Self::DiskFull
            }
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => Self::ReadOnly(error),
            _ => Self::Io(error),
        }
    }
}

/// Writes one H.264 and one AAC track. It begins at the first keyframe it is given, which becomes time zero.
#[derive(Debug)]
pub struct FragmentedMp4 {
    file: Option<File>,
    /// Bytes of the header and of all whole fragments.
    bytes: u64,
    sequence: u32,
    video: Track,
    audio: Track,
    rate: vitrine_media::FrameRate,
    /// Time of the first keyframe.
    origin: Option<MediaTime>,
    /// The decoder configuration in the header.
    record: bytes::Bytes,
    /// Another one has been in force, so every keyframe carries its own.
    in_band: bool,
}

impl FragmentedMp4 {
    /// Makes the file, replacing one of that name, and writes its header.
    pub fn create(path: &Path, video: &VideoConfig, audio: &AudioConfig) -> Result<Self, MuxError> {
        let mut file = File::create(path).map_err(MuxError::of)?;
        let header = header::header(video, audio);
        file.write_all(&header).and_then(|()| file.sync_all()).map_err(MuxError::of)?;
        Ok(Self {
            file: Some(file),
            bytes: header.len() as u64,
            sequence: 0,
            video: Track::new(header::VIDEO_TRACK, header::video_tick(video.rate)),
            audio: Track::new(header::AUDIO_TRACK, header::AAC_FRAME),
            rate: video.rate,
            origin: None,
            record: video.record.clone(),
            in_band: false,
        })
    }

    /// Adds a unit. Units of a track come in order of decoding; those before the first keyframe are left out. A
    /// keyframe closes the fragment before it, which may block for as long as the disk takes.
    ///
    /// After an error the file holds all whole fragments up to then and is closed.
    pub fn write(&mut self, unit: &AccessUnit) -> Result<(), MuxError> {
        if self.file.is_none() {
            return Err(MuxError::Ended);
        }
        match unit.track {
            TrackKind::Video => self.write_video(unit),
            TrackKind::Audio => {
                self.write_audio(unit);
                Ok(())
            }
        }
    }

    /// Bytes that are safe on the disk.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Writes what is left and closes the file.
    pub fn finish(&mut self) -> Result<(), MuxError> {
        if self.file.is_none() {
            return Ok(());
        }
        let result = self.flush(None);
        self.file = None;
        result
    }

    fn write_video(&mut self, unit: &AccessUnit) -> Result<(), MuxError> {
        let full = self.video.bytes + self.audio.bytes > MAX_FRAGMENT_BYTES;
        if self.origin.is_none() {
            if !unit.keyframe {
                return Ok(());
            }
            self.origin = Some(unit.dts);
        } else if unit.keyframe || full || self.video.samples.len() >= MAX_FRAGMENT_SAMPLES {
            self.flush(Some(unit.pts))?;
        }
        let base = self.rate.tick_at(self.origin.unwrap_or_default());
        let ticks = |at| (self.rate.tick_at(at) - base) * i64::from(self.video.unit);
        let (pts, dts) = (ticks(unit.pts), ticks(unit.dts));
        let mut data = unit.data.clone();
        if let StreamConfig::Video(config) = &*unit.config
            && unit.keyframe
        {
            // The header with the first configuration is on the disk; decoders take another one in band.
            self.in_band |= config.record != self.record;
            if self.in_band {
                let sets = crate::avc::parameter_sets(&config.record).unwrap_or_default();
                data = [&sets[..], &unit.data[..]].concat().into();
            }
        }
        self.video.push(Sample { dts, offset: (pts - dts) as i32, keyframe: unit.keyframe, data });
        Ok(())
    }

    fn write_audio(&mut self, unit: &AccessUnit) {
        let Some(origin) = self.origin.filter(|&origin| unit.pts >= origin) else { return };
        let nanos = i128::from(unit.pts.nanos() - origin.nanos());
        let rate = i128::from(header::AUDIO_RATE);
        let dts = ((nanos * rate + 500_000_000) / 1_000_000_000) as i64;
        self.audio.push(Sample { dts, offset: 0, keyframe: true, data: unit.data.clone() });
    }

    /// Writes one fragment of all pictures there are and of the sound before `until` (all of it for `None`).
    fn flush(&mut self, until: Option<MediaTime>) -> Result<(), MuxError> {
        let Some(file) = &mut self.file else { return Err(MuxError::Ended) };
        let nanos = until.zip(self.origin).map(|(at, origin)| i128::from(at.nanos() - origin.nanos()));
        let in_units = |rate: i128| nanos.map(|n| (n * rate / 1_000_000_000) as i64);
        let next_picture = until.map(|at| {
            (self.rate.tick_at(at) - self.rate.tick_at(self.origin.unwrap_or_default()))
                * i64::from(self.video.unit)
        });
        let pictures = self.video.take(None, next_picture);
        let sound = self.audio.take(in_units(i128::from(header::AUDIO_RATE)), None);
        if pictures.samples.is_empty() && sound.samples.is_empty() {
            return Ok(());
        }
        self.sequence += 1;
        let fragment = fragment::fragment(self.sequence, &[pictures, sound]);
        let written = commit(file, self.bytes, &fragment);
        if let Err(error) = written {
            // Half a fragment is no use to a player; the whole ones before it are.
            let cut = file.set_len(self.bytes).and_then(|()| file.sync_all());
            if let Err(error) = cut {
                tracing::warn!(%error, "a recording could not be cut back to its last whole fragment");
            }
            self.file = None;
            return Err(MuxError::of(error));
        }
        self.bytes += fragment.len() as u64;
        Ok(())
    }
}

/// Writes `fragment` at `start`, its end of the file, so that it is either whole or not there.
fn commit(file: &mut File, start: u64, fragment: &[u8]) -> io::Result<()> {
    // A box is its length, its name, its content.
    let (length, rest) = fragment.split_at_checked(4).ok_or(io::ErrorKind::InvalidInput)?;
    let (name, content) = rest.split_at_checked(4).ok_or(io::ErrorKind::InvalidInput)?;
    file.write_all(&[length, b"free"].concat())?;
    file.write_all(content)?;
    file.sync_data()?;
    file.seek(SeekFrom::Start(start + 4))?;
    file.write_all(name)?;
    file.sync_data()?;
    file.seek(SeekFrom::End(0)).map(|_| ())
}

impl Drop for FragmentedMp4 {
    fn drop(&mut self) {
        if let Err(error) = self.finish() {
            tracing::warn!(%error, "the end of a recording could not be written");
        }
    }
}
