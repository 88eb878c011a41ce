//! The index's bounds, with their arithmetic.

/// Milliseconds of an hour.
const HOUR_MS: i64 = 3_600_000;

/// How large the index may become, and how long it remembers.
#[derive(Clone, Debug)]
pub struct IndexLimits {
    /// Bytes of the ids in memory. At three quarters the oldest go to files; at
    /// the whole nothing new is taken. 320 MiB are 16 million ids at 20 bytes.
    pub table_max_bytes: usize,
    /// Bytes of the filters over ids in files. 96 MiB are 52 million ids at 1.9
    /// bytes. Both bounds and 90 MB for the rest of the process stay below 512 MB.
    pub filters_max_bytes: usize,
    /// Ids of a generation. One sixteenth of what memory holds, so that spilling
    /// finds generations to take, and a restart replays at most so many entries.
    pub generation_max_ids: usize,
    /// How long a generation stays open: 9 days are 216 of them, below the 254
    /// that a slot can tell apart.
    pub generation_ms: i64,
    /// How long an id is remembered, by the log's time: what may be accepted
    /// occurred at most 7 days before it was received, and a hold keeps it for
    /// one more.
    pub window_ms: i64,
    /// Regions of the table that one step works on: 64 of 4,096, at 10 million
    /// ids 156,000 slots and less than a millisecond.
    pub regions_per_step: usize,
}

impl Default for IndexLimits {
    fn default() -> Self {
        Self {
            table_max_bytes: 320 * 1024 * 1024,
            filters_max_bytes: 96 * 1024 * 1024,
            generation_max_ids: 1_000_000,
            generation_ms: HOUR_MS,
            window_ms: 9 * 24 * HOUR_MS,
            regions_per_step: 64,
        }
    }
}
