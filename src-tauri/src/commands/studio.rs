//! The studio as a whole: snapshot, events, preferences, file dialogs.

use tauri::ipc::Channel;
use tauri::{AppHandle, State};
use tauri_plugin_dialog::DialogExt as _;
use vitrine_engine::{Command, Engine};
use vitrine_protocol::{Event, FileKind, SettingsPatch, Snapshot, Telemetry, UiError};

use super::ask;

/// Everything, at one revision.
#[tauri::command]
#[specta::specta]
pub(crate) async fn get_snapshot(engine: State<'_, Engine>) -> Result<Snapshot, UiError> {
    Ok(engine.snapshot())
}

/// Sends every event and the telemetry from now on.
#[tauri::command]
#[specta::specta]
pub(crate) async fn subscribe(
    engine: State<'_, Engine>,
    events: Channel<Event>,
    telemetry: Channel<Telemetry>,
) -> Result<(), UiError> {
    crate::bridge::forward(&engine, events, telemetry);
    Ok(())
}

/// Changes preferences.
#[tauri::command]
#[specta::specta]
pub(crate) async fn set_settings(engine: State<'_, Engine>, patch: SettingsPatch) -> Result<(), UiError> {
    ask(&engine, Command::SetSettings(patch)).await
}

/// Lets the host choose a file; `None` if they chose none.
#[tauri::command]
#[specta::specta]
pub(crate) async fn pick_file(app: AppHandle, kind: FileKind) -> Result<Option<String>, UiError> {
    let (name, endings): (_, &[&str]) = match kind {
        FileKind::Media => (
            "Media",
            &["mp4", "mov", "mkv", "webm", "avi", "flv", "ts", "mp3", "wav", "m4a", "aac", "flac", "ogg"],
        ),
        FileKind::Image => ("Image", &["png", "jpg", "jpeg", "webp", "bmp", "gif"]),
    };
    let (sender, chosen) = tokio::sync::oneshot::channel();
    app.dialog().file().add_filter(name, endings).pick_file(move |path| {
        let _ = sender.send(path);
    });
    Ok(chosen.await.ok().flatten().map(|path| path.to_string()))
}

/// Lets the host choose a folder; `None` if they chose none.
#[tauri::command]
#[specta::specta]
pub(crate) async fn pick_folder(app: AppHandle) -> Result<Option<String>, UiError> {
    let (sender, chosen) = tokio::sync::oneshot::channel();
    app.dialog().file().pick_folder(move |path| {
        let _ = sender.send(path);
    });
    Ok(chosen.await.ok().flatten().map(|path| path.to_string()))
}
