//! The fonts of this system, listed once per process on first use.
//!
//! Lock: one mutex over the list and its shaping caches, held while one text is shaped. Listing takes up to a second
//! on a machine with thousands of fonts and happens on the thread of the source that asks first.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use cosmic_text::{FontSystem, SwashCache, fontdb};

use super::TextError;

/// Families that cover Chinese and Latin in one design come first, so that mixed lines sit well together.
const SANS: [&str; 14] = [
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "PingFang SC",
    "Microsoft YaHei",
    "WenQuanYi Micro Hei",
    "Hiragino Sans GB",
    "Droid Sans Fallback",
    "Noto Sans",
    "Segoe UI",
    "Helvetica Neue",
    "DejaVu Sans",
    "Liberation Sans",
    "Arial",
];

/// Fonts and the caches that go with them.
pub(super) struct Fonts {
    pub(super) system: FontSystem,
    pub(super) glyphs: SwashCache,
}

static FONTS: Mutex<Option<Fonts>> = Mutex::new(None);

/// Calls `work` with the fonts of this system.
pub(super) fn with<R>(work: impl FnOnce(&mut Fonts) -> Result<R, TextError>) -> Result<R, TextError> {
    let mut slot = FONTS.lock().unwrap_or_else(PoisonError::into_inner);
    // A machine may get its fonts while the studio runs: an empty list is not kept.
    let mut fonts = match slot.take() {
        Some(fonts) => fonts,
        None => Fonts::from_database(installed())?,
    };
    let result = fonts.guarded(work);
    // A shaper that panicked may have left its caches half filled, so the list is made anew.
    if !matches!(result, Err(None)) {
        *slot = Some(fonts);
    }
    result.map_err(|error| error.unwrap_or(TextError::Shaper))
}

/// Everything the operating system offers.
fn installed() -> fontdb::Database {
    let mut database = fontdb::Database::new();
    database.load_system_fonts();
    database
}

impl Fonts {
    /// The shaping library panics without a font, so an empty list is refused here.
    pub(super) fn from_database(mut database: fontdb::Database) -> Result<Self, TextError> {
        let has =
            |name: &str| database.faces().any(|face| face.families.iter().any(|(family, _)| family == name));
        let first = || database.faces().find_map(|face| Some(face.families.first()?.0.clone()));
        let sans = SANS
            .into_iter()
            .find(|name| has(name))
            .map(str::to_owned)
            .or_else(first)
            .ok_or(TextError::NoFonts)?;
        database.set_sans_serif_family(sans);
        // The locale decides which national shape Han characters get where a font has several.
        let system = FontSystem::new_with_locale_and_db("zh-CN".to_owned(), database);
        Ok(Self { system, glyphs: SwashCache::new() })
    }

    /// Runs `work`; a panic of the shaping library on odd text becomes `Err(None)` instead of ending the source.
    fn guarded<R>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<R, TextError>,
    ) -> Result<R, Option<TextError>> {
        match catch_unwind(AssertUnwindSafe(|| work(self))) {
            Ok(result) => {
                // Kept glyph images would grow with every text a long session shows.
                self.glyphs.image_cache.clear();
                result.map_err(Some)
            }
            Err(_) => Err(None),
        }
    }
}
