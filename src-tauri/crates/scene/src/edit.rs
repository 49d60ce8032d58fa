//! Changes to a show, each of which knows how to be taken back.
//!
//! Owns: every way a valid show becomes another valid show. [`Edit::apply`] either changes the show and returns the edit
//! that undoes it exactly, or changes nothing and says why. Plain data: an edit can be sent, logged and replayed.

mod lists;
mod tree;

use serde::{Deserialize, Serialize};

use crate::check::Fault;
use crate::id::{ItemId, SceneId, SourceId};
use crate::item::{Content, Item, Transform};
use crate::show::{Canvas, Destination, Scene, Show, Strip, Transition};
use crate::source::Source;

/// One change. Positions (`at`, `to`) count from 0 in the list as it is before (for `at`) or without (for `to`) the
/// thing; beyond the end means at the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "edit", rename_all = "snake_case")]
#[allow(missing_docs, reason = "fields are named as the document's, and are described there")]
pub enum Edit {
    /// Names the show.
    RenameShow { name: String },
    /// Another size or rate of the programme. Items stay where they are.
    SetCanvas { canvas: Canvas },
    /// How scenes change.
    SetTransition { transition: Transition },
    /// A new scene.
    AddScene { scene: Scene, at: usize },
    /// Takes a scene out. Not the last one, nor one that another shows.
    RemoveScene { scene: SceneId },
    /// Names a scene.
    RenameScene { scene: SceneId, name: String },
    /// Another place among the scenes.
    MoveScene { scene: SceneId, to: usize },
    /// A new item in a scene, or in a group of it.
    AddItem { scene: SceneId, parent: Option<ItemId>, item: Item, at: usize },
    /// Takes an item out, a group with all that is in it.
    RemoveItem { item: ItemId },
    /// Names an item.
    RenameItem { item: ItemId, name: String },
    /// Moves, sizes, crops, turns or fades an item.
    SetTransform { item: ItemId, transform: Transform },
    /// Shows or hides an item.
    SetVisible { item: ItemId, visible: bool },
    /// Keeps the pointer off an item.
    SetLocked { item: ItemId, locked: bool },
    /// What an item shows: another source in its place.
    SetContent { item: ItemId, content: Content },
    /// Another place among its siblings, 0 at the back.
    Reorder { item: ItemId, to: usize },
    /// Puts siblings into a new group where the foremost of them was. Nothing moves on the canvas.
    Group { items: Vec<ItemId>, group: ItemId, name: String },
    /// Takes a group apart. Nothing moves on the canvas, but for pictures fitted into a rectangle that the group
    /// pulls out of shape.
    Ungroup { group: ItemId },
    /// All items of a scene, or of a group of it, at once.
    SetItems { scene: SceneId, parent: Option<ItemId>, items: Vec<Item> },
    /// A new source.
    AddSource { source: Source, at: usize },
    /// Takes a source out that no item and no strip uses.
    RemoveSource { source: SourceId },
    /// Another source under the same id: another device, other words, another name.
    ReplaceSource { source: Source },
    /// A new channel of the mixer.
    AddStrip { strip: Strip, at: usize },
    /// Takes a channel out.
    RemoveStrip { source: SourceId },
    /// Gain and mute of a channel.
    SetStrip { strip: Strip },
    /// A new destination.
    AddDestination { destination: Destination, at: usize },
    /// Takes a destination out.
    RemoveDestination { name: String },
    /// Another destination in the place of the one called `name`.
    SetDestination { name: String, destination: Destination },
    /// Several changes as one: all of them, or none.
    Batch { edits: Vec<Edit> },
}

/// Why a change was not made. The show is as it was.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EditError {
    /// Not there, perhaps removed a moment ago: read the show again.
    #[error("there is no {what} {id:?}")]
    NotFound {
        /// `scene`, `item`, `group`, `source`, `strip` or `destination`.
        what: &'static str,
        /// What was looked for.
        id: String,
    },
    /// The last scene stays: add another first.
    #[error("a show needs at least one scene")]
    LastScene,
    /// Still shown or heard: take it out there first.
    #[error("{what} {id:?} is in use by {by:?}")]
    InUse {
        /// `scene` or `source`.
        what: &'static str,
        /// What was to be removed.
        id: String,
        /// The scene or `mixer`.
        by: String,
    },
    /// Only items with one parent can be grouped; at least one.
    #[error("only items that lie side by side can be grouped")]
    NotSiblings,
    /// Batches within batches are not taken.
    #[error("a batch cannot hold a batch")]
    NestedBatch,
    /// The result would be against a rule of the document.
    #[error(transparent)]
    Invalid(#[from] Fault),
}

