//! The edge's settings: read once an isolate, checked whole, passed on.
//!
//! A binding that is missing or malformed is named; its value never is, because
//! one of them is a secret. Without valid settings nothing is admitted.

use std::collections::{BTreeMap, BTreeSet};

use tidemark_core::hop;
use tidemark_core::judge::Site;

use super::forwarding::Forwarding;
use super::origin;
use super::window::WINDOW_MS;

/// How long the collector may take for a batch unless configured otherwise: its
/// insert is done within a second; what takes ten will not come.
const COLLECTOR_DEADLINE_MS: u32 = 10_000;
/// Bounds of that setting: a call is never given up at once, nor held for longer
/// than a browser would.
const COLLECTOR_DEADLINE_RANGE_MS: (u32, u32) = (100, 60_000);
/// By how much a claim outlives that deadline: a second each for the shard's two
/// answers, and one for what lies between them.
const CLAIM_MARGIN_MS: u32 = 3_000;
/// For how long a claim on ids holds where nothing is configured.
pub const CLAIM_LEASE_MS: u32 = COLLECTOR_DEADLINE_MS.saturating_add(CLAIM_MARGIN_MS);
/// Bounds of the dedupe window, in seconds: a second (tests) to the nine days
/// for which the collector remembers.
const DEDUPE_WINDOW_RANGE_S: (u32, u32) = (1, 9 * 86_400);

/// Reads a binding by name; `None` when it is not set.
pub type Bindings<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The settings of the admitting part.
#[derive(Clone, Debug)]
pub struct Config {
    sites: BTreeMap<String, Site>,
    listed_origins: BTreeSet<String>,
    /// `TIDEMARK_COLLECTOR_URL` and the hop's path.
    pub ingest_url: String,
    /// `TIDEMARK_HOP_KEY_ID` and `TIDEMARK_HOP_SECRET`.
    pub hop_key: hop::Key,
    /// Every tenant's collector, and the keys that sign.
    pub forwarding: Forwarding,
    /// `TIDEMARK_SALT_SECRET`: without it a user_id that is personal data
    /// is removed instead of hashed.
    pub salt_secret: Option<String>,
    /// `TIDEMARK_CLIENT_IP_HEADER`: the header in which a proxy in front of a
    /// self-hosted edge tells the caller's address. Without it, and without
    /// Cloudflare, nobody vouches for an address, and none is used.
    pub client_ip_header: Option<String>,
    /// `TIDEMARK_COLLECTOR_DEADLINE_MS`.
    pub collector_deadline_ms: u32,
    /// For how long a claim on ids holds at a dedupe shard.
    pub claim_lease_ms: u32,
    /// `TIDEMARK_METRICS`: whether /metrics is public.
    pub metrics: bool,
}

/// A binding that is missing or malformed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{binding} {problem}")]
pub struct ConfigError {
    /// Its name.
    pub binding: &'static str,
    /// What is wrong with it.
    pub problem: String,
}

pub(super) fn wrong(binding: &'static str, problem: impl Into<String>) -> ConfigError {
    ConfigError { binding, problem: problem.into() }
}

impl Config {
    /// Reads and checks the settings.
    ///
    /// # Errors
    /// Names the first binding that is missing or malformed.
    pub fn read(bindings: Bindings<'_>) -> Result<Self, ConfigError> {
        let required = |name| {
            bindings(name)
                .filter(|value| !value.is_empty())
                .ok_or_else(|| wrong(name, "is not set"))
        };
        let sites = read_sites(&required("TIDEMARK_SITES")?)?;
        let listed_origins = sites.values().flat_map(|site| site.origins.iter().cloned()).collect();
        dedupe_window_ms(bindings)?;
        let ingest_url =
            ingest_url("TIDEMARK_COLLECTOR_URL", &required("TIDEMARK_COLLECTOR_URL")?)?;
        let hop_key = hop::Key {
            id: key_id("TIDEMARK_HOP_KEY_ID", required("TIDEMARK_HOP_KEY_ID")?)?,
            secret: required("TIDEMARK_HOP_SECRET")?.into_bytes(),
        };
        Ok(Self {
            sites,
            listed_origins,
            forwarding: Forwarding::read(bindings, ingest_url.clone(), hop_key.clone())?,
            ingest_url,
            hop_key,
            salt_secret: bindings("TIDEMARK_SALT_SECRET").filter(|s| !s.is_empty()),
            client_ip_header: bindings("TIDEMARK_CLIENT_IP_HEADER").filter(|s| !s.is_empty()),
            collector_deadline_ms: collector_deadline_ms(bindings)?,
            claim_lease_ms: claim_lease_ms(bindings)?,
            metrics: match bindings("TIDEMARK_METRICS").as_deref() {
                None | Some("" | "off") => false,
                Some("public") => true,
                Some(_) => return Err(wrong("TIDEMARK_METRICS", "is neither `off` nor `public`")),
            },
        })
    }

