//! Recording to disk beside the broadcast.
//!
//! Owns: one thread with a cursor on the ring, and the file. Never slows the broadcast: a disk that is full, slow or
//! gone ends or thins the recording and nothing else. Never overwrites: a name that exists gets a number.
//!
//! Threads: one, blocked in the disk at times. Locks: one mutex over the status, held for a few moves.

use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use vitrine_codec::{FragmentedMp4, MuxError};
use vitrine_media::{AccessUnit, AudioConfig, StopToken, StreamConfig, VideoConfig};

use crate::ring::{Configs, Cursor, Readiness, UnitRing};

/// How long the thread waits for a unit before it looks whether it should stop.
const WAIT: Duration = Duration::from_millis(50);
/// How long a stop waits for the last fragment to reach the disk.
const STOP_LIMIT: Duration = Duration::from_millis(800);
/// Units held at most while the sound's configuration is awaited.
const MAX_HELD: usize = 2000;
/// Numbers tried for a name that exists.
const MAX_NUMBER: u32 = 9999;

/// Why there is no recording, or no more of it. The broadcast goes on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Free space or choose another disk. What was written plays.
    #[error("the disk is full")]
    DiskFull,
    /// Choose another folder.
    #[error("the place cannot be written to")]
    ReadOnly,
    /// The folder does not exist.
    #[error("the folder does not exist")]
    NoSuchFolder,
    /// The name and all its numbered variants exist, or it names a folder.
    #[error("no free name was found for the recording")]
    NoFreeName,
    /// The disk failed otherwise. What was written plays.
    #[error("recording failed: {0:?}")]
    Io(io::ErrorKind),
    /// A fault of ours. What was written plays.
    #[error("recording failed inside")]
    Internal,
}

impl RecordError {
    /// A stable code for the surface.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::DiskFull => "disk_full",
            Self::ReadOnly => "read_only",
            Self::NoSuchFolder => "no_such_folder",
            Self::NoFreeName => "no_free_name",
            Self::Io(_) => "record_failed",
            Self::Internal => "internal",
        }
    }

    fn from_io(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                Self::DiskFull
            }
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => Self::ReadOnly,
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::NoSuchFolder,
            kind => Self::Io(kind),
        }
    }

    fn from_mux(error: &MuxError) -> Self {
        match error {
            MuxError::DiskFull => Self::DiskFull,
            MuxError::ReadOnly(_) => Self::ReadOnly,
            MuxError::Io(error) => Self::from_io(error),
            _ => Self::Internal,
        }
    }
}

/// Where a recording stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordState {
    /// Waiting for the first keyframe.
    Waiting,
    /// Writing.
    Recording,
    /// Ended properly.
    Finished,
    /// Ended by a fault.
    Failed(RecordError),
}

/// How a recording is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordStatus {
    /// The file, with the number it may have got.
    pub path: PathBuf,
    /// Bytes safe on the disk.
    pub bytes: u64,
    /// Where it stands.
    pub state: RecordState,
    /// Units missing because the disk was slower than the ring is long.
    pub lost_units: u64,
}

/// A recording under way. Dropping it ends the recording without waiting for the disk.
#[derive(Debug)]
pub struct Recorder {
    status: Arc<Mutex<RecordStatus>>,
    stop: StopToken,
    done: mpsc::Receiver<()>,
}

impl Recorder {
    /// Records what comes through `ring` from its newest keyframe on into `path`, or `name-2`, `name-3`… if that
    /// exists. An error here means that the place is no good; later faults show in the status.
    pub fn start(ring: &UnitRing, path: &Path) -> Result<Self, RecordError> {
        let path = reserve(path)?;
        let status = Arc::new(Mutex::new(RecordStatus {
            path: path.clone(),
            bytes: 0,
            state: RecordState::Waiting,
            lost_units: 0,
        }));
        let stop = StopToken::new();
        let (end, done) = mpsc::channel();
        let thread = Thread {
            path,
            ring: ring.clone(),
            cursor: ring.cursor(),
            status: Arc::clone(&status),
            stop: stop.clone(),
            _end: end,
        };
        std::thread::Builder::new()
            .name("uplink-record".to_owned())
            .spawn(move || thread.run())
            .map_err(|error| RecordError::from_io(&error))?;
        Ok(Self { status, stop, done })
    }

    /// How it is doing.
    pub fn status(&self) -> RecordStatus {
        lock(&self.status).clone()
    }

    /// Writes what the ring still holds, closes the file and tells how it went. Waits for the disk at most 0.8 s; a
    /// slower one finishes on its own.
    pub fn finish(self) -> RecordStatus {
        self.stop.stop();
        // Ends by the sender's drop, however the thread ends.
        let _ = self.done.recv_timeout(STOP_LIMIT);
        self.status()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.stop.stop();
    }
}

fn lock(status: &Mutex<RecordStatus>) -> MutexGuard<'_, RecordStatus> {
    status.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Creates the file, empty, under the first free name, so that nobody else can take it.
fn reserve(path: &Path) -> Result<PathBuf, RecordError> {
    let stem = path.file_stem().ok_or(RecordError::NoFreeName)?.to_os_string();
    for number in 1..=MAX_NUMBER {
        let candidate = if number == 1 {
            path.to_path_buf()
        } else {
            let mut name = stem.clone();
            name.push(format!("-{number}"));
            if let Some(extension) = path.extension() {
                name.push(".");
                name.push(extension);
            }
            path.with_file_name(name)
        };
        match OpenOptions::new().write(true).create_new(true).open(&candidate) {
            Ok(_) => return Ok(candidate),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(RecordError::from_io(&error)),
        }
    }
    Err(RecordError::NoFreeName)
}

