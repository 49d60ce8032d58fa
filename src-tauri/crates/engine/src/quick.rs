//! A show made of a few flags, for the command line.

use std::path::{Path, PathBuf};

use vitrine_protocol::UiError;
use vitrine_scene::{
    Camera, Canvas, Content, Fit, Image, Input, Item, MediaFile, Microphone, Plain, Screen, Show, Source,
    Strip, Text, Transform,
};

use crate::{errors, measure};

/// What is seen.
#[derive(Clone, Debug)]
pub enum QuickPicture {
    /// Camera by number or name.
    Camera(String),
    /// Window by title, or the whole screen.
    Screen(Option<String>),
    /// Media file.
    File(PathBuf),
    /// Still picture.
    Image(PathBuf),
    /// Test pattern.
    Pattern,
    /// Flash of the flash and beep.
    FlashBeep,
}

/// What is heard.
#[derive(Clone, Debug)]
pub enum QuickSound {
    /// Microphone by name, or the system's default.
    Mic(Option<String>),
    /// Media file.
    File(PathBuf),
    /// Test tone.
    Tone,
    /// Silence.
    Silence,
    /// Beep of the flash and beep.
    FlashBeep,
}

/// A show in the making.
#[derive(Clone, Debug)]
pub struct QuickShow {
    /// What is seen.
    pub picture: Option<QuickPicture>,
    /// What is heard.
    pub sound: Option<QuickSound>,
    /// Stills over it: path, left and top in canvas pixels.
    pub overlays: Vec<(String, f32, f32)>,
    /// Words over it: text, left and top in canvas pixels.
    pub texts: Vec<(String, f32, f32)>,
    /// Canvas width and height.
    pub size: (u32, u32),
    /// Frames per second as a fraction.
    pub rate: (u32, u32),
}

impl QuickShow {
    /// Makes the show. Files are opened to see that they can be used; devices are not.
    pub fn build(&self) -> Result<Show, UiError> {
        let rate = vitrine_media::FrameRate::new(self.rate.0, self.rate.1)
            .ok_or_else(|| errors::bad_request("a frame rate from 1 to 240 is needed"))?;
        let mut show = Show::blank(Canvas { width: self.size.0, height: self.size.1, rate });
        if let Some(picture) = &self.picture {
            let (input, fit) = picture.input();
            measure::check(&input, Path::new(""))?;
            let place = Transform::full(show.canvas).fitted(fit);
            add(&mut show, "picture", picture.name(), input, Some(place));
        }
        match (&self.sound, &self.picture) {
            // One file, named twice, is one source: its picture and its sound share a timeline.
            (Some(QuickSound::File(sound)), Some(QuickPicture::File(picture))) if sound == picture => {
                show.strips.push(Strip::new("picture"));
            }
            (Some(QuickSound::FlashBeep), Some(QuickPicture::FlashBeep)) => {
                show.strips.push(Strip::new("picture"));
            }
            (Some(sound), _) => {
                let input = sound.input();
                measure::check(&input, Path::new(""))?;
                add(&mut show, "sound", sound.name(), input, None);
                show.strips.push(Strip::new("sound"));
            }
            (None, _) => {}
        }
        for (n, (path, x, y)) in self.overlays.iter().enumerate() {
            let input = Input::Image(Image::new(path.clone()));
            lay_over(&mut show, &format!("overlay-{n}"), path, input, (*x, *y))?;
        }
        for (n, (words, x, y)) in self.texts.iter().enumerate() {
            let mut text = Text::new(words.clone());
            // Words of a 1080-line picture are 48 high; others in proportion.
            text.size =
                (f32::from(u16::try_from(self.size.1.min(self.size.0)).unwrap_or(u16::MAX)) / 22.5).round();
            lay_over(&mut show, &format!("text-{n}"), words, Input::Text(text), (*x, *y))?;
        }
        show.check().map_err(|fault| errors::bad_request(fault.to_string()))?;
        Ok(show)
    }
}

