//! Words that open doors: JSON web tokens, keys of vendors, private keys. And
//! words that name a person or an account: those with letters in them.

use super::glyph::{byte, is_word, starts_with};
use super::scan::Scan;
use super::topic::Topic;
use super::{Rule, checksum, national};

/// What the keys of vendors begin with. What follows must look drawn by lot.
const PREFIXES: &str = "sk- sk_ rk_ pk_live_ ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- gl \
    xoxb- xoxp- xoxa- xoxs- xoxr- xoxe- xapp- AKIA ASIA AIza ya29 SG npm_ pypi- hf_ gsk_ xai- \
    dop_v1_ doo_v1_ shpat_ shpss_ shpca_ shppa_ sq0atp- sq0csp- lin_api_ figd_ PMAK- ATATT hvs \
    EAAC whsec_ sntrys_ nvapi- r8_ pplx- phx_ key- secret_ rubygems_ dckr_pat_ tskey- ";

/// A letter or digit run of this length was drawn by lot, not written.
const DRAWN: usize = 16;

/// Judges a word with letters and digits.
pub(super) fn word(scan: &mut Scan<'_>, from: usize, to: usize) -> bool {
    let bytes = scan.bytes;
    let length = to - from;
    if byte(bytes, from).is_ascii_alphabetic() && byte(bytes, from + 2).is_ascii_digit() {
        let told = scan.topic(from) == Topic::Bank;
        let end = checksum::iban(bytes.get(from..).unwrap_or_default(), told);
        if end > 0 && !scan.is_at_sign(from + end) {
            scan.found(Rule::Iban, from, from + end);
            return true;
        }
    }
    if length >= DRAWN {
        let mut end = to;
        while byte(bytes, end) == b'.' && is_word(byte(bytes, end + 1))
            || is_word(byte(bytes, end))
            || matches!(byte(bytes, end), b'/' | b'+' | b'=' | b'~')
                && scan.topic(from) == Topic::Scheme
        {
            end += 1;
        }
        // SG.… and ya29.… : the prefix may hold no digit itself.
        let mut head = from;
        if scan.before(from) == b'.' {
            head -= 1;
            while head > scan.copied && head + 6 > from && is_word(scan.before(head)) {
                head -= 1;
            }
        }
        let rule = if starts_with(bytes, from, b"eyj") && end > to && byte(bytes, to) == b'.' {
            Some(Rule::Jwt)
        } else if has_prefix(bytes, head, end)
            || scan.topic(from) == Topic::Scheme && is_drawn(bytes, from, end)
        {
            Some(Rule::Secret)
        } else {
            None
        };
        if let Some(rule) = rule
            && !scan.is_at_sign(end)
        {
            scan.found(rule, if rule == Rule::Secret { head } else { from }, end);
            return true;
        }
        if end > to {
            // What was looked at is behind us: a chain of words is read once.
            scan.at = end;
            return true;
        }
    }
    let end = national::word(scan, from, to);
    if end > 0 && !scan.is_at_sign(end) {
        scan.found(Rule::NationalId, from, end);
        return true;
    }
    false
}

/// Whether a word begins as a vendor's key does and goes on as one.
fn has_prefix(bytes: &[u8], from: usize, to: usize) -> bool {
    let prefixes = PREFIXES.as_bytes();
    let (mut at, mut read) = (0, 0);
    while at < prefixes.len() {
        let wanted = byte(prefixes, at);
        if wanted == b' ' {
            if read > 1 && is_drawn(bytes, from + read, to) {
                return true;
            }
            read = 0;
        } else if byte(bytes, from + read) == wanted {
            read += 1;
        } else {
            while byte(prefixes, at) != b' ' && at < prefixes.len() {
                at += 1;
            }
            read = 0;
        }
        at += 1;
    }
    false
}

/// Whether a text holds a long run of letters and digits, both of them.
fn is_drawn(bytes: &[u8], from: usize, to: usize) -> bool {
    let (mut run, mut digits, mut letters) = (0, 0, 0);
    let mut at = from;
    while at < to {
        let here = byte(bytes, at);
        if here == b'-' || here == b'_' || here == b'.' {
            run = 0;
            digits = 0;
            letters = 0;
        } else {
            run += 1;
            digits += usize::from(here.is_ascii_digit());
            letters += usize::from(here.is_ascii_alphabetic());
            if run >= DRAWN && digits > 0 && letters > 0 {
                return true;
            }
        }
        at += 1;
    }
    false
}

/// A private key in PEM: from its first line to its last, or to the text's end.
pub(super) fn private_key(scan: &mut Scan<'_>) {
    let bytes = scan.bytes;
    let from = scan.at;
    let mut at = from;
    while byte(bytes, at) == b'-' {
        at += 1;
    }
    scan.at = at;
    if at < from + 5 || !starts_with(bytes, at, b"begin ") {
        return;
    }
    let mut end = at + 6;
    while end < at + 40 && !starts_with(bytes, end, b"private key-") {
        end += 1;
    }
    if end == at + 40 {
        return;
    }
    while end < bytes.len() && !starts_with(bytes, end, b"-----end") {
        end += 1;
    }
    // To the end of the last line's dashes.
    let mut last = (end + 8).min(bytes.len());
    while last < bytes.len() && last < end + 60 && !starts_with(bytes, last, b"-----") {
        last += 1;
    }
    last = if starts_with(bytes, last, b"-----") { last + 5 } else { bytes.len() };
    scan.found(Rule::PrivateKey, from, last);
}
