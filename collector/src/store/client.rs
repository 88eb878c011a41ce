//! The client: one for statements on the database, one for before it is there.

use std::time::Duration;

use clickhouse::Client;

use super::error::StoreError;
use crate::config;
use crate::limits::PROBE_TIMEOUT;

/// A handle on the database; cheap to clone, connections are pooled within.
#[derive(Clone)]
pub struct ClickHouse {
    client: Client,
    /// Names no database, to make ours.
    outside: Client,
    database: String,
}

impl ClickHouse {
    /// A store by configuration. Nothing is connected to yet.
    pub fn new(config: &config::ClickHouse) -> Self {
        let outside = Client::default()
            .with_url(&config.url)
            .with_user(&config.user)
            .with_password(config.password.reveal())
            // The client would ask for each column's type as it understands it, and
            // its JSON lacks the parameters.
            .with_validation(false)
            .with_product_info("tidemark", env!("CARGO_PKG_VERSION"));
        Self {
            client: outside.clone().with_database(&config.database),
            outside,
            database: config.database.clone(),
        }
    }

    pub(super) const fn client(&self) -> &Client {
        &self.client
    }

    pub(super) const fn outside(&self) -> &Client {
        &self.outside
    }

    pub(super) fn database(&self) -> &str {
        &self.database
    }

    /// Asks whether ClickHouse answers at all.
    ///
    /// # Errors
    /// [`StoreError`] when it does not within [`PROBE_TIMEOUT`].
    pub async fn ping(&self) -> Result<(), StoreError> {
        let answer = self.outside.query("SELECT 1").fetch_one::<u8>();
        within(PROBE_TIMEOUT, answer).await.map(|_| ())
    }
}

/// Bounds the time of a question.
pub(super) async fn within<T>(
    limit: Duration,
    question: impl Future<Output = clickhouse::error::Result<T>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(limit, question).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(clickhouse::error::Error::TimedOut.into()),
    }
}
