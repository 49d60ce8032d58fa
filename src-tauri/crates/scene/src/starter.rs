//! Shows to begin with.
//!
//! Owns: the document a host finds at the first start, and the one that flags of the command line are laid into.

use crate::item::{Content, Fit, Item, Transform};
use crate::show::{Canvas, Extra, FORMAT, Scene, Show, Strip, Transition};
use crate::source::{Camera, Input, Microphone, Source};

impl Show {
    /// A show with one empty scene, `main`, and nothing else.
    pub fn blank(canvas: Canvas) -> Self {
        Self {
            format: FORMAT,
            name: String::new(),
            canvas,
            sources: Vec::new(),
            scenes: vec![Scene::new("main", "Main")],
            transition: Transition::default(),
            strips: Vec::new(),
            destinations: Vec::new(),
            extra: Extra::new(),
        }
    }

    /// The default camera over the whole canvas ([`Canvas::LANDSCAPE`], [`Canvas::PORTRAIT`] or any other) and the
    /// default microphone.
    pub fn starter(canvas: Canvas) -> Self {
        let mut show = Self::blank(canvas);
        show.sources = vec![
            Source::new("camera", "Camera", Input::Camera(Camera::default())),
            Source::new("microphone", "Microphone", Input::Microphone(Microphone::default())),
        ];
        let everything = Transform::full(canvas).fitted(Fit::Cover);
        if let Some(scene) = show.scenes.first_mut() {
            scene.items = vec![Item::new("camera", "Camera", Content::Source("camera".into()), everything)];
        }
        show.strips = vec![Strip::new("microphone")];
        show
    }
}
