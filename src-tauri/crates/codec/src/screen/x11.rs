//! X11: windows by title, and `x11grab`.
#![allow(unsafe_code)] // The grab device is used through FFmpeg's C interface.

use std::ptr;

use ffmpeg_next::ffi;
use ffmpeg_next::format::context;
use vitrine_media::{ColorDesc, PixelFormat, RawPicture};
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{Atom, AtomEnum, ConnectionExt as _, MapState, Window};
use x11rb::rust_connection::RustConnection;

use super::{ScreenError, ScreenOptions, ScreenTarget};
use crate::ff::{FfError, Packet, c_string};
use crate::log;

/// Pictures between two looks at the size.
const SIZE_CHECK: u32 = 15;

/// Grabs pictures of a screen or window at a constant rate.
pub struct ScreenGrabber {
    context: context::Input,
    packet: Packet,
    display: Display,
    grabbed: Window,
    size: (u32, u32),
    format: PixelFormat,
    count: u32,
}

impl ScreenGrabber {
    /// Opens the grabber. A window is found by its title now and followed by its identity from then on.
    pub fn open(target: &ScreenTarget, options: &ScreenOptions) -> Result<Self, ScreenError> {
        log::start();
        let display = Display::open(options.display.as_deref())?;
        let grabbed = match target {
            ScreenTarget::Screen => display.root,
            ScreenTarget::Window(title) => {
                display.window(title).ok_or_else(|| ScreenError::NoWindow(title.clone()))?
            }
        };
        let size = display.size(grabbed)?;
        let context = display.grab(grabbed, options)?;
        let stream = context.stream(0).ok_or(ScreenError::Depth)?;
        // SAFETY: the stream's parameters are valid while it is.
        let (number, width, height) = unsafe {
            let parameters = &*(*stream.as_ptr()).codecpar;
            (parameters.format, parameters.width, parameters.height)
        };
        let format = [
            (ffi::AVPixelFormat::AV_PIX_FMT_BGR0, PixelFormat::Bgrx),
            (ffi::AVPixelFormat::AV_PIX_FMT_BGRA, PixelFormat::Bgrx),
            (ffi::AVPixelFormat::AV_PIX_FMT_BGR24, PixelFormat::Bgr24),
            (ffi::AVPixelFormat::AV_PIX_FMT_RGB24, PixelFormat::Rgb24),
        ];
        let format = format.into_iter().find(|(from, _)| *from as i32 == number).ok_or(ScreenError::Depth)?.1;
        if (width as u32, height as u32) != size {
            return Err(ScreenError::Resized);
        }
        let packet = Packet::new().map_err(|error| ScreenError::Gone(error.to_string()))?;
        Ok(Self { context, packet, display, grabbed, size, format, count: 0 })
    }

    /// Columns and rows of the pictures.
    pub fn size(&self) -> (u32, u32) {
        self.size
    }

    /// Waits until the next picture is due and grabs it.
    #[allow(clippy::should_implement_trait)] // A picture borrows the grabber, which no iterator can say.
    pub fn next(&mut self) -> Result<RawPicture<'_>, ScreenError> {
        self.count = self.count.wrapping_add(1);
        if self.count.is_multiple_of(SIZE_CHECK) && self.display.size(self.grabbed)? != self.size {
            return Err(ScreenError::Resized);
        }
        self.packet.unref();
        log::clear();
        // SAFETY: the context is open and the packet empty.
        let read = unsafe { ffi::av_read_frame(self.context.as_mut_ptr(), self.packet.as_mut_ptr()) };
        FfError::check(read).map_err(gone)?;
        let (width, height) = self.size;
        let bytes = self.packet.bytes();
        // X pads rows to whole 32-bit words.
        let pixel = if self.format == PixelFormat::Bgrx { 4 } else { 3 };
        let stride = (width as usize * pixel).next_multiple_of(4);
        if bytes.len() < stride * height as usize {
            return Err(ScreenError::Gone("the picture is cut short".to_owned()));
        }
        Ok(RawPicture {
            width,
            height,
            format: self.format,
            color: ColorDesc::STUDIO,
            planes: [bytes, &[], &[]],
            strides: [stride, 0, 0],
        })
    }
}

impl std::fmt::Debug for ScreenGrabber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ScreenGrabber({:#x}, {:?})", self.grabbed, self.size)
    }
}

/// Titles of the windows that could be grabbed, on a display as in `DISPLAY` or that of the environment.
pub fn list_windows(display: Option<&str>) -> Result<Vec<String>, ScreenError> {
    let display = Display::open(display)?;
    Ok(display.windows().into_iter().map(|(_, title)| title).collect())
}

fn gone(error: FfError) -> ScreenError {
    let line = log::last_error();
    ScreenError::Gone(if line.is_empty() { error.to_string() } else { line })
}

/// A connection to the display server.
struct Display {
    connection: RustConnection,
    name: String,
    root: Window,
    client_list: Atom,
    net_wm_name: Atom,
}

