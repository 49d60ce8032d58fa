//! How text looks: plain data, no fonts.

/// Where the lines of a text stand against each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TextAlign {
    /// Flush left.
    #[default]
    Left,
    /// Centred.
    Center,
    /// Flush right.
    Right,
}

/// A line around the letters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TextOutline {
    /// How far it reaches beyond the letter, pixels, at most 32.
    pub width_px: f32,
    /// sRGB with straight alpha.
    pub color: [u8; 4],
}

/// A soft copy of the letters (with their outline) behind them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TextShadow {
    /// Offset to the right, pixels.
    pub dx_px: f32,
    /// Offset downwards, pixels.
    pub dy_px: f32,
    /// Radius over which it fades, pixels, at most 64.
    pub blur_px: f32,
    /// sRGB with straight alpha.
    pub color: [u8; 4],
}

/// Rows of text turned into a picture with alpha.
#[derive(Clone, Debug, PartialEq)]
pub struct TextStyle {
    /// The text, UTF-8, lines separated by `\n`.
    pub text: String,
    /// Font family; `None` takes the system's sans serif. Characters it lacks come from other fonts.
    pub family: Option<String>,
    /// Height of the em square in canvas pixels, 4 to 1000.
    pub size_px: f32,
    /// Weight of the face as in CSS: 400 regular, 700 bold.
    pub weight: u16,
    /// Colour of the letters, sRGB with straight alpha.
    pub color: [u8; 4],
    /// How lines stand against each other.
    pub align: TextAlign,
    /// Distance of two base lines as a multiple of `size_px`, 0.5 to 4.
    pub line_height: f32,
    /// Width at which lines wrap, canvas pixels; `None` never wraps.
    pub wrap_px: Option<f32>,
    /// Colour of the box behind them, sRGB with straight alpha; `None` leaves it transparent.
    pub background: Option<[u8; 4]>,
    /// Space between the letters and the edge of the box, canvas pixels, at most 512.
    pub padding_px: f32,
    /// Radius of the corners of the box, canvas pixels.
    pub radius_px: f32,
    /// A line around the letters.
    pub outline: Option<TextOutline>,
    /// A shadow behind the letters.
    pub shadow: Option<TextShadow>,
}

impl TextStyle {
    /// White letters of 48 pixels without a box.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            family: None,
            size_px: 48.0,
            weight: 400,
            color: [255; 4],
            align: TextAlign::Left,
            line_height: 1.25,
            wrap_px: None,
            background: None,
            padding_px: 0.0,
            radius_px: 0.0,
            outline: None,
            shadow: None,
        }
    }
}
