//! The edge's settings: read once an isolate, checked whole, passed on.
//!
//! A binding that is missing or malformed is named; its value never is, because
//! one of them is a secret. Without valid settings nothing is admitted.

use std::rc::Rc;

use tidemark_core::endpoint::address::{FORWARDED_FOR, Proxies};
use tidemark_core::hop;

use super::forwarding::Forwarding;
use super::shard::{SHARDS, SHARDS_MAX};
use super::site_copy;
use super::sites::Sites;
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

/// For how long the collector's site list is used without asking again, in
/// seconds, unless configured otherwise: a change is at work everywhere in half a
/// minute, and an isolate asks twice a minute.
const SITES_FRESH_S: u32 = 30;
/// Bounds of that setting: a second (tests) to an hour.
const SITES_FRESH_RANGE_S: (u32, u32) = (1, 3_600);
/// Bounds of how long a caller may take for a body: a tenth of a second (tests) to
/// a minute.
const BODY_DEADLINE_RANGE_MS: (u32, u32) = (100, 60_000);
/// At once, unless told: on Cloudflare the CPU of a commit is nobody's to pay, and the
/// time that an object is awake is.
const DEDUPE_COMMIT_RANGE_MS: (u32, u32) = (0, 60_000);
/// The runtime answers a WebSocket's pings by itself and tells nobody, so that this is
/// long enough for a pause in a conversation.
const SOCKET_IDLE_S: u32 = 300;
const SOCKET_IDLE_RANGE_S: (u32, u32) = (1, 3_600);
/// How long a caller may take for a body unless configured otherwise: 500 KB at
/// 400 kbit/s.
const BODY_DEADLINE_MS: u32 = 10_000;

