//! The log: what is acknowledged is in it, and nothing else stands between an
//! event and its loss.
//!
//! [`append::EventLog`] is the seam for [`ingest`](crate::ingest), [`LogReader`]
//! the one for process; both are shaped so that a shared log can stand behind
//! them as well. The local one, in the order of an entry's way: [`Committer`]
//! queues batches and has the one thread, `company` says whether a group waits for more; [`LogCore`] (`core`) is the state machine
//! of the group commit, with [`crate::dedupe`] in it; `lane_writer` is one lane's
//! newest segment; `frame` and `segment` are the format on disk; `local` is how it
//! is read, `tail` what need not be read back. `open` and `recovery` bring it back after a restart, `upkeep` keeps its
//! bounds, `erase` and `quarantine` are what their names say. Why it is built
//! so: docs/adr/0007-the-log.md.
//!
//! What always holds: an outcome is told after the fsync of what it speaks of; an
//! id is stored once, and known for nine days; offsets of a lane grow and are never
//! given twice; what the disk did not keep is said. Deliberately absent: what an
//! entry means, threads outside of the committer, and the wall clock (`log_time`).

pub mod append;
mod committer;
mod company;
mod core;
mod entry;
mod erase;
pub mod erased;
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
mod recovery;
mod segment;
mod stats;
mod tail;
mod upkeep;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "what fails here fails the test")]
pub mod suite;
#[cfg(test)]
mod tests;

pub use self::core::{AppendGroup, GroupResult, LogCore};
pub use erase::{Erasing, Erasure, Matches};
pub use header::{LogFacts, facts};
pub use local::LocalReader;
pub use open::{LogOptions, OpenError, Recovery};
pub use quarantine::Damage;
pub use stats::{Counter, LogStats, Refuses};
pub use upkeep::Ticked;

pub use committer::Committer;
pub use entry::{Content, Entry, Item, Stored};
pub use lane::lane_of;
pub use read::{LogError, LogReader, Ownership};
