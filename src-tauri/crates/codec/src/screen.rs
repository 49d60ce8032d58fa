//! Grabbing a screen or a window.
//!
//! Owns: the grab device of libavdevice and, on X11, one connection that finds windows and notices when the size of
//! what is grabbed changes. Blocks until the next picture is due, and for ever if the display server hangs: use it on
//! a thread that can be left behind. No locks.

#[cfg(target_os = "linux")]
mod x11;

#[cfg(target_os = "linux")]
pub use x11::{ScreenGrabber, list_windows};

use vitrine_media::FrameRate;

/// What to grab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScreenTarget {
    /// The whole screen.
    Screen,
    /// The window with this title, else the first whose title contains it, upper or lower case.
    Window(String),
}

/// How to grab it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScreenOptions {
    /// The display, as in `DISPLAY`; `None` takes that of the environment.
    pub display: Option<String>,
    /// Pictures a second.
    pub rate: FrameRate,
    /// Whether the mouse pointer is in the picture.
    pub cursor: bool,
}

impl Default for ScreenOptions {
    fn default() -> Self {
        Self { display: None, rate: FrameRate::FPS_30, cursor: true }
    }
}

/// Why a screen cannot be grabbed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScreenError {
    /// There is no X display: no desktop, or one that is Wayland only. Use another source.
    #[error("there is no X display to grab ({0})")]
    NoDisplay(String),
    /// No window has such a title now. Choose another, or try again when it is open.
    #[error("no window is called \"{0}\"")]
    NoWindow(String),
    /// The window was closed or hidden, or the display server is gone. Open it again later.
    #[error("what was grabbed is gone ({0})")]
    Gone(String),
    /// The size of the window or screen is another one now. Open it again at once.
    #[error("the size of what is grabbed changed")]
    Resized,
    /// The display has a colour depth that cannot be read. Set it to 24 bits.
    #[error("the display has a pixel format that cannot be read")]
    Depth,
    /// This platform has no grabber in this program.
    #[error("screens cannot be grabbed on this platform")]
    Unsupported,
}

#[cfg(not(target_os = "linux"))]
mod unsupported {
    use super::{ScreenError, ScreenOptions, ScreenTarget};
    use vitrine_media::RawPicture;

    /// Grabs pictures of a screen or window; not on this platform.
    #[derive(Debug)]
    pub struct ScreenGrabber(std::convert::Infallible);

    impl ScreenGrabber {
        /// Always [`ScreenError::Unsupported`].
        pub fn open(_: &ScreenTarget, _: &ScreenOptions) -> Result<Self, ScreenError> {
            Err(ScreenError::Unsupported)
        }

        /// Columns and rows of the pictures.
        pub fn size(&self) -> (u32, u32) {
            match self.0 {}
        }

        /// The next picture.
        #[allow(clippy::should_implement_trait)]
        pub fn next(&mut self) -> Result<RawPicture<'_>, ScreenError> {
            match self.0 {}
        }
    }

    /// Always [`ScreenError::Unsupported`].
    pub fn list_windows(_: Option<&str>) -> Result<Vec<String>, ScreenError> {
        Err(ScreenError::Unsupported)
    }
}

#[cfg(not(target_os = "linux"))]
pub use unsupported::{ScreenGrabber, list_windows};
