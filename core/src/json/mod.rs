//! JSON text, read in place: no tree, no copies, no numbers parsed.
//!
//! One reader in every part, because parsers disagree exactly where it hurts
//! (a key that stands twice, half a surrogate pair, 1e400): see
//! docs/adr/0002-one-json-reader.md. [`check`] holds the text against the grammar
//! once; a [`Value`] is a slice of checked text, so that reading on cannot fail. A
//! [`Tape`] holds the grammar and keeps what it found, for those who judge: it is
//! walked without looking at the text again. `serde_json` is the oracle in the
//! tests.

mod check;
mod grammar;
mod key;
mod scan;
mod steps;
mod tape;
mod walk;
mod write;

use alloc::borrow::Cow;
use alloc::string::String;

pub use check::{check, check_text};
#[cfg(feature = "catalogue")]
pub(crate) use key::Head;
pub use steps::Steps;
pub(crate) use tape::Piece;
#[cfg(feature = "catalogue")]
pub use tape::TapeMemory;
pub use tape::{Items as NodeItems, Members, Node, Tape};
pub use walk::{Token, Tokens, Walker};
#[cfg(not(feature = "catalogue"))]
pub(crate) use write::write_digit;
pub use write::{copy, push_pointer, push_pointer_index, write_padded, write_string, write_u64};

/// The kinds of JSON value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `"…"`
    String,
    /// `-1.5e3`
    Number,
    /// `true`, `false`
    Bool,
    /// `null`
    Null,
}

/// One value inside of checked text, without white space around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value<'a>(&'a str);

impl<'a> Value<'a> {
    /// The value's text as it stands in the input.
    pub const fn raw(self) -> &'a str {
        self.0
    }

    /// What kind of value it is.
    pub fn kind(self) -> Kind {
        match self.0.as_bytes().first() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'"') => Kind::String,
            Some(b't' | b'f') => Kind::Bool,
            Some(b'n') => Kind::Null,
            _ => Kind::Number,
        }
    }

    /// A string's text, unescaped; `None` for other kinds and for a string that
    /// holds half of a surrogate pair, which no text can.
    pub fn as_str(self) -> Option<Cow<'a, str>> {
        unescape(self.inside()?)
    }

    /// A string's text between its quotes, still escaped; `None` for other kinds.
    pub fn inside(self) -> Option<&'a str> {
        self.0.strip_prefix('"')?.strip_suffix('"')
    }

    /// The value of an object's first member with that key.
    pub fn get(self, key: &str) -> Option<Value<'a>> {
        self.entries().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// An object's members in order: the key as it stands in the text, without
    /// its quotes and still escaped, and the value. Empty for other kinds.
    pub fn entries(self) -> Entries<'a> {
        Entries(Scan::inside(self.0, b'{'))
    }

    /// An array's items in order. Empty for other kinds.
    pub fn items(self) -> Items<'a> {
        Items(Scan::inside(self.0, b'['))
    }
}

/// See [`Value::entries`].
#[derive(Clone, Debug)]
pub struct Entries<'a>(Scan<'a>);

impl<'a> Iterator for Entries<'a> {
    type Item = (&'a str, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let key = self.0.value()?;
        let value = self.0.value()?;
        Some((key.0.get(1..key.0.len() - 1)?, value))
    }
}

/// See [`Value::items`].
#[derive(Clone, Debug)]
pub struct Items<'a>(Scan<'a>);

impl<'a> Iterator for Items<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        self.0.value()
    }
}

/// Steps over the values of one container of checked text.
#[derive(Clone, Debug)]
struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    fn inside(text: &'a str, open: u8) -> Self {
        let at = if text.as_bytes().first() == Some(&open) { 1 } else { text.len() };
        Self { text, at }
    }

    fn value(&mut self) -> Option<Value<'a>> {
        let bytes = self.text.as_bytes();
        while let Some(b' ' | b'\n' | b'\r' | b'\t' | b',' | b':') = bytes.get(self.at) {
            self.at += 1;
        }
        let from = self.at;
        let mut depth = 0_usize;
        loop {
            match bytes.get(self.at)? {
                b'"' => self.at = string_end(bytes, self.at),
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' if depth == 0 => return None,
                b'}' | b']' => {
                    depth -= 1;
                    self.at += 1;
                }
                b',' | b':' | b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                _ => self.at = scalar_end(bytes, self.at),
            }
            if depth == 0 {
                return self.text.get(from..self.at).map(Value);
            }
        }
    }
}

/// The place after the string that opens at `at`.
fn string_end(bytes: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    loop {
        #[cfg(feature = "catalogue")]
        {
            at = scan::quote_or_escape(bytes, at);
        }
        match bytes.get(at) {
            Some(b'\\') => at += 2,
            Some(b'"') => return at + 1,
            Some(_) => at += 1,
            None => return bytes.len(),
        }
    }
}

/// The place after the number or literal that begins at `at`.
fn scalar_end(bytes: &[u8], at: usize) -> usize {
    let mut at = at;
    while let Some(b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'+' | b'-' | b'.') = bytes.get(at) {
        at += 1;
    }
    at
}

/// Resolves the escapes of a string's inside; `None` for half a surrogate pair.
pub fn unescape(inside: &str) -> Option<Cow<'_, str>> {
    // Not `contains`, whose word-wise search costs a page 280 bytes.
    if inside.bytes().all(|byte| byte != b'\\') {
        return Some(Cow::Borrowed(inside));
    }
    let mut out = String::with_capacity(inside.len());
    let bytes = inside.as_bytes();
    let mut at = 0;
    let mut copied = 0;
    while let Some(byte) = bytes.get(at) {
        if *byte != b'\\' {
            at += 1;
            continue;
        }
        out.push_str(inside.get(copied..at)?);
        let escape = *bytes.get(at + 1)?;
        at += 2;
        out.push(match escape {
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'u' => {
                let mut unit = hex4(bytes, at)?;
                at += 4;
                if unit >> 10 == 0x36 && bytes.get(at..at + 2) == Some(b"\\u") {
                    let low = hex4(bytes, at + 2)?;
                    at += 6;
                    // Only a low half completes the pair: the sum is no
                    // character otherwise, or the next line says so.
                    if low >> 10 != 0x37 {
                        return None;
                    }
                    unit = 0x1_0000 + ((unit & 0x3ff) << 10 | low & 0x3ff);
                }
                char::from_u32(unit)?
            }
            other => char::from(other),
        });
        copied = at;
    }
    out.push_str(inside.get(copied..)?);
    Some(Cow::Owned(out))
}

fn hex4(bytes: &[u8], at: usize) -> Option<u32> {
    let mut value = 0;
    for byte in bytes.get(at..at + 4)? {
        let nibble = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            b'A'..=b'F' => byte - b'A' + 10,
            _ => return None,
        };
        value = value << 4 | u32::from(nibble);
    }
    Some(value)
}

#[cfg(test)]
mod tests;
