//! The screen or one window, on X11.
//!
//! Owns the grabber of an open screen. A change of size is followed by opening it again here, since it is no fault.
//! Wayland desktops hand screens out only through a portal, which this build does not speak: there the error says
//! what to do. Runs on its caller's thread and waits for at most one frame.

use vitrine_codec::{ScreenError, ScreenGrabber, ScreenOptions, ScreenTarget, list_windows};
use vitrine_media::{FrameRate, MediaTime, VideoFrame};

use crate::{CaptureContext, CaptureError, Pacing, VideoSource};

/// Something on the desktop that can be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScreenDevice {
    /// Title of the window; `None` is the whole screen.
    pub title: Option<String>,
}

/// What is on the desktop: the whole screen first, then windows by title. Empty without a desktop.
pub fn list_screens() -> Result<Vec<ScreenDevice>, CaptureError> {
    let titles = match list_windows(None) {
        Ok(titles) => titles,
        Err(ScreenError::NoDisplay(_) | ScreenError::Unsupported) => return Ok(Vec::new()),
        Err(error) => return Err(fault(None, error)),
    };
    let whole = (!Desktop::of_this_process().hides_the_screen()).then_some(ScreenDevice { title: None });
    Ok(whole.into_iter().chain(titles.into_iter().map(|title| ScreenDevice { title: Some(title) })).collect())
}

/// Opens the screen, or the window with that title.
pub(crate) fn open(
    title: Option<&str>,
    context: &CaptureContext,
) -> Result<Box<dyn VideoSource>, CaptureError> {
    if let Some(reason) = Desktop::of_this_process().obstacle(title) {
        return Err(CaptureError::Unsupported { what: name(title), reason: reason.to_owned() });
    }
    let target = title.map_or(ScreenTarget::Screen, |title| ScreenTarget::Window(title.to_owned()));
    let options = ScreenOptions { rate: grab_rate(context.rate), ..ScreenOptions::default() };
    let grabber = ScreenGrabber::open(&target, &options).map_err(|error| fault(title, error))?;
    let title = title.map(str::to_owned);
    Ok(Box::new(Screen { title, target, options, grabber, context: context.clone(), seq: 0, skipped: 0 }))
}

struct Screen {
    title: Option<String>,
    target: ScreenTarget,
    options: ScreenOptions,
    grabber: ScreenGrabber,
    context: CaptureContext,
    seq: u64,
    skipped: u64,
}

impl VideoSource for Screen {
    fn pacing(&self) -> Pacing {
        Pacing::Device
    }

    fn read(&mut self, _at: MediaTime) -> Result<Option<VideoFrame>, CaptureError> {
        let raw = match self.grabber.next() {
            Ok(raw) => raw,
            Err(ScreenError::Resized) => {
                self.grabber = ScreenGrabber::open(&self.target, &self.options)
                    .map_err(|error| fault(self.title.as_deref(), error))?;
                return Ok(None);
            }
            Err(error) => return Err(fault(self.title.as_deref(), error)),
        };
        let pts = self.context.clock.now();
        match self.context.convert.convert(&raw, &self.context.pool, pts, self.seq) {
            Ok(frame) => {
                self.seq += 1;
                Ok(Some(frame))
            }
            Err(error) => {
                tracing::trace!(%error, "a picture of the screen was dropped");
                self.skipped += 1;
                Ok(None)
            }
        }
    }

    fn skipped(&self) -> u64 {
        self.skipped
    }
}

/// The canvas's rate, but fast enough that one read keeps its promise of 200 ms.
fn grab_rate(canvas: FrameRate) -> FrameRate {
    if canvas.as_f64() < 10.0 { FrameRate::new(10, 1).unwrap_or(canvas) } else { canvas }
}

/// What kind of desktop this is, as the environment tells.
#[derive(Clone, Copy, Debug)]
struct Desktop {
    wayland: bool,
    x11: bool,
}

impl Desktop {
    fn of_this_process() -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        Self { wayland: set("WAYLAND_DISPLAY"), x11: set("DISPLAY") }
    }

    /// On Wayland the X server inside sees only windows of X programs, and black around them.
    fn hides_the_screen(self) -> bool {
        self.wayland
    }

    /// Why `title` cannot be grabbed here, and what would work.
    fn obstacle(self, title: Option<&str>) -> Option<&'static str> {
        match (self, title) {
            _ if cfg!(not(target_os = "linux")) => None,
            (Self { wayland: true, x11: true }, None) => Some(
                "this desktop is Wayland, which does not show the whole screen to programs; \
                 log in to an \"Xorg\" session, or choose one window",
            ),
            (Self { wayland: true, x11: false }, _) => {
                Some("this desktop is Wayland, which cannot be captured; log in to an \"Xorg\" session")
            }
            (Self { wayland: false, x11: false }, _) => {
                Some("there is no desktop; start it from a desktop session, or set DISPLAY")
            }
            _ => None,
        }
    }
}

fn name(title: Option<&str>) -> String {
    title.map_or_else(|| "the screen".to_owned(), |title| format!("window \"{title}\""))
}

fn fault(title: Option<&str>, error: ScreenError) -> CaptureError {
    match error {
        ScreenError::NoWindow(_) => CaptureError::NotFound { what: name(title) },
        ScreenError::Gone(_) | ScreenError::Resized => CaptureError::Gone { device: name(title) },
        other => CaptureError::Unsupported { what: name(title), reason: other.to_string() },
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn wayland_says_what_to_do_instead() {
        let reason = |wayland, x11, title| Desktop { wayland, x11 }.obstacle(title).unwrap_or("none");
        assert!(reason(true, true, None).contains("Xorg"));
        assert_eq!(reason(true, true, Some("Shop")), "none", "a window of an X program can be grabbed");
        assert!(reason(true, false, Some("Shop")).contains("Xorg"));
        assert!(reason(false, false, None).contains("DISPLAY"));
        assert_eq!(reason(false, true, None), "none");
    }

    #[test]
    fn a_slow_canvas_does_not_slow_reading() {
        assert_eq!(grab_rate(FrameRate::new(1, 1).unwrap()), FrameRate::new(10, 1).unwrap());
        assert_eq!(grab_rate(FrameRate::FPS_30), FrameRate::FPS_30);
    }
}
