//! What ClickHouse says of itself, for those who look whether all is well.

use std::time::Duration;

use clickhouse::Row;
use serde::Deserialize;

use super::client::{ClickHouse, within};
use super::error::StoreError;
use super::migrations::{ALL, RECORDS, check};

/// How long each question may take: a person waits.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Who answers, and what time it has.
#[derive(Clone, Debug, PartialEq, Eq, Row, Deserialize)]
pub struct ServerFacts {
    /// Its version, e.g. `26.7.2.1`.
    pub version: String,
    /// Its time zone.
    pub timezone: String,
    /// Its clock, Unix milliseconds.
    pub unix_ms: i64,
}

/// A setting as the configured user has it.
#[derive(Clone, Debug, PartialEq, Eq, Row, Deserialize)]
pub struct ServerSetting {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Not 0 when the user may not change it.
    pub readonly: u8,
}

/// A disk of ClickHouse.
#[derive(Clone, Debug, PartialEq, Eq, Row, Deserialize)]
pub struct ServerDisk {
    /// Its name.
    pub name: String,
    /// Bytes that are free.
    pub free_bytes: u64,
    /// Bytes that it has.
    pub total_bytes: u64,
}

/// How far the tables are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationState {
    /// How many migrations this program has.
    pub known: usize,
    /// Those that are not applied, by name.
    pub pending: Vec<String>,
}

/// What the collector's statements need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Privilege {
    /// To read.
    Select,
    /// To add rows.
    Insert,
    /// To make tables.
    CreateTable,
    /// To change them.
    Alter,
    /// To end a statement whose outcome is unknown.
    KillQuery,
}

/// ClickHouse's code for what a user may not do.
const ACCESS_DENIED: u32 = 497;

impl Privilege {
    /// Every one.
    pub const ALL: [Self; 5] =
        [Self::Select, Self::Insert, Self::CreateTable, Self::Alter, Self::KillQuery];

    /// As GRANT names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Select => "SELECT",
            Self::Insert => "INSERT",
            Self::CreateTable => "CREATE TABLE",
            Self::Alter => "ALTER",
            Self::KillQuery => "KILL QUERY",
        }
    }

    const fn statement(self) -> &'static str {
        match self {
            Self::Select => "SELECT version FROM schema_migrations LIMIT 0",
            Self::Insert => {
                "INSERT INTO schema_migrations (version, name, checksum, applied_by) \
                 SELECT 0, '', '', '' WHERE 0"
            }
            Self::CreateTable => RECORDS,
            Self::Alter => "ALTER TABLE events_raw ADD COLUMN IF NOT EXISTS tenant_id UUID",
            Self::KillQuery => "KILL QUERY WHERE query_id = 'none' ASYNC",
        }
    }
}

impl ClickHouse {
    /// Asks for version, time zone and clock.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn server_facts(&self) -> Result<ServerFacts, StoreError> {
        let question = self.outside().query(
            "SELECT version() AS version, timezone() AS timezone, \
             toUnixTimestamp64Milli(now64(3)) AS unix_ms",
        );
        within(ANSWER_WITHIN, question.fetch_one()).await
    }

    /// Asks for settings; what ClickHouse does not know is not among them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn server_settings(&self, names: &[&str]) -> Result<Vec<ServerSetting>, StoreError> {
        let question = self
            .outside()
            .query(
                "SELECT name, value, toUInt8(readonly) AS readonly FROM system.settings \
                 WHERE name IN {names: Array(String)} ORDER BY name",
            )
            .param("names", names);
        within(ANSWER_WITHIN, question.fetch_all()).await
    }

    /// Asks for the disks' space.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn server_disks(&self) -> Result<Vec<ServerDisk>, StoreError> {
        let question = self.outside().query(
            "SELECT name, free_space AS free_bytes, total_space AS total_bytes \
             FROM system.disks WHERE total_space > 0 ORDER BY name",
        );
        within(ANSWER_WITHIN, question.fetch_all()).await
    }

    /// Has it make a value of type JSON with a typed path, as `events_raw` has.
    ///
    /// # Errors
    /// [`StoreError`]: it cannot.
    pub async fn makes_json(&self) -> Result<(), StoreError> {
        let question = self.outside().query(
            "SELECT toUInt8(assumeNotNull(CAST('{\"a\":{\"b\":1}}', 'JSON(`a.b` Nullable(Int64))').a.b))",
        );
        within(ANSWER_WITHIN, question.fetch_one::<u8>()).await.map(|_| ())
    }

    /// Asks whether the configured user may do something, by a statement that needs the
    /// right to and changes nothing. The tables must be there.
    ///
    /// # Errors
    /// [`StoreError`]: ClickHouse does not say.
    pub async fn may(&self, privilege: Privilege) -> Result<bool, StoreError> {
        let statement = self.client().query(privilege.statement()).execute();
        match within(ANSWER_WITHIN, statement).await {
            Ok(()) => Ok(true),
            Err(StoreError::Refused(exception)) if exception.code == Some(ACCESS_DENIED) => {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Holds the applied migrations against this program's, and changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Migration`] when they do not go together.
    pub async fn migration_state(&self) -> Result<MigrationState, StoreError> {
        let recorded = match within(ANSWER_WITHIN, self.recorded()).await {
            Ok(recorded) => recorded,
            Err(StoreError::SchemaMissing(_)) => Vec::new(),
            Err(error) => return Err(error),
        };
        check(ALL, &recorded, self.database())?;
        if !recorded.is_empty() {
            match self.check_drift().await {
                // A database of before the definitions were recorded.
                Ok(()) | Err(StoreError::SchemaMissing(_)) => {}
                Err(error) => return Err(error),
            }
        }
        let pending = ALL
            .iter()
            .filter(|migration| !recorded.iter().any(|record| record.version == migration.version));
        let name =
            |migration: &super::Migration| format!("{:04}_{}", migration.version, migration.name);
        Ok(MigrationState { known: ALL.len(), pending: pending.map(name).collect() })
    }
}
