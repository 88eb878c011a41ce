//! What the writer needs of ClickHouse: the seam that the simulation replaces.
//!
//! Owns the names of the tables and rollups, the shape of a block, and how a
//! statement may fail. Everything here is synchronous and takes its time; the
//! adapter over HTTP is [`super::ClickHouse`].
//!
//! What always holds of an implementation:
//! * one call of [`Store::insert`] or [`Store::roll_up`] is one statement that
//!   makes one part, which is there or not there;
//! * [`StoreFault::NotBegun`] and [`StoreFault::Refused`] are said only when the
//!   statement surely left nothing and runs no more; everything else is
//!   [`StoreFault::Unknown`].

use std::fmt;

use bytes::Bytes;
use tidemark_core::id::Uuid;

use crate::place::{Lane, LogId, Range};

/// A table that blocks of the log go into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Accepted events.
    EventsRaw,
    /// Rejected and dropped ones.
    RejectedEvents,
}

impl Table {
    /// Its name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EventsRaw => "events_raw",
            Self::RejectedEvents => "rejected_events",
        }
    }
}

/// A partition of such a table: year and month of `received_at`, e.g. 202611.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition(pub u32);

impl Partition {
    /// The partition of a row that was received then, Unix milliseconds; the
    /// calendar is Howard Hinnant's civil-from-days algorithm.
    pub fn of(received_at_ms: i64) -> Self {
        let days = received_at_ms.div_euclid(86_400_000) + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * day_of_year + 2) / 153;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Self(u32::try_from(year * 100 + month).unwrap_or(0))
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The part of a planned block that goes by one statement: the rows of a range
/// of offsets that belong to one table and one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Piece {
    /// Where the table's rows go.
    pub table: Table,
    /// The partition.
    pub partition: Partition,
    /// The offsets that it draws from; others in them belong to other pieces.
    pub range: Range,
    /// How many rows it has.
    pub rows: u64,
    /// The earliest `received_at` among them, Unix milliseconds.
    pub received_from_ms: i64,
    /// The latest.
    pub received_to_ms: i64,
}

impl Piece {
    /// The statement's name: of log, lane, offsets, table and partition, and of
    /// nothing else, so that whoever doubts a statement can name it.
    pub fn query_id(&self) -> String {
        let Range { log_id, lane, from, to } = self.range;
        format!("tidemark-{log_id}-{lane}-{from}-{to}-{}-{}", self.table.as_str(), self.partition)
    }
}

/// One row of a block.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// Its place in the lane.
    pub offset: u64,
    /// Its payload, which [`crate::record::RecordView`] reads.
    pub payload: &'a Bytes,
}

/// A piece with its rows.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    /// What it is.
    pub piece: &'a Piece,
    /// The statement's name.
    pub query_id: &'a str,
    /// Its rows, in the order of their offsets.
    pub rows: &'a [Row<'a>],
}

/// A range of offsets whose base rows go into a rollup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The offsets.
    pub range: Range,
    /// The earliest and the latest `received_at` in them, Unix milliseconds,
    /// where they are known: they spare the search of old parts.
    pub received_ms: Option<(i64, i64)>,
}

/// A table that is computed from `events_raw`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rollup {
    /// A person and UTC day.
    UserAnalyticsSummary,
    /// A site and UTC day.
    DailyMetrics,
    /// A site and UTC hour, for days of other time zones.
    HourlyMetrics,
    /// An agent and UTC day.
    AgentMetrics,
    /// A screen and UTC hour: views and signs of struggle.
    ScreenHotspotCounts,
    /// A site, minute and event name.
    MinuteCounts,
    /// The consent states that a visitor's events carried.
    ConsentLedger,
}

impl Rollup {
    /// Every rollup.
    pub const ALL: [Self; 7] = [
        Self::UserAnalyticsSummary,
        Self::DailyMetrics,
        Self::HourlyMetrics,
        Self::AgentMetrics,
        Self::ScreenHotspotCounts,
        Self::MinuteCounts,
        Self::ConsentLedger,
    ];

