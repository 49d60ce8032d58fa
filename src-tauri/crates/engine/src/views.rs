//! The show as the window draws it, and the window's wishes as the show understands them. Pure.

use vitrine_protocol::UiError;
use vitrine_protocol::{
    CanvasFormat, CropView, ItemView, NewSource, SceneView, ShowView, StripView, TextStyleView,
    TransformView, TransitionKind as KindView, TransitionView,
};
use vitrine_scene::{
    Camera, Content, Crop, Fill, Fit, Image, Input, Item, MediaFile, Microphone, Plain, Rgba, Screen, Show,
    Text, Transform, Transition, TransitionKind,
};

use crate::{casting, errors};

/// The show, with what the document does not know.
pub(crate) fn show(
    show: &Show,
    current: &str,
    saved: bool,
    undo: Option<String>,
    redo: Option<String>,
) -> ShowView {
    let portrait = show.canvas.height > show.canvas.width;
    ShowView {
        name: show.name.clone(),
        saved,
        format: if portrait { CanvasFormat::Portrait } else { CanvasFormat::Landscape },
        width: show.canvas.width,
        height: show.canvas.height,
        fps: show.canvas.rate.as_f64() as f32,
        scenes: show.scenes.iter().map(|scene| scene_view(show, scene)).collect(),
        current_scene: current.to_owned(),
        transition: transition_view(show.transition),
        strips: show.strips.iter().filter_map(|strip| strip_view(show, strip)).collect(),
        undo,
        redo,
    }
}

fn scene_view(show: &Show, scene: &vitrine_scene::Scene) -> SceneView {
    // The document is drawn back to front; a list reads topmost first.
    let items = scene.items.iter().rev().map(|item| item_view(show, item)).collect();
    SceneView { id: scene.id.as_str().to_owned(), name: scene.name.clone(), items }
}

fn item_view(show: &Show, item: &Item) -> ItemView {
    let source = match &item.content {
        Content::Source(id) => Some(id.as_str().to_owned()),
        Content::Group(_) | Content::Scene(_) => None,
    };
    let kind = match &item.content {
        Content::Source(id) => show.source(id).map(|s| casting::kind(&s.input)),
        Content::Group(_) | Content::Scene(_) => None,
    };
    ItemView {
        id: item.id.as_str().to_owned(),
        name: item.name.clone(),
        source,
        kind,
        transform: transform_view(&item.transform),
        visible: item.visible,
        locked: item.locked,
        children: item.children().iter().rev().map(|child| item_view(show, child)).collect(),
    }
}

fn strip_view(show: &Show, strip: &vitrine_scene::Strip) -> Option<StripView> {
    let source = show.source(&strip.source)?;
    Some(StripView {
        source: strip.source.as_str().to_owned(),
        name: source.name.clone(),
        kind: casting::kind(&source.input),
        gain_db: strip.gain_db,
        muted: strip.muted,
    })
}

fn transform_view(t: &Transform) -> TransformView {
    let Crop { left, top, right, bottom } = t.crop;
    TransformView {
        x: t.x,
        y: t.y,
        width: t.width,
        height: t.height,
        quarter_turns: t.quarter_turns,
        opacity: t.opacity,
        crop: CropView { left, top, right, bottom },
    }
}

/// A transform from the window. How the picture fits its rectangle stays as it was: the window does not show it.
pub(crate) fn transform(view: TransformView, fit: Fit) -> Transform {
    let CropView { left, top, right, bottom } = view.crop;
    Transform {
        x: view.x,
        y: view.y,
        width: view.width,
        height: view.height,
        crop: Crop { left, top, right, bottom },
        quarter_turns: view.quarter_turns,
        opacity: view.opacity,
        fit,
    }
}

fn transition_view(t: Transition) -> TransitionView {
    let kind = match t.kind {
        TransitionKind::Cut => KindView::Cut,
        TransitionKind::Fade => KindView::Fade,
    };
    TransitionView { kind, duration_millis: t.duration_millis }
}

/// A transition from the window.
pub(crate) fn transition(view: TransitionView) -> Transition {
    let kind = match view.kind {
        KindView::Cut => TransitionKind::Cut,
        KindView::Fade => TransitionKind::Fade,
    };
    Transition { kind, duration_millis: view.duration_millis }
}

