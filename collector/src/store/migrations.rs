//! The tables, brought to what this program expects.
//!
//! The files of schemas/clickhouse/ are numbered, built in, and applied in
//! order. Each one that is done is recorded with its checksum in
//! `schema_migrations`. ClickHouse has no transactions over DDL, so that every
//! statement is written to be repeatable: one that dies half way is run again
//! from its beginning, and two processes that migrate at once do no harm.
//!
//! Refused by name, before anything is changed: a file that differs from what
//! was applied under its number, a record that this program does not know, which
//! a newer one has left, and a table that somebody changed by hand ([`drift`]).

use clickhouse::Row;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tidemark_core::hash::push_hex;

use super::client::{ClickHouse, within};
use super::error::StoreError;
use super::{drift, sql};
use crate::limits::{PROBE_TIMEOUT, QUERY_TIMEOUT};
use crate::planted::steps::{Stop, reached};

/// One numbered file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migration {
    /// Its number, from 1 on without gaps.
    pub version: u32,
    /// Its name without number and ending.
    pub name: &'static str,
    pub(super) sql: &'static str,
}

/// A file of schemas/clickhouse/, built in.
macro_rules! migration {
    ($version:literal, $name:literal) => {
        Migration {
            version: $version,
            name: $name,
            sql: include_str!(concat!(
                "../../../schemas/clickhouse/000",
                $version,
                "_",
                $name,
                ".sql"
            )),
        }
    };
}

/// Every migration, in order.
pub(super) const ALL: &[Migration] = &[
    migration!(1, "events_raw"),
    migration!(2, "log_position"),
    migration!(3, "rejected_events"),
    migration!(4, "dead_letters"),
    migration!(5, "rollups"),
    migration!(6, "frontend_events"),
    migration!(7, "erased_places"),
    migration!(8, "noticed"),
];

/// Where the applied ones are recorded. A number is written again when its
/// file died half way, or when two processes were at it: the newest record is kept.
pub(super) const RECORDS: &str = "CREATE TABLE IF NOT EXISTS schema_migrations
(
    version    UInt32                 COMMENT 'Number of the file',
    name       String                 COMMENT 'Name of the file',
    checksum   String                 COMMENT 'SHA-256 of the file, hex',
    applied_at DateTime64(3, 'UTC')   DEFAULT now64(3) COMMENT 'When it was done, ms',
    applied_by String                 COMMENT 'Version of the program'
)
ENGINE = ReplacingMergeTree(applied_at)
ORDER BY version
COMMENT 'DDL migrations that were applied'";

/// A migration that is recorded as applied.
#[derive(Clone, Debug, PartialEq, Eq, Row, Deserialize)]
pub(super) struct Record {
    pub(super) version: u32,
    name: String,
    checksum: String,
}

#[derive(Row, Serialize)]
struct NewRecord<'a> {
    version: u32,
    name: &'a str,
    checksum: &'a str,
    applied_by: &'a str,
}

/// What `migrate` did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The database.
    pub database: String,
    /// Every migration, in order.
    pub migrations: Vec<Applied>,
}

/// One migration in a [`Report`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Applied {
    /// Its number.
    pub version: u32,
    /// Its name.
    pub name: &'static str,
    /// SHA-256 of its file, hex.
    pub checksum: String,
    /// Whether this run applied it; otherwise it was there.
    pub applied_now: bool,
}

/// Why the database and this program do not go together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MigrationRefusal {
    /// The file is another than the one applied under its number.
    #[error(
        "migration {version:04}_{name} differs from the one that was applied to database {database}: \
         its checksum is {ours}, the applied one's is {applied}. An applied migration is never \
         edited: restore the file, or put the change into a new one"
    )]
    Changed {
        /// The database.
        database: String,
        /// The number.
        version: u32,
        /// The name in this program.
        name: String,
        /// The checksum in this program.
        ours: String,
        /// The recorded checksum.
        applied: String,
    },
    /// Somebody altered a table.
    #[error(
        "table {database}.{table} is not as the migrations made it: it has `…{has}…`, they made \
         `…{made}…`. Undo the change by hand; what is to stay goes into a migration of its own"
    )]
    TableChanged {
        /// The database.
        database: String,
        /// The table.
        table: String,
        /// Its definition, around the difference.
        has: String,
        /// What it was, around the difference.
        made: String,
    },
    /// Somebody dropped a table.
    #[error(
        "table {database}.{table} is gone, and the migration that makes it is recorded as applied: \
         restore it from a backup, or drop the database to begin anew"
    )]
    TableGone {
        /// The database.
        database: String,
        /// The table.
        table: String,
    },
    /// A record that this program has no file for.
    #[error(
        "database {database} has migration {version:04}_{name}, which this program does not know: \
         a newer tidemark was here. Run that version, or a later one"
    )]
    Unknown {
        /// The database.
        database: String,
        /// The number.
        version: u32,
        /// The recorded name.
        name: String,
    },
}

