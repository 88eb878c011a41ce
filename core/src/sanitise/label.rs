//! Values that their label gives away: `password=…`, `token: …`, `&code=…`.
//!
//! A label is the name before a colon or an equals sign, by the same table as the
//! keys of JSON. A name that means a secret and nothing else hides what follows;
//! one that often means something else (code, state, key) hides what looks drawn
//! by lot, and parameters of a query.

use super::Rule;
use super::glyph::{byte, starts_with};
use super::names::{self, Name};
use super::scan::Scan;

/// The longest name of a label.
const NAME_MAX: usize = 40;

/// Judges the label whose sign stands at the scan's place.
pub(super) fn value(scan: &mut Scan<'_>) {
    let bytes = scan.bytes;
    let sign = scan.at;
    let width = match byte(bytes, sign) {
        b':' | b'=' => 1,
        _ if matches!(scan.text.get(sign..sign + 3), Some("：" | "＝")) => 3,
        _ => return,
    };
    let mut name_end = sign;
    while matches!(scan.before(name_end), b'"' | b'\'' | b'\\' | b' ') && name_end + 3 > sign {
        name_end -= 1;
    }
    let mut name = name_end;
    while name > scan.copied && name + NAME_MAX > name_end && is_name(scan.before(name)) {
        name -= 1;
    }
    let class = names::of(bytes.get(name..name_end).unwrap_or_default(), true);
    if !matches!(class, Some(Name::Secret | Name::Weak | Name::Line)) {
        return;
    }
    let mut from = sign + width;
    let glued = !matches!(byte(bytes, from), b' ' | b'\t');
    while matches!(byte(bytes, from), b' ' | b'"' | b'\'' | b'\\') && from < sign + width + 6 {
        from += 1;
    }
    // The scheme of an Authorization header.
    for scheme in [b"bearer ".as_slice(), b"basic ", b"token ", b"digest ", b"apikey "] {
        if starts_with(bytes, from, scheme) {
            from += scheme.len();
        }
    }
    let line = class == Some(Name::Line);
    let mut to = from;
    while !ends_value(byte(bytes, to), line) {
        to += 1;
    }
    while matches!(scan.before(to), b'.' | b'!' | b'?' | b':') && to > from && !glued {
        to -= 1;
    }
    let own = bytes.get(from..to).unwrap_or_default();
    let parameter = matches!(scan.before(name), b'&' | b'?');
    let hides = match class {
        Some(Name::Weak) => {
            // "Promo code: SUMMER20" is for everybody.
            let least = if glued && byte(bytes, sign) == b'=' { 10 } else { 16 };
            is_drawn(own, least) || parameter && own.len() >= 3
        }
        Some(Name::Line) => own.len() >= 4,
        _ => {
            (glued && byte(bytes, sign) == b'=' || parameter || is_drawn(own, 5)) && own.len() >= 3
        }
    };
    if hides && !is_mark(own) {
        let jwt = starts_with(own, 0, b"eyj") && own.contains(&b'.');
        scan.found(if jwt { Rule::Jwt } else { Rule::Secret }, from, to);
    }
}

const fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | 0xc3 | 0xb1 | 0xc2)
}

fn ends_value(byte: u8, line: bool) -> bool {
    match byte {
        0 | b'\n' | b'\r' | b'"' | b'\'' | b'<' | b'`' => true,
        b' ' | b'\t' | b',' | b';' | b'&' | b'}' | b')' | b'>' | b'[' | b']' | b'\\' => !line,
        _ => false,
    }
}

/// Whether a value looks drawn by lot rather than written: letters and digits of
/// some length, or a sign among them; not a word, a number, or a place in a file.
fn is_drawn(value: &[u8], least: usize) -> bool {
    let (mut digits, mut letters, mut signs) = (0, 0, 0);
    for byte in value {
        match byte {
            b'0'..=b'9' => digits += 1,
            b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => letters += 1,
            b'(' | b'/' => signs += 0,
            _ => signs += 1,
        }
    }
    value.len() >= least && letters > 0 && (digits > 0 || signs > 1 && least < 8)
}

/// A mark, or a keyed hash, stands here already.
fn is_mark(value: &[u8]) -> bool {
    names::is_hashed(value)
        || value.first() == Some(&b'[')
        || value.iter().all(|byte| *byte == b'*')
}