/// What the host wants to add, as a source of the show: its stem for an id, its name, what it is.
pub(crate) fn new_source(new: &NewSource) -> Result<(&'static str, String, Input), UiError> {
    Ok(match new {
        NewSource::Camera { device } => {
            let camera = Camera { device: Some(device.clone()), ..Camera::default() };
            ("camera", device.clone(), Input::Camera(camera))
        }
        NewSource::Microphone { device } => {
            let microphone = Microphone { device: device.clone(), ..Microphone::default() };
            ("microphone", device.clone().unwrap_or_default(), Input::Microphone(microphone))
        }
        NewSource::Screen { title } => {
            let screen = Screen { title: title.clone(), ..Screen::default() };
            ("screen", title.clone().unwrap_or_default(), Input::Screen(screen))
        }
        NewSource::File { path } => ("file", stem(path), Input::File(MediaFile::new(path.clone()))),
        NewSource::Image { path } => ("image", stem(path), Input::Image(Image::new(path.clone()))),
        NewSource::Text { text, style } => ("text", first_words(text), Input::Text(new_text(text, style)?)),
        NewSource::Color { color } => {
            let color = parse_color(color)?;
            ("color", String::from(color), Input::Color(Fill { color, extra: vitrine_scene::Extra::new() }))
        }
        NewSource::Pattern => ("pattern", String::new(), Input::Pattern(Plain::default())),
    })
}

fn new_text(text: &str, style: &TextStyleView) -> Result<Text, UiError> {
    let mut made = Text::new(text);
    made.size = style.size;
    made.color = parse_color(&style.color)?;
    made.background = style.background.as_deref().map(parse_color).transpose()?;
    made.bold = style.bold;
    Ok(made)
}

fn parse_color(text: &str) -> Result<Rgba, UiError> {
    Rgba::try_from(text.to_owned()).map_err(errors::bad_request)
}

fn stem(path: &str) -> String {
    std::path::Path::new(path)
        .file_stem()
        .map_or_else(|| path.to_owned(), |s| s.to_string_lossy().into_owned())
}

fn first_words(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(24).collect()
}

/// Where a new item goes: words and stills in their own size, in the middle, never larger than the canvas; everything
/// else over the whole canvas.
pub(crate) fn first_place(show: &Show, input: &Input, natural: Option<(u32, u32)>) -> Transform {
    let whole = Transform::full(show.canvas);
    match (input, natural) {
        (Input::Camera(_), _) => whole.fitted(Fit::Cover),
        (Input::Text(_) | Input::Image(_), Some((width, height))) if width > 0 && height > 0 => {
            let (width, height) = (width as f32, height as f32);
            let scale = (whole.width / width).min(whole.height / height).min(1.0);
            let (w, h) = (width * scale, height * scale);
            Transform::at(((whole.width - w) / 2.0).round(), ((whole.height - h) / 2.0).round(), w, h)
        }
        _ => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vitrine_scene::Canvas;

    #[test]
    fn a_small_picture_is_placed_in_its_own_size_and_a_large_one_made_to_fit() {
        let show = Show::blank(Canvas::LANDSCAPE);
        let image = Input::Image(Image::new("card.png"));
        let small = first_place(&show, &image, Some((200, 100)));
        assert_eq!((small.x, small.y, small.width, small.height), (860.0, 490.0, 200.0, 100.0));
        let large = first_place(&show, &image, Some((4000, 4000)));
        assert_eq!((large.width, large.height), (1080.0, 1080.0));
    }

    #[test]
    fn the_windows_list_reads_topmost_first() {
        let mut document = Show::starter(Canvas::LANDSCAPE);
        let top = Item::new("top", "Top", Content::Source("camera".into()), Transform::full(document.canvas));
        document.scenes[0].items.push(top);
        let view = show(&document, "main", true, None, None);
        assert_eq!(view.scenes[0].items[0].id, "top");
        assert_eq!(view.strips[0].source, "microphone");
    }

    #[test]
    fn a_colour_that_is_none_is_refused() {
        assert!(new_source(&NewSource::Color { color: "red".into() }).is_err());
    }
}
