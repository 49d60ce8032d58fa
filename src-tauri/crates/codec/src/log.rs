//! What FFmpeg says, on its way to `tracing`.
//!
//! Owns: the process-wide log callback of libavutil and the one-time start of FFmpeg. Each thread keeps the last
//! error line FFmpeg printed on it, because that line ("Cannot load libcuda.so.1") tells a host more than the error
//! code that follows it. Never prints a URL: anything with `://` is cut out. No locks.
#![allow(unsafe_code)] // The callback is a C function pointer.

use std::cell::RefCell;
use std::sync::Once;

use ffmpeg_next::ffi;

thread_local! {
    static LAST_ERROR: RefCell<String> = const { RefCell::new(String::new()) };
}

static START: Once = Once::new();

/// Starts FFmpeg for this process: logging and capture devices. Cheap when repeated.
pub(crate) fn start() {
    START.call_once(|| {
        // SAFETY: both functions may be called at any time; the callback lives as long as the process.
        unsafe {
            ffi::avdevice_register_all();
            callback::install();
        }
    });
}

/// Forgets the last error line of this thread; called before an operation whose failure is to be explained.
pub(crate) fn clear() {
    LAST_ERROR.with_borrow_mut(String::clear);
}

/// The last error line FFmpeg printed on this thread since [`clear`], possibly empty.
pub(crate) fn last_error() -> String {
    LAST_ERROR.with_borrow(Clone::clone)
}

/// Takes every word with a URL in it out of `line`, for it may carry a stream key.
fn redact(line: &str) -> String {
    let words = line.split_whitespace();
    words.map(|w| if w.contains("://") { "***" } else { w }).collect::<Vec<_>>().join(" ")
}

#[cfg_attr(not(all(target_os = "linux", target_arch = "x86_64")), allow(dead_code))]
fn record(level: i32, line: &str) {
    let line = redact(line);
    if line.is_empty() {
        return;
    }
    if level <= ffi::AV_LOG_ERROR {
        // An encoder that cannot be opened is often a normal answer to a probe, so the caller decides how loud it is.
        tracing::debug!(target: "ffmpeg", "{line}");
        LAST_ERROR.with_borrow_mut(|last| *last = line);
    } else {
        tracing::trace!(target: "ffmpeg", "{line}");
    }
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod callback {
    //! `va_list` is a different type on every platform; only this one's layout is spelled out.

    use std::ffi::{CStr, c_char, c_int, c_void};

    use ffmpeg_next::ffi;

    pub(super) unsafe fn install() {
        // SAFETY: `line` matches the type libavutil calls.
        unsafe { ffi::av_log_set_callback(Some(line)) };
    }

    unsafe extern "C" fn line(
        class: *mut c_void,
        level: c_int,
        format: *const c_char,
        arguments: *mut ffi::__va_list_tag,
    ) {
        if level > ffi::AV_LOG_INFO {
            return;
        }
        let mut text = [0 as c_char; 512];
        let mut prefix: c_int = 0;
        // SAFETY: the first four arguments are passed on as libavutil gave them; the buffer's length is its own, and
        // libavutil ends the text with a zero within it.
        let text = unsafe {
            ffi::av_log_format_line2(
                class,
                level,
                format,
                arguments,
                text.as_mut_ptr(),
                text.len() as c_int,
                &raw mut prefix,
            );
            CStr::from_ptr(text.as_ptr())
        };
        super::record(level, text.to_string_lossy().trim());
    }
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
mod callback {
    use ffmpeg_next::ffi;

    pub(super) unsafe fn install() {
        // SAFETY: setting the level has no preconditions.
        unsafe { ffi::av_log_set_level(ffi::AV_LOG_QUIET) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_never_reaches_the_log() {
        assert_eq!(redact("open rtmp://a/live/key_1 failed"), "open *** failed");
        record(ffi::AV_LOG_ERROR, "no route to rtmps://host/app/secret here");
        assert_eq!(last_error(), "no route to *** here");
        clear();
        assert_eq!(last_error(), "");
    }
}
