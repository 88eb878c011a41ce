//! `/health`, `/health/live`, `/health/ready`: whether the process runs, whether it
//! can do its work, and whether everything behind it is there.
//!
//! Three questions, because they have three answers to act upon. Not live: restart
//! it. Not ready: send elsewhere, or wait. Not healthy: somebody has to look. A
//! process that takes events is ready when it can make them durable; ClickHouse
//! being away then fills the log and stops nobody, which `/health` and the metrics
//! tell. One that only answers questions is ready when ClickHouse is.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use crate::refusal::causes;
use crate::store::{ClickHouse, SchemaGate};

/// Why the log takes nothing new, by its stable name; `None` while it does.
pub type Refuses = Arc<dyn Fn() -> Option<&'static str> + Send + Sync>;

/// What the probes look at.
#[derive(Clone)]
pub struct Health {
    /// ClickHouse.
    pub store: ClickHouse,
    /// Whether its tables are there, in a process that brings them there.
    pub gate: Option<Arc<SchemaGate>>,
    /// The log, in a process that takes events.
    pub log: Option<Refuses>,
}

/// What `/health/ready` and `/health` answer.
#[derive(Debug, Serialize)]
struct Readiness {
    live: bool,
    ready: bool,
    /// What is waited for: `log`, `clickhouse`, `migrations`, and `migration_refused`
    /// where a person has to act.
    missing: Vec<&'static str>,
    /// Why the log takes nothing, by its code.
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<&'static str>,
    version: &'static str,
}

/// The routes of the probes.
pub fn routes(health: Health) -> Router {
    Router::new()
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .route("/health", get(whole))
        .with_state(health)
}

async fn live() -> Json<serde_json::Value> {
    Json(serde_json::json!({ "live": true, "version": env!("CARGO_PKG_VERSION") }))
}

/// Does not ask ClickHouse where that does not matter, so that a prober's second
/// is never spent on it.
async fn ready(State(health): State<Health>) -> (StatusCode, Json<Readiness>) {
    let missing = if health.log.is_some() { Vec::new() } else { health.behind().await };
    let told = health.told(missing);
    (status(told.ready), Json(told))
}

async fn whole(State(health): State<Health>) -> (StatusCode, Json<Readiness>) {
    let told = health.told(health.behind().await);
    (status(told.missing.is_empty()), Json(told))
}

impl Health {
    /// What of ClickHouse is missing.
    async fn behind(&self) -> Vec<&'static str> {
        match self.store.is_migrated().await {
            // Recorded, and this process has seen it: from here on it writes.
            Ok(true) if self.gate.as_ref().is_none_or(|gate| gate.is_open()) => vec![],
            Ok(_) if self.gate.as_ref().is_some_and(|gate| gate.is_refused()) => {
                vec!["migrations", "migration_refused"]
            }
            Ok(_) => vec!["migrations"],
            Err(error) => {
                tracing::debug!(cause = causes(&error), "ClickHouse is away");
                vec!["clickhouse", "migrations"]
            }
        }
    }

    fn told(&self, mut missing: Vec<&'static str>) -> Readiness {
        let log = self.log.as_ref().and_then(|refuses| refuses());
        if log.is_some() {
            missing.insert(0, "log");
        }
        let ready = if self.log.is_some() { log.is_none() } else { missing.is_empty() };
        Readiness { live: true, ready, missing, log, version: env!("CARGO_PKG_VERSION") }
    }
}

const fn status(well: bool) -> StatusCode {
    if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}
