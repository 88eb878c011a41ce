//! One pass over checked text, token by token, knowing where it is.

use alloc::string::String;
use alloc::vec::Vec;

use super::{Kind, Value, push_pointer, push_pointer_index, scalar_end, string_end};

/// What the walker meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token<'a> {
    /// An object or array opens.
    Open(Kind),
    /// The innermost one closes.
    Close,
    /// A member's key: its text between the quotes, still escaped.
    Key(&'a str),
    /// A string value: its text between the quotes, still escaped.
    String(&'a str),
    /// A number as it stands.
    Number(&'a str),
    /// `true`, `false` or `null`.
    Literal(&'a str),
}

/// A walk over one value, token by token. Places are bytes from its beginning.
pub trait Tokens<'a>: Iterator<Item = Token<'a>> {
    /// Where in the text the next token begins at the earliest; after a string
    /// or number it is the place right behind it.
    fn position(&self) -> usize;

    /// How many containers are open.
    fn depth(&self) -> usize;

    /// Appends the JSON pointer of the last token.
    fn pointer(&self, out: &mut String);

    /// Whether the last token, a key or a string, is known to be plain: see
    /// [`Node::is_plain`](super::Node::is_plain).
    fn is_plain(&self) -> bool;
}

/// Walks one value of checked text; see [`Token`].
#[derive(Debug)]
pub struct Walker<'a> {
    text: &'a str,
    at: usize,
    open: Vec<Level<'a>>,
}

#[derive(Debug)]
struct Level<'a> {
    /// The present member's key, in an object.
    key: Option<&'a str>,
    /// How many commas were passed.
    index: usize,
    object: bool,
    /// Whether the next string is a key.
    key_next: bool,
}

impl<'a> Walker<'a> {
    /// Starts before the value.
    pub const fn new(value: Value<'a>) -> Self {
        Self { text: value.0, at: 0, open: Vec::new() }
    }
}

impl<'a> Tokens<'a> for Walker<'a> {
    fn position(&self) -> usize {
        self.at
    }

    fn depth(&self) -> usize {
        self.open.len()
    }

    fn pointer(&self, out: &mut String) {
        for level in &self.open {
            match (level.object, level.key) {
                (true, Some(key)) => push_pointer(out, key),
                (true, None) => {}
                (false, _) => push_pointer_index(out, level.index),
            }
        }
    }

    fn is_plain(&self) -> bool {
        false
    }
}

impl<'a> Iterator for Walker<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let bytes = self.text.as_bytes();
        loop {
            let from = self.at;
            match bytes.get(from)? {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                b':' => {
                    self.at += 1;
                    if let Some(level) = self.open.last_mut() {
                        level.key_next = false;
                    }
                }
                b',' => {
                    self.at += 1;
                    if let Some(level) = self.open.last_mut() {
                        level.index += 1;
                        level.key_next = level.object;
                    }
                }
                open @ (b'{' | b'[') => {
                    self.at += 1;
                    let object = *open == b'{';
                    self.open.push(Level { key: None, index: 0, object, key_next: object });
                    return Some(Token::Open(if object { Kind::Object } else { Kind::Array }));
                }
                b'}' | b']' => {
                    self.at += 1;
                    self.open.pop();
                    return Some(Token::Close);
                }
                b'"' => {
                    self.at = string_end(bytes, from);
                    let inside = self.text.get(from + 1..self.at - 1)?;
                    return Some(match self.open.last_mut() {
                        Some(level) if level.key_next => {
                            level.key = Some(inside);
                            Token::Key(inside)
                        }
                        _ => Token::String(inside),
                    });
                }
                first => {
                    self.at = scalar_end(bytes, from).max(from + 1);
                    let text = self.text.get(from..self.at)?;
                    return Some(match first {
                        b't' | b'f' | b'n' => Token::Literal(text),
                        _ => Token::Number(text),
                    });
                }
            }
        }
    }
}
