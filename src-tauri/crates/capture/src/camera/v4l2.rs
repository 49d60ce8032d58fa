//! A V4L2 capture node: what it is, what it offers, and agreeing on a mode. Linux only.
//!
//! Owns the file descriptor. Speaks to the driver with `v4l`'s ioctl call and request numbers, but reads the answers
//! itself: the crate's own wrappers panic on a colour space or text they do not know, hide the YCbCr encoding, and
//! panic again in a destructor when a driver fails while closing, which would end the whole studio. Never streams;
//! that is [`super::v4l2_ring`]. Runs on its caller's thread, which a driver may hold for ever.

#![allow(unsafe_code)] // ioctl has no safe form: the kernel writes into the struct it is handed

use std::fs::{File, OpenOptions};
use std::io;
use std::mem;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::fs::OpenOptionsExt;

use v4l::v4l_sys as sys;
use v4l::v4l2::vidioc;
use vitrine_media::FrameRate;

use super::color::DriverColor;
use crate::{CameraCoding, CameraFormat};

/// `V4L2_BUF_TYPE_VIDEO_CAPTURE`: the single-planar capture queue, the only one webcams have.
pub(super) const CAPTURE: u32 = sys::v4l2_buf_type_V4L2_BUF_TYPE_VIDEO_CAPTURE;

/// Sizes and rates worth offering of a driver that accepts any within limits.
const COMMON_SIZES: [(u32, u32); 8] =
    [(640, 360), (640, 480), (960, 540), (1280, 720), (1280, 960), (1920, 1080), (2560, 1440), (3840, 2160)];
const COMMON_RATES: [u32; 7] = [5, 10, 15, 24, 25, 30, 60];
/// A driver with an endless list is broken; this many entries are plenty.
const MOST_ENTRIES: u32 = 256;

/// An open node.
#[derive(Debug)]
pub(super) struct Node {
    file: File,
}

/// What a node says it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    /// Model.
    pub(super) card: String,
    /// Where it is plugged in, the same after a restart.
    pub(super) bus: String,
    /// Whether it delivers pictures by streaming. Cameras also have nodes that carry metadata only.
    pub(super) captures: bool,
}

/// What was agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Agreed {
    pub(super) format: CameraFormat,
    /// Bytes from row to row; 0 for JPEG.
    pub(super) stride: u32,
    pub(super) color: DriverColor,
}

