//! Short texts that no rule can change, told by what bytes they are of.
//!
//! Most strings of an event that hold a digit or a sign are ids, names of languages,
//! versions, addresses of pages: one look at each byte settles them, and no rule is
//! asked. What is not settled here the rules decide; a property test holds that they
//! leave alone what is.

use super::url::door;
use crate::id::Uuid;

/// Longer texts are the rules' from the start.
const MAX_BYTES: usize = 128;

/// What a byte may be part of.
const SLASH: u32 = 1 << 24;
const DASH: u32 = 1 << 25;
/// What ends an address's path: its query, its fragment.
const QUERY: u32 = 1 << 26;
/// Every other byte at which a rule begins.
const OTHER: u32 = 1 << 27;
/// Digits and colons are counted.
const DIGIT: u32 = 1;
const COLON: u32 = 1 << 12;

static SORTS: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'0'..=b'9' => DIGIT,
            b':' => COLON,
            b'/' => SLASH,
            b'-' => DASH,
            b'?' | b'#' => QUERY,
            b'@' | b'%' | b'&' | b'(' | b'[' | b'{' | b'=' | b'\\' | b'~' | 0x80.. => OTHER,
            _ => 0,
        };
        byte += 1;
    }
    table
};

/// Whether every rule leaves a text as it is. False tells nothing.
pub(super) fn is_settled(text: &str) -> bool {
    settles(text, 0)
}

/// Whether every rule leaves a text as it is that is an address or a path as a whole,
/// of which no query stays. False tells nothing.
#[cfg(feature = "catalogue")]
pub(super) fn is_settled_address(text: &str) -> bool {
    settles(text, QUERY)
}

/// Whether every rule leaves a text as it is that has no byte of some sorts.
fn settles(text: &str, without: u32) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() > MAX_BYTES {
        return false;
    }
    if bytes.len() == 36 && Uuid::parse(text).is_some() {
        return true;
    }
    let (mut sorts, mut counts) = (0, 0);
    for byte in bytes {
        let sort = SORTS.get(usize::from(*byte)).copied().unwrap_or(OTHER);
        sorts |= sort;
        counts += sort & (DIGIT | COLON);
    }
    let (digits, colons) = (counts & 0xfff, counts >> 12 & 0xfff);
    // An address of a machine has four digits, a number of anything more.
    if sorts & (OTHER | without) != 0 || digits > 3 {
        return false;
    }
    // A key of a vendor and an account have some length between slashes, and where
    // there is one digit alone, more.
    if digits > 0 {
        if bytes.contains(&b' ') {
            return false;
        }
        let least = if digits == 1 { 18 } else { 14 };
        if bytes.len() >= least && bytes.split(|byte| *byte == b'/').any(|part| part.len() >= least)
        {
            return false;
        }
    }
    // The one colon that labels nothing is a scheme's.
    let host = match (colons, bytes) {
        (0, [b'/', ..]) => 0,
        (0, _) => bytes.len(),
        (1, [b'h', b't', b't', b'p', b's', b':', b'/', b'/', ..]) => 8,
        (1, [b'h', b't', b't', b'p', b':', b'/', b'/', ..]) => 7,
        _ => return false,
    };
    if host < bytes.len() && (sorts & QUERY != 0 || door(bytes, host) > 0) {
        return false;
    }
    // A private key begins with dashes in a row, a person's folder behind a slash.
    !(sorts & DASH != 0 && bytes.windows(2).any(|two| two == b"--")
        || sorts & SLASH != 0 && has_folder(bytes))
}

/// Whether a slash stands before what may be the folder of persons.
fn has_folder(bytes: &[u8]) -> bool {
    let is_folder = |at: usize| {
        let word = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>());
        word.is_some_and(|word| {
            let lower = u32::from_le_bytes(*word) | 0x2020_2020;
            lower == u32::from_le_bytes(*b"home") || lower == u32::from_le_bytes(*b"user")
        })
    };
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        at += 1;
        if *byte == b'/' && is_folder(at) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::policy::Policy;
    use super::super::{Holds, rounds};
    use super::is_settled;
    use proptest::prelude::*;

    #[test]
    fn what_events_mostly_hold_is_settled() {
        for text in [
            "t_81",
            "en-GB",
            "0.1.0",
            "shop-assistant-2",
            "https://shop.example/help/returns",
            "/help/returns",
            "/orders/411/items",
            "0190f5f6-7e2a-7c3b-9d4e-5f60718293a4",
            "1440x",
            "Returns & refunds",
        ] {
            let expected = !matches!(text, "1440x" | "Returns & refunds");
            assert_eq!(is_settled(text), expected, "{text}");
        }
    }

    #[test]
    fn what_a_rule_may_change_is_not() {
        for text in [
            "https://shop.example/a?b",
            "/a#b",
            "/home/jo/a.txt",
            "//Users/jo",
            "https://hooks.slack.com/services/T/B",
            "sk-abcdefghijklmno1",
            "token:abc",
            "1.2.3.4",
            "-----BEGIN PRIVATE KEY-----abcdefghijklmnopqrst",
        ] {
            assert!(!is_settled(text), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]
        #[test]
        fn the_rules_leave_alone_what_is_settled(
            pieces in prop::collection::vec(
                prop_oneof![
                    prop::sample::select(vec![
                        "/", "//", "-", "--", ".", ":", "?", "#", "_", " ", "home", "Users", "https://",
                        "http://", "call me ", "id ", "SK", "sk-", "npm_", "AKIA", "GB", "DE", "A3-", "SG.",
                        "eyJ", "token", "bearer ", "hooks.slack.com/services/", "BEGIN PRIVATE KEY",
                        "0190f5f6-7e2a-7c3b-9d4e-5f60718293a4", "AAAAA", "Z", "+", "(",
                    ]).prop_map(String::from),
                    "[0-9]{1,2}", "[a-zA-Z]{1,9}", "[0-9a-fA-F]{8}-[0-9a-f]{4}-[0-9]{4}-[0-9a-f]{4}-[0-9]{12}",
                ],
                0..9,
            )
        ) {
            let text = pieces.concat();
            if is_settled(&text) {
                prop_assert_eq!(rounds(&text, Holds::Text, &Policy::DEFAULT, &mut 0), None, "{}", text);
            }
        }
    }
}
