//! Finding items in the tree, grouping and ungrouping them.

use super::{Edit, EditError, insert, missing, take};
use crate::id::{ItemId, SceneId, SourceId};
use crate::item::{Content, Item, Transform};
use crate::place::{Rect, map_rect};
use crate::show::{Canvas, Show};

/// Whether any of `items`, or of what is in them, shows `source`.
pub(super) fn uses(items: &[Item], source: &SourceId) -> bool {
    items.iter().any(|item| match &item.content {
        Content::Source(id) => id == source,
        Content::Group(children) => uses(children, source),
        Content::Scene(_) => false,
    })
}

/// Whether any of `items`, or of what is in them, shows `scene`.
pub(super) fn shows(items: &[Item], scene: &SceneId) -> bool {
    items.iter().any(|item| match &item.content {
        Content::Source(_) => false,
        Content::Group(children) => shows(children, scene),
        Content::Scene(id) => id == scene,
    })
}

fn find_mut<'a>(items: &'a mut [Item], id: &ItemId) -> Option<&'a mut Item> {
    items.iter_mut().find_map(|item| {
        if item.id == *id {
            return Some(item);
        }
        match &mut item.content {
            Content::Group(children) => find_mut(children, id),
            _ => None,
        }
    })
}

/// The item named `id`, wherever it is.
pub(super) fn item_mut<'a>(show: &'a mut Show, id: &ItemId) -> Result<&'a mut Item, EditError> {
    let found = show.scenes.iter_mut().find_map(|scene| find_mut(&mut scene.items, id));
    found.ok_or_else(|| missing("item", id))
}

/// The items of a scene, or of a group in it.
pub(super) fn list_mut<'a>(
    show: &'a mut Show,
    scene: &SceneId,
    parent: Option<&ItemId>,
) -> Result<&'a mut Vec<Item>, EditError> {
    let found = show.scenes.iter_mut().find(|s| s.id == *scene).ok_or_else(|| missing("scene", scene))?;
    let Some(parent) = parent else { return Ok(&mut found.items) };
    match find_mut(&mut found.items, parent).map(|item| &mut item.content) {
        Some(Content::Group(children)) => Ok(children),
        _ => Err(missing("group", parent)),
    }
}

/// Which list an item is in.
fn home(show: &Show, id: &ItemId) -> Result<(SceneId, Option<ItemId>), EditError> {
    /// The items from the scene down to `id`, itself included.
    fn path_to<'a>(items: &'a [Item], id: &ItemId) -> Option<Vec<&'a ItemId>> {
        items.iter().find_map(|item| {
            let below = if item.id == *id { Some(Vec::new()) } else { path_to(item.children(), id) };
            below.map(|mut path| {
                path.insert(0, &item.id);
                path
            })
        })
    }
    let found = show.scenes.iter().find_map(|scene| path_to(&scene.items, id).map(|path| (scene, path)));
    let (scene, path) = found.ok_or_else(|| missing("item", id))?;
    Ok((scene.id.clone(), path.iter().rev().nth(1).map(|parent| (*parent).clone())))
}

pub(super) fn add(
    show: &mut Show,
    scene: &SceneId,
    parent: Option<&ItemId>,
    item: Item,
    at: usize,
) -> Result<Edit, EditError> {
    let id = item.id.clone();
    insert(list_mut(show, scene, parent)?, at, item);
    Ok(Edit::RemoveItem { item: id })
}

pub(super) fn remove(show: &mut Show, id: &ItemId) -> Result<Edit, EditError> {
    let (scene, parent) = home(show, id)?;
    let list = list_mut(show, &scene, parent.as_ref())?;
    let (at, item) = take(list, |i| i.id == *id).ok_or_else(|| missing("item", id))?;
    Ok(Edit::AddItem { scene, parent, item, at })
}

pub(super) fn reorder(show: &mut Show, id: ItemId, to: usize) -> Result<Edit, EditError> {
    let (scene, parent) = home(show, &id)?;
    let list = list_mut(show, &scene, parent.as_ref())?;
    let (from, item) = take(list, |i| i.id == id).ok_or_else(|| missing("item", &id))?;
    insert(list, to, item);
    Ok(Edit::Reorder { item: id, to: from })
}

pub(super) fn group(show: &mut Show, ids: &[ItemId], group: ItemId, name: String) -> Result<Edit, EditError> {
    let first = ids.first().ok_or(EditError::NotSiblings)?;
    let whole = Transform::full(show.canvas);
    let (scene, parent) = home(show, first)?;
    let list = list_mut(show, &scene, parent.as_ref())?;
    let before = list.clone();
    let foremost = before.iter().rposition(|item| ids.contains(&item.id)).unwrap_or_default();
    let (members, rest): (Vec<Item>, Vec<Item>) = list.drain(..).partition(|item| ids.contains(&item.id));
    if members.len() != ids.len() {
        return Err(EditError::NotSiblings);
    }
    // As many of the others stay behind the group as were behind its foremost member.
    let behind = (foremost + 1).saturating_sub(members.len());
    *list = rest;
    insert(list, behind, Item::new(group, name, Content::Group(members), whole));
    Ok(Edit::SetItems { scene, parent, items: before })
}

pub(super) fn ungroup(show: &mut Show, id: &ItemId) -> Result<Edit, EditError> {
    let canvas = show.canvas;
    let (scene, parent) = home(show, id)?;
    let list = list_mut(show, &scene, parent.as_ref())?;
    let at = list.iter().position(|item| item.id == *id).ok_or_else(|| missing("group", id))?;
    let Some(Item { content: Content::Group(children), transform, visible, locked, .. }) = list.get(at)
    else {
        return Err(missing("group", id));
    };
    let freed: Vec<Item> = children
        .iter()
        .cloned()
        .map(|mut child| {
            child.transform = through(&child.transform, transform, canvas);
            child.visible &= visible;
            child.locked |= locked;
            child
        })
        .collect();
    let before = list.clone();
    list.splice(at..=at, freed);
    Ok(Edit::SetItems { scene, parent, items: before })
}

/// A child's transform as it is without its group.
fn through(child: &Transform, group: &Transform, canvas: Canvas) -> Transform {
    let Transform { x, y, width, height, .. } = *child;
    let Rect { x, y, width, height } = map_rect(Rect { x, y, width, height }, group, canvas);
    Transform {
        x,
        y,
        width,
        height,
        quarter_turns: (child.quarter_turns + group.quarter_turns) % 4,
        opacity: child.opacity * group.opacity,
        ..*child
    }
}
