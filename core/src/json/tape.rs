//! Text that is checked and indexed in one pass, so that no later step looks for
//! the end of anything again.
//!
//! An entry of 16 bytes a key and a value, in the order of the text. Memory is at
//! most eight times the text (`[0,0,…]`), and about the text's own size for events.
//! What rarely occurs and must then be looked at closely (an escape that may be no
//! character, a key that may stand twice, a large number, great depth) is noted at
//! every container around it: see [`Node::in_doubt`].

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::grammar::{self, LARGE, Sink, WHOLE};
use super::scan::{DOTTED, ESCAPED, MARKED, NUMBERED};
use super::{Kind, Value, unescape};
use crate::limits::{JSON_MAX_DEPTH, OBJECT_MAX_MEMBERS};
use crate::verdict::Code;

/// A container that holds something to be looked at closely, however deep.
const DOUBT: u32 = 1 << 7;
/// The kind of an entry, in its lowest bits; a key is none of [`Kind`].
const KIND: u32 = 7;
const KEY: u32 = 7;
/// No container is open.
const NONE: u32 = u32::MAX;

/// A checked text and the index of its values.
#[derive(Clone, Debug, Default)]
pub struct Tape<'a> {
    text: &'a str,
    entries: Vec<Entry>,
}

/// A key or a value.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Where it begins in the text, quotes included.
    from: u32,
    /// Where it ends.
    to: u32,
    /// A value: the entry behind all that it holds; while it is open, the entry of
    /// the container around it. A key: its hash.
    next: u32,
    /// What it is, and what is known of it.
    info: u32,
}

/// What stands for an entry outside of the tape.
const NOTHING: Entry = Entry { from: 0, to: 0, next: NONE, info: Kind::Null as u32 };

impl<'a> Tape<'a> {
    /// Holds bytes against UTF-8 and the JSON grammar, and indexes them.
    ///
    /// # Errors
    /// `invalid_utf8` or `invalid_json`.
    pub fn read(body: &'a [u8]) -> Result<Self, Code> {
        Self::read_text(core::str::from_utf8(body).map_err(|_| Code::InvalidUtf8)?)
    }

    /// Holds text against the JSON grammar, and indexes it.
    ///
    /// # Errors
    /// `invalid_json`; `body_too_large` for 4 GiB and more.
    pub fn read_text(text: &'a str) -> Result<Self, Code> {
        // Places are 32 bits, and NONE is none of them.
        if text.len() >= NONE as usize {
            return Err(Code::BodyTooLarge);
        }
        // Events have an entry in eight to twelve bytes.
        let entries = Vec::with_capacity(text.len() / 8 + 4);
        let bytes = text.as_bytes();
        let mut builder = Builder { bytes, entries, open: NONE, object: false, depth: 0 };
        grammar::one_text(text.as_bytes(), &mut builder).ok_or(Code::InvalidJson)?;
        Ok(Self { text, entries: builder.entries })
    }

    /// The whole text's value.
    pub fn root(&self) -> Node<'_, 'a> {
        self.node(0)
    }

    /// The value that [`Node::place`] told of this tape.
    pub fn node(&self, place: usize) -> Node<'_, 'a> {
        Node { tape: self, place, entry: self.entry(place) }
    }

    fn entry(&self, place: usize) -> Entry {
        match self.entries.get(place) {
            Some(entry) => *entry,
            None => NOTHING,
        }
    }

    fn slice(&self, from: u32, to: u32) -> &'a str {
        self.text.get(from as usize..to as usize).unwrap_or_default()
    }
}

/// A value of a tape, or a key.
#[derive(Clone, Copy, Debug)]
pub struct Node<'t, 'a> {
    tape: &'t Tape<'a>,
    place: usize,
    entry: Entry,
}

impl<'t, 'a> Node<'t, 'a> {
    const fn entry(self) -> Entry {
        self.entry
    }

    /// Which value of its tape it is.
    pub const fn place(self) -> usize {
        self.place
    }

