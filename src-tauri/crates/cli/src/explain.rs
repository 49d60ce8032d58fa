//! Error codes in words, for the terminal. English only: the window has both languages.

use vitrine_protocol::{ErrorCode, Params, UiError};

/// One sentence: what is wrong and what to do.
pub(crate) fn explain(error: &UiError) -> String {
    let sentence = sentence(error.code);
    let details: Vec<String> = error.params.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    if details.is_empty() { sentence.to_owned() } else { format!("{sentence} ({})", details.join(", ")) }
}

/// The same for a status line.
pub(crate) fn explain_code(code: ErrorCode, params: &Params) -> String {
    explain(&UiError { code, params: params.clone(), retryable: false, trace_id: String::new() })
}

fn sentence(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::BadRequest => "that cannot be done",
        ErrorCode::NotFound => "no such thing",
        ErrorCode::WrongPhase => "not possible right now",
        ErrorCode::DeviceMissing => "that device is not there; `vitrine devices` lists what is",
        ErrorCode::DeviceBusy => "the device is in use by another program; close it there",
        ErrorCode::DeviceUnsupported => "the device offers no format that can be used",
        ErrorCode::DevicePermission => "the system does not allow access to the device",
        ErrorCode::MediaUnusable => "the file cannot be used",
        ErrorCode::ShowUnreadable => "the show file cannot be read",
        ErrorCode::ShowTooNew => {
            "the show file was written by a newer Vitrine; update, or save it for this version"
        }
        ErrorCode::BadUrl => "that is not a stream address",
        ErrorCode::DnsFailed => "the server's name was not found; check the address and the network",
        ErrorCode::ConnectionRefused => "the server refuses connections",
        ErrorCode::ConnectionTimeout => "the server does not answer",
        ErrorCode::TlsFailed => "the server's certificate is not valid for its name",
        ErrorCode::KeyRejected => "the server rejects the stream key",
        ErrorCode::KeyInUse => "somebody else is publishing with this key",
        ErrorCode::ServerClosed => "the server closed the connection",
        ErrorCode::Stalled => "the server takes no more data",
        ErrorCode::ProtocolViolation => "the server does not speak RTMP as it should",
        ErrorCode::NoDestination => "there is no destination; give --to or --record",
        ErrorCode::DiskFull => "the disk is full",
        ErrorCode::ReadOnly => "the file cannot be written there",
        ErrorCode::NoEncoder => "no video encoder works here; `vitrine probe-encoders` tells why",
        ErrorCode::PortTaken => "the port is taken by another program; choose another with --port",
        ErrorCode::AlreadyRunning => "another Vitrine is running with these settings",
        ErrorCode::Internal => "something inside failed; run again with VITRINE_LOG=debug for more",
    }
}
