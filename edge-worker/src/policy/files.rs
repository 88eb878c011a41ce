//! Which of the SDK's files may be asked for, and how they are labelled.
//!
//! A name is a plain relative path with a known ending, so that neither a
//! folder, nor a dot file, nor anything outside of the folder has a name.

/// How long a browser uses a file whose name carries no version without asking: a
/// release reaches every page within five minutes.
const SHORT: &str = "public, max-age=300, stale-while-revalidate=86400";
/// A name that carries the hash of its content never means anything else.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// Digits of the hash that names the folder of a version.
const VERSION_DIGITS: usize = 16;

/// How long a browser may use a file without asking.
pub fn cache_control(path: &str) -> &'static str {
    let is_version = |folder: &str| {
        folder.len() == VERSION_DIGITS
            && folder.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    match path.split_once('/') {
        Some((folder, _)) if is_version(folder) => FOR_EVER,
        _ => SHORT,
    }
}

/// Whether `Accept-Encoding` takes Brotli: listed by name, and not with a weight of 0.
pub fn takes_brotli(accept_encoding: Option<&str>) -> bool {
    accept_encoding.unwrap_or_default().split(',').any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case("br") && weight.is_some_and(|weight| weight > 0.0)
    })
}

/// The content type of a file that may be served; `None` is a 404.
pub fn content_type(path: &str) -> Option<&'static str> {
    let plain = path.split('/').all(|segment| {
        !segment.is_empty()
            && !segment.starts_with('.')
            && segment
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
    });
    let (_, ending) = path.rsplit_once('.').filter(|_| plain)?;
    Some(match ending {
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "json" | "map" => "application/json",
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "txt" => "text/plain; charset=utf-8",
        _ => return None,
    })
}

/// Whether `If-None-Match` names the file's tag.
pub fn is_unchanged(if_none_match: Option<&str>, etag: &str) -> bool {
    if_none_match.is_some_and(|tags| {
        tags.split(',').any(|tag| {
            let tag = tag.trim();
            tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_types() {
        assert_eq!(content_type("tidemark.js"), Some("text/javascript; charset=utf-8"));
        assert_eq!(content_type("v1/tidemark.wasm"), Some("application/wasm"));
    }

    #[test]
    fn a_version_lasts_for_ever_and_a_name_for_minutes() {
        assert_eq!(cache_control("0123456789abcdef/tidemark.js"), FOR_EVER);
        for path in ["tidemark.js", "v1/tidemark.js", "0123456789ABCDEF/a.js", "0123456789abcdef"] {
            assert_eq!(cache_control(path), SHORT, "{path}");
        }
    }

    #[test]
    fn brotli_is_asked_for_by_name() {
        for yes in ["br", "gzip, br", "gzip;q=0.5, BR;q=0.1", "gzip, deflate, br, zstd"] {
            assert!(takes_brotli(Some(yes)), "{yes}");
        }
        for no in ["", "gzip", "br;q=0", "br;q=0.0", "br;x", "brotli", "*"] {
            assert!(!takes_brotli(Some(no)), "{no}");
        }
        assert!(!takes_brotli(None));
    }

    #[test]
    fn nothing_else_has_a_name() {
        for path in [
            "",
            "/",
            "a",
            "a/",
            "../a.js",
            "a/../b.js",
            "./a.js",
            ".env.js",
            "a/.b/c.js",
            "a//b.js",
            "%2e%2e/a.js",
            "a\\b.js",
            "a.js?x",
            "a.exe",
            "a.js.br",
            "a.js/",
            "ä.js",
            "a b.js",
            "a\0.js",
        ] {
            assert_eq!(content_type(path), None, "{path:?}");
        }
    }

    #[test]
    fn tags_match_weakly() {
        assert!(is_unchanged(Some("\"a\""), "\"a\""));
        assert!(is_unchanged(Some("\"b\", W/\"a\""), "\"a\""));
        assert!(is_unchanged(Some("*"), "\"a\""));
        assert!(!is_unchanged(Some("\"b\""), "\"a\"") && !is_unchanged(None, "\"a\""));
    }
}
