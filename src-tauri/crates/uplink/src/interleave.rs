//! Merges picture and sound into one order by decoding time.
//!
//! Owns: the units that wait for the other track. Never waits by the wall clock, never reorders a track, never drops:
//! pure, fed by whoever drains the encoders.

use std::collections::VecDeque;
use std::time::Duration;

use vitrine_media::{AccessUnit, MediaTime, TrackKind};

/// Two queues merged by decoding time. A unit leaves when the other track has reached its time, or when its own track
/// has run ahead by more than the bound (the other encoder is stuck: the broadcast goes on with one track).
#[derive(Debug)]
pub struct Interleaver {
    bound: Duration,
    video: Track,
    audio: Track,
    newest_out: Option<MediaTime>,
    late: u64,
}

#[derive(Debug, Default)]
struct Track {
    waiting: VecDeque<AccessUnit>,
    reached: Option<MediaTime>,
}

impl Track {
    fn reached(&self, at: MediaTime) -> bool {
        self.reached.is_some_and(|reached| reached >= at)
    }

    fn ahead(&self, bound: Duration) -> bool {
        match (self.waiting.front(), self.reached) {
            (Some(oldest), Some(reached)) => reached.since(oldest.dts) > bound,
            _ => false,
        }
    }
}

impl Default for Interleaver {
    /// One second: beyond any encoder's look-ahead.
    fn default() -> Self {
        Self::new(Duration::from_secs(1))
    }
}

impl Interleaver {
    /// `bound` is the programme time a unit waits at most for the other track.
    pub fn new(bound: Duration) -> Self {
        Self { bound, video: Track::default(), audio: Track::default(), newest_out: None, late: 0 }
    }

    /// Takes a unit; [`Interleaver::pop`] then yields what may leave.
    pub fn push(&mut self, unit: AccessUnit) {
        let track = match unit.track {
            TrackKind::Video => &mut self.video,
            TrackKind::Audio => &mut self.audio,
        };
        track.reached = track.reached.max(Some(unit.dts));
        track.waiting.push_back(unit);
    }

    /// The next unit in order, if its turn has come.
    pub fn pop(&mut self) -> Option<AccessUnit> {
        let video_first = match (self.video.waiting.front(), self.audio.waiting.front()) {
            // On a tie the picture goes first: a stream opens with a keyframe.
            (Some(video), Some(audio)) => video.dts <= audio.dts,
            (Some(video), None) if self.audio.reached(video.dts) || self.video.ahead(self.bound) => true,
            (None, Some(audio)) if self.video.reached(audio.dts) || self.audio.ahead(self.bound) => false,
            _ => return None,
        };
        self.take(video_first)
    }

    /// The next unit in order without waiting: at the end of the programme, until it yields nothing.
    pub fn flush(&mut self) -> Option<AccessUnit> {
        let video_first = match (self.video.waiting.front(), self.audio.waiting.front()) {
            (Some(video), Some(audio)) => video.dts <= audio.dts,
            (video, _) => video.is_some(),
        };
        self.take(video_first)
    }

    /// Units that left after a later one of the other track, since they came beyond the bound.
    pub fn late(&self) -> u64 {
        self.late
    }

    fn take(&mut self, video_first: bool) -> Option<AccessUnit> {
        let track = if video_first { &mut self.video } else { &mut self.audio };
        let unit = track.waiting.pop_front()?;
        if self.newest_out.is_some_and(|newest| unit.dts < newest) {
            self.late += 1;
        }
        self.newest_out = self.newest_out.max(Some(unit.dts));
        Some(unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{audio, video};
    use proptest::prelude::*;

    fn drain(interleaver: &mut Interleaver) -> Vec<(TrackKind, i64)> {
        std::iter::from_fn(|| interleaver.pop()).map(|unit| (unit.track, unit.dts.millis())).collect()
    }

    #[test]
    fn sound_waits_for_the_slower_picture() {
        let mut interleaver = Interleaver::default();
        for at in [0, 21, 42] {
            interleaver.push(audio(at));
        }
        assert_eq!(drain(&mut interleaver), []);
        interleaver.push(video(0, true, 10));
        interleaver.push(video(33, false, 10));
        assert_eq!(
            drain(&mut interleaver),
            [(TrackKind::Video, 0), (TrackKind::Audio, 0), (TrackKind::Audio, 21), (TrackKind::Video, 33)]
        );
        assert_eq!(interleaver.flush().unwrap().dts.millis(), 42);
        assert_eq!(interleaver.late(), 0);
    }

    #[test]
    fn a_stuck_encoder_holds_the_other_track_up_only_so_long() {
        let mut interleaver = Interleaver::new(Duration::from_millis(500));
        for n in 0..100 {
            interleaver.push(audio(n * 20));
        }
        let out = drain(&mut interleaver);
        assert_eq!(out.last(), Some(&(TrackKind::Audio, 1460)));
        interleaver.push(video(0, true, 10));
        assert_eq!(interleaver.pop().unwrap().track, TrackKind::Video);
        assert_eq!(interleaver.late(), 1);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_all_is_in_order_for_any_arrival(
            pattern in proptest::collection::vec(any::<bool>(), 1..200)
        ) {
            let mut interleaver = Interleaver::new(Duration::from_hours(1));
            let (mut video_at, mut audio_at, mut out) = (0, 0, Vec::new());
            for &is_video in &pattern {
                if is_video {
                    interleaver.push(video(video_at, false, 1));
                    video_at += 33;
                } else {
                    interleaver.push(audio(audio_at));
                    audio_at += 21;
                }
                out.extend(std::iter::from_fn(|| interleaver.pop()).map(|unit| unit.dts));
            }
            out.extend(std::iter::from_fn(|| interleaver.flush()).map(|unit| unit.dts));
            prop_assert_eq!(out.len(), pattern.len());
            prop_assert!(out.is_sorted());
            prop_assert_eq!(interleaver.late(), 0);
        }
    }
}
