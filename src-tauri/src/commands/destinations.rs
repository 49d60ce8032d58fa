//! Where the show goes.

use tauri::State;
use vitrine_engine::{Command, Engine, Reply};
use vitrine_protocol::{DestinationDraft, DestinationView, ErrorCode, Params, UiError};

use super::ask;

/// Adds or changes a destination. Its key goes to the vault and never comes back.
#[tauri::command]
#[specta::specta]
pub(crate) async fn save_destination(
    engine: State<'_, Engine>,
    draft: DestinationDraft,
) -> Result<DestinationView, UiError> {
    match engine.call(Command::SaveDestination(draft)).await? {
        Reply::Destination(view) => Ok(view),
        Reply::Done => Err(UiError {
            code: ErrorCode::Internal,
            params: Params::new(),
            retryable: false,
            trace_id: "save_destination".into(),
        }),
    }
}

/// Removes a destination and its key.
#[tauri::command]
#[specta::specta]
pub(crate) async fn remove_destination(engine: State<'_, Engine>, id: String) -> Result<(), UiError> {
    ask(&engine, Command::RemoveDestination { id }).await
}

/// Chooses whether going live uses it.
#[tauri::command]
#[specta::specta]
pub(crate) async fn set_destination_enabled(
    engine: State<'_, Engine>,
    id: String,
    enabled: bool,
) -> Result<(), UiError> {
    ask(&engine, Command::SetDestinationEnabled { id, enabled }).await
}