    /// The site of a write key.
    pub fn site(&self, write_key: &str) -> Option<&Site> {
        self.sites.get(write_key)
    }

    /// Whether any site lists an origin: all that can be asked where a preflight
    /// carries no key.
    pub fn any_site_lists(&self, origin: &str) -> bool {
        self.listed_origins.contains(origin)
            || self.sites.values().any(|site| origin::is_listed(&site.origins, origin))
    }
}

/// The dedupe window in milliseconds, by `TIDEMARK_DEDUPE_WINDOW_S`.
///
/// # Errors
/// When it is no number of seconds within its bounds.
pub fn dedupe_window_ms(bindings: Bindings<'_>) -> Result<i64, ConfigError> {
    let (least, most) = DEDUPE_WINDOW_RANGE_S;
    let default_s = u32::try_from(WINDOW_MS / 1_000).unwrap_or(most);
    let seconds = number(bindings, "TIDEMARK_DEDUPE_WINDOW_S", default_s, least..=most)?;
    Ok(i64::from(seconds).saturating_mul(1_000))
}

/// For how long a claim on ids holds, in milliseconds: longer than any hop takes,
/// so that it ends by itself only when its caller died.
///
/// # Errors
/// When `TIDEMARK_COLLECTOR_DEADLINE_MS` is no number within its bounds.
pub fn claim_lease_ms(bindings: Bindings<'_>) -> Result<u32, ConfigError> {
    Ok(collector_deadline_ms(bindings)?.saturating_add(CLAIM_MARGIN_MS))
}

fn collector_deadline_ms(bindings: Bindings<'_>) -> Result<u32, ConfigError> {
    let (least, most) = COLLECTOR_DEADLINE_RANGE_MS;
    number(bindings, "TIDEMARK_COLLECTOR_DEADLINE_MS", COLLECTOR_DEADLINE_MS, least..=most)
}

fn read_sites(json: &str) -> Result<BTreeMap<String, Site>, ConfigError> {
    const NAME: &str = "TIDEMARK_SITES";
    // serde names the field and the place, which are not secret; write keys are
    // public.
    let list: Vec<Site> = serde_json::from_str(json)
        .map_err(|error| wrong(NAME, format!("is malformed: {error}")))?;
    let mut sites = BTreeMap::new();
    for site in list {
        if site.write_key.is_empty() {
            return Err(wrong(NAME, format!("has no write_key for site `{}`", site.site)));
        }
        if let Some(listed) = site.origins.iter().find(|listed| !origin::is_well_formed(listed)) {
            return Err(wrong(NAME, format!("lists `{listed}`, which is no origin")));
        }
        if let Some(twin) = sites.insert(site.write_key.clone(), site) {
            return Err(wrong(NAME, format!("has the write_key of site `{}` twice", twin.site)));
        }
    }
    Ok(sites)
}

pub(super) fn ingest_url(binding: &'static str, collector: &str) -> Result<String, ConfigError> {
    let base = collector.trim_end_matches('/');
    let host = base.strip_prefix("https://").or_else(|| base.strip_prefix("http://"));
    match host {
        Some(host) if !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']) => {
            Ok(format!("{base}{}", hop::PATH))
        }
        _ => Err(wrong(binding, "is not `http(s)://host[:port]`")),
    }
}

/// The id travels in a header between commas.
pub(super) fn key_id(binding: &'static str, id: String) -> Result<String, ConfigError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if id.bytes().all(plain) {
        Ok(id)
    } else {
        Err(wrong(binding, "holds more than letters, digits, `-`, `_` and `.`"))
    }
}

fn number(
    bindings: Bindings<'_>,
    name: &'static str,
    default: u32,
    range: std::ops::RangeInclusive<u32>,
) -> Result<u32, ConfigError> {
    match bindings(name).filter(|text| !text.is_empty()) {
        None => Ok(default),
        Some(text) => text.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| {
            wrong(name, format!("is no whole number from {} to {}", range.start(), range.end()))
        }),
    }
}

#[cfg(test)]
mod tests;
