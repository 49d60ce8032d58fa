//! A picture in memory: I420, BT.709, limited range, optionally with a premultiplied alpha plane.

use std::fmt;
use std::sync::{Arc, Weak};

use crate::MediaTime;
use crate::pool::Storage;

/// Row alignment in bytes; one cache line, and what SIMD encoders like.
const STRIDE_ALIGN: usize = 64;

/// A plane of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plane {
    /// Luma, full size, 16 to 235.
    Y,
    /// Blue difference, half size in both directions (rounded up), 16 to 240.
    U,
    /// Red difference, as `U`.
    V,
    /// Coverage, full size, 0 to 255. Only in frames with alpha; Y, U and V are then premultiplied around 16 and 128.
    A,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    width: u32,
    height: u32,
    alpha: bool,
    luma_stride: usize,
    chroma_stride: usize,
}

impl Layout {
    pub(crate) fn new(width: u32, height: u32, alpha: bool) -> Self {
        let align = |n: u32| (n as usize).next_multiple_of(STRIDE_ALIGN);
        Self { width, height, alpha, luma_stride: align(width), chroma_stride: align(width.div_ceil(2)) }
    }

    fn chroma_rows(self) -> usize {
        self.height.div_ceil(2) as usize
    }

    fn stride(self, plane: Plane) -> usize {
        match plane {
            Plane::Y | Plane::A => self.luma_stride,
            Plane::U | Plane::V => self.chroma_stride,
        }
    }

    fn len(self, plane: Plane) -> usize {
        match plane {
            Plane::Y => self.luma_stride * self.height as usize,
            Plane::U | Plane::V => self.chroma_stride * self.chroma_rows(),
            Plane::A => {
                if self.alpha {
                    self.luma_stride * self.height as usize
                } else {
                    0
                }
            }
        }
    }

    pub(crate) fn bytes(self) -> usize {
        self.len(Plane::Y) + 2 * self.len(Plane::U) + self.len(Plane::A)
    }

    fn offset(self, plane: Plane) -> usize {
        match plane {
            Plane::Y => 0,
            Plane::U => self.len(Plane::Y),
            Plane::V => self.len(Plane::Y) + self.len(Plane::U),
            Plane::A => self.len(Plane::Y) + 2 * self.len(Plane::U),
        }
    }

    fn slice(self, bytes: &[u8], plane: Plane) -> &[u8] {
        let start = self.offset(plane);
        bytes.get(start..start + self.len(plane)).unwrap_or_default()
    }
}

/// A frame being written. Not shared; [`FrameMut::freeze`] turns it into a [`VideoFrame`].
pub struct FrameMut {
    storage: Storage,
    layout: Layout,
}

impl FrameMut {
    pub(crate) fn new(storage: Storage, layout: Layout) -> Self {
        Self { storage, layout }
    }

    /// Luma columns.
    pub fn width(&self) -> u32 {
        self.layout.width
    }

    /// Luma rows.
    pub fn height(&self) -> u32 {
        self.layout.height
    }

    /// Whether there is an alpha plane.
    pub fn has_alpha(&self) -> bool {
        self.layout.alpha
    }

    /// Bytes from one row of `plane` to the next.
    pub fn stride(&self, plane: Plane) -> usize {
        self.layout.stride(plane)
    }

    /// The bytes of one plane, `stride * rows` long; empty for `A` in a frame without alpha.
    pub fn plane(&self, plane: Plane) -> &[u8] {
        self.layout.slice(self.storage.bytes(), plane)
    }

    /// One plane, writable.
    pub fn plane_mut(&mut self, plane: Plane) -> &mut [u8] {
        let (start, len) = (self.layout.offset(plane), self.layout.len(plane));
        self.storage.bytes_mut().get_mut(start..start + len).unwrap_or_default()
    }

    /// All planes at once, writable: Y, U, V, A (A empty without alpha).
    pub fn planes_mut(&mut self) -> [&mut [u8]; 4] {
        let layout = self.layout;
        let (y, rest) = self.storage.bytes_mut().split_at_mut(layout.len(Plane::Y));
        let (u, rest) = rest.split_at_mut(layout.len(Plane::U));
        let (v, rest) = rest.split_at_mut(layout.len(Plane::V));
        let (a, _) = rest.split_at_mut(layout.len(Plane::A));
        [y, u, v, a]
    }

    /// Paints every pixel black: opaque without alpha, fully transparent with it.
    pub fn fill_black(&mut self) {
        let [y, u, v, a] = self.planes_mut();
        y.fill(16);
        u.fill(128);
        v.fill(128);
        a.fill(0);
    }

    /// Copies size, planes and alpha of `from`, which must have the same shape; returns whether it had.
    pub fn copy_from(&mut self, from: &VideoFrame) -> bool {
        let same = self.layout == from.shared.layout;
        if same {
            let len = self.layout.bytes();
            if let (Some(to), Some(src)) =
                (self.storage.bytes_mut().get_mut(..len), from.shared.storage.bytes().get(..len))
            {
                to.copy_from_slice(src);
            }
        }
        same
    }

