//! Keeps web pages out.
//!
//! A process on loopback is within reach of every page in the same person's
//! browser: by a plain POST (which needs no preflight), or by a name that the
//! page's owner points at 127.0.0.1. No program that this interface is for
//! sends what is refused here.

use std::net::IpAddr;

use hyper::HeaderMap;
use hyper::header::{HOST, ORIGIN};

/// Why a request is taken for a web page's, or `None`.
pub(crate) fn from_a_page(headers: &HeaderMap, loopback: bool) -> Option<&'static str> {
    let page = headers.get(ORIGIN).is_some_and(|v| v.as_bytes().starts_with(b"http"));
    let fetched = headers.get("sec-fetch-site").is_some_and(|v| v.as_bytes() != b"none");
    if page || fetched {
        return Some("Web pages are not served: ask from a program");
    }
    let host = headers.get(HOST).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if loopback && !host.is_empty() && !is_local_name(host) {
        return Some("The Host header names no address of this machine's loopback");
    }
    None
}

fn is_local_name(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.to_ascii_lowercase().ends_with(".localhost")
        || name.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(name: &'static str, value: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().expect("value"));
        from_a_page(&headers, true).is_some()
    }

    #[test]
    fn programs_pass_and_pages_do_not() {
        for host in ["127.0.0.1:8123", "localhost", "localhost:1", "[::1]:8123", "db.localhost:1"] {
            assert!(!refused("host", host), "{host}");
        }
        assert!(refused("host", "evil.example:8123"));
        assert!(refused("origin", "https://evil.example"));
        assert!(refused("sec-fetch-site", "cross-site"));
        assert!(!refused("sec-fetch-site", "none") && !refused("sec-fetch-mode", "cors"));
        let mut headers = HeaderMap::new();
        headers.insert("host", "clickhouse.internal:8123".parse().expect("value"));
        assert_eq!(from_a_page(&headers, false), None);
    }
}
