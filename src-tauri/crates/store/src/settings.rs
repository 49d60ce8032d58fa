//! The settings document: what it holds, its defaults and its limits. Pure.

use std::collections::HashSet;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use vitrine_media::FrameRate;

use crate::Destination;

/// Fields this version does not know. They are kept, so that an older studio does not rob a newer one.
pub type Extra = serde_json::Map<String, serde_json::Value>;

/// A value that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} is out of its range")]
pub struct SettingsError {
    /// Which, as a path into the document.
    pub field: String,
}

/// Everything a host has chosen, except keys and shows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Version of the document.
    pub version: u32,
    /// Language; `None` follows the system.
    pub language: Option<Language>,
    /// Light or dark.
    pub theme: Theme,
    /// The window.
    pub window: WindowPreferences,
    /// Picture and sound as encoded.
    pub video: VideoPreferences,
    /// Where recordings go; `None`: [`crate::Locations::recordings_dir`].
    pub record_folder: Option<PathBuf>,
    /// Devices the host picked.
    pub devices: ChosenDevices,
    /// Destinations, in the host's order.
    pub destinations: Vec<Destination>,
    /// The show opened last.
    pub last_show: Option<PathBuf>,
    /// Fields of other versions, kept as they are.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Language of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Language {
    /// Simplified Chinese.
    #[serde(rename = "zh-CN")]
    ZhCn,
    /// English.
    #[serde(rename = "en")]
    En,
}

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// Dark.
    #[default]
    Dark,
    /// Light.
    Light,
}

/// How the window was left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WindowPreferences {
    /// Logical pixels.
    pub width: u32,
    /// Logical pixels.
    pub height: u32,
    /// Filled the screen.
    pub maximized: bool,
    /// Fields of other versions, kept as they are.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Default for WindowPreferences {
    fn default() -> Self {
        Self { width: 1280, height: 800, maximized: false, extra: Extra::new() }
    }
}

/// Picture and sound as encoded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct VideoPreferences {
    /// Columns, even.
    pub width: u32,
    /// Rows, even.
    pub height: u32,
    /// Frames per second.
    pub fps: FrameRate,
    /// Bits per second of the picture.
    pub video_bitrate: u32,
    /// Bits per second of the sound.
    pub audio_bitrate: u32,
    /// x264 preset.
    pub preset: String,
    /// `auto` or an encoder's name.
    pub encoder: String,
    /// Fields of other versions, kept as they are.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Default for VideoPreferences {
    fn default() -> Self {
        Self {
            width: 1920,
            height: 1080,
            fps: FrameRate::FPS_30,
            video_bitrate: 4_500_000,
            audio_bitrate: 160_000,
            preset: "veryfast".to_owned(),
            encoder: "auto".to_owned(),
            extra: Extra::new(),
        }
    }
}

/// Devices by the names the system gives them; `None` follows the system's default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChosenDevices {
    /// Camera.
    pub camera: Option<String>,
    /// Microphone.
    pub microphone: Option<String>,
    /// Where the host listens.
    pub speakers: Option<String>,
    /// Fields of other versions, kept as they are.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Settings {
    /// Refuses what no encoder, window or vault could use; the first such value is named.
    pub fn check(&self) -> Result<(), SettingsError> {
        let unusable = self.unusable();
        unusable.into_iter().next().map_or(Ok(()), |field| Err(SettingsError { field }))
    }

    /// Replaces what cannot be used by its default, and names it.
    pub(crate) fn correct(&mut self) -> Vec<String> {
        let unusable = self.unusable();
        let defaults = Self::default();
        for field in &unusable {
            match field.as_str() {
                "window" => {
                    self.window.width = defaults.window.width;
                    self.window.height = defaults.window.height;
                }
                "video.size" => {
                    self.video.width = defaults.video.width;
                    self.video.height = defaults.video.height;
                }
                "video.fps" => self.video.fps = defaults.video.fps,
                "video.video_bitrate" => self.video.video_bitrate = defaults.video.video_bitrate,
                "video.audio_bitrate" => self.video.audio_bitrate = defaults.video.audio_bitrate,
                "video.preset" => self.video.preset.clone_from(&defaults.video.preset),
                "video.encoder" => self.video.encoder.clone_from(&defaults.video.encoder),
                // A destination without a usable id or address cannot be given another.
                _ => {
                    let mut seen = HashSet::new();
                    self.destinations.retain(|d| destination_is_usable(d) && seen.insert(d.id.clone()));
                }
            }
        }
        unusable
    }

    fn unusable(&self) -> Vec<String> {
        let video = &self.video;
        let size_ok = |n: u32| (16..=7680).contains(&n) && n.is_multiple_of(2);
        let word_ok = |word: &str| {
            !word.is_empty()
                && word.len() <= 32
                && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        };
        let fixed = [
            (
                "window",
                (200..=16_384).contains(&self.window.width) && (200..=16_384).contains(&self.window.height),
            ),
            ("video.size", size_ok(video.width) && size_ok(video.height)),
            ("video.fps", FrameRate::new(video.fps.num(), video.fps.den()).is_some()),
            ("video.video_bitrate", (100_000..=100_000_000).contains(&video.video_bitrate)),
            ("video.audio_bitrate", (32_000..=512_000).contains(&video.audio_bitrate)),
            ("video.preset", word_ok(&video.preset)),
            ("video.encoder", word_ok(&video.encoder)),
        ];
        let mut unusable: Vec<String> =
            fixed.into_iter().filter(|(_, ok)| !ok).map(|(field, _)| field.to_owned()).collect();
        let mut seen = HashSet::new();
        for (n, destination) in self.destinations.iter().enumerate() {
            if !destination_is_usable(destination) || !seen.insert(&destination.id) {
                unusable.push(format!("destinations[{n}]"));
            }
        }
        unusable
    }
}

/// An id to file a key under, and an address in which no key is left.
fn destination_is_usable(destination: &Destination) -> bool {
    let id = &destination.id.0;
    !id.is_empty() && id.len() <= 128 && matches!(crate::split_key(&destination.url), Ok((_, None)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DestinationId, IngestProfile};

    fn destination(id: &str, url: &str) -> Destination {
        Destination {
            id: DestinationId(id.to_owned()),
            name: "Shop".to_owned(),
            url: url.to_owned(),
            enabled: true,
            profile: IngestProfile::Unknown,
            extra: Extra::new(),
        }
    }

    #[test]
    fn defaults_can_be_used() {
        assert_eq!(Settings::default().check(), Ok(()));
    }

    #[test]
    fn an_address_with_a_key_in_it_is_refused() {
        let mut settings = Settings::default();
        settings.destinations.push(destination("a", "rtmp://server/app/live_key"));
        assert_eq!(settings.check().unwrap_err().field, "destinations[0]");
        settings.destinations[0].url = "rtmp://server/app".to_owned();
        assert_eq!(settings.check(), Ok(()));
    }

    #[test]
    fn only_what_cannot_be_used_is_corrected() {
        let mut settings = Settings::default();
        settings.video.width = 1921;
        settings.video.preset = "-x264opts".to_owned();
        settings.video.video_bitrate = 6_000_000;
        settings.destinations.push(destination("a", "rtmp://server/app"));
        settings.destinations.push(destination("a", "rtmp://other/app"));
        assert_eq!(settings.correct(), ["video.size", "video.preset", "destinations[1]"]);
        assert_eq!((settings.video.width, settings.video.video_bitrate), (1920, 6_000_000));
        assert_eq!(settings.destinations.len(), 1);
        assert_eq!(settings.check(), Ok(()));
    }
}
