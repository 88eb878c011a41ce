//! Numbers that states give to persons, where they carry a proof or a form of
//! their own. A page leaves these to the edge.
//!
//! A proof of one digit passes every tenth number: bare digits need a word before
//! them, or a date of birth inside, or the groups that the number is written in.

use super::Rule;
use super::checksum::luhn;
use super::glyph::{DASH, DOT, SLASH, SPACE, byte, is_word};
use super::number::Piece;
use super::scan::Scan;
use super::topic::Topic;

/// Whether a number in groups is a person's.
pub(super) fn is_number(piece: &Piece<'_>) -> bool {
    let d = piece.digits;
    if piece.plus || piece.area || matches!(piece.topic, Topic::Version | Topic::Phone) {
        return false;
    }
    let told = piece.topic == Topic::Identity;
    let only = |kinds: u8| piece.separators & !kinds == 0;
    match (d.len(), piece.shape) {
        // Canada (SIN) and others are told by a word; see is_ssn for nine digits.
        (10, 0x334) => told && eleven(d, &[10, 9, 8, 7, 6, 5, 4, 3, 2]),
        (10, 0x64) => only(DASH) && is_birth(d, 0) && luhn(d) || told,
        // Brazil: 123.456.789-09. Belgium: 85.07.30-033.28.
        (11, 0x3332) => only(DOT | DASH | SPACE) && is_cpf(d),
        (11, 0x22232) => is_belgian(d),
        (11, 0xb) => {
            is_pesel(d) || told && (is_cpf(d) || is_belgian(d) || is_eleven_ten(d) || is_turkish(d))
        }
        (11, _) => told,
        (12, 0x444) => piece.whole && only(SPACE | DASH) && is_verhoeff(d) && byte(d, 0) > 1,
        (12, 0xc) => told && is_verhoeff(d),
        // Switzerland: 756.9217.0769.85, with the proof of an EAN.
        (13, 0x3442 | 0xd) => byte(d, 0) == 7 && byte(d, 1) == 5 && byte(d, 2) == 6 && is_ean(d),
        (13, 0x67) => only(DASH) && is_birth(d, 0) && matches!(byte(d, 6), 1..=4),
        (13, _) => told && luhn(d),
        // France: 1 85 05 78 006 084 36.
        (15, _) => only(SPACE | DOT | DASH) && is_french(d),
        // China.
        (18, 0xf) => is_chinese(d, u32::from(byte(d, 17))),
        _ => told && d.len() >= 9 && only(SPACE | DASH | DOT | SLASH),
    }
}

/// The end of a person's number that begins with the word, or 0.
pub(super) fn word(scan: &mut Scan<'_>, from: usize, to: usize) -> usize {
    let bytes = scan.bytes;
    let own = bytes.get(from..to).unwrap_or_default();
    let form = |pattern: &[u8]| fits(own, pattern);
    let last = byte(own, own.len() - 1).to_ascii_uppercase();
    let told = scan.topic(from) == Topic::Identity;
    // Spain: DNI 12345678Z, NIE X1234567L.
    if form(b"99999999A") || form(b"99999999-A") || form(b"A9999999A") || form(b"A-9999999-A") {
        let mut number = match byte(own, 0).to_ascii_uppercase() {
            b'Y' => 1,
            b'Z' => 2,
            b'X' | b'0'..=b'9' => 0,
            _ => return 0,
        };
        for digit in own.iter().filter(|byte| byte.is_ascii_digit()) {
            number = number * 10 + u32::from(digit - b'0');
        }
        let letter = byte(b"TRWAGMYFPDXBNJZSQVHLCKE", number as usize % 23);
        return if letter == last { to } else { 0 };
    }
    // Italy: codice fiscale. Mexico: CURP. Their form is proof enough.
    if form(b"AAAAAA99A99A999A") || form(b"AAAA999999AAAAAA99") || form(b"AAAA999999AAAAAAA9") {
        return to;
    }
    // India: PAN; the fourth letter tells the kind of holder.
    if form(b"AAAAA9999A") {
        let kind = b"PCHFATBLJG".contains(&byte(own, 3).to_ascii_uppercase());
        return if kind && (told || own.iter().all(|byte| !byte.is_ascii_lowercase())) {
            to
        } else {
            0
        };
    }
    // Finland: 131052-308T.
    if form(b"999999-999A") {
        let mut number = 0_u32;
        for digit in own.iter().filter(|byte| byte.is_ascii_digit()) {
            number = number * 10 + u32::from(digit - b'0');
        }
        let letter = byte(b"0123456789ABCDEFHJKLMNPRSTUVWXY", number as usize % 31);
        return if letter == last { to } else { 0 };
    }
    // China, where the proof is an X.
    if form(b"99999999999999999A") && last == b'X' {
        let mut digits = [0; 17];
        for (slot, digit) in digits.iter_mut().zip(own) {
            *slot = digit - b'0';
        }
        return if is_chinese(&digits, 10) { to } else { 0 };
    }
    // United Kingdom: QQ 12 34 56 C, with and without its spaces.
    if form(b"AA999999A") && is_nino(own) {
        return to;
    }
    0
}

