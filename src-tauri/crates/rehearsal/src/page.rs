//! The watch page's files, inside the program: nothing is fetched from anywhere else at run time.

/// A file of the page.
pub struct Asset {
    /// Path below the page's own.
    pub path: &'static str,
    /// `Content-Type`.
    pub content_type: &'static str,
    /// Contents.
    pub bytes: &'static [u8],
}

macro_rules! asset {
    ($path:literal, $file:literal, $content_type:literal) => {
        Asset {
            path: $path,
            content_type: $content_type,
            bytes: include_bytes!(concat!("../../../../assets/watch/", $file)),
        }
    };
}

/// Everything the page consists of.
pub const ASSETS: [Asset; 10] = [
    asset!("", "index.html", "text/html; charset=utf-8"),
    asset!("icon.svg", "icon.svg", "image/svg+xml"),
    asset!("tokens.css", "tokens.css", "text/css; charset=utf-8"),
    asset!("watch.css", "watch.css", "text/css; charset=utf-8"),
    asset!("watch.js", "watch.js", "text/javascript; charset=utf-8"),
    asset!("delay.js", "delay.js", "text/javascript; charset=utf-8"),
    asset!("pace.js", "pace.js", "text/javascript; charset=utf-8"),
    asset!("sound.js", "sound.js", "text/javascript; charset=utf-8"),
    asset!("words.js", "words.js", "text/javascript; charset=utf-8"),
    asset!("vendor/mpegts.js", "vendor/mpegts.js", "text/javascript; charset=utf-8"),
];
