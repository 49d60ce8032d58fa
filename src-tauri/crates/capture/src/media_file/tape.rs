//! The sound of a media file as an endless tape of session samples: loops, gaps and ends are already dealt with.
//!
//! No threads, no locks: used by whoever decodes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use vitrine_codec::SoundReader;
use vitrine_media::{CHANNELS, MediaTime, SAMPLE_RATE_HZ};

use super::{Block, EARLY, failed, stated_length, true_end};
use crate::CaptureError;
use crate::timeline::Timeline;
use crate::tone::sample_at;

/// A gap to bridge by winding instead of decoding everything between, in samples.
const FAR: i64 = 2 * SAMPLE_RATE_HZ as i64;
/// Wound this much before the place wanted: a decoder's first frames after winding are not right, for they overlap
/// with ones it has not seen (AAC 21 ms, Opus asks for 80 ms).
const PREROLL: i64 = SAMPLE_RATE_HZ as i64 / 10;
/// Pieces this close are taken as following on each other: times are rounded to nanoseconds on the way.
const ROUNDING: i64 = 2;

/// Decodes forwards; winds at the seam of a loop and after a jump.
pub(super) struct Tape {
    path: PathBuf,
    reader: SoundReader,
    stated: Option<MediaTime>,
    timeline: Timeline,
    lap: i64,
    /// Decoded and not yet used; begins with media sample `start`.
    pending: Vec<f32>,
    start: i64,
    /// From here to `start` the file is known to have no sound.
    known: i64,
    dry: bool,
    measured: bool,
}

impl Tape {
    pub(super) fn open(path: &Path, looping: bool, offset: Duration) -> Result<Self, CaptureError> {
        let reader = SoundReader::open(path).map_err(|error| failed(path, error))?;
        let stated = stated_length(path).map_err(|error| failed(path, error))?;
        let mut tape = Self {
            path: path.to_owned(),
            timeline: Timeline::new(stated, looping, offset),
            stated,
            reader,
            lap: 0,
            pending: Vec::new(),
            start: 0,
            known: 0,
            dry: false,
            measured: false,
        };
        // Whatever comes first: a file of which nothing can be decoded is refused here.
        tape.reach(0)?;
        Ok(tape)
    }

    /// Fills `out` with session samples from `n` on; silence where the file has none.
    pub(super) fn read(&mut self, n: i64, out: &mut Block) -> Result<(), CaptureError> {
        let mut done = 0;
        let frames = out.len() / CHANNELS;
        while done < frames {
            let place = self.timeline.sample_place(n.saturating_add(done as i64));
            if place.lap != self.lap {
                self.wind(place.sample)?;
                self.lap = place.lap;
            }
            let before = self.timeline;
            self.reach(place.sample)?;
            if self.timeline != before {
                // The file has turned out to end here: this sample belongs to another lap.
                continue;
            }
            let most = place.left.unwrap_or(i64::MAX).min((frames - done) as i64);
            let span = out.get_mut(done * CHANNELS..).unwrap_or_default();
            done += self.take(place.sample, most, span);
        }
        Ok(())
    }

    /// First media sample not decoded yet.
    fn end(&self) -> i64 {
        self.start + (self.pending.len() / CHANNELS) as i64
    }

    /// Decodes until media sample `sample` is in `pending`, or known not to exist.
    fn reach(&mut self, sample: i64) -> Result<(), CaptureError> {
        if sample < self.known || (!self.dry && sample - self.end() > FAR) {
            self.wind(sample)?;
        }
        while !self.dry && self.end() <= sample {
            if !self.pending.is_empty() {
                self.start = self.end();
                self.known = self.start;
                self.pending.clear();
            }
            let Some(sound) = self.reader.next().map_err(|error| failed(&self.path, error))? else {
                self.dry = true;
                self.measure();
                break;
            };
            let at = sample_at(sound.at);
            if (at - self.start).abs() > ROUNDING {
                self.start = at;
            }
            self.pending.extend_from_slice(sound.samples);
        }
        Ok(())
    }

    fn wind(&mut self, sample: i64) -> Result<(), CaptureError> {
        let from = sample.max(0) - PREROLL;
        self.reader.seek(MediaTime::from_samples(from)).map_err(|error| failed(&self.path, error))?;
        (self.start, self.known, self.dry) = (from, from, false);
        self.pending.clear();
        Ok(())
    }

    /// Writes at most `most` samples from `sample` on to `out` and returns how many, at least one: from `pending`, or
    /// silence up to its start, or silence for all if there is nothing left.
    fn take(&mut self, sample: i64, most: i64, out: &mut [f32]) -> usize {
        let within = (self.start..self.end()).contains(&sample);
        let run = match self.start - sample {
            _ if within => self.end() - sample,
            ahead if ahead > 0 => ahead,
            _ => most,
        };
        let count = run.min(most).max(1) as usize * CHANNELS;
        let Some(target) = out.get_mut(..count) else { return out.len().max(1) };
        if within {
            let from = (sample - self.start) as usize * CHANNELS;
            if let Some(source) = self.pending.get(from..from + count) {
                target.copy_from_slice(source);
            }
        } else {
            target.fill(0.0);
        }
        count / CHANNELS
    }

    /// As the picture does: a file that ends before it says, or does not say, is measured once.
    fn measure(&mut self) {
        let early = self
            .timeline
            .length()
            .is_none_or(|end| end.since(MediaTime::from_samples(self.start.max(0))) > EARLY);
        if self.measured || !early {
            return;
        }
        self.measured = true;
        let Some(end) = true_end(&self.path, self.stated) else { return };
        if self.timeline.length().is_none_or(|stated| stated.since(end) > EARLY) {
            self.timeline = self.timeline.with_length(end);
        }
    }
}
