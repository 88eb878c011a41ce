//! [`Store`] over HTTP: what the writer's threads call.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::Full;
use serde::Serialize;
use tokio::runtime::Handle;
use uuid::Uuid;

use super::client::{ClickHouse, within};
use super::contract::{Block, DeadLetter, Piece, Rollup, Span, Store, StoreFault};
use super::error::StoreError;
use super::http::Endpoint;
use super::person::{COMPANIONS_MAX, ErasedPlace, Person, PersonStore, PersonTable};
use super::schema_gate::SchemaGate;
use super::{block, rollup};
use crate::config;
use crate::limits::{FENCE_POLL, FENCE_TIMEOUT, INSERT_TIMEOUT, QUERY_TIMEOUT, ROLLUP_TIMEOUT};
use crate::place::{Lane, LogId};

/// What makes one statement one part: no threads, no cuts, and no later answer
/// (26.7 collects inserts by default). A block of two partitions is refused.
const ONE_PART: [(&str, &str); 9] = [
    ("async_insert", "0"),
    ("max_insert_threads", "1"),
    ("max_threads", "1"),
    ("input_format_parallel_parsing", "0"),
    ("max_insert_block_size", "1048449"),
    ("min_insert_block_size_rows", "1048449"),
    ("min_insert_block_size_bytes", "0"),
    ("max_partitions_per_insert_block", "1"),
    ("throw_on_max_partitions_per_insert_block", "1"),
];

/// The names of ClickHouse's codes for a table, or a database, that is not there.
const UNKNOWN_TABLE: &str = "UNKNOWN_TABLE";
const UNKNOWN_DATABASE: &str = "UNKNOWN_DATABASE";

/// ClickHouse for the writer's threads, which wait for each answer.
pub struct Statements {
    clickhouse: ClickHouse,
    endpoint: Endpoint,
    runtime: Handle,
    /// Shut when a table is found missing.
    gate: Arc<SchemaGate>,
    /// The statements that fill rollups, made once from the tables' columns.
    rollups: Mutex<BTreeMap<Rollup, rollup::Statement>>,
}

impl Statements {
    /// The store that `clickhouse` speaks to; its I/O is done on `runtime`, and
    /// its methods are called from outside of it.
    pub fn new(config: &config::ClickHouse, runtime: Handle, gate: Arc<SchemaGate>) -> Self {
        Self {
            clickhouse: ClickHouse::new(config),
            endpoint: Endpoint::new(config),
            runtime,
            gate,
            rollups: Mutex::default(),
        }
    }

    async fn insert_block(&self, block: &Block<'_>) -> Result<(), StoreFault> {
        let Some(body) = block::encode(block, self.endpoint.compress) else {
            return Err(StoreFault::NotBegun("a record of the block cannot be read".to_owned()));
        };
        let statement = block::statement(block.piece.table);
        let mut settings = vec![("query", statement.as_str()), ("query_id", block.query_id)];
        settings.extend(ONE_PART);
        if self.endpoint.compress {
            settings.push(("decompress", "1"));
        }
        match body {
            block::Encoded::Rows(rows) => {
                self.endpoint.post(&settings, rows, INSERT_TIMEOUT).await?;
            }
            block::Encoded::Frames(frames) => {
                self.endpoint.post(&settings, Full::new(frames), INSERT_TIMEOUT).await?;
            }
        }
        Ok(())
    }

    async fn count(&self, piece: &Piece) -> Result<u64, StoreError> {
        let sql = format!(
            "SELECT count() FROM {} WHERE log_id = ? AND lane = ? AND offset >= ? AND offset < ? \
             AND toYYYYMM(received_at) = ? AND received_at >= fromUnixTimestamp64Milli(?) \
             AND received_at <= fromUnixTimestamp64Milli(?)",
            piece.table.as_str()
        );
        let question = self
            .clickhouse
            .client()
            .query(&sql)
            .bind(piece.range.log_id)
            .bind(piece.range.lane)
            .bind(piece.range.from)
            .bind(piece.range.to)
            .bind(piece.partition.0)
            .bind(piece.received_from_ms)
            .bind(piece.received_to_ms)
            .with_setting("select_sequential_consistency", "1");
        within(QUERY_TIMEOUT, question.fetch_one::<u64>()).await
    }

