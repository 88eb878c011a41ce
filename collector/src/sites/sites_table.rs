//! The table of sites.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite, Transaction};
use tidemark_core::id::Uuid;
use tidemark_core::judge::{BotPolicy, NamePolicy, PageSettings, WhenConsentAbsent};

use super::tenants::{small_at, uuid_at};
use super::{Database, Site, SiteChange, SitesError, Tenant};

/// A site's row with its tenant's slug.
const SELECT: &str = "SELECT sites.*, tenants.slug AS tenant FROM sites \
                      JOIN tenants ON tenants.id = sites.tenant_id";

impl Database {
    /// Every site, by tenant and slug.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn sites(&self) -> Result<Vec<Site>, SitesError> {
        let rows = sqlx::query(
            "SELECT sites.*, tenants.slug AS tenant FROM sites \
             JOIN tenants ON tenants.id = sites.tenant_id ORDER BY tenants.slug, sites.slug",
        )
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(read).collect()
    }

    /// A site by id, or by `tenant/site` in slugs.
    ///
    /// # Errors
    /// `Unknown` when there is none.
    pub async fn site(&self, name: &str) -> Result<Site, SitesError> {
        let (tenant, slug) = name.split_once('/').unwrap_or(("", name));
        let row = sqlx::query(sqlx::AssertSqlSafe(format!(
            "{SELECT} WHERE sites.id = $1 OR (tenants.slug = $2 AND sites.slug = $3)"
        )))
        .bind(name.to_ascii_lowercase())
        .bind(tenant)
        .bind(slug)
        .fetch_optional(&self.pool)
        .await?;
        let unknown = || SitesError::Unknown { what: "site", name: name.to_owned(), list: "sites" };
        read(&row.ok_or_else(unknown)?)
    }

    /// Makes a site of a tenant.
    ///
    /// # Errors
    /// `Invalid` for a value that means nothing, `Exists` for a taken id or slug.
    pub async fn create_site(
        &self,
        id: Uuid,
        tenant: &Tenant,
        change: SiteChange,
        now_ms: i64,
    ) -> Result<Site, SitesError> {
        let mut site = fresh(id, tenant, now_ms);
        site.apply(change);
        site.check()?;
        let mut change = self.change().await?;
        insert(&mut change, &site).await?;
        change.commit().await?;
        Ok(site)
    }

    /// Changes a site.
    ///
    /// # Errors
    /// As [`Database::site`] and [`Database::create_site`].
    pub async fn update_site(
        &self,
        name: &str,
        change: SiteChange,
        now_ms: i64,
    ) -> Result<Site, SitesError> {
        let mut site = self.site(name).await?;
        site.apply(change);
        site.updated_at_ms = now_ms;
        site.check()?;
        let mut change = self.change().await?;
        update(&mut change, &site).await?;
        change.commit().await?;
        Ok(site)
    }
}

/// A site before anything is said of it.
pub(super) fn fresh(id: Uuid, tenant: &Tenant, now_ms: i64) -> Site {
    Site {
        id,
        tenant_id: tenant.id,
        tenant: tenant.slug.clone(),
        slug: String::new(),
        name: String::new(),
        origins: Vec::new(),
        mode: NamePolicy::default(),
        when_consent_absent: WhenConsentAbsent::default(),
        cookieless: false,
        keep_free_text: false,
        bots: BotPolicy::default(),
        person_events_per_minute: None,
        settings: PageSettings::default(),
        created_at_ms: now_ms,
        updated_at_ms: now_ms,
    }
}

