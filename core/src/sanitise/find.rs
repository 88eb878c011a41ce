//! Finds where in a text something may be that a rule looks for, a block of bytes at a
//! time: most texts have none of it, and are done.

/// Bytes of a block.
const BLOCK: usize = 16;

/// The next place, from `at` on, of a colon behind which a slash stands, or of a `w`
/// behind which another one does: where a scheme may end, or an address begin. The
/// text's end for none.
pub(super) fn address(bytes: &[u8], mut at: usize) -> usize {
    while let Some(block) = bytes.get(at..).and_then(|rest| rest.first_chunk::<{ BLOCK + 1 }>()) {
        let found = block::pairs(block, b':', b'/') | block::pairs(block, b'w', b'w');
        if found != 0 {
            return at + found.trailing_zeros() as usize;
        }
        at += BLOCK;
    }
    let is_it = |at: usize| {
        let two = |at: usize| bytes.get(at).map(|byte| byte | 0x20);
        matches!((two(at), two(at + 1)), (Some(b':'), Some(b'/')) | (Some(b'w'), Some(b'w')))
    };
    while at < bytes.len() && !is_it(at) {
        at += 1;
    }
    at
}

/// The next place, from `at` on, of the letters `is`, either case; the text's end for
/// none.
pub(super) fn verb(bytes: &[u8], mut at: usize) -> usize {
    while let Some(block) = bytes.get(at..).and_then(|rest| rest.first_chunk::<{ BLOCK + 1 }>()) {
        let found = block::pairs(block, b'i', b's');
        if found != 0 {
            return at + found.trailing_zeros() as usize;
        }
        at += BLOCK;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    let offset = rest.windows(2).position(|two| two.eq_ignore_ascii_case(b"is"));
    offset.map_or(bytes.len(), |offset| at + offset)
}

/// A bit for each of sixteen bytes from a place on where a word of ASCII letters begins;
/// `None` where a look at each byte is as well.
pub(super) fn letters(bytes: &[u8], at: usize) -> Option<u32> {
    block::letters(bytes.get(at.checked_sub(1)?..)?.first_chunk()?)
}

/// A bit for each of sixteen bytes from a place on where a word of any script may begin,
/// or a mark ends: see [`letters`].
pub(super) fn words(bytes: &[u8], at: usize) -> Option<u32> {
    block::words(bytes.get(at.checked_sub(1)?..)?.first_chunk()?)
}

/// Bytes of which a block is worth its while.
pub(super) const WORTH: usize = 8;

#[cfg(all(target_arch = "x86_64", feature = "catalogue"))]
mod block {
    use safe_arch::{
        cmp_eq_mask_i8_m128i, cmp_gt_mask_i8_m128i, cmp_lt_mask_i8_m128i, load_unaligned_m128i,
        m128i, move_mask_i8_m128i, set_splat_i8_m128i,
    };

    use super::BLOCK;

    fn is(bytes: m128i, byte: u8) -> m128i {
        cmp_eq_mask_i8_m128i(bytes, set_splat_i8_m128i(byte as i8))
    }

    fn at(block: &[u8; BLOCK + 1], from: usize) -> m128i {
        match block.get(from..).and_then(|rest| rest.first_chunk()) {
            Some(bytes) => load_unaligned_m128i(bytes),
            None => m128i::default(),
        }
    }

    /// A bit for each byte, letters of either case, behind which another one stands.
    #[inline(always)]
    pub(super) fn pairs(block: &[u8; BLOCK + 1], one: u8, other: u8) -> u32 {
        let small = set_splat_i8_m128i(0x20);
        let both = is(at(block, 0) | small, one) & is(at(block, 1) | small, other);
        move_mask_i8_m128i(both) as u32 & 0xffff
    }

    /// A bit for each byte of a range of ASCII.
    fn within(bytes: m128i, first: u8, last: u8) -> u32 {
        let above = cmp_gt_mask_i8_m128i(bytes, set_splat_i8_m128i(first as i8 - 1));
        let below = cmp_lt_mask_i8_m128i(bytes, set_splat_i8_m128i(last as i8 + 1));
        move_mask_i8_m128i(above & below) as u32
    }

    fn letter(bytes: m128i) -> u32 {
        within(bytes | set_splat_i8_m128i(0x20), b'a', b'z')
    }

    pub(super) fn letters(block: &[u8; BLOCK + 1]) -> Option<u32> {
        Some(letter(at(block, 1)) & !letter(at(block, 0)))
    }

    pub(super) fn words(block: &[u8; BLOCK + 1]) -> Option<u32> {
        let (before, here) = (at(block, 0), at(block, 1));
        let joins = letter(before) | within(before, b'0', b'9') | move_mask_i8_m128i(before) as u32;
        // The first byte of a character that is not ASCII: 0xc0 and above.
        let is_lead = cmp_gt_mask_i8_m128i(here, set_splat_i8_m128i(-65));
        let lead = move_mask_i8_m128i(here & is_lead) as u32;
        let close = move_mask_i8_m128i(is(here, b']')) as u32;
        Some(letter(here) & !joins | lead | close)
    }
}

#[cfg(not(all(target_arch = "x86_64", feature = "catalogue")))]
mod block {
    use super::BLOCK;

    fn bits(block: &[u8; BLOCK + 1], is: impl Fn(u8, u8) -> bool) -> u32 {
        let two = block.iter().zip(block.iter().skip(1)).enumerate();
        two.fold(0, |bits, (at, (one, next))| bits | u32::from(is(*one, *next)) << at)
    }

    pub(super) const fn letters(_block: &[u8; BLOCK + 1]) -> Option<u32> {
        None
    }

    pub(super) const fn words(_block: &[u8; BLOCK + 1]) -> Option<u32> {
        None
    }

    /// A bit for each byte, letters of either case, behind which another one stands.
    pub(super) fn pairs(block: &[u8; BLOCK + 1], one: u8, other: u8) -> u32 {
        bits(block, |byte, next| byte | 0x20 == one && next | 0x20 == other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_block_says_of_words_what_a_look_at_each_byte_says(text in "[a-zA-Z0-9_@`{\\[\\]éß漢٣ -]{0,40}") {
            let bytes = text.as_bytes();
            for at in 1..bytes.len() {
                let is = |bits: Option<u32>, expected: &dyn Fn(u8, u8) -> bool| {
                    let slowly = bytes.windows(2).skip(at - 1).take(BLOCK).enumerate();
                    let slowly = slowly.fold(0, |bits, (place, two)| {
                        bits | u32::from(expected(two[0], two[1])) << place
                    });
                    bits.is_none_or(|bits| bits == slowly)
                };
                let begins = |before: u8, here: u8| {
                    here.is_ascii_alphabetic() && !before.is_ascii_alphabetic()
                };
                prop_assert!(is(letters(bytes, at), &begins));
                let word = |before: u8, here: u8| {
                    here.is_ascii_alphabetic() && !before.is_ascii_alphanumeric() && before < 0x80
                        || here >= 0xc0
                        || here == b']'
                };
                prop_assert!(is(words(bytes, at), &word));
            }
        }

        #[test]
        fn finds_what_a_look_at_each_byte_finds(
            text in "[wWiIsS:/ a\u{17}\u{1a}]{0,60}", from in 0_usize..64
        ) {
            let bytes = text.as_bytes();
            let from = from.min(bytes.len());
            let slowly = (from..bytes.len()).find(|at| {
                let two = bytes.get(*at..at + 2).unwrap_or_default();
                two == b":/" || two.eq_ignore_ascii_case(b"ww")
            });
            let found = address(bytes, from);
            // A control character may look like a letter: that costs a look.
            prop_assert!(found <= slowly.unwrap_or(bytes.len()));
            prop_assert!(found >= from);
            let slowly = (from..bytes.len()).find(|at| {
                bytes.get(*at..at + 2).is_some_and(|two| two.eq_ignore_ascii_case(b"is"))
            });
            prop_assert_eq!(verb(bytes, from), slowly.unwrap_or(bytes.len()));
        }
    }
}
