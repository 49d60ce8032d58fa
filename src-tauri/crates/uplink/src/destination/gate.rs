//! What a destination leaves out when its network is slower than the stream.

use std::time::Duration;

use vitrine_media::{AccessUnit, TrackKind};

/// Behind by this much, pictures are left out up to a keyframe.
const LIMIT: Duration = Duration::from_secs(3);

/// What to do with the next unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Send it.
    Send,
    /// Leave it out; it is counted.
    Drop,
}

/// Drops the rest of a group of pictures (never one from its middle: all that follow would be garbled), keeps the
/// sound whole and in order. A later keyframe is worth more than an earlier one.
#[derive(Debug, Default)]
pub struct GopGate {
    dropping: bool,
    dropped: u64,
}

impl GopGate {
    /// Decides on the next unit of a reader that is `lag` behind; `later_keyframe` says whether the ring holds a newer
    /// keyframe than this unit.
    pub fn admit(&mut self, unit: &AccessUnit, lag: Duration, later_keyframe: bool) -> Admission {
        if unit.track == TrackKind::Audio {
            return Admission::Send;
        }
        if unit.keyframe {
            self.dropping = lag > LIMIT && later_keyframe;
        } else if lag > LIMIT {
            self.dropping = true;
        }
        if self.dropping {
            self.dropped += 1;
            Admission::Drop
        } else {
            Admission::Send
        }
    }

    /// Pictures left out.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{audio, video};

    const FAR: Duration = Duration::from_secs(4);
    const NEAR: Duration = Duration::from_secs(1);

    #[test]
    fn a_late_destination_drops_to_the_next_keyframe_and_keeps_all_sound() {
        let mut gate = GopGate::default();
        assert_eq!(gate.admit(&video(0, false, 1), NEAR, true), Admission::Send);
        assert_eq!(gate.admit(&video(33, false, 1), FAR, true), Admission::Drop);
        assert_eq!(gate.admit(&audio(40), FAR, true), Admission::Send);
        assert_eq!(gate.admit(&video(66, false, 1), NEAR, true), Admission::Drop, "not in mid-group");
        assert_eq!(gate.admit(&video(100, true, 1), FAR, true), Admission::Drop, "a newer one is there");
        assert_eq!(gate.admit(&video(133, false, 1), NEAR, false), Admission::Drop);
        assert_eq!(gate.admit(&video(2100, true, 1), NEAR, false), Admission::Send);
        assert_eq!(gate.admit(&video(2133, false, 1), NEAR, false), Admission::Send);
        assert_eq!(gate.dropped(), 4);
    }

    #[test]
    fn the_newest_keyframe_is_sent_however_late() {
        let mut gate = GopGate::default();
        assert_eq!(gate.admit(&video(0, true, 1), FAR, false), Admission::Send);
        assert_eq!(gate.admit(&video(33, false, 1), FAR, false), Admission::Drop);
    }
}
