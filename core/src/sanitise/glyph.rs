//! Reads one character of text as what it stands for: digits of any script,
//! separators of any width, marks that nobody sees.
//!
//! Every look at a byte goes through [`byte`] or [`seen`], so that tests can count the
//! steps that a text costs. What lies outside of the text reads as NUL.

/// Whether everything is read in every script and writing: a page leaves it to the edge.
pub(super) const EVERYWHERE: bool = cfg!(feature = "rare-rules");

/// A separator that nobody sees: zero-width space and joiners, soft hyphen.
pub(super) const NOTHING: u8 = 0;
/// White space of any width, on one line.
pub(super) const SPACE: u8 = 1;
/// Hyphens and dashes.
pub(super) const DASH: u8 = 2;
/// A full stop.
pub(super) const DOT: u8 = 4;
/// A slash.
pub(super) const SLASH: u8 = 8;
/// An opening parenthesis.
pub(super) const OPEN: u8 = 16;
/// A closing parenthesis.
pub(super) const CLOSE: u8 = 32;
/// Two spaces: a column's end, or somebody's thumb.
pub(super) const WIDE: u8 = 64;
/// A low line.
pub(super) const LINE: u8 = 128;

/// The byte at a place; NUL outside. In a page's build a call is smaller than what
/// it does, and there are hundreds.
#[cfg_attr(not(feature = "rare-rules"), inline(never))]
pub(super) fn byte(bytes: &[u8], at: usize) -> u8 {
    #[cfg(any(test, feature = "count-steps"))]
    super::steps::count();
    match bytes.get(at) {
        Some(byte) => *byte,
        None => 0,
    }
}

/// Counts a look at a byte of a slice, which [`byte`] does by itself.
#[inline(always)]
pub(super) fn seen(byte: u8) -> u8 {
    #[cfg(any(test, feature = "count-steps"))]
    super::steps::count();
    byte
}

/// The byte before a place; NUL at the beginning.
#[cfg_attr(not(feature = "rare-rules"), inline(never))]
pub(super) fn before(bytes: &[u8], at: usize) -> u8 {
    if at == 0 { 0 } else { byte(bytes, at - 1) }
}

/// Letters and digits of ASCII, and the two signs that identifiers hold.
#[cfg_attr(feature = "rare-rules", inline(always))]
pub(super) fn is_word(byte: u8) -> bool {
    // One look at a table is a fifth of four comparisons, and 256 bytes of a page.
    #[cfg(feature = "rare-rules")]
    return WORD.get(usize::from(byte)).is_some_and(|word| *word);
    #[cfg(not(feature = "rare-rules"))]
    joins(byte)
}

const fn joins(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

#[cfg(feature = "rare-rules")]
static WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = joins(byte as u8);
        byte += 1;
    }
    table
};

/// What a byte may be part of, a bit each: a digit or a letter of ASCII, the name of a
/// label; and whether it ends a label's value, or one that goes on to its line's end.
pub(super) const DIGIT: u8 = 1;
pub(super) const LETTER: u8 = 2;
pub(super) const IN_WORD: u8 = 4;
pub(super) const IN_NAME: u8 = 8;
pub(super) const ENDS_VALUE: u8 = 16;
pub(super) const ENDS_LINE: u8 = 32;
/// A sign between the words of a name; and a letter of any script.
pub(super) const JOINT: u8 = 64;
pub(super) const ANY_LETTER: u8 = 128;

/// One look at this table is a fifth of the comparisons that it stands for.
static SORTS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let sign = byte as u8;
        table[byte] = match sign {
            b'0'..=b'9' => DIGIT,
            b'a'..=b'z' | b'A'..=b'Z' => LETTER | ANY_LETTER,
            b'_' | b'-' | b'.' | b' ' => JOINT,
            0x80.. => ANY_LETTER,
            _ => 0,
        } | match sign {
            _ if joins(sign) => IN_WORD | IN_NAME,
            b'.' | 0x80.. => IN_NAME,
            _ => 0,
        } | match sign {
            0 | b'\n' | b'\r' | b'"' | b'\'' | b'<' | b'`' => ENDS_VALUE | ENDS_LINE,
            b' ' | b'\t' | b',' | b';' | b'&' | b'}' | b')' | b'>' | b'[' | b']' | b'\\' => {
                ENDS_VALUE
            }
            _ => 0,
        };
        byte += 1;
    }
    table
};

