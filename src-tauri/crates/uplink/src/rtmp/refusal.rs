//! What a server's "no" means.
//!
//! Owns: the mapping from status codes and descriptions, which differ from server to server, to reasons that a host can
//! act on. Never keeps a description unredacted: servers echo stream keys.

use super::amf0::Value;
use super::target::Target;

/// The longest description kept.
const MAX_DETAIL: usize = 200;

/// Why a server does not take the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefusalKind {
    /// Somebody (perhaps our own connection that broke) publishes under this key. Try again soon.
    KeyInUse,
    /// The key is unknown, expired or not allowed. Trying again helps only if the host changes something.
    KeyRejected,
    /// There is no such application on the server.
    NoSuchApp,
    /// The server wants a user and password exchange.
    AuthRequired,
    /// A "no" we have no word for; `status` tells.
    Other,
}

impl RefusalKind {
    /// A stable code for the surface.
    pub const fn code(self) -> &'static str {
        match self {
            Self::KeyInUse => "key_in_use",
            Self::KeyRejected => "key_rejected",
            Self::NoSuchApp => "no_such_app",
            Self::AuthRequired => "auth_required",
            Self::Other => "refused_by_server",
        }
    }
}

/// A server's "no", with its own words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server refuses the stream: {} ({status})", kind.code())]
pub struct Refusal {
    /// The reason.
    pub kind: RefusalKind,
    /// The server's status code, such as `NetStream.Publish.BadName`.
    pub status: String,
    /// The server's description, redacted and shortened.
    pub detail: String,
}

impl Refusal {
    /// From the information object of an `_error` or `onStatus` (Adobe RTMP 1.0, §7.2.1.1 and §7.2.2).
    pub(super) fn from_info(info: Option<&Value>, target: &Target) -> Self {
        let text = |name| info.and_then(|info| info.get(name)).and_then(Value::as_str).unwrap_or_default();
        let clean = |raw: &str| -> String {
            target.redact(raw).chars().filter(|c| !c.is_control()).take(MAX_DETAIL).collect()
        };
        let (status, detail) = (clean(text("code")), clean(text("description")));
        Self { kind: classify(&status, &detail), status, detail }
    }
}

fn classify(status: &str, detail: &str) -> RefusalKind {
    let said = format!("{status} {detail}").to_ascii_lowercase();
    let any = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if any(&[
        "badname",
        "streambusy",
        "already publish",
        "already has a publisher",
        "stream busy",
        "duplicate",
    ]) {
        RefusalKind::KeyInUse
    } else if any(&["authmod", "needauth", "need auth"]) {
        RefusalKind::AuthRequired
    } else if any(&["invalidapp", "appshutdown", "application not found", "no such app"]) {
        RefusalKind::NoSuchApp
    } else if any(&[
        "publish.denied",
        "publish.rejected",
        "publish.unauthorized",
        "streamkey",
        "stream key",
        "invalid key",
        "unauthorized",
        "forbidden",
        "authentication",
        "auth failed",
        "publish.failed",
    ]) {
        RefusalKind::KeyRejected
    } else {
        RefusalKind::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(code: &str, description: &str) -> Refusal {
        let info = Value::Object(vec![
            ("level".into(), Value::string("error")),
            ("code".into(), Value::string(code)),
            ("description".into(), Value::string(description)),
        ]);
        Refusal::from_info(Some(&info), &Target::parse("rtmp://h/live/topsecret?sig=deadbeef").unwrap())
    }

    #[test]
    fn answers_of_known_servers_have_a_reason() {
        for (code, description, kind) in [
            ("NetStream.Publish.BadName", "Already publishing", RefusalKind::KeyInUse), // nginx-rtmp
            ("NetStream.Publish.StreamBusy", "", RefusalKind::KeyInUse),                // SRS
            ("NetStream.Publish.Denied", "x", RefusalKind::KeyRejected),
            ("NetStream.publish.Unauthorized", "Authorization required.", RefusalKind::KeyRejected), // NMS
            (
                "NetConnection.Connect.Rejected",
                "[ AccessManager.Reject ] : [ authmod=adobe ]",
                RefusalKind::AuthRequired,
            ),
            ("NetConnection.Connect.InvalidApp", "", RefusalKind::NoSuchApp),
            ("NetConnection.Connect.Rejected", "quota", RefusalKind::Other),
        ] {
            assert_eq!(refusal(code, description).kind, kind, "{code}");
        }
    }

    #[test]
    fn an_echoed_key_is_not_kept() {
        let refusal =
            refusal("NetStream.Publish.Denied", "no topsecret?sig=deadbeef, topsecret\n or deadbeef");
        assert_eq!(refusal.detail, "no ***, *** or ***");
        assert!(!format!("{refusal} {refusal:?}").contains("topsecret"));
    }

    #[test]
    fn a_missing_information_object_is_no_problem() {
        let target = Target::parse("rtmp://h/live/k").unwrap();
        assert_eq!(Refusal::from_info(None, &target).kind, RefusalKind::Other);
    }
}
