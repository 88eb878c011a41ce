//! The configuration: read once at start, validated whole, passed explicitly.
//!
//! It comes from one TOML file and from environment variables over it
//! (`TIDEMARK__SECTION__KEY`). Nothing else in the crate reads the environment.
//! A key that is not known is refused by name, with the nearest known one; a
//! [`Secret`] shows nothing in logs. README.md lists every key, held to
//! `keys::KNOWN` by a test.

mod environment;
mod keys;
mod secret;
#[cfg(test)]
mod tests;
mod validate;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tidemark_core::judge::{BotPolicy, NamePolicy, WhenConsentAbsent};
use uuid::Uuid;

pub use secret::Secret;

/// Everything that the collector is told.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where HTTP is served.
    pub server: Server,
    /// Where ClickHouse is.
    pub clickhouse: ClickHouse,
    /// Who may sign the hop from the edge.
    pub hop: Hop,
    /// How people become pseudonyms.
    pub identity: Identity,
    /// Where this process keeps its own files.
    pub data: Data,
    /// Where tenants, sites and keys are kept.
    pub sites: Sites,
    /// Where schemas of the tenants' own are.
    pub schemas: Schemas,
    /// Tenants that are there from the start.
    pub tenants: Vec<DeclaredTenant>,
    /// How long rows are kept.
    pub retention: Retention,
    /// What is logged, and how.
    pub log: Log,
}

/// The section `[server]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Proxies whose `X-Forwarded-For` is believed: addresses and networks.
    pub trusted_proxies: Vec<String>,
    /// The header in which such a proxy tells the caller's country, ISO 3166.
    pub country_header: Option<String>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8090)),
            trusted_proxies: Vec::new(),
            country_header: None,
        }
    }
}

/// The section `[clickhouse]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClickHouse {
    /// ClickHouse's HTTP interface, `http://host:port`.
    pub url: String,
    /// The database; made by `migrate` when it is absent.
    pub database: String,
    /// The user.
    pub user: String,
    /// The user's password.
    pub password: Secret,
    /// The user who answers questions, and may only read; `user` where there is none.
    pub reader: Option<String>,
    /// The reader's password.
    pub reader_password: Secret,
}

impl ClickHouse {
    /// The same ClickHouse as whoever only asks: the reader, where one is named.
    pub fn as_reader(&self) -> Self {
        let Some(reader) = &self.reader else { return self.clone() };
        Self { user: reader.clone(), password: self.reader_password.clone(), ..self.clone() }
    }
}

impl Default for ClickHouse {
    fn default() -> Self {
        Self {
            url: "http://127.0.0.1:8123".to_owned(),
            database: "tidemark".to_owned(),
            user: "default".to_owned(),
            password: Secret::default(),
            reader: None,
            reader_password: Secret::default(),
        }
    }
}

/// The section `[hop]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hop {
    /// The keys that may sign; several, so that one can be rotated.
    pub keys: Vec<HopKey>,
}

/// One `[[hop.keys]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HopKey {
    /// The key's public name, which the signature carries.
    pub id: String,
    /// The HMAC secret, shared with the edge.
    pub secret: Secret,
}

/// The section `[identity]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Identity {
    /// What the tenants' salts are derived from: the same as the edge's.
    pub salt_secret: Option<Secret>,
}

/// The section `[data]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Data {
    /// The folder of everything that this process writes; made when it is absent.
    pub dir: PathBuf,
}

impl Default for Data {
    fn default() -> Self {
        Self { dir: PathBuf::from("tidemark-data") }
    }
}

/// The section `[sites]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sites {
    /// The database file; `sites.db` in the data folder where nothing is said.
    pub database: Option<PathBuf>,
}

/// One `[[tenants]]`: made, or set to what is said here, at every start.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredTenant {
    /// The tenant's id.
    pub id: Uuid,
    /// The tenant's name in URLs.
    pub slug: String,
    /// SHA-256 of each API key that may read, 64 hex digits.
    #[serde(default)]
    pub api_key_sha256: Vec<KeyDigest>,
    /// Its sites.
    #[serde(default)]
    pub sites: Vec<DeclaredSite>,
}

