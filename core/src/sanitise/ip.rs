//! Addresses of machines: IPv4 and IPv6.
//!
//! Four numbers with dots are also a version: behind a product and a slash
//! (`Chrome/120.0.0.0`), a `v`, or a word for it they stay. Loopback and
//! unspecified addresses tell nothing and stay.

#[cfg(feature = "rare-rules")]
use super::find;
use super::glyph::{LETTER, before, byte, is_word, seen, sort, starts_with};
use super::index::Index;
use super::scan::Scan;
use super::topic::Topic;
use super::{Holds, Rule};

/// Whether a full stop stands behind the digit at a place, or behind its like: behind most
/// digits there is none.
#[inline]
pub(super) fn may_be_four(bytes: &[u8], at: usize) -> bool {
    (1..4).any(|width| byte(bytes, at + width) == b'.')
}

/// An IPv4 address at the scan's place.
pub(super) fn four(scan: &mut Scan<'_>) -> bool {
    let from = scan.at;
    let Quad { to, first, small } = quad(scan.bytes, from);
    if to == 0 {
        return false;
    }
    let previous = scan.before(from);
    if is_word(previous)
        || previous == b'.'
        || matches!(first, 0 | 127)
        || starts_with(scan.bytes, from, b"255.255.")
    {
        scan.at = to;
        return true;
    }
    let product = previous == b'/' && is_product(scan, from - 1);
    let key = from == 0 && scan.holds == Holds::Version;
    let version = product || key || scan.topic(from) == Topic::Version;
    if version || like_a_version(scan, from, to, small) && !is_told(scan, from) {
        scan.at = to;
        return true;
    }
    scan.found(Rule::Ip, from, to);
    true
}

/// Whether four numbers are as small as those of versions, chapters and names in
/// trees are, and nothing around them is an address's. One address in a hundred is
/// so, and is not found without a word.
fn like_a_version(scan: &Scan<'_>, from: usize, to: usize, small: bool) -> bool {
    let after = byte(scan.bytes, to);
    // A port, or the length of a network's prefix.
    let port = matches!(after, b':' | b'/') && byte(scan.bytes, to + 1).is_ascii_digit();
    let host = matches!(scan.before(from), b'/' | b'@') || after == b'/';
    let built = after == b'-' && byte(scan.bytes, to + 1).is_ascii_alphabetic();
    built || small && !port && !host
}

/// Whether a word before a place speaks of machines, or a mark that will stand there.
fn is_told(scan: &mut Scan<'_>, place: usize) -> bool {
    if scan.machine > 0 && scan.machine + TOLD_WITHIN >= place + "ip]".len() {
        return true;
    }
    scan.machines.before(scan.bytes, place)
}

/// The last word of machines so far.
#[derive(Debug, Default)]
pub(super) struct Machines {
    /// Behind its first letter; 0 for none.
    begun: usize,
    read: usize,
}

impl Machines {
    /// Whether one begins within reach of a place. Each byte is read once.
    fn before(&mut self, bytes: &[u8], place: usize) -> bool {
        let floor = place.saturating_sub(TOLD_WITHIN);
        let from = self.read.max(floor);
        self.read = self.read.max(place);
        #[cfg(feature = "rare-rules")]
        let from = self.by_blocks(bytes, from, place);
        let mut behind = sort(before(bytes, from)) & LETTER;
        for (offset, byte) in bytes.get(from..place).unwrap_or_default().iter().enumerate() {
            let here = sort(seen(*byte)) & LETTER;
            if here > behind && begins_machine(bytes, from + offset) {
                self.begun = from + offset + 1;
            }
            behind = here;
        }
        self.begun > floor
    }

    /// Reads by blocks, as far as that is worth its while; where the rest begins.
    #[cfg(feature = "rare-rules")]
    #[inline]
    fn by_blocks(&mut self, bytes: &[u8], mut from: usize, place: usize) -> usize {
        while from + find::WORTH <= place
            && let Some(mut begins) = find::letters(bytes, from)
        {
            begins &= u32::MAX >> (32 - (place - from).min(16));
            while begins != 0 {
                let at = from + begins.trailing_zeros() as usize;
                if begins_machine(bytes, at) {
                    self.begun = at + 1;
                }
                begins &= begins - 1;
            }
            from = (from + 16).min(place);
        }
        from
    }
}

/// Whether a word of machines begins at a place.
fn begins_machine(bytes: &[u8], at: usize) -> bool {
    if !INDEX.may_have(byte(bytes, at), byte(bytes, at + 1), byte(bytes, at + 2)) {
        return false;
    }
    let words = INDEX.get(byte(bytes, at), byte(bytes, at + 1));
    words.iter().any(|entry| {
        let word = entry.as_bytes().get(1..).unwrap_or_default();
        starts_with(bytes, at, word)
    })
}

/// Words of machines, each behind the sign that an index passes over.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    ".ip", ".addr", ".host", ".server", ".client", ".ping", ".peer", ".login", ".dns", ".proxy",
    ".gateway", ".ssh", ".remote", ".subnet", ".connect", ".network", ".resolver",
];

static INDEX: Index<{ WORDS.len() }> = Index::by_first_letters(WORDS);

/// How far before an address a word still tells of it.
const TOLD_WITHIN: usize = 24;

/// Whether the word before a slash is a product's, not a part of a path.
fn is_product(scan: &Scan<'_>, slash: usize) -> bool {
    let mut at = slash;
    while at > scan.copied && at + 32 > slash && is_word(scan.before(at)) {
        at -= 1;
    }
    at < slash && !matches!(scan.before(at), b'/' | b'.' | b':')
}

