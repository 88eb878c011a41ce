//! Who may send and who may read: tenants, their sites, and their keys.
//!
//! The truth is a small relational database ([`database`](Database)), SQLite in
//! the data directory, written by the commands `tidemark tenants | sites | keys`
//! and, for what a configuration declares, at start ([`declare`]). A running
//! collector holds a copy of it, the [`Directory`], which [`Sites`] replaces
//! whenever the database's version has moved on: a revoked key ends within
//! [`REFRESH_INTERVAL`](crate::limits::SITES_REFRESH_INTERVAL) everywhere.
//!
//! Always true: an API key is never stored, only its SHA-256 (a key has 256
//! random bits, so that a plain digest cannot be turned round); digests are
//! compared in constant time; a write key is public and stands as it is. Rows
//! are never deleted: what is revoked stays to be looked at.
//!
//! It deliberately does not judge events, and knows no HTTP: [`crate::ingest`]
//! and [`crate::api`] ask the directory.

mod api_keys;
mod database;
mod declare;
mod directory;
mod edge_list;
mod error;
mod key_text;
mod live;
mod model;
mod sites_table;
mod tenants;
#[cfg(test)]
mod tests;
mod write_keys;

pub use database::Database;
pub use declare::declare;
pub use directory::{Directory, Reader, Sender};
pub use edge_list::EdgeList;
pub use error::SitesError;
pub use key_text::{KeyDigest, NewKey};
pub use live::Sites;
pub use model::{ApiKey, Scope, Scopes, Site, SiteChange, Tenant, TenantChange, WriteKey};
