//! Text as a picture: shaped, laid out and rasterised once, when the source is opened.
//!
//! [`style`](TextStyle) says how it looks, `fonts` knows what is installed, `layout` shapes and places glyphs,
//! `paint` makes straight RGBA of them. The result is converted to one premultiplied frame with alpha that never
//! changes; another text is another source.
//!
//! Threads: none of its own. Locks: the process-wide list of fonts, held while one text is shaped.

mod error;
mod fonts;
mod layout;
mod mask;
mod paint;
mod style;

use vitrine_media::{ColorDesc, MediaTime, PixelFormat, RawPicture, VideoFrame};

use crate::{CaptureContext, CaptureError, Pacing, VideoSource};

pub use error::TextError;
pub use style::{TextAlign, TextOutline, TextShadow, TextStyle};

/// Straight RGBA, rows without padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextPicture {
    /// Columns, even.
    pub width: u32,
    /// Rows, even.
    pub height: u32,
    /// `width * height * 4` bytes.
    pub rgba: Vec<u8>,
    /// Characters no installed font has; each shows as a box. Sorted, without repeats.
    pub missing: Vec<char>,
}

/// Shapes and rasterises `style` with the fonts of this system.
pub fn render_text(style: &TextStyle) -> Result<TextPicture, TextError> {
    fonts::with(|fonts| layout::layout(style, fonts)).and_then(|laid_out| paint::paint(style, &laid_out))
}

/// A text that stays as it is.
pub(crate) struct TextSource {
    frame: VideoFrame,
}

impl TextSource {
    pub(crate) fn open(style: &TextStyle, context: &CaptureContext) -> Result<Self, CaptureError> {
        let picture = render_text(style)?;
        if !picture.missing.is_empty() {
            tracing::warn!(characters = %picture.missing.iter().collect::<String>(), "no font has these characters");
        }
        let raw = RawPicture {
            width: picture.width,
            height: picture.height,
            format: PixelFormat::Rgba,
            color: ColorDesc::STUDIO,
            planes: [&picture.rgba, &[], &[]],
            strides: [picture.width as usize * 4, 0, 0],
        };
        let frame = context
            .convert
            .convert(&raw, &context.pool, MediaTime::ZERO, 0)
            .map_err(|e| CaptureError::Device { device: "text".to_owned(), reason: e.to_string() })?;
        Ok(Self { frame })
    }
}

impl VideoSource for TextSource {
    fn pacing(&self) -> Pacing {
        Pacing::Still
    }

    fn read(&mut self, _at: MediaTime) -> Result<Option<VideoFrame>, CaptureError> {
        Ok(Some(self.frame.clone()))
    }
}

#[cfg(test)]
mod tests;
