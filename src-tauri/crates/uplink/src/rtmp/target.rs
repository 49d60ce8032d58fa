//! Where to publish: an RTMP URL taken apart.
//!
//! Owns: the split into host, application and stream key. Never prints, logs or returns the key in an error: errors
//! name the part that is wrong, nothing of what was typed.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use vitrine_media::Secret;

/// The longest URL taken; platforms' keys with signatures stay well below.
const MAX_URL: usize = 4096;

/// Plain or encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// RTMP over TCP, port 1935.
    Rtmp,
    /// RTMP over TLS, port 443.
    Rtmps,
}

impl Scheme {
    /// The port when the URL names none.
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Rtmp => 1935,
            Self::Rtmps => 443,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Rtmp => "rtmp",
            Self::Rtmps => "rtmps",
        }
    }
}

/// Which part of an address is wrong. The caller asks the host to correct that part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Nothing was given.
    #[error("the address is empty")]
    Empty,
    /// Longer than any real one.
    #[error("the address is too long")]
    TooLong,
    /// Blanks or control characters inside.
    #[error("the address contains blanks or control characters")]
    Characters,
    /// Not `rtmp://` or `rtmps://`.
    #[error("the address does not begin with rtmp:// or rtmps://")]
    Scheme,
    /// Missing or malformed host.
    #[error("the host name is missing or malformed")]
    Host,
    /// Not a port from 1 to 65535.
    #[error("the port is not a number from 1 to 65535")]
    Port,
    /// Nothing between host and stream key.
    #[error("the application is missing")]
    App,
    /// No stream key.
    #[error("the stream key is missing")]
    Key,
}

impl TargetError {
    /// A stable code for the surface.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "target_empty",
            Self::TooLong => "target_too_long",
            Self::Characters => "target_characters",
            Self::Scheme => "target_scheme",
            Self::Host => "target_host",
            Self::Port => "target_port",
            Self::App => "target_app",
            Self::Key => "target_key",
        }
    }
}

/// An ingest and the key to publish under. `Display` and `Debug` hide the key.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    scheme: Scheme,
    host: String,
    port: u16,
    app: String,
    key: Secret<String>,
    userinfo: Option<Secret<String>>,
}

impl Target {
    /// Takes `rtmp[s]://[user[:password]@]host[:port]/app[/instance]/key[?query]` apart. The last path segment and the
    /// query are the key, unless the query stands before the last segment (`/app?vhost=x/key`), where it belongs to
    /// the application. Nothing is decoded: platforms expect application and key as written.
    pub fn parse(url: &str) -> Result<Self, TargetError> {
        let (mut target, path) = Self::parse_authority(url)?;
        let (segments, query) = match path.split_once('?') {
            Some((segments, query)) => (segments, Some(query)),
            None => (path, None),
        };
        let (app, key) = match (segments.trim_start_matches('/').rsplit_once('/'), query) {
            (Some((app, key)), None) => (app.to_owned(), key.to_owned()),
            (Some((app, key)), Some(query)) => (app.to_owned(), format!("{key}?{query}")),
            (None, Some(query)) => {
                let (vhost, key) = query.rsplit_once('/').ok_or(TargetError::Key)?;
                (format!("{}?{vhost}", segments.trim_start_matches('/')), key.to_owned())
            }
            (None, None) if segments.trim_matches('/').is_empty() => return Err(TargetError::App),
            (None, None) => return Err(TargetError::Key),
        };
        app.trim_matches('/').clone_into(&mut target.app);
        target.key = Secret::new(key);
        target.check()
    }

