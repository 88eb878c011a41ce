//! What a page runs of the sanitiser: one pass over JSON text.
//!
//! It says of a page's rules (docs/sanitiser.md) what [`json_with`](super::json_with)
//! says without rare rules, over text as `JSON.stringify` writes it: escaped is only
//! what must be, and nothing is unescaped to be looked at. docs/adr/0016 tells why it is
//! code of its own; a property test and a fuzz target hold both to the same bytes.
//!
//! Always true: one pass, idempotent, and JSON stays JSON, however it is written: an
//! escape is never cut. What other escapes hide (a page may replace `JSON.stringify`)
//! is left for the edge.

use alloc::string::String;

use super::EMAIL_MARK;
use super::glyph::{byte, is_unspaced, starts_with};
use super::names::{begins_word, is_hashed, is_joint};
use super::url::ends_scheme;
use crate::limits::{LONG_STRING_MAX_BYTES, STRING_MAX_BYTES, URL_MAX_BYTES};

/// The keys that hide what they hold, whatever it is, each behind a slash. A name's last
/// words decide.
const HIDDEN: &str = "/password/pwd/secret/token/apikey/authorization/cookie/email/phone/phonenumber\
    /cardnumber/cvc/ssn/iban/lastname/address/latitude/longitude";

/// The keys whose string is a URL or a path, four of them, and those that may be long.
const KNOWN: [&str; 6] = ["url", "path", "referrer", "href", "prompt_text", "stack_trace"];

/// What stands for a hidden value.
const REDACTED: &str = "\"[redacted]\"";
/// RFC 5321, 4.5.3.1.1, in characters of which one may be four bytes.
const LOCAL_MAX_BYTES: usize = 64 * 4;
/// RFC 5321, 4.5.3.1.2.
const DOMAIN_MAX_BYTES: usize = 255;
/// Bytes of the longest address of e-mail, about: what a cut may leave half of.
const LONGEST_WORD: usize = 512;

/// The sanitised text of a JSON object, array or string; `None` when it is cut off,
/// closes what it never opened, or goes on behind its end. Beyond that it is taken for
/// JSON: `JSON.stringify` wrote it.
pub fn small_json(text: &str) -> Option<String> {
    let mut small = Small { text, bytes: text.as_bytes(), out: String::new(), copied: 0 };
    let bytes = small.bytes;
    let mut depth = 0_u32;
    let mut at = 0;
    // The key in front, where no other value stands between.
    let mut key: &[u8] = &[];
    while let Some(first) = bytes.get(at) {
        if depth == 0 && at > 0 {
            return None;
        }
        let from = at;
        at += 1;
        match first {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.checked_sub(1)?,
            b'"' => {
                at = string_end(bytes, from)?;
                let inside = bytes.get(from + 1..at - 1)?;
                let next = after_space(bytes, at);
                if byte(bytes, next) != b':' {
                    small.string(from + 1, at - 1, key);
                } else {
                    at = after_space(bytes, next + 1);
                    key = inside;
                    if is_hidden(key) {
                        let value = at;
                        at = value_end(bytes, at)?;
                        let inside = bytes.get(value..at)?;
                        let stays = matches!(byte(bytes, value), b't' | b'f' | b'n')
                            || inside == b"\"\""
                            || inside == REDACTED.as_bytes()
                            || is_hashed(bytes.get(value + 1..at - 1).unwrap_or_default());
                        if !stays {
                            small.put(value, at, REDACTED);
                        }
                    }
                    continue;
                }
            }
            _ => {}
        }
        // What an array or object holds is no member of the key's.
        key = &[];
    }
    if depth > 0 {
        return None;
    }
    small.put(text.len(), text.len(), "");
    Some(small.out)
}

struct Small<'a> {
    text: &'a str,
    bytes: &'a [u8],
    out: String,
    /// Everything before it is written.
    copied: usize,
}

