//! Cameras: what is there, which one is meant, and opening it.
//!
//! Owns nothing that lasts; an open camera is the [`VideoSource`] handed out. Never decides whether to try again.
//! Everything here runs on the caller's thread and may take as long as a driver does.

#[cfg(target_os = "linux")]
mod color;
mod format;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;
mod pictures;
#[cfg(target_os = "linux")]
mod v4l2;
#[cfg(target_os = "linux")]
mod v4l2_ring;

#[cfg(target_os = "linux")]
use linux as platform;
#[cfg(not(target_os = "linux"))]
use other as platform;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{CameraFormat, CameraSelect, CaptureContext, CaptureError, VideoSource};

/// A camera that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CameraDevice {
    /// The operating system's number of it, which changes when devices come and go.
    pub index: u32,
    /// What it calls itself.
    pub name: String,
    /// The same after a restart and after plugging it into the same port again.
    pub id: String,
    /// Its modes in codings that can be read; empty where they are only known after opening.
    pub formats: Vec<CameraFormat>,
}

/// The cameras that are there, by index. Disturbs no camera on air, but may take a moment: not for a user interface's
/// thread.
pub fn list_cameras() -> Result<Vec<CameraDevice>, CaptureError> {
    platform::list()
}

/// Index and name of every video device, cheaply; some may be no cameras.
pub(crate) fn named_cameras() -> Result<Vec<(u32, String)>, CaptureError> {
    // nokhwa panics on a device node without a number.
    let listed = catch_unwind(AssertUnwindSafe(|| nokhwa::query(nokhwa::utils::ApiBackend::Auto)));
    let fault = |reason: String| CaptureError::Device { device: "the camera list".to_owned(), reason };
    let infos = match listed {
        Ok(Ok(infos)) => infos,
        Ok(Err(error)) => return Err(fault(error.to_string())),
        Err(_) => return Err(fault("a device node has a name that cannot be read".to_owned())),
    };
    let mut cameras: Vec<(u32, String)> = infos
        .iter()
        .filter_map(|info| Some((info.index().as_index().ok()?, info.human_name().clone())))
        .collect();
    cameras.sort();
    Ok(cameras)
}

/// Whether the device with that index delivers pictures.
pub(crate) fn captures(index: u32) -> bool {
    platform::captures(index)
}

/// Opens the chosen camera and starts it.
pub(crate) fn open(
    select: &CameraSelect,
    format: Option<CameraFormat>,
    context: &CaptureContext,
) -> Result<Box<dyn VideoSource>, CaptureError> {
    let index = match select {
        CameraSelect::Index(index) => *index,
        CameraSelect::Default => {
            let first = list_cameras()?.into_iter().next();
            first.ok_or_else(|| CaptureError::NotFound { what: "a camera".to_owned() })?.index
        }
        CameraSelect::Name(name) => find(name, &list_cameras()?)?.index,
    };
    platform::open(index, format, context)
}

/// The camera a host means: by id, by exact name, else by a part of the name that only one has.
fn find<'a>(wanted: &str, cameras: &'a [CameraDevice]) -> Result<&'a CameraDevice, CaptureError> {
    if let Some(camera) =
        cameras.iter().find(|c| c.id == wanted).or(cameras.iter().find(|c| c.name == wanted))
    {
        return Ok(camera);
    }
    let part = wanted.to_lowercase();
    let matching: Vec<&CameraDevice> =
        cameras.iter().filter(|c| c.name.to_lowercase().contains(&part)).collect();
    match matching.as_slice() {
        [one] => Ok(one),
        [] => Err(CaptureError::NotFound { what: format!("a camera named \"{wanted}\"") }),
        several => {
            let names: Vec<String> =
                several.iter().map(|c| format!("{} (camera {})", c.name, c.index)).collect();
            Err(CaptureError::Unsupported {
                what: format!("\"{wanted}\""),
                reason: format!("several cameras are called so: {}", names.join(", ")),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camera(index: u32, name: &str) -> CameraDevice {
        CameraDevice {
            index,
            name: name.to_owned(),
            id: format!("v4l2:usb-{index}:{name}"),
            formats: Vec::new(),
        }
    }

    #[test]
    fn a_camera_is_found_by_id_name_or_a_part_only_one_has() {
        let cameras = [camera(0, "Logitech C920"), camera(2, "Logitech Brio"), camera(4, "Brio")];
        let index = |wanted: &str| find(wanted, &cameras).map(|c| c.index);
        assert_eq!(index("v4l2:usb-2:Logitech Brio"), Ok(2));
        assert_eq!(index("Brio"), Ok(4), "an exact name beats a part");
        assert_eq!(index("c920"), Ok(0));
        assert!(matches!(index("logitech"), Err(CaptureError::Unsupported { .. })), "two match");
        assert!(matches!(index("Kinect"), Err(CaptureError::NotFound { .. })));
    }
}