impl Node {
    /// Opens `/dev/video{index}` without blocking.
    pub(super) fn open(index: u32) -> io::Result<Self> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(format!("/dev/video{index}"))?;
        Ok(Self { file })
    }

    pub(super) fn fd(&self) -> RawFd {
        self.file.as_raw_fd()
    }

    /// What the node is.
    pub(super) fn identity(&self) -> io::Result<Identity> {
        let mut caps: sys::v4l2_capability = blank();
        call(self.fd(), vidioc::VIDIOC_QUERYCAP, &mut caps)?;
        // The driver as a whole may capture while this node does not.
        let flags = if caps.capabilities & sys::V4L2_CAP_DEVICE_CAPS == 0 {
            caps.capabilities
        } else {
            caps.device_caps
        };
        let wanted = sys::V4L2_CAP_VIDEO_CAPTURE | sys::V4L2_CAP_STREAMING;
        Ok(Identity { card: text(&caps.card), bus: text(&caps.bus_info), captures: flags & wanted == wanted })
    }

    /// Every mode in a coding that can be read. Changes nothing, so a camera on air may be asked.
    pub(super) fn formats(&self) -> Vec<CameraFormat> {
        let mut formats = Vec::new();
        for index in 0..MOST_ENTRIES {
            let mut desc: sys::v4l2_fmtdesc = blank();
            desc.index = index;
            desc.type_ = CAPTURE;
            if call(self.fd(), vidioc::VIDIOC_ENUM_FMT, &mut desc).is_err() {
                break;
            }
            let Some(coding) = coding_of(desc.pixelformat) else { continue };
            for (width, height) in self.sizes(desc.pixelformat) {
                for rate in self.rates(desc.pixelformat, width, height) {
                    formats.push(CameraFormat { width, height, rate, coding });
                }
            }
        }
        formats
    }

    fn sizes(&self, fourcc: u32) -> Vec<(u32, u32)> {
        let mut sizes = Vec::new();
        for index in 0..MOST_ENTRIES {
            let mut entry: sys::v4l2_frmsizeenum = blank();
            entry.index = index;
            entry.pixel_format = fourcc;
            if call(self.fd(), vidioc::VIDIOC_ENUM_FRAMESIZES, &mut entry).is_err() {
                break;
            }
            if entry.type_ == sys::v4l2_frmsizetypes_V4L2_FRMSIZE_TYPE_DISCRETE {
                // SAFETY: `type_` says that the driver filled `discrete`; every bit pattern is a valid integer.
                let size = unsafe { entry.__bindgen_anon_1.discrete };
                sizes.push((size.width, size.height));
                continue;
            }
            // SAFETY: continuous and stepwise both fill `stepwise`.
            let range = unsafe { entry.__bindgen_anon_1.stepwise };
            let on_step =
                |value: u32, min: u32, step: u32| (value.wrapping_sub(min)).is_multiple_of(step.max(1));
            sizes.extend(COMMON_SIZES.into_iter().filter(|&(w, h)| {
                (range.min_width..=range.max_width).contains(&w)
                    && (range.min_height..=range.max_height).contains(&h)
                    && on_step(w, range.min_width, range.step_width)
                    && on_step(h, range.min_height, range.step_height)
            }));
            break;
        }
        sizes
    }

    fn rates(&self, fourcc: u32, width: u32, height: u32) -> Vec<FrameRate> {
        let mut rates = Vec::new();
        for index in 0..MOST_ENTRIES {
            let mut entry: sys::v4l2_frmivalenum = blank();
            entry.index = index;
            entry.pixel_format = fourcc;
            entry.width = width;
            entry.height = height;
            if call(self.fd(), vidioc::VIDIOC_ENUM_FRAMEINTERVALS, &mut entry).is_err() {
                break;
            }
            if entry.type_ == sys::v4l2_frmivaltypes_V4L2_FRMIVAL_TYPE_DISCRETE {
                // SAFETY: `type_` says that the driver filled `discrete`.
                let interval = unsafe { entry.__bindgen_anon_1.discrete };
                rates.extend(FrameRate::new(interval.denominator, interval.numerator));
                continue;
            }
            // SAFETY: continuous and stepwise both fill `stepwise`.
            let range = unsafe { entry.__bindgen_anon_1.stepwise };
            let seconds = |f: sys::v4l2_fract| f64::from(f.numerator) / f64::from(f.denominator.max(1));
            let within = |fps: &u32| {
                let interval = 1.0 / f64::from(*fps);
                interval >= seconds(range.min) - 1e-6 && interval <= seconds(range.max) + 1e-6
            };
            rates.extend(
                COMMON_RATES.iter().filter(|&fps| within(fps)).filter_map(|&fps| FrameRate::new(fps, 1)),
            );
            break;
        }
        if rates.is_empty() {
            // A driver without rates has one of its own.
            rates.push(FrameRate::FPS_30);
        }
        rates
    }

    /// Agrees on `want` with the driver, which may answer with something near it.
    pub(super) fn negotiate(&self, want: CameraFormat) -> io::Result<Option<Agreed>> {
        let mut format: sys::v4l2_format = blank();
        format.type_ = CAPTURE;
        let mut pix: sys::v4l2_pix_format = blank();
        pix.width = want.width;
        pix.height = want.height;
        pix.pixelformat = fourcc_of(want.coding);
        pix.field = sys::v4l2_field_V4L2_FIELD_NONE;
        format.fmt.pix = pix;
        call(self.fd(), vidioc::VIDIOC_S_FMT, &mut format)?;
        // SAFETY: a successful S_FMT on the capture queue fills `pix`.
        let pix = unsafe { format.fmt.pix };
        let Some(coding) = coding_of(pix.pixelformat) else { return Ok(None) };
        let rate = self.set_rate(want.rate)?.unwrap_or(want.rate);
        // SAFETY: both members are the same integer.
        let encoding = unsafe { pix.__bindgen_anon_1.ycbcr_enc };
        Ok(Some(Agreed {
            format: CameraFormat { width: pix.width, height: pix.height, rate, coding },
            stride: pix.bytesperline,
            color: DriverColor { colorspace: pix.colorspace, encoding, quantization: pix.quantization },
        }))
    }

    /// Asks for a rate and tells the one the driver chose; `None` when it cannot be asked.
    fn set_rate(&self, rate: FrameRate) -> io::Result<Option<FrameRate>> {
        let mut parameters: sys::v4l2_streamparm = blank();
        parameters.type_ = CAPTURE;
        let mut capture: sys::v4l2_captureparm = blank();
        capture.timeperframe = sys::v4l2_fract { numerator: rate.den(), denominator: rate.num() };
        parameters.parm.capture = capture;
        match call(self.fd(), vidioc::VIDIOC_S_PARM, &mut parameters) {
            Ok(()) => {}
            // Not every driver has rates to set; it streams at its own.
            Err(e) if matches!(e.raw_os_error(), Some(libc::ENOTTY | libc::EINVAL)) => return Ok(None),
            Err(e) => return Err(e),
        }
        // SAFETY: a successful S_PARM on the capture queue fills `capture`.
        let interval = unsafe { parameters.parm.capture.timeperframe };
        Ok(FrameRate::new(interval.denominator, interval.numerator))
    }
}

/// One request to the driver. `argument` is the struct the request is defined for, which every call in this folder
/// keeps to.
pub(super) fn call<T>(fd: RawFd, request: vidioc::_IOC_TYPE, argument: &mut T) -> io::Result<()> {
    loop {
        // SAFETY: `fd` is open while its `Node` lives, and `argument` points to the struct whose size is part of the
        // request number, so the kernel writes within it.
        let result = unsafe { v4l::v4l2::ioctl(fd, request, std::ptr::from_mut(argument).cast()) };
        match result {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// A request struct of zeros, as the V4L2 documentation asks for.
pub(super) fn blank<T: Copy>() -> T {
    // SAFETY: used in this folder only for the kernel's plain structs of integers and unions of such.
    unsafe { mem::zeroed() }
}

/// A C text that may lack its end or be no UTF-8.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).trim().to_owned()
}

fn fourcc_of(coding: CameraCoding) -> u32 {
    u32::from_le_bytes(match coding {
        CameraCoding::Mjpeg => *b"MJPG",
        CameraCoding::Yuyv => *b"YUYV",
        CameraCoding::Nv12 => *b"NV12",
    })
}

fn coding_of(fourcc: u32) -> Option<CameraCoding> {
    match &fourcc.to_le_bytes() {
        b"MJPG" | b"JPEG" => Some(CameraCoding::Mjpeg),
        b"YUYV" => Some(CameraCoding::Yuyv),
        b"NV12" => Some(CameraCoding::Nv12),
        _ => None,
    }
}
