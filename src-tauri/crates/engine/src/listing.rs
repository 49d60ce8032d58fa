//! What is plugged in, as the window and the command line show it.

use std::sync::mpsc::SyncSender;

use vitrine_capture::{CameraCoding, DeviceWatch, list_cameras, list_microphones, list_screens};
use vitrine_codec::{VideoSettings, probe_encoders as probe};
use vitrine_protocol::{CameraFormatView, CameraView, Devices, MicrophoneView, ScreenView};

use crate::actor::Message;

/// Lists all devices. May take seconds: drivers and sound servers are asked.
pub fn list_devices() -> Devices {
    let cameras = list_cameras().unwrap_or_else(|error| {
        tracing::warn!(%error, "cameras cannot be listed");
        Vec::new()
    });
    let microphones = list_microphones().unwrap_or_else(|error| {
        tracing::warn!(%error, "microphones cannot be listed");
        Vec::new()
    });
    let screens = list_screens().unwrap_or_else(|error| {
        tracing::debug!(%error, "screens cannot be listed");
        Vec::new()
    });
    Devices {
        cameras: cameras.into_iter().map(camera).collect(),
        microphones: microphones
            .into_iter()
            .map(|m| MicrophoneView { name: m.name, is_default: m.is_default })
            .collect(),
        screens: screens.into_iter().map(|s| ScreenView { title: s.title.unwrap_or_default() }).collect(),
    }
}

fn camera(device: vitrine_capture::CameraDevice) -> CameraView {
    let format = |f: &vitrine_capture::CameraFormat| CameraFormatView {
        pixel: match f.coding {
            CameraCoding::Mjpeg => "mjpeg",
            CameraCoding::Yuyv => "yuyv",
            CameraCoding::Nv12 => "nv12",
        }
        .to_owned(),
        width: f.width,
        height: f.height,
        fps: f.rate.as_f64() as f32,
    };
    let formats = device.formats.iter().map(format).collect();
    CameraView { index: device.index, name: device.name, stable_id: device.id, formats }
}

/// Tells the actor what is plugged in, now and whenever it changes.
pub(crate) fn watch(messages: SyncSender<Message>) -> DeviceWatch {
    let first = messages.clone();
    let spawned = std::thread::Builder::new()
        .name("list devices".into())
        .spawn(move || drop(first.send(Message::Devices(list_devices()))));
    if let Err(error) = spawned {
        tracing::error!(%error, "devices are not listed");
    }
    DeviceWatch::start(move |change| {
        tracing::info!(came = change.came.len(), went = change.went.len(), "devices changed");
        // The engine may be closing.
        let _ = messages.send(Message::Devices(list_devices()));
    })
}

/// An encoder and whether it works here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncoderReport {
    /// Its name.
    pub encoder: String,
    /// Whether a trial encode came through.
    pub usable: bool,
    /// Why not.
    pub reason: Option<String>,
    /// How long opening took.
    pub open_millis: u32,
}

/// Tries every encoder with a real frame of 1080p.
pub fn probe_encoders() -> Vec<EncoderReport> {
    probe(&VideoSettings::default())
        .into_iter()
        .map(|p| EncoderReport {
            encoder: p.kind.to_string(),
            usable: p.usable,
            reason: p.reason,
            open_millis: p.open_millis,
        })
        .collect()
}