    /// Ends writing. `pts` is when the picture was taken or is to be shown, `seq` counts the frames of its source.
    pub fn freeze(self, pts: MediaTime, seq: u64) -> VideoFrame {
        VideoFrame { shared: Arc::new(Shared { storage: self.storage, layout: self.layout }), pts, seq }
    }
}

impl fmt::Debug for FrameMut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FrameMut({}x{})", self.layout.width, self.layout.height)
    }
}

struct Shared {
    storage: Storage,
    layout: Layout,
}

/// A finished picture. Cloning shares the pixels; the last clone gives the buffer back to its pool.
#[derive(Clone)]
pub struct VideoFrame {
    shared: Arc<Shared>,
    /// Session time of the picture.
    pub pts: MediaTime,
    /// Number of the frame in its source, from 0.
    pub seq: u64,
}

impl VideoFrame {
    /// Luma columns.
    pub fn width(&self) -> u32 {
        self.shared.layout.width
    }

    /// Luma rows.
    pub fn height(&self) -> u32 {
        self.shared.layout.height
    }

    /// Whether there is an alpha plane.
    pub fn has_alpha(&self) -> bool {
        self.shared.layout.alpha
    }

    /// Bytes from one row of `plane` to the next, a multiple of 64.
    pub fn stride(&self, plane: Plane) -> usize {
        self.shared.layout.stride(plane)
    }

    /// The bytes of one plane, `stride * rows` long; empty for `A` in a frame without alpha.
    pub fn plane(&self, plane: Plane) -> &[u8] {
        self.shared.layout.slice(self.shared.storage.bytes(), plane)
    }

    /// The same pixels with another time and number, without a copy.
    #[must_use]
    pub fn stamped(&self, pts: MediaTime, seq: u64) -> Self {
        Self { shared: Arc::clone(&self.shared), pts, seq }
    }

    /// Whether both are the same pixels in memory.
    pub fn same_pixels(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// The identity of these pixels, for caches.
    pub fn pixels_id(&self) -> PixelsId {
        PixelsId(Arc::downgrade(&self.shared))
    }
}

/// Remembers which pixels a frame had, without keeping their buffer from its pool.
#[derive(Clone)]
pub struct PixelsId(Weak<Shared>);

impl PixelsId {
    /// Whether `frame` still is those very pixels. The address cannot have been reused: this holds it.
    pub fn is(&self, frame: &VideoFrame) -> bool {
        std::ptr::eq(self.0.as_ptr(), Arc::as_ptr(&frame.shared))
    }
}

impl fmt::Debug for PixelsId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PixelsId({:p})", self.0.as_ptr())
    }
}

impl fmt::Debug for VideoFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VideoFrame({}x{} #{} {:?})", self.width(), self.height(), self.seq, self.pts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FramePool;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn planes_tile_the_buffer_for_any_size(w in 1u32..200, h in 1u32..200, alpha: bool) {
            let pool = FramePool::new(1);
            let mut frame = pool.take(w, h, alpha).unwrap();
            for (value, plane) in frame.planes_mut().into_iter().enumerate() {
                plane.fill(value as u8 + 1);
            }
            let frame = frame.freeze(MediaTime::ZERO, 0);
            for (value, plane) in [Plane::Y, Plane::U, Plane::V, Plane::A].into_iter().enumerate() {
                prop_assert!(frame.plane(plane).iter().all(|&b| b == value as u8 + 1));
                prop_assert_eq!(frame.stride(plane) % 64, 0);
            }
            prop_assert_eq!(frame.plane(Plane::U).len(), frame.stride(Plane::U) * h.div_ceil(2) as usize);
            prop_assert_eq!(frame.plane(Plane::A).is_empty(), !alpha);
        }
    }

    #[test]
    fn an_identity_outlives_its_frame_without_holding_its_buffer() {
        let pool = FramePool::new(1);
        let first = pool.take(8, 8, false).unwrap().freeze(MediaTime::ZERO, 0);
        let id = first.pixels_id();
        assert!(id.is(&first.clone()));
        drop(first);
        let second = pool.take(8, 8, false).unwrap().freeze(MediaTime::ZERO, 0);
        assert!(!id.is(&second));
    }

    #[test]
    fn a_copy_needs_the_same_shape() {
        let pool = FramePool::new(4);
        let mut a = pool.take(8, 8, false).unwrap();
        a.fill_black();
        let a = a.freeze(MediaTime::ZERO, 0);
        assert!(pool.take(8, 8, false).unwrap().copy_from(&a));
        assert!(!pool.take(8, 10, false).unwrap().copy_from(&a));
    }
}
