//! What is known of tenants, sites and keys, and what their values may be.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use tidemark_core::endpoint::origin;
use tidemark_core::id::Uuid;
use tidemark_core::judge::{BotPolicy, NamePolicy, PageSettings, WhenConsentAbsent};

use super::SitesError;
use super::key_text::KeyDigest;

/// Bytes of a slug: it stands in URLs and reports.
const SLUG_MAX_BYTES: usize = 64;

/// Characters of a name or label, which people read.
const NAME_MAX_CHARS: usize = 200;

/// Origins of a site: each is compared at every call.
const ORIGINS_MAX: usize = 100;

/// Bytes of a site's settings for its pages, which every page fetches.
const SETTINGS_MAX_BYTES: usize = 16 * 1024;

/// The longest retention in days: ten years.
const RETENTION_MAX_DAYS: u16 = 3660;

/// An organisation that owns data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tenant {
    /// Its id.
    pub id: Uuid,
    /// Its name in URLs.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// Events that it may send in a minute; the default where nothing is said.
    pub events_per_minute: Option<u32>,
    /// Days that its events are kept; the configuration's where nothing is said.
    pub retention_days: Option<u16>,
    /// Unix milliseconds.
    pub created_at_ms: i64,
    /// Unix milliseconds.
    pub updated_at_ms: i64,
}

/// A web property of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Site {
    /// Its id.
    pub id: Uuid,
    /// Its tenant.
    pub tenant_id: Uuid,
    /// Its tenant's slug.
    pub tenant: String,
    /// Its name in URLs, unique within its tenant.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// Whose pages may send.
    pub origins: Vec<String>,
    /// What it takes besides the catalogue.
    pub mode: NamePolicy,
    /// What becomes of an event that tells no consent.
    pub when_consent_absent: WhenConsentAbsent,
    /// Whether visitors without consent are counted without ids.
    pub cookieless: bool,
    /// Whether free text that people typed is kept.
    pub keep_free_text: bool,
    /// What becomes of automated traffic.
    pub bots: BotPolicy,
    /// Events of one person in a minute; the default where nothing is said.
    pub person_events_per_minute: Option<u32>,
    /// What its pages are told: thresholds, exemptions, switches.
    pub settings: PageSettings,
    /// Unix milliseconds.
    pub created_at_ms: i64,
    /// Unix milliseconds.
    pub updated_at_ms: i64,
}

/// A public key that may send to a site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WriteKey {
    /// Its id.
    pub id: Uuid,
    /// Its site.
    pub site_id: Uuid,
    /// The key.
    pub write_key: String,
    /// What it is for.
    pub label: String,
    /// Unix milliseconds.
    pub created_at_ms: i64,
    /// Unix milliseconds; to a minute.
    pub last_used_at_ms: Option<i64>,
    /// When it ends or ended, Unix milliseconds.
    pub revoked_at_ms: Option<i64>,
}

/// A secret key that may read.
#[derive(Clone, Debug, Serialize)]
pub struct ApiKey {
    /// Its id.
    pub id: Uuid,
    /// Its tenant.
    pub tenant_id: Uuid,
    /// Its beginning, to tell it by.
    pub prefix: String,
    /// What it is for.
    pub label: String,
    /// What it may do.
    pub scopes: Scopes,
    /// Unix milliseconds.
    pub created_at_ms: i64,
    /// Unix milliseconds; to a minute.
    pub last_used_at_ms: Option<i64>,
    /// When it ends or ended, Unix milliseconds.
    pub revoked_at_ms: Option<i64>,
    /// The digest of the key.
    #[serde(skip)]
    pub digest: KeyDigest,
}

/// What is to be changed of a tenant; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct TenantChange {
    /// See [`Tenant::slug`].
    pub slug: Option<String>,
    /// See [`Tenant::name`].
    pub name: Option<String>,
    /// See [`Tenant::events_per_minute`]; `Some(None)` is the default again.
    pub events_per_minute: Option<Option<u32>>,
    /// See [`Tenant::retention_days`]; `Some(None)` is the default again.
    pub retention_days: Option<Option<u16>>,
}

/// What is to be changed of a site; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct SiteChange {
    /// See [`Site::slug`].
    pub slug: Option<String>,
    /// See [`Site::name`].
    pub name: Option<String>,
    /// See [`Site::origins`]; the whole list.
    pub origins: Option<Vec<String>>,
    /// See [`Site::mode`].
    pub mode: Option<NamePolicy>,
    /// See [`Site::when_consent_absent`].
    pub when_consent_absent: Option<WhenConsentAbsent>,
    /// See [`Site::cookieless`].
    pub cookieless: Option<bool>,
    /// See [`Site::keep_free_text`].
    pub keep_free_text: Option<bool>,
    /// See [`Site::bots`].
    pub bots: Option<BotPolicy>,
    /// See [`Site::person_events_per_minute`]; `Some(None)` is the default again.
    pub person_events_per_minute: Option<Option<u32>>,
    /// See [`Site::settings`].
    pub settings: Option<PageSettings>,
}

/// One thing that an API key may do. To send is not among them: that is what
/// write keys are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Ask for reports, statistics and single events.
    Read,
    /// Take whole data out.
    Export,
    /// Erase a person.
    Erase,
    /// Change what is set for the tenant: sites, reports, dashboards.
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 4] = [Self::Read, Self::Export, Self::Erase, Self::Admin];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Export => "export",
            Self::Erase => "erase",
            Self::Admin => "admin",
        }
    }
}

