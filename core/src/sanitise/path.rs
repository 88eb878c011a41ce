//! The name in a path of a person's own folder: `/home/jo`, `C:\Users\jo`.
//!
//! `/home/` is also a page of a site: in a URL behind its host, and in a text that
//! is a path as a whole and names no file, it stays.

use super::Rule;
use super::glyph::{byte, is_word, starts_with};
use super::scan::Scan;

/// The longest name of a user.
const NAME_MAX: usize = 64;

/// Judges the slash at the scan's place.
pub(super) fn user(scan: &mut Scan<'_>) {
    let bytes = scan.bytes;
    let slash = scan.at;
    let back = byte(bytes, slash) == b'\\';
    let mut at = slash;
    while byte(bytes, at) == byte(bytes, slash) && at < slash + 4 {
        at += 1;
    }
    scan.at = at;
    let word = if back && starts_with(bytes, at, b"documents and settings") {
        22
    } else if starts_with(bytes, at, b"users") && (back || byte(bytes, at) == b'U') {
        5
    } else if !back && starts_with(bytes, at, b"home") {
        4
    } else {
        return;
    };
    let home = word == 4;
    let previous = scan.before(slash);
    let goes_on = previous.is_ascii_alphanumeric() || previous >= 0x80 || previous == b'.';
    if goes_on && !back && !is_root(scan, slash) {
        return;
    }
    let mut from = at + word;
    if byte(bytes, from) != byte(bytes, slash) {
        return;
    }
    while byte(bytes, from) == byte(bytes, slash) {
        from += 1;
    }
    let mut to = from;
    let mut space = 0;
    while to < from + NAME_MAX && !ends(byte(bytes, to)) {
        if byte(bytes, to) == b' ' && space == 0 {
            space = to;
        }
        to += 1;
    }
    // A name with spaces is one only where the path goes on behind it.
    if space > 0 && !(back && byte(bytes, to) == b'\\') {
        to = space;
    }
    while matches!(scan.before(to), b'.' | b',' | b':' | b')') && to > from {
        to -= 1;
    }
    // The limit may have cut a character of several bytes in two.
    while to > from && byte(bytes, to) & 0xc0 == 0x80 {
        to -= 1;
    }
    let own = bytes.get(from..to).unwrap_or_default();
    let nobody = [b"public".as_slice(), b"shared", b"default", b"runner"]
        .iter()
        .any(|name| name.len() == own.len() && starts_with(own, 0, name));
    if own.is_empty() || nobody || home && slash == 0 && !names_a_file(bytes, to) {
        return;
    }
    scan.found(Rule::UserPath, from, to);
}

/// The name in `~jo/notes`, where no address goes on: a tilde behind a space, a
/// quote or a sign, and a name before a slash.
pub(super) fn tilde(scan: &mut Scan<'_>) {
    let bytes = scan.bytes;
    let from = scan.at + 1;
    let previous = scan.before(scan.at);
    let begins = matches!(previous, 0 | b' ' | b'\n' | b'\t' | b'"' | b'\'' | b'=' | b':' | b'(');
    if !begins || !byte(bytes, from).is_ascii_lowercase() {
        return;
    }
    let mut to = from;
    while to < from + SHORT_NAME_MAX && (is_word(byte(bytes, to)) || byte(bytes, to) == b'.') {
        to += 1;
    }
    if byte(bytes, to) == b'/' && to > from + 1 {
        scan.found(Rule::UserPath, from, to);
    }
}

/// The longest name of a user on most systems.
const SHORT_NAME_MAX: usize = 32;

/// The name in a path that is encoded for a URL: `%2Fhome%2Fjo`.
pub(super) fn encoded(scan: &mut Scan<'_>) {
    let bytes = scan.bytes;
    let at = scan.at;
    if !matches!((byte(bytes, at + 1), byte(bytes, at + 2) | 0x20), (b'2', b'f') | (b'5', b'c')) {
        return;
    }
    let Some(folder) = [b"%2fhome%2f".as_slice(), b"%2fusers%2f", b"%5cusers%5c"]
        .into_iter()
        .find(|folder| starts_with(bytes, at, folder))
    else {
        return;
    };
    let from = at + folder.len();
    let mut to = from;
    while to < from + SHORT_NAME_MAX && (is_word(byte(bytes, to)) || byte(bytes, to) == b'.') {
        to += 1;
    }
    if to > from && !is_word(byte(bytes, to)) {
        scan.found(Rule::UserPath, from, to);
    }
}

/// Whether what stands before a slash is where systems keep such folders:
/// `/var/home`, `/export/home`, `/mnt/c/Users`.
fn is_root(scan: &Scan<'_>, slash: usize) -> bool {
    [b"/var".as_slice(), b"/export", b"/usr", b"/nfs", b"/data", b"/mnt/c", b"/mnt/d", b"/.."]
        .iter()
        .any(|root| {
            let from = slash.checked_sub(root.len());
            from.is_some_and(|from| from >= scan.copied && starts_with(scan.bytes, from, root))
        })
}

const fn ends(byte: u8) -> bool {
    matches!(
        byte,
        0 | b'/'
            | b'\\'
            | b'\n'
            | b'\r'
            | b'\t'
            | b'"'
            | b'\''
            | b'<'
            | b'>'
            | b'['
            | b']'
            | b'`'
            | b'|'
            | b'*'
            | b';'
            | b'?'
            | b'#'
            | b'('
    )
}

/// Whether a path goes on to a name with a dot, within what a path has.
fn names_a_file(bytes: &[u8], from: usize) -> bool {
    let mut at = from;
    while at < from + 256 {
        match byte(bytes, at) {
            0 | b' ' | b'\n' => return false,
            b'.' => return true,
            _ => at += 1,
        }
    }
    false
}
