//! The table of write keys.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite, Transaction};
use tidemark_core::id::Uuid;

use super::key_text::NewKey;
use super::model::check_name;
use super::tenants::uuid_at;
use super::{Database, Site, SitesError, WriteKey};

impl Database {
    /// Every write key, the newest last.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn write_keys(&self) -> Result<Vec<WriteKey>, SitesError> {
        let rows = sqlx::query("SELECT * FROM write_keys ORDER BY created_at_ms, id")
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(read).collect()
    }

    /// Makes a key that may send to a site.
    ///
    /// # Errors
    /// `Invalid` for a label that is none.
    pub async fn create_write_key(
        &self,
        id: Uuid,
        site: &Site,
        label: &str,
        now_ms: i64,
    ) -> Result<WriteKey, SitesError> {
        check_name("label", label)?;
        let key = WriteKey {
            id,
            site_id: site.id,
            write_key: NewKey::write()?,
            label: label.to_owned(),
            created_at_ms: now_ms,
            last_used_at_ms: None,
            revoked_at_ms: None,
        };
        let mut change = self.change().await?;
        insert(&mut change, &key, false).await?;
        change.commit().await?;
        Ok(key)
    }

    /// A write key by id, or by the key itself.
    ///
    /// # Errors
    /// `Unknown` when there is none.
    pub async fn write_key(&self, name: &str) -> Result<WriteKey, SitesError> {
        let row = sqlx::query("SELECT * FROM write_keys WHERE id = $1 OR write_key = $2")
            .bind(name.to_ascii_lowercase())
            .bind(name)
            .fetch_optional(&self.pool)
            .await?;
        read(&row.ok_or_else(|| unknown_key(name))?)
    }
}

pub(super) fn unknown_key(name: &str) -> SitesError {
    SitesError::Unknown { what: "key", name: name.to_owned(), list: "keys" }
}

pub(super) async fn insert(
    change: &mut Transaction<'static, Sqlite>,
    key: &WriteKey,
    declared: bool,
) -> Result<(), SitesError> {
    sqlx::query(
        "INSERT INTO write_keys (id, site_id, write_key, label, declared, created_at_ms) \
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(key.id.to_string())
    .bind(key.site_id.to_string())
    .bind(&key.write_key)
    .bind(&key.label)
    .bind(i64::from(declared))
    .bind(key.created_at_ms)
    .execute(&mut **change)
    .await?;
    Ok(())
}

fn read(row: &SqliteRow) -> Result<WriteKey, SitesError> {
    Ok(WriteKey {
        id: uuid_at(row, "id")?,
        site_id: uuid_at(row, "site_id")?,
        write_key: row.try_get("write_key")?,
        label: row.try_get("label")?,
        created_at_ms: row.try_get("created_at_ms")?,
        last_used_at_ms: row.try_get("last_used_at_ms")?,
        revoked_at_ms: row.try_get("revoked_at_ms")?,
    })
}