impl Small<'_> {
    /// Writes what comes before a range, and a mark for the range.
    #[inline(never)]
    fn put(&mut self, from: usize, to: usize, mark: &str) {
        self.out.push_str(self.text.get(self.copied..from).unwrap_or_default());
        self.out.push_str(mark);
        self.copied = to;
    }

    /// Sanitises the inside of a string.
    fn string(&mut self, from: usize, close: usize, key: &[u8]) {
        let bytes = self.bytes;
        let known = KNOWN.iter().take_while(|name| name.as_bytes() != key).count();
        let is_long = matches!(known, 4 | 5);
        let limit = if is_long { LONG_STRING_MAX_BYTES } else { STRING_MAX_BYTES };
        let to = kept_end(bytes, from, close, limit, known < 4);
        let mut at = from;
        // Where a local part that goes on here may have begun: of any letters, and of
        // none from a script without spaces.
        let (mut start, mut start_spaced) = (from, from);
        // Behind the last escape, whose letter is none of the text's.
        let mut plain = from;
        // Of the last URL: where what it may not keep begins, and where it ends.
        let (mut cut, mut url_end) = (usize::MAX, from);
        while at < to {
            let here = byte(bytes, at);
            if at >= cut {
                self.put(cut, url_end, "");
                at = url_end;
                cut = usize::MAX;
                (start, start_spaced) = (at, at);
                continue;
            }
            let is_path = at == from && here == b'/';
            if at >= url_end
                && (is_path
                    || starts_with(bytes, at, b"://")
                        && ends_scheme(bytes.get(plain..).unwrap_or_default(), at - plain))
            {
                let host = if is_path { at } else { at + 3 };
                let url = Url::at(bytes, plain, host, to);
                url_end = url.end;
                at = host;
                if !is_path && url.user_end > host {
                    self.put(host, url.user_end, "");
                    at = url.user_end;
                }
                if url.kept < url.end {
                    cut = url.kept;
                }
                // The sign that begins a path is no local part's.
                at += usize::from(is_path);
                (start, start_spaced) = (at, at);
                continue;
            }
            if here == b'\\' {
                at += escape_length(bytes, at);
                plain = at;
                (start, start_spaced) = (at, at);
                continue;
            }
            let sign = at_sign(bytes, at);
            if sign > 0 {
                let host = at + sign;
                let end = domain_end(bytes, host, to.min(cut));
                let spaced = byte(bytes, at.max(1) - 1) < 0x80;
                let mut local = if spaced { start_spaced } else { start };
                local = local.max(at.saturating_sub(LOCAL_MAX_BYTES));
                // Half a character, and what is the sentence's.
                while local < at && matches!(byte(bytes, local), 0x80..=0xbf | b'.' | b'\'' | b'-')
                {
                    local += 1;
                }
                if end > host && local < at {
                    self.put(local, end, EMAIL_MARK);
                    at = end;
                    (start, start_spaced) = (at, at);
                    continue;
                }
            }
            at += 1;
            match here {
                // 。、「」 and what is like them.
                0xe3 if byte(bytes, at) == 0x80 => (start, start_spaced) = (at + 2, at + 2),
                _ if is_unspaced(here) => start_spaced = at + 2,
                b'.' | b'_' | b'%' | b'+' | b'-' | b'\'' | 0x80.. => {}
                _ if here.is_ascii_alphanumeric() => {}
                _ => (start, start_spaced) = (at, at),
            }
        }
        if cut < url_end {
            self.put(cut, url_end, "");
        }
        if to < close {
            self.put(to, close, "");
        }
    }
}

/// A URL, or a path.
struct Url {
    /// Behind its credentials; not behind its first byte for none.
    user_end: usize,
    /// The end of what it may keep.
    kept: usize,
    end: usize,
}

impl Url {
    /// The URL whose host is at a place; a string's inside ends at `to`, and its last
    /// escape before the host at `from`.
    fn at(bytes: &[u8], from: usize, host: usize, to: usize) -> Self {
        // An apostrophe is a URL's own, unless it stands between two.
        let mut before = host.saturating_sub(3);
        while before > from && byte(bytes, before - 1).is_ascii_alphanumeric() {
            before -= 1;
        }
        let quoted = before > from && byte(bytes, before - 1) == b'\'';
        let (mut user_end, mut kept) = (0, usize::MAX);
        let mut in_authority = true;
        // An escape counts as the one byte that it stands for.
        let (mut end, mut limit, mut length) = (host, host, 0);
        while end < to {
            if length <= URL_MAX_BYTES {
                limit = end;
            }
            length += 1;
            match byte(bytes, end) {
                b' ' | b'<' | b'>' | b'`' => break,
                b'\'' if quoted => break,
                b'?' | b'#' => {
                    kept = kept.min(end);
                    in_authority = false;
                }
                b'/' => in_authority = false,
                b'@' if in_authority => user_end = end + 1,
                b'\\' => {
                    let escaped = byte(bytes, end + 1);
                    if matches!(escaped, b'"' | b'n' | b'r' | b't' | b'f') {
                        break;
                    }
                    in_authority &= escaped != b'\\';
                    end += escape_length(bytes, end) - 1;
                }
                _ => {}
            }
            end += 1;
        }
        // An escape that is cut off reaches beyond.
        end = end.min(to);
        if length <= URL_MAX_BYTES {
            limit = end;
        }
        kept = kept.min(limit);
        // Half a character.
        while byte(bytes, kept) & 0xc0 == 0x80 {
            kept -= 1;
        }
        Self { user_end, kept, end }
    }
}

