//! Why a text cannot be shown.

use crate::CaptureError;

/// Why a text cannot be shown. None of these heals by itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// No font is installed at all. The host must install one; Noto Sans CJK covers Chinese and Latin.
    #[error("no font is installed; install one that covers Chinese and Latin, such as Noto Sans CJK")]
    NoFonts,
    /// Fonts are there, but none has any character of the text.
    #[error(
        "no installed font has the characters {characters}; install Noto Sans CJK or another font that does"
    )]
    NoGlyphs {
        /// The characters, each once.
        characters: String,
    },
    /// A number of the style is out of its range.
    #[error("{field} must be {range}")]
    Style {
        /// Name of the field in [`crate::TextStyle`].
        field: &'static str,
        /// What is accepted.
        range: &'static str,
    },
    /// The text is longer than can be shown.
    #[error("the text has {characters} characters, at most {limit} can be shown")]
    TooLong {
        /// Its length.
        characters: usize,
        /// The limit.
        limit: usize,
    },
    /// The picture would be larger than any canvas needs.
    #[error("the text would be {width}x{height} pixels; wrap it or make it smaller")]
    TooLarge {
        /// Columns.
        width: u64,
        /// Rows.
        height: u64,
    },
    /// The shaping library failed on this text.
    #[error("the text could not be shaped")]
    Shaper,
}

impl From<TextError> for CaptureError {
    fn from(error: TextError) -> Self {
        Self::Unsupported { what: "text".to_owned(), reason: error.to_string() }
    }
}
