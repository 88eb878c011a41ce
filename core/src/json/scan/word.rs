//! Eight bytes at a time in a plain integer: for every machine.

use super::Seen;

/// Bytes of a block.
pub(super) const BLOCK: usize = 8;
/// Bits of a mask that belong to one byte.
pub(super) const BITS: u32 = 8;

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

/// What the block holds, in the high bits of its bytes.
pub(super) fn look(block: &[u8; BLOCK]) -> Seen {
    let word = u64::from_le_bytes(*block);
    let low = word & !HIGH;
    let dot = differs(low, b'.');
    let prose = differs(low, b',') & dot & differs(low, b'?');
    let range = reaches(low, b'%') & !reaches(low, b'A') & prose;
    Seen {
        ends: !(differs(low, b'"') & differs(low, b'\\') & reaches(low, 0x20) | word) & HIGH,
        marks: (word | range | !differs(low | ONES << 5, b'{')) & HIGH,
        dots: !dot & HIGH & !word,
    }
}

/// The quotes and backslashes of the block.
#[cfg(feature = "catalogue")]
pub(super) fn quotes(block: &[u8; BLOCK]) -> u64 {
    let word = u64::from_le_bytes(*block);
    let low = word & !HIGH;
    !(differs(low, b'"') & differs(low, b'\\') | word) & HIGH
}
