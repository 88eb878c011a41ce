//! Which types of body are read.

/// Whether a body of this `Content-Type` is read: JSON, and plain text, because a
/// beacon of that type needs no preflight. Parameters do not matter.
pub fn is_taken(content_type: Option<&str>) -> bool {
    let essence = content_type.and_then(|header| header.split(';').next()).unwrap_or_default();
    ["application/json", "text/plain"]
        .into_iter()
        .any(|taken| essence.trim().eq_ignore_ascii_case(taken))
}

#[cfg(test)]
mod tests {
    use super::is_taken;

    #[test]
    fn json_and_beacons_are_taken() {
        for taken in ["application/json", "text/plain;charset=UTF-8", "Application/JSON ; x=y"] {
            assert!(is_taken(Some(taken)), "{taken}");
        }
        for other in [None, Some(""), Some("text/html"), Some("application/jsonx")] {
            assert!(!is_taken(other), "{other:?}");
        }
    }
}
