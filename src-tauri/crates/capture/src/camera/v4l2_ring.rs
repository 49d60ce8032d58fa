//! The ring of buffers a V4L2 driver fills, mapped into this process. Linux only.
//!
//! Owns the mappings and the running stream; giving both up never panics and never reports, since by then the device
//! is usually gone. Always hands out the newest frame: older ones that wait are given back unread and counted, so a
//! slow reader falls behind by at most one frame. Runs on its caller's thread; waits at most as long as it is told.

#![allow(unsafe_code)] // mapped buffers and poll have no safe form

use std::io;
use std::ptr::NonNull;
use std::time::Duration;

use v4l::v4l_sys as sys;
use v4l::v4l2::vidioc;

use super::v4l2::{CAPTURE, Node, blank, call};

/// Enough for the driver to fill one while one is read and two are late.
const BUFFERS: u32 = 4;
const MMAP: u32 = sys::v4l2_memory_V4L2_MEMORY_MMAP;

/// A running stream.
#[derive(Debug)]
pub(super) struct Ring {
    node: Node,
    buffers: Vec<Mapping>,
    /// The buffer lent to the caller, given back on the next call.
    lent: Option<u32>,
    passed_over: u64,
}

#[derive(Debug)]
struct Mapping {
    start: NonNull<u8>,
    len: usize,
}

/// One filled buffer.
#[derive(Debug)]
pub(super) struct Filled<'a> {
    /// The bytes in use.
    pub(super) bytes: &'a [u8],
    /// The driver marked it as damaged.
    pub(super) damaged: bool,
}

impl Ring {
    /// Maps buffers for the mode agreed on `node` and starts the stream.
    pub(super) fn start(node: Node) -> io::Result<Self> {
        let mut request: sys::v4l2_requestbuffers = blank();
        request.count = BUFFERS;
        request.type_ = CAPTURE;
        request.memory = MMAP;
        call(node.fd(), vidioc::VIDIOC_REQBUFS, &mut request)?;
        let mut ring = Self { node, buffers: Vec::new(), lent: None, passed_over: 0 };
        for index in 0..request.count {
            let mut desc = buffer(index);
            call(ring.node.fd(), vidioc::VIDIOC_QUERYBUF, &mut desc)?;
            ring.buffers.push(ring.map(&desc)?);
            ring.give_back(index)?;
        }
        let mut kind = CAPTURE as libc::c_int;
        call(ring.node.fd(), vidioc::VIDIOC_STREAMON, &mut kind)?;
        Ok(ring)
    }

    fn map(&self, desc: &sys::v4l2_buffer) -> io::Result<Mapping> {
        let len = desc.length as usize;
        // SAFETY: a null start lets the kernel choose the place; the offset is the one QUERYBUF gave for this
        // buffer (single-planar, so `offset` is the member in use); the result is checked by `v4l2::mmap`.
        let start = unsafe {
            let offset = libc::off_t::from(desc.m.offset);
            let access = libc::PROT_READ | libc::PROT_WRITE;
            v4l::v4l2::mmap(std::ptr::null_mut(), len, access, libc::MAP_SHARED, self.node.fd(), offset)?
        };
        let start = NonNull::new(start.cast()).ok_or_else(|| io::Error::from_raw_os_error(libc::ENOMEM))?;
        Ok(Mapping { start, len })
    }

    /// Frames the driver delivered that were given back unread because a newer one was there.
    pub(super) fn passed_over(&self) -> u64 {
        self.passed_over
    }

    /// The newest frame, waiting at most `patience` for one; `None` when none came.
    pub(super) fn next(&mut self, patience: Duration) -> io::Result<Option<Filled<'_>>> {
        if let Some(index) = self.lent.take() {
            self.give_back(index)?;
        }
        if !self.wait(patience)? {
            return Ok(None);
        }
        let Some(mut newest) = self.take()? else { return Ok(None) };
        while self.wait(Duration::ZERO)? {
            let Some(newer) = self.take()? else { break };
            self.give_back(newest.index)?;
            self.passed_over += 1;
            newest = newer;
        }
        self.lent = Some(newest.index);
        let Some(mapping) = self.buffers.get(newest.index as usize) else {
            return Err(io::Error::other("the driver named a buffer that does not exist"));
        };
        let used = (newest.bytesused as usize).min(mapping.len);
        // SAFETY: the mapping lives as long as `self`; the driver does not write to a buffer it has handed over until
        // it is given back, which needs `&mut self` and therefore the end of this borrow.
        let bytes = unsafe { std::slice::from_raw_parts(mapping.start.as_ptr(), used) };
        Ok(Some(Filled { bytes, damaged: newest.flags & sys::V4L2_BUF_FLAG_ERROR != 0 }))
    }

    /// Whether a buffer is ready. An error state without one is an error, or the caller would spin on it.
    fn wait(&self, patience: Duration) -> io::Result<bool> {
        let mut ready = libc::pollfd { fd: self.node.fd(), events: libc::POLLIN, revents: 0 };
        let millis = libc::c_int::try_from(patience.as_millis()).unwrap_or(libc::c_int::MAX);
        // SAFETY: one pollfd, alive during the call.
        let count = unsafe { libc::poll(&raw mut ready, 1, millis) };
        match count {
            0 => Ok(false),
            1.. if ready.revents & libc::POLLIN != 0 => Ok(true),
            // Asking for a buffer makes the driver say what is wrong.
            1.. => match self.take() {
                Err(e) => Err(e),
                Ok(_) => Err(io::Error::other("the driver reports an error without saying which")),
            },
            _ => match io::Error::last_os_error() {
                e if e.kind() == io::ErrorKind::Interrupted => Ok(false),
                e => Err(e),
            },
        }
    }

    fn take(&self) -> io::Result<Option<sys::v4l2_buffer>> {
        let mut desc = buffer(0);
        match call(self.node.fd(), vidioc::VIDIOC_DQBUF, &mut desc) {
            Ok(()) => Ok(Some(desc)),
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(e) => Err(e),
        }
    }

    fn give_back(&self, index: u32) -> io::Result<()> {
        call(self.node.fd(), vidioc::VIDIOC_QBUF, &mut buffer(index))
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        let mut kind = CAPTURE as libc::c_int;
        let _ = call(self.node.fd(), vidioc::VIDIOC_STREAMOFF, &mut kind);
        for mapping in self.buffers.drain(..) {
            // SAFETY: mapped by `map` with this length, and no slice of it outlives a borrow of `self`.
            let _ = unsafe { v4l::v4l2::munmap(mapping.start.as_ptr().cast(), mapping.len) };
        }
        let mut request: sys::v4l2_requestbuffers = blank();
        request.type_ = CAPTURE;
        request.memory = MMAP;
        let _ = call(self.node.fd(), vidioc::VIDIOC_REQBUFS, &mut request);
    }
}

fn buffer(index: u32) -> sys::v4l2_buffer {
    let mut desc: sys::v4l2_buffer = blank();
    desc.index = index;
    desc.type_ = CAPTURE;
    desc.memory = MMAP;
    desc
}
