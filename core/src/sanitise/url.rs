//! Ends URLs at their path: a query or a fragment may carry anything.
//!
//! A URL begins at `scheme://`, or at a `/` that opens the whole text (a path).
//! It reaches to the next white space, quote or angle bracket. What stands
//! before the host's `@` (credentials) goes as well.

use alloc::string::String;

/// The text with every URL ended at its path; `None` when nothing changes.
pub(super) fn without_queries(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut output: Option<String> = None;
    let mut copied = 0;
    let mut remove = |from: usize, to: usize| {
        if from < to {
            let output = output.get_or_insert_with(String::new);
            output.push_str(text.get(copied..from).unwrap_or_default());
            copied = to;
        }
    };
    let mut at = 0;
    if bytes.first() == Some(&b'/') {
        let end = end_of_url(bytes, 0);
        remove(end_of_path(bytes, 0, end), end);
        at = end;
    }
    while at < bytes.len() {
        let is_url = bytes.get(at) == Some(&b':')
            && bytes.get(at + 1..at + 3) == Some(b"//")
            && at
                .checked_sub(1)
                .and_then(|before| bytes.get(before))
                .is_some_and(u8::is_ascii_alphabetic);
        if !is_url {
            at += 1;
            continue;
        }
        let host = at + 3;
        let end = end_of_url(bytes, host);
        let path_end = end_of_path(bytes, host, end);
        remove(host, after_credentials(bytes, host, path_end));
        remove(path_end, end);
        at = end;
    }
    let mut output = output?;
    output.push_str(text.get(copied..).unwrap_or_default());
    Some(output)
}

fn end_of_url(bytes: &[u8], from: usize) -> usize {
    first(bytes, from, bytes.len(), |byte| {
        byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'<' | b'>' | b'`')
    })
}

fn end_of_path(bytes: &[u8], from: usize, end: usize) -> usize {
    first(bytes, from, end, |byte| matches!(byte, b'?' | b'#'))
}

/// The place behind the last `@` of the authority; the host's own for none.
fn after_credentials(bytes: &[u8], host: usize, end: usize) -> usize {
    let authority_end = first(bytes, host, end, |byte| matches!(byte, b'/' | b'\\'));
    let authority = bytes.get(host..authority_end).unwrap_or_default();
    authority.iter().rposition(|byte| *byte == b'@').map_or(host, |sign| host + sign + 1)
}

/// The first place in a range where a byte is such a one, else the range's end.
fn first(bytes: &[u8], from: usize, to: usize, such: impl Fn(u8) -> bool) -> usize {
    let range = bytes.get(from..to).unwrap_or_default();
    range.iter().position(|byte| such(*byte)).map_or(to, |offset| from + offset)
}
