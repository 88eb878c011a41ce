//! What the commands that work on a running system share: the configuration, whose
//! data is meant, and how a time is written.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use tidemark_core::time::parse_rfc3339;
use uuid::Uuid;

use super::{CommandError, Exit, delete_user, doctor, export, export_user, import, replay, verify};
use crate::config::Config;
use crate::sites::Database;

/// A command that works on what a configuration names.
#[derive(Debug, Subcommand)]
pub enum Live {
    /// Write a tenant's events into a file: Parquet, CSV, NDJSON or Arrow.
    Export(export::Options),
    /// Write everything that is kept of one person into a file, with a receipt.
    ExportUser(export_user::Options),
    /// Erase a person everywhere, by the running collector, with a receipt.
    DeleteUser(delete_user::Options),
    /// Look at everything that a collector stands on, and say what to do.
    Doctor(doctor::Options),
    /// Send the events of a file through the same pipeline as all others.
    Import(import::Options),
    /// Have dead letters, or a range of the log, sent into ClickHouse again.
    Replay(replay::Options),
    /// Audit a live system against what is promised.
    Verify(verify::Options),
}

/// The environment's variables, read by whoever starts the command.
pub type Environment = Vec<(String, String)>;

/// Runs a command.
///
/// # Errors
/// [`CommandError`]: exit code 2.
pub async fn run_live(command: &Live, environment: Environment) -> Result<Exit, CommandError> {
    match command {
        Live::Export(options) => export::run(options, environment).await,
        Live::ExportUser(options) => export_user::run(options, environment).await,
        Live::DeleteUser(options) => delete_user::run(options, environment).await,
        Live::Doctor(options) => doctor::run(options, environment).await,
        Live::Replay(options) => replay::run(options, environment).await,
        Live::Verify(options) => verify::run(options, environment).await,
        Live::Import(options) => import::run(options, environment).await,
    }
}

/// The configuration file.
#[derive(Args, Clone, Debug)]
pub(super) struct ConfigFile {
    /// The configuration file; variables TIDEMARK__… stand above it.
    #[arg(long, value_name = "FILE", default_value = "tidemark.toml")]
    pub(super) config: PathBuf,
}

impl ConfigFile {
    pub(super) fn load(&self, environment: Environment) -> Result<Config, CommandError> {
        Ok(Config::load(&self.config, environment)?)
    }
}

/// Whose data is meant.
#[derive(Args, Clone, Debug)]
pub(super) struct Whose {
    /// The tenant, by id or slug.
    #[arg(long, value_name = "TENANT")]
    pub(super) tenant: String,
    /// One site of it, by id or slug.
    #[arg(long, value_name = "SITE")]
    pub(super) site: Option<String>,
}

impl Whose {
    /// The ids. What is an id already is not looked up, so that data of a tenant can
    /// be had on a machine that has no database of sites.
    ///
    /// # Errors
    /// When there is no such tenant or site.
    pub(super) async fn resolve(
        &self,
        config: &Config,
    ) -> Result<(Uuid, Option<Uuid>), CommandError> {
        let declared = config.tenants.iter().find(|tenant| tenant.slug == self.tenant);
        let mut lookup = Lookup { config, database: None };
        let tenant_id = match (Uuid::parse_str(&self.tenant), declared) {
            (Ok(id), _) => id,
            (Err(_), Some(tenant)) => tenant.id,
            (Err(_), None) => from_core(lookup.database().await?.tenant(&self.tenant).await?.id),
        };
        let Some(site) = &self.site else { return Ok((tenant_id, None)) };
        if let Ok(id) = Uuid::parse_str(site) {
            return Ok((tenant_id, Some(id)));
        }
        let declared = config.tenants.iter().find(|tenant| tenant.id == tenant_id);
        let declared = declared.and_then(|tenant| tenant.sites.iter().find(|s| s.slug == *site));
        if let Some(declared) = declared {
            return Ok((tenant_id, Some(declared.id)));
        }
        let database = lookup.database().await?;
        let tenant = database.tenant(&tenant_id.to_string()).await?;
        let found = database.site(&format!("{}/{site}", tenant.slug)).await?;
        Ok((tenant_id, Some(from_core(found.id))))
    }
}

/// The database of tenants and sites, opened when it is needed.
struct Lookup<'a> {
    config: &'a Config,
    database: Option<Database>,
}

impl Lookup<'_> {
    async fn database(&mut self) -> Result<&Database, CommandError> {
        let file = self.config.sites_database();
        if self.database.is_none() && !file.exists() {
            return Err(CommandError::Wrong(format!(
                "{} is not there, so that slugs are not known here; give ids, or run this where \
                 the collector keeps its data",
                file.display()
            )));
        }
        match &mut self.database {
            Some(database) => Ok(database),
            empty => Ok(empty.insert(Database::open(&file).await?)),
        }
    }
}

/// An id of core as the rest of the collector has it.
pub(super) const fn from_core(id: tidemark_core::id::Uuid) -> Uuid {
    Uuid::from_bytes(id.0)
}

/// Reads a time on the command line, Unix milliseconds: RFC 3339, or a day of UTC.
pub(super) fn parse_time(text: &str) -> Result<i64, String> {
    parse_rfc3339(text)
        .or_else(|| parse_rfc3339(&format!("{text}T00:00:00Z")))
        .ok_or_else(|| "expected 2026-01-31, or RFC 3339: 2026-01-31T12:00:00Z".to_owned())
}

#[cfg(test)]
mod tests {
    use super::parse_time;

    #[test]
    fn a_day_is_its_beginning_in_utc() {
        assert_eq!(parse_time("1970-01-02"), Ok(86_400_000));
        assert_eq!(parse_time("1970-01-01T00:00:01.5+00:00"), Ok(1_500));
        for wrong in ["", "yesterday", "1970-13-01", "1970-01-01T00:00:00"] {
            assert!(parse_time(wrong).is_err(), "{wrong}");
        }
    }
}
