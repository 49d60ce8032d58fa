//! Pictures for the window.

use tauri::State;
use tauri::ipc::Response;
use vitrine_engine::Engine;
use vitrine_protocol::{PreviewView, UiError};

/// Says which pictures the window shows, and how large.
#[tauri::command]
#[specta::specta]
pub(crate) async fn set_preview_views(
    engine: State<'_, Engine>,
    views: Vec<PreviewView>,
) -> Result<(), UiError> {
    engine.set_preview_views(views);
    Ok(())
}

/// The pictures newer than `seqs` (view, sequence, view, sequence, …), as little-endian records
/// `view, seq, pts in ms, length` of 32 bits each, followed by a JPEG. Waits at most 100 ms.
#[tauri::command]
pub(crate) async fn preview_pull(engine: State<'_, Engine>, seqs: Vec<u32>) -> Result<Response, UiError> {
    let (pairs, _) = seqs.as_chunks::<2>();
    let seen: Vec<(u32, u32)> = pairs.iter().map(|[view, seq]| (*view, *seq)).collect();
    Ok(Response::new(engine.preview_pull(&seen).await))
}
