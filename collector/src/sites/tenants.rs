//! The table of tenants.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite, Transaction};
use tidemark_core::id::Uuid;

use super::{Database, SitesError, Tenant, TenantChange};

impl Database {
    /// Every tenant, by slug.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn tenants(&self) -> Result<Vec<Tenant>, SitesError> {
        let rows = sqlx::query("SELECT * FROM tenants ORDER BY slug").fetch_all(&self.pool).await?;
        rows.iter().map(read).collect()
    }

    /// A tenant by id or slug.
    ///
    /// # Errors
    /// `Unknown` when there is none.
    pub async fn tenant(&self, id_or_slug: &str) -> Result<Tenant, SitesError> {
        let row = sqlx::query("SELECT * FROM tenants WHERE id = $1 OR slug = $2")
            .bind(id_or_slug.to_ascii_lowercase())
            .bind(id_or_slug)
            .fetch_optional(&self.pool)
            .await?;
        let unknown =
            || SitesError::Unknown { what: "tenant", name: id_or_slug.to_owned(), list: "tenants" };
        read(&row.ok_or_else(unknown)?)
    }

    /// Makes a tenant.
    ///
    /// # Errors
    /// `Invalid` for a value that means nothing, `Exists` for a taken id or slug.
    pub async fn create_tenant(
        &self,
        id: Uuid,
        change: TenantChange,
        now_ms: i64,
    ) -> Result<Tenant, SitesError> {
        let mut tenant = Tenant {
            id,
            slug: String::new(),
            name: String::new(),
            events_per_minute: None,
            retention_days: None,
            created_at_ms: now_ms,
            updated_at_ms: now_ms,
        };
        tenant.apply(change);
        tenant.check()?;
        let mut change = self.change().await?;
        insert(&mut change, &tenant).await?;
        change.commit().await?;
        Ok(tenant)
    }

    /// Changes a tenant.
    ///
    /// # Errors
    /// As [`Database::tenant`] and [`Database::create_tenant`].
    pub async fn update_tenant(
        &self,
        id_or_slug: &str,
        change: TenantChange,
        now_ms: i64,
    ) -> Result<Tenant, SitesError> {
        let mut tenant = self.tenant(id_or_slug).await?;
        tenant.apply(change);
        tenant.updated_at_ms = now_ms;
        tenant.check()?;
        let mut change = self.change().await?;
        update(&mut change, &tenant).await?;
        change.commit().await?;
        Ok(tenant)
    }
}

pub(super) async fn insert(
    change: &mut Transaction<'static, Sqlite>,
    tenant: &Tenant,
) -> Result<(), SitesError> {
    let done = sqlx::query(
        "INSERT INTO tenants (id, slug, name, events_per_minute, retention_days, \
         created_at_ms, updated_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(tenant.id.to_string())
    .bind(&tenant.slug)
    .bind(&tenant.name)
    .bind(tenant.events_per_minute.map(i64::from))
    .bind(tenant.retention_days.map(i64::from))
    .bind(tenant.created_at_ms)
    .bind(tenant.updated_at_ms)
    .execute(&mut **change)
    .await;
    done.map_err(|error| taken(error, &tenant.slug))?;
    Ok(())
}

pub(super) async fn update(
    change: &mut Transaction<'static, Sqlite>,
    tenant: &Tenant,
) -> Result<(), SitesError> {
    let done = sqlx::query(
        "UPDATE tenants SET slug = $2, name = $3, events_per_minute = $4, \
         retention_days = $5, updated_at_ms = $6 WHERE id = $1",
    )
    .bind(tenant.id.to_string())
    .bind(&tenant.slug)
    .bind(&tenant.name)
    .bind(tenant.events_per_minute.map(i64::from))
    .bind(tenant.retention_days.map(i64::from))
    .bind(tenant.updated_at_ms)
    .execute(&mut **change)
    .await;
    done.map_err(|error| taken(error, &tenant.slug))?;
    Ok(())
}

fn taken(error: sqlx::Error, slug: &str) -> SitesError {
    match error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation) {
        true => SitesError::Exists { what: "tenant", name: slug.to_owned() },
        false => error.into(),
    }
}

fn read(row: &SqliteRow) -> Result<Tenant, SitesError> {
    Ok(Tenant {
        id: uuid_at(row, "id")?,
        slug: row.try_get("slug")?,
        name: row.try_get("name")?,
        events_per_minute: small_at(row, "events_per_minute")?,
        retention_days: small_at(row, "retention_days")?,
        created_at_ms: row.try_get("created_at_ms")?,
        updated_at_ms: row.try_get("updated_at_ms")?,
    })
}

/// An id that stands as text.
pub(super) fn uuid_at(row: &SqliteRow, column: &str) -> Result<Uuid, SitesError> {
    let text: String = row.try_get(column)?;
    Uuid::parse(&text).ok_or_else(|| SitesError::Unreadable(format!("{column} is no UUID")))
}

/// A number that stands as 64 bits, or nothing.
pub(super) fn small_at<T: TryFrom<i64>>(
    row: &SqliteRow,
    column: &str,
) -> Result<Option<T>, SitesError> {
    let number: Option<i64> = row.try_get(column)?;
    number
        .map(T::try_from)
        .transpose()
        .map_err(|_| SitesError::Unreadable(format!("{column} is out of its range")))
}
