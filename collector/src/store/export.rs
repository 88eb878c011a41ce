//! Whole tables of one tenant, as a stream of bytes in a file's format.
//!
//! ClickHouse writes the format, and nothing here looks into it: what is held is
//! one piece of the stream. Values are bound parameters; names of columns are held
//! against the table before they stand in a statement, and quoted.

use std::fmt::Write as _;

use bytes::Bytes;
use clickhouse::Row;
use clickhouse::query::BytesCursor;
use serde::Deserialize;
use uuid::Uuid;

use super::client::{ClickHouse, within};
use super::error::StoreError;
use crate::limits::QUERY_TIMEOUT;

/// A table that can be exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportTable {
    /// Accepted events.
    EventsRaw,
    /// Rejected and dropped ones: code and place, never the value.
    RejectedEvents,
}

impl ExportTable {
    /// Its name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EventsRaw => "events_raw",
            Self::RejectedEvents => "rejected_events",
        }
    }

    /// What says when a row happened. A rejected event may have had no time of its own.
    const fn time_column(self, by: ExportTime) -> &'static str {
        match (self, by) {
            (Self::EventsRaw, ExportTime::Occurred) => "occurred_at",
            _ => "received_at",
        }
    }
}

/// By which of an event's times a range is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportTime {
    /// When it happened.
    Occurred,
    /// When the edge received it.
    Received,
}

/// A file's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// Apache Parquet, zstd within.
    Parquet,
    /// Text with a line of names.
    Csv,
    /// One JSON object a line.
    Ndjson,
    /// Apache Arrow's file format, which can be read from any place.
    Arrow,
    /// Apache Arrow's stream format.
    ArrowStream,
}

impl ExportFormat {
    const fn clickhouse(self) -> &'static str {
        match self {
            Self::Parquet => "Parquet",
            Self::Csv => "CSVWithNames",
            Self::Ndjson => "JSONEachRow",
            Self::Arrow => "Arrow",
            Self::ArrowStream => "ArrowStream",
        }
    }

    const fn is_text(self) -> bool {
        matches!(self, Self::Csv | Self::Ndjson)
    }
}

/// Which rows and columns, and how.
#[derive(Clone, Debug)]
pub struct ExportQuery {
    /// The table.
    pub table: ExportTable,
    /// Whose rows.
    pub tenant_id: Uuid,
    /// Of one site alone.
    pub site_id: Option<Uuid>,
    /// The time that `from_ms` and `to_ms` mean.
    pub by: ExportTime,
    /// From then on, Unix milliseconds.
    pub from_ms: Option<i64>,
    /// Until before then, Unix milliseconds.
    pub to_ms: Option<i64>,
    /// Of these names alone; none = all.
    pub event_names: Vec<String>,
    /// These columns in this order; none = all.
    pub columns: Vec<String>,
    /// The format.
    pub format: ExportFormat,
}

