//! The signature of the hop from the edge to the collector.
//!
//! `Tidemark-Signature: v1,<key_id>,<unix_ms>,<hex>` with HMAC-SHA-256 over
//! `v1\n<key_id>\n<unix_ms>\n<path>\n` and the body as it is on the wire, so that
//! it is checked before anything is decompressed or parsed.

use alloc::string::{String, ToString};

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::hash::push_hex;
use crate::limits::HOP_MAX_SKEW_MS;
use crate::verdict::Code;

/// The header's name.
pub const HEADER: &str = "tidemark-signature";
/// The path of the hop.
pub const PATH: &str = "/internal/v1/ingest";

/// One shared key. Two may be valid at once, while they rotate.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    /// Its public name.
    pub id: String,
    /// Its secret bytes.
    pub secret: alloc::vec::Vec<u8>,
}

impl core::fmt::Debug for Key {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Key").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The header's value for a body that is sent now.
pub fn sign(key: &Key, unix_ms: i64, path: &str, body: &[u8]) -> String {
    let time = unix_ms.to_string();
    let mut header = ["v1,", &key.id, ",", &time, ","].concat();
    if let Some(mac) = mac(key, &time, path, body) {
        push_hex(&mut header, &mac.finalize().into_bytes());
    }
    header
}

/// Holds a header against the body, in constant time.
///
/// # Errors
/// `invalid_signature` for another form, an unknown key or another tag;
/// `stale_signature` when it is valid but more than 300 s off.
pub fn verify<'k>(
    header: &str,
    keys: &'k [Key],
    now_ms: i64,
    path: &str,
    body: &[u8],
) -> Result<&'k Key, Code> {
    let mut parts = header.split(',');
    let (Some("v1"), Some(key_id), Some(time), Some(tag), None) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Code::InvalidSignature);
    };
    let key = keys.iter().find(|key| key.id == key_id).ok_or(Code::InvalidSignature)?;
    let unix_ms: i64 = time.parse().map_err(|_| Code::InvalidSignature)?;
    let tag = read_hex(tag).ok_or(Code::InvalidSignature)?;
    let mac = mac(key, time, path, body).ok_or(Code::InvalidSignature)?;
    mac.verify_slice(&tag).map_err(|_| Code::InvalidSignature)?;
    if now_ms.saturating_sub(unix_ms).saturating_abs() > HOP_MAX_SKEW_MS {
        return Err(Code::StaleSignature);
    }
    Ok(key)
}

/// `None` cannot be: HMAC takes a key of any length. It would verify nothing.
fn mac(key: &Key, time: &str, path: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    let head = ["v1\n", &key.id, "\n", time, "\n", path, "\n"].concat();
    let mac = Hmac::<Sha256>::new_from_slice(&key.secret).ok()?;
    Some(mac.chain_update(head).chain_update(body))
}

fn read_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (at, character) in text.chars().enumerate() {
        let nibble = character.to_digit(16)? as u8;
        let byte = bytes.get_mut(at / 2)?;
        *byte = *byte << 4 | nibble;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str) -> Key {
        Key { id: id.into(), secret: [id.as_bytes(), b" secret"].concat() }
    }

    #[test]
    fn a_signature_holds_for_its_own_bytes_only() {
        let keys = [key("k1"), key("k2")];
        let header = sign(&keys[1], 1_000_000, PATH, b"body");
        let verify = |header: &str, now_ms, path, body: &[u8]| {
            super::verify(header, &keys, now_ms, path, body).map(|key| key.id.as_str())
        };
        assert_eq!(verify(&header, 1_000_000, PATH, b"body"), Ok("k2"));
        assert_eq!(verify(&header, 1_300_000, PATH, b"body"), Ok("k2"));
        assert_eq!(verify(&header, 1_300_001, PATH, b"body"), Err(Code::StaleSignature));
        assert_eq!(verify(&header, 699_999, PATH, b"body"), Err(Code::StaleSignature));
        assert_eq!(verify(&header, 1_000_000, PATH, b"bodY"), Err(Code::InvalidSignature));
        assert_eq!(verify(&header, 1_000_000, "/", b"body"), Err(Code::InvalidSignature));
        for forged in [
            "",
            "v1,k2,1000000",
            &header.replace("k2", "k1"),
            &header.replace("k2", "k3"),
            &header.replace("1000000", "1000001"),
            &header.replace("v1", "v2"),
            &[header.as_str(), "0"].concat(),
            &[header.as_str(), ",x"].concat(),
        ] {
            assert_eq!(verify(forged, 1_000_000, PATH, b"body"), Err(Code::InvalidSignature));
        }
    }

    #[test]
    fn the_secret_is_not_printed() {
        assert!(!alloc::format!("{:?}", key("k1")).contains("secret\""));
        assert!(!alloc::format!("{:?}", key("k1")).contains("107"));
    }
}
