//! A camera on Linux: nokhwa names it, V4L2 streams it.
//!
//! nokhwa's own Linux stream waits for ever on a stalled camera, hides how many bytes a frame has and what its
//! colours mean, and sets a format on every camera it is asked about, even one on air. So the list of devices is
//! nokhwa's, and everything behind an open device is [`super::v4l2`]. Runs on its caller's thread.

use std::io;
use std::time::{Duration, Instant};

use vitrine_media::{MediaTime, VideoFrame};

use super::pictures::Pictures;
use super::v4l2::{Agreed, Node};
use super::v4l2_ring::Ring;
use super::{CameraDevice, color, format, named_cameras};
use crate::{CameraFormat, CaptureContext, CaptureError, Pacing, VideoSource};

/// How long one read waits for a frame.
const PATIENCE: Duration = Duration::from_millis(200);

/// Every node that delivers pictures, with its modes. Nodes that cannot be opened are listed without modes, so that
/// the host sees them and is told why when choosing one.
pub(super) fn list() -> Result<Vec<CameraDevice>, CaptureError> {
    let mut cameras: Vec<CameraDevice> = Vec::new();
    for (index, name) in named_cameras()? {
        let mut camera = CameraDevice { index, id: format!("v4l2:{name}"), name, formats: Vec::new() };
        let opened = Node::open(index).and_then(|node| Ok((node.identity()?, node)));
        if let Ok((identity, node)) = opened {
            if !identity.captures {
                continue;
            }
            camera.id = format!("v4l2:{}:{}", identity.bus, identity.card);
            camera.formats = node.formats();
        }
        // One plug may carry several cameras of the same name.
        let twins = cameras.iter().filter(|other| other.id.starts_with(&camera.id)).count();
        if twins > 0 {
            camera.id = format!("{}#{}", camera.id, twins + 1);
        }
        cameras.push(camera);
    }
    Ok(cameras)
}

/// Whether the node delivers pictures; one that cannot be opened is given the benefit of the doubt.
pub(super) fn captures(index: u32) -> bool {
    Node::open(index).and_then(|node| node.identity()).map_or(true, |identity| identity.captures)
}

/// An open, streaming camera.
struct Camera {
    name: String,
    ring: Ring,
    pictures: Pictures,
}

/// Opens `/dev/video{index}`, agrees on a mode and starts streaming.
pub(super) fn open(
    index: u32,
    wanted: Option<CameraFormat>,
    context: &CaptureContext,
) -> Result<Box<dyn VideoSource>, CaptureError> {
    let node_name = format!("camera {index}");
    let fault = |name: &str| {
        let name = name.to_owned();
        move |error: io::Error| fault_at_open(&name, &error)
    };
    let node = Node::open(index).map_err(fault(&node_name))?;
    let identity = node.identity().map_err(fault(&node_name))?;
    let name = identity.card;
    let unsupported = |reason: String| CaptureError::Unsupported { what: name.clone(), reason };
    if !identity.captures {
        return Err(unsupported("it is not a camera".to_owned()));
    }
    let offered = node.formats();
    let choice = match wanted {
        Some(format) if offered.contains(&format) => Some(format),
        Some(format) => return Err(unsupported(format!("it does not offer {format}"))),
        None => format::choose(&offered, context.canvas, context.rate),
    };
    let Some(choice) = choice else {
        return Err(unsupported("it offers none of MJPEG, YUYV and NV12".to_owned()));
    };
    let agreed = node.negotiate(choice).map_err(fault(&name))?;
    let Some(Agreed { format: agreed, stride, color: driver }) = agreed else {
        return Err(unsupported(format!("it refused {choice}")));
    };
    if wanted.is_some()
        && (agreed.width, agreed.height, agreed.coding) != (choice.width, choice.height, choice.coding)
    {
        return Err(unsupported(format!("it refused {choice} and offers {agreed} instead")));
    }
    let ring = Ring::start(node).map_err(fault(&name))?;
    tracing::info!(camera = %name, format = %agreed, "camera opened");
    let pictures = Pictures::new(context, agreed, stride, color::color_desc(driver, agreed.height));
    Ok(Box::new(Camera { name, ring, pictures }))
}

impl VideoSource for Camera {
    fn pacing(&self) -> Pacing {
        Pacing::Device
    }

    fn read(&mut self, _at: MediaTime) -> Result<Option<VideoFrame>, CaptureError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let patience = deadline.saturating_duration_since(Instant::now());
            let filled = self.ring.next(patience).map_err(|error| fault_while_reading(&self.name, &error))?;
            let Some(filled) = filled else { return Ok(None) };
            if filled.damaged || filled.bytes.is_empty() {
                self.pictures.skip();
            } else if let Some(frame) = self.pictures.read(filled.bytes) {
                return Ok(Some(frame));
            }
            if patience.is_zero() {
                return Ok(None);
            }
        }
    }

    fn skipped(&self) -> u64 {
        self.pictures.skipped() + self.ring.passed_over()
    }
}

fn fault_at_open(device: &str, error: &io::Error) -> CaptureError {
    let device = device.to_owned();
    match error.raw_os_error() {
        Some(libc::ENOENT | libc::ENODEV | libc::ENXIO) => CaptureError::NotFound { what: device },
        Some(libc::EBUSY) => CaptureError::Busy { device },
        Some(libc::EACCES | libc::EPERM) => CaptureError::Denied {
            what: device,
            reason: "this user may not open video devices; adding the user to the group \"video\" helps"
                .to_owned(),
        },
        Some(libc::ENOTTY) => {
            CaptureError::Unsupported { what: device, reason: "it is not a video device".to_owned() }
        }
        Some(libc::ENOSPC) => {
            let reason = "its USB port has no bandwidth left; another port or a smaller format helps";
            CaptureError::Device { device, reason: reason.to_owned() }
        }
        _ => CaptureError::Device { device, reason: error.to_string() },
    }
}

fn fault_while_reading(device: &str, error: &io::Error) -> CaptureError {
    let device = device.to_owned();
    match error.raw_os_error() {
        // What drivers answer once the plug is out.
        Some(libc::ENODEV | libc::ENXIO | libc::ESHUTDOWN | libc::ENOENT) => CaptureError::Gone { device },
        _ => CaptureError::Device { device, reason: error.to_string() },
    }
}
