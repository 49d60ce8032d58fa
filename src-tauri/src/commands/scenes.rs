//! The show: scenes, items, transitions, strips, undo.

use tauri::State;
use vitrine_engine::{Command, Engine};
use vitrine_protocol::{CanvasFormat, ItemEdit, TransitionView, UiError};

use super::ask;

/// Changes an item of a scene.
#[tauri::command]
#[specta::specta]
pub(crate) async fn edit_item(
    engine: State<'_, Engine>,
    scene: String,
    item: String,
    edit: ItemEdit,
) -> Result<(), UiError> {
    ask(&engine, Command::EditItem { scene, item, edit }).await
}

/// Adds an empty scene after the last.
#[tauri::command]
#[specta::specta]
pub(crate) async fn add_scene(engine: State<'_, Engine>, name: String) -> Result<(), UiError> {
    ask(&engine, Command::AddScene { name }).await
}

/// Renames a scene.
#[tauri::command]
#[specta::specta]
pub(crate) async fn rename_scene(
    engine: State<'_, Engine>,
    scene: String,
    name: String,
) -> Result<(), UiError> {
    ask(&engine, Command::RenameScene { scene, name }).await
}

/// Removes a scene; the last one stays.
#[tauri::command]
#[specta::specta]
pub(crate) async fn remove_scene(engine: State<'_, Engine>, scene: String) -> Result<(), UiError> {
    ask(&engine, Command::RemoveScene { scene }).await
}

/// Puts a scene on programme with the show's transition.
#[tauri::command]
#[specta::specta]
pub(crate) async fn take_scene(engine: State<'_, Engine>, scene: String) -> Result<(), UiError> {
    ask(&engine, Command::TakeScene { scene }).await
}

/// Chooses how scenes change.
#[tauri::command]
#[specta::specta]
pub(crate) async fn set_transition(
    engine: State<'_, Engine>,
    transition: TransitionView,
) -> Result<(), UiError> {
    ask(&engine, Command::SetTransition(transition)).await
}

/// Chooses the shape of the canvas; not while anything leaves the studio.
#[tauri::command]
#[specta::specta]
pub(crate) async fn set_canvas_format(
    engine: State<'_, Engine>,
    format: CanvasFormat,
) -> Result<(), UiError> {
    ask(&engine, Command::SetCanvasFormat(format)).await
}

/// Sets fader and mute of a strip.
#[tauri::command]
#[specta::specta]
pub(crate) async fn set_strip(
    engine: State<'_, Engine>,
    source: String,
    gain_db: f32,
    muted: bool,
) -> Result<(), UiError> {
    ask(&engine, Command::SetStrip { source, gain_db, muted }).await
}

/// Takes back the last change of the show.
#[tauri::command]
#[specta::specta]
pub(crate) async fn undo(engine: State<'_, Engine>) -> Result<(), UiError> {
    ask(&engine, Command::Undo).await
}

/// Does it again.
#[tauri::command]
#[specta::specta]
pub(crate) async fn redo(engine: State<'_, Engine>) -> Result<(), UiError> {
    ask(&engine, Command::Redo).await
}
