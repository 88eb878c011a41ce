//! Where events are forwarded to, by which key, and how much may be held.
//!
//! The only addresses that the edge ever calls are those that are read here.

use std::collections::BTreeMap;

use tidemark_core::hop;
use tidemark_core::id::Uuid;

use super::config::{Bindings, ConfigError, ingest_url, key_id, wrong};
use super::hold::drain;

const TENANT_COLLECTORS: &str = "TIDEMARK_TENANT_COLLECTORS";
const NEXT_KEY_ID: &str = "TIDEMARK_HOP_NEXT_KEY_ID";
const NEXT_SECRET: &str = "TIDEMARK_HOP_NEXT_SECRET";
const HOLD: &str = "TIDEMARK_HOLD";
const OUTBOX_MAX_BYTES: &str = "TIDEMARK_OUTBOX_MAX_BYTES";
/// Bounds of that setting: a body (tests) to what a Durable Object may keep.
const OUTBOX_RANGE_BYTES: (u64, u64) = (1_000, 10_000_000_000);

/// What forwarding needs.
#[derive(Clone, Debug)]
pub struct Forwarding {
    /// `TIDEMARK_HOP_KEY_ID` first, then `TIDEMARK_HOP_NEXT_KEY_ID` where one is set.
    pub keys: Vec<hop::Key>,
    /// `TIDEMARK_HOLD`: whether events are held while the collector is away.
    pub hold: bool,
    default_url: String,
    of_tenant: BTreeMap<Uuid, String>,
}

impl Forwarding {
    /// Reads it; `default_url` and `key` are those of every tenant.
    ///
    /// # Errors
    /// Names the binding that is malformed.
    pub fn read(
        bindings: Bindings<'_>,
        default_url: String,
        key: hop::Key,
    ) -> Result<Self, ConfigError> {
        let keys = match next_key(bindings)? {
            Some(next) if next.id == key.id => {
                return Err(wrong(NEXT_KEY_ID, "is the id of the first key"));
            }
            next => std::iter::once(key).chain(next).collect(),
        };
        outbox_max_bytes(bindings)?;
        let hold = match set(bindings, HOLD).as_deref() {
            None | Some("auto") => true,
            Some("off") => false,
            Some(_) => return Err(wrong(HOLD, "is neither `auto` nor `off`")),
        };
        Ok(Self { keys, hold, default_url, of_tenant: tenants(bindings)? })
    }

    /// The address of a tenant's one collector.
    pub fn url(&self, tenant_id: Uuid) -> &str {
        self.of_tenant.get(&tenant_id).unwrap_or(&self.default_url)
    }
}

/// An outbox's bound in bytes, by `TIDEMARK_OUTBOX_MAX_BYTES`.
///
/// # Errors
/// When it is no number within its bounds.
pub fn outbox_max_bytes(bindings: Bindings<'_>) -> Result<u64, ConfigError> {
    let (least, most) = OUTBOX_RANGE_BYTES;
    match set(bindings, OUTBOX_MAX_BYTES) {
        None => Ok(drain::MAX_BYTES),
        Some(text) => {
            text.parse().ok().filter(|bytes| (least..=most).contains(bytes)).ok_or_else(|| {
                wrong(OUTBOX_MAX_BYTES, format!("is no whole number from {least} to {most}"))
            })
        }
    }
}

fn next_key(bindings: Bindings<'_>) -> Result<Option<hop::Key>, ConfigError> {
    match (set(bindings, NEXT_KEY_ID), set(bindings, NEXT_SECRET)) {
        (None, None) => Ok(None),
        (Some(id), Some(secret)) => {
            Ok(Some(hop::Key { id: key_id(NEXT_KEY_ID, id)?, secret: secret.into_bytes() }))
        }
        (None, Some(_)) => Err(wrong(NEXT_KEY_ID, "is not set, but its secret is")),
        (Some(_), None) => Err(wrong(NEXT_SECRET, "is not set, but its key's id is")),
    }
}

fn tenants(bindings: Bindings<'_>) -> Result<BTreeMap<Uuid, String>, ConfigError> {
    let Some(json) = set(bindings, TENANT_COLLECTORS) else { return Ok(BTreeMap::new()) };
    let listed: BTreeMap<String, String> = serde_json::from_str(&json)
        .map_err(|error| wrong(TENANT_COLLECTORS, format!("is malformed: {error}")))?;
    listed
        .into_iter()
        .map(|(tenant, url)| {
            let tenant_id = Uuid::parse(&tenant).ok_or_else(|| {
                wrong(TENANT_COLLECTORS, format!("names `{tenant}`, which is no tenant's UUID"))
            })?;
            Ok((tenant_id, ingest_url(TENANT_COLLECTORS, &url)?))
        })
        .collect()
}

fn set(bindings: Bindings<'_>, name: &str) -> Option<String> {
    bindings(name).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: &str = "11111111-1111-4111-8111-111111111111";

    fn read(set: &[(&str, &str)]) -> Result<Forwarding, ConfigError> {
        let all: BTreeMap<&str, &str> = set.iter().copied().collect();
        let key = hop::Key { id: "k1".into(), secret: b"s".to_vec() };
        let bindings = |name: &str| all.get(name).map(|value| String::from(*value));
        Forwarding::read(&bindings, "https://c.example/internal/v1/ingest".into(), key)
    }

    #[test]
    fn each_tenant_has_one_collector() {
        let list = format!(r#"{{"{TENANT}":"https://own.example/"}}"#);
        let forwarding = read(&[(TENANT_COLLECTORS, &list)]).unwrap();
        let own = forwarding.url(Uuid::parse(TENANT).unwrap());
        assert_eq!(own, "https://own.example/internal/v1/ingest");
        assert_eq!(forwarding.url(Uuid::default()), "https://c.example/internal/v1/ingest");
    }

    #[test]
    fn a_second_key_may_be_set() {
        let ids = |forwarding: Forwarding| {
            forwarding.keys.into_iter().map(|key| key.id).collect::<Vec<_>>()
        };
        assert_eq!(ids(read(&[]).unwrap()), ["k1"]);
        let both = [(NEXT_KEY_ID, "k2"), (NEXT_SECRET, "t")];
        assert_eq!(ids(read(&both).unwrap()), ["k1", "k2"]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let nowhere = format!(r#"{{"{TENANT}":"own.example"}}"#);
        for (binding, set) in [
            (TENANT_COLLECTORS, vec![(TENANT_COLLECTORS, "[]")]),
            (TENANT_COLLECTORS, vec![(TENANT_COLLECTORS, r#"{"acme":"https://a.example"}"#)]),
            (TENANT_COLLECTORS, vec![(TENANT_COLLECTORS, nowhere.as_str())]),
            (NEXT_SECRET, vec![(NEXT_KEY_ID, "k2")]),
            (NEXT_KEY_ID, vec![(NEXT_SECRET, "t")]),
            (NEXT_KEY_ID, vec![(NEXT_KEY_ID, "k,2"), (NEXT_SECRET, "t")]),
            (NEXT_KEY_ID, vec![(NEXT_KEY_ID, "k1"), (NEXT_SECRET, "t")]),
            (HOLD, vec![(HOLD, "on")]),
            (OUTBOX_MAX_BYTES, vec![(OUTBOX_MAX_BYTES, "999")]),
            (OUTBOX_MAX_BYTES, vec![(OUTBOX_MAX_BYTES, "1 GB")]),
        ] {
            assert_eq!(read(&set).unwrap_err().binding, binding, "{set:?}");
        }
        assert_eq!(outbox_max_bytes(&|_| None), Ok(drain::MAX_BYTES));
    }
}
