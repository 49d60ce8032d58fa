//! Why a picture could not be encoded.

/// Errors of [`super::VideoEncoder`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A setting no encoder can work with. Correct it and open again.
    #[error("{what}")]
    Settings {
        /// What is wrong with which value.
        what: String,
    },
    /// Not even software could be opened. Another size or rate may work; `tried` is for the log.
    #[error("no video encoder could be opened ({tried})")]
    NoEncoder {
        /// Every encoder tried, with its reason.
        tried: String,
    },
    /// The frame is not of the size the encoder was opened with. Scale it, or open another encoder.
    #[error("a frame of {got_width}x{got_height} was given to an encoder of {width}x{height}")]
    FrameSize {
        /// Columns of the frame.
        got_width: u32,
        /// Rows of the frame.
        got_height: u32,
        /// Columns expected.
        width: u32,
        /// Rows expected.
        height: u32,
    },
    /// Time did not go forward. Drop the frame.
    #[error("tick {tick} was given after tick {last}")]
    Tick {
        /// The tick given.
        tick: i64,
        /// The last one taken.
        last: i64,
    },
    /// Every encoder failed in turn, software included. Open a new one; the broadcast has a gap.
    #[error("the video encoder failed and none could replace it ({reason})")]
    Failed {
        /// Every failure in turn.
        reason: String,
    },
    /// The encoder was finished or has failed for good. Open a new one.
    #[error("the video encoder is finished")]
    Finished,
}