    /// What kind of value it is. A key is a string.
    pub fn kind(self) -> Kind {
        match self.entry().info & KIND {
            0 => Kind::Object,
            1 => Kind::Array,
            2 | KEY => Kind::String,
            3 => Kind::Number,
            4 => Kind::Bool,
            _ => Kind::Null,
        }
    }

    /// Its text as it stands in the input.
    pub fn raw(self) -> &'a str {
        let entry = self.entry();
        self.tape.slice(entry.from, entry.to)
    }

    /// The value alone, without the tape.
    pub fn value(self) -> Value<'a> {
        Value(self.raw())
    }

    /// A string's text between its quotes, still escaped; empty for other kinds.
    pub fn inside(self) -> &'a str {
        let entry = self.entry();
        match entry.info & KIND {
            2 | KEY => self.tape.slice(entry.from + 1, entry.to - 1),
            _ => "",
        }
    }

    /// A string's text, unescaped; `None` for other kinds and for a string that
    /// holds half of a surrogate pair, which no text can.
    pub fn as_str(self) -> Option<Cow<'a, str>> {
        match self.kind() {
            Kind::String if self.is_escaped() => unescape(self.inside()),
            Kind::String => Some(Cow::Borrowed(self.inside())),
            _ => None,
        }
    }

    /// Whether a string holds an escape.
    pub fn is_escaped(self) -> bool {
        self.kind() == Kind::String && self.entry().info & ESCAPED != 0
    }

    /// Whether a string is of ASCII, without escapes, and without any byte that can
    /// be part of something personal: letters, spaces and most punctuation.
    pub fn is_plain(self) -> bool {
        self.kind() == Kind::String && self.entry().info & MARKED == 0
    }

    /// Whether a number is digits alone, with a minus sign at most.
    pub fn is_whole(self) -> bool {
        self.kind() == Kind::Number && self.entry().info & WHOLE != 0
    }

    /// Whether a container may hold, at any depth, half of a surrogate pair, NUL, a
    /// number beyond a 64-bit float, a key that stands twice, too many members, or
    /// too much depth. Never false when it does.
    pub fn in_doubt(self) -> bool {
        self.entry().info & DOUBT != 0 && self.is_container()
    }

    /// Whether a container holds a key, at any depth, that is a path of several
    /// steps (`a.b`), or may be one because it is written with escapes.
    pub fn has_dotted_keys(self) -> bool {
        self.entry().info & DOTTED != 0 && self.is_container()
    }

    fn is_container(self) -> bool {
        self.entry().info & KIND <= Kind::Array as u32
    }

    /// A key's hash, as [`hash`] gives it for the text; of a key with escapes it is
    /// that of the escaped text.
    pub fn key_hash(self) -> u32 {
        self.entry().next
    }

    /// An object's members in order. Empty for other kinds.
    pub fn members(self) -> Members<'t, 'a> {
        Members(self.within(Kind::Object))
    }

    /// An array's items in order. Empty for other kinds.
    pub fn items(self) -> Items<'t, 'a> {
        Items(self.within(Kind::Array))
    }

    /// The value of an object's first member with that key, which has no escapes.
    pub fn get(self, key: &str) -> Option<Node<'t, 'a>> {
        let hash = hash(key);
        let is_it = |name: Self| name.key_hash() == hash && name.inside() == key;
        self.members().find(|(name, _)| is_it(*name)).map(|(_, value)| value)
    }

    fn within(self, kind: Kind) -> Within<'t, 'a> {
        let entry = self.entry();
        let end = if entry.info & KIND == kind as u32 { entry.next as usize } else { 0 };
        Within { tape: self.tape, place: self.place + 1, end }
    }

    /// The node at another place of the tape.
    pub(super) fn at(self, place: usize) -> Self {
        self.tape.node(place)
    }

    /// Where it begins and ends in the tape's text.
    pub(super) fn span(self) -> (usize, usize) {
        let entry = self.entry();
        (entry.from as usize, entry.to as usize)
    }

    /// The keys and values that it holds, at any depth, in the order of the text, and
    /// itself first.
    pub(crate) fn pieces(self) -> impl Iterator<Item = Piece<'a>> {
        let text = self.tape.text;
        let end = if self.is_key() { self.place + 1 } else { self.entry().next as usize };
        let entries = self.tape.entries.get(self.place..end).unwrap_or_default();
        entries.iter().map(move |entry| Piece { entry: *entry, text })
    }

    /// Whether it is a key.
    pub(crate) fn is_key(self) -> bool {
        self.entry().info & KIND == KEY
    }

    /// The place behind all that it holds.
    pub(crate) fn next_place(self) -> usize {
        if self.is_key() { self.place + 1 } else { self.entry().next as usize }
    }
}

