//! From the crates' errors to the codes the window words. Pure.

use std::sync::atomic::{AtomicU64, Ordering};

use vitrine_capture::CaptureError;
use vitrine_protocol::{ErrorCode, Params, UiError};
use vitrine_rehearsal::RoomError;
use vitrine_uplink::{ConnectError, RecordError, RefusalKind, TargetError, UplinkError};

/// Parameters from pairs.
pub(crate) fn params<const N: usize>(pairs: [(&str, String); N]) -> Params {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// An error for the window, logged under the id it carries.
pub(crate) fn ui_error(code: ErrorCode, params: Params, retryable: bool) -> UiError {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let trace_id = format!("e{}", NEXT.fetch_add(1, Ordering::Relaxed));
    tracing::info!(trace_id, ?code, ?params, "told the host");
    UiError { code, params, retryable, trace_id }
}

/// Data that do not fit.
pub(crate) fn bad_request(detail: impl Into<String>) -> UiError {
    ui_error(ErrorCode::BadRequest, params([("detail", detail.into())]), false)
}

/// Something named that does not exist.
pub(crate) fn not_found(what: impl Into<String>) -> UiError {
    ui_error(ErrorCode::NotFound, params([("what", what.into())]), false)
}

/// Not possible in this phase.
pub(crate) fn wrong_phase() -> UiError {
    ui_error(ErrorCode::WrongPhase, Params::new(), true)
}

/// A fault of ours or of the system.
pub(crate) fn internal(detail: impl std::fmt::Display) -> UiError {
    ui_error(ErrorCode::Internal, params([("detail", detail.to_string())]), true)
}

/// Why a source is not open.
pub(crate) fn capture(error: &CaptureError) -> (ErrorCode, Params) {
    let detail = params([("detail", error.to_string())]);
    let code = match error {
        CaptureError::NotFound { .. } | CaptureError::Gone { .. } => ErrorCode::DeviceMissing,
        CaptureError::Busy { .. } => ErrorCode::DeviceBusy,
        CaptureError::Denied { .. } => ErrorCode::DevicePermission,
        CaptureError::Unsupported { .. } | CaptureError::Device { .. } => ErrorCode::DeviceUnsupported,
        CaptureError::Media { .. } => ErrorCode::MediaUnusable,
        _ => ErrorCode::Internal,
    };
    (code, detail)
}

/// Why a destination is not on air.
pub(crate) fn uplink(error: &UplinkError) -> ErrorCode {
    match error {
        UplinkError::Connect(error) => match error {
            ConnectError::Dns => ErrorCode::DnsFailed,
            ConnectError::Refused => ErrorCode::ConnectionRefused,
            ConnectError::Certificate(_) | ConnectError::Tls | ConnectError::TlsSetup => ErrorCode::TlsFailed,
            ConnectError::Unreachable | ConnectError::TimedOut { .. } | ConnectError::Io(_) => {
                ErrorCode::ConnectionTimeout
            }
        },
        UplinkError::Refused(refusal) if refusal.kind == RefusalKind::KeyInUse => ErrorCode::KeyInUse,
        UplinkError::Refused(_) | UplinkError::ClosedAtPublish => ErrorCode::KeyRejected,
        UplinkError::Closed { .. } => ErrorCode::ServerClosed,
        UplinkError::NoAnswer { .. } => ErrorCode::ConnectionTimeout,
        UplinkError::Stalled => ErrorCode::Stalled,
        UplinkError::Protocol(_) => ErrorCode::ProtocolViolation,
        UplinkError::Internal => ErrorCode::Internal,
    }
}

/// Why an address cannot be used. The message names the part that is wrong and never the key.
pub(crate) fn target(error: TargetError) -> UiError {
    ui_error(ErrorCode::BadUrl, params([("part", error.to_string())]), false)
}

/// Why a recording ended.
pub(crate) fn record(error: &RecordError) -> ErrorCode {
    match error {
        RecordError::DiskFull => ErrorCode::DiskFull,
        RecordError::ReadOnly | RecordError::NoSuchFolder | RecordError::NoFreeName => ErrorCode::ReadOnly,
        RecordError::Io(_) | RecordError::Internal => ErrorCode::Internal,
    }
}

/// Why no room could be opened.
pub(crate) fn room(error: &RoomError) -> UiError {
    match error {
        RoomError::PortTaken { port } | RoomError::PortReserved { port } => {
            ui_error(ErrorCode::PortTaken, params([("port", port.to_string())]), true)
        }
        RoomError::System(cause) => internal(cause),
    }
}
