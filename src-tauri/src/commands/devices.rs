//! Sources and the devices behind them.

use tauri::State;
use vitrine_engine::{Command, Engine};
use vitrine_protocol::{NewSource, UiError};

use super::ask;

/// Adds a source to a scene.
#[tauri::command]
#[specta::specta]
pub(crate) async fn add_source(
    engine: State<'_, Engine>,
    scene: String,
    source: NewSource,
) -> Result<(), UiError> {
    ask(&engine, Command::AddSource { scene, source }).await
}

/// Puts another device, file or text behind a source; its places in scenes stay.
#[tauri::command]
#[specta::specta]
pub(crate) async fn replace_source_device(
    engine: State<'_, Engine>,
    source: String,
    replacement: NewSource,
) -> Result<(), UiError> {
    ask(&engine, Command::ReplaceSource { source, replacement }).await
}

/// Closes and opens a source again.
#[tauri::command]
#[specta::specta]
pub(crate) async fn restart_source(engine: State<'_, Engine>, source: String) -> Result<(), UiError> {
    ask(&engine, Command::RestartSource { source }).await
}