    /// Its table's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UserAnalyticsSummary => "user_analytics_summary",
            Self::DailyMetrics => "daily_metrics",
            Self::HourlyMetrics => "hourly_metrics",
            Self::AgentMetrics => "agent_metrics",
            Self::ScreenHotspotCounts => "screen_hotspot_counts",
            Self::MinuteCounts => "minute_counts",
            Self::ConsentLedger => "consent_ledger",
        }
    }
}

/// A row that ClickHouse refuses, as the table `dead_letters` names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// The log.
    pub log_id: LogId,
    /// The lane.
    pub lane: Lane,
    /// The offset.
    pub offset: u64,
    /// The organisation.
    pub tenant_id: Uuid,
    /// The web property.
    pub site_id: Uuid,
    /// The event's id.
    pub event_id: Uuid,
    /// When it was received, Unix milliseconds.
    pub received_at_ms: i64,
    /// Where it was to go.
    pub table: Table,
    /// Why: ClickHouse's code, or 0 when the record itself cannot be read.
    pub code: u32,
    /// The code's name, e.g. `INCORRECT_DATA`. Never ClickHouse's words, which
    /// may quote the value.
    pub reason: String,
}

/// What became of a statement that did not simply succeed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreFault {
    /// It surely left nothing, and may be sent again: ClickHouse was not
    /// reached, or turned it away before it began.
    #[error("ClickHouse did not begin the statement: {0}")]
    NotBegun(String),
    /// It surely left nothing, and would be refused again: a value is at fault.
    #[error("ClickHouse refuses the data: code {code} {reason}")]
    Refused {
        /// ClickHouse's code.
        code: u32,
        /// Its name.
        reason: String,
    },
    /// It may have been applied, and may still run.
    #[error("what became of the statement is unknown: {0}")]
    Unknown(String),
}

/// ClickHouse, as the writer uses it.
pub trait Store: Send + Sync {
    /// Inserts a block by one statement, as one part.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn insert(&self, block: &Block<'_>) -> Result<(), StoreFault>;

    /// Counts the piece's rows that are there: none or all of them.
    ///
    /// # Errors
    /// [`StoreFault`]: the question was not answered.
    fn rows_of(&self, piece: &Piece) -> Result<u64, StoreFault>;

    /// Adds the base rows of `spans`, at most one a lane, to a rollup, with each
    /// lane's watermark set to the end of its span, by one statement, as one part.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn roll_up(&self, rollup: Rollup, spans: &[Span], query_id: &str) -> Result<(), StoreFault>;

    /// The offset up to which a lane's base rows are in a rollup; 0 at first.
    ///
    /// # Errors
    /// [`StoreFault`]: the question was not answered.
    fn watermark(&self, rollup: Rollup, log_id: LogId, lane: Lane) -> Result<u64, StoreFault>;

    /// Ends the statement of that name, and returns once none of that name runs.
    /// One that was sent and has not begun is not seen here: the caller waits
    /// [`crate::limits::FENCE_GRACE`] after its connection was closed, and fences then.
    ///
    /// # Errors
    /// [`StoreFault`]: whether one runs is not known.
    fn fence(&self, query_id: &str) -> Result<(), StoreFault>;

    /// Tells the table `dead_letters`; telling the same again changes nothing.
    ///
    /// # Errors
    /// [`StoreFault`]; after any of them it may be told again.
    fn dead_letter(&self, letters: &[DeadLetter]) -> Result<(), StoreFault>;
}

#[cfg(test)]
mod tests {
    use super::Partition;

    #[test]
    fn a_partition_is_a_month_of_utc() {
        for (ms, month) in [
            (0, 197_001),
            (-1, 196_912),
            (951_782_399_999, 200_002),
            (951_868_800_000, 200_003),
            (1_767_225_599_999, 202_512),
            (1_767_225_600_000, 202_601),
            (4_107_542_399_999, 210_002),
        ] {
            assert_eq!(Partition::of(ms), Partition(month), "{ms}");
        }
    }
}