/// Where what a string keeps ends: before a query in a URL, within a limit before the
/// word that the limit falls into.
fn kept_end(bytes: &[u8], from: usize, close: usize, limit: usize, is_url: bool) -> usize {
    let (mut at, mut word, mut length) = (from, from, 0);
    while at < close {
        let here = byte(bytes, at);
        if is_url && matches!(here, b'?' | b'#') {
            return at;
        }
        if length == limit {
            while byte(bytes, at) & 0xc0 == 0x80 {
                at -= 1;
            }
            return if at - word > LONGEST_WORD { at } else { word };
        }
        length += 1;
        let is_word = here.is_ascii_alphanumeric()
            || matches!(here, b'@' | b'.' | b'_' | b'%' | b'+' | b'-' | 0x80..);
        at += if here == b'\\' { escape_length(bytes, at) } else { 1 };
        if !is_word {
            word = at;
        }
    }
    close
}

/// Whether a key hides what it holds: see [`HIDDEN`].
fn is_hidden(name: &[u8]) -> bool {
    let mut end = name.len();
    // email2, phones[0], address_1.
    while end > 0 && byte(name, end - 1) < 0x80 && !byte(name, end - 1).is_ascii_alphabetic() {
        end -= 1;
    }
    let mut read = end;
    let mut fits = true;
    for sign in HIDDEN.bytes().rev() {
        if sign == b'/' {
            if fits && begins_word(name, read) {
                return true;
            }
            read = end;
            fits = true;
        } else if fits {
            while read > 0 && read < end && is_joint(byte(name, read - 1)) {
                read -= 1;
            }
            fits = read > 0 && byte(name, read - 1).to_ascii_lowercase() == sign;
            read -= usize::from(fits);
        }
    }
    false
}

/// The length of the at sign at a place; 0 for none.
fn at_sign(bytes: &[u8], at: usize) -> usize {
    match byte(bytes, at) {
        b'@' => 1,
        _ if starts_with(bytes, at, b"%40") || starts_with(bytes, at, "＠".as_bytes()) => 3,
        _ => 0,
    }
}

/// Where the domain behind an at sign ends; its beginning when there is none.
fn domain_end(bytes: &[u8], from: usize, limit: usize) -> usize {
    let limit = limit.min(from + DOMAIN_MAX_BYTES);
    let (mut end, mut label, mut valid) = (from, from, from);
    let (mut letters, mut spaced, mut unspaced) = (0, false, false);
    while end < limit {
        let here = byte(bytes, end);
        let dot = match (here, byte(bytes, end + 1), byte(bytes, end + 2)) {
            (b'.', ..) => 1,
            // The three that IDNA takes for one.
            (0xef, 0xbc, 0x8e) | (0xef, 0xbd, 0xa1) | (0xe3, 0x80, 0x82) => 3,
            _ => 0,
        };
        if dot > 0 {
            if end == label {
                break;
            }
            end += dot;
            label = end;
            (letters, spaced, unspaced) = (0, false, false);
            continue;
        }
        match here {
            0x80.. if at_sign(bytes, end) == 0 => {
                unspaced |= is_unspaced(here);
                letters += 1;
            }
            b'0'..=b'9' => {}
            b'-' if end > label => {}
            _ if here.is_ascii_alphabetic() => {
                spaced = true;
                letters += 1;
            }
            _ => break,
        }
        // The sentence goes on in another script.
        if spaced && unspaced {
            break;
        }
        end += 1;
        if label > from && letters >= 2 && letters == end - label {
            valid = end;
        }
    }
    // Punycode may end with digits.
    if label > from && end > label + 4 && starts_with(bytes, label, b"xn--") {
        valid = end;
    }
    while byte(bytes, valid) & 0xc0 == 0x80 {
        valid -= 1;
    }
    valid
}

/// The place after the string that opens at `at`.
fn string_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// The place after the value at `at`.
fn value_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0_u32;
    loop {
        match bytes.get(at)? {
            b'"' => {
                at = string_end(bytes, at)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b',' | b' ' | b'\n' | b'\r' | b'\t' if depth == 0 => return Some(at),
            b'}' | b']' => match depth.checked_sub(1) {
                Some(outer) => depth = outer,
                None => return Some(at),
            },
            _ => {}
        }
        at += 1;
    }
}

/// The length of the escape at a place.
fn escape_length(bytes: &[u8], at: usize) -> usize {
    if byte(bytes, at + 1) == b'u' { 6 } else { 2 }
}

fn after_space(bytes: &[u8], mut at: usize) -> usize {
    while matches!(byte(bytes, at), b' ' | b'\n' | b'\r' | b'\t') {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests;
