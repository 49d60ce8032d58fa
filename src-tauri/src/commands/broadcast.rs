//! Rehearsing, going live, recording.

use tauri::State;
use vitrine_engine::{Command, Engine, LiveTargets};
use vitrine_protocol::{ErrorCode, Params, UiError};

use super::ask;

/// Opens the rehearsal room on this computer.
#[tauri::command]
#[specta::specta]
pub(crate) async fn start_rehearsal(engine: State<'_, Engine>) -> Result<(), UiError> {
    ask(&engine, Command::StartRehearsal { port: None, lan: false }).await
}

/// Closes it.
#[tauri::command]
#[specta::specta]
pub(crate) async fn stop_rehearsal(engine: State<'_, Engine>) -> Result<(), UiError> {
    ask(&engine, Command::StopBroadcast).await
}

/// Opens the watch page in the system's browser. Only ever the address of our own room.
#[tauri::command]
#[specta::specta]
pub(crate) async fn open_watch_page(engine: State<'_, Engine>) -> Result<(), UiError> {
    let error = |code, trace: &str| UiError {
        code,
        params: Params::new(),
        retryable: true,
        trace_id: trace.to_owned(),
    };
    let room = engine.snapshot().rehearsal.ok_or_else(|| error(ErrorCode::WrongPhase, "open_watch_page"))?;
    let opener = if cfg!(target_os = "macos") {
        "open"
    } else if cfg!(windows) {
        "explorer"
    } else {
        "xdg-open"
    };
    std::process::Command::new(opener).arg(&room.watch_url).spawn().map(|_| ()).map_err(|cause| {
        tracing::warn!(%cause, opener, "the browser could not be started");
        error(ErrorCode::NotFound, "open_watch_page")
    })
}

/// Goes live to every enabled destination.
#[tauri::command]
#[specta::specta]
pub(crate) async fn start_live(engine: State<'_, Engine>) -> Result<(), UiError> {
    ask(&engine, Command::StartLive(LiveTargets::Enabled)).await
}

/// Goes off air.
#[tauri::command]
#[specta::specta]
pub(crate) async fn stop_live(engine: State<'_, Engine>) -> Result<(), UiError> {
    ask(&engine, Command::StopBroadcast).await
}

/// Connects all destinations that are down at once, instead of waiting.
#[tauri::command]
#[specta::specta]
pub(crate) async fn retry_now(engine: State<'_, Engine>) -> Result<(), UiError> {
    ask(&engine, Command::RetryNow).await
}

/// Records into the folder for recordings.
#[tauri::command]
#[specta::specta]
pub(crate) async fn start_recording(engine: State<'_, Engine>) -> Result<(), UiError> {
    ask(&engine, Command::StartRecording { path: None }).await
}

/// Ends the recording.
#[tauri::command]
#[specta::specta]
pub(crate) async fn stop_recording(engine: State<'_, Engine>) -> Result<(), UiError> {
    ask(&engine, Command::StopRecording).await
}
