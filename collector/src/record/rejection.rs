//! An event that reached the collector and is not stored: what is kept of it.

use std::borrow::Cow;

use tidemark_core::id::Uuid;
use tidemark_core::verdict::{Code, Verdict};

/// Which hop refused an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hop {
    /// The edge.
    Edge,
    /// This process.
    Collector,
}

impl Hop {
    /// Its name in the table.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Edge => "edge",
            Self::Collector => "collector",
        }
    }
}

/// A rejected or dropped event: where it belongs, why, and where in it the
/// fault is. Never the value at fault, and no name that the sender chose.
#[derive(Clone, Debug)]
pub struct Rejection<'a> {
    /// The organisation that it was sent to.
    pub tenant_id: Uuid,
    /// The web property.
    pub site_id: Uuid,
    /// The event's id, when it has one.
    pub event_id: Option<Uuid>,
    /// When it was received, Unix milliseconds.
    pub received_at_ms: i64,
    /// When the row may be deleted, Unix seconds; see [`super::expires_at`].
    pub expires_at: u32,
    /// `Rejected` or `Dropped`.
    pub verdict: Verdict,
    /// Why.
    pub code: Code,
    /// JSON pointer into the event; empty when it is the whole.
    pub pointer: Cow<'a, str>,
    /// Who refused it.
    pub hop: Hop,
}
