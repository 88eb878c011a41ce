//! Runs over the inside of a string to what ends it.
//!
//! A page goes byte by byte, which is small. The others look at eight bytes at a
//! time in a plain integer, which is as fast on every machine that has 64 bits, and
//! note on the way what later steps would otherwise look for again.

/// A string that has an escape.
pub(super) const ESCAPED: u32 = 1 << 3;
/// A string with a byte that the sanitiser may ask its rules about; never absent where
/// there is an escape, or a byte that is not ASCII.
pub(super) const MARKED: u32 = 1 << 4;
/// A string with a full stop: as a key it is a path of several steps.
pub(super) const DOTTED: u32 = 1 << 5;
/// A string with an escape by number: a NUL or half of a pair may hide in it.
pub(super) const NUMBERED: u32 = 1 << 6;

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

const ONES: u64 = u64::from_le_bytes([1; 8]);
const HIGH: u64 = ONES << 7;

/// The high bit of each byte under 0x80 that is not `byte`; of the others it
/// tells nothing.
const fn differs(low: u64, byte: u8) -> u64 {
    (low ^ (ONES * byte as u64)) + ONES * 0x7f
}

/// The high bit of each byte under 0x80 that is `least` or more.
const fn reaches(low: u64, least: u8) -> u64 {
    low + ONES * (0x80 - least as u64)
}

/// The high bits of the bytes that the sanitiser may ask its rules about: what is not
/// ASCII, and from `%` to `@` all but the signs of plain prose; `[` and `{`.
const fn marks(word: u64, low: u64) -> u64 {
    let prose = differs(low, b',') & differs(low, b'.') & differs(low, b'?');
    let range = reaches(low, b'%') & !reaches(low, b'A') & prose;
    (word | range | !differs(low | ONES << 5, b'{')) & HIGH
}

/// The place after the string that opens at `at`, and what it holds; `None` where
/// the grammar refuses it. Eight bytes at a time.
pub(super) fn string(bytes: &[u8], at: usize) -> Option<(usize, u32)> {
    let mut at = at + 1;
    let mut escaped = 0;
    let (mut marked, mut dotted) = (0, 0);
    loop {
        let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) else {
            return slowly(bytes, at, flags(marked, dotted) | escaped);
        };
        let word = u64::from_le_bytes(*chunk);
        let low = word & !HIGH;
        // A quote, a backslash, or a control character.
        let ends = !(differs(low, b'"') & differs(low, b'\\') & reaches(low, 0x20) | word) & HIGH;
        let dots = !differs(low, b'.') & HIGH & !word;
        if ends == 0 {
            marked |= marks(word, low);
            dotted |= dots;
            at += 8;
            continue;
        }
        let end = ends.trailing_zeros();
        let inside = (1_u64 << (end & !7)).wrapping_sub(1);
        marked |= marks(word, low) & inside;
        dotted |= dots & inside;
        at += (end / 8) as usize;
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
                let word = u64::from(byte);
                if marks(word, word & !HIGH) & 0x80 != 0 {
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
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        let low = word & !HIGH;
        let ends = !(differs(low, b'"') & differs(low, b'\\') | word) & HIGH;
        if ends != 0 {
            return at + (ends.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while !matches!(bytes.get(at), Some(b'"' | b'\\') | None) {
        at += 1;
    }
    at
}
