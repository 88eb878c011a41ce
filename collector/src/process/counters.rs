//! What the writers count: facts for the metrics, and for tests and the
//! simulation, whose oracle asks for the violations.

use std::sync::atomic::{AtomicU64, Ordering};

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
    /// What must never be: part of a block there, a watermark between. Every one
    /// is said loudly, and stops its lane.
    pub violations: Count,
    /// Plans written.
    pub plans: Count,
    /// Rollup statements that were applied.
    pub rollups: Count,
}
