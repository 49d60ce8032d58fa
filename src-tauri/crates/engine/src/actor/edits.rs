//! Commands that change the show. Every change goes through [`vitrine_scene::History`], so all can be taken back.

use std::time::Duration;

use vitrine_media::MediaTime;
use vitrine_protocol::{CanvasFormat, ErrorCode, ItemEdit, TransitionView, UiError};
use vitrine_scene::{
    Canvas, Content, Edit, EditError, Input, Item, ItemId, Scene, SceneId, Source, SourceId, Strip, Transform,
};

use super::Actor;
use crate::outputs;
use crate::prepare::Made;
use crate::{casting, errors, views};

/// Edits of the same thing closer together than this are one gesture: a drag, a slider, a typing run.
const GESTURE: Duration = Duration::from_millis(700);

/// Tells gestures apart. Pure.
#[derive(Debug, Default)]
pub(crate) struct Gesture {
    id: u64,
    last: Option<(String, MediaTime)>,
}

impl Gesture {
    /// The number of the gesture that an edit of `what` at `now` belongs to.
    fn of(&mut self, what: String, now: MediaTime) -> u64 {
        let goes_on = self.last.as_ref().is_some_and(|(w, at)| *w == what && now.since(*at) < GESTURE);
        if !goes_on {
            self.id += 1;
        }
        self.last = Some((what, now));
        self.id
    }
}

fn edit_error(error: &EditError) -> UiError {
    match error {
        EditError::NotFound { what, id } => errors::not_found(format!("{what} {id}")),
        other => errors::bad_request(other.to_string()),
    }
}

impl Actor {
    /// Makes a change of the show. Edits with the same `gesture` in quick succession are one step of undo.
    pub(super) fn edit(&mut self, edit: Edit, gesture: Option<String>) -> Result<(), UiError> {
        let now = self.clock.now();
        let gesture = gesture.map(|what| self.gesture.of(what, now));
        self.history.apply(&mut self.show, &edit, gesture).map_err(|e| edit_error(&e))?;
        self.touched();
        Ok(())
    }

    fn touched(&mut self) {
        self.show_changed();
        if self.autosave.is_some() {
            self.unsaved_since.get_or_insert_with(std::time::Instant::now);
        }
    }

    pub(super) fn undo(&mut self, again: bool) -> Result<(), UiError> {
        let canvas = self.show.canvas;
        let made = if again { self.history.redo(&mut self.show) } else { self.history.undo(&mut self.show) };
        if !made.map_err(|e| edit_error(&e))? {
            return Err(errors::bad_request("nothing to take back"));
        }
        if self.show.canvas != canvas {
            if !self.outputs.is_idle() {
                // Taken back at once: the canvas of a running encoder cannot change.
                let put_back =
                    if again { self.history.undo(&mut self.show) } else { self.history.redo(&mut self.show) };
                put_back.map_err(|e| edit_error(&e))?;
                return Err(errors::wrong_phase());
            }
            self.new_canvas()?;
        }
        self.touched();
        Ok(())
    }

    pub(super) fn add_source(&mut self, scene: &str, made: Made) -> Result<(), UiError> {
        let Made { stem, name, input, natural } = self.named(made);
        let source = SourceId::free(stem, |id| self.show.source(id).is_some());
        let mut edits = vec![Edit::AddSource {
            source: Source::new(source.as_str(), name.clone(), input.clone()),
            at: usize::MAX,
        }];
        if input.has_sound() {
            edits.push(Edit::AddStrip { strip: Strip::new(source.as_str()), at: usize::MAX });
        }
        if input.has_picture() {
            let item = ItemId::free(stem, |id| has_item(&self.show, id));
            let place = views::first_place(&self.show, &input, natural);
            let item = Item::new(item, name, Content::Source(source), place);
            edits.push(Edit::AddItem { scene: SceneId::new(scene), parent: None, item, at: usize::MAX });
        } else if self.show.scene(&SceneId::new(scene)).is_none() {
            return Err(errors::not_found(format!("scene {scene}")));
        }
        self.edit(Edit::Batch { edits }, None)
    }

