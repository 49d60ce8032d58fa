//! The picture of a media file: the frame showing at any session time asked for.

use std::path::{Path, PathBuf};
use std::time::Duration;

use vitrine_codec::{MediaError, PictureReader};
use vitrine_media::{Convert, ConvertError, FramePool, MediaTime, VideoFrame};

use super::{EARLY, failed, rotate, stated_length, true_end};
use crate::timeline::{Place, Timeline};
use crate::{CaptureContext, CaptureError, Pacing, VideoSource};

/// Looked up this much later than asked: containers that count in milliseconds round a frame's time up by as much
/// as half of one, and the frame due on a tick must not come a tick late for it.
const ROUNDING: Duration = Duration::from_millis(1);
/// A gap to bridge by winding instead of decoding everything between.
const FAR: Duration = Duration::from_secs(2);

/// Decodes on demand, forwards; winds at the seam of a loop and after a jump.
pub(crate) struct FilePictures {
    path: PathBuf,
    reader: PictureReader,
    stated: Option<MediaTime>,
    timeline: Timeline,
    convert: std::sync::Arc<dyn Convert>,
    pool: FramePool,
    lap: i64,
    shown: Option<Timed>,
    ahead: Option<Timed>,
    /// The reader has given its last picture.
    dry: bool,
    measured: bool,
    seq: u64,
    unconverted: u64,
}

/// A converted picture and when it begins to show.
#[derive(Clone)]
struct Timed {
    at: MediaTime,
    frame: VideoFrame,
}

impl Timed {
    /// Stamped with the session time from which it shows.
    fn from(mut self, session: MediaTime) -> Self {
        self.frame.pts = session;
        self
    }
}

impl FilePictures {
    /// Opens the file and decodes its first picture, so that a file nothing can be made of is refused here.
    pub(crate) fn open(
        path: &Path,
        looping: bool,
        offset: Duration,
        context: &CaptureContext,
    ) -> Result<Self, CaptureError> {
        let reader = PictureReader::open(path).map_err(|error| failed(path, error))?;
        let stated = stated_length(path).map_err(|error| failed(path, error))?;
        if reader.info().hdr {
            tracing::warn!(path = %path.display(), "high dynamic range is shown without tone mapping");
        }
        let mut source = Self {
            path: path.to_owned(),
            timeline: Timeline::new(stated, looping, offset),
            stated,
            reader,
            convert: std::sync::Arc::clone(&context.convert),
            pool: context.pool.clone(),
            lap: 0,
            shown: None,
            ahead: None,
            dry: false,
            measured: false,
            seq: 0,
            unconverted: 0,
        };
        source.fetch()?;
        Ok(source)
    }

    /// Decodes and converts the next picture into `ahead`. Pictures that cannot be converted are counted and skipped.
    fn fetch(&mut self) -> Result<(), CaptureError> {
        while !self.dry && self.ahead.is_none() {
            let next = self.reader.next().map_err(|error| failed(&self.path, error))?;
            let Some(picture) = next else {
                self.dry = true;
                return Ok(());
            };
            let (at, turns) = (picture.at, picture.quarter_turns);
            let converted = self
                .convert
                .convert(&picture.raw(), &self.pool, at, self.seq)
                .and_then(|frame| Ok(rotate::turned(frame, turns, &self.pool)?));
            match converted {
                Ok(frame) => {
                    self.seq += 1;
                    self.ahead = Some(Timed { at, frame });
                }
                Err(ConvertError::Size { .. }) => {
                    let reason = MediaError::Resources("its size".to_owned());
                    return Err(failed(&self.path, reason));
                }
                Err(error) => {
                    self.unconverted += 1;
                    tracing::trace!(%error, "a picture of a media file was skipped");
                    if matches!(error, ConvertError::Pool(_)) {
                        // The frame before stays; decoding on would only lose more of them.
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    /// Winds to `place`, so that `ahead` is the picture showing there.
    fn wind(&mut self, place: Place, session: MediaTime) -> Result<(), CaptureError> {
        self.lap = place.lap;
        (self.dry, self.ahead) = (false, None);
        let to = place.media.max(MediaTime::ZERO);
        self.reader.seek(to).map_err(|error| failed(&self.path, error))?;
        self.fetch()?;
        self.shown = self.ahead.take().map(|next| next.from(session)).or_else(|| self.shown.take());
        if let Some(shown) = &mut self.shown {
            // Whatever came is what shows at `to`, also when the file has nothing that early.
            shown.at = shown.at.min(to);
        }
        Ok(())
    }

    fn needs_winding(&self, place: Place) -> bool {
        let Some(shown) = &self.shown else {
            // The first picture is decoded already.
            return place.media.since(MediaTime::ZERO) > FAR;
        };
        let front = self.ahead.as_ref().map_or(shown.at, |ahead| ahead.at);
        place.lap != self.lap
            || place.media.max(MediaTime::ZERO) < shown.at
            || (!self.dry && place.media.since(front) > FAR)
    }

    /// Brings `shown` to what shows at `place`.
    fn advance(&mut self, place: Place, session: MediaTime) -> Result<(), CaptureError> {
        if self.needs_winding(place) {
            self.wind(place, session)?;
        }
        self.lap = place.lap;
        loop {
            if self.ahead.is_none() {
                self.fetch()?;
            }
            let due = self.ahead.as_ref().is_some_and(|next| next.at <= place.media || self.shown.is_none());
            if !due {
                return Ok(());
            }
            self.shown = self.ahead.take().map(|next| next.from(session));
        }
    }

    /// The reader ran dry well before the end the file states, or the file states none: finds out where it ends.
    fn measure(&mut self, place: Place) -> bool {
        let early = self.timeline.length().is_none_or(|end| {
            let last = self.shown.as_ref().map_or(MediaTime::ZERO, |shown| shown.at);
            end.since(last) > EARLY
        });
        let passed = self.shown.as_ref().is_some_and(|shown| place.media > shown.at);
        if self.measured || !self.dry || !early || !passed {
            return false;
        }
        self.measured = true;
        let Some(end) = true_end(&self.path, self.stated) else { return false };
        let shorter = self.timeline.length().is_none_or(|stated| stated.since(end) > EARLY);
        if shorter {
            tracing::debug!(path = %self.path.display(), ?end, "the file ends where it does not say");
            self.timeline = self.timeline.with_length(end);
        }
        shorter
    }
}

impl VideoSource for FilePictures {
    fn pacing(&self) -> Pacing {
        Pacing::OnDemand
    }

    fn read(&mut self, at: MediaTime) -> Result<Option<VideoFrame>, CaptureError> {
        let place = self.timeline.place(at + ROUNDING);
        self.advance(place, at)?;
        if self.measure(place) {
            self.advance(self.timeline.place(at + ROUNDING), at)?;
        }
        Ok(self.shown.as_ref().map(|shown| shown.frame.clone()))
    }

    fn skipped(&self) -> u64 {
        self.reader.damaged() + self.unconverted
    }
}
