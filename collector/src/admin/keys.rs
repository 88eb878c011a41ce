//! `tidemark keys`.

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;
use tidemark_core::id::Uuid;

use super::table::{instant, told, told_one};
use super::{AdminError, Told, id_or_new, now_ms};
use crate::sites::{ApiKey, Database, Scopes, SitesError, WriteKey};

/// Milliseconds of an hour.
const HOUR_MS: i64 = 3_600_000;

/// What can be done with keys.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Every key, of both kinds. API keys are told by their beginning.
    List {
        /// Of this tenant alone: its id or slug.
        #[arg(long)]
        tenant: Option<String>,
        /// Revoked keys as well.
        #[arg(long)]
        all: bool,
    },
    /// Make a key.
    #[command(subcommand)]
    Create(Create),
    /// Make a key like another one, which ends after a while.
    Rotate {
        /// The old key's id, a write key itself, or the beginning of an API key.
        key: String,
        /// For how many hours the old key still holds.
        #[arg(long, default_value_t = 24)]
        grace_hours: u32,
    },
    /// End a key at once. A running collector takes it up within a second, an
    /// edge when it next asks for the list of sites.
    Revoke {
        /// The key's id, a write key itself, or the beginning of an API key.
        key: String,
    },
}

/// Which kind of key.
#[derive(Debug, Subcommand)]
pub enum Create {
    /// A public key that may send to a site.
    Write {
        /// The site's id, or `tenant/site`.
        #[arg(long)]
        site: String,
        /// What it is for.
        #[command(flatten)]
        label: Label,
    },
    /// A secret key that may read a tenant's data. It is shown this once.
    Api {
        /// The tenant's id or slug.
        #[arg(long)]
        tenant: String,
        /// What it may do, separated by commas: read, export, erase, admin.
        #[arg(long, default_value = "read")]
        scopes: String,
        /// What it is for.
        #[command(flatten)]
        label: Label,
    },
}

/// What a key is for.
#[derive(Args, Debug)]
pub struct Label {
    /// What it is for.
    #[arg(long, default_value = "")]
    label: String,
}

/// A key of either kind, as the list has it.
#[derive(Serialize)]
struct Line {
    kind: &'static str,
    id: Uuid,
    key: String,
    of: String,
    may: String,
    label: String,
    created_at_ms: i64,
    last_used_at_ms: Option<i64>,
    revoked_at_ms: Option<i64>,
}

/// A key of either kind.
enum Found {
    Write(WriteKey),
    Api(Box<ApiKey>),
}

impl KeysCommand {
    pub(super) async fn run(self, database: &Database) -> Result<Told, AdminError> {
        match self {
            Self::List { tenant, all } => list(database, tenant.as_deref(), all).await,
            Self::Create(Create::Write { site, label }) => {
                create_write(database, &site, &label.label).await
            }
            Self::Create(Create::Api { tenant, scopes, label }) => {
                create_api(database, &tenant, scopes.parse()?, &label.label).await
            }
            Self::Rotate { key, grace_hours } => rotate(database, &key, grace_hours).await,
            Self::Revoke { key } => {
                let id = match find(database, &key).await? {
                    Found::Write(key) => key.id,
                    Found::Api(key) => key.id,
                };
                let now_ms = now_ms();
                database.revoke_key(id, now_ms).await?;
                let json = json!({ "id": id, "revoked_at_ms": now_ms });
                Ok(Told { table: format!("revoked  {id}"), json })
            }
        }
    }
}

