//! What a configuration declares, laid into the database at start.
//!
//! Made for machines that are set up by a file: `[[tenants]]` and their `sites`
//! are made where they are missing, and set to what the file says where they are
//! there. A key that the file no longer names is revoked; one that was revoked
//! stays so, whatever the file says. What the commands have made is left alone.

use std::collections::{HashMap, HashSet};

use sqlx::{Sqlite, Transaction};
use tidemark_core::id::Uuid;

use super::key_text::KeyDigest;
use super::{
    ApiKey, Database, Scope, Scopes, SiteChange, SitesError, Tenant, WriteKey, api_keys,
    sites_table, tenants, write_keys,
};
use crate::config::{DeclaredSite, DeclaredTenant};

/// Lays what is declared into the database.
///
/// # Errors
/// When a value means nothing, a name is taken, or the database cannot be written.
pub async fn declare(
    database: &Database,
    tenants: &[DeclaredTenant],
    now_ms: i64,
) -> Result<(), SitesError> {
    let known = Known::read(database).await?;
    let mut change = database.change().await?;
    for declared in tenants {
        let tenant = lay_tenant(&mut change, &known, declared, now_ms).await?;
        lay_api_keys(&mut change, &known, declared, &tenant, now_ms).await?;
        for site in &declared.sites {
            lay_site(&mut change, &known, site, &tenant, now_ms).await?;
        }
    }
    revoke_undeclared(&mut change, tenants, now_ms).await?;
    change.commit().await?;
    Ok(())
}

/// What the database holds before the declaration.
struct Known {
    tenants: HashMap<Uuid, Tenant>,
    sites: HashMap<Uuid, super::Site>,
    write_keys: HashMap<String, WriteKey>,
    api_keys: HashMap<String, ApiKey>,
}

impl Known {
    async fn read(database: &Database) -> Result<Self, SitesError> {
        let write_keys = database.write_keys().await?.into_iter();
        let api_keys = database.api_keys().await?.into_iter();
        Ok(Self {
            tenants: database.tenants().await?.into_iter().map(|row| (row.id, row)).collect(),
            sites: database.sites().await?.into_iter().map(|row| (row.id, row)).collect(),
            write_keys: write_keys.map(|key| (key.write_key.clone(), key)).collect(),
            api_keys: api_keys.map(|key| (key.digest.to_hex(), key)).collect(),
        })
    }
}

async fn lay_tenant(
    change: &mut Transaction<'static, Sqlite>,
    known: &Known,
    declared: &DeclaredTenant,
    now_ms: i64,
) -> Result<Tenant, SitesError> {
    let id = Uuid(*declared.id.as_bytes());
    if let Some(there) = known.tenants.get(&id) {
        let tenant = Tenant { slug: declared.slug.clone(), updated_at_ms: now_ms, ..there.clone() };
        if tenant.slug != there.slug {
            tenants::update(change, &tenant).await?;
        }
        return Ok(tenant);
    }
    let tenant = Tenant {
        id,
        slug: declared.slug.clone(),
        name: String::new(),
        events_per_minute: None,
        retention_days: None,
        created_at_ms: now_ms,
        updated_at_ms: now_ms,
    };
    tenant.check()?;
    tenants::insert(change, &tenant).await?;
    Ok(tenant)
}

async fn lay_api_keys(
    change: &mut Transaction<'static, Sqlite>,
    known: &Known,
    declared: &DeclaredTenant,
    tenant: &Tenant,
    now_ms: i64,
) -> Result<(), SitesError> {
    for digest in &declared.api_key_sha256 {
        let digest = KeyDigest(digest.0);
        let hex = digest.to_hex();
        if let Some(there) = known.api_keys.get(&hex) {
            warn_revoked(there.revoked_at_ms, there.id);
            continue;
        }
        let key = ApiKey {
            id: derived_id(tenant.id, &hex),
            tenant_id: tenant.id,
            // The key itself is not known here: its digest tells it.
            prefix: format!("sha256:{}", hex.get(..8).unwrap_or_default()),
            label: String::from("from the configuration"),
            scopes: Scopes::only(Scope::Read),
            created_at_ms: now_ms,
            last_used_at_ms: None,
            revoked_at_ms: None,
            digest,
        };
        api_keys::insert(change, &key, true).await?;
    }
    Ok(())
}

