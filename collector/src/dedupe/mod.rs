//! Exact dedupe: which ids a log holds, or held within the last nine days.
//!
//! What it owns: the ids in memory ([`Table`](table::Table), about 20 bytes
//! each), the files that the oldest of them move to when memory is short (2
//! bytes each stay, as a filter), and the snapshots from which all of it is there
//! again after a restart.
//!
//! Time comes in generations. The newest one takes what becomes durable; after an
//! hour, or a million ids, it closes, and is written to a sorted file of its own,
//! once. Those files and a manifest are the snapshot; what came after its place
//! in the log, the log tells again at a restart. Near the bound the oldest
//! generations go to one larger file and leave memory; after nine days of the
//! log's time they are forgotten.
//!
//! What always holds: an id that was inserted is known for the whole window,
//! through restarts, spills, and clocks that jump; nothing is known that was not
//! inserted. An answer is never guessed: what cannot be read is said to be unsure.
//!
//! Deliberately absent: locks (the log's one committer owns it), threads, what
//! an entry is, and the wall clock.

mod filter;
mod fingerprint;
mod index;
pub mod limits;
mod manifest;
mod recover;
mod run;
mod steps;
mod table;

#[cfg(test)]
mod tests;

pub use fingerprint::{Fingerprint, FingerprintSet, HashKey};
pub use index::{Index, IndexSize, Lookup};
pub use limits::IndexLimits;
pub use recover::{IndexError, Recovered};
pub use run::RunError;
pub use steps::Stepped;
