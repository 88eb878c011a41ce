//! Which tenant an API key reads.

use axum::http::{HeaderMap, header};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use crate::config::Tenant;
use crate::refusal::Refused;

/// The digests of all keys, each with its tenant.
#[derive(Clone, Debug)]
pub struct ApiKeys(Vec<([u8; 32], Uuid)>);

impl ApiKeys {
    /// The keys of the configured tenants.
    pub fn new(tenants: &[Tenant]) -> Self {
        let keys = tenants.iter().flat_map(|tenant| {
            tenant.api_key_sha256.iter().map(move |digest| (digest.0, tenant.id))
        });
        Self(keys.collect())
    }

    /// The tenant of the call's `Authorization: Bearer` key. Digests are
    /// compared, all of them, in constant time.
    ///
    /// # Errors
    /// `unknown_api_key` when there is none, several, or one that nobody has.
    pub fn tenant_of(&self, headers: &HeaderMap) -> Result<Uuid, Refused> {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return Err(Refused::UnknownApiKey);
        };
        let key = value.as_bytes().split_at_checked(7).and_then(|(scheme, key)| {
            (scheme.eq_ignore_ascii_case(b"Bearer ") && !key.is_empty()).then_some(key)
        });
        let digest: [u8; 32] = Sha256::digest(key.ok_or(Refused::UnknownApiKey)?).into();
        let mut found = None;
        for (known, tenant) in &self.0 {
            if bool::from(known.ct_eq(&digest)) {
                found = Some(*tenant);
            }
        }
        found.ok_or(Refused::UnknownApiKey)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;
    use crate::config::KeyDigest;

    fn keys() -> ApiKeys {
        let tenant = |id, key: &str| Tenant {
            id: Uuid::from_u128(id),
            slug: format!("t{id}"),
            api_key_sha256: vec![KeyDigest(Sha256::digest(key).into())],
        };
        ApiKeys::new(&[tenant(1, "one"), tenant(2, "two")])
    }

    fn tenant_of(values: &[&str]) -> Option<u128> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        keys().tenant_of(&headers).ok().map(|id| id.as_u128())
    }

    #[test]
    fn a_key_leads_to_its_own_tenant() {
        assert_eq!(tenant_of(&["Bearer one"]), Some(1));
        assert_eq!(tenant_of(&["bearer two"]), Some(2));
    }

    #[test]
    fn anything_else_leads_nowhere() {
        for values in [
            &[][..],
            &["Bearer "],
            &["Bearer three"],
            &["one"],
            &["Basic one"],
            &["Bearer one "],
            &["Bearer one", "Bearer two"],
            &["Bearer"],
        ] {
            assert_eq!(tenant_of(values), None, "{values:?}");
        }
    }
}
