//! What the index remembers of an id.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use siphasher::sip128::SipHasher24;
use uuid::Uuid;

/// A keyed 128-bit hash of (tenant_id, event_id).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub u128);

/// A set of fingerprints. They are even and secret already, and hashed no further.
pub type FingerprintSet = HashSet<Fingerprint, BuildHasherDefault<AsTheyAre>>;

/// The hasher of what is a hash already.
#[derive(Clone, Copy, Debug, Default)]
pub struct AsTheyAre(u64);

impl Hasher for AsTheyAre {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u128(&mut self, word: u128) {
        self.0 = word as u64;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// A log's secret key, made once with the log. Without it nobody can choose ids
/// whose hashes meet: 128 bits of SipHash-2-4 (Aumasson, Bernstein 2012), so
/// that among 100 million ids two meet by chance with a probability of 1.5e-23.
#[derive(Clone)]
pub struct HashKey(SipHasher24);

impl HashKey {
    /// A hash under `key`.
    pub fn new(key: &[u8; 16]) -> Self {
        Self(SipHasher24::new_with_key(key))
    }

    /// The hash of an id.
    pub fn fingerprint(&self, tenant_id: Uuid, event_id: Uuid) -> Fingerprint {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(tenant_id.as_bytes());
        bytes[16..].copy_from_slice(event_id.as_bytes());
        Fingerprint(self.0.hash(&bytes).as_u128())
    }
}

impl std::fmt::Debug for HashKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("HashKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The message 00 01 … 1f under the key 00 01 … 0f, computed by a second
    /// implementation that gives the published vector of the empty message.
    /// Files on disk hold such hashes, as little-endian numbers.
    #[test]
    fn the_hash_is_siphash_2_4_128() {
        let key = HashKey::new(&std::array::from_fn(|at| at as u8));
        let tenant = Uuid::from_bytes(std::array::from_fn(|at| at as u8));
        let event = Uuid::from_bytes(std::array::from_fn(|at| at as u8 + 16));
        let hash = key.fingerprint(tenant, event);
        assert_eq!(format!("{:032x}", hash.0), "68eb4665559d3e363efcea5eca56397c");
        assert_ne!(hash, key.fingerprint(event, tenant));
        assert_ne!(hash, HashKey::new(&[0; 16]).fingerprint(tenant, event));
    }
}
