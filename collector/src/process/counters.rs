//! What the writers count: facts for the metrics, and for tests and the
//! simulation, whose oracle asks for the violations.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::invariants::Invariant;

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// Adds.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// The sum so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How often each invariant was found broken.
#[derive(Debug, Default)]
pub struct Violations([Count; Invariant::ALL.len()]);

impl Violations {
    /// One more of an invariant.
    pub fn add(&self, invariant: Invariant) {
        self.0[invariant as usize].add(1);
    }

    /// How many there were of each, in the order of [`Invariant::ALL`].
    pub fn by_invariant(&self) -> [u64; Invariant::ALL.len()] {
        Invariant::ALL.map(|invariant| self.0[invariant as usize].get())
    }

    /// How many there were of all.
    pub fn get(&self) -> u64 {
        self.by_invariant().iter().sum()
    }
}

/// Shared by the writers of one process.
#[derive(Debug, Default)]
pub struct Counters {
    /// Blocks committed.
    pub blocks: Count,
    /// Rows inserted, or found to be there after a doubt.
    pub rows: Count,
    /// Statements that inserted a piece.
    pub inserts: Count,
    /// Statements whose outcome was unknown.
    pub doubts: Count,
    /// Doubts in which the piece was found to be there.
    pub found_there: Count,
    /// Doubts in which it was found absent.
    pub found_absent: Count,
    /// Statements that ClickHouse did not begin, and questions it did not answer.
    pub failures: Count,
    /// Pieces that ClickHouse refused for their data.
    pub refusals: Count,
    /// Rows that went to the dead letters.
    pub dead_letters: Count,
    /// Entries that were erased before they were sent.
    pub erased: Count,
    /// Entries that the log's disk did not keep.
    pub damaged: Count,
    /// Offsets that the log no longer held, and that were never committed.
    pub lost: Count,
    /// Lanes that write nothing, because ClickHouse has more of their log than the disk.
    pub old_copies: Count,
    /// What must never be: part of a block there, a watermark between. Every one
    /// is said loudly, and stops its lane.
    pub violations: Violations,
    /// Plans written.
    pub plans: Count,
    /// Rollup statements that were applied.
    pub rollups: Count,
}
