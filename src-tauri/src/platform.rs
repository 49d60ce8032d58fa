//! What differs from system to system, and what has to be settled before the first window.

/// Sets what WebKitGTK reads from the environment at start. Call before any thread exists.
pub(crate) fn prepare() {
    #[cfg(target_os = "linux")]
    linux::prefer_a_renderer_that_works();
}

#[cfg(target_os = "linux")]
mod linux {
    /// Without a GPU, and with NVIDIA's driver, WebKitGTK's DMA-BUF renderer is slow or shows a blank window
    /// (tauri #9304). Elsewhere it is the better one, and who has set the variable knows why.
    pub(super) fn prefer_a_renderer_that_works() {
        const SWITCH: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";
        let has_gpu = std::fs::read_dir("/dev/dri").is_ok_and(|nodes| {
            nodes.flatten().any(|n| n.file_name().to_string_lossy().starts_with("renderD"))
        });
        let nvidia = std::path::Path::new("/proc/driver/nvidia/version").exists();
        if std::env::var_os(SWITCH).is_none() && (!has_gpu || nvidia) {
            relaunch_with(SWITCH, "1");
        }
    }

    /// Changing the environment of a running process is unsafe in Rust 2024, so the program starts itself again with
    /// the variable set. Costs a few milliseconds, before anything was opened.
    fn relaunch_with(name: &str, value: &str) {
        use std::os::unix::process::CommandExt as _;
        let Ok(program) = std::env::current_exe() else { return };
        let error =
            std::process::Command::new(program).args(std::env::args_os().skip(1)).env(name, value).exec();
        tracing::warn!(%error, "could not start again with {name}; the window may be slow");
    }
}
