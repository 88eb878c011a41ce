//! The series of the writers into ClickHouse: what they did, what they doubted,
//! how far behind they are, and the invariants that must stay at zero.

use metrics::{Counter, Gauge, counter, describe_counter, describe_gauge, gauge};

use crate::invariants::Invariant;

const VIOLATIONS: &str = "tidemark_invariant_violations_total";

/// What the writers have done since they started, and where they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriterSnapshot {
    /// Blocks committed.
    pub blocks: u64,
    /// Rows that are in ClickHouse by them.
    pub rows: u64,
    /// Statements whose outcome was unknown.
    pub doubts: u64,
    /// Of those, blocks that were found to be there.
    pub found_there: u64,
    /// Of those, blocks that were found absent and sent again.
    pub found_absent: u64,
    /// Statements and questions that ClickHouse did not answer.
    pub failures: u64,
    /// Rows that became dead letters.
    pub dead_letters: u64,
    /// Entries that were erased before they were sent.
    pub erased: u64,
    /// Entries that the log's disk did not keep.
    pub damaged: u64,
    /// Offsets that the log let go before they were committed.
    pub lost: u64,
    /// Promises found broken.
    pub violations: [u64; Invariant::ALL.len()],
    /// Lanes that write nothing, because their log is an old copy.
    pub old_copies: u64,
    /// Statements that brought a rollup up to date.
    pub rollups: u64,
    /// Durable entries that are not in ClickHouse yet.
    pub lag: u64,
    /// Committed entries that the furthest rollup lacks.
    pub rollup_lag: u64,
    /// Whether the breaker is open: ClickHouse is away.
    pub breaker_open: bool,
}

type Value = fn(&WriterSnapshot) -> u64;

const COUNTERS: [(&str, &str, Value); 12] = [
    ("tidemark_writer_blocks_total", "Blocks committed to ClickHouse.", |s| s.blocks),
    ("tidemark_writer_rows_total", "Rows committed to ClickHouse.", |s| s.rows),
    ("tidemark_writer_doubts_total", "Statements whose outcome was unknown.", |s| s.doubts),
    ("tidemark_writer_found_there_total", "Doubted blocks that were there.", |s| s.found_there),
    ("tidemark_writer_found_absent_total", "Doubted blocks that were absent.", |s| s.found_absent),
    (
        "tidemark_writer_failures_total",
        "Statements that ClickHouse did not begin, and questions that it did not answer.",
        |s| s.failures,
    ),
    (
        "tidemark_writer_dead_letters_total",
        "Rows that ClickHouse refuses, kept as dead letters.",
        |s| s.dead_letters,
    ),
    ("tidemark_writer_erased_total", "Entries that were erased before they were sent.", |s| {
        s.erased
    }),
    ("tidemark_writer_damaged_total", "Entries that the log's disk did not keep.", |s| s.damaged),
    (
        "tidemark_writer_lost_total",
        "Offsets that the log let go before they were committed; must stay 0.",
        |s| s.lost,
    ),
    (
        "tidemark_writer_violations_total",
        "Promises found broken: part of a block there, a watermark inside of its range; must stay 0.",
        |s| s.violations.iter().sum(),
    ),
    ("tidemark_rollup_statements_total", "Statements that brought a rollup up to date.", |s| {
        s.rollups
    }),
];

const GAUGES: [(&str, &str, Value); 4] = [
    (
        "tidemark_writer_old_copy_lanes",
        "Lanes that write nothing, because ClickHouse has more of their log than data.dir.",
        |s| s.old_copies,
    ),
    ("tidemark_log_lag_entries", "Durable entries that are not in ClickHouse yet.", |s| s.lag),
    ("tidemark_rollup_lag_entries", "Committed entries that the furthest rollup lacks.", |s| {
        s.rollup_lag
    }),
    (
        "tidemark_writer_breaker_open",
        "1 while ClickHouse is away and one statement at a time is tried.",
        |s| s.breaker_open as u64,
    ),
];

/// The registered series.
pub(super) struct WriterSeries {
    counters: Vec<(Counter, Value)>,
    gauges: Vec<(Gauge, Value)>,
    violations: [Counter; Invariant::ALL.len()],
}

impl WriterSeries {
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
        describe_counter!(
            VIOLATIONS,
            "Times that an invariant was found broken, by its name; must stay 0."
        );
        let violations =
            Invariant::ALL.map(|invariant| counter!(VIOLATIONS, "invariant" => invariant.name()));
        Self { counters: counters.into(), gauges: gauges.into(), violations }
    }

    /// Takes over a snapshot; counters never go back.
    pub(super) fn take(&self, snapshot: &WriterSnapshot) {
        for (counter, value) in &self.counters {
            counter.absolute(value(snapshot));
        }
        for (counter, count) in self.violations.iter().zip(snapshot.violations) {
            counter.absolute(count);
        }
        for (gauge, value) in &self.gauges {
            #[expect(
                clippy::cast_precision_loss,
                reason = "a gauge is a float; lags stay far below 2^53"
            )]
            gauge.set(value(snapshot) as f64);
        }
    }
}
