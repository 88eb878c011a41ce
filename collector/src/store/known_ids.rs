//! Which events are stored already: what is asked where the dedupe index need not
//! know, because the first of two may be older than its window.

use std::collections::HashSet;

use clickhouse::Row;
use serde::Deserialize;
use uuid::Uuid;

use super::client::{ClickHouse, within};
use super::error::StoreError;
use crate::limits::{IDS_TIMEOUT, QUERY_TIMEOUT};

/// Ids handed on at once.
const CHUNK: usize = 50_000;

#[derive(Row, Deserialize)]
struct StoredId {
    #[serde(with = "clickhouse::serde::uuid")]
    tenant_id: Uuid,
    #[serde(with = "clickhouse::serde::uuid")]
    event_id: Uuid,
}

impl ClickHouse {
    /// Hands on, in pieces, tenant and event id of every event that was received since
    /// then (Unix milliseconds) and is stored, or kept as a dead letter. Each piece has its
    /// time: ten million ids may take minutes, and a server that says nothing may not.
    ///
    /// # Errors
    /// [`StoreError`]; some pieces may have been handed on by then.
    pub async fn ids_since<F: Future<Output = ()>>(
        &self,
        since_ms: i64,
        mut hand_on: impl FnMut(Vec<(Uuid, Uuid)>) -> F,
    ) -> Result<u64, StoreError> {
        let mut rows = self
            .client()
            .query(
                "SELECT tenant_id, event_id FROM events_raw \
                 WHERE received_at >= fromUnixTimestamp64Milli(toInt64(?)) \
                 UNION ALL SELECT tenant_id, event_id FROM dead_letters \
                 WHERE received_at >= fromUnixTimestamp64Milli(toInt64(?))",
            )
            .bind(since_ms)
            .bind(since_ms)
            .with_setting("select_sequential_consistency", "1")
            .fetch::<StoredId>()?;
        let (mut chunk, mut count) = (Vec::with_capacity(CHUNK), 0);
        while let Some(StoredId { tenant_id, event_id }) = within(IDS_TIMEOUT, rows.next()).await? {
            chunk.push((tenant_id, event_id));
            count += 1;
            if chunk.len() == CHUNK {
                hand_on(std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK))).await;
            }
        }
        hand_on(chunk).await;
        Ok(count)
    }

    /// Those of `ids` that `events_raw` has of a site. `occurred_ms` are the earliest
    /// and the latest time of the events asked for: they spare the search of other days.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn known_ids(
        &self,
        tenant_id: Uuid,
        site_id: Uuid,
        ids: &[Uuid],
        occurred_ms: (i64, i64),
    ) -> Result<HashSet<Uuid>, StoreError> {
        // The sort key has the day before the time: without the day nothing is passed over
        // (schemas/clickhouse/README.md, "The sort key").
        // The ids stand in the statement and not beside it: 500 of them are longer than
        // some servers let a URL be.
        let question = self
            .client()
            .query(
                "SELECT toString(event_id) FROM events_raw WHERE tenant_id = toUUID(?) \
                 AND site_id = toUUID(?) AND occurred_at >= fromUnixTimestamp64Milli(toInt64(?)) \
                 AND occurred_at <= fromUnixTimestamp64Milli(toInt64(?)) \
                 AND toDate(occurred_at) >= toDate(fromUnixTimestamp64Milli(toInt64(?), 'UTC')) \
                 AND toDate(occurred_at) <= toDate(fromUnixTimestamp64Milli(toInt64(?), 'UTC')) \
                 AND event_id IN ? SETTINGS select_sequential_consistency = 1",
            )
            .bind(tenant_id.to_string())
            .bind(site_id.to_string())
            .bind(occurred_ms.0)
            .bind(occurred_ms.1)
            .bind(occurred_ms.0)
            .bind(occurred_ms.1)
            .bind(ids.iter().map(Uuid::to_string).collect::<Vec<_>>())
            .fetch_all::<String>();
        let found = within(QUERY_TIMEOUT, question).await?;
        Ok(found.iter().filter_map(|id| Uuid::parse_str(id).ok()).collect())
    }
}
