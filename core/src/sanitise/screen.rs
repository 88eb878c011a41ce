//! Names the screen that a path shows: its id-like segments are starred.

use alloc::string::String;

/// A path whose segments that look like ids are `*`: `/orders/4711/items` and
/// `/orders/4712/items` are one screen. A URL's origin, query and fragment are left
/// out. Id-like is a number, a UUID, a long run with digits, and a mark of the
/// sanitiser; `v2` and `iphone-15` are names.
pub fn screen(path: &str) -> String {
    let clean = super::url(path);
    let bytes = clean.as_bytes();
    let mut at = 0;
    // Behind the host.
    if let Some(scheme) = bytes.windows(3).position(|three| three == b"://") {
        at = scheme + 3;
        while at < bytes.len() && bytes.get(at) != Some(&b'/') {
            at += 1;
        }
    }
    let mut out = String::with_capacity(clean.len());
    while at < bytes.len() {
        let from = at;
        while at < bytes.len() && bytes.get(at) != Some(&b'/') {
            at += 1;
        }
        let segment = clean.get(from..at).unwrap_or_default();
        out.push_str(if is_id(segment.as_bytes()) { "*" } else { segment });
        if at < bytes.len() {
            out.push('/');
        }
        at += 1;
    }
    if out.is_empty() {
        out.push('/');
    }
    out
}

fn is_id(segment: &[u8]) -> bool {
    let (mut digits, mut hex) = (0, 0);
    for byte in segment {
        digits += usize::from(byte.is_ascii_digit());
        hex += usize::from(byte.is_ascii_hexdigit() || *byte == b'-');
        if *byte == b'[' {
            return true;
        }
    }
    // A third of digits, four digits, or hex and nothing else.
    digits > 0
        && (digits * 3 >= segment.len() * 2
            || digits >= 4
            || hex == segment.len() && segment.len() >= 8
            || segment.len() >= 20)
}
