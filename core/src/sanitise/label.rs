//! Values that their label gives away: `password=…`, `token: …`, `&code=…`.
//!
//! A label is the name before a colon or an equals sign, by the same table as the
//! keys of JSON. A name that means a secret and nothing else hides what follows;
//! one that often means something else (code, state, key) hides what looks drawn
//! by lot, and parameters of a query.

use super::Rule;
use super::glyph::{ENDS_LINE, ENDS_VALUE, IN_NAME, byte, is_word, sort, starts_with};
use super::names::{self, Name};
use super::scan::Scan;

/// The longest name of a label.
const NAME_MAX: usize = 40;
/// How much of a value is looked at to tell what it is.
const JUDGED_MAX: usize = 64;

/// Judges the label whose sign stands at the scan's place.
pub(super) fn value(scan: &mut Scan<'_>) {
    let bytes = scan.bytes;
    let sign = scan.at;
    let width = match byte(bytes, sign) {
        b':' | b'=' => 1,
        _ if matches!(scan.text.get(sign..sign + 3), Some("：" | "＝")) => 3,
        _ => return,
    };
    if token_of_a_bot(scan, sign) {
        return;
    }
    let mut name_end = sign;
    while matches!(scan.before(name_end), b'"' | b'\'' | b'\\' | b' ') && name_end + 3 > sign {
        name_end -= 1;
    }
    if !names::may_mean(bytes, name_end) {
        return;
    }
    let mut name = name_begin(scan, name_end);
    // Words that are one name all the same.
    if starts_with(bytes, name, b"passe")
        && name >= scan.copied + 7
        && starts_with(bytes, name - 7, b"mot de ")
    {
        name -= 7;
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
        if byte(bytes, from) | 0x20 == byte(scheme, 0) && starts_with(bytes, from, scheme) {
            from += scheme.len();
        }
    }
    let line = class == Some(Name::Line);
    if line && !is_cookie(bytes, from) {
        return;
    }
    // What it is shows at its beginning: no value is read twice by far.
    let weak = class == Some(Name::Weak);
    let colon = byte(bytes, sign) == b':';
    let mut to = from;
    let ends = if line { ENDS_LINE } else { ENDS_VALUE };
    while to < from + JUDGED_MAX {
        let here = byte(bytes, to);
        // Labels in a row, each the value of the one before. The sign itself tells
        // nothing: what it is must read the same when the next one is gone.
        let label = here == b'=' && weak || here == b':' && (weak || colon && glued);
        if sort(here) & ends != 0 || label {
            break;
        }
        to += 1;
    }
    let own = bytes.get(from..to).unwrap_or_default();
    let own = if glued { own } else { trim(own) };
    let parameter = matches!(scan.before(name), b'&' | b'?') && byte(bytes, sign) == b'=';
    let label = bytes.get(name..name_end).unwrap_or_default();
    let assigned = glued && byte(bytes, sign) == b'=';
    let hides = match class {
        Some(Name::Weak) => {
            // "Promo code: SUMMER20" is for everybody.
            let least = if assigned { 10 } else { 16 };
            is_drawn(own, least) && is_token(own) || parameter && own.len() >= 3
        }
        Some(Name::Line) => true,
        _ => {
            let said = assigned || is_drawn(own, 5);
            let element = byte(bytes, to) == b'[' && byte(bytes, to + 1).is_ascii_digit();
            let known = || element || is_placeholder(own, label) || is_code(own);
            own.len() >= 3 && (parameter || said && !known())
        }
    };
    if !hides || is_mark(own) {
        return;
    }
    let jwt = starts_with(own, 0, b"eyj") && own.contains(&b'.');
    while sort(byte(bytes, to)) & ends == 0 {
        to += 1;
    }
    if !glued {
        to = from + trim(bytes.get(from..to).unwrap_or_default()).len();
    }
    scan.found(if jwt { Rule::Jwt } else { Rule::Secret }, from, to);
}

