//! The text of keys: how one is made, and what is kept of a secret one.

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tidemark_core::hash::push_hex;

use super::SitesError;

/// Random bytes of an API key: 256 bits, which nobody guesses from a digest.
const API_KEY_BYTES: usize = 32;

/// Random bytes of a write key. It is public; 128 bits keep it from colliding.
const WRITE_KEY_BYTES: usize = 16;

/// Characters of an API key that are kept to tell it by: `ak_` and 32 bits,
/// which leaves 224 bits unknown.
const PREFIX_CHARS: usize = 11;

/// A key that was just made: shown once, and never again.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// The key itself.
    pub text: String,
    /// Its beginning, which is kept.
    pub prefix: String,
    /// Its digest, which is kept.
    pub digest: KeyDigest,
}

impl NewKey {
    /// A new API key, `ak_` and 64 hex digits.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn api() -> Result<Self, SitesError> {
        let text = random("ak_", &mut [0; API_KEY_BYTES])?;
        Ok(Self {
            prefix: text.chars().take(PREFIX_CHARS).collect(),
            digest: KeyDigest::of(&text),
            text,
        })
    }

    /// A new write key, `wk_` and 32 hex digits.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn write() -> Result<String, SitesError> {
        random("wk_", &mut [0; WRITE_KEY_BYTES])
    }
}

fn random(prefix: &str, bytes: &mut [u8]) -> Result<String, SitesError> {
    getrandom::fill(bytes).map_err(SitesError::Random)?;
    let mut text = String::from(prefix);
    push_hex(&mut text, bytes);
    Ok(text)
}

/// The SHA-256 of an API key.
#[derive(Clone, Copy)]
pub struct KeyDigest(pub [u8; 32]);

impl KeyDigest {
    /// Digests a key.
    pub fn of(key: impl AsRef<[u8]>) -> Self {
        Self(Sha256::digest(key).into())
    }

    /// Whether two digests are the same, in constant time.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }

    pub(super) fn to_hex(self) -> String {
        let mut text = String::with_capacity(64);
        push_hex(&mut text, &self.0);
        text
    }

    pub(super) fn from_hex(text: &str) -> Option<Self> {
        let mut digest = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        for (byte, at) in digest.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
        }
        Some(Self(digest))
    }
}

/// A digest is no secret, but it leads to one tenant's key: it is not printed.
impl std::fmt::Debug for KeyDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyDigest(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_new_each_time_and_known_by_their_digest() {
        let (one, two) = (NewKey::api().unwrap(), NewKey::api().unwrap());
        assert_ne!(one.text, two.text);
        assert_eq!((one.text.len(), one.prefix.len()), (67, 11));
        assert!(one.text.starts_with(&one.prefix) && one.prefix.starts_with("ak_"));
        assert!(one.digest.matches(&KeyDigest::of(&one.text)));
        assert!(!one.digest.matches(&two.digest));
        let again = KeyDigest::from_hex(&one.digest.to_hex()).unwrap();
        assert!(again.matches(&one.digest));
        assert!(KeyDigest::from_hex("00").is_none());
        assert_eq!(NewKey::write().unwrap().len(), 35);
    }
}