/// Four numbers up to 255 with dots between and no further one.
struct Quad {
    /// Where they end; 0 where there are none.
    to: usize,
    first: u32,
    /// Whether they are as small as a version's.
    small: bool,
}

impl Quad {
    const NONE: Self = Self { to: 0, first: 0, small: false };
}

fn quad(bytes: &[u8], from: usize) -> Quad {
    let (mut at, mut first, mut small) = (from, 0, true);
    for part in 0..4 {
        // One to three digits, without a zero in front.
        let (mut value, mut digits) = (0, 0);
        while digits < 3 {
            let digit = u32::from(byte(bytes, at + digits).wrapping_sub(b'0'));
            if digit > 9 {
                break;
            }
            value = value * 10 + digit;
            digits += 1;
        }
        let zero = digits > 1 && byte(bytes, at) == b'0';
        if digits == 0 || value > 255 || zero {
            return Quad::NONE;
        }
        if part == 0 {
            first = value;
            small = value < 40 && value != 10;
        }
        small &= value < 100;
        at += digits;
        if part < 3 {
            if byte(bytes, at) != b'.' {
                return Quad::NONE;
            }
            at += 1;
        }
    }
    let next = byte(bytes, at);
    let goes_on =
        is_word(next) && next != b'-' || next == b'.' && byte(bytes, at + 1).is_ascii_digit();
    if goes_on { Quad::NONE } else { Quad { to: at, first, small } }
}

/// Whether another colon stands behind the one at a place and a number in hex: one alone
/// is no address.
#[inline]
pub(super) fn may_be_six(bytes: &[u8], colon: usize) -> bool {
    let rest = bytes.get(colon + 1..).unwrap_or_default();
    let next = rest.iter().find(|byte| !HEX.get(usize::from(**byte)).is_some_and(|hex| *hex));
    next == Some(&b':')
}

static HEX: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = (byte as u8).is_ascii_hexdigit();
        byte += 1;
    }
    table
};

/// An IPv6 address whose first colon stands at the scan's place. True when the
/// colon is dealt with.
pub(super) fn six(scan: &mut Scan<'_>) -> bool {
    let bytes = scan.bytes;
    let mut from = scan.at;
    while from > scan.copied && from + 4 > scan.at && byte(bytes, from - 1).is_ascii_hexdigit() {
        from -= 1;
    }
    let previous = scan.before(from);
    // The colon of a label: addr:2001:db8:…
    if scan.at == from && byte(bytes, from + 1) != b':' {
        return false;
    }
    let (mut at, mut groups, mut group, mut colons, mut numbers) = (from, 0, 0, 0, false);
    // Whether every group has two digits: eight bytes of a key or a device, no address.
    let mut pairs = true;
    let mut gap = false;
    let head = scan.at - from;
    let mut end = from;
    let mut fits = true;
    // Whether all but a last group of five fits, and its colon.
    let (mut fits_but_last, mut port_begins) = (false, from);
    loop {
        let here = byte(bytes, at);
        if here.is_ascii_hexdigit() {
            numbers |= here.is_ascii_digit();
            group += 1;
            if group == 5 {
                fits_but_last = fits;
            }
            fits &= group <= 4;
            at += 1;
            end = at;
            continue;
        }
        groups += usize::from(group > 0);
        pairs &= group == 2;
        if here != b':' || at > from + 64 {
            break;
        }
        colons += 1;
        if group == 0 && colons > 1 {
            // A second gap, or a third colon in a row.
            fits &= !gap;
            gap = true;
            end = at + 1;
        }
        group = 0;
        port_begins = at;
        at += 1;
    }
    if colons < 2 {
        return false;
    }
    // An IPv4 address may be the last group; a full stop alone ends a sentence.
    if byte(bytes, at) == b'.' && group > 0 && byte(bytes, at + 1).is_ascii_digit() {
        let Quad { to, .. } = quad(bytes, at - group);
        if to == 0 {
            fits = false;
        } else {
            groups += 1;
            end = to;
            at = to;
        }
    }
    // Five digits behind the last colon are a port.
    let port = bytes.get(port_begins + 1..at).unwrap_or_default();
    if group == 5 && fits_but_last && port.iter().all(u8::is_ascii_digit) {
        fits = true;
        groups -= 1;
        end = port_begins;
    }
    let complete = if gap {
        (2..8).contains(&groups)
            && (numbers && (groups > 2 || head > 2 || head == 0) || groups > 2 && head == 4)
    } else {
        groups == 8 && !pairs
    };
    // Something::else and the last octets of a fingerprint are no addresses.
    let labelled = previous == b':' && is_label(scan, from - 1);
    let begins = !is_word(previous) && previous != b':' || labelled;
    // A member of something: f16::E.bits().
    let member = byte(bytes, end) == b'.' && byte(bytes, end + 1).is_ascii_alphabetic();
    let apart = begins && !member && !is_word(byte(bytes, end));
    if !fits || !complete || !apart {
        scan.at = at;
        return true;
    }
    // A zone belongs to it: fe80::1%eth0.
    if byte(bytes, end) == b'%' {
        end += 1;
        while is_word(byte(bytes, end)) {
            end += 1;
        }
    }
    scan.found(Rule::Ip, from, end);
    true
}

/// Whether the word before a colon is a label, and no group of an address.
fn is_label(scan: &Scan<'_>, colon: usize) -> bool {
    let mut at = colon;
    let mut hex = true;
    while at > scan.copied && at + 6 > colon && is_word(scan.before(at)) {
        at -= 1;
        hex &= byte(scan.bytes, at).is_ascii_hexdigit();
    }
    at < colon && (!hex || colon - at > 4)
}
