//! `GET /v1/stats`: how much of a tenant's data there is, for the key's tenant.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use tidemark_core::time::format_rfc3339;
use uuid::Uuid;

use super::ApiKeys;
use crate::refusal::Refused;
use crate::sites::Scope;
use crate::store::ClickHouse;

/// The answer.
#[derive(Debug, Serialize)]
struct Stats {
    tenant_id: Uuid,
    events: u64,
    /// RFC 3339, UTC; `null` when there is no event.
    last_received_at: Option<String>,
}

/// The route of the counts.
pub fn routes(store: ClickHouse, keys: ApiKeys) -> Router {
    Router::new().route("/v1/stats", get(stats)).with_state(Arc::new((store, keys)))
}

async fn stats(
    State(reads): State<Arc<(ClickHouse, ApiKeys)>>,
    headers: HeaderMap,
) -> Result<Json<Stats>, Refused> {
    let (store, keys) = reads.as_ref();
    let reader = keys.reader(&headers, Scope::Read)?;
    let tenant_id = Uuid::from_bytes(reader.tenant_id.0);
    let found =
        store.tenant_stats(tenant_id).await.map_err(|error| Refused::NotAnswered(error.into()))?;
    let last_received_at = (found.events > 0).then(|| {
        let mut text = String::with_capacity(24);
        format_rfc3339(found.last_received_at_ms, &mut text);
        text
    });
    Ok(Json(Stats { tenant_id, events: found.events, last_received_at }))
}
