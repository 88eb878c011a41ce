//! The site that events are imported into, as a judge wants it.

use tidemark_core::id;
use tidemark_core::judge::Site;
use uuid::Uuid;

use super::CommandError;
use crate::config::Config;
use crate::sites::Database;

/// Finds the site: declared in the configuration, or made by `tidemark sites`.
///
/// # Errors
/// When the tenant has no such site.
pub(super) async fn find(
    config: &Config,
    tenant_id: Uuid,
    site_id: Uuid,
) -> Result<Site, CommandError> {
    let ids = (id::Uuid(tenant_id.into_bytes()), id::Uuid(site_id.into_bytes()));
    let declared = config.tenants.iter().find(|tenant| tenant.id == tenant_id);
    let declared = declared.and_then(|tenant| tenant.sites.iter().find(|site| site.id == site_id));
    if let Some(site) = declared {
        return Ok(Site {
            tenant_id: ids.0,
            site_id: ids.1,
            names: site.mode,
            when_consent_absent: site.when_consent_absent,
            cookieless: site.cookieless,
            keep_free_text: site.keep_free_text,
            bots: site.bots,
            ..Site::default()
        });
    }
    let file = config.sites_database();
    let unknown = || {
        CommandError::Wrong(format!(
            "tenant {tenant_id} has no site {site_id}; `tidemark sites list` has all of them"
        ))
    };
    if !file.exists() {
        return Err(unknown());
    }
    let database = Database::open(&file).await?;
    let site = database.site(&site_id.to_string()).await?;
    database.close().await;
    if site.tenant_id != ids.0 {
        return Err(unknown());
    }
    Ok(Site {
        tenant_id: ids.0,
        site_id: ids.1,
        names: site.mode,
        when_consent_absent: site.when_consent_absent,
        cookieless: site.cookieless,
        keep_free_text: site.keep_free_text,
        bots: site.bots,
        ..Site::default()
    })
}
