//! Finds addresses of e-mail in running text.
//!
//! An address is a local part, an at sign (also `%40` and the full-width `＠`),
//! and a domain with a dot whose last label is of letters. Both sides may hold
//! letters of any script, and signs that nobody sees; where a word of ASCII meets
//! Chinese, Japanese or Korean, which set no space, the address ends. The domain
//! is looked at first, and the local part only where there is one: each byte is
//! looked at a bounded number of times.

use super::Rule;
use super::glyph::{DIGIT, EVERYWHERE, LETTER, before, byte, is_unspaced, seen, sort, starts_with};
use super::scan::Scan;

/// RFC 5321, 4.5.3.1.1, in characters of which one may be four bytes.
const LOCAL_MAX_BYTES: usize = 64 * 4;
/// The same for one in quotes, which hold spaces: a sentence is none.
const QUOTED_MAX_BYTES: usize = 66;
/// RFC 5321, 4.5.3.1.2.
const DOMAIN_MAX_BYTES: usize = 255;

/// Judges the at sign, if one stands at the scan's place.
pub(super) fn address(scan: &mut Scan<'_>) {
    let at = scan.at;
    let (sign, spelt) = match at_sign(scan.bytes, at) {
        0 => (spelt_sign(scan.bytes, at), true),
        sign => (sign, false),
    };
    if sign == 0 {
        return;
    }
    let bytes = scan.bytes;
    let host = at + sign + usize::from(spelt && byte(bytes, at + sign) == b' ');
    let to = domain_end(bytes, host, spelt);
    if to > host {
        let end = at - usize::from(spelt && before(bytes, at) == b' ');
        let from = local_start(bytes, scan.copied, end);
        if from < end {
            scan.found(Rule::Email, from, to);
            return;
        }
    }
    scan.at = at + sign;
}

/// The length of the at sign at a place; 0 for none. A page knows three of them.
pub(super) fn at_sign(bytes: &[u8], at: usize) -> usize {
    let is = |sign: &[u8]| starts_with(bytes, at, sign);
    match byte(bytes, at) {
        b'@' => 1,
        0xef if is("＠".as_bytes()) || EVERYWHERE && is("﹫".as_bytes()) => 3,
        b'%' if byte(bytes, at + 1) == b'4' => 3 * usize::from(byte(bytes, at + 2) == b'0'),
        b'%' if EVERYWHERE && byte(bytes, at + 1) == b'2' => {
            // Encoded again and again: %2540.
            let mut end = at + 1;
            while starts_with(bytes, end, b"25") && end < at + 9 {
                end += 2;
            }
            if end > at + 1 && starts_with(bytes, end, b"40") { end + 2 - at } else { 0 }
        }
        b'%' if EVERYWHERE => 9 * usize::from(is(b"%ef%bc%a0")),
        b'&' if EVERYWHERE => {
            let signs = [b"&#64;".as_slice(), b"&#064;", b"&#x40;", b"&commat;"];
            signs.iter().find(|sign| is(sign)).map_or(0, |sign| sign.len())
        }
        b'\\' if EVERYWHERE => 6 * usize::from(is(b"\\u0040")),
        _ => 0,
    }
}

/// The length of an at sign that is spelt out, in brackets: `(at)`, `[ at ]`.
fn spelt_sign(bytes: &[u8], at: usize) -> usize {
    spelt(bytes, at, b"at")
}

/// The length of a word in brackets, either case.
fn spelt(bytes: &[u8], at: usize, word: &[u8]) -> usize {
    if !EVERYWHERE || !matches!(byte(bytes, at), b'(' | b'[' | b'{') {
        return 0;
    }
    let mut end = at + 1;
    end += usize::from(byte(bytes, end) == b' ');
    if !starts_with(bytes, end, word) {
        return 0;
    }
    end += word.len();
    end += usize::from(byte(bytes, end) == b' ');
    if matches!(byte(bytes, end), b')' | b']' | b'}') { end + 1 - at } else { 0 }
}

/// Where the local part before the at sign begins; the sign's own place when
/// there is none. Not before `floor`.
fn local_start(bytes: &[u8], floor: usize, sign: usize) -> usize {
    let floor = floor.max(sign.saturating_sub(LOCAL_MAX_BYTES));
    if EVERYWHERE && sign > floor && byte(bytes, sign - 1) == b'"' {
        return quoted_start(bytes, floor, sign);
    }
    let mut from = sign;
    // A local part is of ASCII, in either width, or of such a script: not of both.
    let unspaced = sign > 0 && byte(bytes, sign - 1) >= 0x80 && !ends_full_width(bytes, sign);
    while from > floor {
        let mut first = from - 1;
        while first > floor && byte(bytes, first) & 0xc0 == 0x80 {
            first -= 1;
        }
        let lead = byte(bytes, first);
        let full_width = lead == 0xef;
        if !is_local(lead) || lead >= 0x80 && is_unspaced(lead) && !unspaced && !full_width {
            break;
        }
        // 。、「」 and what is like them; ： and what is like it.
        if lead == 0xe3 && byte(bytes, first + 1) == 0x80
            || EVERYWHERE && full_width && !is_full_width(bytes, first)
        {
            break;
        }
        from = first;
    }
    // The limit may have cut a character of several bytes in two.
    while from < sign && byte(bytes, from) & 0xc0 == 0x80 {
        from += 1;
    }
    // Quotes and dots before an address are the sentence's, not the address's.
    while from < sign
        && matches!(byte(bytes, from), b'.' | b'\'' | b'-' | b'!' | b'#' | b'$' | b'^' | b'~')
    {
        from += 1;
    }
    from
}