/// One `[[tenants.sites]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredSite {
    /// The site's id.
    pub id: Uuid,
    /// The site's name in URLs.
    pub slug: String,
    /// The public keys that may send to it.
    #[serde(default)]
    pub write_keys: Vec<String>,
    /// Origins whose pages may send.
    #[serde(default)]
    pub origins: Vec<String>,
    /// What it takes besides the catalogue.
    #[serde(default)]
    pub mode: NamePolicy,
    /// What becomes of an event that tells no consent.
    #[serde(default)]
    pub when_consent_absent: WhenConsentAbsent,
    /// Whether visitors without consent are counted without ids.
    #[serde(default)]
    pub cookieless: bool,
    /// Whether free text that people typed is kept.
    #[serde(default)]
    pub keep_free_text: bool,
    /// What becomes of automated traffic.
    #[serde(default)]
    pub bots: BotPolicy,
}

/// The SHA-256 of an API key: the collector never holds the key itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyDigest(pub [u8; 32]);

/// The section `[schemas]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Schemas {
    /// The folder that `tidemark schema register` writes.
    pub folder: Option<PathBuf>,
}

/// The section `[retention]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// Days that an event is kept after it was received.
    pub events_days: u16,
}

impl Default for Retention {
    fn default() -> Self {
        Self { events_days: 90 }
    }
}

/// The section `[log]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// A level, or directives such as `info,tidemark_collector::ingest=debug`.
    pub level: String,
    /// How a line is written.
    pub format: LogFormat,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: LogFormat::default() }
    }
}

/// How a log line is written.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line, for machines.
    #[default]
    Json,
    /// Words, for people.
    Text,
}

/// Why there is no valid configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("{path}, line {line}: not TOML: {message}", path = path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line where it ends to be TOML, from 1.
        line: usize,
        /// The parser's words, without the line itself, which may hold a secret.
        message: String,
    },
    /// Keys that are not known, each with where it stands and what may be meant.
    #[error("{}", .0.join("\n"))]
    UnknownKeys(Vec<String>),
    /// An environment variable's value does not parse.
    #[error("environment variable {variable}: {reason}")]
    Environment {
        /// The variable's name.
        variable: String,
        /// What is wrong with it, without its value.
        reason: String,
    },
    /// A value is missing, has the wrong type, or means nothing.
    #[error("{key}: {reason}")]
    Value {
        /// The key.
        key: String,
        /// What is wrong and what is expected, without a secret's value.
        reason: String,
    },
}

impl Config {
    /// The file of tenants, sites and keys.
    pub fn sites_database(&self) -> PathBuf {
        self.sites.database.clone().unwrap_or_else(|| self.data.dir.join("sites.db"))
    }

    /// Reads a file and lays the given environment over it.
    ///
    /// # Errors
    /// [`ConfigError`], which names the file, key or variable.
    pub fn load(
        path: &Path,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        let table = text.parse::<toml::Table>().map_err(|error| ConfigError::Syntax {
            path: path.to_owned(),
            line: line_of(&text, &error),
            message: error.message().to_owned(),
        })?;
        Self::from_table(table, environment)
    }

    /// Reads a parsed file and lays the given environment over it.
    ///
    /// # Errors
    /// [`ConfigError`], which names the key or variable.
    pub fn from_table(
        mut table: toml::Table,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut unknown = keys::unknown_in(&table);
        unknown.extend(environment::lay_over(&mut table, environment)?);
        if !unknown.is_empty() {
            return Err(ConfigError::UnknownKeys(unknown));
        }
        let config: Self =
            serde_path_to_error::deserialize(toml::Value::Table(table)).map_err(|error| {
                ConfigError::Value {
                    key: error.path().to_string(),
                    reason: error.inner().message().to_owned(),
                }
            })?;
        validate::validate(&config)?;
        Ok(config)
    }
}

/// The line of a syntax error, from 1.
fn line_of(text: &str, error: &toml::de::Error) -> usize {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    before.matches('\n').count() + 1
}
