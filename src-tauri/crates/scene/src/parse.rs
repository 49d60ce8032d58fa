//! Reading a show file.
//!
//! Owns: the way from text to a valid [`Show`], or to an error that says where and what to do. Never panics, whatever the
//! bytes; never touches a show that is already open. Memory and time are bounded by [`MAX_BYTES`].

use serde::Deserialize;
use serde_json::error::Category;

use crate::check::Fault;
use crate::show::{FORMAT, Show};

/// Largest show file.
pub const MAX_BYTES: usize = 16 << 20;

/// Why a file is no usable show. The show that is open stays as it is.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ParseError {
    /// Larger than any show: this is another kind of file.
    #[error("{bytes} bytes, a show has at most {MAX_BYTES}")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// Not JSON from here on: correct it in a text editor.
    #[error("line {line}, column {column}: {message}")]
    Syntax {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What the reader expected.
        message: String,
    },
    /// JSON, but without `vitrine_show`: choose another file.
    #[error("this is not a Vitrine show (it has no \"vitrine_show\": {FORMAT})")]
    NotAShow,
    /// Written by a newer version: update, or save it there in this version's format.
    #[error("this show has format {found}, this version reads up to {supported}: update Vitrine to open it")]
    Newer {
        /// The file's version.
        found: u64,
        /// The newest this version reads.
        supported: u32,
    },
    /// A version that never was: the file was damaged or made by hand.
    #[error("there is no show format {found}; write \"vitrine_show\": {FORMAT}")]
    NoSuchFormat {
        /// The file's version.
        found: u64,
    },
    /// A value of the wrong type, or one that must be there and is not.
    #[error("{path} (line {line}, column {column}): {message}")]
    Type {
        /// Where, as `scenes[0].items[2].transform.width`.
        path: String,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What was expected and found.
        message: String,
    },
    /// Readable, but against a rule.
    #[error(transparent)]
    Invalid(#[from] Fault),
}

/// The part of a file that says what it is.
#[derive(Deserialize)]
struct Header {
    vitrine_show: Option<serde_json::Value>,
}

impl Show {
    /// Reads the text of a show file. Accepts any text, of any size: made to be fuzzed.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        if text.len() > MAX_BYTES {
            return Err(ParseError::TooLarge { bytes: text.len() });
        }
        // Some editors begin a file with a byte-order mark, which JSON does not know.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let header: Header = serde_json::from_str(text).map_err(|error| match error.classify() {
            Category::Data => ParseError::NotAShow,
            _ => syntax(&error),
        })?;
        let version = header.vitrine_show.as_ref().and_then(serde_json::Value::as_u64);
        match version.ok_or(ParseError::NotAShow)? {
            found if found > u64::from(FORMAT) => {
                return Err(ParseError::Newer { found, supported: FORMAT });
            }
            // There is no older format yet. The first change of the format adds here a pure function from the older
            // document to the next.
            found if found < u64::from(FORMAT) => return Err(ParseError::NoSuchFormat { found }),
            _ => {}
        }
        let mut reader = serde_json::Deserializer::from_str(text);
        let show: Self = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let path = error.path().to_string();
            let error = error.into_inner();
            match error.classify() {
                Category::Data => ParseError::Type {
                    path,
                    line: error.line(),
                    column: error.column(),
                    message: bare(&error),
                },
                _ => syntax(&error),
            }
        })?;
        show.check()?;
        Ok(show)
    }

    /// As [`Show::parse`], for the bytes of a file.
    pub fn parse_bytes(bytes: &[u8]) -> Result<Self, ParseError> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::parse(text),
            Err(error) => {
                let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
                let line = good.split(|&b| b == b'\n').count();
                let column = 1 + good.iter().rev().take_while(|&&b| b != b'\n').count();
                Err(ParseError::Syntax { line, column, message: "not UTF-8 text".to_owned() })
            }
        }
    }
}

fn syntax(error: &serde_json::Error) -> ParseError {
    ParseError::Syntax { line: error.line(), column: error.column().max(1), message: bare(error) }
}

/// The message without the position, which is told apart.
fn bare(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let end = text.rfind(" at line ").unwrap_or(text.len());
    text.get(..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
