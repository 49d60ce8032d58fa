//! Text as a picture.

mod style;

pub use style::{TextAlign, TextOutline, TextShadow, TextStyle};