impl Display {
    fn open(name: Option<&str>) -> Result<Self, ScreenError> {
        let none = |what: String| ScreenError::NoDisplay(what);
        let name = match name.map(str::to_owned).or_else(|| std::env::var("DISPLAY").ok()) {
            Some(name) if !name.is_empty() => name,
            _ => return Err(none("DISPLAY is not set".to_owned())),
        };
        let connected = RustConnection::connect(Some(&name));
        let (connection, screen) = connected.map_err(|error| none(error.to_string()))?;
        let root = connection.setup().roots.get(screen).map(|screen| screen.root);
        let root = root.ok_or_else(|| none("it has no such screen".to_owned()))?;
        let atom = |name: &[u8]| -> Option<Atom> {
            connection.intern_atom(false, name).ok()?.reply().ok().map(|reply| reply.atom)
        };
        let broken = || none("it does not answer".to_owned());
        let client_list = atom(b"_NET_CLIENT_LIST").ok_or_else(broken)?;
        let net_wm_name = atom(b"_NET_WM_NAME").ok_or_else(broken)?;
        Ok(Self { connection, name, root, client_list, net_wm_name })
    }

    fn size(&self, window: Window) -> Result<(u32, u32), ScreenError> {
        let asked =
            self.connection.get_geometry(window).map_err(|error| ScreenError::Gone(error.to_string()))?;
        let reply = asked.reply().map_err(|error| ScreenError::Gone(error.to_string()))?;
        Ok((reply.width.into(), reply.height.into()))
    }

    /// Windows with a title that are on the screen: those the window manager lists, or all without one.
    fn windows(&self) -> Vec<(Window, String)> {
        let listed = self.property(self.root, self.client_list).and_then(|reply| {
            let windows: Vec<Window> = reply.value32()?.collect();
            (!windows.is_empty()).then_some(windows)
        });
        let windows = listed.unwrap_or_else(|| self.tree());
        let titled = windows.into_iter().filter(|&window| self.is_viewable(window));
        titled.filter_map(|window| Some((window, self.title(window)?))).collect()
    }

    fn window(&self, title: &str) -> Option<Window> {
        let windows = self.windows();
        let exact = windows.iter().find(|(_, found)| found == title);
        let wanted = title.to_lowercase();
        let near = || windows.iter().find(|(_, found)| found.to_lowercase().contains(&wanted));
        exact.or_else(near).map(|(window, _)| *window)
    }

    /// Every window below the root, at most three deep: a reparenting window manager puts clients two deep.
    fn tree(&self) -> Vec<Window> {
        let mut found = vec![self.root];
        let mut from = 0;
        for _ in 0..3 {
            let level: Vec<Window> = found.get(from..).unwrap_or_default().to_vec();
            from = found.len();
            for window in level {
                let children = self.connection.query_tree(window).ok().and_then(|asked| asked.reply().ok());
                found.extend(children.into_iter().flat_map(|reply| reply.children));
            }
        }
        found.split_off(1)
    }

    fn is_viewable(&self, window: Window) -> bool {
        let asked = self.connection.get_window_attributes(window).ok();
        asked.and_then(|asked| asked.reply().ok()).is_some_and(|reply| reply.map_state == MapState::VIEWABLE)
    }

    fn title(&self, window: Window) -> Option<String> {
        let names = [self.net_wm_name, AtomEnum::WM_NAME.into()];
        let mut titles = names.into_iter().filter_map(|name| self.property(window, name));
        titles
            .find(|reply| !reply.value.is_empty())
            .map(|reply| String::from_utf8_lossy(&reply.value).into_owned())
    }

    fn property(&self, window: Window, name: Atom) -> Option<x11rb::protocol::xproto::GetPropertyReply> {
        self.connection.get_property(false, window, name, AtomEnum::ANY, 0, 4096).ok()?.reply().ok()
    }

    fn grab(&self, window: Window, options: &ScreenOptions) -> Result<context::Input, ScreenError> {
        // SAFETY: the name is a C string; null means that this FFmpeg was built without the device.
        let device = unsafe { ffi::av_find_input_format(c"x11grab".as_ptr()) };
        if device.is_null() {
            return Err(ScreenError::Unsupported);
        }
        let mut dictionary: *mut ffi::AVDictionary = ptr::null_mut();
        let mut set = |key: &str, value: String| {
            let (key, value) = (c_string(key), c_string(&value));
            // SAFETY: both are C strings, which FFmpeg copies.
            unsafe { ffi::av_dict_set(&raw mut dictionary, key.as_ptr(), value.as_ptr(), 0) };
        };
        set("framerate", format!("{}/{}", options.rate.num(), options.rate.den()));
        set("draw_mouse", u8::from(options.cursor).to_string());
        if window != self.root {
            set("window_id", window.to_string());
        }
        let name = c_string(&self.name);
        let mut context: *mut ffi::AVFormatContext = ptr::null_mut();
        log::clear();
        // SAFETY: all pointers are valid; what is left of the options is freed here. On failure FFmpeg frees and
        // leaves null; on success the context is ours.
        let opened = unsafe {
            let opened = ffi::avformat_open_input(
                &raw mut context,
                name.as_ptr(),
                device.cast_mut(),
                &raw mut dictionary,
            );
            ffi::av_dict_free(&raw mut dictionary);
            opened
        };
        FfError::check(opened).map_err(gone)?;
        // SAFETY: the context was just opened and nobody else closes it.
        Ok(unsafe { context::Input::wrap(context) })
    }
}