/// A value without the sentence's end.
fn trim(mut value: &[u8]) -> &[u8] {
    while let [rest @ .., b'.' | b'!' | b'?' | b':'] = value {
        value = rest;
    }
    value
}

/// Where the name begins that ends at a place.
fn name_begin(scan: &Scan<'_>, end: usize) -> usize {
    let floor = scan.copied.max(end.saturating_sub(NAME_MAX));
    let mut name = end;
    while name > floor && is_name(byte(scan.bytes, name - 1)) {
        name -= 1;
    }
    name
}

fn is_name(byte: u8) -> bool {
    sort(byte) & IN_NAME != 0
}

/// A secret that a sentence tells: "my password is …". The word whose first digit, or
/// whose digit behind a sign, is looked at begins at `from`. True when it is one.
pub(super) fn spoken(scan: &mut Scan<'_>, from: usize) -> bool {
    let bytes = scan.bytes;
    let mut value = from;
    let blank = |byte: u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b']');
    while value > scan.copied && value + SPOKEN_MAX > from && !blank(scan.before(value)) {
        value -= 1;
    }
    if value < scan.copied + 8 || scan.before(value) != b' ' || byte(bytes, value) >= 0x80 {
        return false;
    }
    let verb = if starts_with(bytes, value - 4, b" is ") {
        4
    } else if starts_with(bytes, value - 5, b" ist ") {
        5
    } else {
        return false;
    };
    let name_end = value - verb;
    let name = name_begin(scan, name_end);
    if names::of(bytes.get(name..name_end).unwrap_or_default(), true) != Some(Name::Secret) {
        return false;
    }
    let mut to = value;
    let ends = |byte: u8| {
        byte == 0
            || byte.is_ascii_whitespace()
            || matches!(byte, b'"' | b'\'' | b'<' | b',' | b';' | b'[')
    };
    while to < value + JUDGED_MAX && !ends(byte(bytes, to)) {
        to += 1;
    }
    let own = trim(bytes.get(value..to).unwrap_or_default());
    if own.len() < 5 || !is_drawn(own, 5) || is_mark(own) || is_code(own) {
        return false;
    }
    scan.found(Rule::Secret, value, value + own.len());
    true
}

/// How far before its first digit a password that is spoken of may begin.
const SPOKEN_MAX: usize = 24;

/// The token of a bot (Telegram), or of a phone for its messages (Firebase): a
/// number or a word, a colon, and a run with a beginning of its own.
fn token_of_a_bot(scan: &mut Scan<'_>, colon: usize) -> bool {
    let bytes = scan.bytes;
    if byte(bytes, colon) != b':' || !byte(bytes, colon + 1).eq_ignore_ascii_case(&b'a') {
        return false;
    }
    let firebase = starts_with(bytes, colon + 1, b"apa91b");
    if !firebase && !starts_with(bytes, colon + 1, b"aa") {
        return false;
    }
    let mut from = colon;
    while from > scan.copied && from + 24 > colon && is_word(byte(bytes, from - 1)) {
        let digit = byte(bytes, from - 1).is_ascii_digit();
        if !firebase && !digit {
            break;
        }
        from -= 1;
    }
    let mut to = colon + 1;
    while to < colon + 256 && is_word(byte(bytes, to)) {
        to += 1;
    }
    let fits = if firebase { to > colon + 64 } else { from + 8 <= colon && to >= colon + 34 };
    if fits {
        scan.found(Rule::Secret, from, to);
    }
    fits
}

/// Whether a value looks drawn by lot rather than written: letters and digits of
/// some length, or an odd sign among them; not a word, a number, or a place in a file.
fn is_drawn(value: &[u8], least: usize) -> bool {
    let (mut digits, mut letters, mut signs) = (0, 0, 0);
    for byte in value {
        match byte {
            b'0'..=b'9' => digits += 1,
            b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => letters += 1,
            b'!' | b'@' | b'#' | b'$' | b'%' | b'^' | b'&' | b'+' | b'~' => signs += 1,
            _ => {}
        }
    }
    let enough = if least < 8 { digits > 0 || signs > 0 } else { digits > 1 };
    value.len() >= least && letters > 0 && enough
}

