//! What can go wrong with tenants, sites and keys, and what to do about it.

use std::path::PathBuf;

/// Why a question or a change was not answered.
#[derive(Debug, thiserror::Error)]
pub enum SitesError {
    /// The file cannot be opened or made.
    #[error("cannot open the sites database {path}; check sites.database and its permissions", path = .path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: sqlx::Error,
    },
    /// The database was migrated by a newer version, or by changed files.
    #[error(
        "the sites database does not fit this version of tidemark; use the version that wrote it, or a newer one"
    )]
    Migrate(#[source] sqlx::migrate::MigrateError),
    /// The database refuses or does not answer.
    #[error("the sites database cannot be used now")]
    Database(#[source] sqlx::Error),
    /// A row holds what no version has written.
    #[error("the sites database holds something unreadable: {0}")]
    Unreadable(String),
    /// There is no such tenant, site or key.
    #[error("there is no {what} `{name}`; `tidemark {list} list` tells those there are")]
    Unknown {
        /// tenant, site or key.
        what: &'static str,
        /// What was asked for.
        name: String,
        /// The command that lists them.
        list: &'static str,
    },
    /// The name is taken.
    #[error("the {what} `{name}` exists already; choose another, or use `update`")]
    Exists {
        /// tenant, site or key.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A value means nothing.
    #[error("{field}: {reason}")]
    Invalid {
        /// Which value.
        field: &'static str,
        /// What is expected.
        reason: String,
    },
    /// The key has ended already.
    #[error("the key `{0}` is revoked already; create a new one with `tidemark keys create`")]
    Revoked(String),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes for a key")]
    Random(#[source] getrandom::Error),
}

impl SitesError {
    pub(super) fn invalid(field: &'static str, reason: impl Into<String>) -> Self {
        Self::Invalid { field, reason: reason.into() }
    }
}

impl From<sqlx::Error> for SitesError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}
