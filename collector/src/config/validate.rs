//! What a value must be beyond its type.

use std::collections::HashSet;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use tidemark_core::endpoint::origin;

use super::{Config, ConfigError, DeclaredSite, KeyDigest};

/// Bytes of the shortest HMAC secret that is taken: 128 bits.
const SECRET_MIN_BYTES: usize = 16;

/// The longest retention: expires_at is a 32-bit time, and 10 years are ample.
const RETENTION_MAX_DAYS: u16 = 3660;

/// What may be said in `log.level` by itself.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// What `log.level` takes, in words.
const LEVEL_EXPECTED: &str = "expected off, error, warn, info, debug, trace, or directives such \
     as info,tidemark_collector::ingest=debug";

/// Holds the values against what they mean.
pub(super) fn validate(config: &Config) -> Result<(), ConfigError> {
    let url = &config.clickhouse.url;
    if !url.starts_with("http://") || url.len() == "http://".len() {
        return Err(wrong("clickhouse.url", "expected http://host:port"));
    }
    if url.contains('@') {
        return Err(wrong(
            "clickhouse.url",
            "user and password have keys of their own: clickhouse.user, clickhouse.password",
        ));
    }
    if !is_identifier(&config.clickhouse.database) {
        return Err(wrong(
            "clickhouse.database",
            "expected a name of lower-case letters, digits and underscores",
        ));
    }
    if config.clickhouse.user.is_empty() {
        return Err(wrong("clickhouse.user", "expected a user's name"));
    }
    if config.clickhouse.reader.as_deref() == Some("") {
        return Err(wrong("clickhouse.reader", "expected a user's name, or no such key"));
    }
    if !(1..=RETENTION_MAX_DAYS).contains(&config.retention.events_days) {
        return Err(wrong("retention.events_days", "expected 1 to 3660 days"));
    }
    if config.identity.salt_secret.as_ref().is_some_and(|salt| is_short(salt.reveal())) {
        return Err(wrong("identity.salt_secret", "expected at least 16 bytes, or no such key"));
    }
    log_level(&config.log.level)?;
    hop_keys(config)?;
    tenants(config)
}

/// Refuses a word that is no level. The log would take it for the name of a
/// module, and would then be silent about every other one.
fn log_level(level: &str) -> Result<(), ConfigError> {
    // A span's fields may hold commas; who writes such directives means them.
    if level.contains('[') {
        return Ok(());
    }
    for directive in level.split(',').map(str::trim) {
        let is_level = LEVELS.iter().any(|level| directive.eq_ignore_ascii_case(level));
        if !is_level && !directive.contains('=') {
            return Err(wrong("log.level", format!("`{directive}` is no level; {LEVEL_EXPECTED}")));
        }
    }
    Ok(())
}

fn is_short(secret: &str) -> bool {
    secret.len() < SECRET_MIN_BYTES
}

fn hop_keys(config: &Config) -> Result<(), ConfigError> {
    let mut ids = HashSet::new();
    for (index, key) in config.hop.keys.iter().enumerate() {
        let at = |leaf: &str| format!("hop.keys[{index}].{leaf}");
        if key.id.is_empty()
            || !key.id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        {
            return Err(wrong(at("id"), "expected letters, digits, - and _"));
        }
        if !ids.insert(&key.id) {
            return Err(wrong(at("id"), "stands twice; each key has an id of its own"));
        }
        if is_short(key.secret.reveal()) {
            return Err(wrong(at("secret"), "expected at least 16 bytes"));
        }
    }
    Ok(())
}

fn tenants(config: &Config) -> Result<(), ConfigError> {
    let (mut ids, mut slugs, mut digests) = (HashSet::new(), HashSet::new(), HashSet::new());
    let (mut site_ids, mut write_keys) = (HashSet::new(), HashSet::new());
    for (index, tenant) in config.tenants.iter().enumerate() {
        let at = |leaf: &str| format!("tenants[{index}].{leaf}");
        if tenant.id.is_nil() {
            return Err(wrong(at("id"), "the nil UUID stands for no tenant"));
        }
        if !ids.insert(tenant.id) {
            return Err(wrong(at("id"), "stands twice"));
        }
        let slug = &tenant.slug;
        if !is_slug(slug) {
            return Err(wrong(at("slug"), "expected lower-case letters, digits and -"));
        }
        if !slugs.insert(slug) {
            return Err(wrong(at("slug"), "stands twice"));
        }
        for digest in &tenant.api_key_sha256 {
            if !digests.insert(digest.0) {
                return Err(wrong(
                    at("api_key_sha256"),
                    "stands twice; a key belongs to one tenant",
                ));
            }
        }
        declared_sites(&tenant.sites, index, &mut site_ids, &mut write_keys)?;
    }
    Ok(())
}

fn declared_sites<'a>(
    sites: &'a [DeclaredSite],
    tenant: usize,
    ids: &mut HashSet<uuid::Uuid>,
    write_keys: &mut HashSet<&'a str>,
) -> Result<(), ConfigError> {
    let mut slugs = HashSet::new();
    for (index, site) in sites.iter().enumerate() {
        let at = |leaf: &str| format!("tenants[{tenant}].sites[{index}].{leaf}");
        if site.id.is_nil() {
            return Err(wrong(at("id"), "the nil UUID stands for no site"));
        }
        if !ids.insert(site.id) {
            return Err(wrong(at("id"), "stands twice"));
        }
        if !is_slug(&site.slug) {
            return Err(wrong(at("slug"), "expected lower-case letters, digits and -"));
        }
        if !slugs.insert(&site.slug) {
            return Err(wrong(at("slug"), "stands twice"));
        }
        for key in &site.write_keys {
            if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(wrong(at("write_keys"), "expected keys without spaces"));
            }
            if !write_keys.insert(key) {
                return Err(wrong(at("write_keys"), "one stands twice; a key has one site"));
            }
        }
        if let Some(listed) = site.origins.iter().find(|listed| !origin::is_well_formed(listed)) {
            return Err(wrong(
                at("origins"),
                format!("`{listed}` is no origin, such as https://shop.example"),
            ));
        }
    }
    Ok(())
}

fn is_slug(slug: &str) -> bool {
    !slug.is_empty()
        && slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn wrong(key: impl Into<String>, reason: impl Into<String>) -> ConfigError {
    ConfigError::Value { key: key.into(), reason: reason.into() }
}

/// Whether a name can stand in SQL without quotes.
fn is_identifier(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

impl<'de> Deserialize<'de> for KeyDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_digest(&text)
            .map(Self)
            .ok_or_else(|| D::Error::custom("expected the SHA-256 of an API key, 64 hex digits"))
    }
}

fn parse_digest(text: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (byte, at) in digest.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
    }
    Some(digest)
}
