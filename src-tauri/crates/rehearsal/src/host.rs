//! Whom the watch page answers: the defence against DNS rebinding and against other sites' scripts. Pure.

use std::net::{IpAddr, SocketAddr};

/// Whether a request's `Host` names this room. A rebinding attack carries the attacker's domain name, never a
/// bare address; so on the LAN any address literal will do, and otherwise only the names of loopback.
pub fn allowed(host: Option<&str>, port: u16, lan: bool) -> bool {
    let Some(host) = host else { return false };
    if host.strip_prefix("localhost:").and_then(|p| p.parse().ok()) == Some(port) {
        return true;
    }
    let address = host.parse::<SocketAddr>().ok().map(|a| (a.ip(), a.port()));
    // Port 80 is left out of the header by browsers.
    let address = address.or_else(|| host.parse::<IpAddr>().ok().map(|ip| (ip, 80)));
    address.is_some_and(|(ip, at)| at == port && (lan || ip.is_loopback()))
}

/// Whether a request that changes something comes from the page itself: browsers always name the origin then.
pub fn same_origin(origin: Option<&str>, host: Option<&str>) -> bool {
    match (origin, host) {
        (None, _) => true,
        (Some(origin), Some(host)) => origin.strip_prefix("http://") == Some(host),
        (Some(_), None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_are_answered_by_default() {
        for host in ["127.0.0.1:8000", "localhost:8000", "[::1]:8000"] {
            assert!(allowed(Some(host), 8000, false), "{host}");
        }
        for host in ["evil.example:8000", "127.0.0.1", "127.0.0.1:8001", "192.168.1.5:8000", "localhost", ""]
        {
            assert!(!allowed(Some(host), 8000, false), "{host}");
        }
        assert!(!allowed(None, 8000, false));
    }

    #[test]
    fn on_the_lan_addresses_are_answered_and_names_are_not() {
        assert!(allowed(Some("192.168.1.5:8000"), 8000, true));
        assert!(!allowed(Some("evil.example:8000"), 8000, true));
        assert!(!allowed(Some("192.168.1.5.evil.example:8000"), 8000, true));
    }

    #[test]
    fn reports_from_other_sites_are_refused() {
        assert!(same_origin(Some("http://127.0.0.1:8000"), Some("127.0.0.1:8000")));
        assert!(same_origin(None, Some("127.0.0.1:8000")));
        assert!(!same_origin(Some("https://evil.example"), Some("127.0.0.1:8000")));
        assert!(!same_origin(Some("null"), Some("127.0.0.1:8000")));
    }
}
