//! The client: one for statements on the database, one for before it is there.

use std::time::Duration;

use clickhouse::Client;

use super::error::StoreError;
use super::row::EventRow;
use crate::config;
use crate::limits::{INSERT_END_TIMEOUT, INSERT_SEND_TIMEOUT, PROBE_TIMEOUT};

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
            // The client would send each column's type as it understands it, and
            // its JSON lacks the parameters, which ClickHouse then refuses. The
            // row is held to the table's columns by a test.
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

    /// Inserts rows into `events_raw` by one statement, in their order. Returns
    /// when ClickHouse has answered that they are there.
    ///
    /// # Errors
    /// [`StoreError`]; after `Unavailable` the rows may be there or not.
    pub async fn insert_events(&self, rows: &[EventRow<'_>]) -> Result<(), StoreError> {
        self.try_insert(rows).await.map_err(|error| StoreError::from(error).without_words())
    }

    async fn try_insert(&self, rows: &[EventRow<'_>]) -> clickhouse::error::Result<()> {
        let mut insert = self
            .client
            .insert::<EventRow<'_>>("events_raw")
            .await?
            .with_timeouts(Some(INSERT_SEND_TIMEOUT), Some(INSERT_END_TIMEOUT))
            // 26.7 collects inserts and answers later by default: the answer
            // must mean that the rows are there.
            .with_setting("async_insert", "0")
            .with_setting("input_format_binary_read_json_as_string", "1")
            // Text that looks like a date stays text.
            .with_setting("input_format_try_infer_dates", "0")
            .with_setting("input_format_try_infer_datetimes", "0");
        for row in rows {
            insert.write(row).await?;
        }
        insert.end().await
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