impl Migration {
    /// SHA-256 of the file, hex; line ends do not count.
    pub fn checksum(&self) -> String {
        let mut hex = String::with_capacity(64);
        push_hex(&mut hex, &Sha256::digest(self.sql.replace("\r\n", "\n")));
        hex
    }
}

impl ClickHouse {
    /// Applies what is missing and tells what there is. Applied ones are left alone.
    ///
    /// # Errors
    /// [`StoreError::Migration`] before anything is changed; otherwise what
    /// ClickHouse said. A run that failed may be repeated.
    pub async fn migrate(&self) -> Result<Report, StoreError> {
        let make = format!("CREATE DATABASE IF NOT EXISTS {}", self.database());
        within(QUERY_TIMEOUT, self.outside().query(&make).execute()).await?;
        within(QUERY_TIMEOUT, self.client().query(RECORDS).execute()).await?;
        let recorded = within(QUERY_TIMEOUT, self.recorded()).await?;
        check(ALL, &recorded, self.database())?;
        within(QUERY_TIMEOUT, self.client().query(drift::RECORDS).execute()).await?;
        self.check_drift().await?;
        self.begin_applying().await?;
        let mut migrations = Vec::with_capacity(ALL.len());
        for migration in ALL {
            let applied_now = !recorded.iter().any(|record| record.version == migration.version);
            if applied_now {
                self.apply(migration).await?;
                tracing::info!(
                    version = migration.version,
                    name = migration.name,
                    database = self.database(),
                    "migration applied"
                );
            }
            migrations.push(Applied {
                version: migration.version,
                name: migration.name,
                checksum: migration.checksum(),
                applied_now,
            });
        }
        self.record_definitions().await?;
        Ok(Report { database: self.database().to_owned(), migrations })
    }

