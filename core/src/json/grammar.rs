//! The grammar itself: one function, which tells a [`Sink`] what it meets.

use super::Kind;
use super::scan;

/// A number of digits alone, with a minus sign at most.
pub(super) const WHOLE: u32 = 1 << 3;
/// A number that may exceed a 64-bit float: it has an exponent, or 300 bytes.
pub(super) const LARGE: u32 = 1 << 4;

/// Bytes from which on a number without exponent may reach 1e308.
const LARGE_BYTES: usize = 300;

/// What the grammar tells, in the order of the text. Places are bytes.
pub(super) trait Sink {
    /// Whether it wants the flags of keys and strings.
    const NOTES: bool;
    /// An object or array opens at a place.
    fn open(&mut self, object: bool, at: usize);
    /// The innermost one ends before a place.
    fn close(&mut self, to: usize);
    /// Whether the innermost open container is an object; `None` outside of all.
    fn in_object(&self) -> Option<bool>;
    /// A key stands at `from..to`, quotes included.
    fn key(&mut self, from: usize, to: usize, flags: u32);
    /// A string, number or literal stands at `from..to`.
    fn scalar(&mut self, kind: Kind, from: usize, to: usize, flags: u32);
}

/// Where the one value of a text begins and ends; `None` when it is no JSON.
pub(super) fn one_text(bytes: &[u8], sink: &mut impl Sink) -> Option<(usize, usize)> {
    let from = space(bytes, 0);
    let to = one_value(bytes, from, sink)?;
    (space(bytes, to) == bytes.len()).then_some((from, to))
}

/// The place after the value at `at`, containers included.
fn one_value<S: Sink>(bytes: &[u8], mut at: usize, sink: &mut S) -> Option<usize> {
    loop {
        // A value begins here.
        let from = at;
        match bytes.get(at)? {
            b'"' => {
                let (to, flags) = string::<S>(bytes, at)?;
                at = to;
                sink.scalar(Kind::String, from, at, flags);
            }
            b'{' => {
                sink.open(true, at);
                at = space(bytes, at + 1);
                if bytes.get(at) != Some(&b'}') {
                    at = key(bytes, at, sink)?;
                    continue;
                }
                at += 1;
                sink.close(at);
            }
            b'[' => {
                sink.open(false, at);
                at = space(bytes, at + 1);
                if bytes.get(at) != Some(&b']') {
                    continue;
                }
                at += 1;
                sink.close(at);
            }
            b't' => {
                at = literal(bytes, at, b"true")?;
                sink.scalar(Kind::Bool, from, at, 0);
            }
            b'f' => {
                at = literal(bytes, at, b"false")?;
                sink.scalar(Kind::Bool, from, at, 0);
            }
            b'n' => {
                at = literal(bytes, at, b"null")?;
                sink.scalar(Kind::Null, from, at, 0);
            }
            _ => {
                let (to, flags) = number(bytes, at)?;
                at = to;
                sink.scalar(Kind::Number, from, at, flags);
            }
        }
        // A value has ended here: close what it ends, or go on to the next.
        loop {
            let Some(in_object) = sink.in_object() else { return Some(at) };
            at = space(bytes, at);
            match (bytes.get(at)?, in_object) {
                (b',', true) => {
                    at = key(bytes, space(bytes, at + 1), sink)?;
                    break;
                }
                (b',', false) => {
                    at = space(bytes, at + 1);
                    break;
                }
                (b'}', true) | (b']', false) => {
                    at += 1;
                    sink.close(at);
                }
                _ => return None,
            }
        }
    }
}

/// The place of the value behind the key at `at`.
#[cfg_attr(feature = "catalogue", inline(always))]
fn key<S: Sink>(bytes: &[u8], at: usize, sink: &mut S) -> Option<usize> {
    if bytes.get(at) != Some(&b'"') {
        return None;
    }
    let (to, flags) = string::<S>(bytes, at)?;
    sink.key(at, to, flags);
    let at = space(bytes, to);
    if bytes.get(at) != Some(&b':') {
        return None;
    }
    Some(space(bytes, at + 1))
}

/// Eight bytes at a time costs a page 200 bytes more than one.
fn string<S: Sink>(bytes: &[u8], at: usize) -> Option<(usize, u32)> {
    if S::NOTES || cfg!(feature = "catalogue") {
        scan::string(bytes, at)
    } else {
        scan::small_string(bytes, at).map(|to| (to, 0))
    }
}

fn number(bytes: &[u8], from: usize) -> Option<(usize, u32)> {
    let mut at = from;
    let mut flags = WHOLE;
    if bytes.get(at) == Some(&b'-') {
        at += 1;
    }
    at = match bytes.get(at)? {
        b'0' => at + 1,
        b'1'..=b'9' => digits(bytes, at)?,
        _ => return None,
    };
    if bytes.get(at) == Some(&b'.') {
        at = digits(bytes, at + 1)?;
        flags = 0;
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        at += 1;
        if let Some(b'+' | b'-') = bytes.get(at) {
            at += 1;
        }
        at = digits(bytes, at)?;
        flags = LARGE;
    } else if at - from >= LARGE_BYTES {
        flags |= LARGE;
    }
    Some((at, flags))
}

/// The place after one digit or more.
fn digits(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while bytes.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    (at > from).then_some(at)
}

fn literal(bytes: &[u8], at: usize, word: &[u8]) -> Option<usize> {
    let to = at + word.len();
    (bytes.get(at..to)? == word).then_some(to)
}

/// The place of the next byte that is no white space.
#[cfg_attr(feature = "catalogue", inline(always))]
fn space(bytes: &[u8], mut at: usize) -> usize {
    // Most texts have none.
    #[cfg(feature = "catalogue")]
    if bytes.get(at).is_some_and(|byte| *byte > b' ') {
        return at;
    }
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(at) {
        at += 1;
    }
    at
}
