//! Whether the tables are there, and the task that brings them there.
//!
//! The collector starts without ClickHouse: it answers 503 and goes on trying.
//! When the tables go missing later (a volume was replaced), the first insert
//! that hears of it shuts the gate, and the task migrates again.

use tokio::sync::watch;

use crate::limits::MIGRATION_RETRY;
use crate::refusal::causes;

use super::{ClickHouse, MigrationRefusal, StoreError};

/// Open while the tables are there.
#[derive(Debug)]
pub struct SchemaGate(watch::Sender<bool>);

impl Default for SchemaGate {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl SchemaGate {
    /// Whether rows may be inserted.
    pub fn is_open(&self) -> bool {
        *self.0.borrow()
    }

    /// Says that a table was found missing.
    pub fn shut(&self) {
        self.0.send_replace(false);
    }

    /// Keeps the tables there. Returns only when the database and this program
    /// do not go together, which no waiting mends.
    pub async fn keep_open(&self, store: &ClickHouse) -> MigrationRefusal {
        let mut state = self.0.subscribe();
        let mut failed_before = false;
        loop {
            match store.migrate().await {
                Ok(report) => {
                    tracing::info!(database = report.database, "the tables are there");
                    self.0.send_replace(true);
                    failed_before = false;
                    // The sender lives as long as `self`, so that this only waits.
                    let _ = state.wait_for(|open| !open).await;
                    tracing::error!("a table is missing; migrating again");
                }
                Err(StoreError::Migration(refusal)) => return refusal,
                Err(error) if failed_before => {
                    tracing::debug!(cause = causes(&error), "still cannot migrate");
                }
                Err(error) => {
                    failed_before = true;
                    tracing::warn!(cause = causes(&error), "cannot migrate yet; trying on");
                }
            }
            tokio::time::sleep(MIGRATION_RETRY).await;
        }
    }
}
