//! What the log stores of an event, and how it is read again.
//!
//! Owns the payload of a log's entry: a version byte, a byte that says what it
//! is, and then the columns as ClickHouse's `RowBinary` wants them. A row is
//! written once, when the event is admitted; the writer of blocks copies it and
//! adds the event's place in the log. Nothing behind the log parses JSON.
//!
//! What always holds:
//! * the version comes first, and each release reads the one before (the bytes
//!   of each version are kept in a test); its row lacks columns at the end;
//! * what cannot stand in its column stands in `attributes_misfit`, so that an
//!   odd value costs itself and never its event;
//! * the columns that other parts need (ids, times, names) are read in place.
//!
//! Deliberately absent: whether an event may be stored ([`crate::ingest`]), its
//! place ([`crate::place`]), and how long a block is ([`crate::process`]).

mod attributes;
mod column;
mod encode;
mod event;
mod rejection;
mod view;

pub use column::{EVENT_COLUMNS, REJECTION_COLUMNS};
pub use encode::{Encoded, Encoder};
pub use event::{Context, Record, expires_at};
pub use rejection::{Hop, Rejection};
pub use view::{CodecError, Columns, Kind, RecordView};

/// The version of the payload that this release writes.
pub const VERSION: u8 = 2;

#[cfg(test)]
mod tests;
