//! Borrowed planes: bytes with a width, a height and a stride.
//!
//! Owns: the two view types every plane function takes, and how a frame is seen as four of them. No pixels of its own.

use vitrine_media::{FrameMut, Plane, VideoFrame};

/// Y, U, V, A: the order of every array of planes.
pub(crate) const PLANES: [Plane; 4] = [Plane::Y, Plane::U, Plane::V, Plane::A];

/// Whether a plane has half as many columns and rows.
pub(crate) fn is_chroma(plane: Plane) -> bool {
    matches!(plane, Plane::U | Plane::V)
}

/// A plane to read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct View<'a> {
    pub bytes: &'a [u8],
    pub stride: usize,
    pub width: u32,
    pub height: u32,
}

impl<'a> View<'a> {
    /// Columns `start..start + len` of row `y`; empty if any of it is outside.
    pub(crate) fn row(&self, y: u32, start: u32, len: u32) -> &'a [u8] {
        let from = y as usize * self.stride + start as usize;
        self.bytes.get(from..from + len as usize).unwrap_or_default()
    }
}

/// A rectangle of a plane, to write.
#[derive(Debug)]
pub(crate) struct ViewMut<'a> {
    /// The whole plane.
    pub bytes: &'a mut [u8],
    pub stride: usize,
    /// Corner of the rectangle.
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

impl<'a> ViewMut<'a> {
    /// A whole plane.
    pub(crate) fn new(bytes: &'a mut [u8], stride: usize, width: u32, height: u32) -> Self {
        Self { bytes, stride, x: 0, y: 0, width, height }
    }

    /// Row `y` of the rectangle; empty if it is not inside the plane.
    pub(crate) fn row(&mut self, y: u32) -> &mut [u8] {
        let from = (self.y + y) as usize * self.stride + self.x as usize;
        self.bytes.get_mut(from..from + self.width as usize).unwrap_or_default()
    }

    /// The part `width` x `height` with its corner at `x`, `y`, which must be inside.
    pub(crate) fn part(&mut self, x: u32, y: u32, width: u32, height: u32) -> ViewMut<'_> {
        ViewMut { bytes: self.bytes, stride: self.stride, x: self.x + x, y: self.y + y, width, height }
    }
}

/// A frame's planes; A is empty without alpha.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Planes<'a> {
    pub views: [View<'a>; 4],
    pub width: u32,
    pub height: u32,
    pub alpha: bool,
}

impl<'a> Planes<'a> {
    pub(crate) fn of(frame: &'a VideoFrame) -> Self {
        let (width, height) = (frame.width(), frame.height());
        let views = PLANES.map(|plane| {
            let (width, height) = size(plane, width, height);
            View { bytes: frame.plane(plane), stride: frame.stride(plane), width, height }
        });
        Self { views, width, height, alpha: frame.has_alpha() }
    }
}

/// Size of one plane of a picture.
pub(crate) fn size(plane: Plane, width: u32, height: u32) -> (u32, u32) {
    if is_chroma(plane) { (width.div_ceil(2), height.div_ceil(2)) } else { (width, height) }
}

/// One plane of a frame being written.
pub(crate) fn view_mut(frame: &mut FrameMut, plane: Plane) -> ViewMut<'_> {
    let (width, height) = size(plane, frame.width(), frame.height());
    let stride = frame.stride(plane);
    ViewMut::new(frame.plane_mut(plane), stride, width, height)
}
