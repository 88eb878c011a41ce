//! The table of API keys, and how keys of both kinds end.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite, Transaction};
use tidemark_core::id::Uuid;

use super::key_text::{KeyDigest, NewKey};
use super::model::check_name;
use super::tenants::uuid_at;
use super::write_keys::unknown_key;
use super::{ApiKey, Database, Scopes, SitesError, Tenant};

impl Database {
    /// Every API key, the newest last.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn api_keys(&self) -> Result<Vec<ApiKey>, SitesError> {
        let rows = sqlx::query("SELECT * FROM api_keys ORDER BY created_at_ms, id")
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(read).collect()
    }

    /// Makes a key that may read a tenant's data. The text is told this once.
    ///
    /// # Errors
    /// `Invalid` for no scope at all, or a label that is none.
    pub async fn create_api_key(
        &self,
        id: Uuid,
        tenant: &Tenant,
        scopes: Scopes,
        label: &str,
        now_ms: i64,
    ) -> Result<(ApiKey, String), SitesError> {
        check_name("label", label)?;
        if scopes == Scopes::default() {
            return Err(SitesError::invalid("scopes", "expected read, export, erase or admin"));
        }
        let NewKey { text, prefix, digest } = NewKey::api()?;
        let key = ApiKey {
            id,
            tenant_id: tenant.id,
            prefix,
            label: label.to_owned(),
            scopes,
            created_at_ms: now_ms,
            last_used_at_ms: None,
            revoked_at_ms: None,
            digest,
        };
        let mut change = self.change().await?;
        insert(&mut change, &key, false).await?;
        change.commit().await?;
        Ok((key, text))
    }

    /// An API key by id or by its beginning.
    ///
    /// # Errors
    /// `Unknown` when there is none.
    pub async fn api_key(&self, name: &str) -> Result<ApiKey, SitesError> {
        let row = sqlx::query("SELECT * FROM api_keys WHERE id = $1 OR prefix = $2")
            .bind(name.to_ascii_lowercase())
            .bind(name)
            .fetch_optional(&self.pool)
            .await?;
        read(&row.ok_or_else(|| unknown_key(name))?)
    }

    /// Ends a key of either kind at an instant, Unix milliseconds.
    ///
    /// # Errors
    /// `Unknown` for a key that there is not, `Revoked` for one that ends
    /// earlier already.
    pub async fn revoke_key(&self, id: Uuid, at_ms: i64) -> Result<(), SitesError> {
        let mut change = self.change().await?;
        let mut ended = 0;
        for statement in [
            "UPDATE write_keys SET revoked_at_ms = $2 \
             WHERE id = $1 AND (revoked_at_ms IS NULL OR revoked_at_ms > $2)",
            "UPDATE api_keys SET revoked_at_ms = $2 \
             WHERE id = $1 AND (revoked_at_ms IS NULL OR revoked_at_ms > $2)",
        ] {
            let done =
                sqlx::query(statement).bind(id.to_string()).bind(at_ms).execute(&mut *change);
            ended += done.await?.rows_affected();
        }
        if ended == 0 {
            return Err(SitesError::Revoked(id.to_string()));
        }
        change.commit().await?;
        Ok(())
    }

    /// Notes when keys of either kind were last used. Not a change: what is
    /// kept in memory elsewhere does not hold it.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn note_used(&self, used: &[(Uuid, i64)]) -> Result<(), SitesError> {
        let mut noting = self.pool.begin().await?;
        for (id, at_ms) in used {
            for statement in [
                "UPDATE write_keys SET last_used_at_ms = $2 WHERE id = $1",
                "UPDATE api_keys SET last_used_at_ms = $2 WHERE id = $1",
            ] {
                let done =
                    sqlx::query(statement).bind(id.to_string()).bind(at_ms).execute(&mut *noting);
                done.await?;
            }
        }
        noting.commit().await?;
        Ok(())
    }
}

pub(super) async fn insert(
    change: &mut Transaction<'static, Sqlite>,
    key: &ApiKey,
    declared: bool,
) -> Result<(), SitesError> {
    sqlx::query(
        "INSERT INTO api_keys (id, tenant_id, sha256, prefix, label, scopes, declared, \
         created_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(key.id.to_string())
    .bind(key.tenant_id.to_string())
    .bind(key.digest.to_hex())
    .bind(&key.prefix)
    .bind(&key.label)
    .bind(key.scopes.to_string())
    .bind(i64::from(declared))
    .bind(key.created_at_ms)
    .execute(&mut **change)
    .await?;
    Ok(())
}

fn read(row: &SqliteRow) -> Result<ApiKey, SitesError> {
    let digest: String = row.try_get("sha256")?;
    let digest = KeyDigest::from_hex(&digest)
        .ok_or_else(|| SitesError::Unreadable(String::from("sha256 is no digest")))?;
    Ok(ApiKey {
        id: uuid_at(row, "id")?,
        tenant_id: uuid_at(row, "tenant_id")?,
        prefix: row.try_get("prefix")?,
        label: row.try_get("label")?,
        scopes: row.try_get::<String, _>("scopes")?.parse()?,
        created_at_ms: row.try_get("created_at_ms")?,
        last_used_at_ms: row.try_get("last_used_at_ms")?,
        revoked_at_ms: row.try_get("revoked_at_ms")?,
        digest,
    })
}
