//! The grammar of RFC 8259, held once over a whole body.
//!
//! Linear in the input and without recursion: memory is one bit a level of
//! nesting, so that a body of brackets costs a body's eighth. What a single
//! event may hold beyond the grammar (depth, numbers, surrogates) is judged
//! an event at a time, so that its neighbours live.

use alloc::vec::Vec;

use super::grammar::{self, Sink};
use super::{Kind, Value};
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
    let (from, to) =
        grammar::one_text(text.as_bytes(), &mut Levels::default()).ok_or(Code::InvalidJson)?;
    text.get(from..to).map(Value).ok_or(Code::InvalidJson)
}

/// The open containers, one bit each: object or array.
#[derive(Default)]
struct Levels {
    words: Vec<u64>,
    count: usize,
}

impl Sink for Levels {
    const NOTES: bool = false;

    fn open(&mut self, object: bool, _: usize) {
        let (word, bit) = (self.count / 64, self.count % 64);
        if word == self.words.len() {
            self.words.push(0);
        }
        if let Some(word) = self.words.get_mut(word) {
            *word = *word & !(1 << bit) | u64::from(object) << bit;
        }
        self.count += 1;
    }

    fn close(&mut self, _: usize) {
        self.count = self.count.saturating_sub(1);
    }

    fn in_object(&self) -> Option<bool> {
        let last = self.count.checked_sub(1)?;
        self.words.get(last / 64).map(|word| word >> (last % 64) & 1 == 1)
    }

    fn key(&mut self, _: usize, _: usize, _: u32) {}

    fn scalar(&mut self, _: Kind, _: usize, _: usize, _: u32) {}
}
