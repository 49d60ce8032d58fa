//! The studio window.
//!
//! Owns: the Tauri application, its commands and the way events reach the web view. Holds no media code: everything
//! it does is asked of [`vitrine_engine::Engine`]. The application runs on the main thread, outside any async
//! runtime, because the single-instance plugin blocks on D-Bus; the engine brings its own runtime and threads.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod bindings;
mod bridge;
mod commands;
mod platform;

use anyhow::Context as _;
use tauri::{Manager as _, RunEvent};

fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("VITRINE_LOG")
                .unwrap_or_else(|_| "info,tao=warn,wry=warn".into()),
        )
        .with_writer(std::io::stderr)
        .init();
    platform::prepare();
    let app = tauri::Builder::default()
        .plugin(tauri_plugin_single_instance::init(|app, _arguments, _folder| {
            // A second start brings the first window to the front instead of fighting over devices.
            if let Some(window) = app.get_webview_window("main") {
                let _ = window.unminimize();
                let _ = window.set_focus();
            }
        }))
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_window_state::Builder::new().build())
        .invoke_handler(bindings::invoke_handler())
        .setup(|app| {
            // After the plug-ins: a second start has ended by now and has not touched the first one's devices.
            match vitrine_engine::EngineConfig::for_window().and_then(vitrine_engine::Engine::start) {
                Ok(engine) => {
                    app.manage(engine);
                    Ok(())
                }
                Err(error) => {
                    // An error returned here would be a panic; nothing is open yet, so the program just ends.
                    tracing::error!(%error, "the studio cannot start");
                    std::process::exit(1);
                }
            }
        })
        .build(tauri::generate_context!())
        .context("the window could not be made")?;
    app.run(|app, event| {
        if let (RunEvent::Exit, Some(engine)) = (event, app.try_state::<vitrine_engine::Engine>()) {
            engine.shutdown();
        }
    });
    Ok(())
}
