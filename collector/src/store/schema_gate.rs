//! Whether the tables are there, and the task that brings them there.
//!
//! The collector starts without ClickHouse: it takes events into its log and goes on
//! trying. When the tables go missing later (a volume was replaced), the first insert
//! that hears of it shuts the gate, and the task migrates again.
//!
//! A database that does not go together with this program (a table that somebody
//! changed, a migration of a newer release) shuts the gate as well, and is said again
//! and again until somebody mends it. It does not end the process: what is acknowledged
//! is safe in the log, and senders without a hold of their own would lose events.

use tokio::sync::watch;

use crate::limits::{MIGRATION_REFUSED_RETRY, MIGRATION_RETRY};
use crate::refusal::causes;

use super::{ClickHouse, StoreError};

/// Where the tables are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Not there yet, or not there any more.
    Shut,
    /// Not what this program wants, and it does not change them.
    Refused,
    /// There.
    Open,
}

/// Open while the tables are there.
#[derive(Debug)]
pub struct SchemaGate(watch::Sender<State>);

impl Default for SchemaGate {
    fn default() -> Self {
        Self(watch::Sender::new(State::Shut))
    }
}

impl SchemaGate {
    /// Whether rows may be inserted.
    pub fn is_open(&self) -> bool {
        *self.0.borrow() == State::Open
    }

    /// Whether the database and this program do not go together, so that a person has
    /// to act.
    pub fn is_refused(&self) -> bool {
        *self.0.borrow() == State::Refused
    }

    /// Says that a table was found missing.
    pub fn shut(&self) {
        self.0.send_replace(State::Shut);
    }

    /// Keeps the tables there, for as long as it is polled.
    pub async fn keep_open(&self, store: &ClickHouse) -> std::convert::Infallible {
        let mut state = self.0.subscribe();
        let mut failed_before = false;
        loop {
            let mut pause = MIGRATION_RETRY;
            match store.migrate().await {
                Ok(report) => {
                    tracing::info!(database = report.database, "the tables are there");
                    self.0.send_replace(State::Open);
                    failed_before = false;
                    // The sender lives as long as `self`, so that this only waits.
                    let _ = state.wait_for(|state| *state != State::Open).await;
                    tracing::error!("a table is missing; migrating again");
                }
                Err(StoreError::Migration(refusal)) => {
                    self.0.send_replace(State::Refused);
                    pause = MIGRATION_REFUSED_RETRY;
                    tracing::error!(
                        code = "migration_refused",
                        cause = causes(&refusal),
                        "the database does not go with this program: events are taken into the \
                         log, and nothing is written until this is mended; see `tidemark migrate`"
                    );
                }
                Err(error) if failed_before => {
                    tracing::debug!(cause = causes(&error), "still cannot migrate");
                }
                Err(error) => {
                    failed_before = true;
                    tracing::warn!(cause = causes(&error), "cannot migrate yet; trying on");
                }
            }
            tokio::time::sleep(pause).await;
        }
    }
}
