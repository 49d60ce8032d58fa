//! A laid-out text to straight RGBA: box, shadow, outline, letters, from back to front. Pure functions.

use super::layout::{Glyph, GlyphImage, Layout};
use super::mask::Mask;
use super::{TextError, TextPicture, TextStyle};

/// Longest side and most pixels of a text picture.
const MAX_SIDE: u64 = 8192;
const MAX_PIXELS: u64 = 16 << 20;

/// A rectangle on the layout's grid: left, top, right, bottom.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    left: i64,
    top: i64,
    right: i64,
    bottom: i64,
}

impl Bounds {
    fn include(&mut self, other: Self) {
        self.left = self.left.min(other.left);
        self.top = self.top.min(other.top);
        self.right = self.right.max(other.right);
        self.bottom = self.bottom.max(other.bottom);
    }

    fn grown(self, by: i64) -> Self {
        Self { left: self.left - by, top: self.top - by, right: self.right + by, bottom: self.bottom + by }
    }
}

/// Paints the picture. It is as large as the box with its padding and as everything that reaches beyond: accents,
/// outline, shadow.
pub(super) fn paint(style: &TextStyle, layout: &Layout) -> Result<TextPicture, TextError> {
    let padding = style.padding_px.ceil() as i64;
    let text_box =
        Bounds { left: 0, top: 0, right: i64::from(layout.width), bottom: i64::from(layout.height) };
    let text_box = text_box.grown(padding);
    let mut all = text_box;
    for glyph in &layout.glyphs {
        all.include(reach(style, glyph));
    }
    // Even sizes keep chroma whole.
    let side = |low: i64, high: i64| ((high - low).max(2) as u64).next_multiple_of(2);
    let (width, height) = (side(all.left, all.right), side(all.top, all.bottom));
    if width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_PIXELS {
        return Err(TextError::TooLarge { width, height });
    }
    let mut canvas = Canvas {
        width: width as usize,
        height: height as usize,
        rgba: vec![0; (width * height * 4) as usize],
    };
    if let Some(color) = style.background {
        let area = Bounds {
            left: text_box.left - all.left,
            top: text_box.top - all.top,
            right: text_box.right - all.left,
            bottom: text_box.bottom - all.top,
        };
        canvas.rounded_box(area, style.radius_px, color);
    }
    letters(style, layout, (-all.left, -all.top), &mut canvas);
    Ok(TextPicture {
        width: width as u32,
        height: height as u32,
        rgba: canvas.rgba,
        missing: layout.missing.clone(),
    })
}

/// Everything a glyph can touch with its outline and shadow.
fn reach(style: &TextStyle, glyph: &Glyph) -> Bounds {
    let (left, top) = (i64::from(glyph.x), i64::from(glyph.y));
    let ink =
        Bounds { left, top, right: left + i64::from(glyph.width), bottom: top + i64::from(glyph.height) };
    let ink = ink.grown(style.outline.map_or(0, |o| o.width_px.ceil() as i64));
    let mut all = ink;
    if let Some(shadow) = style.shadow {
        let (dx, dy) = (shadow.dx_px.round() as i64, shadow.dy_px.round() as i64);
        let cast =
            Bounds { left: ink.left + dx, top: ink.top + dy, right: ink.right + dx, bottom: ink.bottom + dy };
        all.include(cast.grown(shadow.blur_px.ceil() as i64));
    }
    all
}