impl Edit {
    /// Makes the change. Returns the edit that takes it back, or the reason why nothing was changed.
    pub fn apply(&self, show: &mut Show) -> Result<Self, EditError> {
        // The rules concern the whole document, so an edit is tried on a copy; documents are small.
        let mut changed = show.clone();
        let inverse = self.perform(&mut changed)?;
        changed.check()?;
        *show = changed;
        Ok(inverse)
    }

    /// The change without the check of the whole. May leave a half-changed show behind if it fails.
    fn perform(&self, show: &mut Show) -> Result<Self, EditError> {
        match self.clone() {
            Self::RenameShow { name } => {
                Ok(Self::RenameShow { name: std::mem::replace(&mut show.name, name) })
            }
            Self::SetCanvas { canvas } => {
                Ok(Self::SetCanvas { canvas: std::mem::replace(&mut show.canvas, canvas) })
            }
            Self::SetTransition { transition } => {
                let old = std::mem::replace(&mut show.transition, transition);
                Ok(Self::SetTransition { transition: old })
            }
            Self::AddScene { scene, at } => Ok(lists::add_scene(show, scene, at)),
            Self::RemoveScene { scene } => lists::remove_scene(show, &scene),
            Self::RenameScene { scene, name } => lists::rename_scene(show, scene, name),
            Self::MoveScene { scene, to } => lists::move_scene(show, scene, to),
            Self::AddSource { source, at } => Ok(lists::add_source(show, source, at)),
            Self::RemoveSource { source } => lists::remove_source(show, &source),
            Self::ReplaceSource { source } => lists::replace_source(show, source),
            Self::AddStrip { strip, at } => Ok(lists::add_strip(show, strip, at)),
            Self::RemoveStrip { source } => lists::remove_strip(show, &source),
            Self::SetStrip { strip } => lists::set_strip(show, strip),
            Self::AddDestination { destination, at } => Ok(lists::add_destination(show, destination, at)),
            Self::RemoveDestination { name } => lists::remove_destination(show, &name),
            Self::SetDestination { name, destination } => lists::set_destination(show, &name, destination),
            Self::AddItem { scene, parent, item, at } => tree::add(show, &scene, parent.as_ref(), item, at),
            Self::RemoveItem { item } => tree::remove(show, &item),
            Self::Reorder { item, to } => tree::reorder(show, item, to),
            Self::RenameItem { item, mut name } => {
                std::mem::swap(&mut tree::item_mut(show, &item)?.name, &mut name);
                Ok(Self::RenameItem { item, name })
            }
            Self::SetTransform { item, mut transform } => {
                std::mem::swap(&mut tree::item_mut(show, &item)?.transform, &mut transform);
                Ok(Self::SetTransform { item, transform })
            }
            Self::SetVisible { item, mut visible } => {
                std::mem::swap(&mut tree::item_mut(show, &item)?.visible, &mut visible);
                Ok(Self::SetVisible { item, visible })
            }
            Self::SetLocked { item, mut locked } => {
                std::mem::swap(&mut tree::item_mut(show, &item)?.locked, &mut locked);
                Ok(Self::SetLocked { item, locked })
            }
            Self::SetContent { item, mut content } => {
                std::mem::swap(&mut tree::item_mut(show, &item)?.content, &mut content);
                Ok(Self::SetContent { item, content })
            }
            Self::Group { items, group, name } => tree::group(show, &items, group, name),
            Self::Ungroup { group } => tree::ungroup(show, &group),
            Self::SetItems { scene, parent, mut items } => {
                std::mem::swap(tree::list_mut(show, &scene, parent.as_ref())?, &mut items);
                Ok(Self::SetItems { scene, parent, items })
            }
            Self::Batch { edits } => {
                let mut undo = Vec::with_capacity(edits.len());
                for edit in edits {
                    if matches!(edit, Self::Batch { .. }) {
                        return Err(EditError::NestedBatch);
                    }
                    undo.push(edit.perform(show)?);
                }
                undo.reverse();
                Ok(Self::Batch { edits: undo })
            }
        }
    }
}

fn missing(what: &'static str, id: &impl ToString) -> EditError {
    EditError::NotFound { what, id: id.to_string() }
}

fn insert<T>(list: &mut Vec<T>, at: usize, value: T) {
    list.insert(at.min(list.len()), value);
}

fn take<T>(list: &mut Vec<T>, is: impl Fn(&T) -> bool) -> Option<(usize, T)> {
    let at = list.iter().position(is)?;
    Some((at, list.remove(at)))
}

#[cfg(test)]
mod tests;
