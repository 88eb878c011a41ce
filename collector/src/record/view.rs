//! Reads payloads in place.

use tidemark_core::id::Uuid;

use super::VERSION;
use super::column::{EVENT_COLUMNS, REJECTION_COLUMNS, SINCE_VERSION_1, swap_halves};

/// What a payload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kind {
    /// An event: a row of `events_raw`.
    Event = 0,
    /// A rejected or dropped event: a row of `rejected_events`.
    Rejection = 1,
}

/// Why a payload cannot be read. None of these is a value of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// Another release wrote it.
    #[error("the record has version {0}, and this program reads up to {VERSION}; run a newer one")]
    Version(u8),
    /// The kind is none that this version knows.
    #[error("the record is of the unknown kind {0}")]
    Kind(u8),
    /// It ends too early, or a length in it is too large.
    #[error("the record ends before its columns do")]
    Truncated,
}

/// Bytes of version and kind.
const HEAD: usize = 2;

/// A payload, read in place.
#[derive(Clone, Copy, Debug)]
pub struct RecordView<'a> {
    kind: Kind,
    row: &'a [u8],
    lacks: &'static [u8],
}

impl<'a> RecordView<'a> {
    /// Reads a payload's head and holds it against what is fixed in its row.
    ///
    /// # Errors
    /// [`CodecError`]; the row's own text is held by [`columns`](Self::columns).
    pub fn read(payload: &'a [u8]) -> Result<Self, CodecError> {
        let (head, row) = payload.split_at_checked(HEAD).ok_or(CodecError::Truncated)?;
        let (kind, lacks): (_, &[u8]) = match *head {
            [1, 0] => (Kind::Event, SINCE_VERSION_1),
            [VERSION, 0] => (Kind::Event, &[]),
            [1 | VERSION, 1] => (Kind::Rejection, &[]),
            [1 | VERSION, other] => return Err(CodecError::Kind(other)),
            [version, ..] => return Err(CodecError::Version(version)),
            [] => return Err(CodecError::Truncated),
        };
        if row.len() < fixed(kind) {
            return Err(CodecError::Truncated);
        }
        Ok(Self { kind, row, lacks })
    }

    /// What it is.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The row as `RowBinary`, in the order of [`EVENT_COLUMNS`] or
    /// [`REJECTION_COLUMNS`]: what was written, and the columns that its version lacks.
    pub const fn row(&self) -> (&'a [u8], &'static [u8]) {
        (self.row, self.lacks)
    }

    /// The organisation.
    pub fn tenant_id(&self) -> Uuid {
        self.uuid(0)
    }

    /// The web property.
    pub fn site_id(&self) -> Uuid {
        self.uuid(16)
    }

    /// The event's id; nil for a rejection of an event without one.
    pub fn event_id(&self) -> Uuid {
        self.uuid(32)
    }

    /// The visit; nil when there is none, and in a rejection.
    pub fn session_id(&self) -> Uuid {
        self.event_uuid(48)
    }

    /// The browser; nil when there is none, and in a rejection.
    pub fn anonymous_id(&self) -> Uuid {
        self.event_uuid(64)
    }

    /// When it happened, Unix milliseconds; 0 in a rejection.
    pub fn occurred_at_ms(&self) -> i64 {
        if self.kind == Kind::Event { self.i64(80) } else { 0 }
    }

    /// When it was received, Unix milliseconds.
    pub fn received_at_ms(&self) -> i64 {
        self.i64(if self.kind == Kind::Event { 88 } else { 48 })
    }

    /// What happened; empty in a rejection.
    ///
    /// # Errors
    /// [`CodecError::Truncated`].
    pub fn event_name(&self) -> Result<&'a str, CodecError> {
        if self.kind == Kind::Rejection {
            return Ok("");
        }
        self.columns().text()
    }

    /// The person; empty when there is none, and in a rejection.
    ///
    /// # Errors
    /// [`CodecError::Truncated`].
    pub fn user_id(&self) -> Result<&'a str, CodecError> {
        if self.kind == Kind::Rejection {
            return Ok("");
        }
        let mut columns = self.columns();
        columns.text()?;
        columns.text()
    }

    /// The columns behind those of fixed width, to walk.
    pub fn columns(&self) -> Columns<'a> {
        Columns { rest: self.row.get(fixed(self.kind)..).unwrap_or_default() }
    }

    /// The names of the row's columns.
    pub const fn column_names(&self) -> &'static [&'static str] {
        match self.kind {
            Kind::Event => &EVENT_COLUMNS,
            Kind::Rejection => &REJECTION_COLUMNS,
        }
    }

    fn event_uuid(&self, at: usize) -> Uuid {
        if self.kind == Kind::Event { self.uuid(at) } else { Uuid::default() }
    }

    fn uuid(&self, at: usize) -> Uuid {
        Uuid(swap_halves(self.bytes(at)))
    }

    fn i64(&self, at: usize) -> i64 {
        i64::from_le_bytes(self.bytes(at))
    }

    /// Bytes of the row's fixed part, whose length [`read`](Self::read) held.
    fn bytes<const N: usize>(&self, at: usize) -> [u8; N] {
        self.row.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; N])
    }
}

/// Bytes of the columns of fixed width, which come first.
const fn fixed(kind: Kind) -> usize {
    match kind {
        Kind::Event => 5 * 16 + 8 + 8 + 4,
        Kind::Rejection => 3 * 16 + 8 + 4,
    }
}

/// Walks the columns of a row behind those of fixed width.
#[derive(Clone, Copy, Debug)]
pub struct Columns<'a> {
    rest: &'a [u8],
}

impl<'a> Columns<'a> {
    /// The next column, a `String`.
    ///
    /// # Errors
    /// [`CodecError::Truncated`] when the row ends before, or it is no text.
    pub fn text(&mut self) -> Result<&'a str, CodecError> {
        let length = self.var()?;
        let (text, rest) = self.rest.split_at_checked(length).ok_or(CodecError::Truncated)?;
        self.rest = rest;
        std::str::from_utf8(text).map_err(|_| CodecError::Truncated)
    }

    /// Skips `count` columns that are `String`s.
    ///
    /// # Errors
    /// [`CodecError::Truncated`].
    pub fn skip_texts(&mut self, count: usize) -> Result<(), CodecError> {
        for _ in 0..count {
            let length = self.var()?;
            self.rest = self.rest.get(length..).ok_or(CodecError::Truncated)?;
        }
        Ok(())
    }

    fn var(&mut self) -> Result<usize, CodecError> {
        let mut value = 0_usize;
        for shift in (0..usize::BITS).step_by(7) {
            let (byte, rest) = self.rest.split_first().ok_or(CodecError::Truncated)?;
            self.rest = rest;
            value |= usize::from(byte & 0x7f) << shift;
            if *byte < 0x80 {
                return Ok(value);
            }
        }
        Err(CodecError::Truncated)
    }
}
