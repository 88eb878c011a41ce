//! What memory keeps of ids that went to a file: a filter that says "surely
//! not there" of nearly all that are not.
//!
//! A blocked Bloom filter (Putze, Sanders, Singler 2007): 15 bits an id, seven of
//! them set, all within one line of the cache. Of 1,000 ids that are not there
//! about 4 pass, and cost one read of a page.

use super::fingerprint::Fingerprint;

/// Bits an id; with a run's fences (8 bytes in 255 ids) below 2 bytes.
const BITS_PER_ID: usize = 15;

/// Bits of a line of the cache.
const LINE_BITS: usize = 512;

/// How many bits an id sets; each takes nine of the hash's lower 64.
const PROBES: u32 = 7;

#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Line([u64; 8]);

/// A filter over the ids of one run.
#[derive(Debug)]
pub struct Filter(Vec<Line>);

impl Filter {
    /// A filter for `count` ids, still empty.
    pub fn for_ids(count: usize) -> Self {
        Self(vec![Line([0; 8]); (count * BITS_PER_ID).div_ceil(LINE_BITS).max(1)])
    }

    /// Bytes that a filter for `count` ids takes.
    pub const fn bytes_for(count: usize) -> usize {
        (count * BITS_PER_ID).div_ceil(LINE_BITS) * size_of::<Line>()
    }

    /// Bytes that it takes.
    pub const fn bytes(&self) -> usize {
        self.0.len() * size_of::<Line>()
    }

    /// Adds an id.
    pub fn insert(&mut self, fingerprint: Fingerprint) {
        let line = self.line(fingerprint);
        for (word, bit) in probes(fingerprint) {
            self.0[line].0[word] |= bit;
        }
    }

    /// False when the id was surely never added.
    pub fn may_contain(&self, fingerprint: Fingerprint) -> bool {
        let line = &self.0[self.line(fingerprint)];
        probes(fingerprint).all(|(word, bit)| line.0[word] & bit != 0)
    }

    /// The id's line, by its upper 64 bits, so that ids in order fill lines in order.
    fn line(&self, fingerprint: Fingerprint) -> usize {
        (((fingerprint.0 >> 64) * self.0.len() as u128) >> 64) as usize
    }
}

/// Word and bit of each probe, by the id's lower 64 bits.
fn probes(fingerprint: Fingerprint) -> impl Iterator<Item = (usize, u64)> {
    let low = fingerprint.0 as u64;
    (0..PROBES).map(move |probe| {
        let nine = (low >> (probe * 9)) & 511;
        (((nine >> 6) & 7) as usize, 1 << (nine & 63))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_forgets_and_seldom_errs() {
        let id = |n: u64| {
            let word = |m: u64| {
                let word = (n * 2 + m).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                (word ^ word >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9).rotate_left(17)
            };
            Fingerprint(u128::from(word(0)) << 64 | u128::from(word(1)))
        };
        let mut filter = Filter::for_ids(100_000);
        (0..100_000).for_each(|n| filter.insert(id(n)));
        assert!((0..100_000).all(|n| filter.may_contain(id(n))));
        let wrong = (100_000..200_000).filter(|n| filter.may_contain(id(*n))).count();
        assert!(wrong < 800, "{wrong} of 100,000 passed");
        assert!(filter.bytes() < 100_000 * 19 / 10);
        assert_eq!(filter.bytes(), Filter::bytes_for(100_000));
    }
}
