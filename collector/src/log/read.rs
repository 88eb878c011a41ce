//! The reading side of a log, as [`process`](crate::process) uses it.
//!
//! The seam is shaped for two implementations. The local log owns every lane
//! for ever. A shared one (Kafka) gives lanes to owners and takes them away:
//! then the [`epoch`](Ownership::epoch) changes, and what was done under the
//! epoch before is void.

use super::entry::Item;
use crate::place::{Lane, LogId};
use crate::refusal::Cause;

/// Where whoever carries events on reads them.
pub trait LogReader: Send + Sync {
    /// The log's random name. Offsets mean nothing under another one.
    fn log_id(&self) -> LogId;

    /// The lanes that this process may read and release now.
    fn ownership(&self) -> Ownership;

    /// The lanes of [`ownership`](Self::ownership).
    fn owned_lanes(&self) -> Vec<Lane> {
        self.ownership().lanes
    }

    /// The offset after the last durable entry of a lane; it never goes back.
    fn durable_end(&self, lane: Lane) -> u64;

    /// The first offset that is still kept.
    fn begin(&self, lane: Lane) -> u64;

    /// The durable items at `from` and after it, in order, at most
    /// `max_entries` of them and `max_bytes` of payloads, but one at least when
    /// there is one. Offsets grow, and may leave gaps where a repair left some
    /// unused; the next read begins after the last item's offset. What lies
    /// below [`begin`](Self::begin) is not there.
    ///
    /// # Errors
    /// [`LogError`]; reading again is allowed.
    fn read(
        &self,
        lane: Lane,
        from: u64,
        max_entries: usize,
        max_bytes: usize,
    ) -> Result<Vec<Item>, LogError>;

    /// Says that everything below `offset` was committed to ClickHouse, so that
    /// retention may remove it by its size and age. Going back is ignored.
    ///
    /// # Errors
    /// [`LogError::Beyond`] when nothing of the kind was ever durable here: the
    /// caller's position is of another log, or this one lost its end.
    fn release(&self, lane: Lane, offset: u64) -> Result<(), LogError>;
}

/// Which lanes a process owns, and since which change of owners.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ownership {
    /// Grows by each change; constant for a local log.
    pub epoch: u64,
    /// The lanes, ascending.
    pub lanes: Vec<Lane>,
}

/// Why a log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The lane is not owned here, or does not exist.
    #[error("lane {0} is not owned here")]
    NotOwned(Lane),
    /// The offset lies behind the durable end.
    #[error(
        "offset {offset} of lane {lane} lies behind the log's end {end}: the position \
         is of another log, or this log lost its end; run `tidemark doctor`"
    )]
    Beyond {
        /// The lane.
        lane: Lane,
        /// The offset asked for.
        offset: u64,
        /// The lane's durable end.
        end: u64,
    },
    /// The disk, or whatever else stands behind the log, does not answer.
    #[error("the log cannot be read")]
    Unreadable(#[source] Cause),
}

impl LogError {
    /// The stable name, for logs and metrics.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotOwned(_) => "lane_not_owned",
            Self::Beyond { .. } => "log_position_beyond_end",
            Self::Unreadable(_) => "log_unreadable",
        }
    }
}