    /// From a server address `rtmp[s]://host[:port]/app…` and a key given apart, as platforms hand them out.
    pub fn with_key(server: &str, key: &Secret<String>) -> Result<Self, TargetError> {
        let (mut target, path) = Self::parse_authority(server)?;
        let key = key.reveal().trim();
        if key.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(TargetError::Characters);
        }
        path.trim_matches('/').clone_into(&mut target.app);
        target.key = Secret::new(key.to_owned());
        target.check()
    }

    fn check(self) -> Result<Self, TargetError> {
        if self.app.is_empty() || self.app.starts_with('?') {
            Err(TargetError::App)
        } else if self.key.reveal().is_empty() || self.key.reveal().starts_with('?') {
            Err(TargetError::Key)
        } else {
            Ok(self)
        }
    }

    /// Everything before the path, with application and key still empty, and the path.
    fn parse_authority(url: &str) -> Result<(Self, &str), TargetError> {
        let url = url.trim();
        if url.is_empty() {
            return Err(TargetError::Empty);
        }
        if url.len() > MAX_URL {
            return Err(TargetError::TooLong);
        }
        if url.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(TargetError::Characters);
        }
        let (scheme, rest) = url.split_once("://").ok_or(TargetError::Scheme)?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "rtmp" => Scheme::Rtmp,
            "rtmps" => Scheme::Rtmps,
            _ => return Err(TargetError::Scheme),
        };
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (userinfo, host_port) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(Secret::new(user.to_owned())), host),
            None => (None, authority),
        };
        let (host, port) = split_port(host_port)?;
        let port = match port {
            None => scheme.default_port(),
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => {
                digits.parse().ok().filter(|&port| port != 0).ok_or(TargetError::Port)?
            }
            Some(_) => return Err(TargetError::Port),
        };
        let target = Self {
            scheme,
            host: host.to_ascii_lowercase(),
            port,
            app: String::new(),
            key: Secret::new(String::new()),
            userinfo,
        };
        Ok((target, path))
    }

    /// Plain or encrypted.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Host name or address, IPv6 without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// TCP port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The application (`app` of the connect command, with instance and query if any).
    pub fn app(&self) -> &str {
        &self.app
    }

    /// The stream key, with its query if any.
    pub fn key(&self) -> &Secret<String> {
        &self.key
    }

    /// User and password, if the URL had any.
    pub fn userinfo(&self) -> Option<&Secret<String>> {
        self.userinfo.as_ref()
    }

    /// The host as an address, if it is one.
    pub fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// `tcUrl` of the connect command: the address without user, password and key.
    pub fn tc_url(&self) -> String {
        format!("{}/{}", self.authority(), self.app)
    }

    fn authority(&self) -> String {
        let (name, host) = (self.scheme.name(), &self.host);
        let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        if self.port == self.scheme.default_port() {
            format!("{name}://{host}")
        } else {
            format!("{name}://{host}:{}", self.port)
        }
    }

    /// `text` with every occurrence of the key, its parts and the password replaced, for what a server sends back.
    pub fn redact(&self, text: &str) -> String {
        let key = self.key.reveal().as_str();
        let name = key.split_once('?').map_or(key, |(name, _)| name);
        let values =
            key.split(['?', '&']).skip(1).filter_map(|pair| pair.split_once('=')).map(|(_, value)| value);
        let user = self.userinfo.as_ref().map(|user| user.reveal().as_str());
        let password = user.and_then(|user| user.split_once(':')).map(|(_, password)| password);
        let mut out = text.to_owned();
        for secret in [Some(key), user, password, Some(name)].into_iter().flatten().chain(values) {
            // Very short parts ("1", "live") are no secrets, and replacing them would eat the text.
            if secret.len() >= 4 {
                out = out.replace(secret, "***");
            }
        }
        out
    }
}

