//! Runs over the inside of a string to what ends it.
//!
//! A page goes byte by byte, which is small. The others look at a block at a time,
//! and note on the way what later steps would otherwise look for again: eight bytes
//! in a plain integer ([`word`]), which any machine has, or sixteen where every
//! processor of the target can ([`sse2`]). A test holds them to the same answers.

#[cfg(all(target_arch = "x86_64", feature = "catalogue"))]
mod sse2;
#[cfg(any(test, not(all(target_arch = "x86_64", feature = "catalogue"))))]
mod word;

#[cfg(all(target_arch = "x86_64", feature = "catalogue"))]
use sse2::{BITS, BLOCK, look, quotes};
#[cfg(all(feature = "catalogue", not(target_arch = "x86_64")))]
use word::quotes;
#[cfg(not(all(target_arch = "x86_64", feature = "catalogue")))]
use word::{BITS, BLOCK, look};

/// What a block of bytes holds: a bit a byte, the first byte lowest, at distances
/// that the machine chose.
#[derive(Clone, Copy)]
struct Seen {
    /// Quotes, backslashes, control characters.
    ends: u64,
    /// Bytes that are marked (see [`is_marked`]), as far as the first end.
    marks: u64,
    /// Full stops.
    dots: u64,
}

/// A string that has an escape.
pub(super) const ESCAPED: u32 = 1 << 3;
/// A string with a byte that the sanitiser may ask its rules about; never absent where
/// there is an escape, or a byte that is not ASCII.
pub(super) const MARKED: u32 = 1 << 4;
/// A string with a full stop: as a key it is a path of several steps.
pub(super) const DOTTED: u32 = 1 << 5;
/// A string with an escape by number: a NUL or half of a pair may hide in it.
pub(super) const NUMBERED: u32 = 1 << 6;

/// Whether the sanitiser may ask its rules about a byte: what is not ASCII, and from
/// `%` to `@` all but the signs of plain prose; `[` and `{`.
const fn is_marked(byte: u8) -> bool {
    match byte {
        b',' | b'.' | b'?' => false,
        b'%'..=b'@' | b'[' | b'{' | 0x80.. => true,
        _ => false,
    }
}

/// The place after the string that opens at `at`; `None` where the grammar refuses
/// it. Byte by byte.
pub(super) fn small_string(bytes: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at = escape(bytes, at)?,
            0..=0x1f => return None,
            _ => at += 1,
        }
    }
}

/// The place after the escape at `at`.
fn escape(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at + 1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(at + 2),
        b'u' => {
            let digits = bytes.get(at + 2..at + 6)?;
            digits.iter().all(u8::is_ascii_hexdigit).then_some(at + 6)
        }
        _ => None,
    }
}

/// The place after the string that opens at `at`, and what it holds; `None` where
/// the grammar refuses it. A block of bytes at a time: most strings end in their first.
#[cfg_attr(feature = "catalogue", inline(always))]
pub(super) fn string(bytes: &[u8], at: usize) -> Option<(usize, u32)> {
    #[cfg(feature = "catalogue")]
    if let Some(block) = bytes.get(at + 1..).and_then(|rest| rest.first_chunk::<BLOCK>()) {
        let Seen { ends, marks, dots } = look(block);
        if ends == 0 {
            return long_string(bytes, at + 1 + BLOCK, marks, dots);
        }
        let length = (ends.trailing_zeros() / BITS) as usize;
        if block.get(length) == Some(&b'"') {
            let inside = (ends & ends.wrapping_neg()).wrapping_sub(1);
            return Some((at + length + 2, flags(marks & inside, dots & inside)));
        }
    }
    long_string(bytes, at + 1, 0, 0)
}

/// Goes on inside of a string, whose earlier blocks held these marks and full stops.
fn long_string(
    bytes: &[u8],
    mut at: usize,
    mut marked: u64,
    mut dotted: u64,
) -> Option<(usize, u32)> {
    let mut escaped = 0;
    loop {
        let Some(block) = bytes.get(at..).and_then(|rest| rest.first_chunk::<BLOCK>()) else {
            return slowly(bytes, at, flags(marked, dotted) | escaped);
        };
        let Seen { ends, marks, dots } = look(block);
        // All bits behind the first end; with none, all bits.
        let inside = (ends & ends.wrapping_neg()).wrapping_sub(1);
        marked |= marks & inside;
        dotted |= dots & inside;
        if ends == 0 {
            at += BLOCK;
            continue;
        }
        at += (ends.trailing_zeros() / BITS) as usize;
        match bytes.get(at)? {
            b'"' => return Some((at + 1, flags(marked, dotted) | escaped)),
            b'\\' => {
                let from = at;
                at = escape(bytes, at)?;
                escaped |= kind_of_escape(at - from);
            }
            _ => return None,
        }
    }
}