async fn lay_site(
    change: &mut Transaction<'static, Sqlite>,
    known: &Known,
    declared: &DeclaredSite,
    tenant: &Tenant,
    now_ms: i64,
) -> Result<(), SitesError> {
    let id = Uuid(*declared.id.as_bytes());
    let there = known.sites.get(&id);
    if there.is_some_and(|there| there.tenant_id != tenant.id) {
        let reason = format!("the site `{id}` belongs to another tenant");
        return Err(SitesError::invalid("sites", reason));
    }
    let mut site = there.cloned().unwrap_or_else(|| sites_table::fresh(id, tenant, now_ms));
    site.apply(settings_of(declared));
    site.check()?;
    match there {
        Some(there) if *there == site => {}
        Some(_) => {
            site.updated_at_ms = now_ms;
            sites_table::update(change, &site).await?;
        }
        None => sites_table::insert(change, &site).await?,
    }
    for text in &declared.write_keys {
        match known.write_keys.get(text) {
            Some(there) if there.site_id != id => {
                let reason = format!("the write key `{text}` belongs to another site");
                return Err(SitesError::invalid("write_keys", reason));
            }
            Some(there) => warn_revoked(there.revoked_at_ms, there.id),
            None => {
                let key = WriteKey {
                    id: derived_id(id, text),
                    site_id: id,
                    write_key: text.clone(),
                    label: String::from("from the configuration"),
                    created_at_ms: now_ms,
                    last_used_at_ms: None,
                    revoked_at_ms: None,
                };
                write_keys::insert(change, &key, true).await?;
            }
        }
    }
    Ok(())
}

fn settings_of(declared: &DeclaredSite) -> SiteChange {
    SiteChange {
        slug: Some(declared.slug.clone()),
        origins: Some(declared.origins.clone()),
        mode: Some(declared.mode),
        when_consent_absent: Some(declared.when_consent_absent),
        cookieless: Some(declared.cookieless),
        keep_free_text: Some(declared.keep_free_text),
        bots: Some(declared.bots),
        ..SiteChange::default()
    }
}

/// Two collectors that read the same file give a key the same id.
fn derived_id(owner: Uuid, name: &str) -> Uuid {
    Uuid::v5(owner, name.as_bytes())
}

fn warn_revoked(revoked_at_ms: Option<i64>, id: Uuid) {
    if revoked_at_ms.is_some() {
        tracing::warn!(key = %id, "a key of the configuration is revoked, and stays so");
    }
}

async fn revoke_undeclared(
    change: &mut Transaction<'static, Sqlite>,
    tenants: &[DeclaredTenant],
    now_ms: i64,
) -> Result<(), SitesError> {
    let digests: HashSet<String> = tenants
        .iter()
        .flat_map(|tenant| tenant.api_key_sha256.iter().map(|digest| KeyDigest(digest.0).to_hex()))
        .collect();
    let keys: HashSet<String> = tenants
        .iter()
        .flat_map(|tenant| &tenant.sites)
        .flat_map(|site| site.write_keys.clone())
        .collect();
    for (select, revoke, declared) in [
        (
            "SELECT sha256 FROM api_keys WHERE declared = 1 AND revoked_at_ms IS NULL",
            "UPDATE api_keys SET revoked_at_ms = $2 WHERE sha256 = $1",
            digests,
        ),
        (
            "SELECT write_key FROM write_keys WHERE declared = 1 AND revoked_at_ms IS NULL",
            "UPDATE write_keys SET revoked_at_ms = $2 WHERE write_key = $1",
            keys,
        ),
    ] {
        let there: Vec<String> = sqlx::query_scalar(select).fetch_all(&mut **change).await?;
        for gone in there.iter().filter(|key| !declared.contains(*key)) {
            sqlx::query(revoke).bind(gone).bind(now_ms).execute(&mut **change).await?;
        }
    }
    Ok(())
}
