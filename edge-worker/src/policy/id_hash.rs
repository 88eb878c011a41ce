//! The hash of event ids in a shard's memory.
//!
//! Senders choose ids, so that the hash has a key, which no sender knows: without it
//! somebody could choose ids that all fall into one place, and every look would be long.
//! An id is two words; each is folded in by one multiplication of 64 by 64 bits.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hasher};

use super::window::Id;

/// Ids with something each.
pub type IdMap<T> = HashMap<Id, T, IdHash>;

/// Ids.
pub type IdSet = HashSet<Id, IdHash>;

/// A keyed hash.
#[derive(Clone, Copy, Debug, Default)]
pub struct IdHash {
    key: [u64; 2],
}

/// One id on its way into a hash.
#[derive(Clone, Copy, Debug)]
pub struct IdHasher {
    key: [u64; 2],
    state: u64,
}

/// Words of as many ones as zeros, so that a key of few ones is not a factor of few.
const DENSE: [u64; 3] = [0x9e37_79b9_7f4a_7c15, 0xbf58_476d_1ce4_e5b9, 0x94d0_49bb_1331_11eb];

impl IdHash {
    /// A hash by a key of random bytes.
    pub const fn new(key: u128) -> Self {
        Self { key: [(key >> 64) as u64 ^ DENSE[0], key as u64 ^ DENSE[1]] }
    }
}

impl BuildHasher for IdHash {
    type Hasher = IdHasher;

    fn build_hasher(&self) -> IdHasher {
        IdHasher { key: self.key, state: DENSE[2] }
    }
}

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, _) = bytes.as_chunks::<8>();
        for (word, key) in words.iter().zip(self.key) {
            self.state = fold(self.state ^ u64::from_le_bytes(*word), key);
        }
    }

    /// The length of an id, which is always the same.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        fold(self.state, DENSE[2])
    }
}

/// Both halves of the product of two words, laid over each other. A key's lowest bit is
/// set, so that no word is multiplied by nothing.
const fn fold(word: u64, key: u64) -> u64 {
    let product = (word as u128).wrapping_mul((key | 1) as u128);
    (product >> 64) as u64 ^ product as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_that_differ_little_fall_far_apart_and_by_the_key() {
        let hash = |key: u128, id: u128| IdHash::new(key).hash_one(id.to_be_bytes());
        let key = 0x0123_4567_89ab_cdef_fedc_ba98_7654_3210;
        // The bits that a table of 65,536 places looks at, of ids that count up, in either half.
        for shift in [0, 64, 80] {
            let places: BTreeSet<u64> =
                (0..20_000_u128).map(|id| hash(key, id << shift) & 0xffff).collect();
            // By chance 20,000 balls fall into 17,229 of 65,536 places.
            assert!(places.len() > 16_500, "{} places, shifted by {shift}", places.len());
        }
        assert_ne!(hash(key, 7), hash(key ^ 2, 7));
        assert_eq!(hash(key, 7), hash(key, 7));
    }
}