/// Whether a letter, a digit or a sign of addresses in full width stands at a place, or
/// something that is no such form at all.
fn is_full_width(bytes: &[u8], at: usize) -> bool {
    match (byte(bytes, at + 1), byte(bytes, at + 2)) {
        (0xbc, sign) => matches!(sign, 0x8b | 0x8d | 0x8e | 0x90..=0x99 | 0xa1..=0xba | 0xbf),
        (0xbd, letter) => matches!(letter, 0x81..=0x9a),
        _ => true,
    }
}

/// Whether what ends before a place is such a letter, digit or sign.
fn ends_full_width(bytes: &[u8], end: usize) -> bool {
    EVERYWHERE
        && end > 2
        && byte(bytes, end - 3) == 0xef
        && matches!(byte(bytes, end - 2), 0xbc | 0xbd)
        && is_full_width(bytes, end - 3)
}

/// Where a local part in quotes begins: `"jo doe"@example.org`.
fn quoted_start(bytes: &[u8], floor: usize, sign: usize) -> usize {
    let mut from = sign - 1;
    while from > floor && from + QUOTED_MAX_BYTES > sign {
        from -= 1;
        match byte(bytes, from) {
            b'"' if from + 2 < sign => return from,
            b'"' | b'\n' | b'<' | b'>' => return sign,
            _ => {}
        }
    }
    sign
}

const fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || byte >= 0x80
        || matches!(byte, b'.' | b'_' | b'%' | b'+' | b'-' | b'\'')
        || EVERYWHERE && matches!(byte, b'!' | b'#' | b'$' | b'^' | b'~')
}

/// Where the domain behind the at sign ends; its beginning when there is none.
/// `spelt` tells that its dots may be words.
fn domain_end(bytes: &[u8], from: usize, spelt: bool) -> usize {
    if EVERYWHERE && byte(bytes, from) == b'[' {
        return literal_end(bytes, from);
    }
    let limit = bytes.len().min(from + DOMAIN_MAX_BYTES);
    let mut end = from;
    // The end of the last label of letters that follows a dot.
    let mut valid = from;
    let mut label = from;
    let (mut letters, mut ascii, mut unspaced) = (0, false, false);
    while end < limit {
        let here = byte(bytes, end);
        // Most are letters and digits of ASCII.
        if sort(here) & DIGIT != 0 {
            end += 1;
            continue;
        }
        if sort(here) & LETTER != 0 && !unspaced {
            let run = bytes.get(end..limit).unwrap_or_default();
            let own = run.iter().take_while(|byte| sort(seen(**byte)) & LETTER != 0).count();
            ascii = true;
            letters += own;
            end += own;
            if label > from && letters >= 2 && letters == end - label {
                valid = end;
            }
            continue;
        }
        let dot = match here {
            b'.' => 1,
            _ if spelt => spelt_dot(bytes, end),
            _ => dot(bytes, end),
        };
        if dot > 0 && end > label {
            end += dot;
            label = end;
            (letters, ascii, unspaced) = (0, false, false);
            continue;
        }
        let character = match here {
            // The sentence goes on in another script.
            b'a'..=b'z' | b'A'..=b'Z' => break,
            0x80.. if dot == 0 && at_sign(bytes, end) == 0 => {
                unspaced |= is_unspaced(here);
                let mut next = end + 1;
                while byte(bytes, next) & 0xc0 == 0x80 {
                    next += 1;
                }
                letters += next - end;
                next - end
            }
            b'-' if end > label => 1,
            b'_' if EVERYWHERE => 1,
            _ => break,
        };
        if ascii && unspaced {
            break;
        }
        end += character;
        if label > from && letters >= 2 && letters == end - label {
            valid = end;
        }
    }
    // A last label that goes on with digits or a hyphen is no top-level domain
    // of letters, but punycode's is: xn--p1ai.
    let punycode =
        bytes.get(label..label + 4).is_some_and(|start| start.eq_ignore_ascii_case(b"xn--"));
    if label > from && punycode && end > label + 4 { end } else { valid }
}

/// Where an address of a machine in brackets ends that stands for a domain.
fn literal_end(bytes: &[u8], from: usize) -> usize {
    let mut end = from + 1;
    let mut signs = 0;
    if starts_with(bytes, end, b"ipv6:") {
        end += 5;
    }
    while end < from + 56 {
        match byte(bytes, end) {
            b'.' | b':' => signs += 1,
            b']' if signs > 1 => return end + 1,
            here if here.is_ascii_hexdigit() => {}
            _ => return from,
        }
        end += 1;
    }
    from
}

/// The length of a dot that may be spelt out: `[dot]`, ` dot `, and spaces around.
fn spelt_dot(bytes: &[u8], at: usize) -> usize {
    if !matches!(byte(bytes, at), b' ' | b'(' | b'[' | b'{') {
        return dot(bytes, at);
    }
    let start = at + usize::from(byte(bytes, at) == b' ');
    let in_brackets = spelt(bytes, start, b"dot");
    if in_brackets > 0 {
        let end = start + in_brackets;
        return end + usize::from(byte(bytes, end) == b' ') - at;
    }
    if start > at && starts_with(bytes, start, b"dot ") { 5 } else { dot(bytes, at) }
}

/// The length of the dot at a place, of the three that IDNA takes for one; 0 for none.
fn dot(bytes: &[u8], at: usize) -> usize {
    match byte(bytes, at) {
        b'.' => 1,
        0xe3 | 0xef => match bytes.get(at..at + 3) {
            Some([0xef, 0xbc, 0x8e] | [0xef, 0xbd, 0xa1] | [0xe3, 0x80, 0x82]) => 3,
            _ => 0,
        },
        _ => 0,
    }
}
