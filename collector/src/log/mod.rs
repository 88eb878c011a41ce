//! The seam between admitting an event and storing it.
//!
//! [`ingest`](crate::ingest) appends records and answers its caller; whatever
//! stands behind the [`EventLog`] carries them on. The seam is shaped for a
//! durable log: a call appends a whole batch, the outcome is told a record, in
//! order, and only when it is final, so that an answer never precedes its truth.
//!
//! The durable log stands beside it, and takes the write-through's place when it
//! is wired up: [`append::EventLog`] is the seam for ingest, [`LogReader`] the one
//! for process. In the order of an entry's way: [`Committer`] queues batches and
//! has the one thread; [`LogCore`] (`core`) is the state machine of the group
//! commit, with [`crate::dedupe`] in it; `lane_writer` is one lane's newest
//! segment; `frame` and `segment` are the format on disk; `local` is how it is
//! read. `open` and `recovery` bring it back after a restart, `upkeep` keeps its
//! bounds, `erase` and `quarantine` are what their names say. Why it is built
//! so: docs/adr/0007-the-log.md.
//!
//! What always holds of the durable log: an outcome is told after the fsync of
//! what it speaks of; an id is stored once, and known for nine days; offsets of a
//! lane grow and are never given twice; what the disk did not keep is said.
//! Deliberately absent: what an entry means, threads outside of the committer,
//! and the wall clock (`log_time`).
//!
//! What the present implementation ([`WriteThrough`](crate::process::WriteThrough))
//! promises, and no more:
//! * a record is [`Outcome::Stored`] only after ClickHouse has answered the insert;
//! * on an error nothing is claimed, and the sender keeps its batch. When the
//!   answer was lost after ClickHouse had inserted, sending again stores the
//!   events twice: at least once, not exactly once;
//! * nothing is kept here, so that nothing is lost here when the process dies.

pub mod append;
mod committer;
mod core;
mod entry;
mod erase;
mod frame;
mod header;
mod lane;
mod lane_writer;
pub mod limits;
mod local;
mod log_time;
mod open;
mod quarantine;
mod read;
mod record;
mod recovery;
mod segment;
mod stats;
mod upkeep;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "what fails here fails the test")]
pub mod suite;
#[cfg(test)]
mod tests;

pub use self::core::{AppendGroup, GroupResult, LogCore};
pub use erase::Erasure;
pub use header::{LogFacts, facts};
pub use local::LocalReader;
pub use open::{LogOptions, OpenError, Recovery};
pub use quarantine::Damage;
pub use stats::{Counter, LogStats};
pub use upkeep::Ticked;

pub use committer::Committer;
pub use entry::{Content, Entry, Item, Stored};
pub use lane::lane_of;
pub use read::{LogError, LogReader, Ownership};

use std::future::Future;
use std::pin::Pin;

pub use record::{Context, Record};

use crate::refusal::Cause;

/// What an append gives back, when it is done.
pub type Appending<'a> = Pin<Box<dyn Future<Output = Result<Receipt, AppendError>> + Send + 'a>>;

/// Where admitted events go.
pub trait EventLog: Send + Sync {
    /// Appends a batch's records. Resolves when the outcome of each is final.
    ///
    /// # Errors
    /// [`AppendError`] when none of them can be claimed to be stored; the same
    /// records may be appended again.
    fn append(&self, records: Vec<Record>) -> Appending<'_>;
}

/// What became of appended records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// One outcome a record, in the order appended.
    pub outcomes: Vec<Outcome>,
}

/// What became of one appended record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is in ClickHouse.
    Stored,
}

/// Why nothing can be claimed about an append. All of them may be tried again.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The tables are not there yet: ClickHouse was not reached since the start.
    #[error("the migrations are not applied yet")]
    NotReady,
    /// The store did not answer, or answered too late to know.
    #[error("the store does not answer")]
    Unavailable(#[source] Cause),
    /// The store answered and refused the insert.
    #[error("the store refuses the insert")]
    Refused(#[source] Cause),
}