    async fn mark(&self, rollup: Rollup, log_id: LogId, lane: Lane) -> Result<u64, StoreError> {
        let sql = format!(
            "SELECT max(mark_offset) FROM {} WHERE is_mark AND tenant_id = ? AND log_id = ? \
             AND lane = ?",
            rollup.as_str()
        );
        let question = self
            .clickhouse
            .client()
            .query(&sql)
            .bind(Uuid::nil())
            .bind(log_id)
            .bind(lane)
            .with_setting("select_sequential_consistency", "1");
        within(QUERY_TIMEOUT, question.fetch_one::<u64>()).await
    }

    /// The statement that fills a rollup, by the table's columns as they are.
    async fn rollup_statement(&self, rollup: Rollup) -> Result<rollup::Statement, StoreError> {
        let known =
            self.rollups.lock().unwrap_or_else(PoisonError::into_inner).get(&rollup).cloned();
        if let Some(statement) = known {
            return Ok(statement);
        }
        let question = self
            .clickhouse
            .client()
            .query(
                "SELECT name, type FROM system.columns WHERE database = ? AND table = ? \
                 ORDER BY position",
            )
            .bind(self.clickhouse.database())
            .bind(rollup.as_str());
        let columns = within(QUERY_TIMEOUT, question.fetch_all::<rollup::Column>()).await?;
        let statement = rollup::Statement::new(rollup, &columns);
        let mut rollups = self.rollups.lock().unwrap_or_else(PoisonError::into_inner);
        rollups.insert(rollup, statement.clone());
        Ok(statement)
    }

    async fn add(&self, rollup: Rollup, spans: &[Span], query_id: &str) -> Result<(), StoreFault> {
        let statement = self.rollup_statement(rollup).await?.of(spans);
        let mut settings = vec![("query_id", query_id), ("wait_end_of_query", "1")];
        settings.extend(ONE_PART);
        Ok(self.endpoint.post(&settings, Full::<Bytes>::from(statement), ROLLUP_TIMEOUT).await?)
    }

    async fn running(&self, query_id: &str) -> Result<u64, StoreError> {
        let question = self
            .clickhouse
            .outside()
            .query("SELECT count() FROM system.processes WHERE query_id = ?")
            .bind(query_id);
        within(QUERY_TIMEOUT, question.fetch_one::<u64>()).await
    }

    async fn end(&self, query_id: &str) -> Result<(), StoreFault> {
        let deadline = tokio::time::Instant::now() + FENCE_TIMEOUT;
        while self.running(query_id).await? > 0 {
            if tokio::time::Instant::now() >= deadline {
                return Err(StoreFault::Unknown("the old statement does not end".to_owned()));
            }
            let kill = self
                .clickhouse
                .outside()
                .query("KILL QUERY WHERE query_id = ? ASYNC")
                .bind(query_id);
            within(QUERY_TIMEOUT, kill.execute()).await?;
            tokio::time::sleep(FENCE_POLL).await;
        }
        Ok(())
    }

    async fn bury(&self, letters: &[DeadLetter]) -> Result<(), StoreFault> {
        let mut rows = Vec::new();
        for letter in letters {
            let row = DeadLetterRow::of(letter);
            serde_json::to_writer(&mut rows, &row)
                .map_err(|error| StoreFault::NotBegun(error.to_string()))?;
        }
        let statement = "INSERT INTO dead_letters FORMAT JSONEachRow";
        let settings = [("query", statement), ("async_insert", "0")];
        Ok(self.endpoint.post(&settings, Full::<Bytes>::from(rows), INSERT_TIMEOUT).await?)
    }
}

