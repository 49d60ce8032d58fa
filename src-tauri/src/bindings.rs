//! The typed surface of the window: one list of commands, from which `ui/src/core/bindings.ts` is generated.

use tauri_specta::{Builder, collect_commands};
use vitrine_protocol as protocol;

use crate::commands::{broadcast, destinations, devices, preview, scenes, studio};

/// Every command and every type that only travels on channels.
pub(crate) fn builder() -> Builder<tauri::Wry> {
    Builder::<tauri::Wry>::new()
        // The window always sends every field; `null` is what a missing one would mean.
        .disable_serde_phases()
        .commands(collect_commands![
            studio::get_snapshot,
            studio::subscribe,
            studio::set_settings,
            studio::pick_file,
            studio::pick_folder,
            preview::set_preview_views,
            devices::add_source,
            devices::replace_source_device,
            devices::restart_source,
            scenes::edit_item,
            scenes::add_scene,
            scenes::rename_scene,
            scenes::remove_scene,
            scenes::take_scene,
            scenes::set_transition,
            scenes::set_canvas_format,
            scenes::set_strip,
            scenes::undo,
            scenes::redo,
            destinations::save_destination,
            destinations::remove_destination,
            destinations::set_destination_enabled,
            broadcast::start_rehearsal,
            broadcast::stop_rehearsal,
            broadcast::open_watch_page,
            broadcast::start_live,
            broadcast::stop_live,
            broadcast::retry_now,
            broadcast::start_recording,
            broadcast::stop_recording,
        ])
        .typ::<protocol::Event>()
        .typ::<protocol::Telemetry>()
}

/// Answers commands: the typed ones, and `preview_pull`, which answers in raw bytes and so has no type to generate.
pub(crate) fn invoke_handler() -> impl Fn(tauri::ipc::Invoke<tauri::Wry>) -> bool + Send + Sync + 'static {
    // The library's signature ties the handler to the builder; there is one, and it lives as long as the window.
    let typed = Box::leak(Box::new(builder())).invoke_handler();
    let raw: Box<dyn Fn(tauri::ipc::Invoke<tauri::Wry>) -> bool + Send + Sync> =
        Box::new(tauri::generate_handler![preview::preview_pull]);
    move |invoke| if invoke.message.command() == "preview_pull" { raw(invoke) } else { typed(invoke) }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// Compares with the committed file; `VITRINE_UPDATE_BINDINGS=1` writes it.
    #[test]
    fn the_committed_bindings_are_what_the_commands_say() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/src/core/bindings.ts");
        let fresh = tempfile::tempdir().unwrap();
        let made = fresh.path().join("bindings.ts");
        let header = "// Generated from the Rust commands by `VITRINE_UPDATE_BINDINGS=1 cargo test -p vitrine-studio`. Do not edit.\n// @ts-nocheck\n/* eslint-disable */";
        let typescript = specta_typescript::Typescript::default().header(header);
        super::builder().export(typescript, &made).unwrap();
        let made = std::fs::read_to_string(&made).unwrap();
        if std::env::var_os("VITRINE_UPDATE_BINDINGS").is_some() {
            std::fs::write(&path, &made).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == made,
            "ui/src/core/bindings.ts is stale: VITRINE_UPDATE_BINDINGS=1 cargo test -p vitrine-studio"
        );
    }
}
