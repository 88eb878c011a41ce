//! Whether the tables still are what the migrations made.
//!
//! After the migrations ran, each table's definition, as ClickHouse prints it, is
//! recorded in `schema_tables`; before they run again it is held against what is
//! there. A table that somebody altered or dropped by hand is refused by name,
//! because the writer relies on its columns, its partitions and its engine.
//!
//! A row without a name says whether the migrations are being applied: what is
//! found then is half done by this program, and is finished instead of refused.
//! Another release of ClickHouse may print the same table in other words, so that
//! what an older one printed is recorded anew and not compared.

use std::collections::BTreeMap;

use clickhouse::Row;
use serde::{Deserialize, Serialize};

use super::client::{ClickHouse, within};
use super::error::StoreError;
use super::migrations::MigrationRefusal;
use crate::limits::QUERY_TIMEOUT;

/// Where the definitions are recorded.
pub(super) const RECORDS: &str = "CREATE TABLE IF NOT EXISTS schema_tables
(
    name        String               COMMENT 'The table; empty = the state of the migrations',
    definition  String               COMMENT 'As ClickHouse printed it; of the state: applying or applied',
    clickhouse  String               COMMENT 'The release of ClickHouse that printed it',
    recorded_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When, ms'
)
ENGINE = ReplacingMergeTree(recorded_at)
ORDER BY name
COMMENT 'The tables as the migrations made them'";

const APPLYING: &str = "applying";
const APPLIED: &str = "applied";

#[derive(Clone, Debug, Row, Serialize, Deserialize)]
struct Definition {
    name: String,
    definition: String,
    clickhouse: String,
}

impl ClickHouse {
    /// Refuses a table that is not as it was recorded.
    pub(super) async fn check_drift(&self) -> Result<(), StoreError> {
        let recorded = within(QUERY_TIMEOUT, self.recorded_definitions()).await?;
        let present = within(QUERY_TIMEOUT, self.present_definitions()).await?;
        Ok(check(&recorded, &present, self.database())?)
    }

    /// Says that from now on the tables may be half done.
    pub(super) async fn begin_applying(&self) -> Result<(), StoreError> {
        self.record(&[state(APPLYING)]).await
    }

    /// Records the tables as they are now.
    pub(super) async fn record_definitions(&self) -> Result<(), StoreError> {
        let mut definitions = within(QUERY_TIMEOUT, self.present_definitions()).await?;
        definitions.push(state(APPLIED));
        self.record(&definitions).await
    }

    async fn record(&self, definitions: &[Definition]) -> Result<(), StoreError> {
        let mut insert = self.client().insert::<Definition>("schema_tables").await?;
        insert = insert.with_setting("async_insert", "0");
        for definition in definitions {
            insert.write(definition).await?;
        }
        Ok(insert.end().await?)
    }

    async fn recorded_definitions(&self) -> clickhouse::error::Result<Vec<Definition>> {
        self.client()
            .query("SELECT name, definition, clickhouse FROM schema_tables FINAL")
            .fetch_all()
            .await
    }

    /// The tables of ours: those that the migrations name.
    async fn present_definitions(&self) -> clickhouse::error::Result<Vec<Definition>> {
        self.client()
            .query(
                "SELECT name, create_table_query AS definition, version() AS clickhouse \
                 FROM system.tables WHERE database = ? AND name IN ? ORDER BY name",
            )
            .bind(self.database())
            .bind(super::migrations::tables())
            .fetch_all()
            .await
    }
}

fn state(definition: &str) -> Definition {
    Definition { name: String::new(), definition: definition.to_owned(), clickhouse: String::new() }
}

fn check(
    recorded: &[Definition],
    present: &[Definition],
    database: &str,
) -> Result<(), MigrationRefusal> {
    let whole = recorded.iter().any(|row| row.name.is_empty() && row.definition == APPLIED);
    if !whole {
        return Ok(());
    }
    let present: BTreeMap<&str, &Definition> =
        present.iter().map(|row| (row.name.as_str(), row)).collect();
    for made in recorded.iter().filter(|row| !row.name.is_empty()) {
        let Some(now) = present.get(made.name.as_str()) else {
            return Err(MigrationRefusal::TableGone {
                database: database.to_owned(),
                table: made.name.clone(),
            });
        };
        if now.clickhouse == made.clickhouse && now.definition != made.definition {
            let (has, made_it) = difference(&now.definition, &made.definition);
            return Err(MigrationRefusal::TableChanged {
                database: database.to_owned(),
                table: made.name.clone(),
                has,
                made: made_it,
            });
        }
    }
    Ok(())
}

/// What stands around the first difference of two definitions.
fn difference(one: &str, other: &str) -> (String, String) {
    /// Characters shown before and after it.
    const AROUND: usize = 60;
    let same = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let part = |text: &str| {
        text.chars().skip(same.saturating_sub(AROUND)).take(2 * AROUND).collect::<String>()
    };
    (part(one), part(other))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

    use super::*;

    fn table(definition: &str, clickhouse: &str) -> Definition {
        Definition {
            name: "t".into(),
            definition: definition.into(),
            clickhouse: clickhouse.into(),
        }
    }

    #[test]
    fn a_changed_and_a_missing_table_are_named() {
        let made = [table("CREATE TABLE d.t (a UInt8)", "26"), state(APPLIED)];
        assert_eq!(check(&made, &made[..1], "d"), Ok(()));
        let changed = [table("CREATE TABLE d.t (a UInt8, b String)", "26")];
        let refused = check(&made, &changed, "d").unwrap_err().to_string();
        assert!(refused.contains("table d.t is not as the migrations made it"), "{refused}");
        assert!(refused.contains("b String"), "{refused}");
        let gone = check(&made, &[], "d").unwrap_err().to_string();
        assert!(gone.starts_with("table d.t is gone"), "{gone}");
    }

    #[test]
    fn what_is_half_done_or_printed_by_another_release_is_not_compared() {
        let changed = [table("CREATE TABLE d.t (a UInt16)", "27")];
        let made = table("CREATE TABLE d.t (a UInt8)", "26");
        assert_eq!(check(&[made.clone(), state(APPLIED)], &changed, "d"), Ok(()));
        assert_eq!(check(&[made.clone(), state(APPLYING)], &[], "d"), Ok(()));
        assert_eq!(check(&[], &[made], "d"), Ok(()));
    }
}