/// Why nothing is exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// ClickHouse said no, or nothing.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The table has no such column.
    #[error("{table} has no column `{column}`; it has {}", .known.join(", "))]
    UnknownColumn {
        /// The table.
        table: &'static str,
        /// What was asked for.
        column: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The table has no event names.
    #[error("{0} has no event names to choose by")]
    NoEventNames(&'static str),
}

/// A stream of bytes under way.
pub struct ExportStream {
    cursor: BytesCursor,
}

impl ExportStream {
    pub(super) const fn new(cursor: BytesCursor) -> Self {
        Self { cursor }
    }

    /// The next bytes; `None` at the end, which is told only when all is there.
    ///
    /// # Errors
    /// What ClickHouse says in the middle of the stream: what came before is no
    /// whole file.
    pub async fn next(&mut self) -> Result<Option<Bytes>, StoreError> {
        Ok(self.cursor.next().await?)
    }
}

#[derive(Clone, Debug, Row, Deserialize)]
struct Column {
    name: String,
    kind: String,
}

impl ClickHouse {
    /// Counts the rows that an export would have now, for those who watch it.
    ///
    /// # Errors
    /// [`ExportError`].
    pub async fn export_count(&self, query: &ExportQuery) -> Result<u64, ExportError> {
        let sql = format!("SELECT count() FROM {}{}", query.table.as_str(), conditions(query)?);
        let question = bound(self.client().query(&sql), query).fetch_one::<u64>();
        Ok(within(QUERY_TIMEOUT, question).await?)
    }

    /// Begins an export.
    ///
    /// # Errors
    /// [`ExportError`].
    pub async fn export(&self, query: &ExportQuery) -> Result<ExportStream, ExportError> {
        let columns = self.columns_of(query.table.as_str()).await?;
        let sql = format!(
            "SELECT {} FROM {}{}",
            selected(query, &columns)?,
            query.table.as_str(),
            conditions(query)?
        );
        let question = bound(self.client().query(&sql), query)
            .with_setting("date_time_output_format", "iso")
            .with_setting("output_format_json_quote_64bit_integers", "0")
            .with_setting("output_format_parquet_string_as_string", "1")
            .with_setting("output_format_arrow_string_as_string", "1")
            .with_setting("output_format_parquet_compression_method", "zstd")
            // What ClickHouse gathers before it writes: 100,000 rows or 64 MB.
            .with_setting("output_format_parquet_row_group_size", "100000")
            .with_setting("output_format_parquet_row_group_size_bytes", "67108864");
        let cursor = question.fetch_bytes(query.format.clickhouse()).map_err(StoreError::from)?;
        Ok(ExportStream::new(cursor))
    }

    async fn columns_of(&self, table: &str) -> Result<Vec<Column>, StoreError> {
        let question = self
            .client()
            .query(
                "SELECT name, type AS kind FROM system.columns \
                 WHERE database = {database: String} AND table = {table: String} ORDER BY position",
            )
            .param("database", self.database())
            .param("table", table)
            .fetch_all::<Column>();
        within(QUERY_TIMEOUT, question).await
    }
}

/// The columns as they are selected. Binary files hold ids as text: readers differ
/// in what they make of 16 bytes.
fn selected(query: &ExportQuery, columns: &[Column]) -> Result<String, ExportError> {
    let mut out = String::new();
    let mut push = |column: &Column| {
        let comma = if out.is_empty() { "" } else { ", " };
        let name = &column.name;
        let as_text = !query.format.is_text() && column.kind == "UUID";
        let _ = if as_text {
            write!(out, "{comma}toString(t.`{name}`) AS `{name}`")
        } else {
            write!(out, "{comma}t.`{name}` AS `{name}`")
        };
    };
    if query.columns.is_empty() {
        columns.iter().for_each(&mut push);
    }
    for asked in &query.columns {
        let Some(column) = columns.iter().find(|column| column.name == *asked) else {
            return Err(ExportError::UnknownColumn {
                table: query.table.as_str(),
                column: asked.clone(),
                known: columns.iter().map(|column| column.name.clone()).collect(),
            });
        };
        push(column);
    }
    Ok(out)
}

fn conditions(query: &ExportQuery) -> Result<String, ExportError> {
    let time = query.table.time_column(query.by);
    let mut sql = String::from(" AS t WHERE t.tenant_id = {tenant_id: UUID}");
    if query.site_id.is_some() {
        sql.push_str(" AND t.site_id = {site_id: UUID}");
    }
    // The day as well: the sort key has it before the time.
    if query.from_ms.is_some() {
        let from = "fromUnixTimestamp64Milli({from_ms: Int64}, 'UTC')";
        let _ = write!(sql, " AND t.{time} >= {from} AND toDate(t.{time}) >= toDate({from})");
    }
    if query.to_ms.is_some() {
        let to = "fromUnixTimestamp64Milli({to_ms: Int64}, 'UTC')";
        let _ = write!(sql, " AND t.{time} < {to} AND toDate(t.{time}) <= toDate({to})");
    }
    if !query.event_names.is_empty() {
        if query.table != ExportTable::EventsRaw {
            return Err(ExportError::NoEventNames(query.table.as_str()));
        }
        sql.push_str(" AND t.event_name IN {event_names: Array(String)}");
    }
    Ok(sql)
}

fn bound(question: clickhouse::query::Query, query: &ExportQuery) -> clickhouse::query::Query {
    let mut question = question.param("tenant_id", query.tenant_id.to_string());
    if let Some(site_id) = query.site_id {
        question = question.param("site_id", site_id.to_string());
    }
    if let Some(from_ms) = query.from_ms {
        question = question.param("from_ms", from_ms);
    }
    if let Some(to_ms) = query.to_ms {
        question = question.param("to_ms", to_ms);
    }
    if !query.event_names.is_empty() {
        question = question.param("event_names", &query.event_names);
    }
    question
}
