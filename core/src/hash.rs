//! Keyed hashing of what identifies a person.
//!
//! `s1:` and the SHA-256 of the trimmed, ASCII-lowercased text is what a page can
//! make; `h1:` and HMAC-SHA-256(salt, that digest) is what is stored. An `h1:`
//! value is never changed again. A tenant's salt is HMAC-SHA-256(secret,
//! tenant_id), so that one secret serves all tenants and none can be compared
//! with another.

use alloc::string::String;
use alloc::vec::Vec;

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use crate::id::Uuid;

/// A tenant's salt: never logged, never stored.
#[derive(Clone, Copy)]
pub struct Salt([u8; 32]);

impl core::fmt::Debug for Salt {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Salt(…)")
    }
}

impl Salt {
    /// Derives a tenant's salt of the secret that edge and collector share.
    pub fn of_tenant(secret: &[u8], tenant_id: Uuid) -> Self {
        Self(hmac(secret, &tenant_id.0))
    }

    /// The stored form of an identifier: `h1:` and 64 hex digits. `s1:` values
    /// (64 hex digits behind it) and clear ones give the same; an `h1:` value
    /// is returned as it is.
    pub fn pseudonym(&self, identifier: &str) -> String {
        if is_hashed(identifier, "h1:") {
            return String::from(identifier);
        }
        let digest = if is_hashed(identifier, "s1:") {
            digest_of_hex(identifier)
        } else {
            Sha256::digest(identifier.trim().to_ascii_lowercase()).into()
        };
        let mut out = String::with_capacity(67);
        out.push_str("h1:");
        push_hex(&mut out, &hmac(&self.0, &digest));
        out
    }
}

/// What a cookieless visitor's daily key is made of. Nothing of it is stored.
#[derive(Clone, Copy, Debug)]
pub struct Visit<'a> {
    /// The site that is visited.
    pub site_id: Uuid,
    /// The day: whole days since 1970, in UTC.
    pub day: i64,
    /// The caller's full address, as text.
    pub address: &'a str,
    /// The caller's `User-Agent`.
    pub user_agent: &'a str,
}

impl Salt {
    /// The key of a cookieless visitor for one day and one site: a UUIDv8 (RFC
    /// 9562, 5.8) of the first 16 bytes of HMAC-SHA-256(salt, `cookieless`, day,
    /// site, address and user agent, each ended by a line feed). The next day, and
    /// at another site, the same visitor has another key.
    pub fn daily_key(&self, visit: &Visit<'_>) -> Uuid {
        let day = visit.day.to_be_bytes();
        let mut message = Vec::with_capacity(64 + visit.address.len() + visit.user_agent.len());
        for part in [
            b"cookieless".as_slice(),
            &day,
            &visit.site_id.0,
            visit.address.as_bytes(),
            visit.user_agent.as_bytes(),
        ] {
            message.extend_from_slice(part);
            message.push(b'\n');
        }
        let mut bytes = [0; 16];
        for (byte, of_mac) in bytes.iter_mut().zip(hmac(&self.0, &message)) {
            *byte = of_mac;
        }
        Uuid(bytes).with_version(8)
    }
}

/// Appends bytes as lower-case hex.
pub fn push_hex(out: &mut String, bytes: &[u8]) {
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            out.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
    }
}

fn is_hashed(identifier: &str, prefix: &str) -> bool {
    identifier.strip_prefix(prefix).is_some_and(|hex| {
        hex.len() == 64 && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

fn digest_of_hex(identifier: &str) -> [u8; 32] {
    let mut digest = [0; 32];
    for (at, character) in identifier.chars().skip(3).enumerate() {
        let nibble = character.to_digit(16).unwrap_or(0) as u8;
        if let Some(byte) = digest.get_mut(at / 2) {
            *byte = *byte << 4 | nibble;
        }
    }
    digest
}

/// HMAC-SHA-256 with a key of any length.
pub(crate) fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    // HMAC takes a key of any length, so that this is the only branch there is.
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mac) => mac.chain_update(message).finalize().into_bytes().into(),
        Err(_) => [0; 32],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn salt() -> Salt {
        Salt::of_tenant(b"secret", Uuid([7; 16]))
    }

    #[test]
    fn clear_and_digested_forms_meet() {
        let clear = salt().pseudonym(" Jo@Example.org ");
        let mut digested = "s1:".to_string();
        push_hex(&mut digested, &Sha256::digest(b"jo@example.org"));
        assert_eq!(salt().pseudonym(&digested), clear);
        assert_eq!(salt().pseudonym(&clear), clear, "a stored form stays");
        assert_eq!(clear.len(), 67);
    }

    #[test]
    fn tenants_differ() {
        let other = Salt::of_tenant(b"secret", Uuid([8; 16]));
        assert_ne!(salt().pseudonym("jo"), other.pseudonym("jo"));
    }

    #[test]
    fn a_daily_key_is_one_days_and_one_sites() {
        let visit =
            Visit { site_id: Uuid([1; 16]), day: 20_000, address: "203.0.113.7", user_agent: "UA" };
        let key = salt().daily_key(&visit);
        assert_eq!(key, salt().daily_key(&visit));
        assert_eq!((key.0[6] >> 4, key.0[8] >> 6), (8, 2));
        let others = [
            Visit { site_id: Uuid([2; 16]), ..visit },
            Visit { day: 20_001, ..visit },
            Visit { address: "203.0.113.8", ..visit },
            Visit { user_agent: "UB", ..visit },
            Visit { address: "203.0.113.7\nU", user_agent: "A", ..visit },
        ];
        assert!(others.iter().all(|other| salt().daily_key(other) != key));
    }

    #[test]
    fn the_salt_is_not_printed() {
        assert_eq!(alloc::format!("{:?}", salt()), "Salt(…)");
    }
}