/// What a byte may be part of.
#[inline(always)]
pub(super) fn sort(byte: u8) -> u8 {
    SORTS.get(usize::from(byte)).copied().unwrap_or_default()
}

/// Whether the bytes at a place are these, letters of either case.
pub(super) fn starts_with(bytes: &[u8], at: usize, lower: &[u8]) -> bool {
    let mut seen = 0;
    while seen < lower.len() {
        if byte(bytes, at + seen).to_ascii_lowercase() != byte(lower, seen) {
            return false;
        }
        seen += 1;
    }
    true
}

/// The digit at a place and its length: ASCII, full-width, Arabic, Persian,
/// Devanagari. The length is 0 where there is none.
pub(super) fn digit(bytes: &[u8], at: usize) -> (u8, usize) {
    let first = byte(bytes, at);
    if first.is_ascii_digit() {
        return (first - b'0', 1);
    }
    if first < 0xd9 || !EVERYWHERE {
        return (0, 0);
    }
    let second = byte(bytes, at + 1);
    let (value, length) = match (first, second) {
        (0xd9, _) => (second.wrapping_sub(0xa0), 2),
        (0xdb, _) => (second.wrapping_sub(0xb0), 2),
        (0xef, 0xbc) => (byte(bytes, at + 2).wrapping_sub(0x90), 3),
        (0xe0, 0xa5) => (byte(bytes, at + 2).wrapping_sub(0xa6), 3),
        _ => (10, 0),
    };
    if value < 10 { (value, length) } else { (0, 0) }
}

/// The separator at a place and its length; the length is 0 for none.
pub(super) fn separator(bytes: &[u8], at: usize) -> (u8, usize) {
    let first = byte(bytes, at);
    match first {
        b' ' => return (SPACE, 1),
        b'-' => return (DASH, 1),
        b'.' => return (DOT, 1),
        b'/' => return (SLASH, 1),
        b'(' => return (OPEN, 1),
        b')' => return (CLOSE, 1),
        b'_' => return (LINE, 1),
        0xc2 | 0xe2 | 0xe3 | 0xef if EVERYWHERE => {}
        _ => return (NOTHING, 0),
    }
    match (first, byte(bytes, at + 1), byte(bytes, at + 2)) {
        (0xc2, 0xa0, _) => (SPACE, 2),
        (0xc2, 0xad, _) => (NOTHING, 2),
        (0xe2, 0x80, 0x80..=0x8a | 0xaf) | (0xe3, 0x80, 0x80) => (SPACE, 3),
        (0xe2, 0x80, 0x90..=0x95) | (0xe2, 0x88, 0x92) | (0xef, 0xbc, 0x8d) => (DASH, 3),
        (0xe2, 0x80, 0x8b..=0x8f) | (0xe2, 0x81, 0xa0) | (0xef, 0xbb, 0xbf) => (NOTHING, 3),
        (0xef, 0xbc, 0x8e) => (DOT, 3),
        (0xef, 0xbc, 0x8f) => (SLASH, 3),
        (0xef, 0xbc, 0x88) => (OPEN, 3),
        (0xef, 0xbc, 0x89) => (CLOSE, 3),
        _ => (NOTHING, 0),
    }
}

/// Whether a character of a script that is written without spaces (Chinese,
/// Japanese, Korean) begins with this byte. Full-width forms are not meant.
pub(super) const fn is_unspaced(lead: u8) -> bool {
    matches!(lead, 0xe3..=0xed)
}
