//! What tells keys apart without looking at each of their bytes: the first sixteen as
//! one number, which most keys are as a whole, and a hash of it.

/// Bytes of a head.
const HEAD_BYTES: usize = 16;

/// The first sixteen bytes of a key and its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    bytes: u128,
    length: usize,
}

/// What of sixteen bytes a key of each length keeps.
static KEPT: [u128; HEAD_BYTES + 1] = {
    let mut kept = [0; HEAD_BYTES + 1];
    let mut length = 1;
    while length <= HEAD_BYTES {
        kept[length] = u128::MAX >> (8 * (HEAD_BYTES - length));
        length += 1;
    }
    kept
};

impl Head {
    /// The head of a key that stands at a place of a text. Where sixteen bytes follow
    /// they are read at once, and what is behind the key is masked.
    #[inline(always)]
    pub(crate) fn at(text: &[u8], from: usize, length: usize) -> Self {
        let block = text.get(from..).and_then(|rest| rest.first_chunk::<HEAD_BYTES>());
        let bytes = match block {
            Some(block) => {
                let kept = KEPT.get(length).copied().unwrap_or(u128::MAX);
                u128::from_le_bytes(*block) & kept
            }
            None => near_the_end(text, from, length),
        };
        Self { bytes, length }
    }

    /// The head of a key.
    pub(crate) fn of(key: &str) -> Self {
        Self::at(key.as_bytes(), 0, key.len())
    }

    /// Whether the head is the whole key, so that two alike are one key.
    #[cfg(any(test, feature = "catalogue"))]
    #[inline(always)]
    pub(crate) const fn is_all(self) -> bool {
        self.length <= HEAD_BYTES
    }

    /// A number that few other keys have. What is behind the head tells nothing: who
    /// finds two alike compares the keys.
    #[inline(always)]
    pub(crate) const fn hash(self) -> u32 {
        let (low, high) = (self.bytes as u64, (self.bytes >> 64) as u64);
        let mixed = low.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ high ^ (self.length as u64) << 56;
        ((mixed ^ mixed >> 29).wrapping_mul(0xc2b2_ae3d_27d4_eb4f) >> 32) as u32
    }
}

#[cold]
fn near_the_end(text: &[u8], from: usize, length: usize) -> u128 {
    let mut block = [0; HEAD_BYTES];
    let key = text.get(from..from + length).unwrap_or_default();
    for (slot, byte) in block.iter_mut().zip(key) {
        *slot = *byte;
    }
    u128::from_le_bytes(block)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_head_is_the_same_wherever_its_key_stands(
            before in "[a-c\"]{0,3}", key in "[a-cé]{0,20}", behind in "[a-c\":]{0,20}", other in "[a-cé]{0,20}"
        ) {
            let text = [&*before, &*key, &*behind].concat();
            let head = Head::at(text.as_bytes(), before.len(), key.len());
            prop_assert_eq!(head, Head::of(&key));
            prop_assert_eq!(head.hash(), Head::of(&key).hash());
            if head.is_all() {
                prop_assert_eq!(head == Head::of(&other), key == other);
            }
        }
    }
}