async fn list(database: &Database, tenant: Option<&str>, all: bool) -> Result<Told, AdminError> {
    let tenants = database.tenants().await?;
    let sites = database.sites().await?;
    let only = match tenant {
        Some(name) => Some(database.tenant(name).await?.id),
        None => None,
    };
    let mut lines = Vec::new();
    for key in database.write_keys().await? {
        let Some(site) = sites.iter().find(|site| site.id == key.site_id) else { continue };
        if only.is_none_or(|only| only == site.tenant_id) {
            lines.push(Line {
                kind: "write",
                id: key.id,
                key: key.write_key,
                of: format!("{}/{}", site.tenant, site.slug),
                may: String::from("send"),
                label: key.label,
                created_at_ms: key.created_at_ms,
                last_used_at_ms: key.last_used_at_ms,
                revoked_at_ms: key.revoked_at_ms,
            });
        }
    }
    for key in database.api_keys().await? {
        let Some(tenant) = tenants.iter().find(|tenant| tenant.id == key.tenant_id) else {
            continue;
        };
        if only.is_none_or(|only| only == tenant.id) {
            lines.push(Line {
                kind: "api",
                id: key.id,
                key: format!("{}…", key.prefix),
                of: tenant.slug.clone(),
                may: key.scopes.to_string(),
                label: key.label,
                created_at_ms: key.created_at_ms,
                last_used_at_ms: key.last_used_at_ms,
                revoked_at_ms: key.revoked_at_ms,
            });
        }
    }
    let now_ms = now_ms();
    lines.retain(|line| all || line.revoked_at_ms.is_none_or(|end| now_ms < end));
    let row = |line: &Line| {
        [
            line.kind.to_owned(),
            line.of.clone(),
            line.key.clone(),
            line.may.clone(),
            line.id.to_string(),
            instant(line.last_used_at_ms),
            instant(line.revoked_at_ms),
            line.label.clone(),
        ]
    };
    let header = ["KIND", "OF", "KEY", "MAY", "ID", "LAST USED", "ENDS", "LABEL"];
    let empty =
        "There is no key. Make one: tidemark keys create write --site acme/shop --config FILE";
    Ok(told(&lines, header, row, empty))
}

async fn create_write(database: &Database, site: &str, label: &str) -> Result<Told, AdminError> {
    let site = database.site(site).await?;
    let key = database.create_write_key(id_or_new(None)?, &site, label, now_ms()).await?;
    let lines = [
        ("write key", key.write_key.clone()),
        ("site", format!("{}/{}", site.tenant, site.slug)),
        ("id", key.id.to_string()),
        ("label", key.label.clone()),
    ];
    Ok(told_one(&key, &lines))
}

async fn create_api(
    database: &Database,
    tenant: &str,
    scopes: Scopes,
    label: &str,
) -> Result<Told, AdminError> {
    let tenant = database.tenant(tenant).await?;
    let (key, text) =
        database.create_api_key(id_or_new(None)?, &tenant, scopes, label, now_ms()).await?;
    let lines = [
        ("API key", text.clone()),
        ("", String::from("Keep it now: only its digest is stored, and it is not shown again.")),
        ("tenant", tenant.slug),
        ("may", key.scopes.to_string()),
        ("id", key.id.to_string()),
        ("label", key.label.clone()),
    ];
    let mut told = told_one(&key, &lines);
    told.json["api_key"] = json!(text);
    Ok(told)
}

async fn rotate(database: &Database, key: &str, grace_hours: u32) -> Result<Told, AdminError> {
    let now_ms = now_ms();
    let ends_at_ms = now_ms.saturating_add(i64::from(grace_hours).saturating_mul(HOUR_MS));
    let ended = |end: Option<i64>| end.is_some_and(|end| end <= now_ms);
    let (id, mut told) = match find(database, key).await? {
        Found::Write(old) => {
            if ended(old.revoked_at_ms) {
                return Err(SitesError::Revoked(old.id.to_string()).into());
            }
            let site = old.site_id.to_string();
            (old.id, create_write(database, &site, &old.label).await?)
        }
        Found::Api(old) => {
            if ended(old.revoked_at_ms) {
                return Err(SitesError::Revoked(old.id.to_string()).into());
            }
            let tenant = old.tenant_id.to_string();
            (old.id, create_api(database, &tenant, old.scopes, &old.label).await?)
        }
    };
    database.revoke_key(id, ends_at_ms).await?;
    told.table.push_str(&format!("\nold key ends  {} ({id})", instant(Some(ends_at_ms))));
    told.json["replaces"] = json!({ "id": id, "revoked_at_ms": ends_at_ms });
    Ok(told)
}

async fn find(database: &Database, name: &str) -> Result<Found, SitesError> {
    match database.write_key(name).await {
        Ok(key) => Ok(Found::Write(key)),
        Err(SitesError::Unknown { .. }) => {
            database.api_key(name).await.map(|key| Found::Api(Box::new(key)))
        }
        Err(error) => Err(error),
    }
}
