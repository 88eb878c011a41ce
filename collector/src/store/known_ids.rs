//! Which events are stored already: what is asked where the dedupe index need not
//! know, because the first of two may be older than its window.

use std::collections::HashSet;

use uuid::Uuid;

use super::client::{ClickHouse, within};
use super::error::StoreError;
use crate::limits::QUERY_TIMEOUT;

impl ClickHouse {
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
        // The ids stand in the statement and not beside it: 500 of them are longer than
        // some servers let a URL be.
        let question = self
            .client()
            .query(
                "SELECT toString(event_id) FROM events_raw WHERE tenant_id = toUUID(?) \
                 AND site_id = toUUID(?) AND occurred_at >= fromUnixTimestamp64Milli(toInt64(?)) \
                 AND occurred_at <= fromUnixTimestamp64Milli(toInt64(?)) \
                 AND event_id IN ? SETTINGS select_sequential_consistency = 1",
            )
            .bind(tenant_id.to_string())
            .bind(site_id.to_string())
            .bind(occurred_ms.0)
            .bind(occurred_ms.1)
            .bind(ids.iter().map(Uuid::to_string).collect::<Vec<_>>())
            .fetch_all::<String>();
        let found = within(QUERY_TIMEOUT, question).await?;
        Ok(found.iter().filter_map(|id| Uuid::parse_str(id).ok()).collect())
    }
}