/// Adds something in its own size with its corner at `at`.
fn lay_over(show: &mut Show, id: &str, name: &str, input: Input, at: (f32, f32)) -> Result<(), UiError> {
    let (width, height) = measure::natural_size(&input, Path::new(""))?;
    let place = Transform::at(at.0, at.1, width as f32, height as f32);
    add(show, id, name.to_owned(), input, Some(place));
    Ok(())
}

fn add(show: &mut Show, id: &str, name: String, input: Input, place: Option<Transform>) {
    show.sources.push(Source::new(id, name.clone(), input));
    if let (Some(place), Some(scene)) = (place, show.scenes.first_mut()) {
        scene.items.push(Item::new(id, name, Content::Source(id.into()), place));
    }
}

fn text_of(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

impl QuickPicture {
    fn name(&self) -> String {
        match self {
            Self::Camera(which) => format!("camera:{which}"),
            Self::Screen(_) => "screen".into(),
            Self::File(path) | Self::Image(path) => text_of(path),
            Self::Pattern => "pattern".into(),
            Self::FlashBeep => "flash-beep".into(),
        }
    }

    fn input(&self) -> (Input, Fit) {
        match self {
            Self::Camera(which) => {
                let index = which.parse().ok();
                let device = index.is_none().then(|| which.clone());
                (Input::Camera(Camera { device, index, ..Camera::default() }), Fit::Cover)
            }
            Self::Screen(title) => {
                (Input::Screen(Screen { title: title.clone(), ..Screen::default() }), Fit::Contain)
            }
            Self::File(path) => (Input::File(MediaFile::new(text_of(path))), Fit::Contain),
            Self::Image(path) => (Input::Image(Image::new(text_of(path))), Fit::Contain),
            Self::Pattern => (Input::Pattern(Plain::default()), Fit::Stretch),
            Self::FlashBeep => (Input::FlashBeep(Plain::default()), Fit::Stretch),
        }
    }
}

impl QuickSound {
    fn name(&self) -> String {
        match self {
            Self::Mic(name) => name.as_ref().map_or_else(|| "mic".into(), |n| format!("mic:{n}")),
            Self::File(path) => text_of(path),
            Self::Tone => "tone".into(),
            Self::Silence => "silence".into(),
            Self::FlashBeep => "flash-beep".into(),
        }
    }

    fn input(&self) -> Input {
        match self {
            Self::Mic(name) => {
                Input::Microphone(Microphone { device: name.clone(), ..Microphone::default() })
            }
            Self::File(path) => Input::File(MediaFile::new(text_of(path))),
            Self::Tone => Input::Tone(Plain::default()),
            Self::Silence => Input::Silence(Plain::default()),
            Self::FlashBeep => Input::FlashBeep(Plain::default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quick(picture: QuickPicture, sound: QuickSound) -> QuickShow {
        QuickShow {
            picture: Some(picture),
            sound: Some(sound),
            overlays: Vec::new(),
            texts: Vec::new(),
            size: (1920, 1080),
            rate: (30, 1),
        }
    }

    #[test]
    fn a_camera_is_a_number_or_a_name() {
        let camera = |which: &str| {
            let show = quick(QuickPicture::Camera(which.into()), QuickSound::Silence).build().unwrap();
            let Input::Camera(camera) = show.sources[0].input.clone() else { panic!() };
            (camera.index, camera.device)
        };
        assert_eq!(camera("2"), (Some(2), None));
        assert_eq!(camera("Brio"), (None, Some("Brio".into())));
    }

    #[test]
    fn flash_and_beep_are_one_source() {
        let show = quick(QuickPicture::FlashBeep, QuickSound::FlashBeep).build().unwrap();
        assert_eq!((show.sources.len(), show.strips[0].source.as_str()), (1, "picture"));
    }

    #[test]
    fn a_missing_file_is_said_before_anything_starts() {
        let error =
            quick(QuickPicture::File("/nonexistent/a.mp4".into()), QuickSound::Silence).build().unwrap_err();
        assert_eq!(error.code, vitrine_protocol::ErrorCode::MediaUnusable);
    }
}
