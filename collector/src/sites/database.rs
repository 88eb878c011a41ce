//! The database file: opened, migrated, and told whether it has changed.
//!
//! Queries stand beside what they read ([`super::tenants`] …), with `$1`
//! placeholders and types that SQLite and PostgreSQL share; what is SQLite's own
//! stands here alone.

use std::path::Path;
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, SqlSafeStr as _};
use sqlx::{Row as _, Sqlite, SqlitePool, Transaction};

use super::SitesError;

/// How long a change waits for another process's change.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Connections of one process: a reader, a writer, and one to spare.
const MAX_CONNECTIONS: u32 = 3;

/// The files of schemas/sites, in order.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "sites", include_str!("../../../schemas/sites/0001_sites.sql")),
    (2, "bots", include_str!("../../../schemas/sites/0002_bots.sql")),
];

/// The database of tenants, sites and keys.
#[derive(Clone, Debug)]
pub struct Database {
    pub(super) pool: SqlitePool,
}

impl Database {
    /// Opens the file, makes it where there is none, and brings its tables to
    /// this version. The folder must be there.
    ///
    /// # Errors
    /// When it cannot be opened, or a newer version has migrated it.
    pub async fn open(file: &Path) -> Result<Self, SitesError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .foreign_keys(true)
            // Readers and a writer do not wait for each other.
            .journal_mode(SqliteJournalMode::Wal)
            // A key that was told to somebody is there after a power loss.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT);
        let pool = SqlitePoolOptions::new().max_connections(MAX_CONNECTIONS);
        let open = |source| SitesError::Open { path: file.to_owned(), source };
        let pool = pool.connect_with(options).await.map_err(open)?;
        migrator().run(&pool).await.map_err(SitesError::Migrate)?;
        Ok(Self { pool })
    }

    /// How often anything was changed.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn version(&self) -> Result<i64, SitesError> {
        let row = sqlx::query("SELECT version FROM directory_version WHERE id = 1")
            .fetch_one(&self.pool)
            .await?;
        Ok(row.try_get(0)?)
    }

    /// Begins a change; it is one with the counter of changes.
    pub(super) async fn change(&self) -> Result<Transaction<'static, Sqlite>, SitesError> {
        let mut change = self.pool.begin().await?;
        // First, so that the transaction is a writing one from the start and
        // waits for another instead of failing at its first write.
        sqlx::query("UPDATE directory_version SET version = version + 1 WHERE id = 1")
            .execute(&mut *change)
            .await?;
        Ok(change)
    }

    /// Closes the file; what is under way is finished.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

fn migrator() -> Migrator {
    let migrations = MIGRATIONS.iter().map(|(version, name, sql)| {
        Migration::new(
            *version,
            (*name).into(),
            MigrationType::Simple,
            AssertSqlSafe(*sql).into_sql_str(),
            false,
        )
    });
    Migrator::with_migrations(migrations.collect())
}