/// A key or value, as [`Node::pieces`] tells it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece<'a> {
    entry: Entry,
    text: &'a str,
}

impl<'a> Piece<'a> {
    /// See [`Node::inside`].
    pub(crate) fn inside(self) -> &'a str {
        let (from, to) = (self.entry.from as usize + 1, self.entry.to as usize - 1);
        if self.is_string() { self.text.get(from..to).unwrap_or_default() } else { "" }
    }

    /// Whether it is a key.
    pub(crate) const fn is_key(self) -> bool {
        self.entry.info & KIND == KEY
    }

    /// Whether it is a string, or a key.
    pub(crate) const fn is_string(self) -> bool {
        matches!(self.entry.info & KIND, 2 | KEY)
    }

    /// Whether it is `true`, `false` or `null`.
    pub(crate) const fn is_literal(self) -> bool {
        matches!(self.entry.info & KIND, 4 | 5)
    }

    /// Whether a string or key holds an escape.
    pub(crate) const fn is_escaped(self) -> bool {
        self.is_string() && self.entry.info & ESCAPED != 0
    }

    /// See [`Node::is_plain`].
    pub(crate) const fn is_plain(self) -> bool {
        self.is_string() && self.entry.info & MARKED == 0
    }

    /// The place in the tape behind a value and all that it holds.
    pub(crate) const fn next_place(self) -> usize {
        self.entry.next as usize
    }
}

/// The inside of a container.
#[derive(Clone, Debug)]
struct Within<'t, 'a> {
    tape: &'t Tape<'a>,
    place: usize,
    end: usize,
}

/// See [`Node::members`].
#[derive(Clone, Debug)]
pub struct Members<'t, 'a>(Within<'t, 'a>);

impl<'t, 'a> Iterator for Members<'t, 'a> {
    type Item = (Node<'t, 'a>, Node<'t, 'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let Within { tape, place, end } = self.0;
        if place >= end {
            return None;
        }
        let (key, value) = (tape.node(place), tape.node(place + 1));
        self.0.place = value.entry.next as usize;
        Some((key, value))
    }
}

/// See [`Node::items`].
#[derive(Clone, Debug)]
pub struct Items<'t, 'a>(Within<'t, 'a>);

impl<'t, 'a> Iterator for Items<'t, 'a> {
    type Item = Node<'t, 'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let Within { tape, place, end } = self.0;
        if place >= end {
            return None;
        }
        let item = tape.node(place);
        self.0.place = item.entry.next as usize;
        Some(item)
    }
}

/// Writes the tape while the grammar is held.
struct Builder<'a> {
    bytes: &'a [u8],
    entries: Vec<Entry>,
    /// The innermost open container.
    open: u32,
    /// Whether that one is an object.
    object: bool,
    depth: usize,
}

