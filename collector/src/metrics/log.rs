//! The series of the log and its dedupe index: what became durable, what is
//! waiting, how full the bounds are, and what the disk did not keep.

use metrics::{Counter, Gauge, counter, describe_counter, describe_gauge, gauge};

/// What the log has done since it was opened, and how full it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogSnapshot {
    /// Entries that became durable.
    pub stored: u64,
    /// Entries that were there already.
    pub duplicates: u64,
    /// Bytes of frames that became durable.
    pub bytes: u64,
    /// Group commits.
    pub groups: u64,
    /// Group commits that the disk failed.
    pub failed_groups: u64,
    /// Batches refused because a bound was reached.
    pub refused_full: u64,
    /// Steps of upkeep that the disk failed.
    pub failed_steps: u64,
    /// Entries that the disk did not keep.
    pub damaged_entries: u64,
    /// Torn ends that were cut at a start.
    pub torn_tails: u64,
    /// Entries that were erased.
    pub erased: u64,
    /// Segments that retention removed.
    pub removed_segments: u64,
    /// Bytes that ClickHouse has not taken.
    pub unsent_bytes: u64,
    /// Bytes of all segments.
    pub log_bytes: u64,
    /// Ids in memory.
    pub ids: u64,
    /// Bytes that they take.
    pub id_bytes: u64,
    /// Ids in files.
    pub spilled_ids: u64,
    /// Bytes of the filters over them.
    pub filter_bytes: u64,
    /// Bytes that ids and filters may take.
    pub index_max_bytes: u64,
    /// Whether new entries are taken.
    pub takes: bool,
}

type Value = fn(&LogSnapshot) -> u64;

const COUNTERS: [(&str, &str, Value); 11] = [
    ("tidemark_log_entries_total", "Entries that became durable in the log.", |s| s.stored),
    ("tidemark_dedupe_hits_total", "Entries whose id was known already.", |s| s.duplicates),
    ("tidemark_log_bytes_total", "Bytes that became durable in the log.", |s| s.bytes),
    ("tidemark_log_groups_total", "Group commits; each is one fsync of every lane in it.", |s| {
        s.groups
    }),
    (
        "tidemark_log_failed_groups_total",
        "Group commits that the disk failed; 503 was told.",
        |s| s.failed_groups,
    ),
    (
        "tidemark_log_refused_full_total",
        "Batches that were told 503 because a bound was reached.",
        |s| s.refused_full,
    ),
    ("tidemark_log_failed_upkeep_total", "Steps of the log's upkeep that the disk failed.", |s| {
        s.failed_steps
    }),
    (
        "tidemark_log_damaged_entries_total",
        "Entries that the log's disk did not keep; must stay 0.",
        |s| s.damaged_entries,
    ),
    (
        "tidemark_log_torn_tails_total",
        "Torn ends that were cut at the start; nothing acknowledged was in them.",
        |s| s.torn_tails,
    ),
    ("tidemark_log_erased_total", "Entries that were erased from the log.", |s| s.erased),
    ("tidemark_log_removed_segments_total", "Segments that retention removed.", |s| {
        s.removed_segments
    }),
];

const GAUGES: [(&str, &str, Value); 8] = [
    (
        "tidemark_log_unsent_bytes",
        "Bytes of the log that ClickHouse has not taken, by whole segments.",
        |s| s.unsent_bytes,
    ),
    ("tidemark_log_segment_bytes", "Bytes of all segments of the log.", |s| s.log_bytes),
    ("tidemark_log_takes", "1 while new entries are taken, 0 while the answer is 503.", |s| {
        u64::from(s.takes)
    }),
    ("tidemark_dedupe_ids", "Ids that the dedupe index holds in memory.", |s| s.ids),
    ("tidemark_dedupe_spilled_ids", "Ids that the dedupe index holds in files.", |s| s.spilled_ids),
    ("tidemark_dedupe_id_bytes", "Bytes that the ids in memory take.", |s| s.id_bytes),
    ("tidemark_dedupe_filter_bytes", "Bytes of the filters over the ids in files.", |s| {
        s.filter_bytes
    }),
    (
        "tidemark_dedupe_max_bytes",
        "Bytes that ids and filters may take; at the bound the answer is 503.",
        |s| s.index_max_bytes,
    ),
];

const BYTES_PER_ID: &str = "tidemark_dedupe_bytes_per_id";

/// The registered series.
pub(super) struct LogSeries {
    counters: Vec<(Counter, Value)>,
    gauges: Vec<(Gauge, Value)>,
    bytes_per_id: Gauge,
}

impl LogSeries {
    /// Registers all of them at zero.
    pub(super) fn register() -> Self {
        let counters = COUNTERS.map(|(name, help, value)| {
            describe_counter!(name, help);
            (counter!(name), value)
        });
        let gauges = GAUGES.map(|(name, help, value)| {
            describe_gauge!(name, help);
            (gauge!(name), value)
        });
        describe_gauge!(BYTES_PER_ID, "Bytes of memory that an id takes on average.");
        let bytes_per_id = gauge!(BYTES_PER_ID);
        Self { counters: counters.into(), gauges: gauges.into(), bytes_per_id }
    }

    /// Takes over a snapshot; counters never go back.
    #[expect(clippy::cast_precision_loss, reason = "a gauge is a float; bytes stay below 2^53")]
    pub(super) fn take(&self, snapshot: &LogSnapshot) {
        for (counter, value) in &self.counters {
            counter.absolute(value(snapshot));
        }
        for (gauge, value) in &self.gauges {
            gauge.set(value(snapshot) as f64);
        }
        let bytes = snapshot.id_bytes + snapshot.filter_bytes;
        let ids = snapshot.ids + snapshot.spilled_ids;
        self.bytes_per_id.set(if ids == 0 { 0.0 } else { bytes as f64 / ids as f64 });
    }
}
