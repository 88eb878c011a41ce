//! Numbers that carry their own proof: cards, accounts, numbers of persons.

use super::glyph::{DASH, DOT, SPACE, byte};
use super::number::Piece;
use super::topic::Topic;

/// Luhn's sum over digits (ISO/IEC 7812-1, annex B).
pub(super) fn luhn(digits: &[u8]) -> bool {
    let mut sum = 0_u32;
    let mut doubled = false;
    for digit in digits.iter().rev() {
        let value = u32::from(*digit) << u8::from(doubled);
        sum += if value > 9 { value - 9 } else { value };
        doubled = !doubled;
    }
    sum.is_multiple_of(10) && sum > 0
}

/// Whether a piece is the number of a payment card: by Luhn, by length and by the
/// first digits that networks use; behind a word for cards by its length alone.
pub(super) fn is_card(piece: &Piece<'_>) -> bool {
    let total = piece.digits.len();
    if total < 12 || piece.plus || piece.separators & !(SPACE | DASH | DOT) != 0 {
        return false;
    }
    // All runs but the last have four digits to six: a timestamp's have not.
    let mut groups = piece.shape >> 4;
    while groups > 0 {
        if !matches!(groups & 15, 4..=6) {
            return false;
        }
        groups >>= 4;
    }
    if piece.topic == Topic::Card {
        return true;
    }
    let (first, second) = (byte(piece.digits, 0), byte(piece.digits, 1));
    let network = match total {
        14 => first == 3 && matches!(second, 0 | 6 | 8 | 9),
        15 => first == 3 && matches!(second, 4 | 7),
        16 => matches!(first, 4..=6) || first == 3 && second == 5 || first == 2 && second >= 2,
        17.. => matches!(first, 4..=6),
        _ => false,
    };
    network && luhn(piece.digits)
}

/// Whether a piece is a United States social security (or taxpayer) number.
pub(super) fn is_ssn(piece: &Piece<'_>) -> bool {
    let digits = piece.digits;
    if digits.len() != 9 || piece.plus || piece.area {
        return false;
    }
    let zero = |from: usize, to: usize| {
        digits.get(from..to).is_some_and(|part| part.iter().all(|digit| *digit == 0))
    };
    let issued = !zero(0, 3) && !zero(3, 5) && !zero(5, 9);
    match piece.topic {
        Topic::Identity => true,
        Topic::Version => false,
        _ => piece.shape == 0x324 && issued && piece.separators & !(SPACE | DASH | DOT) == 0,
    }
}

/// Where an account's number (IBAN, ISO 13616) that begins a text ends, in bytes;
/// 0 where none does. Groups may be set off by one space or dash each. Behind a
/// word for it, form alone is enough.
pub(super) fn iban(bytes: &[u8], told: bool) -> usize {
    let head = |at: usize| byte(bytes, at);
    if !(head(0).is_ascii_alphabetic() && head(1).is_ascii_alphabetic()) {
        return 0;
    }
    // The country and the check digits count last.
    let mut check = 0;
    let mut remainder = 0;
    let (mut at, mut read, mut end) = (0, 0, 0);
    let (mut group, mut heads) = (0, 0);
    let (mut numbers, mut letters, mut beyond_hex) = (false, false, false);
    loop {
        let here = head(at);
        if here.is_ascii_alphanumeric() && read < 34 {
            let value = if here.is_ascii_digit() {
                u32::from(here - b'0')
            } else {
                u32::from(here.to_ascii_uppercase() - b'A') + 10
            };
            beyond_hex |= value > 15;
            letters |= value > 9 && read > 3;
            if (read == 2 || read == 3) && value > 9 {
                return 0;
            }
            let scale = if value > 9 { 100 } else { 10 };
            if read < 4 {
                check = check * scale + value;
            } else {
                remainder = (remainder * scale + value) % 97;
            }
            heads += u8::from(group == 2 && value < 10 && !numbers);
            numbers |= value < 10;
            read += 1;
            group += 1;
            at += 1;
            continue;
        }
        if here.is_ascii_alphanumeric() || here == b'_' {
            return end;
        }
        // A group of letters alone has four: a bank's, not a word of the sentence.
        if group == 0 || !numbers && group != 4 {
            return end;
        }
        // The check part is at most 35 35 99: six digits.
        let proven = read >= 15 && (remainder * 1_000_000 + check) % 97 == 1;
        // A hash in hex begins like one now and then.
        let hash = letters && !beyond_hex;
        if proven && !hash || told && read >= 15 && (numbers || end == 0) {
            end = at;
        }
        // Many groups that begin as an account does are a list of something else.
        if !matches!(here, b' ' | b'-') || heads > 2 {
            return end;
        }
        at += 1;
        group = 0;
        numbers = false;
    }
}
