//! What the log counts, for metrics and for `verify`. Counters only grow.

use std::sync::atomic::{AtomicU64, Ordering};

/// The log's counters and gauges; shared with whoever shows them.
#[derive(Debug, Default)]
pub struct LogStats {
    /// Entries that became durable.
    pub stored: Counter,
    /// Entries that were there already.
    pub duplicates: Counter,
    /// Bytes of frames that became durable.
    pub bytes: Counter,
    /// Group commits that succeeded.
    pub groups: Counter,
    /// Group commits that the disk failed.
    pub failed_groups: Counter,
    /// Batches refused because a bound was reached.
    pub refused_full: Counter,
    /// Steps of background work that the disk failed.
    pub failed_steps: Counter,
    /// Offsets whose entries the disk did not keep. Not zero: events were lost.
    pub damaged_entries: Counter,
    /// Places of the log that are damaged.
    pub damages: Counter,
    /// Torn ends that were cut at a start; nothing acknowledged was in them.
    pub torn_tails: Counter,
    /// Entries erased.
    pub erased: Counter,
    /// Segments removed by retention.
    pub removed_segments: Counter,
    /// Bytes that ClickHouse has not taken, by whole segments.
    pub unsent_bytes: Counter,
    /// Bytes of all segments.
    pub log_bytes: Counter,
    /// Free bytes of the disk when it was last asked.
    pub free_bytes: Counter,
    /// Ids in memory.
    pub ids: Counter,
    /// Bytes that they take.
    pub id_bytes: Counter,
    /// Ids in files.
    pub spilled_ids: Counter,
    /// Bytes that their filters take.
    pub filter_bytes: Counter,
    /// Bytes that ids and filters may take.
    pub index_max_bytes: Counter,
}

/// A number that several threads read and one writes.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Its value.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    pub(super) fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }
}