    /// Asks whether every migration is recorded.
    ///
    /// # Errors
    /// [`StoreError`] when ClickHouse does not answer, or refuses.
    pub async fn is_migrated(&self) -> Result<bool, StoreError> {
        match within(PROBE_TIMEOUT, self.recorded()).await {
            Ok(recorded) => Ok(ALL.iter().all(|migration| {
                recorded.iter().any(|record| record.version == migration.version)
            })),
            Err(StoreError::SchemaMissing(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn recorded(&self) -> clickhouse::error::Result<Vec<Record>> {
        self.client()
            .query("SELECT version, name, checksum FROM schema_migrations FINAL ORDER BY version")
            .fetch_all()
            .await
    }

    async fn apply(&self, migration: &Migration) -> Result<(), StoreError> {
        for statement in sql::statements(migration.sql) {
            // A `?` in DDL is text, not a place for a value.
            let statement = statement.replace('?', "??");
            reached(Stop::Migrate);
            within(QUERY_TIMEOUT, self.client().query(&statement).execute()).await?;
        }
        let checksum = migration.checksum();
        let mut insert = self.client().insert::<NewRecord<'_>>("schema_migrations").await?;
        insert = insert.with_setting("async_insert", "0");
        insert
            .write(&NewRecord {
                version: migration.version,
                name: migration.name,
                checksum: &checksum,
                applied_by: env!("CARGO_PKG_VERSION"),
            })
            .await?;
        Ok(insert.end().await?)
    }
}

/// The names of the tables and views that the migrations make.
pub(super) fn tables() -> Vec<&'static str> {
    let statements = ALL.iter().flat_map(|migration| sql::statements(migration.sql));
    statements.filter_map(made_by).collect()
}

/// The table or view that a statement makes.
pub(super) fn made_by(statement: &str) -> Option<&str> {
    let rest = ["CREATE TABLE IF NOT EXISTS ", "CREATE OR REPLACE VIEW "]
        .iter()
        .find_map(|begin| statement.strip_prefix(begin))?;
    rest.split(|end: char| !end.is_ascii_alphanumeric() && end != '_').next()
}

/// Holds the records against the files.
pub(super) fn check(
    ours: &[Migration],
    recorded: &[Record],
    database: &str,
) -> Result<(), MigrationRefusal> {
    for record in recorded {
        let Some(migration) = ours.iter().find(|migration| migration.version == record.version)
        else {
            return Err(MigrationRefusal::Unknown {
                database: database.to_owned(),
                version: record.version,
                name: record.name.clone(),
            });
        };
        let checksum = migration.checksum();
        if checksum != record.checksum {
            return Err(MigrationRefusal::Changed {
                database: database.to_owned(),
                version: record.version,
                name: migration.name.to_owned(),
                ours: checksum,
                applied: record.checksum.clone(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Rollup;

    const FILE: Migration = Migration { version: 1, name: "one", sql: "SELECT 1\n" };

    fn record(version: u32, checksum: &str) -> Record {
        Record { version, name: "two".to_owned(), checksum: checksum.to_owned() }
    }

    #[test]
    fn numbers_go_up_without_gaps_and_every_file_is_built_in() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/clickhouse");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".sql"))
            .collect();
        files.sort();
        let built_in: Vec<String> =
            ALL.iter().map(|m| format!("{:04}_{}.sql", m.version, m.name)).collect();
        assert_eq!(files, built_in);
        for (at, migration) in ALL.iter().enumerate() {
            assert_eq!(migration.version as usize, at + 1);
            assert!(!sql::statements(migration.sql).is_empty());
        }
    }

    #[test]
    fn every_statement_can_be_repeated() {
        for statement in ALL.iter().flat_map(|migration| sql::statements(migration.sql)) {
            let repeatable = ["IF NOT EXISTS", "IF EXISTS", "CREATE OR REPLACE"]
                .iter()
                .any(|words| statement.contains(words));
            assert!(repeatable, "{statement}");
        }
    }

    #[test]
    fn the_tables_of_the_migrations_are_known_by_name() {
        let tables = tables();
        for table in ["events_raw", "rejected_events", "daily_metrics", "frontend_events"] {
            assert!(tables.contains(&table), "{tables:?}");
        }
        for rollup in Rollup::ALL {
            assert!(tables.contains(&rollup.as_str()), "{rollup:?}");
        }
    }

    /// One engine a statement, on a line of its own: what a replicated or
    /// distributed variant replaces.
    #[test]
    fn every_table_names_its_engine_on_a_line() {
        let statements = ALL.iter().flat_map(|migration| sql::statements(migration.sql));
        for statement in statements.filter(|statement| statement.starts_with("CREATE TABLE")) {
            let engines = statement.lines().filter(|line| line.starts_with("ENGINE = "));
            let engines: Vec<&str> = engines.collect();
            assert_eq!(engines.len(), 1, "{statement}");
            assert!(engines[0].contains("MergeTree"), "{statement}");
        }
    }

    /// The view's categories are those of the catalogue.
    #[test]
    fn frontend_events_knows_every_category() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/events");
        let view = ALL.iter().rev().find(|m| m.sql.contains("AS event_category")).unwrap().sql;
        let mut known = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            let Ok(schema) = serde_json::from_str::<serde_json::Value>(&text) else { continue };
            let (Some(category), Some(name)) =
                (schema["x-category"].as_str(), schema["x-self"]["name"].as_str())
            else {
                continue;
            };
            let line = view.lines().find(|line| line.contains(&format!("'{name}'")));
            let line = line.unwrap_or_else(|| panic!("frontend_events does not know {name}"));
            assert!(line.ends_with(&format!("), '{category}',")), "{name}: {line}");
            known += 1;
        }
        assert!(known > 60, "{known}");
    }

    #[test]
    fn line_ends_do_not_change_a_checksum() {
        let windows = Migration { sql: "SELECT 1\r\n", ..FILE };
        assert_eq!(windows.checksum(), FILE.checksum());
    }

    #[test]
    fn what_was_applied_must_be_what_is_here() {
        let good = record(1, &FILE.checksum());
        assert_eq!(check(&[FILE], &[], "d"), Ok(()));
        assert_eq!(check(&[FILE], std::slice::from_ref(&good), "d"), Ok(()));
        let changed = check(&[FILE], &[record(1, "00")], "d").unwrap_err();
        assert!(changed.to_string().starts_with("migration 0001_one differs"), "{changed}");
        let newer = check(&[FILE], &[good, record(2, "00")], "d").unwrap_err();
        assert!(newer.to_string().contains("has migration 0002_two, which"), "{newer}");
    }
}