/// A United Kingdom insurance number in groups, as its card prints it, whose first
/// digit stands at the scan's place.
pub(super) fn nino(scan: &mut Scan<'_>) -> bool {
    let from = scan.at.saturating_sub(3);
    let groups = scan.bytes.get(from..from + 13).unwrap_or_default();
    if from < scan.copied || !fits(groups, b"AA 99 99 99 A") {
        return false;
    }
    let mut joined = [0; 9];
    let signs = groups.iter().filter(|byte| **byte != b' ');
    joined.iter_mut().zip(signs).for_each(|(slot, byte)| *slot = *byte);
    let apart = !is_word(scan.before(from)) && !is_word(byte(scan.bytes, from + 13));
    if apart && is_nino(&joined) {
        scan.found(Rule::NationalId, from, from + 13);
        return true;
    }
    false
}

/// Whether nine signs are a United Kingdom insurance number.
fn is_nino(own: &[u8]) -> bool {
    let first = byte(own, 0);
    let second = byte(own, 1);
    !b"DFIQUV".contains(&first)
        && !b"DFIQUVO".contains(&second)
        && own.iter().all(|byte| !byte.is_ascii_lowercase())
        && matches!(byte(own, 8), b'A'..=b'D')
}

/// Whether a text has a form: `A` is a letter, `9` a digit.
fn fits(text: &[u8], form: &[u8]) -> bool {
    text.len() == form.len()
        && text.iter().zip(form).all(|(byte, sort)| match sort {
            b'A' => byte.is_ascii_alphabetic(),
            b'9' => byte.is_ascii_digit(),
            other => byte == other,
        })
}

/// Whether y y m m d d stands at a place.
fn is_birth(d: &[u8], at: usize) -> bool {
    let two = |at: usize| byte(d, at) * 10 + byte(d, at + 1);
    matches!(two(at + 2), 1..=12) && matches!(two(at + 4), 1..=31)
}

fn weighted(d: &[u8], weights: &[u32]) -> u32 {
    d.iter().zip(weights).map(|(digit, weight)| u32::from(*digit) * weight).sum()
}

fn number(d: &[u8]) -> u64 {
    d.iter().fold(0, |sum, digit| sum * 10 + u64::from(*digit))
}

/// The last digit makes the weighted sum a multiple of eleven (NHS).
fn eleven(d: &[u8], weights: &[u32]) -> bool {
    let rest = (11 - weighted(d, weights) % 11) % 11;
    rest == u32::from(byte(d, weights.len()))
}

fn is_cpf(d: &[u8]) -> bool {
    let proof = |count: u32| {
        let weights: [u32; 10] = core::array::from_fn(|at| (count + 1).saturating_sub(at as u32));
        let sum = weighted(d.get(..count as usize).unwrap_or_default(), &weights);
        sum * 10 % 11 % 10 == u32::from(byte(d, count as usize))
    };
    proof(9) && proof(10) && d.iter().any(|digit| *digit != byte(d, 0))
}

fn is_belgian(d: &[u8]) -> bool {
    let (head, proof) =
        (number(d.get(..9).unwrap_or_default()), number(d.get(9..).unwrap_or_default()));
    let fits = |head: u64| 97 - head % 97 == proof;
    matches!(byte(d, 2), 0..=1) && (fits(head) || fits(2_000_000_000 + head))
}

fn is_pesel(d: &[u8]) -> bool {
    let sum = weighted(d, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]);
    let month = (byte(d, 2) * 10 + byte(d, 3)) % 20;
    let day = byte(d, 4) * 10 + byte(d, 5);
    sum.is_multiple_of(10) && matches!(month, 1..=12) && matches!(day, 1..=31)
}

/// ISO 7064, modulus 11, 10: Germany's tax number.
fn is_eleven_ten(d: &[u8]) -> bool {
    let mut product = 10;
    for digit in d.iter().take(10) {
        let sum = (u32::from(*digit) + product) % 10;
        product = if sum == 0 { 10 } else { sum } * 2 % 11;
    }
    (11 - product) % 10 == u32::from(byte(d, 10)) && byte(d, 0) != 0
}

fn is_turkish(d: &[u8]) -> bool {
    let sum: u32 = d.iter().take(10).map(|digit| u32::from(*digit)).sum();
    sum % 10 == u32::from(byte(d, 10)) && byte(d, 0) != 0
}

fn is_ean(d: &[u8]) -> bool {
    weighted(d, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]).is_multiple_of(10)
}

fn is_french(d: &[u8]) -> bool {
    let (head, proof) =
        (number(d.get(..13).unwrap_or_default()), number(d.get(13..).unwrap_or_default()));
    matches!(byte(d, 0), 1 | 2)
        && matches!(byte(d, 3) * 10 + byte(d, 4), 1..=12)
        && 97 - head % 97 == proof
}

fn is_chinese(d: &[u8], proof: u32) -> bool {
    let sum = weighted(d, &[7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
    is_birth(d, 8) && matches!(byte(d, 6), 1 | 2) && (12 - sum % 11) % 11 == proof
}

/// Verhoeff's proof (Aadhaar), by the dihedral group D5.
fn is_verhoeff(d: &[u8]) -> bool {
    const PERMUTATION: [&[u8; 10]; 8] = [
        b"0123456789",
        b"1576283094",
        b"5803796142",
        b"8916043527",
        b"9453126870",
        b"4286573901",
        b"2793806415",
        b"7046913258",
    ];
    let product = |a: u8, b: u8| match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => 5 + (a + b - 5) % 5,
        (false, true) => 5 + (a - 5 + 5 - b) % 5,
        (false, false) => (a + 5 - b) % 5,
    };
    let mut check = 0;
    for (at, digit) in d.iter().rev().enumerate() {
        let row = PERMUTATION.get(at % 8).map_or(b"0123456789", |row| *row);
        check = product(check, byte(row, usize::from(*digit)) - b'0');
    }
    check == 0
}
