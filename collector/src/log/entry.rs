//! What goes into a log and what comes out of it.

use bytes::Bytes;
use uuid::Uuid;

use crate::place::Lane;

/// One admitted event on its way into a log. The log does not look into the payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The organisation that owns the event; with `event_id` the dedupe key.
    pub tenant_id: Uuid,
    /// The event's own id.
    pub event_id: Uuid,
    /// The lane, by [`lane_of`](super::lane_of); below [`EventLog::lanes`](super::append::EventLog::lanes).
    pub lane: Lane,
    /// When it was received, Unix milliseconds.
    pub received_at_ms: i64,
    /// The record as its codec wrote it, at most [`PAYLOAD_MAX_BYTES`](super::limits::PAYLOAD_MAX_BYTES);
    /// those of a batch share their memory.
    pub payload: Bytes,
}

/// One offset of a lane, as it is read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its place in the lane.
    pub offset: u64,
    /// What stands there.
    pub content: Content,
}

/// What stands at an offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// An entry, as it was appended.
    Entry(Stored),
    /// The entry of a person whose data was erased.
    Erased,
    /// An entry was here, and the disk did not keep it: its bytes fail their
    /// checksum. They are kept aside; whoever reads counts the entry as lost.
    Damaged,
}

/// An entry as it is read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The organisation that owns the event.
    pub tenant_id: Uuid,
    /// The event's own id.
    pub event_id: Uuid,
    /// When it was received, Unix milliseconds.
    pub received_at_ms: i64,
    /// The record as its codec wrote it; a view into what was read, not a copy.
    pub payload: Bytes,
}
