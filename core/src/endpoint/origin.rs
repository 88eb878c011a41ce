//! Which pages may send to a site, and what a browser is told about it.
//!
//! A call without `Origin` comes from no page and is taken: the write key is
//! public anyway, and the origin guards against other people's pages alone.
//! Credentials are never allowed. An error answer may be read by the page that
//! caused it, a refused one included: it says nothing but why.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// For how long a browser may keep the answer to a preflight: a day, which
/// browsers cut to what they allow.
const PREFLIGHT_MAX_AGE_S: &str = "86400";

/// The headers that a page may read.
const EXPOSED: &str = "Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset";

/// Whether a site's list names an origin: exactly, or as a subdomain of
/// `https://*.example.com` (any depth, the same scheme and port; not the domain
/// itself).
pub fn is_listed(origins: &[String], origin: &str) -> bool {
    origins.iter().any(|listed| matches(listed, origin))
}

/// Whether an entry of a site's list is one that an origin can equal or match.
pub fn is_well_formed(listed: &str) -> bool {
    let Some((scheme, host)) = listed.split_once("://") else { return false };
    let host = host.strip_prefix("*.").unwrap_or(host);
    matches!(scheme, "http" | "https")
        && !host.is_empty()
        && host.bytes().all(
            |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b':' | b'[' | b']'),
        )
}

fn matches(listed: &str, origin: &str) -> bool {
    let listed = without_own_port(listed);
    let Some((scheme, parent)) = listed.split_once("*.") else { return listed == origin };
    origin
        .strip_prefix(scheme)
        .and_then(|host| host.strip_suffix(parent))
        .and_then(|labels| labels.strip_suffix('.'))
        .is_some_and(|labels| {
            labels.split('.').all(|label| {
                !label.is_empty()
                    && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            })
        })
}

/// An entry without the port that is its scheme's own: a browser never tells that one.
fn without_own_port(listed: &str) -> &str {
    let own = if listed.starts_with("https:") { ":443" } else { ":80" };
    listed.strip_suffix(own).unwrap_or(listed)
}

/// The headers that let a page read an answer. What cannot be an origin, or a
/// header's value, is not repeated.
pub fn cors_headers(origin: Option<&str>) -> Vec<(&'static str, String)> {
    let mut headers = vec![("vary", String::from("Origin"))];
    if let Some(origin) = origin.filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic())) {
        headers.push(("access-control-allow-origin", String::from(origin)));
        headers.push(("access-control-expose-headers", String::from(EXPOSED)));
    }
    headers
}

/// The headers that answer an allowed preflight.
pub fn preflight_headers(origin: &str) -> Vec<(&'static str, String)> {
    let mut headers = cors_headers(Some(origin));
    headers.extend([
        ("access-control-allow-methods", String::from("POST")),
        (
            "access-control-allow-headers",
            String::from("content-type, authorization, idempotency-key"),
        ),
        ("access-control-max-age", String::from(PREFLIGHT_MAX_AGE_S)),
    ]);
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_and_subdomains() {
        let listed = [String::from("http://127.0.0.1:8080"), String::from("https://*.example.com")];
        for origin in
            ["http://127.0.0.1:8080", "https://a.example.com", "https://a-1.b.example.com"]
        {
            assert!(is_listed(&listed, origin), "{origin}");
        }
        for origin in [
            "null",
            "",
            "http://127.0.0.1:8081",
            "https://127.0.0.1:8080",
            "https://example.com",
            "https://.example.com",
            "https://a..example.com",
            "http://a.example.com",
            "https://a.example.com:444",
            "https://evilexample.com",
            "https://a.example.com.evil.org",
            "https://evil.org/.example.com",
            "https://evil.org?x.example.com",
            "https://evil.org:1.example.com",
            "https://a@evil.example.com",
        ] {
            assert!(!is_listed(&listed, origin), "{origin}");
        }
    }

    #[test]
    fn a_port_that_no_browser_tells_may_be_listed() {
        for (listed, origin, is_one) in [
            ("https://a.example:443", "https://a.example", true),
            ("http://a.example:80", "http://a.example", true),
            ("https://*.a.example:443", "https://b.a.example", true),
            ("https://a.example:80", "https://a.example", false),
            ("http://a.example:443", "http://a.example", false),
            ("https://a.example:8443", "https://a.example:8443", true),
            ("https://a.example:8443", "https://a.example", false),
        ] {
            assert_eq!(is_listed(&[String::from(listed)], origin), is_one, "{listed} {origin}");
        }
    }

    #[test]
    fn a_list_holds_origins_not_urls() {
        for listed in ["https://a.example", "https://*.a.example", "http://[::1]:80"] {
            assert!(is_well_formed(listed), "{listed}");
        }
        for listed in [
            "*",
            "a.example",
            "https://",
            "https://a.example/",
            "ftp://a",
            "https://*",
            "https://A.example",
        ] {
            assert!(!is_well_formed(listed), "{listed}");
        }
    }

    #[test]
    fn credentials_are_never_allowed() {
        let headers = preflight_headers("https://a.example");
        assert!(headers.iter().all(|(name, _)| *name != "access-control-allow-credentials"));
        assert!(headers.contains(&("access-control-allow-origin", "https://a.example".into())));
    }

    #[test]
    fn nonsense_is_not_repeated() {
        for origin in [Some("https://ä.example"), Some("a b"), Some("a\r\nb"), None] {
            assert_eq!(cors_headers(origin), [("vary", String::from("Origin"))]);
        }
        assert_eq!(cors_headers(Some("null")).len(), 3);
    }
}
