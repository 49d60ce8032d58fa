//! Changes to the lists of a show: scenes, sources, strips, destinations.

use super::{Edit, EditError, insert, missing, take, tree};
use crate::id::{SceneId, SourceId};
use crate::show::{Destination, Scene, Show, Strip};
use crate::source::Source;

type Undo = Result<Edit, EditError>;

pub(super) fn add_scene(show: &mut Show, scene: Scene, at: usize) -> Edit {
    let id = scene.id.clone();
    insert(&mut show.scenes, at, scene);
    Edit::RemoveScene { scene: id }
}

pub(super) fn remove_scene(show: &mut Show, id: &SceneId) -> Undo {
    if let Some(by) = show.scenes.iter().find(|s| s.id != *id && tree::shows(&s.items, id)) {
        return Err(EditError::InUse { what: "scene", id: id.to_string(), by: by.id.to_string() });
    }
    let (at, scene) = take(&mut show.scenes, |s| s.id == *id).ok_or_else(|| missing("scene", id))?;
    if show.scenes.is_empty() {
        return Err(EditError::LastScene);
    }
    Ok(Edit::AddScene { scene, at })
}

pub(super) fn rename_scene(show: &mut Show, id: SceneId, mut name: String) -> Undo {
    let scene = show.scenes.iter_mut().find(|s| s.id == id).ok_or_else(|| missing("scene", &id))?;
    std::mem::swap(&mut scene.name, &mut name);
    Ok(Edit::RenameScene { scene: id, name })
}

pub(super) fn move_scene(show: &mut Show, id: SceneId, to: usize) -> Undo {
    let (from, scene) = take(&mut show.scenes, |s| s.id == id).ok_or_else(|| missing("scene", &id))?;
    insert(&mut show.scenes, to, scene);
    Ok(Edit::MoveScene { scene: id, to: from })
}

pub(super) fn add_source(show: &mut Show, source: Source, at: usize) -> Edit {
    let id = source.id.clone();
    insert(&mut show.sources, at, source);
    Edit::RemoveSource { source: id }
}

pub(super) fn remove_source(show: &mut Show, id: &SourceId) -> Undo {
    let scene = show.scenes.iter().find(|s| tree::uses(&s.items, id)).map(|s| s.id.to_string());
    let strip = show.strips.iter().any(|s| s.source == *id).then(|| "mixer".to_owned());
    if let Some(by) = scene.or(strip) {
        return Err(EditError::InUse { what: "source", id: id.to_string(), by });
    }
    let (at, source) = take(&mut show.sources, |s| s.id == *id).ok_or_else(|| missing("source", id))?;
    Ok(Edit::AddSource { source, at })
}

pub(super) fn replace_source(show: &mut Show, mut source: Source) -> Undo {
    let old =
        show.sources.iter_mut().find(|s| s.id == source.id).ok_or_else(|| missing("source", &source.id))?;
    std::mem::swap(old, &mut source);
    Ok(Edit::ReplaceSource { source })
}

pub(super) fn add_strip(show: &mut Show, strip: Strip, at: usize) -> Edit {
    let source = strip.source.clone();
    insert(&mut show.strips, at, strip);
    Edit::RemoveStrip { source }
}

pub(super) fn remove_strip(show: &mut Show, source: &SourceId) -> Undo {
    let (at, strip) =
        take(&mut show.strips, |s| s.source == *source).ok_or_else(|| missing("strip", source))?;
    Ok(Edit::AddStrip { strip, at })
}

pub(super) fn set_strip(show: &mut Show, mut strip: Strip) -> Undo {
    let old = show.strips.iter_mut().find(|s| s.source == strip.source);
    std::mem::swap(old.ok_or_else(|| missing("strip", &strip.source))?, &mut strip);
    Ok(Edit::SetStrip { strip })
}

pub(super) fn add_destination(show: &mut Show, destination: Destination, at: usize) -> Edit {
    let name = destination.name.clone();
    insert(&mut show.destinations, at, destination);
    Edit::RemoveDestination { name }
}

pub(super) fn remove_destination(show: &mut Show, name: &String) -> Undo {
    let found = take(&mut show.destinations, |d| d.name == *name);
    let (at, destination) = found.ok_or_else(|| missing("destination", name))?;
    Ok(Edit::AddDestination { destination, at })
}

pub(super) fn set_destination(show: &mut Show, name: &String, mut destination: Destination) -> Undo {
    let old = show.destinations.iter_mut().find(|d| d.name == *name);
    let new_name = destination.name.clone();
    std::mem::swap(old.ok_or_else(|| missing("destination", name))?, &mut destination);
    Ok(Edit::SetDestination { name: new_name, destination })
}
