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
use super::key::Head;
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

/// Bytes of a text that is one usual event, and no batch.
const ONE_EVENT_BYTES: usize = 1024;

/// Bytes of a batch's text that have an entry, at least.
#[cfg(feature = "catalogue")]
const ENTRY_EVERY_BYTES: usize = 8;

/// A checked text and the index of its values.
#[derive(Clone, Debug, Default)]
pub struct Tape<'a> {
    text: &'a str,
    entries: Vec<Entry>,
}

/// The memory of a tape, for the next one to be written into.
#[cfg(feature = "catalogue")]
#[derive(Debug, Default)]
pub struct TapeMemory(Vec<Entry>);

#[cfg(feature = "catalogue")]
impl TapeMemory {
    /// Bytes that it holds.
    pub const fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<Entry>()
    }
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
        // Events have an entry in eight to fourteen bytes. For one alone the least is
        // asked for, which allocators have at hand; one that has more grows once.
        let a_piece = if text.len() < ONE_EVENT_BYTES { 13 } else { 8 };
        let entries = Vec::with_capacity(text.len() / a_piece + 4);
        let bytes = text.as_bytes();
        let mut builder = Builder {
            bytes,
            entries,
            open: NONE,
            object: false,
            depth: 0,
            keys: Keys::default(),
            around: [Keys::default(); DEPTH_OF_KEYS],
        };
        grammar::one_text(text.as_bytes(), &mut builder).ok_or(Code::InvalidJson)?;
        Ok(Self { text, entries: builder.entries })
    }

    /// As [`read`](Self::read), into memory that another tape has left.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    #[cfg(feature = "catalogue")]
    pub fn read_into(memory: TapeMemory, body: &'a [u8]) -> Result<Self, Code> {
        let text = core::str::from_utf8(body).map_err(|_| Code::InvalidUtf8)?;
        if text.len() >= NONE as usize {
            return Err(Code::BodyTooLarge);
        }
        let mut entries = memory.0;
        entries.reserve(text.len() / ENTRY_EVERY_BYTES + 4);
        let mut builder = Builder {
            bytes: body,
            entries,
            open: NONE,
            object: false,
            depth: 0,
            keys: Keys::default(),
            around: [Keys::default(); DEPTH_OF_KEYS],
        };
        grammar::one_text(body, &mut builder).ok_or(Code::InvalidJson)?;
        Ok(Self { text, entries: builder.entries })
    }

    /// Its memory, for another tape.
    #[cfg(feature = "catalogue")]
    pub fn into_memory(self) -> TapeMemory {
        let mut entries = self.entries;
        entries.clear();
        TapeMemory(entries)
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
    #[inline]
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
    #[inline]
    pub fn raw(self) -> &'a str {
        let entry = self.entry();
        self.tape.slice(entry.from, entry.to)
    }

    /// The value alone, without the tape.
    pub fn value(self) -> Value<'a> {
        Value(self.raw())
    }

    /// A string's text between its quotes, still escaped; empty for other kinds.
    #[inline]
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
    #[inline]
    pub fn is_escaped(self) -> bool {
        self.kind() == Kind::String && self.entry().info & ESCAPED != 0
    }

    /// Whether a string is of ASCII, without escapes, and without any byte that can
    /// be part of something personal: letters, spaces and most punctuation.
    #[inline]
    pub fn is_plain(self) -> bool {
        self.kind() == Kind::String && self.entry().info & MARKED == 0
    }

    /// Whether a number is digits alone, with a minus sign at most.
    #[inline]
    pub fn is_whole(self) -> bool {
        self.kind() == Kind::Number && self.entry().info & WHOLE != 0
    }

    /// Whether a number has a minus sign.
    #[cfg(feature = "catalogue")]
    pub(crate) fn is_signed(self) -> bool {
        let first = self.tape.text.as_bytes().get(self.entry.from as usize);
        self.kind() == Kind::Number && first == Some(&b'-')
    }

    /// Whether a container may hold, at any depth, half of a surrogate pair, NUL, a
    /// number beyond a 64-bit float, a key that stands twice, too many members, or
    /// too much depth. Never false when it does.
    #[inline]
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

    /// A key's head and its hash; of a key with escapes they are those of the escaped
    /// text.
    #[cfg(feature = "catalogue")]
    #[inline(always)]
    pub(crate) fn head(self) -> (Head, u32) {
        let Entry { from, to, next, .. } = self.entry;
        (Head::at(self.tape.text.as_bytes(), from as usize + 1, (to - from) as usize - 2), next)
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
        let hash = Head::of(key).hash();
        let is_it = |name: Self| name.entry.next == hash && name.inside() == key;
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

    #[inline]
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

    #[inline]
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
    /// Its keys so far, and those of the containers around it, outermost first.
    keys: Keys,
    around: [Keys; DEPTH_OF_KEYS],
}

