//! What the log counts, for metrics and for `verify`. Counters only grow.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use super::append::{AppendError, Fullness};

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
    /// Why nothing new is taken; see [`LogStats::refuses`].
    refuses: AtomicU8,
}

/// Why a log takes nothing new, as readiness tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refuses {
    /// A bound is reached.
    Full(Fullness),
    /// The ids of before are not there yet.
    Preloading,
}

impl Refuses {
    const ALL: [Self; 5] = [
        Self::Full(Fullness::Queue),
        Self::Full(Fullness::Disk),
        Self::Full(Fullness::Unsent),
        Self::Full(Fullness::Index),
        Self::Preloading,
    ];

    /// The stable name, the one of the error that an append meets.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Full(fullness) => fullness.code(),
            Self::Preloading => AppendError::NotReady.code(),
        }
    }
}

impl LogStats {
    /// Why nothing new is taken, as it was when the bounds were last watched.
    pub fn refuses(&self) -> Option<Refuses> {
        let code = usize::from(self.refuses.load(Ordering::Relaxed));
        Refuses::ALL.get(code.checked_sub(1)?).copied()
    }

    pub(super) fn set_refuses(&self, refuses: Option<Refuses>) {
        let place = refuses.and_then(|why| Refuses::ALL.iter().position(|it| *it == why));
        let code = place.map_or(0, |place| u8::try_from(place + 1).unwrap_or(0));
        self.refuses.store(code, Ordering::Relaxed);
    }
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
