//! Media files: their picture and their sound, each a source of its own, together in time by [`crate::Timeline`].
//!
//! Owns: the decoders of open files. The picture is decoded on the thread of its source when it is asked for. The
//! sound is decoded ahead, at most one second, by one worker thread per open file. Locks: one per sound, around its
//! queue of finished blocks, never held while decoding.
//!
//! A file that ends earlier than it says (cut off, or a careless header) loops at its true end: the half that first
//! runs dry measures both tracks, and the other half comes to the same answer when it runs dry in its turn.

mod pictures;
mod rotate;
mod sound;
mod tape;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::time::Duration;

use vitrine_codec::{MediaError, MediaInfo, PictureReader, SoundReader};
use vitrine_media::{BLOCK_FRAMES, CHANNELS, MediaTime};

use crate::CaptureError;

pub(crate) use pictures::FilePictures;
pub(crate) use sound::{FileSound, Patience};

/// A track may end this much before the file does without anyone measuring: tracks are rarely of equal length.
const EARLY: Duration = Duration::from_millis(500);

fn failed(path: &Path, error: MediaError) -> CaptureError {
    match error {
        MediaError::Missing => CaptureError::NotFound { what: path.display().to_string() },
        MediaError::Unreadable(reason) => CaptureError::Denied { what: path.display().to_string(), reason },
        MediaError::Unrecognised(_) | MediaError::NoDecoder(_) => {
            CaptureError::Unsupported { what: path.display().to_string(), reason: error.to_string() }
        }
        other => CaptureError::Media { path: path.to_owned(), reason: other.to_string() },
    }
}

/// The length both halves of a file loop at, if the file states one.
///
/// Many containers state it in milliseconds, rounded up. A lap should have a whole number of pictures, or one of them
/// shows twice every few laps: where the number of pictures is known, a difference of rounding is taken off.
fn stated_length(path: &Path) -> Result<Option<MediaTime>, MediaError> {
    let info = MediaInfo::probe(path)?;
    let rate = info.picture.and_then(|picture| picture.mean_rate);
    Ok(info.duration.map(|stated| rate.map_or(stated, |rate| whole_pictures(stated, rate))))
}

fn whole_pictures(stated: MediaTime, rate: f64) -> MediaTime {
    const ROUNDING_SECS: f64 = 0.001_1;
    let secs = (stated.secs_f64() * rate).round() / rate;
    if secs > 0.0 && (secs - stated.secs_f64()).abs() <= ROUNDING_SECS {
        MediaTime::from_nanos((secs * 1e9).round() as i64)
    } else {
        stated
    }
}

/// Where the longer of the file's tracks really ends, by winding to the end of each and decoding what is left.
/// `stated` is what the file says, if it says anything.
fn true_end(path: &Path, stated: Option<MediaTime>) -> Option<MediaTime> {
    let far = stated.unwrap_or(MediaTime::from_millis(1000 * 86_400 * 7));
    let picture = PictureReader::open(path).ok().and_then(|reader| picture_end(reader, far));
    let sound = SoundReader::open(path).ok().and_then(|reader| sound_end(reader, far));
    picture.max(sound).filter(|end| *end > MediaTime::ZERO)
}

fn picture_end(mut reader: PictureReader, far: MediaTime) -> Option<MediaTime> {
    let frame = 1.0 / reader.info().mean_rate.filter(|rate| rate.is_finite() && *rate >= 1.0).unwrap_or(25.0);
    reader.seek(far).ok()?;
    let mut last = None;
    while let Ok(Some(picture)) = reader.next() {
        last = Some(picture.at);
    }
    last.map(|at| at + Duration::from_secs_f64(frame))
}

fn sound_end(mut reader: SoundReader, far: MediaTime) -> Option<MediaTime> {
    // Sound that is wound behind its end gives nothing, so the last stretch is found by going back in larger steps.
    for back in [1, 10, 100, 1_000, u64::MAX] {
        let from = (far - Duration::from_secs(back)).max(MediaTime::ZERO);
        reader.seek(from).ok()?;
        let mut end = None;
        while let Ok(Some(sound)) = reader.next() {
            end = Some(sound.at + frames_span(sound.samples.len() / CHANNELS));
        }
        if end.is_some() || from == MediaTime::ZERO {
            return end;
        }
    }
    None
}

fn frames_span(frames: usize) -> Duration {
    MediaTime::from_samples(frames as i64).since(MediaTime::ZERO)
}

/// One block of studio sound.
type Block = [f32; BLOCK_FRAMES * CHANNELS];