/// Containers whose keys are remembered while what they hold is read: events have five
/// around them at most. An object that goes on behind deeper ones is doubted.
const DEPTH_OF_KEYS: usize = 12;

/// The keys of an object, as far as it is read.
#[derive(Clone, Copy, Default)]
struct Keys {
    /// One bit each of 256 by hash, which tells most keys apart at once.
    bits: [u64; 4],
    count: usize,
}

impl Builder<'_> {
    fn note(&mut self, info: u32) {
        if let Some(entry) = self.entries.get_mut(self.open as usize) {
            entry.info |= info;
        }
    }

    /// Takes a key's hash; whether its object may have it already, or has too many.
    #[inline(always)]
    fn is_in_doubt(&mut self, hash: u32) -> bool {
        let bit = 1 << (hash & 63);
        self.keys.count += 1;
        let Some(word) = self.keys.bits.get_mut((hash >> 6 & 3) as usize) else { return true };
        let seen = *word & bit != 0;
        *word |= bit;
        seen && self.stands_before(hash) || self.keys.count > OBJECT_MAX_MEMBERS
    }

    /// Whether the open object has a key with that hash.
    #[cold]
    fn stands_before(&self, hash: u32) -> bool {
        let mut place = self.open as usize + 1;
        while let Some(key) = self.entries.get(place) {
            if key.next == hash {
                return true;
            }
            let Some(value) = self.entries.get(place + 1) else { return false };
            place = value.next as usize;
        }
        false
    }
}

impl Sink for Builder<'_> {
    const NOTES: bool = true;

    #[inline(always)]
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
        let keys = core::mem::take(&mut self.keys);
        if let Some(slot) = self.around.get_mut(self.depth - 1) {
            *slot = keys;
        }
    }

    #[inline(always)]
    fn close(&mut self, to: usize) {
        let place = self.open as usize;
        let next = self.entries.len() as u32;
        self.depth -= 1;
        self.keys = match self.around.get(self.depth) {
            Some(keys) => *keys,
            // Which keys it has is not known any more.
            None => Keys { count: OBJECT_MAX_MEMBERS, ..Keys::default() },
        };
        if let Some(entry) = self.entries.get_mut(place) {
            entry.to = to as u32;
            let info = entry.info & (DOUBT | DOTTED);
            self.open = core::mem::replace(&mut entry.next, next);
            self.note(info);
            let around = self.entries.get(self.open as usize);
            self.object = around.is_some_and(|entry| entry.info & KIND == 0);
        }
    }

    #[inline(always)]
    fn in_object(&self) -> Option<bool> {
        (self.open != NONE).then_some(self.object)
    }

    #[inline(always)]
    fn key(&mut self, from: usize, to: usize, flags: u32) {
        let next = Head::at(self.bytes, from + 1, to - from - 2).hash();
        let is_in_doubt = self.is_in_doubt(next);
        self.entries.push(Entry { from: from as u32, to: to as u32, next, info: KEY | flags });
        if flags & DOTTED != 0 {
            // A key with an escape may be the same as one without.
            self.note(DOTTED | if flags & ESCAPED != 0 { DOUBT } else { 0 });
        }
        if is_in_doubt {
            self.note(DOUBT);
        }
    }

    #[inline(always)]
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