    /// Calls a camera that was picked by its stable id what people call it.
    fn named(&self, made: Made) -> Made {
        let name = self.device_name(&made.name).unwrap_or_else(|| made.name.clone());
        Made { name, ..made }
    }

    /// The name of the camera with that stable id.
    pub(super) fn device_name(&self, stable_id: &str) -> Option<String> {
        self.devices.cameras.iter().find(|c| c.stable_id == stable_id).map(|c| c.name.clone())
    }

    pub(super) fn replace_source(&mut self, id: &str, made: Made) -> Result<(), UiError> {
        let made = self.named(made);
        let old = self.show.source(&SourceId::new(id)).ok_or_else(|| errors::not_found(id))?.clone();
        let sounds = (old.input.has_sound(), made.input.has_sound());
        if old.input.has_picture() != made.input.has_picture() {
            return Err(errors::bad_request(
                "a picture cannot take the place of a sound, nor a sound that of a picture",
            ));
        }
        let mut edits =
            vec![Edit::ReplaceSource { source: Source { name: made.name, input: made.input, ..old } }];
        match sounds {
            (false, true) => edits.push(Edit::AddStrip { strip: Strip::new(id), at: usize::MAX }),
            (true, false) => edits.insert(0, Edit::RemoveStrip { source: SourceId::new(id) }),
            _ => {}
        }
        self.edit(Edit::Batch { edits }, None)
    }

    pub(super) fn edit_item(&mut self, scene: &str, item: &str, edit: ItemEdit) -> Result<(), UiError> {
        let scene = self
            .show
            .scene(&SceneId::new(scene))
            .ok_or_else(|| errors::not_found(format!("scene {scene}")))?;
        let found = find_item(&scene.items, item).ok_or_else(|| errors::not_found(format!("item {item}")))?;
        let id = found.id.clone();
        match edit {
            ItemEdit::Transform { transform } => {
                let transform = views::transform(transform, found.transform.fit);
                self.edit(Edit::SetTransform { item: id, transform }, Some(format!("transform {item}")))
            }
            ItemEdit::Visible { visible } => self.edit(Edit::SetVisible { item: id, visible }, None),
            ItemEdit::Locked { locked } => self.edit(Edit::SetLocked { item: id, locked }, None),
            ItemEdit::Rename { name } => {
                self.edit(Edit::RenameItem { item: id, name }, Some(format!("rename {item}")))
            }
            ItemEdit::Reorder { position } => {
                // The window counts from the top, the document from the back.
                let to = scene.items.len().saturating_sub(1).saturating_sub(position as usize);
                self.edit(Edit::Reorder { item: id, to }, None)
            }
            ItemEdit::Text { text } => self.edit_text(found.content.clone(), item, text),
            ItemEdit::Remove => {
                let mut edits = vec![Edit::RemoveItem { item: id }];
                edits.extend(self.unused_after(&found.content.clone()));
                self.edit(Edit::Batch { edits }, None)
            }
        }
    }

    fn edit_text(&mut self, content: Content, item: &str, words: String) -> Result<(), UiError> {
        let Content::Source(id) = content else { return Err(errors::bad_request("a group has no words")) };
        let source = self.show.source(&id).ok_or_else(|| errors::not_found(id.as_str()))?.clone();
        let Input::Text(mut text) = source.input.clone() else {
            return Err(errors::bad_request("only a text has words"));
        };
        text.text = words;
        // Other words have another size. Letters must not be pulled to the old one.
        let size = vitrine_capture::render_text(&casting::style(&text))
            .ok()
            .map(|p| (p.width as f32, p.height as f32));
        let mut edits = vec![Edit::ReplaceSource { source: Source { input: Input::Text(text), ..source } }];
        let place = self.show.scenes.iter().find_map(|s| find_item(&s.items, item)).map(|i| i.transform);
        if let (Some((width, height)), Some(old)) = (size, place) {
            let transform = Transform { width, height, ..old };
            edits.push(Edit::SetTransform { item: ItemId::new(item), transform });
        }
        self.edit(Edit::Batch { edits }, Some(format!("text {item}")))
    }

