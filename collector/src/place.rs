//! Where an event stands in a log: what rows, plans, marks and probes name.

use uuid::Uuid;

/// One log's random name, made once with it. Offsets of two logs never mix.
pub type LogId = Uuid;

/// One ordered partition of a log.
pub type Lane = u16;

/// A block's place: the offsets `[from, to)` of a lane of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Range {
    /// The log.
    pub log_id: LogId,
    /// The lane.
    pub lane: Lane,
    /// The first offset.
    pub from: u64,
    /// The offset after the last.
    pub to: u64,
}

impl Range {
    /// How many offsets it holds.
    pub const fn len(&self) -> u64 {
        self.to.saturating_sub(self.from)
    }

    /// Whether it holds none.
    pub const fn is_empty(&self) -> bool {
        self.to <= self.from
    }
}
