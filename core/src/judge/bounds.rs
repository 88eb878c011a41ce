//! What one event may hold beyond JSON's grammar: parsers disagree about these,
//! so each has one stated answer here.

use alloc::string::String;
use alloc::vec::Vec;

use crate::json::{Kind, Node, Token, Tokens as _, Value, Walker, unescape};
use crate::limits::{JSON_MAX_DEPTH, OBJECT_MAX_MEMBERS};
use crate::verdict::{Code, Fault};

/// The decimal exponent from which on a number may exceed a 64-bit float, which
/// ends at 1.797…e308.
const MAX_EXPONENT: i64 = 308;

/// Checks one event: object, size, depth, members, keys that stand twice, halves
/// of surrogate pairs, NUL, and numbers beyond a 64-bit float.
///
/// # Errors
/// The first fault, with its pointer.
pub fn check(value: Value<'_>, max_bytes: usize) -> Result<(), Fault> {
    has_size(value.kind(), value.raw(), max_bytes)?;
    closely(value)
}

/// As [`check`]: what the tape does not doubt needs no second look.
///
/// # Errors
/// As [`check`].
pub(super) fn check_node(node: Node<'_, '_>, max_bytes: usize) -> Result<(), Fault> {
    has_size(node.kind(), node.raw(), max_bytes)?;
    if node.in_doubt() { closely(node.value()) } else { Ok(()) }
}

fn has_size(kind: Kind, raw: &str, max_bytes: usize) -> Result<(), Fault> {
    if kind != Kind::Object {
        return Err(Fault::new(Code::NotAnObject, ""));
    }
    if raw.len() > max_bytes {
        return Err(Fault::new(Code::EventTooLarge, ""));
    }
    Ok(())
}

fn closely(value: Value<'_>) -> Result<(), Fault> {
    let mut keys: Vec<Vec<&str>> = Vec::new();
    let mut walker = Walker::new(value);
    while let Some(token) = walker.next() {
        let fault = match token {
            Token::Open(_) if walker.depth() > JSON_MAX_DEPTH => Some(Code::TooDeep),
            Token::Open(_) => {
                keys.push(Vec::new());
                None
            }
            Token::Close => {
                keys.pop();
                None
            }
            Token::Key(key) => {
                text_fault(key).or_else(|| keys.last_mut().and_then(|level| key_fault(level, key)))
            }
            Token::String(inside) => text_fault(inside),
            Token::Number(number) if is_out_of_range(number) => Some(Code::NumberOutOfRange),
            Token::Number(_) | Token::Literal(_) => None,
        };
        if let Some(code) = fault {
            let mut pointer = String::new();
            // The place of something too deep is the root: its pointer alone
            // would be longer than the event may be.
            if code != Code::TooDeep {
                walker.pointer(&mut pointer);
            }
            return Err(Fault::new(code, pointer));
        }
    }
    Ok(())
}

fn key_fault<'a>(level: &mut Vec<&'a str>, key: &'a str) -> Option<Code> {
    if level.len() == OBJECT_MAX_MEMBERS {
        return Some(Code::TooManyMembers);
    }
    // Escapes can write one key in two ways; only then are both resolved.
    let same = |other: &&str| {
        *other == key
            || (other.contains('\\') || key.contains('\\')) && unescape(other) == unescape(key)
    };
    if level.iter().any(same) {
        return Some(Code::DuplicateKey);
    }
    level.push(key);
    None
}

fn text_fault(inside: &str) -> Option<Code> {
    if !inside.as_bytes().contains(&b'\\') {
        return None;
    }
    match unescape(inside) {
        None => Some(Code::LoneSurrogate),
        Some(text) if text.as_bytes().contains(&0) => Some(Code::NulCharacter),
        Some(_) => None,
    }
}

/// Whether a number exceeds a 64-bit float. Its digits tell, but for the last
/// decade, where only parsing does.
fn is_out_of_range(number: &str) -> bool {
    let (mantissa, exponent) = match number.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, saturating_exponent(exponent)),
        None => (number, 0),
    };
    let mantissa = mantissa.strip_prefix('-').unwrap_or(mantissa);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    // The decimal exponent of the first digit that is not zero.
    let leading = match whole.bytes().position(|digit| digit != b'0') {
        Some(_) => whole.len() as i64 - 1,
        None => match fraction.bytes().position(|digit| digit != b'0') {
            Some(zeros) => -(zeros as i64) - 1,
            None => return false,
        },
    };
    match leading.saturating_add(exponent) {
        MAX_EXPONENT => !number.parse().is_ok_and(f64::is_finite),
        magnitude => magnitude > MAX_EXPONENT,
    }
}

fn saturating_exponent(digits: &str) -> i64 {
    let negative = digits.starts_with('-');
    let sum = digits
        .bytes()
        .filter(u8::is_ascii_digit)
        .fold(0_i64, |sum, digit| sum.saturating_mul(10).saturating_add(i64::from(digit - b'0')));
    if negative { -sum } else { sum }
}

#[cfg(test)]
mod tests {
    use super::is_out_of_range;

    #[test]
    fn numbers_end_before_a_float_does() {
        for number in [
            "0",
            "-0.0",
            "0e999999999999999999999",
            "1e307",
            "1.7976931348623157e308",
            "-9.99e307",
            "1e-999",
            "123456789012345678901234567890",
        ] {
            assert!(!is_out_of_range(number), "{number}");
        }
        let long = "2".repeat(309);
        for number in
            ["1.8e308", "-1e400", "1E+99999999999999999999", "0.002e311", "2000e305", &long]
        {
            assert!(is_out_of_range(number), "{number}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_passes_is_finite(number in r"-?(0|[1-9][0-9]{0,5})(\.[0-9]{1,5})?([eE][+-]?[0-9]{1,4})?") {
            if !is_out_of_range(&number) {
                proptest::prop_assert!(number.parse::<f64>().unwrap().is_finite());
            }
        }
    }
}