fn split_port(host_port: &str) -> Result<(&str, Option<&str>), TargetError> {
    if let Some(rest) = host_port.strip_prefix('[') {
        let (host, after) = rest.split_once(']').ok_or(TargetError::Host)?;
        host.parse::<Ipv6Addr>().map_err(|_| TargetError::Host)?;
        return match after.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if after.is_empty() => Ok((host, None)),
            None => Err(TargetError::Host),
        };
    }
    let (host, port) = match host_port.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (host_port, None),
    };
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    if host.len() > 253 || !host.strip_suffix('.').unwrap_or(host).split('.').all(label) {
        return Err(TargetError::Host);
    }
    Ok((host, port))
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An application may carry a signed query, too.
        let app = self.app.split_once('?').map_or(self.app.as_str(), |(app, _)| app);
        write!(f, "{}/{app}/***", self.authority())
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(url: &str) -> (Scheme, String, u16, String, String) {
        let t = Target::parse(url).unwrap();
        (t.scheme(), t.host().to_owned(), t.port(), t.app().to_owned(), t.key().reveal().clone())
    }

    fn want(
        scheme: Scheme,
        host: &str,
        port: u16,
        app: &str,
        key: &str,
    ) -> (Scheme, String, u16, String, String) {
        (scheme, host.to_owned(), port, app.to_owned(), key.to_owned())
    }

    #[test]
    fn real_world_addresses_are_understood() {
        use Scheme::{Rtmp, Rtmps};
        for (url, expected) in [
            ("rtmp://a.rtmp.youtube.com/live2/k-1", want(Rtmp, "a.rtmp.youtube.com", 1935, "live2", "k-1")),
            (
                "rtmps://live-api-s.facebook.com:443/rtmp/FB-1-0-Ab?s_bl=1&s_l=2",
                want(Rtmps, "live-api-s.facebook.com", 443, "rtmp", "FB-1-0-Ab?s_bl=1&s_l=2"),
            ),
            ("RTMP://Host:19350/app/inst/key", want(Rtmp, "host", 19350, "app/inst", "key")),
            ("rtmp://[::1]:1936/live/x", want(Rtmp, "::1", 1936, "live", "x")),
            ("rtmps://[2001:db8::1]/live/x", want(Rtmps, "2001:db8::1", 443, "live", "x")),
            ("rtmp://u:p%40ss@h/live/x", want(Rtmp, "h", 1935, "live", "x")),
            ("rtmp://h/live?vhost=v.example/key", want(Rtmp, "h", 1935, "live?vhost=v.example", "key")),
            ("rtmp://h/live/k?sign=a/b+c==", want(Rtmp, "h", 1935, "live", "k?sign=a/b+c==")),
            (" rtmp://h//live/k \n", want(Rtmp, "h", 1935, "live", "k")),
        ] {
            assert_eq!(parts(url), expected, "{url}");
        }
    }

    #[test]
    fn errors_name_the_part() {
        for (url, error) in [
            ("", TargetError::Empty),
            ("live_secret", TargetError::Scheme),
            ("http://h/live/k", TargetError::Scheme),
            ("rtmp:///live/k", TargetError::Host),
            ("rtmp://ho st/live/k", TargetError::Characters),
            ("rtmp://h:0/live/k", TargetError::Port),
            ("rtmp://h:99999/live/k", TargetError::Port),
            ("rtmp://h:+1/live/k", TargetError::Port),
            ("rtmp://[::1/live/k", TargetError::Host),
            ("rtmp://[zz]/live/k", TargetError::Host),
            ("rtmp://a..b/live/k", TargetError::Host),
            ("rtmp://h", TargetError::App),
            ("rtmp://h/", TargetError::App),
            ("rtmp://h/live", TargetError::Key),
            ("rtmp://h/live/", TargetError::Key),
            ("rtmp://h/live/?a=b", TargetError::Key),
            ("rtmp://h//key", TargetError::Key),
        ] {
            assert_eq!(Target::parse(url).err(), Some(error), "{url}");
        }
    }

    #[test]
    fn a_key_given_apart_joins_its_server() {
        let key = Secret::new("stream?auth=1/2".to_owned());
        let target = Target::with_key("rtmp://h/app/inst/", &key).unwrap();
        assert_eq!((target.app(), target.key().reveal().as_str()), ("app/inst", "stream?auth=1/2"));
        assert_eq!(Target::with_key("rtmp://h", &key).err(), Some(TargetError::App));
        assert_eq!(Target::with_key("rtmp://h/a", &Secret::new(" ".into())).err(), Some(TargetError::Key));
    }

    #[test]
    fn nothing_secret_is_printed() {
        let target = Target::parse("rtmp://bob:pa55word@h:1/live?t=sec/r3t-key?token=abcdef").unwrap();
        let printed = format!("{target} {target:?} {}", target.tc_url());
        assert!(!printed.contains("pa55") && !printed.contains("r3t"), "{printed}");
        let target = Target::parse("rtmp://bob:pa55word@h:1/live/r3t-key?token=abcdef").unwrap();
        assert_eq!(target.to_string(), "rtmp://h:1/live/***");
        let echo = target.redact("stream r3t-key?token=abcdef / r3t-key / abcdef of bob:pa55word denied");
        assert_eq!(echo, "stream *** / *** / *** of *** denied");
    }

    proptest! {
        #[test]
        fn no_input_panics_or_leaks(url in "\\PC{0,60}") {
            let _ = Target::parse(&url);
            let _ = Target::parse(&format!("rtmp://{url}"));
        }
    }
}
