//! Which of the SDK's files may be asked for, and how they are labelled.
//!
//! A name is a plain relative path with a known ending, so that neither a
//! folder, nor a dot file, nor anything outside of the folder has a name.

/// How long a browser uses a file without asking: the names carry no version, so
/// that a release reaches every page within five minutes.
pub const CACHE_CONTROL: &str = "public, max-age=300, stale-while-revalidate=86400";

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