/// Whether a value is of the signs that tokens are of.
fn is_token(value: &[u8]) -> bool {
    let padding = value.iter().rev().take_while(|byte| **byte == b'=').count();
    let body = value.get(..value.len() - padding).unwrap_or_default();
    body.iter().all(|byte| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'_' | b'-' | b'+' | b'/' | b'~' | b'%' | b'=')
    }) && !body.contains(&b'=')
}

/// Whether a value names what stands elsewhere: a word of the label itself, a
/// variable, a member of something.
fn is_placeholder(value: &[u8], label: &[u8]) -> bool {
    let word = |word: &[u8]| word.len() == value.len() && starts_with(value, 0, word);
    let named = value.len() <= label.len()
        && label
            .get(label.len() - value.len()..)
            .is_some_and(|end| end.eq_ignore_ascii_case(value));
    let sign = matches!(byte(value, 0), b'{' | b'(' | b'%' | b'*' | b'.')
        || byte(value, 0) == b'$' && matches!(byte(value, 1), b'{' | b'(' | b'A'..=b'Z' | b'_');
    // original_token=anchor_token.
    let joined = || {
        let last = label.iter().rposition(|byte| *byte == b'_').and_then(|line| label.get(line..));
        last.is_some_and(|last| last.len() > 3 && value.ends_with(last)) || is_constant(value)
    };
    named
        || sign
        || value.contains(&b'_') && joined()
        || matches!(value.len(), 3..=6 | 9)
            && [
                b"true".as_slice(),
                b"false",
                b"none",
                b"null",
                b"undefined",
                b"string",
                b"yes",
                b"str",
            ]
            .iter()
            .any(|known| word(known))
}

/// Whether a value with a low line begins or is written as constants are.
fn is_constant(value: &[u8]) -> bool {
    let (mut lines, mut digits, mut small) = (0, 0, false);
    for byte in value {
        match byte {
            b'_' => lines += 1,
            b'0'..=b'9' => digits += 1,
            b'a'..=b'z' => small = true,
            b'A'..=b'Z' => {}
            _ => return false,
        }
    }
    digits < 4 && (byte(value, 0) == b'_' || lines > 1 && !small)
}

/// Whether a value is a piece of a program: a call, a path of names.
fn is_code(value: &[u8]) -> bool {
    let mut names = 1;
    let mut digits = 0;
    for (at, byte) in value.iter().enumerate() {
        match byte {
            b'(' | b')' if at > 0 => return true,
            // Token{a64f992 …
            b'{' if at > 3 && value.get(..at).is_some_and(is_type) => return true,
            b':' if value.get(at + 1) == Some(&b':') => return true,
            b'-' if value.get(at + 1) == Some(&b'>') => return true,
            b'.' => names += 1,
            b'0'..=b'9' => digits += 1,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'?' | b';' => {}
            _ => names = 100,
        }
    }
    // Three dots are a token's in base64.
    matches!(names, 2..=6) && digits < names && value.len() < 64
}

/// Whether a word is of letters alone, the first of them large.
fn is_type(word: &[u8]) -> bool {
    word.first().is_some_and(u8::is_ascii_uppercase) && word.iter().all(u8::is_ascii_alphabetic)
}

/// Whether a cookie begins at a place: a name, an equals sign, a value.
fn is_cookie(bytes: &[u8], from: usize) -> bool {
    let mut at = from;
    while at < from + NAME_MAX && is_name(byte(bytes, at)) {
        at += 1;
    }
    let value = |at: usize| sort(byte(bytes, at)) & ENDS_LINE == 0;
    at > from && byte(bytes, at) == b'=' && value(at + 1) && value(at + 2)
}

/// A mark, or a keyed hash, stands here already.
fn is_mark(value: &[u8]) -> bool {
    names::is_hashed(value)
        || value.first() == Some(&b'[')
        || value.iter().all(|byte| *byte == b'*')
}