    /// What to take out with the last item that shows a source: the source, and its strip.
    fn unused_after(&self, content: &Content) -> Vec<Edit> {
        let Content::Source(id) = content else { return Vec::new() };
        let shown: usize = self.show.scenes.iter().map(|s| count_uses(&s.items, id)).sum();
        if shown > 1 {
            return Vec::new();
        }
        let strip = self.show.strips.iter().any(|s| s.source == *id);
        let strip = strip.then(|| Edit::RemoveStrip { source: id.clone() });
        strip.into_iter().chain([Edit::RemoveSource { source: id.clone() }]).collect()
    }

    pub(super) fn add_scene(&mut self, name: String) -> Result<(), UiError> {
        let id = SceneId::free("scene", |id| self.show.scene(id).is_some());
        self.edit(Edit::AddScene { scene: Scene::new(id, name), at: usize::MAX }, None)
    }

    pub(super) fn remove_scene(&mut self, scene: &str) -> Result<(), UiError> {
        self.edit(Edit::RemoveScene { scene: SceneId::new(scene) }, None)
    }

    pub(super) fn take_scene(&mut self, scene: &str) -> Result<(), UiError> {
        let id = SceneId::new(scene);
        if self.show.scene(&id).is_none() {
            return Err(errors::not_found(format!("scene {scene}")));
        }
        self.scene = id.clone();
        self.direct(crate::director::DirectorCommand::Take { scene: id, transition: self.show.transition });
        Ok(())
    }

    pub(super) fn set_transition(&mut self, view: TransitionView) -> Result<(), UiError> {
        self.edit(Edit::SetTransition { transition: views::transition(view) }, Some("transition".into()))
    }

    pub(super) fn set_strip(&mut self, source: String, gain_db: f32, muted: bool) -> Result<(), UiError> {
        let id = SourceId::new(source.as_str());
        let old = self
            .show
            .strips
            .iter()
            .find(|s| s.source == id)
            .ok_or_else(|| errors::not_found(source.as_str()))?;
        let strip = Strip { gain_db, muted, ..old.clone() };
        self.edit(Edit::SetStrip { strip }, Some(format!("strip {source}")))
    }

    /// Turns the canvas and brings every item along: full-canvas items stay full, others keep their proportions.
    pub(super) fn set_canvas_format(&mut self, format: CanvasFormat) -> Result<(), UiError> {
        if !self.outputs.is_idle() {
            return Err(errors::wrong_phase());
        }
        let old = self.show.canvas;
        let (long, short) = (old.width.max(old.height), old.width.min(old.height));
        let canvas = match format {
            CanvasFormat::Landscape => Canvas { width: long, height: short, ..old },
            CanvasFormat::Portrait => Canvas { width: short, height: long, ..old },
        };
        if canvas == old {
            return Ok(());
        }
        let mut edits = vec![Edit::SetCanvas { canvas }];
        for scene in &self.show.scenes {
            for item in &scene.items {
                let transform = onto(item.transform, old, canvas);
                edits.push(Edit::SetTransform { item: item.id.clone(), transform });
            }
        }
        self.edit(Edit::Batch { edits }, None)?;
        self.new_canvas()
    }

    /// Everything that was made for the old canvas is made anew.
    fn new_canvas(&mut self) -> Result<(), UiError> {
        self.restart_picture().map_err(|e| errors::internal(&e))?;
        self.restart_sources();
        Ok(())
    }

    /// Saves the show if it has changed, away from this thread.
    pub(super) fn save_soon(&mut self) {
        self.unsaved_since = None;
        let (Some(path), text) = (self.autosave.clone(), self.show.to_json()) else { return };
        let spawned = std::thread::Builder::new().name("save show".into()).spawn(move || save(&path, &text));
        if let Err(error) = spawned {
            tracing::error!(%error, "the show is not saved");
        }
    }