impl Builder<'_> {
    fn note(&mut self, info: u32) {
        if let Some(entry) = self.entries.get_mut(self.open as usize) {
            entry.info |= info;
        }
    }

    /// Whether two keys of the object that begins at an entry may be the same, or
    /// there are too many of them.
    fn keys_are_in_doubt(&self, object: usize) -> bool {
        // One bit each of 256 by hash tells most keys apart at once.
        let mut seen = [0_u64; 4];
        let mut count = 0;
        let mut place = object + 1;
        while let (Some(key), Some(value)) = (self.entries.get(place), self.entries.get(place + 1))
        {
            let bit = 1 << (key.next & 63);
            if let Some(word) = seen.get_mut((key.next >> 6 & 3) as usize) {
                if *word & bit != 0 && self.stands_before(object, place, key.next) {
                    return true;
                }
                *word |= bit;
            }
            count += 1;
            if count > OBJECT_MAX_MEMBERS {
                return true;
            }
            place = value.next as usize;
        }
        false
    }

    fn stands_before(&self, object: usize, key: usize, hash: u32) -> bool {
        let mut place = object + 1;
        while place < key {
            match (self.entries.get(place), self.entries.get(place + 1)) {
                (Some(other), Some(value)) if other.next != hash => place = value.next as usize,
                _ => return true,
            }
        }
        false
    }
}

impl Sink for Builder<'_> {
    const NOTES: bool = true;

    fn open(&mut self, object: bool, at: usize) {
        let kind = if object { Kind::Object } else { Kind::Array };
        let place = self.entries.len() as u32;
        self.depth += 1;
        // The depth of the whole text, which is no less than an event's own.
        let doubt = if self.depth > JSON_MAX_DEPTH { DOUBT } else { 0 };
        let info = kind as u32 | doubt;
        self.entries.push(Entry { from: at as u32, to: 0, next: self.open, info });
        self.open = place;
        self.object = object;
    }

    fn close(&mut self, to: usize) {
        let place = self.open as usize;
        let next = self.entries.len() as u32;
        self.depth -= 1;
        let doubt = if self.object && self.keys_are_in_doubt(place) { DOUBT } else { 0 };
        if let Some(entry) = self.entries.get_mut(place) {
            entry.to = to as u32;
            entry.info |= doubt;
            let info = entry.info & (DOUBT | DOTTED);
            self.open = core::mem::replace(&mut entry.next, next);
            self.note(info);
            let around = self.entries.get(self.open as usize);
            self.object = around.is_some_and(|entry| entry.info & KIND == 0);
        }
    }

    fn in_object(&self) -> Option<bool> {
        (self.open != NONE).then_some(self.object)
    }

    fn key(&mut self, from: usize, to: usize, flags: u32) {
        let next = hash_at(self.bytes, from + 1, to - from - 2);
        self.entries.push(Entry { from: from as u32, to: to as u32, next, info: KEY | flags });
        if flags & DOTTED != 0 {
            // A key with an escape may be the same as one without.
            self.note(DOTTED | if flags & ESCAPED != 0 { DOUBT } else { 0 });
        }
    }

    fn scalar(&mut self, kind: Kind, from: usize, to: usize, flags: u32) {
        let next = self.entries.len() as u32 + 1;
        let info = kind as u32 | flags;
        self.entries.push(Entry { from: from as u32, to: to as u32, next, info });
        let doubtful = match kind {
            Kind::String => NUMBERED,
            Kind::Number => LARGE,
            _ => 0,
        };
        if flags & doubtful != 0 {
            self.note(DOUBT);
        }
    }
}

/// The hash of a key: of its length, its first eight bytes and its last eight. Who
/// finds two alike compares the keys.
pub fn hash(key: &str) -> u32 {
    hash_at(key.as_bytes(), 0, key.len())
}

fn hash_at(bytes: &[u8], from: usize, length: usize) -> u32 {
    let word = |at: usize| {
        let chunk = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>());
        chunk.map(|chunk| u64::from_le_bytes(*chunk))
    };
    let (first, last) = if length >= 8 {
        (word(from), word(from + length - 8))
    } else {
        (word(from).map(|word| word & ((1 << (length * 8)) - 1)), Some(0))
    };
    let first = first.unwrap_or_else(|| {
        let rest = bytes.get(from..from + length).unwrap_or_default();
        rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
    });
    let mixed = (first ^ (length as u64) << 56).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ last.unwrap_or(0).wrapping_mul(0xc2b2_ae3d_27d4_eb4f).rotate_left(32);
    (mixed >> 32 ^ mixed >> 7) as u32
}
