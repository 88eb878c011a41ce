//! One person's rows: found, exported, erased.
//!
//! Owns which tables are keyed by a person, and how: `events_raw`,
//! `user_analytics_summary` and `consent_ledger`. Counts that are not keyed by a
//! person stay as they are. Watermarks are never touched.
//!
//! Deliberately absent: the log, where an erasure begins. Whoever erases has
//! committed every planned block before, and erases in the log as well.

use clickhouse::Row;
use clickhouse::query::BytesCursor;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::client::{ClickHouse, within};
use super::error::StoreError;
use crate::limits::{ERASE_TIMEOUT, QUERY_TIMEOUT};

/// Whom it is about: a user, a visitor, or both, of one tenant. The `user_id` is
/// the one that is stored, so hashed where it was personal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The organisation.
    pub tenant_id: Uuid,
    /// The pseudonymous person; empty = known as a visitor alone.
    pub user_id: String,
    /// The browsers.
    pub anonymous_ids: Vec<Uuid>,
}

/// What an erasure did in one table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErasedRows {
    /// The table.
    pub table: &'static str,
    /// Rows that were there before.
    pub rows: u64,
}

/// The tables that are keyed by a person, each with what leaves marks alone.
const TABLES: [(&str, &str); 3] = [
    ("events_raw", "1"),
    ("user_analytics_summary", "NOT is_mark"),
    ("consent_ledger", "NOT is_mark"),
];

/// The rows of a person, in any of those tables. Neither the empty user nor the
/// nil visitor is anybody.
const IS_PERSON: &str = "tenant_id = ? AND ((user_id = ? AND user_id != '') OR \
     (anonymous_id IN ? AND anonymous_id != toUUID('00000000-0000-0000-0000-000000000000')))";

#[derive(Row, Deserialize)]
struct Visitor {
    #[serde(with = "clickhouse::serde::uuid")]
    anonymous_id: Uuid,
}

impl ClickHouse {
    /// The browsers that were seen with this user and with no other.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn visitors_of(
        &self,
        tenant_id: Uuid,
        user_id: &str,
    ) -> Result<Vec<Uuid>, StoreError> {
        let question = self
            .client()
            .query(
                "SELECT anonymous_id FROM events_raw WHERE tenant_id = ? AND anonymous_id IN \
                 (SELECT DISTINCT anonymous_id FROM events_raw WHERE tenant_id = ? AND \
                 user_id = ? AND user_id != '') \
                 AND anonymous_id != toUUID('00000000-0000-0000-0000-000000000000') \
                 GROUP BY anonymous_id \
                 HAVING uniqExactIf(user_id, user_id != '') = 1 ORDER BY anonymous_id",
            )
            .bind(tenant_id)
            .bind(tenant_id)
            .bind(user_id);
        let visitors = within(QUERY_TIMEOUT, question.fetch_all::<Visitor>()).await?;
        Ok(visitors.into_iter().map(|visitor| visitor.anonymous_id).collect())
    }

    /// How many rows of a person there are, table by table.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_person(&self, person: &Person) -> Result<Vec<ErasedRows>, StoreError> {
        let mut counts = Vec::with_capacity(TABLES.len());
        for (table, besides) in TABLES {
            let sql = format!("SELECT count() FROM {table} WHERE {besides} AND {IS_PERSON}");
            let question = self.client().query(&sql);
            let question =
                question.bind(person.tenant_id).bind(&person.user_id).bind(&person.anonymous_ids);
            let rows = within(QUERY_TIMEOUT, question.fetch_one::<u64>()).await?;
            counts.push(ErasedRows { table, rows });
        }
        Ok(counts)
    }

    /// Deletes a person's rows from the disk, and tells how many there were. May
    /// be run again; waits until every part was rewritten.
    ///
    /// # Errors
    /// [`StoreError`]; some tables may be done, and running it again does the others.
    pub async fn erase_person(&self, person: &Person) -> Result<Vec<ErasedRows>, StoreError> {
        let counts = self.count_person(person).await?;
        for (table, besides) in TABLES {
            let sql = format!("ALTER TABLE {table} DELETE WHERE {besides} AND {IS_PERSON}");
            let statement = self
                .client()
                .query(&sql)
                .bind(person.tenant_id)
                .bind(&person.user_id)
                .bind(&person.anonymous_ids)
                .with_setting("mutations_sync", "2");
            within(ERASE_TIMEOUT, statement.execute()).await?;
        }
        Ok(counts)
    }

    /// A person's events, one JSON object a line, oldest first, as a stream.
    ///
    /// # Errors
    /// [`StoreError`] when the question is refused; the stream has its own.
    pub fn export_person(&self, person: &Person) -> Result<BytesCursor, StoreError> {
        let sql =
            format!("SELECT * FROM events_raw WHERE {IS_PERSON} ORDER BY occurred_at, event_id");
        let question = self
            .client()
            .query(&sql)
            .bind(person.tenant_id)
            .bind(&person.user_id)
            .bind(&person.anonymous_ids);
        Ok(question.fetch_bytes("JSONEachRow")?)
    }
}
