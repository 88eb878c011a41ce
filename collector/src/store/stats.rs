//! Counts of a tenant's events.

use clickhouse::Row;
use serde::Deserialize;
use uuid::Uuid;

use super::client::{ClickHouse, within};
use super::error::StoreError;
use crate::limits::QUERY_TIMEOUT;

/// What a tenant has stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Row, Deserialize)]
pub struct TenantStats {
    /// Rows of the tenant in `events_raw`.
    pub events: u64,
    /// The newest received_at in Unix milliseconds; 0 when there is no event.
    pub last_received_at_ms: i64,
}

impl ClickHouse {
    /// Counts a tenant's events.
    ///
    /// # Errors
    /// [`StoreError`] when ClickHouse does not answer within the query's time.
    pub async fn tenant_stats(&self, tenant_id: Uuid) -> Result<TenantStats, StoreError> {
        let question = self
            .client()
            .query(
                "SELECT count() AS events, toUnixTimestamp64Milli(max(received_at)) AS last_received_at_ms \
                 FROM events_raw WHERE tenant_id = {tenant_id: UUID}",
            )
            .param("tenant_id", tenant_id.to_string())
            .fetch_one::<TenantStats>();
        within(QUERY_TIMEOUT, question).await
    }
}