/// Reads a binding by name; `None` when it is not set.
pub type Bindings<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The settings of the admitting part.
#[derive(Clone, Debug)]
pub struct Config {
    /// `TIDEMARK_SITES`: the sites, where they are not the collector's to tell.
    pub fixed_sites: Option<Rc<Sites>>,
    /// `TIDEMARK_SITES_REFRESH_S`, in milliseconds.
    pub sites_fresh_ms: i64,
    /// Where the collector has its list of sites.
    pub site_list_url: String,
    /// `TIDEMARK_COLLECTOR_URL` and the hop's path.
    pub ingest_url: String,
    /// `TIDEMARK_HOP_KEY_ID` and `TIDEMARK_HOP_SECRET`.
    pub hop_key: hop::Key,
    /// Every tenant's collector, and the keys that sign.
    pub forwarding: Forwarding,
    /// `TIDEMARK_SALT_SECRET`: without it a user_id that is personal data
    /// is removed instead of hashed.
    pub salt_secret: Option<String>,
    /// `TIDEMARK_TRUSTED_PROXIES`: who stands before a self-hosted edge, and is
    /// believed about the caller's address and country.
    pub proxies: Proxies,
    /// `TIDEMARK_CLIENT_IP_HEADER`: the header in which they tell the address.
    pub client_ip_header: String,
    /// `TIDEMARK_COUNTRY_HEADER`: the header in which they tell the country.
    pub country_header: Option<String>,
    /// `TIDEMARK_BODY_DEADLINE_MS`.
    pub body_deadline_ms: u32,
    /// `TIDEMARK_COLLECTOR_DEADLINE_MS`.
    pub collector_deadline_ms: u32,
    /// `TIDEMARK_SOCKET_IDLE_S`: for how long a WebSocket may be silent.
    pub socket_idle_ms: u32,
    /// For how long a claim on ids holds at a dedupe shard.
    pub claim_lease_ms: u32,
    /// `TIDEMARK_DEDUPE_SHARDS`: over how many dedupe shards a tenant's ids are spread.
    pub dedupe_shards: u16,
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
        let optional = |name| bindings(name).filter(|value| !value.is_empty());
        let fixed_sites = optional("TIDEMARK_SITES").map(|list| {
            Sites::read(&list).map_err(|problem| wrong("TIDEMARK_SITES", problem)).map(Rc::new)
        });
        dedupe_commit_ms(bindings)?;
        let ingest_url =
            ingest_url("TIDEMARK_COLLECTOR_URL", &required("TIDEMARK_COLLECTOR_URL")?)?;
        let hop_key = hop::Key {
            id: key_id("TIDEMARK_HOP_KEY_ID", required("TIDEMARK_HOP_KEY_ID")?)?,
            secret: required("TIDEMARK_HOP_SECRET")?.into_bytes(),
        };
        let (least, most) = SITES_FRESH_RANGE_S;
        let fresh_s = number(bindings, "TIDEMARK_SITES_REFRESH_S", SITES_FRESH_S, least..=most)?;
        let (least, most) = BODY_DEADLINE_RANGE_MS;
        Ok(Self {
            fixed_sites: fixed_sites.transpose()?,
            sites_fresh_ms: i64::from(fresh_s).saturating_mul(1_000),
            site_list_url: ingest_url.replace(hop::PATH, site_copy::PATH),
            forwarding: Forwarding::read(bindings, ingest_url.clone(), hop_key.clone())?,
            ingest_url,
            hop_key,
            salt_secret: bindings("TIDEMARK_SALT_SECRET").filter(|s| !s.is_empty()),
            proxies: proxies(&optional("TIDEMARK_TRUSTED_PROXIES").unwrap_or_default())?,
            client_ip_header: optional("TIDEMARK_CLIENT_IP_HEADER")
                .unwrap_or_else(|| String::from(FORWARDED_FOR)),
            country_header: optional("TIDEMARK_COUNTRY_HEADER"),
            body_deadline_ms: number(
                bindings,
                "TIDEMARK_BODY_DEADLINE_MS",
                BODY_DEADLINE_MS,
                least..=most,
            )?,
            collector_deadline_ms: collector_deadline_ms(bindings)?,
            socket_idle_ms: number(
                bindings,
                "TIDEMARK_SOCKET_IDLE_S",
                SOCKET_IDLE_S,
                SOCKET_IDLE_RANGE_S.0..=SOCKET_IDLE_RANGE_S.1,
            )?
            .saturating_mul(1_000),
            claim_lease_ms: claim_lease_ms(bindings)?,
            dedupe_shards: dedupe_shards(bindings)?,
            metrics: match bindings("TIDEMARK_METRICS").as_deref() {
                None | Some("" | "off") => false,
                Some("public") => true,
                Some(_) => return Err(wrong("TIDEMARK_METRICS", "is neither `off` nor `public`")),
            },
        })
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

/// For how long what a shard marks may wait to be committed with more, in milliseconds,
/// by `TIDEMARK_DEDUPE_COMMIT_MS`; of a short window at most a quarter.
///
/// # Errors
/// When it is no number of milliseconds within its bounds.
pub fn dedupe_commit_ms(bindings: Bindings<'_>) -> Result<u64, ConfigError> {
    let (least, most) = DEDUPE_COMMIT_RANGE_MS;
    let commit_ms = number(bindings, "TIDEMARK_DEDUPE_COMMIT_MS", least, least..=most)?;
    let window_ms = u64::try_from(dedupe_window_ms(bindings)?).unwrap_or_default();
    Ok(u64::from(commit_ms).min(window_ms / 4))
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

fn dedupe_shards(bindings: Bindings<'_>) -> Result<u16, ConfigError> {
    let name = "TIDEMARK_DEDUPE_SHARDS";
    let Some(text) = bindings(name).filter(|text| !text.is_empty()) else { return Ok(SHARDS) };
    let shards = text.parse().ok().filter(|shards: &u16| shards.is_power_of_two());
    shards
        .filter(|shards| *shards <= SHARDS_MAX)
        .ok_or_else(|| wrong(name, format!("is no power of two from 1 to {SHARDS_MAX}")))
}

fn proxies(list: &str) -> Result<Proxies, ConfigError> {
    let named = list.split(',').map(str::trim).filter(|text| !text.is_empty());
    Proxies::parse(named)
        .map_err(|error| wrong("TIDEMARK_TRUSTED_PROXIES", format!("is malformed: {error}")))
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