fn letters(style: &TextStyle, layout: &Layout, (dx, dy): (i64, i64), canvas: &mut Canvas) {
    let mut mask = Mask::new(canvas.width, canvas.height);
    // Colour glyphs take part in outline and shadow with their own coverage, but are painted by themselves.
    let mut solid = Mask::new(canvas.width, canvas.height);
    for glyph in &layout.glyphs {
        let (x, y) = (i64::from(glyph.x) + dx, i64::from(glyph.y) + dy);
        match &glyph.image {
            GlyphImage::Coverage(data) => {
                mask.stamp(x, y, glyph.width as usize, data);
                solid.stamp(x, y, glyph.width as usize, data);
            }
            GlyphImage::Color(data) => {
                let alpha: Vec<u8> = data.iter().skip(3).step_by(4).copied().collect();
                solid.stamp(x, y, glyph.width as usize, &alpha);
            }
        }
    }
    let outlined = style.outline.map(|outline| (solid.grown(outline.width_px), outline.color));
    if let Some(shadow) = style.shadow {
        let caster = outlined.as_ref().map_or(&solid, |(grown, _)| grown);
        let mut cast = Mask::new(canvas.width, canvas.height);
        cast.stamp(shadow.dx_px.round() as i64, shadow.dy_px.round() as i64, caster.width, &caster.data);
        canvas.cover(&cast.blurred(shadow.blur_px), shadow.color);
    }
    if let Some((grown, color)) = &outlined {
        canvas.cover(grown, *color);
    }
    canvas.cover(&mask, style.color);
    for glyph in &layout.glyphs {
        if let GlyphImage::Color(data) = &glyph.image {
            let (x, y) = (i64::from(glyph.x) + dx, i64::from(glyph.y) + dy);
            canvas.picture(x, y, glyph.width as usize, data, style.color[3]);
        }
    }
}

struct Canvas {
    width: usize,
    height: usize,
    rgba: Vec<u8>,
}

impl Canvas {
    /// Paints `color` through a mask of the canvas's size.
    fn cover(&mut self, mask: &Mask, [r, g, b, a]: [u8; 4]) {
        for (pixel, &coverage) in self.rgba.as_chunks_mut::<4>().0.iter_mut().zip(&mask.data) {
            over(pixel, [r, g, b, scale(a, coverage)]);
        }
    }

    /// Paints straight RGBA at a place, parts outside are cut.
    fn picture(&mut self, x: i64, y: i64, width: usize, data: &[u8], opacity: u8) {
        for (row, line) in data.chunks_exact(width.max(1) * 4).enumerate() {
            for (column, &[r, g, b, a]) in line.as_chunks::<4>().0.iter().enumerate() {
                if let Some(pixel) = self.pixel(x + column as i64, y + row as i64) {
                    over(pixel, [r, g, b, scale(a, opacity)]);
                }
            }
        }
    }

    /// A box with round corners, its edge smoothed over one pixel.
    fn rounded_box(&mut self, area: Bounds, radius: f32, [r, g, b, a]: [u8; 4]) {
        let (width, height) = ((area.right - area.left) as f32, (area.bottom - area.top) as f32);
        let radius = radius.min(width / 2.0).min(height / 2.0);
        for y in area.top..area.bottom {
            for x in area.left..area.right {
                // Distance of the pixel's centre from the box shrunk by the radius.
                let away = |at: i64, low: i64, high: i64| {
                    let centre = at as f32 + 0.5;
                    (low as f32 + radius - centre).max(centre - (high as f32 - radius)).max(0.0)
                };
                let distance = away(x, area.left, area.right).hypot(away(y, area.top, area.bottom));
                let coverage = (radius - distance + 0.5).clamp(0.0, 1.0);
                let coverage = if radius < 0.5 { 1.0 } else { coverage };
                if let Some(pixel) = self.pixel(x, y) {
                    over(pixel, [r, g, b, (f32::from(a) * coverage).round() as u8]);
                }
            }
        }
    }

    fn pixel(&mut self, x: i64, y: i64) -> Option<&mut [u8; 4]> {
        let (x, y) = (usize::try_from(x).ok()?, usize::try_from(y).ok()?);
        if x >= self.width || y >= self.height {
            return None;
        }
        self.rgba.as_chunks_mut::<4>().0.get_mut(y * self.width + x)
    }
}

fn scale(a: u8, b: u8) -> u8 {
    ((u32::from(a) * u32::from(b) + 127) / 255) as u8
}

/// Source over destination on straight alpha (Porter and Duff 1984).
fn over(to: &mut [u8; 4], [r, g, b, a]: [u8; 4]) {
    if a == 0 {
        return;
    }
    if a == 255 {
        *to = [r, g, b, 255];
        return;
    }
    let front = f32::from(a) / 255.0;
    let back = f32::from(to[3]) / 255.0 * (1.0 - front);
    let alpha = front + back;
    let mix = |new: u8, old: u8| ((f32::from(new) * front + f32::from(old) * back) / alpha).round() as u8;
    *to = [mix(r, to[0]), mix(g, to[1]), mix(b, to[2]), (alpha * 255.0).round() as u8];
}