impl Statements {
    /// A table that is missing shuts the gate, so that the migrations run again.
    fn noticed<T>(&self, outcome: Result<T, StoreFault>) -> Result<T, StoreFault> {
        if let Err(StoreFault::NotBegun(why)) = &outcome
            && [UNKNOWN_TABLE, UNKNOWN_DATABASE].iter().any(|name| why.contains(name))
        {
            self.gate.shut();
        }
        outcome
    }
}

impl Store for Statements {
    fn insert(&self, block: &Block<'_>) -> Result<(), StoreFault> {
        self.noticed(self.runtime.block_on(self.insert_block(block)))
    }

    fn rows_of(&self, piece: &Piece) -> Result<u64, StoreFault> {
        self.noticed(self.runtime.block_on(self.count(piece)).map_err(StoreFault::from))
    }

    fn roll_up(&self, rollup: Rollup, spans: &[Span], query_id: &str) -> Result<(), StoreFault> {
        self.noticed(self.runtime.block_on(self.add(rollup, spans, query_id)))
    }

    fn watermark(&self, rollup: Rollup, log_id: LogId, lane: Lane) -> Result<u64, StoreFault> {
        let mark = self.runtime.block_on(self.mark(rollup, log_id, lane));
        self.noticed(mark.map_err(StoreFault::from))
    }

    fn fence(&self, query_id: &str) -> Result<(), StoreFault> {
        self.runtime.block_on(self.end(query_id))
    }

    fn dead_letter(&self, letters: &[DeadLetter]) -> Result<(), StoreFault> {
        self.runtime.block_on(self.bury(letters))
    }
}

impl PersonStore for Statements {
    fn companions(&self, tenant_id: Uuid, user_ids: &[String]) -> Result<Vec<Uuid>, StoreFault> {
        let found = self.runtime.block_on(self.clickhouse.companions(tenant_id, user_ids))?;
        if found.len() > COMPANIONS_MAX {
            return Err(StoreFault::Refused { code: 0, reason: "TOO_MANY_VISITORS".to_owned() });
        }
        Ok(found)
    }

    fn count_person(&self, table: PersonTable, person: &Person) -> Result<u64, StoreFault> {
        Ok(self.runtime.block_on(self.clickhouse.count_of(table, person))?)
    }

    fn tell_person_erased(&self, person: &Person, erasure_id: Uuid) -> Result<(), StoreFault> {
        Ok(self.runtime.block_on(self.clickhouse.copy_places(person, erasure_id))?)
    }

    fn tell_erased(&self, places: &[ErasedPlace], erasure_id: Uuid) -> Result<(), StoreFault> {
        Ok(self.runtime.block_on(self.clickhouse.insert_places(places, erasure_id))?)
    }

    fn delete_person(&self, table: PersonTable, person: &Person) -> Result<(), StoreFault> {
        Ok(self.runtime.block_on(self.clickhouse.delete_of(table, person))?)
    }

    fn delete_letters(&self, places: &[ErasedPlace]) -> Result<(), StoreFault> {
        Ok(self.runtime.block_on(self.clickhouse.delete_places(places))?)
    }
}

/// A row of `dead_letters`.
#[derive(Serialize)]
struct DeadLetterRow<'a> {
    log_id: Uuid,
    lane: Lane,
    offset: u64,
    tenant_id: String,
    site_id: String,
    event_id: String,
    received_at: String,
    refused_by: &'static str,
    code: u32,
    reason: &'a str,
}

impl<'a> DeadLetterRow<'a> {
    fn of(letter: &'a DeadLetter) -> Self {
        let secs = letter.received_at_ms.div_euclid(1_000);
        let millis = letter.received_at_ms.rem_euclid(1_000);
        Self {
            log_id: letter.log_id,
            lane: letter.lane,
            offset: letter.offset,
            tenant_id: letter.tenant_id.to_string(),
            site_id: letter.site_id.to_string(),
            event_id: letter.event_id.to_string(),
            received_at: format!("{secs}.{millis:03}"),
            refused_by: letter.table.as_str(),
            code: letter.code,
            reason: &letter.reason,
        }
    }
}
