//! The grammar of RFC 8259, held once over a whole body.
//!
//! Linear in the input and without recursion: memory is one bit a level of
//! nesting, so that a body of brackets costs a body's eighth. What a single
//! event may hold beyond the grammar (depth, numbers, surrogates) is judged
//! an event at a time, so that its neighbours live.

use alloc::vec::Vec;

use super::Value;
use crate::verdict::Code;

/// Holds bytes against UTF-8 and the JSON grammar.
///
/// # Errors
/// `invalid_utf8` or `invalid_json`.
pub fn check(body: &[u8]) -> Result<Value<'_>, Code> {
    check_text(core::str::from_utf8(body).map_err(|_| Code::InvalidUtf8)?)
}

/// Holds text against the JSON grammar.
///
/// # Errors
/// `invalid_json`.
pub fn check_text(text: &str) -> Result<Value<'_>, Code> {
    let bytes = text.as_bytes();
    let from = space(bytes, 0);
    let mut to = one_value(bytes, from).ok_or(Code::InvalidJson)?;
    let value = text.get(from..to).map(Value).ok_or(Code::InvalidJson)?;
    to = space(bytes, to);
    if to == bytes.len() { Ok(value) } else { Err(Code::InvalidJson) }
}

/// The place after the value at `at`, containers included.
fn one_value(bytes: &[u8], mut at: usize) -> Option<usize> {
    let mut open = Levels::default();
    loop {
        // A value begins here.
        match bytes.get(at)? {
            b'{' => {
                at = space(bytes, at + 1);
                if bytes.get(at) == Some(&b'}') {
                    at += 1;
                } else {
                    open.push(true);
                    at = key(bytes, at)?;
                    continue;
                }
            }
            b'[' => {
                at = space(bytes, at + 1);
                if bytes.get(at) == Some(&b']') {
                    at += 1;
                } else {
                    open.push(false);
                    continue;
                }
            }
            b'"' => at = string(bytes, at)?,
            b't' => at = literal(bytes, at, b"true")?,
            b'f' => at = literal(bytes, at, b"false")?,
            b'n' => at = literal(bytes, at, b"null")?,
            _ => at = number(bytes, at)?,
        }
        // A value has ended here: close what it ends, or go on to the next.
        loop {
            let Some(in_object) = open.top() else { return Some(at) };
            at = space(bytes, at);
            match (bytes.get(at)?, in_object) {
                (b',', true) => {
                    at = key(bytes, space(bytes, at + 1))?;
                    break;
                }
                (b',', false) => {
                    at = space(bytes, at + 1);
                    break;
                }
                (b'}', true) | (b']', false) => {
                    open.pop();
                    at += 1;
                }
                _ => return None,
            }
        }
    }
}

/// The place of the value behind the key at `at`.
fn key(bytes: &[u8], at: usize) -> Option<usize> {
    if bytes.get(at) != Some(&b'"') {
        return None;
    }
    let at = space(bytes, string(bytes, at)?);
    if bytes.get(at) != Some(&b':') {
        return None;
    }
    Some(space(bytes, at + 1))
}

fn string(bytes: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => match bytes.get(at + 1)? {
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => at += 2,
                b'u' => {
                    if !bytes.get(at + 2..at + 6)?.iter().all(u8::is_ascii_hexdigit) {
                        return None;
                    }
                    at += 6;
                }
                _ => return None,
            },
            0..=0x1f => return None,
            _ => at += 1,
        }
    }
}

fn number(bytes: &[u8], mut at: usize) -> Option<usize> {
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
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        at += 1;
        if let Some(b'+' | b'-') = bytes.get(at) {
            at += 1;
        }
        at = digits(bytes, at)?;
    }
    Some(at)
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

fn space(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(at) {
        at += 1;
    }
    at
}

/// The open containers, one bit each: object or array.
#[derive(Default)]
struct Levels {
    words: Vec<u64>,
    count: usize,
}

impl Levels {
    fn push(&mut self, object: bool) {
        let (word, bit) = (self.count / 64, self.count % 64);
        if word == self.words.len() {
            self.words.push(0);
        }
        if let Some(word) = self.words.get_mut(word) {
            *word = *word & !(1 << bit) | u64::from(object) << bit;
        }
        self.count += 1;
    }

    fn pop(&mut self) {
        self.count = self.count.saturating_sub(1);
    }

    fn top(&self) -> Option<bool> {
        let last = self.count.checked_sub(1)?;
        self.words.get(last / 64).map(|word| word >> (last % 64) & 1 == 1)
    }
}