struct Thread {
    path: PathBuf,
    ring: UnitRing,
    cursor: Cursor,
    status: Arc<Mutex<RecordStatus>>,
    stop: StopToken,
    /// Dropped at the end, which tells whoever waits.
    _end: mpsc::Sender<()>,
}

impl Thread {
    fn run(mut self) {
        let guard = FaultGuard(Arc::clone(&self.status));
        let result = self.record();
        let state = match result {
            Ok(()) => RecordState::Finished,
            Err(error) => {
                let code = error.code();
                tracing::error!(code, %error, path = %self.path.display(), "the recording has ended");
                RecordState::Failed(error)
            }
        };
        lock(&self.status).state = state;
        drop(guard);
    }

    fn record(&mut self) -> Result<(), RecordError> {
        let mut held = Vec::new();
        let Some(mut file) = self.open(&mut held)? else {
            // Nothing ever came: an empty file would only confuse.
            let _ = std::fs::remove_file(&self.path);
            return Ok(());
        };
        self.update(RecordState::Recording, file.bytes());
        let result =
            held.iter().try_for_each(|unit| file.write(unit).map_err(|error| RecordError::from_mux(&error)));
        let result = result.and_then(|()| self.write_all(&mut file));
        let finished = result.and_then(|()| file.finish().map_err(|error| RecordError::from_mux(&error)));
        self.update(RecordState::Recording, file.bytes());
        finished
    }

    /// Reads from the first keyframe on until both configurations are known, and creates the file; `None` when told to
    /// stop before. What was read is left in `held`.
    fn open(&mut self, held: &mut Vec<AccessUnit>) -> Result<Option<FragmentedMp4>, RecordError> {
        loop {
            while let Some(unit) = self.cursor.try_next() {
                held.push(unit);
                if let Some((video, audio)) = both(&self.ring.configs()) {
                    let file = FragmentedMp4::create(&self.path, &video, &audio);
                    return file.map(Some).map_err(|error| RecordError::from_mux(&error));
                }
                // The studio makes sound from its first tick; without any, there is nothing to wait for.
                if held.len() > MAX_HELD {
                    return Err(RecordError::Internal);
                }
            }
            if self.cursor.wait(WAIT) == Readiness::Ended || self.stop.is_stopped() {
                return Ok(None);
            }
        }
    }

    fn write_all(&mut self, file: &mut FragmentedMp4) -> Result<(), RecordError> {
        loop {
            while let Some(unit) = self.cursor.try_next() {
                file.write(&unit).map_err(|error| RecordError::from_mux(&error))?;
                if file.bytes() != lock(&self.status).bytes {
                    self.update(RecordState::Recording, file.bytes());
                }
            }
            if self.stop.is_stopped() || self.cursor.wait(WAIT) == Readiness::Ended {
                return Ok(());
            }
        }
    }

    fn update(&self, state: RecordState, bytes: u64) {
        let mut status = lock(&self.status);
        status.state = state;
        status.bytes = bytes;
        status.lost_units = self.cursor.lost();
    }
}

fn both(configs: &Configs) -> Option<(VideoConfig, AudioConfig)> {
    match (configs.video.as_deref(), configs.audio.as_deref()) {
        (Some(StreamConfig::Video(video)), Some(StreamConfig::Audio(audio))) => {
            Some((video.clone(), audio.clone()))
        }
        _ => None,
    }
}

/// Says so if the thread ends without having said how: a panic.
struct FaultGuard(Arc<Mutex<RecordStatus>>);

impl Drop for FaultGuard {
    fn drop(&mut self) {
        let mut status = lock(&self.0);
        if matches!(status.state, RecordState::Waiting | RecordState::Recording) {
            status.state = RecordState::Failed(RecordError::Internal);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_existing_name_gets_a_number_and_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("show.v1.mp4");
        std::fs::write(&path, b"precious").unwrap();
        std::fs::write(dir.path().join("show.v1-2.mp4"), b"also").unwrap();
        let ring = UnitRing::default();
        let recorder = Recorder::start(&ring, &path).unwrap();
        assert_eq!(recorder.status().path, dir.path().join("show.v1-3.mp4"));
        let status = recorder.finish();
        assert_eq!(status.state, RecordState::Finished);
        assert!(!status.path.exists(), "an empty recording leaves nothing behind");
        assert_eq!(std::fs::read(&path).unwrap(), b"precious");
    }

    #[test]
    fn a_place_that_is_no_good_is_told_at_once() {
        let ring = UnitRing::default();
        let error = |path: &str| Recorder::start(&ring, Path::new(path)).unwrap_err();
        assert_eq!(error("/no/such/folder/a.mp4"), RecordError::NoSuchFolder);
        assert_eq!(error("/"), RecordError::NoFreeName);
        assert_eq!(error("/proc/a.mp4"), RecordError::NoSuchFolder);
    }

    #[test]
    fn a_closed_ring_ends_the_recording() {
        let dir = tempfile::tempdir().unwrap();
        let ring = UnitRing::default();
        let recorder = Recorder::start(&ring, &dir.path().join("a.mp4")).unwrap();
        ring.close();
        recorder.done.recv().unwrap_err();
        assert_eq!(recorder.status().state, RecordState::Finished);
    }
}