    /// Saves it here and now, as at the end.
    pub(super) fn save_now(&mut self) {
        if let (Some(path), true) = (&self.autosave, self.unsaved_since.take().is_some()) {
            save(path, &self.show.to_json());
        }
    }

    /// A code for what undo or redo would do, worded by the window.
    pub(super) fn step_name(edit: Option<&Edit>) -> Option<String> {
        let name = serde_json::to_value(edit?).ok()?.get("edit")?.as_str()?.to_owned();
        Some(name)
    }

    pub(super) fn recording_error(error: &vitrine_uplink::RecordError, path: &std::path::Path) -> UiError {
        let code = errors::record(error);
        let params = errors::params([("path", path.display().to_string()), ("detail", error.to_string())]);
        errors::ui_error(code, params, code != ErrorCode::Internal)
    }

    pub(super) fn recording_view(view: outputs::RecordingView) -> vitrine_protocol::RecordingView {
        vitrine_protocol::RecordingView {
            path: view.path.to_string_lossy().into_owned(),
            since_millis: super::publish::unix_millis(view.began),
            error: view.error,
        }
    }
}

fn save(path: &std::path::Path, text: &str) {
    if let Err(error) = vitrine_store::write_atomic(path, text.as_bytes()) {
        tracing::error!(%error, "the show is not saved");
    }
}

fn find_item<'a>(items: &'a [Item], id: &str) -> Option<&'a Item> {
    items
        .iter()
        .find_map(|item| if item.id.as_str() == id { Some(item) } else { find_item(item.children(), id) })
}

fn has_item(show: &vitrine_scene::Show, id: &ItemId) -> bool {
    show.scenes.iter().any(|s| find_item(&s.items, id.as_str()).is_some())
}

fn count_uses(items: &[Item], id: &SourceId) -> usize {
    items
        .iter()
        .map(|item| {
            usize::from(item.content == Content::Source(id.clone())) + count_uses(item.children(), id)
        })
        .sum()
}

/// A place on one canvas as a place on another: what covered the whole canvas covers it again, the rest keeps its
/// proportions and its relative centre.
fn onto(t: Transform, from: Canvas, to: Canvas) -> Transform {
    let (fw, fh) = (from.width as f32, from.height as f32);
    let (tw, th) = (to.width as f32, to.height as f32);
    let covers = t.x <= 0.5 && t.y <= 0.5 && t.x + t.width >= fw - 0.5 && t.y + t.height >= fh - 0.5;
    if covers {
        return Transform { x: 0.0, y: 0.0, width: tw, height: th, ..t };
    }
    let scale = (tw / fw).min(th / fh).max((tw / t.width).min(th / t.height).min(1.0) * 0.5);
    let (width, height) = (t.width * scale, t.height * scale);
    let (cx, cy) = ((t.x + t.width / 2.0) / fw * tw, (t.y + t.height / 2.0) / fh * th);
    Transform { x: (cx - width / 2.0).round(), y: (cy - height / 2.0).round(), width, height, ..t }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> MediaTime {
        MediaTime::from_millis(ms)
    }

    #[test]
    fn a_drag_is_one_gesture_and_a_pause_ends_it() {
        let mut gesture = Gesture::default();
        let first = gesture.of("transform a".into(), at(0));
        assert_eq!(gesture.of("transform a".into(), at(500)), first);
        assert_ne!(gesture.of("transform a".into(), at(1300)), first);
        let other = gesture.of("transform b".into(), at(1310));
        assert_ne!(gesture.of("transform a".into(), at(1320)), other);
    }

    #[test]
    fn turning_the_canvas_keeps_what_covers_it_covering_it() {
        let full = onto(Transform::full(Canvas::LANDSCAPE), Canvas::LANDSCAPE, Canvas::PORTRAIT);
        assert_eq!((full.width, full.height), (1080.0, 1920.0));
        let small = onto(Transform::at(860.0, 490.0, 200.0, 100.0), Canvas::LANDSCAPE, Canvas::PORTRAIT);
        assert!((small.width / small.height - 2.0).abs() < 0.01);
        assert!((small.x + small.width / 2.0 - 540.0).abs() < 1.0);
    }
}
