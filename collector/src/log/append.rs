//! The ingest side of a log: a batch goes in, and an outcome an entry comes out.
//!
//! What always holds: an outcome is told after what it speaks of is durable.
//! [`Outcome::Duplicate`] is no exception: it is told only once the first of the
//! two is durable. An error claims nothing, and the same entries may be
//! appended again.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::entry::Entry;
use crate::refusal::Cause;

/// What an append gives back when it is done: one outcome an entry, in order.
pub type Appending<'a> =
    Pin<Box<dyn Future<Output = Result<Vec<Outcome>, AppendError>> + Send + 'a>>;

/// Where admitted events go.
pub trait EventLog: Send + Sync {
    /// Appends a batch, whole or not at all. Two entries of one id in it: the
    /// first is stored, the second is a duplicate.
    ///
    /// # Errors
    /// [`AppendError`]: nothing is claimed about any entry.
    fn append(&self, entries: Vec<Entry>) -> Appending<'_>;

    /// Says that a batch will be appended in a moment, or not at all: within the time
    /// that it takes to judge one. Batches that come together are made durable together.
    fn announce(&self) -> OnItsWay {
        OnItsWay::default()
    }

    /// How many lanes the log has; fixed when it was made.
    fn lanes(&self) -> u16;
}

/// A batch that is on its way, until this is dropped.
#[derive(Debug, Default)]
pub struct OnItsWay(Option<Arc<AtomicUsize>>);

impl OnItsWay {
    /// One more of those that `count` counts.
    pub fn counted(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::AcqRel);
        Self(Some(Arc::clone(count)))
    }
}

impl Drop for OnItsWay {
    fn drop(&mut self) {
        if let Some(count) = &self.0 {
            count.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

/// What became of an appended entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is durable in the log.
    Stored,
    /// An entry of the same tenant and event id is durable in the log already.
    Duplicate,
}

/// Why nothing is claimed about an append.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// There is no room: answered with 503 before the disk is full.
    #[error("the log takes no more for now: {0}")]
    Full(Fullness),
    /// It could not be made durable; the cause was logged where it arose.
    #[error("the log could not make the batch durable")]
    Failed(#[source] Cause),
    /// The batch breaks a bound that its sender has to keep; it would be refused again.
    #[error("the log does not take such a batch: {0}")]
    Unfit(&'static str),
    /// The log is not ready: it still loads the ids that it has to know.
    #[error("the log still loads the ids that it has to know")]
    NotReady,
    /// The log is being shut.
    #[error("the log is shut")]
    Closed,
}

impl AppendError {
    /// The stable name, for logs and metrics.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Full(fullness) => fullness.code(),
            Self::Failed(_) => "append_failed",
            Self::Unfit(_) => "append_unfit",
            Self::NotReady => "log_not_ready",
            Self::Closed => "log_closed",
        }
    }

    /// Whether the same batch may be taken later.
    pub const fn may_be_tried_again(&self) -> bool {
        !matches!(self, Self::Unfit(_))
    }
}

/// Which bound is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fullness {
    /// The queue before the committer.
    #[error("too many batches wait for the disk")]
    Queue,
    /// The free space of the disk is down to the reserve.
    #[error("the disk's free space is down to the reserve")]
    Disk,
    /// What ClickHouse has not taken yet is over its bound.
    #[error("too much waits for ClickHouse")]
    Unsent,
    /// The dedupe index has reached its bound in memory and filters.
    #[error("the dedupe index has reached its bound")]
    Index,
}

impl Fullness {
    /// The stable name, for logs and metrics.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Queue => "log_queue_full",
            Self::Disk => "log_disk_full",
            Self::Unsent => "log_unsent_full",
            Self::Index => "dedupe_index_full",
        }
    }
}
