//! Ends URLs at their path: a query or a fragment may carry anything.
//!
//! A URL begins at `scheme://`, or at a `/` that opens the whole text (a path).
//! It reaches to the next white space, double quote or angle bracket, and has 500 bytes
//! at most. What stands before the host's `@` (credentials) goes as well; a page
//! leaves to the edge that of a URL in the path of another one. Of a query, the parameters stay that
//! the site named.

use alloc::string::String;

#[cfg(feature = "rare-rules")]
use super::EMAIL_MARK;
use super::glyph::{byte, seen, starts_with};
use super::policy::Policy;
use crate::limits::URL_MAX_BYTES;

/// The text with every URL ended at its path; `None` when nothing changes. The
/// policy tells the parameters that a query keeps.
pub(super) fn without_queries(text: &str, policy: &Policy<'_>) -> Option<String> {
    let bytes = text.as_bytes();
    let mut output: Option<String> = None;
    let mut copied = 0;
    let mut remove = |from: usize, to: usize| {
        if from < to {
            let output = output.get_or_insert_with(String::new);
            output.push_str(text.get(copied..from).unwrap_or_default());
            copied = to;
        }
    };
    let mut at = 0;
    let mut ends = Ends { query: 0, whole: 0 };
    if bytes.first() == Some(&b'/') {
        at = end_of_url(bytes, 0, false);
        end_of_query(text, (0, end_of_path(bytes, 0, at), at), policy, &mut remove);
    }
    while at < bytes.len() {
        #[cfg(feature = "rare-rules")]
        {
            at = super::find::address(bytes, at);
        }
        let is_url = bytes.get(at) == Some(&b':')
            && bytes.get(at + 1..at + 3) == Some(b"//")
            && ends_scheme(bytes, at);
        if !is_url {
            if policy.rare()
                && let Some(end) = bare(bytes, at, &mut ends)
            {
                end_of_query(text, (at, ends.query, end), policy, &mut remove);
                at = end;
            }
            at += 1;
            continue;
        }
        let host = at + 3;
        let scheme = bytes.get(..at).unwrap_or_default();
        let before = scheme.iter().rposition(|byte| !byte.is_ascii_alphanumeric());
        let quoted = before.is_some_and(|quote| byte(bytes, quote) == b'\'');
        let end = end_of_url(bytes, host, quoted);
        let path_end = end_of_path(bytes, host, end);
        remove(host, after_credentials(bytes, host, path_end));
        // The scheme counts with the URL: a letter and what it is behind.
        end_of_query(text, (host, path_end, end), policy, &mut remove);
        at = end;
    }
    let mut output = output?;
    output.push_str(text.get(copied..).unwrap_or_default());
    Some(output)
}

/// Takes what a URL may not keep out of it: where it begins, its path ends, and it ends.
fn end_of_query(
    text: &str,
    (from, path_end, end): (usize, usize, usize),
    policy: &Policy<'_>,
    remove: &mut impl FnMut(usize, usize),
) {
    let bytes = text.as_bytes();
    let limit = text.floor_char_boundary(end.min(from + URL_MAX_BYTES));
    let door = if policy.rare() { door(bytes, from) } else { 0 };
    if door > 0 {
        remove(from + door, end);
        return;
    }
    #[cfg(feature = "rare-rules")]
    if policy.rare() {
        inner_credentials(bytes.get(..path_end).unwrap_or_default(), (from, limit), remove);
    }
    if path_end >= limit {
        remove(limit, end);
        return;
    }
    if !policy.rare() || policy.query.is_empty() || byte(bytes, path_end) != b'?' {
        remove(path_end, end);
        return;
    }
    let query_end = first(bytes, path_end + 1, limit, |byte| byte == b'#');
    // What is taken out begins at the sign before a parameter, or behind the
    // question mark, so that the next one that stays stands right there.
    let mut gone = path_end;
    let mut some = false;
    let mut at = path_end + 1;
    while at < query_end {
        let to = first(bytes, at, query_end, |byte| byte == b'&');
        let name_end = first(bytes, at, to, |byte| byte == b'=');
        let name = text.get(at..name_end).unwrap_or_default();
        // A parameter that the limit cuts is gone: half a value is another value.
        let whole = to < limit || to == end;
        if whole && policy.query.contains(&name) {
            // The sign in front is the query's own for the first.
            let front = if some { at - 1 } else { at };
            remove(if some { gone } else { (path_end + 1).min(at) }, front);
            some = true;
            gone = to;
        }
        at = to + 1;
    }
    remove(gone, end);
}

