//! The copy of the database that a running collector decides by.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tidemark_core::endpoint::origin;
use tidemark_core::id::Uuid;
use tidemark_core::judge::{self, SiteLimits};

use super::key_text::KeyDigest;
use super::{ApiKey, Database, Scope, Scopes, Site, SitesError, Tenant, WriteKey};

/// Every tenant, site and key, as of one version of the database.
#[derive(Debug, Default)]
pub struct Directory {
    version: i64,
    tenants: HashMap<Uuid, Tenant>,
    sites: HashMap<Uuid, Site>,
    senders: HashMap<String, Arc<Sender>>,
    readers: Vec<Arc<Reader>>,
}

/// A write key and the site that it may send to.
#[derive(Debug)]
pub struct Sender {
    /// The site as a judge wants it.
    pub site: judge::Site,
    usage: Usage,
}

/// An API key: whose data it may read, and what it may do.
#[derive(Debug)]
pub struct Reader {
    /// The tenant whose key it is.
    pub tenant_id: Uuid,
    /// What it may do.
    pub scopes: Scopes,
    digest: KeyDigest,
    usage: Usage,
}

/// Until when a key holds, and when it was used.
#[derive(Debug)]
struct Usage {
    key_id: Uuid,
    ends_at_ms: Option<i64>,
    /// Unix milliseconds of the last use that is not noted yet; 0 for none.
    used_at_ms: AtomicI64,
}

impl Usage {
    fn new(key_id: Uuid, ends_at_ms: Option<i64>) -> Self {
        Self { key_id, ends_at_ms, used_at_ms: AtomicI64::new(0) }
    }

    fn holds(&self, now_ms: i64) -> bool {
        self.ends_at_ms.is_none_or(|end| now_ms < end)
    }

    fn note(&self, now_ms: i64) {
        self.used_at_ms.store(now_ms, Ordering::Relaxed);
    }

    fn take(&self) -> Option<(Uuid, i64)> {
        let at_ms = self.used_at_ms.swap(0, Ordering::Relaxed);
        (at_ms != 0).then_some((self.key_id, at_ms))
    }
}

impl Reader {
    /// Whether the key may do a thing.
    pub const fn may(&self, scope: Scope) -> bool {
        self.scopes.has(scope)
    }
}

impl Directory {
    /// Reads the whole database.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) async fn read(database: &Database) -> Result<Self, SitesError> {
        // Before the rows: a change between the two is then read once more.
        let version = database.version().await?;
        let tenants = database.tenants().await?;
        let sites = database.sites().await?;
        let write_keys = database.write_keys().await?;
        Ok(Self::new(version, tenants, sites, write_keys, database.api_keys().await?))
    }

    fn new(
        version: i64,
        tenants: Vec<Tenant>,
        sites: Vec<Site>,
        write_keys: Vec<WriteKey>,
        api_keys: Vec<ApiKey>,
    ) -> Self {
        let tenants: HashMap<_, _> = tenants.into_iter().map(|row| (row.id, row)).collect();
        let sites: HashMap<_, _> = sites.into_iter().map(|row| (row.id, row)).collect();
        let senders = write_keys.into_iter().filter_map(|key| {
            let site = sites.get(&key.site_id)?;
            let tenant = tenants.get(&site.tenant_id)?;
            let usage = Usage::new(key.id, key.revoked_at_ms);
            let site = judged(site, tenant, key.write_key.clone());
            Some((key.write_key, Arc::new(Sender { site, usage })))
        });
        let readers = api_keys.into_iter().map(|key| {
            let usage = Usage::new(key.id, key.revoked_at_ms);
            let ApiKey { tenant_id, scopes, digest, .. } = key;
            Arc::new(Reader { tenant_id, scopes, digest, usage })
        });
        Self { version, senders: senders.collect(), readers: readers.collect(), tenants, sites }
    }

    /// The version of the database that this is a copy of.
    pub const fn version(&self) -> i64 {
        self.version
    }

    /// The tenant of an id.
    pub fn tenant(&self, id: Uuid) -> Option<&Tenant> {
        self.tenants.get(&id)
    }

    /// The tenant of a slug.
    pub fn tenant_by_slug(&self, slug: &str) -> Option<&Tenant> {
        self.tenants.values().find(|tenant| tenant.slug == slug)
    }

    /// The site of an id, or of a slug within its tenant.
    pub fn site(&self, tenant_id: Uuid, id_or_slug: &str) -> Option<&Site> {
        match Uuid::parse(id_or_slug) {
            Some(id) => self.sites.get(&id).filter(|site| site.tenant_id == tenant_id),
            None => {
                let mut sites = self.sites.values();
                sites.find(|site| site.tenant_id == tenant_id && site.slug == id_or_slug)
            }
        }
    }

    /// The site that a write key may send to now; notes the use.
    pub fn sender(&self, write_key: &str, now_ms: i64) -> Option<&Arc<Sender>> {
        let sender = self.senders.get(write_key).filter(|sender| sender.usage.holds(now_ms))?;
        sender.usage.note(now_ms);
        Some(sender)
    }

    /// What an API key may read now; notes the use. All digests are compared, each
    /// in constant time.
    pub fn reader(&self, api_key: &[u8], now_ms: i64) -> Option<&Arc<Reader>> {
        let digest = KeyDigest::of(api_key);
        let mut found = None;
        for reader in &self.readers {
            if reader.digest.matches(&digest) {
                found = Some(reader);
            }
        }
        let reader = found.filter(|reader| reader.usage.holds(now_ms))?;
        reader.usage.note(now_ms);
        Some(reader)
    }

    /// Whether any site lists an origin: all that can be asked where a preflight
    /// carries no key.
    pub fn any_site_lists(&self, asked: &str) -> bool {
        self.sites.values().any(|site| origin::is_listed(&site.origins, asked))
    }

    /// The sites with each of their keys that holds now, ordered by key.
    pub(super) fn sending(&self, now_ms: i64) -> Vec<&judge::Site> {
        let mut sites: Vec<_> = self
            .senders
            .values()
            .filter(|sender| sender.usage.holds(now_ms))
            .map(|sender| &sender.site)
            .collect();
        sites.sort_by(|a, b| a.write_key.cmp(&b.write_key));
        sites
    }

    /// The uses since this was last asked.
    pub(super) fn take_uses(&self) -> Vec<(Uuid, i64)> {
        let senders = self.senders.values().filter_map(|sender| sender.usage.take());
        senders.chain(self.readers.iter().filter_map(|reader| reader.usage.take())).collect()
    }
}

fn judged(site: &Site, tenant: &Tenant, write_key: String) -> judge::Site {
    judge::Site {
        tenant_id: tenant.id,
        site_id: site.id,
        tenant: tenant.slug.clone(),
        site: site.slug.clone(),
        write_key,
        origins: site.origins.clone(),
        names: site.mode,
        when_consent_absent: site.when_consent_absent,
        cookieless: site.cookieless,
        keep_free_text: site.keep_free_text,
        bots: site.bots,
        limits: SiteLimits {
            tenant_events_per_minute: tenant.events_per_minute,
            person_events_per_minute: site.person_events_per_minute,
        },
        settings: site.settings.clone(),
    }
}
