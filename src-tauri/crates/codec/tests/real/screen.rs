//! Under a display server of the test's own, without a window manager.

use std::io::Read as _;
use std::process::{Child, Command, Stdio};

use vitrine_codec::{ScreenError, ScreenGrabber, ScreenOptions, ScreenTarget, list_windows};
use vitrine_media::{FrameRate, PixelFormat, RawPicture};
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{
    AtomEnum, ConfigureWindowAux, ConnectionExt as _, CreateWindowAux, PropMode, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

struct Server {
    child: Child,
    display: String,
}

impl Server {
    fn start() -> Self {
        // It writes the number it found free, when it is ready.
        let mut child = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "320x240x24", "-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut number = Vec::new();
        let mut out = child.stdout.take().unwrap();
        let mut byte = [0];
        while out.read(&mut byte).unwrap() == 1 && byte[0] != b'\n' {
            number.push(byte[0]);
        }
        Self { child, display: format!(":{}", String::from_utf8(number).unwrap()) }
    }

    fn options(&self) -> ScreenOptions {
        let rate = FrameRate::new(60, 1).unwrap();
        ScreenOptions { display: Some(self.display.clone()), rate, cursor: false }
    }

    fn connect(&self) -> RustConnection {
        RustConnection::connect(Some(&self.display)).unwrap().0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// A filled window on the screen, with a title.
fn window(connection: &RustConnection, title: &str, (x, y): (i16, i16), size: (u16, u16), color: u32) -> u32 {
    let id = connection.generate_id().unwrap();
    let root = connection.setup().roots[0].root;
    let aux = CreateWindowAux::new().background_pixel(color);
    let class = WindowClass::INPUT_OUTPUT;
    connection.create_window(24, id, root, x, y, size.0, size.1, 0, class, 0, &aux).unwrap();
    let (name, kind) = (AtomEnum::WM_NAME, AtomEnum::STRING);
    connection.change_property8(PropMode::REPLACE, id, name, kind, title.as_bytes()).unwrap();
    connection.map_window(id).unwrap();
    connection.sync().unwrap();
    id
}

fn pixel(raw: &RawPicture<'_>, x: usize, y: usize) -> [u8; 3] {
    let at = y * raw.strides[0] + x * 4;
    raw.planes[0][at..at + 3].try_into().unwrap()
}

#[test]
fn the_whole_screen_is_grabbed_with_what_is_on_it() {
    let server = Server::start();
    let connection = server.connect();
    window(&connection, "red", (100, 50), (64, 64), 0x00ff_0000);
    let mut grabber = ScreenGrabber::open(&ScreenTarget::Screen, &server.options()).unwrap();
    assert_eq!(grabber.size(), (320, 240));
    for _ in 0..40 {
        let raw = grabber.next().unwrap();
        assert_eq!((raw.width, raw.height, raw.format), (320, 240, PixelFormat::Bgrx));
        assert_eq!(pixel(&raw, 120, 70), [0, 0, 255]);
        assert_eq!(pixel(&raw, 20, 20), [0, 0, 0]);
    }
}

#[test]
fn a_window_is_found_by_its_title_or_a_part_of_it() {
    let server = Server::start();
    let connection = server.connect();
    window(&connection, "Shop - products", (0, 0), (80, 60), 0x0000_ff00);
    window(&connection, "products", (100, 100), (64, 48), 0x0000_00ff);
    let mut titles = list_windows(Some(&server.display)).unwrap();
    titles.sort();
    assert_eq!(titles, ["Shop - products", "products"]);
    let grab = |title: &str| {
        let target = ScreenTarget::Window(title.to_owned());
        let mut grabber = ScreenGrabber::open(&target, &server.options())?;
        let size = grabber.size();
        Ok((size, pixel(&grabber.next().unwrap(), 10, 10)))
    };
    assert_eq!(grab("products"), Ok(((64, 48), [255, 0, 0])), "the exact title first");
    assert_eq!(grab("shop"), Ok(((80, 60), [0, 255, 0])));
    assert_eq!(grab("mail"), Err(ScreenError::NoWindow("mail".to_owned())));
}

#[test]
fn a_window_that_changes_its_size_or_closes_is_told() {
    let server = Server::start();
    let connection = server.connect();
    let id = window(&connection, "note", (0, 0), (80, 60), 0x0000_ff00);
    let target = ScreenTarget::Window("note".to_owned());
    let mut grabber = ScreenGrabber::open(&target, &server.options()).unwrap();
    grabber.next().unwrap();
    connection.configure_window(id, &ConfigureWindowAux::new().width(120)).unwrap();
    connection.sync().unwrap();
    let error = (0..40).find_map(|_| grabber.next().err());
    assert_eq!(error, Some(ScreenError::Resized));
    let mut grabber = ScreenGrabber::open(&target, &server.options()).unwrap();
    connection.destroy_window(id).unwrap();
    connection.sync().unwrap();
    let error = (0..40).find_map(|_| grabber.next().err());
    assert!(matches!(error, Some(ScreenError::Gone(_))), "{error:?}");
}

#[test]
fn without_a_display_there_is_an_error_that_says_so() {
    let options = ScreenOptions { display: Some(":4099".to_owned()), ..ScreenOptions::default() };
    let error = ScreenGrabber::open(&ScreenTarget::Screen, &options).err();
    assert!(matches!(error, Some(ScreenError::NoDisplay(_))), "{error:?}");
}
