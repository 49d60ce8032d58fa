//! Where a show goes: everything but the key.

use std::fmt;

use serde::{Deserialize, Serialize};
use vitrine_media::Secret;

use crate::Extra;

/// Names a destination for ever; its key in the vault is filed under it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DestinationId(pub String);

impl DestinationId {
    /// The name of this destination's key in the [`crate::Vault`].
    pub fn secret_name(&self) -> String {
        format!("destination/{}", self.0)
    }
}

impl fmt::Display for DestinationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a platform does when a second connection uses the same key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IngestProfile {
    /// Not tried yet.
    #[default]
    Unknown,
    /// The second is refused.
    Reject,
    /// The second takes over.
    Takeover,
    /// Links have an order.
    Priority,
    /// Two keys for one programme.
    DualKey,
    /// Two addresses for one programme.
    DualUrl,
    /// A relay of our own.
    Relay,
}

/// A destination.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Destination {
    /// Id.
    pub id: DestinationId,
    /// What the host calls it.
    pub name: String,
    /// Server address without the key.
    pub url: String,
    /// Used when going live.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// How its server behaves.
    #[serde(default)]
    pub profile: IngestProfile,
    /// Fields of other versions, kept as they are.
    #[serde(flatten)]
    pub extra: Extra,
}

fn yes() -> bool {
    true
}

/// An address that cannot be a destination. Never quotes it: it may hold a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Neither RTMP nor RTMPS.
    #[error("the address must begin with rtmp:// or rtmps://")]
    Scheme,
    /// No server named.
    #[error("the address names no server")]
    Host,
    /// User and password in an address cannot be kept apart from it.
    #[error("an address with a user name or password cannot be used")]
    Credentials,
    /// Blanks or control characters.
    #[error("the address contains blanks")]
    Blank,
}

/// Parts an address as platforms hand it out, `rtmp://server/app/key?sign=…`, into the address that may be stored
/// and the key. The application is the first segment of the path; what follows it is the key, with its query, for
/// that is where platforms put signatures. A query without a key is a key as well.
pub fn split_key(pasted: &str) -> Result<(String, Option<Secret<String>>), UrlError> {
    let pasted = pasted.trim();
    if pasted.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(UrlError::Blank);
    }
    let (scheme, rest) = pasted.split_once("://").ok_or(UrlError::Scheme)?;
    let scheme = scheme.to_ascii_lowercase();
    if scheme != "rtmp" && scheme != "rtmps" {
        return Err(UrlError::Scheme);
    }
    let host_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(host_end);
    if host.contains('@') {
        return Err(UrlError::Credentials);
    }
    if host.is_empty() || host.starts_with(':') {
        return Err(UrlError::Host);
    }
    let path = path.strip_prefix('/').unwrap_or(path);
    let app_end = path.find(['/', '?', '#']).unwrap_or(path.len());
    let (app, key) = path.split_at(app_end);
    let key = key.strip_prefix('/').unwrap_or(key);
    let url = if app.is_empty() { format!("{scheme}://{host}") } else { format!("{scheme}://{host}/{app}") };
    Ok((url, (!key.is_empty()).then(|| Secret::new(key.to_owned()))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(pasted: &str) -> (String, Option<String>) {
        let (url, key) = split_key(pasted).unwrap();
        (url, key.map(|key| key.reveal().clone()))
    }

    #[test]
    fn addresses_as_platforms_hand_them_out_are_parted() {
        for (pasted, url, key) in [
            ("rtmp://a.example/live2", "rtmp://a.example/live2", None),
            (" rtmp://a.example/live2/ ", "rtmp://a.example/live2", None),
            ("RTMPS://a.example:443/app/abcd-1234", "rtmps://a.example:443/app", Some("abcd-1234")),
            (
                "rtmp://p.example/third/stream-7?expire=9&sign=x",
                "rtmp://p.example/third",
                Some("stream-7?expire=9&sign=x"),
            ),
            (
                "rtmp://b.example/live-bvc/?streamname=l_1&key=k",
                "rtmp://b.example/live-bvc",
                Some("?streamname=l_1&key=k"),
            ),
            ("rtmp://b.example/live?auth=k", "rtmp://b.example/live", Some("?auth=k")),
            ("rtmp://[::1]:1935/app/a/b", "rtmp://[::1]:1935/app", Some("a/b")),
        ] {
            assert_eq!(parts(pasted), (url.to_owned(), key.map(str::to_owned)), "{pasted}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_without_being_quoted() {
        for (pasted, error) in [
            ("http://a/b", UrlError::Scheme),
            ("live_key_123", UrlError::Scheme),
            ("rtmp:///app/key", UrlError::Host),
            ("rtmp://user:pw@a/app", UrlError::Credentials),
            ("rtmp://a/app/my key", UrlError::Blank),
        ] {
            assert_eq!(split_key(pasted).err(), Some(error));
        }
    }

    proptest! {
        #[test]
        fn no_part_of_a_key_stays_in_the_address(key in "[a-z0-9]{12,40}", query in "[a-z]{8}=[a-z0-9]{8}") {
            let (url, found) = parts(&format!("rtmp://server.example/app/{key}?{query}"));
            prop_assert_eq!(url, "rtmp://server.example/app");
            prop_assert_eq!(found, Some(format!("{key}?{query}")));
        }
    }
}