/// The rest of a string near the end of the text.
#[cold]
fn slowly(bytes: &[u8], mut at: usize, mut flags: u32) -> Option<(usize, u32)> {
    loop {
        match *bytes.get(at)? {
            b'"' => return Some((at + 1, flags)),
            b'\\' => {
                let from = at;
                at = escape(bytes, at)?;
                flags |= kind_of_escape(at - from);
            }
            0..=0x1f => return None,
            byte => {
                if is_marked(byte) {
                    flags |= MARKED;
                }
                if byte == b'.' {
                    flags |= DOTTED;
                }
                at += 1;
            }
        }
    }
}

/// What an escape of so many bytes tells of its string.
const fn kind_of_escape(length: usize) -> u32 {
    ESCAPED | MARKED | DOTTED | if length > 2 { NUMBERED } else { 0 }
}

const fn flags(marked: u64, dotted: u64) -> u32 {
    (if marked == 0 { 0 } else { MARKED }) | (if dotted == 0 { 0 } else { DOTTED })
}

/// The place of the next quote or backslash; the end of the text for none.
#[cfg(feature = "catalogue")]
pub(super) fn quote_or_escape(bytes: &[u8], mut at: usize) -> usize {
    while let Some(block) = bytes.get(at..).and_then(|rest| rest.first_chunk::<BLOCK>()) {
        let ends = quotes(block);
        if ends != 0 {
            return at + (ends.trailing_zeros() / BITS) as usize;
        }
        at += BLOCK;
    }
    while !matches!(bytes.get(at), Some(b'"' | b'\\') | None) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::{Seen, is_marked};
    use proptest::prelude::*;

    /// The bits of the bytes, `bits` apart, up to the first end.
    fn places(seen: Seen, bits: u32, length: usize) -> Vec<(bool, bool, bool)> {
        let at =
            |mask: u64, byte: usize| mask >> (byte as u32 * bits) & u64::MAX >> (64 - bits) != 0;
        let mut all = Vec::new();
        for byte in 0..length {
            let ends = at(seen.ends, byte);
            all.push((ends, !ends && at(seen.marks, byte), !ends && at(seen.dots, byte)));
            if ends {
                break;
            }
        }
        all
    }

    fn byte_by_byte(block: &[u8]) -> Vec<(bool, bool, bool)> {
        let mut all = Vec::new();
        for byte in block {
            let ends = matches!(byte, 0..=0x1f | b'"' | b'\\');
            all.push((ends, !ends && is_marked(*byte), !ends && *byte == b'.'));
            if ends {
                break;
            }
        }
        all
    }

    proptest! {
        #[test]
        fn every_machine_sees_the_same(block in proptest::array::uniform16(any::<u8>()), plain in any::<bool>()) {
            // Letters alone let the later places be looked at.
            let block = block.map(|byte| if plain { byte % 0x5e + 0x21 } else { byte });
            let (low, high) = block.split_at(8);
            for half in [low, high] {
                let half: [u8; 8] = half.try_into().unwrap();
                prop_assert_eq!(places(super::word::look(&half), super::word::BITS, 8), byte_by_byte(&half));
                #[cfg(feature = "catalogue")]
                {
                    let quotes = super::word::quotes(&half).trailing_zeros() / super::word::BITS;
                    let first = half.iter().position(|byte| matches!(byte, b'"' | b'\\'));
                    prop_assert_eq!(quotes as usize, first.unwrap_or(8));
                }
            }
            #[cfg(all(target_arch = "x86_64", feature = "catalogue"))]
            {
                prop_assert_eq!(places(super::sse2::look(&block), super::sse2::BITS, 16), byte_by_byte(&block));
                let first = block.iter().position(|byte| matches!(byte, b'"' | b'\\'));
                prop_assert_eq!(super::sse2::quotes(&block).trailing_zeros() as usize, first.unwrap_or(64));
            }
        }
    }
}
