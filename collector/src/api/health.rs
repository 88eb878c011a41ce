//! `/health`, `/health/live`, `/health/ready`: whether the process runs, and
//! whether it can do its work.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use crate::refusal::causes;
use crate::store::{ClickHouse, SchemaGate};

/// What `/health/ready` and `/health` answer.
#[derive(Debug, Serialize)]
struct Readiness {
    live: bool,
    ready: bool,
    /// What the work still waits for: `clickhouse`, `migrations`.
    missing: Vec<&'static str>,
    version: &'static str,
}

/// The routes of the probes.
pub fn routes(store: ClickHouse, gate: Arc<SchemaGate>) -> Router {
    Router::new()
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .route("/health", get(ready))
        .with_state((store, gate))
}

async fn live() -> Json<serde_json::Value> {
    Json(serde_json::json!({ "live": true, "version": env!("CARGO_PKG_VERSION") }))
}

async fn ready(
    State((store, gate)): State<(ClickHouse, Arc<SchemaGate>)>,
) -> (StatusCode, Json<Readiness>) {
    let missing = match store.is_migrated().await {
        // Recorded, and this process has seen it: from here on it takes events.
        Ok(true) if gate.is_open() => vec![],
        Ok(_) => vec!["migrations"],
        Err(error) => {
            tracing::debug!(cause = causes(&error), "not ready");
            vec!["clickhouse", "migrations"]
        }
    };
    let ready = missing.is_empty();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let version = env!("CARGO_PKG_VERSION");
    (status, Json(Readiness { live: true, ready, missing, version }))
}