/// Takes credentials out of the URLs that stand in a path, which ends with `bytes`, as far
/// as that stays. Where a page has put a mark in place of what it took for an address, they
/// end before the mark.
#[cfg(feature = "rare-rules")]
fn inner_credentials(
    bytes: &[u8],
    (from, limit): (usize, usize),
    remove: &mut impl FnMut(usize, usize),
) {
    let mut at = super::find::address(bytes, from);
    while at + 3 < limit {
        let host = at + 3;
        at += 1;
        if bytes.get(at - 1..host) == Some(b"://") && ends_scheme(bytes, at - 1) {
            let authority = first(bytes, host, bytes.len(), |byte| matches!(byte, b'/' | b'\\'));
            let behind = after_credentials(bytes, host, authority);
            let mark =
                || (host..authority).find(|at| starts_with(bytes, *at, EMAIL_MARK.as_bytes()));
            remove(host, if behind > host { behind } else { mark().unwrap_or(host) });
            at = authority;
        }
        at = super::find::address(bytes, at);
    }
}

/// Whether a scheme ends before a place: `https`, and those that end with one digit,
/// `socks5`, `s3`.
pub(super) fn ends_scheme(bytes: &[u8], at: usize) -> bool {
    let digit = usize::from(super::glyph::before(bytes, at).is_ascii_digit());
    super::glyph::before(bytes, at - digit).is_ascii_alphabetic()
}

/// What was found out of the addresses that begin before these places: where the first
/// query begins, and where they end. `www.www.www.` may be an address at each point.
struct Ends {
    query: usize,
    whole: usize,
}

/// Where an address without its scheme ends that begins at a place and has a query or a
/// fragment: `www.shop.example/cart?id=7`. A question mark may be the sentence's.
fn bare(bytes: &[u8], at: usize, ends: &mut Ends) -> Option<usize> {
    if !byte(bytes, at).eq_ignore_ascii_case(&b'w') || !starts_with(bytes, at, b"www.") {
        return None;
    }
    if super::glyph::before(bytes, at).is_ascii_alphanumeric() {
        return None;
    }
    if at >= ends.whole {
        *ends = Ends { query: 0, whole: end_of_url(bytes, at, false) };
    }
    if at >= ends.query {
        ends.query = end_of_path(bytes, at, ends.whole);
    }
    let Ends { query: path_end, whole: end } = *ends;
    let more = byte(bytes, path_end + 1);
    (path_end < end && (more.is_ascii_alphanumeric() || more == b'_')).then_some(end)
}

/// The length of a host and path behind which everything opens a door: web hooks.
pub(super) fn door(bytes: &[u8], host: usize) -> usize {
    const DOORS: [&[u8]; 5] = [
        b"hooks.slack.com/services/",
        b"discord.com/api/webhooks/",
        b"discordapp.com/api/webhooks/",
        b"api.telegram.org/bot",
        b"outlook.office.com/webhook/",
    ];
    if !matches!(byte(bytes, host) | 0x20, b'h' | b'd' | b'a' | b'o') {
        return 0;
    }
    let found = DOORS.iter().find(|door| starts_with(bytes, host, door));
    found.map_or(0, |door| door.len())
}

/// Where a text that is nothing but an address or a path begins its query or
/// fragment, and nothing of it may stay.
pub(super) fn query_start(text: &str, policy: &Policy<'_>) -> Option<usize> {
    let keeps_some = policy.rare() && !policy.query.is_empty();
    let start = text.bytes().position(|byte| matches!(byte, b'?' | b'#'));
    if keeps_some { None } else { start }
}

/// An apostrophe is a URL's own character, which browsers leave as it is, unless
/// the URL stands between two.
fn end_of_url(bytes: &[u8], from: usize, quoted: bool) -> usize {
    first(bytes, from, bytes.len(), |byte| {
        ENDS.get(usize::from(byte)).is_some_and(|ends| *ends) || quoted && byte == b'\''
    })
}

/// The bytes that end every URL.
static ENDS: [bool; 256] = {
    let mut table = [false; 256];
    let mut at = 0;
    while at < 128 {
        let byte = at as u8;
        table[at] = byte.is_ascii_whitespace() || matches!(byte, b'"' | b'<' | b'>' | b'`');
        at += 1;
    }
    table
};

fn end_of_path(bytes: &[u8], from: usize, end: usize) -> usize {
    first(bytes, from, end, |byte| matches!(byte, b'?' | b'#'))
}

/// The place behind the last `@` of the authority; the host's own for none.
fn after_credentials(bytes: &[u8], host: usize, end: usize) -> usize {
    let mut behind = host;
    for (offset, byte) in bytes.get(host..end).unwrap_or_default().iter().enumerate() {
        match seen(*byte) {
            b'/' | b'\\' => break,
            b'@' => behind = host + offset + 1,
            _ => {}
        }
    }
    behind
}

/// The first place in a range where a byte is such a one, else the range's end.
fn first(bytes: &[u8], from: usize, to: usize, such: impl Fn(u8) -> bool) -> usize {
    let range = bytes.get(from..to).unwrap_or_default();
    range.iter().position(|byte| such(seen(*byte))).map_or(to, |offset| from + offset)
}
