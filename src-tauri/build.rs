//! Declares the window's commands, so that capabilities are checked for each of them.

fn main() {
    let commands = &[
        "get_snapshot",
        "subscribe",
        "set_preview_views",
        "preview_pull",
        "add_source",
        "edit_item",
        "replace_source_device",
        "restart_source",
        "add_scene",
        "rename_scene",
        "remove_scene",
        "take_scene",
        "set_transition",
        "set_canvas_format",
        "set_strip",
        "undo",
        "redo",
        "save_destination",
        "remove_destination",
        "set_destination_enabled",
        "start_rehearsal",
        "stop_rehearsal",
        "open_watch_page",
        "start_live",
        "stop_live",
        "retry_now",
        "start_recording",
        "stop_recording",
        "set_settings",
        "pick_file",
        "pick_folder",
    ];
    let attributes =
        tauri_build::Attributes::new().app_manifest(tauri_build::AppManifest::new().commands(commands));
    if let Err(error) = tauri_build::try_build(attributes) {
        // The build script's only way to speak is to fail with a message.
        println!("cargo::error={error:#}");
        std::process::exit(1);
    }
}
