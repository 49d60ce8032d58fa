//! Shapes a text and places its glyph images on a pixel grid whose origin is the top left corner of the text box.

use std::collections::BTreeSet;

use cosmic_text::{Align, Attrs, Buffer, Family, LayoutRun, Metrics, Shaping, SwashContent, Weight, Wrap};

use super::fonts::Fonts;
use super::{TextAlign, TextError, TextStyle};

/// Longest text in characters.
const MAX_CHARACTERS: usize = 4000;

/// One glyph's image.
#[derive(Clone, Debug)]
pub(super) struct Glyph {
    /// Left edge, pixels from the left of the text box.
    pub(super) x: i32,
    /// Top edge, pixels from its top.
    pub(super) y: i32,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) image: GlyphImage,
}

/// What a glyph is painted with.
#[derive(Clone, Debug)]
pub(super) enum GlyphImage {
    /// Coverage, one byte a pixel.
    Coverage(Vec<u8>),
    /// Straight RGBA of a colour font.
    Color(Vec<u8>),
}

/// A text ready to be painted.
#[derive(Clone, Debug, Default)]
pub(super) struct Layout {
    /// Size of the text box: the longest line by the sum of line heights.
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) glyphs: Vec<Glyph>,
    pub(super) missing: Vec<char>,
}

/// Refuses numbers that make no sense before they reach the shaper.
fn check(style: &TextStyle) -> Result<(), TextError> {
    let in_range = |value: f32, low: f32, high: f32| value.is_finite() && (low..=high).contains(&value);
    let outline = style.outline.map_or(0.0, |o| o.width_px);
    let shadow = style.shadow.map_or([0.0; 3], |s| [s.dx_px, s.dy_px, s.blur_px]);
    let rules = [
        (in_range(style.size_px, 4.0, 1000.0), "size_px", "from 4 to 1000"),
        (in_range(style.line_height, 0.5, 4.0), "line_height", "from 0.5 to 4"),
        (in_range(style.padding_px, 0.0, 512.0), "padding_px", "from 0 to 512"),
        (in_range(style.radius_px, 0.0, 4096.0), "radius_px", "from 0 to 4096"),
        (style.wrap_px.is_none_or(|w| in_range(w, 1.0, 16384.0)), "wrap_px", "from 1 to 16384"),
        ((1..=1000).contains(&style.weight), "weight", "from 1 to 1000"),
        (in_range(outline, 0.0, 32.0), "outline.width_px", "from 0 to 32"),
        (in_range(shadow[0], -256.0, 256.0), "shadow.dx_px", "from -256 to 256"),
        (in_range(shadow[1], -256.0, 256.0), "shadow.dy_px", "from -256 to 256"),
        (in_range(shadow[2], 0.0, 64.0), "shadow.blur_px", "from 0 to 64"),
    ];
    if let Some((_, field, range)) = rules.into_iter().find(|(ok, ..)| !ok) {
        return Err(TextError::Style { field, range });
    }
    let characters = style.text.chars().count();
    if characters > MAX_CHARACTERS {
        return Err(TextError::TooLong { characters, limit: MAX_CHARACTERS });
    }
    Ok(())
}

/// Shapes, wraps and rasterises.
pub(super) fn layout(style: &TextStyle, fonts: &mut Fonts) -> Result<Layout, TextError> {
    check(style)?;
    let buffer = shape(style, fonts);
    let longest = buffer.layout_runs().map(|run| run.line_w).fold(0.0, f32::max);
    let mut out = Layout { width: longest.ceil() as u32, ..Layout::default() };
    let mut seen = Coverage::default();
    for run in buffer.layout_runs() {
        out.height = out.height.max((run.line_top + run.line_height).ceil() as u32);
        let spare = longest - run.line_w;
        let shift = match style.align {
            TextAlign::Left => 0.0,
            TextAlign::Center => spare / 2.0,
            TextAlign::Right => spare,
        };
        place(&run, shift.round(), fonts, &mut out.glyphs);
        seen.note(&run);
    }
    if !seen.missing.is_empty() && !seen.any {
        return Err(TextError::NoGlyphs { characters: seen.missing.into_iter().collect() });
    }
    out.missing = seen.missing.into_iter().collect();
    Ok(out)
}

fn shape(style: &TextStyle, fonts: &mut Fonts) -> Buffer {
    let metrics = Metrics::new(style.size_px, style.size_px * style.line_height);
    let mut buffer = Buffer::new(&mut fonts.system, metrics);
    buffer.set_wrap(Wrap::WordOrGlyph);
    buffer.set_size(style.wrap_px, None);
    let family = style.family.as_deref().map_or(Family::SansSerif, Family::Name);
    let attrs = Attrs::new().family(family).weight(Weight(style.weight));
    // Left here; the alignment asked for is applied per line, against the longest one.
    buffer.set_text(&style.text, &attrs, Shaping::Advanced, Some(Align::Left));
    buffer.shape_until_scroll(&mut fonts.system, false);
    buffer
}

fn place(run: &LayoutRun<'_>, shift: f32, fonts: &mut Fonts, glyphs: &mut Vec<Glyph>) {
    for glyph in run.glyphs {
        let at = glyph.physical((shift, run.line_y), 1.0);
        let Some(image) = fonts.glyphs.get_image(&mut fonts.system, at.cache_key) else { continue };
        let place = image.placement;
        if place.width == 0 || place.height == 0 {
            continue;
        }
        let image = match image.content {
            SwashContent::Mask => GlyphImage::Coverage(image.data.clone()),
            SwashContent::Color => GlyphImage::Color(image.data.clone()),
            // One coverage per colour stripe is only made on request, and is not requested.
            SwashContent::SubpixelMask => continue,
        };
        let (x, y) = (at.x + place.left, at.y - place.top);
        glyphs.push(Glyph { x, y, width: place.width, height: place.height, image });
    }
}

/// Which characters found a glyph.
#[derive(Default)]
struct Coverage {
    any: bool,
    missing: BTreeSet<char>,
}

impl Coverage {
    /// Glyph 0 is the "not defined" box of every font.
    fn note(&mut self, run: &LayoutRun<'_>) {
        for glyph in run.glyphs {
            let text = run.text.get(glyph.start..glyph.end).unwrap_or_default();
            let mut visible = text.chars().filter(|&c| is_visible(c)).peekable();
            if visible.peek().is_none() {
                continue;
            }
            if glyph.glyph_id == 0 {
                self.missing.extend(visible);
            } else {
                self.any = true;
            }
        }
    }
}

/// Whether a reader would miss the character: not space, control, joiner, direction mark or variation selector.
fn is_visible(c: char) -> bool {
    let unseen = matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}')
        || matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}');
    !(unseen || c.is_whitespace() || c.is_control())
}
