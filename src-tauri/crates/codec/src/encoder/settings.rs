//! What a video encoder is asked to do, and whether that can be done.

use vitrine_media::{FrameRate, VideoFrame};

use super::{EncodeError, EncoderChoice};

/// x264's presets, fastest first.
const PRESETS: [&str; 9] =
    ["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"];

/// Settings of a [`super::VideoEncoder`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VideoSettings {
    /// Columns, even, 16 to 8192.
    pub width: u32,
    /// Rows, even, 16 to 8192.
    pub height: u32,
    /// Constant frame rate.
    pub rate: FrameRate,
    /// Target and peak, in bits per second.
    pub bitrate: u32,
    /// x264's preset, `ultrafast` to `veryslow`. Hardware encoders have their own and do not look at it.
    pub preset: String,
    /// Seconds from keyframe to keyframe, 1 to 20.
    pub keyframe_secs: u32,
    /// Which encoder.
    pub encoder: EncoderChoice,
}

impl Default for VideoSettings {
    /// 1080p30, 4.5 Mb/s, `veryfast`, a keyframe every 2 s, the best encoder there is.
    fn default() -> Self {
        Self {
            width: 1920,
            height: 1080,
            rate: FrameRate::FPS_30,
            bitrate: 4_500_000,
            preset: "veryfast".to_owned(),
            keyframe_secs: 2,
            encoder: EncoderChoice::Auto,
        }
    }
}

impl VideoSettings {
    /// Frames from keyframe to keyframe.
    pub(crate) fn keyframe_ticks(&self) -> i64 {
        ((self.rate.as_f64() * f64::from(self.keyframe_secs)).round() as i64).max(1)
    }

    pub(crate) fn check(&self) -> Result<(), EncodeError> {
        let refuse = |what: String| Err(EncodeError::Settings { what });
        let (width, height) = (self.width, self.height);
        let possible = |n: u32| (16..=8192).contains(&n) && n.is_multiple_of(2);
        if !possible(width) || !possible(height) {
            return refuse(format!(
                "a picture of {width}x{height} cannot be encoded: both must be even, 16 to 8192"
            ));
        }
        if !(50_000..=200_000_000).contains(&self.bitrate) {
            return refuse(format!("a video bitrate of {} b/s is not between 50k and 200M", self.bitrate));
        }
        if !(1..=20).contains(&self.keyframe_secs) {
            return refuse(format!("{} s between keyframes is not between 1 and 20", self.keyframe_secs));
        }
        if !PRESETS.contains(&self.preset.as_str()) {
            return refuse(format!("\"{}\" is no preset; there are {}", self.preset, PRESETS.join(", ")));
        }
        Ok(())
    }

    pub(crate) fn check_frame(&self, frame: &VideoFrame) -> Result<(), EncodeError> {
        let (got_width, got_height) = (frame.width(), frame.height());
        let (width, height) = (self.width, self.height);
        if (got_width, got_height) == (width, height) {
            Ok(())
        } else {
            Err(EncodeError::FrameSize { got_width, got_height, width, height })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: impl FnOnce(&mut VideoSettings)) -> bool {
        let mut settings = VideoSettings::default();
        change(&mut settings);
        settings.check().is_err()
    }

    #[test]
    fn settings_no_encoder_can_meet_are_refused_before_one_is_opened() {
        assert!(VideoSettings::default().check().is_ok());
        assert!(refused(|s| s.width = 1921));
        assert!(refused(|s| s.height = 0));
        assert!(refused(|s| s.width = 100_000));
        assert!(refused(|s| s.bitrate = 0));
        assert!(refused(|s| s.keyframe_secs = 0));
        assert!(refused(|s| "veryfast\0".clone_into(&mut s.preset)));
    }

    #[test]
    fn the_keyframe_interval_counts_whole_frames() {
        let ntsc = VideoSettings { rate: FrameRate::new(30_000, 1001).unwrap(), ..VideoSettings::default() };
        assert_eq!(ntsc.keyframe_ticks(), 60);
    }
}