pub(super) async fn insert(
    change: &mut Transaction<'static, Sqlite>,
    site: &Site,
) -> Result<(), SitesError> {
    let done = sqlx::query(
        "INSERT INTO sites (id, tenant_id, slug, name, origins, mode, when_consent_absent, \
         cookieless, keep_free_text, person_events_per_minute, settings, created_at_ms, \
         updated_at_ms, bots) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(site.id.to_string())
    .bind(site.tenant_id.to_string())
    .bind(&site.slug)
    .bind(&site.name)
    .bind(to_json(&site.origins)?)
    .bind(to_name(&site.mode)?)
    .bind(to_name(&site.when_consent_absent)?)
    .bind(i64::from(site.cookieless))
    .bind(i64::from(site.keep_free_text))
    .bind(site.person_events_per_minute.map(i64::from))
    .bind(&site.settings.0)
    .bind(site.created_at_ms)
    .bind(site.updated_at_ms)
    .bind(to_name(&site.bots)?)
    .execute(&mut **change)
    .await;
    done.map_err(|error| taken(error, site))?;
    Ok(())
}

pub(super) async fn update(
    change: &mut Transaction<'static, Sqlite>,
    site: &Site,
) -> Result<(), SitesError> {
    let done = sqlx::query(
        "UPDATE sites SET slug = $2, name = $3, origins = $4, mode = $5, \
         when_consent_absent = $6, cookieless = $7, keep_free_text = $8, \
         person_events_per_minute = $9, settings = $10, updated_at_ms = $11, bots = $12 \
         WHERE id = $1",
    )
    .bind(site.id.to_string())
    .bind(&site.slug)
    .bind(&site.name)
    .bind(to_json(&site.origins)?)
    .bind(to_name(&site.mode)?)
    .bind(to_name(&site.when_consent_absent)?)
    .bind(i64::from(site.cookieless))
    .bind(i64::from(site.keep_free_text))
    .bind(site.person_events_per_minute.map(i64::from))
    .bind(&site.settings.0)
    .bind(site.updated_at_ms)
    .bind(to_name(&site.bots)?)
    .execute(&mut **change)
    .await;
    done.map_err(|error| taken(error, site))?;
    Ok(())
}

fn taken(error: sqlx::Error, site: &Site) -> SitesError {
    match error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation) {
        true => SitesError::Exists { what: "site", name: format!("{}/{}", site.tenant, site.slug) },
        false => error.into(),
    }
}

fn read(row: &SqliteRow) -> Result<Site, SitesError> {
    Ok(Site {
        id: uuid_at(row, "id")?,
        tenant_id: uuid_at(row, "tenant_id")?,
        tenant: row.try_get("tenant")?,
        slug: row.try_get("slug")?,
        name: row.try_get("name")?,
        origins: from_json(row, "origins")?,
        mode: from_name(row, "mode")?,
        when_consent_absent: from_name(row, "when_consent_absent")?,
        cookieless: row.try_get::<i64, _>("cookieless")? != 0,
        keep_free_text: row.try_get::<i64, _>("keep_free_text")? != 0,
        bots: from_name(row, "bots")?,
        person_events_per_minute: small_at(row, "person_events_per_minute")?,
        settings: PageSettings(row.try_get("settings")?),
        created_at_ms: row.try_get("created_at_ms")?,
        updated_at_ms: row.try_get("updated_at_ms")?,
    })
}

fn unreadable(column: &str) -> SitesError {
    SitesError::Unreadable(format!("{column} is not what this version writes"))
}

fn to_json<T: Serialize>(value: &T) -> Result<String, SitesError> {
    serde_json::to_string(value).map_err(|_| unreadable("origins"))
}

fn from_json<T: DeserializeOwned>(row: &SqliteRow, column: &str) -> Result<T, SitesError> {
    serde_json::from_str(row.try_get(column)?).map_err(|_| unreadable(column))
}

/// The name of a policy, as the wire spells it.
fn to_name<T: Serialize>(value: &T) -> Result<String, SitesError> {
    Ok(to_json(value)?.trim_matches('"').to_owned())
}

fn from_name<T: DeserializeOwned>(row: &SqliteRow, column: &str) -> Result<T, SitesError> {
    let name: String = row.try_get(column)?;
    serde_json::from_value(serde_json::Value::String(name)).map_err(|_| unreadable(column))
}
