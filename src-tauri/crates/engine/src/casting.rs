//! Who plays what: from the show's sources to what capture opens. Pure.

use std::path::{Path, PathBuf};
use std::time::Duration;

use vitrine_capture::{AudioSpec, CameraCoding, CameraFormat, CameraSelect, TextAlign, TextStyle, VideoSpec};
use vitrine_media::FrameRate;
use vitrine_protocol::SourceKindView;
use vitrine_scene::{Align, CameraMode, Input, MediaFile, Text};

/// The picture of a source, if it has one. Paths are relative to `folder`.
pub(crate) fn picture(input: &Input, folder: &Path) -> Option<VideoSpec> {
    Some(match input {
        Input::Camera(camera) => VideoSpec::Camera {
            select: match (&camera.device, camera.index) {
                (Some(name), _) => CameraSelect::Name(name.clone()),
                (None, Some(index)) => CameraSelect::Index(index),
                (None, None) => CameraSelect::Default,
            },
            format: camera.format.as_ref().and_then(mode),
        },
        Input::Screen(screen) => VideoSpec::Screen { title: screen.title.clone() },
        Input::File(file) => {
            VideoSpec::File { path: path(folder, file), looping: file.looping, offset: offset(file) }
        }
        Input::Image(image) => VideoSpec::Image { path: folder.join(&image.path) },
        Input::Text(text) => VideoSpec::Text(style(text)),
        Input::Pattern(_) => VideoSpec::Pattern,
        Input::FlashBeep(_) => VideoSpec::FlashBeep,
        Input::Color(fill) => {
            let [r, g, b, _] = fill.color.0;
            VideoSpec::Color { rgb: [r, g, b] }
        }
        Input::Microphone(_) | Input::Tone(_) | Input::Silence(_) => return None,
    })
}

/// The sound of a source, if it has one.
pub(crate) fn sound(input: &Input, folder: &Path) -> Option<AudioSpec> {
    Some(match input {
        Input::Microphone(microphone) => AudioSpec::Mic { name: microphone.device.clone() },
        Input::File(file) => {
            AudioSpec::File { path: path(folder, file), looping: file.looping, offset: offset(file) }
        }
        Input::FlashBeep(_) => AudioSpec::FlashBeep,
        Input::Tone(_) => AudioSpec::Tone,
        Input::Silence(_) => AudioSpec::Silence,
        _ => return None,
    })
}

/// A text's look as capture draws it.
pub(crate) fn style(text: &Text) -> TextStyle {
    let mut style = TextStyle::new(text.text.clone());
    style.family.clone_from(&text.font);
    style.size_px = text.size;
    if text.bold {
        style.weight = 700;
    }
    style.color = text.color.0;
    style.background = text.background.map(|c| c.0);
    if text.background.is_some() {
        // A box that touches its letters looks like a mistake.
        style.padding_px = (text.size * 0.35).round();
        style.radius_px = (text.size * 0.12).round();
    }
    style.align = match text.align {
        Align::Left => TextAlign::Left,
        Align::Center => TextAlign::Center,
        Align::Right => TextAlign::Right,
    };
    style.wrap_px = text.wrap_width;
    style
}

/// What the window calls it.
pub(crate) fn kind(input: &Input) -> SourceKindView {
    match input {
        Input::Camera(_) => SourceKindView::Camera,
        Input::Microphone(_) => SourceKindView::Microphone,
        Input::Screen(_) => SourceKindView::Screen,
        Input::File(_) => SourceKindView::File,
        Input::Image(_) => SourceKindView::Image,
        Input::Text(_) => SourceKindView::Text,
        Input::Pattern(_) => SourceKindView::Pattern,
        Input::FlashBeep(_) => SourceKindView::FlashBeep,
        Input::Color(_) => SourceKindView::Color,
        Input::Tone(_) => SourceKindView::Tone,
        Input::Silence(_) => SourceKindView::Silence,
    }
}

/// Device, path or words behind a source, for the window's second line.
pub(crate) fn detail(input: &Input) -> String {
    match input {
        Input::Camera(camera) => {
            camera.device.clone().or_else(|| camera.index.map(|i| i.to_string())).unwrap_or_default()
        }
        Input::Microphone(microphone) => microphone.device.clone().unwrap_or_default(),
        Input::Screen(screen) => screen.title.clone().unwrap_or_default(),
        Input::File(MediaFile { path, .. }) => file_name(path),
        Input::Image(image) => file_name(&image.path),
        Input::Text(text) => text.text.clone(),
        Input::Color(fill) => String::from(fill.color),
        Input::Pattern(_) | Input::FlashBeep(_) | Input::Tone(_) | Input::Silence(_) => String::new(),
    }
}

/// Whether it needs no new frames to be alive.
pub(crate) fn is_still(spec: &VideoSpec) -> bool {
    matches!(spec, VideoSpec::Image { .. } | VideoSpec::Text(_) | VideoSpec::Color { .. })
}

fn file_name(path: &str) -> String {
    Path::new(path).file_name().map_or_else(|| path.to_owned(), |n| n.to_string_lossy().into_owned())
}

fn path(folder: &Path, file: &MediaFile) -> PathBuf {
    folder.join(&file.path)
}

fn offset(file: &MediaFile) -> Duration {
    Duration::from_millis(file.offset_millis)
}

/// A mode with a coding we can read; `None` leaves the choice to capture.
fn mode(mode: &CameraMode) -> Option<CameraFormat> {
    let coding = match mode.pixels.as_deref()?.to_ascii_uppercase().as_str() {
        "MJPG" | "MJPEG" => CameraCoding::Mjpeg,
        "YUYV" | "YUY2" => CameraCoding::Yuyv,
        "NV12" => CameraCoding::Nv12,
        _ => return None,
    };
    Some(CameraFormat { width: mode.width, height: mode.height, rate: FrameRate::new(mode.fps, 1)?, coding })
}

#[cfg(test)]
mod tests {
    use super::*;
    use vitrine_scene::{Camera, Plain};

    #[test]
    fn a_cameras_name_goes_before_its_number() {
        let camera = Camera { device: Some("Brio".into()), index: Some(3), ..Camera::default() };
        let spec = picture(&Input::Camera(camera), Path::new("/"));
        assert!(matches!(spec, Some(VideoSpec::Camera { select: CameraSelect::Name(n), .. }) if n == "Brio"));
    }

    #[test]
    fn a_file_is_found_beside_its_show_and_gives_picture_and_sound() {
        let input = Input::File(MediaFile::new("clips/intro.mp4"));
        let expected = PathBuf::from("/shows/clips/intro.mp4");
        assert!(
            matches!(picture(&input, Path::new("/shows")), Some(VideoSpec::File { path, .. }) if path == expected)
        );
        assert!(
            matches!(sound(&input, Path::new("/shows")), Some(AudioSpec::File { path, .. }) if path == expected)
        );
    }

    #[test]
    fn sounds_have_no_picture() {
        assert!(picture(&Input::Tone(Plain::default()), Path::new("/")).is_none());
        assert!(sound(&Input::Pattern(Plain::default()), Path::new("/")).is_none());
    }
}
