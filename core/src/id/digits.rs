//! Digits of a UUID, one after the other: for every machine, and for a page.

#[cfg(feature = "catalogue")]
use super::PLACES;

/// What each byte is worth as a digit. A page asks [`worth`], which is smaller.
#[cfg(feature = "catalogue")]
static WORTH: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = worth(byte as u8);
        byte += 1;
    }
    table
};

#[cfg(feature = "catalogue")]
fn nibble(digit: u8) -> u8 {
    WORTH[usize::from(digit)]
}
#[cfg(not(feature = "catalogue"))]
use worth as nibble;

/// What a digit is worth; more than 15 for what is none.
const fn worth(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        b'A'..=b'F' => digit - b'A' + 10,
        _ => 0xff,
    }
}

/// The bytes that the hyphenated form says; `None` where it is none.
pub(super) fn parse(text: &[u8; 36]) -> Option<[u8; 16]> {
    let mut bytes = [0; 16];
    // What is no digit leaves a bit above the digits'.
    let mut odd = 0;
    // At places that are known the digits are read four times as fast, which a page
    // has no bytes for.
    #[cfg(feature = "catalogue")]
    {
        for (slot, at) in bytes.iter_mut().zip(PLACES) {
            let [high, low] = [nibble(text[at]), nibble(text[at + 1])];
            odd |= high | low;
            *slot = high << 4 | low;
        }
        let hyphens = [text[8], text[13], text[18], text[23]];
        odd |= if hyphens == [b'-'; 4] { 0 } else { 0xff };
    }
    #[cfg(not(feature = "catalogue"))]
    {
        let byte = |at: usize| text.get(at).copied().unwrap_or_default();
        let mut at = 0;
        for slot in &mut bytes {
            if matches!(at, 8 | 13 | 18 | 23) {
                odd |= if byte(at) == b'-' { 0 } else { 0xff };
                at += 1;
            }
            let [high, low] = [nibble(byte(at)), nibble(byte(at + 1))];
            odd |= high | low;
            *slot = high << 4 | low;
            at += 2;
        }
    }
    (odd < 16).then_some(bytes)
}
