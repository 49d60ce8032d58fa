//! A camera on Windows and macOS, through nokhwa alone.
//!
//! nokhwa blocks for as long as a driver likes, so a thread of its own owns the device and leaves the newest buffer
//! in a mailbox. Dropping the source asks that thread to stop and does not wait for it. Not run by the tests of this
//! project, which have no such machine; it is compiled there.

use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use nokhwa::Camera as Device;
use nokhwa::utils::{
    CameraFormat as NokhwaFormat, CameraIndex, FrameFormat, RequestedFormat, RequestedFormatType, Resolution,
};
use vitrine_media::{ColorDesc, FrameRate, Latest, MediaTime, StopToken, VideoFrame};

use super::pictures::Pictures;
use super::{CameraDevice, format, named_cameras};
use crate::{CameraCoding, CameraFormat, CaptureContext, CaptureError, Pacing, VideoSource};

const CODINGS: [FrameFormat; 3] = [FrameFormat::MJPEG, FrameFormat::YUYV, FrameFormat::NV12];
/// How long one read waits for a frame.
const PATIENCE: Duration = Duration::from_millis(200);
/// How long a driver may take to open.
const OPEN_PATIENCE: Duration = Duration::from_secs(10);

type Arrival = Result<Vec<u8>, CaptureError>;

/// Every camera; modes are asked for when one is opened.
pub(super) fn list() -> Result<Vec<CameraDevice>, CaptureError> {
    let cameras = named_cameras()?.into_iter();
    Ok(cameras
        .map(|(index, name)| CameraDevice { index, id: format!("{name}#{index}"), name, formats: Vec::new() })
        .collect())
}

/// Every camera these systems list delivers pictures.
pub(super) fn captures(_index: u32) -> bool {
    true
}

struct Camera {
    mailbox: Arc<Latest<Arrival>>,
    pictures: Pictures,
    stop: StopToken,
}

/// Opens a camera on a thread of its own.
pub(super) fn open(
    index: u32,
    wanted: Option<CameraFormat>,
    context: &CaptureContext,
) -> Result<Box<dyn VideoSource>, CaptureError> {
    let name = format!("camera {index}");
    let (mailbox, stop) = (Arc::new(Latest::new()), StopToken::new());
    let (report, opened) = mpsc::channel();
    let (letters, ends, canvas, rate, label) =
        (Arc::clone(&mailbox), stop.clone(), context.canvas, context.rate, name.clone());
    let work = move || match start(index, &label, wanted, canvas, rate) {
        Ok((device, format)) => {
            if report.send(Ok(format)).is_ok() {
                stream(device, &label, &letters, &ends);
            }
        }
        Err(error) => drop(report.send(Err(error))),
    };
    thread::Builder::new()
        .name("camera".to_owned())
        .spawn(work)
        .map_err(|e| CaptureError::Device { device: name.clone(), reason: e.to_string() })?;
    let format = opened.recv_timeout(OPEN_PATIENCE).unwrap_or_else(|_| {
        stop.stop();
        Err(CaptureError::Device { device: name, reason: "the driver does not answer".to_owned() })
    })?;
    let pictures = Pictures::new(context, format, 0, ColorDesc::guess(format.height));
    Ok(Box::new(Camera { mailbox, pictures, stop }))
}

fn start(
    index: u32,
    name: &str,
    wanted: Option<CameraFormat>,
    canvas: (u32, u32),
    rate: FrameRate,
) -> Result<(Device, CameraFormat), CaptureError> {
    let fault =
        |e: nokhwa::NokhwaError| CaptureError::Device { device: name.to_owned(), reason: e.to_string() };
    let unsupported = |reason: String| CaptureError::Unsupported { what: name.to_owned(), reason };
    let any = RequestedFormat::with_formats(RequestedFormatType::None, &CODINGS);
    let mut device = Device::new(CameraIndex::Index(index), any).map_err(fault)?;
    let offered: Vec<CameraFormat> =
        device.compatible_camera_formats().map_err(fault)?.into_iter().filter_map(from_nokhwa).collect();
    let choice = match wanted {
        Some(format) if offered.contains(&format) => Some(format),
        Some(format) => return Err(unsupported(format!("it does not offer {format}"))),
        None => format::choose(&offered, canvas, rate),
    };
    let choice = choice.ok_or_else(|| unsupported("it offers none of MJPEG, YUYV and NV12".to_owned()))?;
    let exact = RequestedFormat::with_formats(RequestedFormatType::Exact(to_nokhwa(choice)), &CODINGS);
    device.set_camera_requset(exact).map_err(fault)?;
    device.open_stream().map_err(fault)?;
    Ok((device, choice))
}

fn stream(mut device: Device, name: &str, mailbox: &Latest<Arrival>, stop: &StopToken) {
    while !stop.is_stopped() {
        match device.frame() {
            Ok(buffer) => mailbox.put(Ok(buffer.buffer().to_vec())),
            Err(error) => {
                tracing::warn!(camera = name, %error, "the camera ended");
                mailbox.put(Err(CaptureError::Gone { device: name.to_owned() }));
                return;
            }
        }
    }
}

impl VideoSource for Camera {
    fn pacing(&self) -> Pacing {
        Pacing::Device
    }

    fn read(&mut self, _at: MediaTime) -> Result<Option<VideoFrame>, CaptureError> {
        match self.mailbox.wait(PATIENCE) {
            Some(Ok(bytes)) => Ok(self.pictures.read(&bytes)),
            Some(Err(error)) => Err(error),
            None => Ok(None),
        }
    }

    fn skipped(&self) -> u64 {
        self.pictures.skipped() + self.mailbox.replaced_count()
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        self.stop.stop();
    }
}

fn from_nokhwa(format: NokhwaFormat) -> Option<CameraFormat> {
    let coding = match format.format() {
        FrameFormat::MJPEG => CameraCoding::Mjpeg,
        FrameFormat::YUYV => CameraCoding::Yuyv,
        FrameFormat::NV12 => CameraCoding::Nv12,
        _ => return None,
    };
    let rate = FrameRate::new(format.frame_rate(), 1)?;
    Some(CameraFormat { width: format.width(), height: format.height(), rate, coding })
}

fn to_nokhwa(format: CameraFormat) -> NokhwaFormat {
    let coding = match format.coding {
        CameraCoding::Mjpeg => FrameFormat::MJPEG,
        CameraCoding::Yuyv => FrameFormat::YUYV,
        CameraCoding::Nv12 => FrameFormat::NV12,
    };
    let fps = format.rate.as_f64().round() as u32;
    NokhwaFormat::new(Resolution::new(format.width, format.height), coding, fps)
}
