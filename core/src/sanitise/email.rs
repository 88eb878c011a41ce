//! Finds addresses of e-mail in running text.
//!
//! An address is a local part, an at sign (also `%40` and the full-width `＠`),
//! and a domain with a dot whose last label is of letters. Both sides may hold
//! letters of any script. Each byte is looked at a bounded number of times: both
//! sides end at the next at sign, and at a length that no address exceeds.

use alloc::string::String;

use super::EMAIL_MARK;

/// RFC 5321, 4.5.3.1.1, in characters of which one may be four bytes.
const LOCAL_MAX_BYTES: usize = 64 * 4;
/// RFC 5321, 4.5.3.1.2.
const DOMAIN_MAX_BYTES: usize = 255;

/// The text with each address replaced; `None` when it holds none.
pub(super) fn without_addresses(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut output: Option<String> = None;
    let mut copied = 0;
    let mut at = 0;
    while at < bytes.len() {
        let sign = at_sign(bytes, at);
        if sign == 0 {
            at += 1;
            continue;
        }
        let from = local_start(bytes, copied, at);
        let to = domain_end(bytes, at + sign);
        if from < at && to > at + sign {
            let output = output.get_or_insert_with(String::new);
            output.push_str(text.get(copied..from).unwrap_or_default());
            output.push_str(EMAIL_MARK);
            copied = to;
            at = to;
        } else {
            at += sign;
        }
    }
    let mut output = output?;
    output.push_str(text.get(copied..).unwrap_or_default());
    Some(output)
}

/// The length of the at sign at a place; 0 for none.
fn at_sign(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at) {
        Some(b'@') => 1,
        Some(b'%') if bytes.get(at + 1..at + 3) == Some(b"40") => 3,
        Some(0xef) if bytes.get(at + 1..at + 3) == Some(b"\xbc\xa0") => 3,
        _ => 0,
    }
}

/// Where the local part before the at sign begins; the sign's own place when
/// there is none. Not before `floor`.
fn local_start(bytes: &[u8], floor: usize, sign: usize) -> usize {
    let floor = floor.max(sign.saturating_sub(LOCAL_MAX_BYTES));
    let mut from = sign;
    while from > floor && bytes.get(from - 1).is_some_and(|byte| is_local(*byte)) {
        from -= 1;
    }
    // The limit may have cut a character of several bytes in two.
    while from < sign && bytes.get(from).is_some_and(|byte| byte & 0xc0 == 0x80) {
        from += 1;
    }
    // Quotes and dots before an address are the sentence's, not the address's.
    while from < sign && matches!(bytes.get(from), Some(b'.' | b'\'' | b'-')) {
        from += 1;
    }
    from
}

const fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || byte >= 0x80
        || matches!(byte, b'.' | b'_' | b'%' | b'+' | b'-' | b'\'')
}

/// Where the domain behind the at sign ends; its beginning when there is none.
fn domain_end(bytes: &[u8], from: usize) -> usize {
    let limit = bytes.len().min(from + DOMAIN_MAX_BYTES);
    let mut end = from;
    // The end of the last label of letters that follows a dot.
    let mut valid = from;
    let mut label = from;
    let mut letters = 0;
    while end < limit {
        let byte = bytes.get(end).copied().unwrap_or_default();
        match byte {
            b'.' if end > label => {
                label = end + 1;
                letters = 0;
            }
            b'a'..=b'z' | b'A'..=b'Z' | 0x80.. if at_sign(bytes, end) == 0 => letters += 1,
            b'0'..=b'9' | b'-' if end > label || byte != b'-' => {}
            _ => break,
        }
        end += 1;
        let whole_character = bytes.get(end).is_none_or(|next| next & 0xc0 != 0x80);
        if label > from && letters >= 2 && letters == end - label && whole_character {
            valid = end;
        }
    }
    // A last label that goes on with digits or a hyphen is no top-level domain
    // of letters, but punycode's is: xn--p1ai.
    let punycode =
        bytes.get(label..label + 4).is_some_and(|start| start.eq_ignore_ascii_case(b"xn--"));
    if label > from && punycode && end > label + 4 { end } else { valid }
}
