//! Random numbers from one seed, so that a decision can be replayed in a test.
//!
//! xoshiro128** 1.1 (Blackman and Vigna, <https://prng.di.unimi.it>). The page
//! seeds it with 128 bits of `crypto.getRandomValues`: ids and jitter need to be
//! spread, not secret, and a crossing into JavaScript a number is saved.

/// A generator; equal seeds give equal numbers.
#[derive(Clone, Debug)]
pub struct Random([u32; 4]);

impl Random {
    /// Makes a generator of 128 seed bits. All zero, which would give only
    /// zeroes, is moved off zero.
    pub const fn new(mut seed: [u32; 4]) -> Self {
        seed[0] |= 1;
        Self(seed)
    }

    /// The next 32 bits.
    pub const fn next(&mut self) -> u32 {
        let [mut a, mut b, mut c, mut d] = self.0;
        let result = b.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let shifted = b << 9;
        c ^= a;
        d ^= b;
        b ^= c;
        a ^= d;
        c ^= shifted;
        d = d.rotate_left(11);
        self.0 = [a, b, c, d];
        result
    }

    /// A number in `0..bound`, evenly enough for jitter.
    pub const fn below(&mut self, bound: u32) -> u32 {
        ((self.next() as u64 * bound as u64) >> 32) as u32
    }

    /// Ten bytes: what a version 7 UUID takes.
    pub fn ten_bytes(&mut self) -> [u8; 10] {
        let mut bytes = [0; 10];
        for chunk in bytes.chunks_mut(4) {
            for (slot, byte) in chunk.iter_mut().zip(self.next().to_le_bytes()) {
                *slot = byte;
            }
        }
        bytes
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    #[test]
    fn the_reference_sequence() {
        // The authors' C code, seeded with 1, 2, 3, 4.
        let mut random = Random::new([1, 2, 3, 4]);
        let first: [u32; 4] = core::array::from_fn(|_| random.next());
        assert_eq!(first, [11520, 0, 5927040, 70819200]);
    }

    #[test]
    fn a_zero_seed_still_varies() {
        let mut random = Random::new([0; 4]);
        let ten: [u32; 10] = core::array::from_fn(|_| random.next());
        assert!(ten.iter().any(|number| *number != ten[9]));
    }

    #[test]
    fn below_stays_below() {
        let mut random = Random::new([7, 8, 9, 10]);
        for _ in 0..1000 {
            assert!(random.below(10) < 10);
        }
        assert_eq!(random.below(0), 0);
    }
}