/// What an API key may do: a set. None of them implies another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scopes([bool; 4]);

impl Scopes {
    /// The set of one scope.
    pub fn only(scope: Scope) -> Self {
        let mut scopes = Self::default();
        scopes.0[scope as usize] = true;
        scopes
    }

    /// Whether a scope is in the set.
    pub const fn has(self, scope: Scope) -> bool {
        self.0[scope as usize]
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> =
            Scope::ALL.into_iter().filter(|scope| self.has(*scope)).map(Scope::as_str).collect();
        f.write_str(&names.join(","))
    }
}

impl FromStr for Scopes {
    type Err = SitesError;

    fn from_str(text: &str) -> Result<Self, SitesError> {
        let mut scopes = Self::default();
        for name in text.split(',').map(str::trim) {
            let scope = Scope::ALL.into_iter().find(|scope| scope.as_str() == name);
            let scope = scope.ok_or_else(|| {
                let reason = format!("`{name}` is no scope; those are read, export, erase, admin");
                SitesError::invalid("scopes", reason)
            })?;
            scopes.0[scope as usize] = true;
        }
        Ok(scopes)
    }
}

impl Serialize for Scopes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(Scope::ALL.into_iter().filter(|s| self.has(*s)).map(Scope::as_str))
    }
}

impl Tenant {
    /// Lays a change over the values.
    pub(super) fn apply(&mut self, change: TenantChange) {
        let TenantChange { slug, name, events_per_minute, retention_days } = change;
        set(&mut self.slug, slug);
        set(&mut self.name, name);
        set(&mut self.events_per_minute, events_per_minute);
        set(&mut self.retention_days, retention_days);
    }

    /// Holds the values against what they mean.
    pub(super) fn check(&self) -> Result<(), SitesError> {
        check_id(self.id)?;
        check_slug(&self.slug)?;
        check_name("name", &self.name)?;
        check_rate("events_per_minute", self.events_per_minute)?;
        match self.retention_days {
            Some(days) if !(1..=RETENTION_MAX_DAYS).contains(&days) => {
                Err(SitesError::invalid("retention_days", "expected 1 to 3660 days"))
            }
            _ => Ok(()),
        }
    }
}

impl Site {
    /// Lays a change over the values.
    pub(super) fn apply(&mut self, change: SiteChange) {
        set(&mut self.slug, change.slug);
        set(&mut self.name, change.name);
        set(&mut self.origins, change.origins);
        set(&mut self.mode, change.mode);
        set(&mut self.when_consent_absent, change.when_consent_absent);
        set(&mut self.cookieless, change.cookieless);
        set(&mut self.keep_free_text, change.keep_free_text);
        set(&mut self.bots, change.bots);
        set(&mut self.person_events_per_minute, change.person_events_per_minute);
        set(&mut self.settings, change.settings);
    }

    /// Holds the values against what they mean.
    pub(super) fn check(&self) -> Result<(), SitesError> {
        check_id(self.id)?;
        check_slug(&self.slug)?;
        check_name("name", &self.name)?;
        check_rate("person_events_per_minute", self.person_events_per_minute)?;
        if self.origins.len() > ORIGINS_MAX {
            return Err(SitesError::invalid("origins", "expected at most 100"));
        }
        if let Some(wrong) = self.origins.iter().find(|listed| !origin::is_well_formed(listed)) {
            let reason = format!(
                "`{wrong}` is no origin; expected `https://shop.example` or `https://*.shop.example`, in lower case and without a path"
            );
            return Err(SitesError::invalid("origins", reason));
        }
        if self.settings.0.len() > SETTINGS_MAX_BYTES {
            return Err(SitesError::invalid("settings", "expected at most 16 KB of JSON"));
        }
        Ok(())
    }
}

fn set<T>(value: &mut T, change: Option<T>) {
    if let Some(change) = change {
        *value = change;
    }
}

fn check_id(id: Uuid) -> Result<(), SitesError> {
    if id == Uuid::default() {
        return Err(SitesError::invalid("id", "the nil UUID names nothing"));
    }
    Ok(())
}

pub(super) fn check_slug(slug: &str) -> Result<(), SitesError> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    // What reads as a UUID would be taken for an id.
    let fits = (1..=SLUG_MAX_BYTES).contains(&slug.len())
        && slug.bytes().all(plain)
        && Uuid::parse(slug).is_none();
    if fits {
        Ok(())
    } else {
        let reason = "expected up to 64 lower-case letters, digits and `-`, and no UUID";
        Err(SitesError::invalid("slug", reason))
    }
}

pub(super) fn check_name(field: &'static str, name: &str) -> Result<(), SitesError> {
    if name.chars().count() > NAME_MAX_CHARS || name.chars().any(char::is_control) {
        return Err(SitesError::invalid(field, "expected one line of at most 200 characters"));
    }
    Ok(())
}

fn check_rate(field: &'static str, rate: Option<u32>) -> Result<(), SitesError> {
    if rate == Some(0) {
        return Err(SitesError::invalid(field, "expected at least 1, or nothing for the default"));
    }
    Ok(())
}
