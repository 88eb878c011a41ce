//! The commands `tidemark tenants | sites | keys`: what a person changes in the
//! directory, and how it is shown.
//!
//! They work on the database file directly, so that they need no running
//! collector; a running one takes a change up within a second. Each prints a
//! table, or one JSON value with `--json`, and says what to do when it fails.

mod keys;
mod sites;
mod table;
mod tenants;

use std::path::PathBuf;

use tidemark_core::id::Uuid;

use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;
use crate::sites::{Database, SitesError};

pub use keys::KeysCommand;
pub use sites::SitesCommand;
pub use tenants::TenantsCommand;

/// What a command tells.
#[derive(Debug)]
pub struct Told {
    /// For a person.
    pub table: String,
    /// For a script.
    pub json: serde_json::Value,
}

/// One of the three.
#[derive(Debug)]
pub enum Admin {
    /// Organisations that own data.
    Tenants(TenantsCommand),
    /// Web properties of a tenant, and what they take.
    Sites(SitesCommand),
    /// Write keys (public, may send) and API keys (secret, may read).
    Keys(KeysCommand),
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The directory says no.
    #[error(transparent)]
    Sites(#[from] SitesError),
    /// The folder of the database cannot be made.
    #[error("cannot make the folder {path}; see data.dir", path = .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file with settings cannot be read.
    #[error("cannot read {path}", path = .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl Admin {
    /// Does what the command says.
    ///
    /// # Errors
    /// [`AdminError`], which says what to do.
    pub async fn run(self, config: &Config) -> Result<Told, AdminError> {
        let file = config.sites_database();
        if let Some(path) = file.parent().filter(|_| config.sites.database.is_none()) {
            let folder = |source| AdminError::Folder { path: path.to_owned(), source };
            std::fs::create_dir_all(path).map_err(folder)?;
        }
        let database = Database::open(&file).await?;
        let done = match self {
            Self::Tenants(command) => command.run(&database).await,
            Self::Sites(command) => command.run(&database).await,
            Self::Keys(command) => command.run(&database).await,
        };
        database.close().await;
        done
    }
}

/// The wall clock, Unix milliseconds.
fn now_ms() -> i64 {
    SystemClock::new().unix_ms()
}

/// A new id, or the one that was asked for.
fn id_or_new(asked: Option<Uuid>) -> Result<Uuid, SitesError> {
    match asked {
        Some(id) => Ok(id),
        None => {
            let mut random = [0; 10];
            getrandom::fill(&mut random).map_err(SitesError::Random)?;
            Ok(Uuid::v7(now_ms(), random))
        }
    }
}

/// Reads an id on the command line.
fn parse_id(text: &str) -> Result<Uuid, String> {
    Uuid::parse(text).ok_or_else(|| String::from("expected a UUID"))
}
