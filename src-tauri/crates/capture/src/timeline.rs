//! Where in a media file an instant of the session is. Pure arithmetic, shared by a file's picture and its sound: that
//! both ask the same function is what keeps them together.
//!
//! Three zeros: session time zero is when the session began; media time zero is the file's start; the offset is the
//! media time shown at session time zero. A lap is one pass through a looping file. Lengths are whole 48 kHz samples,
//! so that a lap's sound has a whole number of samples and no rounding adds up over laps.

use std::time::Duration;

use vitrine_media::{MediaTime, SAMPLE_RATE_HZ};

const NANOS: i128 = 1_000_000_000;
const RATE: i128 = SAMPLE_RATE_HZ as i128;

/// The mapping for one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeline {
    /// Length of a lap in samples, at least 1; `None` while it is not known.
    length: Option<i64>,
    looping: bool,
    offset: i64,
}

/// A place in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// How often the file has begun anew; negative before session time zero.
    pub lap: i64,
    /// Media time. Beyond the length in a file that does not loop; negative before its start.
    pub media: MediaTime,
}

/// A place in a file's sound, and how far it goes on without a jump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SamplePlace {
    /// As in [`Place`].
    pub lap: i64,
    /// 48 kHz sample number in the file.
    pub sample: i64,
    /// Samples from here to the end of the lap; `None` if there is no end.
    pub left: Option<i64>,
}

impl Timeline {
    /// A file of that length, or of a length not known yet, which is taken as endless.
    pub fn new(length: Option<MediaTime>, looping: bool, offset: Duration) -> Self {
        let offset = i64::try_from(offset.as_nanos()).unwrap_or(i64::MAX);
        Self { length: length.and_then(samples), looping, offset: nearest(offset) }
    }

    /// The same with a length found out later.
    #[must_use]
    pub fn with_length(self, length: MediaTime) -> Self {
        Self { length: samples(length).or(self.length), ..self }
    }

    /// Length of a lap, if known.
    pub fn length(&self) -> Option<MediaTime> {
        self.length.map(MediaTime::from_samples)
    }

    /// Where session time `at` is.
    pub fn place(&self, at: MediaTime) -> Place {
        // Nanoseconds times the sample rate: exact for both units.
        let position = i128::from(at.nanos()) * RATE + i128::from(self.offset) * NANOS;
        let (lap, within) = match self.length {
            Some(length) if self.looping => {
                let lap = i128::from(length) * NANOS;
                (position.div_euclid(lap), position.rem_euclid(lap))
            }
            _ => (0, position),
        };
        Place { lap: narrow(lap), media: MediaTime::from_nanos(narrow(within.div_euclid(RATE))) }
    }

    /// Where session sample `n` is.
    pub fn sample_place(&self, n: i64) -> SamplePlace {
        let position = n.saturating_add(self.offset);
        match self.length {
            Some(length) if self.looping => {
                let sample = position.rem_euclid(length);
                SamplePlace { lap: position.div_euclid(length), sample, left: Some(length - sample) }
            }
            _ => SamplePlace { lap: 0, sample: position, left: None },
        }
    }
}

/// A length in samples; nothing is shorter than one.
fn samples(length: MediaTime) -> Option<i64> {
    (length > MediaTime::ZERO).then(|| nearest(length.nanos()).max(1))
}

fn nearest(nanos: i64) -> i64 {
    narrow((i128::from(nanos) * RATE + NANOS / 2).div_euclid(NANOS))
}

fn narrow(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looping(nanos: i64, offset: Duration) -> Timeline {
        Timeline::new(Some(MediaTime::from_nanos(nanos)), true, offset)
    }

    #[test]
    fn a_file_begins_at_session_zero_and_begins_anew_at_its_end() {
        let line = looping(10_000_000_000, Duration::ZERO);
        let at = |ms| line.place(MediaTime::from_millis(ms));
        assert_eq!(at(0), Place { lap: 0, media: MediaTime::ZERO });
        assert_eq!(at(9_999), Place { lap: 0, media: MediaTime::from_millis(9_999) });
        assert_eq!(at(10_000), Place { lap: 1, media: MediaTime::ZERO });
        assert_eq!(at(-1), Place { lap: -1, media: MediaTime::from_millis(9_999) });
        assert_eq!(at(86_400_000 + 25), Place { lap: 8_640, media: MediaTime::from_millis(25) });
    }

    #[test]
    fn the_offset_is_what_shows_at_session_zero() {
        let line = looping(10_000_000_000, Duration::from_millis(7_500));
        assert_eq!(line.place(MediaTime::ZERO).media, MediaTime::from_millis(7_500));
        assert_eq!(line.place(MediaTime::from_millis(2_500)), Place { lap: 1, media: MediaTime::ZERO });
        assert_eq!(line.sample_place(0).sample, 360_000);
    }

    #[test]
    fn without_looping_time_runs_past_the_end() {
        let line = Timeline::new(Some(MediaTime::from_millis(1000)), false, Duration::ZERO);
        assert_eq!(
            line.place(MediaTime::from_millis(5000)),
            Place { lap: 0, media: MediaTime::from_millis(5000) }
        );
        assert_eq!(line.sample_place(240_000), SamplePlace { lap: 0, sample: 240_000, left: None });
    }

    #[test]
    fn picture_and_sound_agree_for_days_at_odd_lengths() {
        // 31 frames of 30000/1001: not a whole number of samples.
        for nanos in [1_034_366_667, 33_366_667, 7_777_777_777, 20_833] {
            let line = looping(nanos, Duration::from_millis(123));
            for n in [0, 1, 479, 480, 49_649, 49_650, 48_000 * 3_600, 48_000 * 86_400 * 3 + 11] {
                let sound = line.sample_place(n);
                // The middle of the sample, so that rounding down to nanoseconds cannot fall into the one before.
                let middle = MediaTime::from_nanos(MediaTime::from_samples(n).nanos() + 10_000);
                let picture = line.place(middle);
                assert_eq!(picture.lap, sound.lap, "{nanos} {n}");
                let apart = picture.media.nanos() - MediaTime::from_samples(sound.sample).nanos();
                assert!((0..20_834).contains(&apart), "{nanos} {n}: {apart}");
            }
        }
    }

    #[test]
    fn absurd_values_saturate() {
        for line in [looping(1, Duration::MAX), looping(i64::MAX, Duration::MAX)] {
            for nanos in [i64::MIN, i64::MAX] {
                let _ = line.place(MediaTime::from_nanos(nanos));
                assert!(line.sample_place(nanos).left.is_none_or(|left| left > 0));
            }
        }
        assert_eq!(Timeline::new(Some(MediaTime::ZERO), true, Duration::ZERO).length(), None);
    }
}
