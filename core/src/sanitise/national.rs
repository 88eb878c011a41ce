//! Numbers that states give to persons, where they carry a proof or a form of
//! their own. A page leaves these to the edge.
//!
//! A proof of one digit passes every tenth number. A number stands alone as a
//! person's where fewer than one in a hundred of its shape would pass: two check
//! digits, a date of birth with one, or groups that nothing else has. Any other
//! needs a word before it, which then is proof enough.

use super::Rule;
use super::checksum::{is_ean, luhn};
use super::glyph::{DASH, DOT, SLASH, SPACE, byte, is_word};
use super::number::Piece;
use super::phone;
use super::scan::Scan;
use super::topic::Topic;

/// Whether a number in groups is a person's.
pub(super) fn is_number(piece: &Piece<'_>) -> bool {
    let d = piece.digits;
    if piece.plus || piece.area {
        return false;
    }
    match piece.topic {
        Topic::Identity | Topic::Social => {
            let only = piece.separators & !(SPACE | DASH | DOT | SLASH) == 0;
            // A date, a version or a pair of years is none whatever was said.
            let years = piece.runs == 2 && piece.shape == 0x44;
            let version = piece.separators & DOT != 0 && piece.shape & 0xf000 == 0;
            let dotted = version && !matches!(piece.shape, 0x333 | 0x233);
            return d.len() >= 8 && only && !years && !dotted && !phone::is_date(piece);
        }
        // Two proofs, or one and a date of birth, hold against a word as well.
        Topic::Order | Topic::Card => {
            return match piece.shape {
                0xb => is_norwegian(d),
                0xd => is_south_african(d),
                0xf if d.len() == 18 => is_chinese(d, u32::from(byte(d, 17))),
                0x3332 if piece.separators == DOT | DASH => is_cpf(d),
                0x23342 if piece.separators == DOT | DASH | SLASH => is_cnpj(d),
                0x22232 if piece.separators == DOT | DASH => is_belgian(d),
                _ => d.len() == 15 && is_french(d),
            };
        }
        Topic::Version | Topic::Phone => return false,
        _ => {}
    }
    let only = |kinds: u8| piece.separators & !kinds == 0;
    let slash = piece.separators == SLASH;
    match piece.shape {
        // Sweden, Denmark (no proof since 2007: by a word), Finland, Iceland.
        0x64 if only(DASH) => {
            is_birth(d, 0) && luhn(d)
                || is_birth_last(d, 0) && (is_finnish(d, byte(d, 9) + b'0') || is_icelandic(d))
        }
        // Czechia and Slovakia: 900101/1234. Austria: 1234 010190.
        0x64 if slash => is_czech(d),
        0x46 if only(SPACE) => is_birth_last(d, 4) && is_austrian(d),
        // Australia: Medicare 2123 45670 1.
        0x451 if only(SPACE) => {
            matches!(byte(d, 0), 2..=6)
                && weighted(d, &[1, 3, 7, 9, 1, 3, 7, 9]) % 10 == u32::from(byte(d, 8))
        }
        // Brazil: 123.456.789-09 and 12.345.678/0001-95. Belgium: 85.07.30-033.28.
        0x3332 => only(DOT | DASH | SPACE) && is_cpf(d),
        0x23342 => only(DOT | DASH | SLASH) && is_cnpj(d),
        0x22232 => is_belgian(d),
        // Argentina: 20-12345678-6. Latvia: 010190-12345. Malaysia: 900101-01-1234.
        0x281 => only(DASH) && is_argentine(d),
        0x65 => only(DASH) && is_latvian(d),
        0x624 => only(DASH) && is_birth(d, 0),
        // Chile: 12.345.678-5, where a K is for ten.
        0x2331 | 0x1331 => {
            piece.separators == DOT | DASH && rut(d, 0, d.len() - 1) == byte(d, d.len() - 1)
        }
        0xb => is_pesel(d) || is_belgian(d) && is_birth(d, 0) || is_norwegian(d) || is_baltic(d),
        // India: Aadhaar. Thailand: 1-2345-67890-12-3.
        0x444 => piece.whole && only(SPACE | DASH) && is_verhoeff(d) && byte(d, 0) > 1,
        0x14521 => only(DASH | SPACE) && is_thai(d),
        // Switzerland: 756.9217.0769.85, with the proof of an EAN.
        0x3442 => byte(d, 0) == 7 && byte(d, 1) == 5 && byte(d, 2) == 6 && is_ean(d),
        0x67 => only(DASH) && is_birth(d, 0) && matches!(byte(d, 6), 1..=8),
        0xd => d.starts_with(&[7, 5, 6]) && is_ean(d) || is_south_african(d),
        // China.
        0xf if d.len() == 18 => is_chinese(d, u32::from(byte(d, 17))),
        // France: 1 85 05 78 006 084 36.
        _ => d.len() == 15 && only(SPACE | DOT | DASH) && is_french(d),
    }
}

/// Whether Chile's `-K` follows a number in groups, and proves it.
pub(super) fn is_rut(piece: &Piece<'_>, bytes: &[u8], to: usize) -> bool {
    let fits = matches!(piece.shape, 0x233 | 0x133) && piece.separators == DOT;
    let k = byte(bytes, to) == b'-' && byte(bytes, to + 1).eq_ignore_ascii_case(&b'k');
    fits && k && !is_word(byte(bytes, to + 2)) && rut(piece.digits, 0, piece.digits.len()) == 10
}

/// The end of a person's number that begins with the word, which has 7 to 18 signs, or 0.
pub(super) fn word(scan: &mut Scan<'_>, from: usize, to: usize) -> usize {
    let bytes = scan.bytes;
    let own = bytes.get(from..to).unwrap_or_default();
    let form = |pattern: &[u8]| fits(own, pattern);
    let last = byte(own, own.len() - 1).to_ascii_uppercase();
    // No form has fewer digits; the words before are read for those alone.
    let digits = own.iter().filter(|byte| byte.is_ascii_digit()).count();
    if digits < 4 {
        return 0;
    }
    let told = matches!(scan.topic(from), Topic::Identity | Topic::Social);
    if !told && !matches!(own.len(), 8..=11 | 13 | 16 | 18) {
        return 0;
    }
    let letters = own.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    let large = own.iter().all(|byte| !byte.is_ascii_lowercase());
    // 1024u32 is a program's.
    let outside =
        letters == 1 && (last.is_ascii_alphabetic() || byte(own, 0).is_ascii_alphabetic());
    let fits = digits >= 5 && letters <= 7;
    if told && fits && (large || outside) {
        return to;
    }
    // Without a word they are written large; a hash in hex is not, and a time in
    // nanoseconds stands behind a dot.
    if !large || matches!(scan.before(from), b'.' | b':' | b'/') {
        return if form(b"AAAAAA99A99A999A") { to } else { 0 };
    }
    // Spain: DNI 12345678Z, NIE X1234567L.
    if form(b"99999999A") || form(b"99999999-A") || form(b"A9999999A") || form(b"A-9999999-A") {
        let mut number = 0;
        for digit in own.iter().filter(|byte| byte.is_ascii_digit()) {
            number = number * 10 + u32::from(digit - b'0');
        }
        let first = byte(own, 0);
        number += match first {
            b'Y' => 10_000_000,
            b'Z' => 20_000_000,
            b'X' | b'0'..=b'9' => 0,
            _ => return if is_singaporean(own) { to } else { 0 },
        };
        let letter = byte(b"TRWAGMYFPDXBNJZSQVHLCKE", number as usize % 23);
        return if letter == last { to } else { 0 };
    }
    // Italy: codice fiscale. Mexico: CURP, RFC. Their form is proof enough.
    if form(b"AAAAAA99A99A999A") || form(b"AAAA999999AAAAAA99") || form(b"AAAA999999AAAAAAA9") {
        return to;
    }
    if form(b"AAAA999999AAA") || form(b"AAAA999999AA9") || form(b"AAAA999999A99") {
        let birth: [u8; 6] = core::array::from_fn(|at| byte(own, 4 + at) - b'0');
        return if is_birth(&birth, 0) { to } else { 0 };
    }
    // India: PAN; the fourth letter tells the kind of holder.
    if form(b"AAAAA9999A") {
        return if b"PCHFATBLJG".contains(&byte(own, 3)) { to } else { 0 };
    }
    // United Kingdom: a driver's number. Ireland: PPS.
    if form(b"AAAAA999999AA9AA") {
        return to;
    }
    if form(b"9999999A") || form(b"9999999AA") {
        return if is_irish(own) { to } else { 0 };
    }
    // Finland: 131052-308T.
    if form(b"999999-999A") || form(b"999999A999A") || form(b"999999A9999") {
        let birth: [u8; 6] = core::array::from_fn(|at| byte(own, at) - b'0');
        let numbers: [u8; 9] = core::array::from_fn(|at| {
            byte(own, if at < 6 { at } else { at + 1 }).wrapping_sub(b'0')
        });
        return if is_birth_last(&birth, 0) && is_finnish(&numbers, last) { to } else { 0 };
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
    if from < scan.copied
        || byte(scan.bytes, from + 2) != b' '
        || !byte(scan.bytes, from + 1).is_ascii_alphabetic()
        || !byte(scan.bytes, from + 4).is_ascii_digit()
    {
        return false;
    }
    let long = scan.bytes.get(from..from + 13).unwrap_or_default();
    let short = scan.bytes.get(from..from + 11).unwrap_or_default();
    let groups = if fits(long, b"AA 99 99 99 A") {
        long
    } else if fits(short, b"AA 999999 A") {
        short
    } else {
        return false;
    };
    let to = from + groups.len();
    let mut joined = [0; 9];
    let signs = groups.iter().filter(|byte| **byte != b' ');
    joined.iter_mut().zip(signs).for_each(|(slot, byte)| *slot = *byte);
    let apart = !is_word(scan.before(from)) && !is_word(byte(scan.bytes, to));
    let told = matches!(scan.topic(from), Topic::Identity | Topic::Social);
    if apart && (told || is_nino(&joined)) {
        scan.found(Rule::NationalId, from, to);
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

fn two(d: &[u8], at: usize) -> u8 {
    byte(d, at) * 10 + byte(d, at + 1)
}

/// Whether y y m m d d stands at a place.
fn is_birth(d: &[u8], at: usize) -> bool {
    matches!(two(d, at + 2), 1..=12) && matches!(two(d, at + 4), 1..=31)
}

/// Whether d d m m y y stands at a place.
fn is_birth_last(d: &[u8], at: usize) -> bool {
    matches!(two(d, at), 1..=31) && matches!(two(d, at + 2), 1..=12)
}

fn weighted(d: &[u8], weights: &[u32]) -> u32 {
    d.iter().zip(weights).map(|(digit, weight)| u32::from(*digit) * weight).sum()
}

fn number(d: &[u8]) -> u64 {
    d.iter().fold(0, |sum, digit| sum * 10 + u64::from(*digit))
}

/// The proof that makes a weighted sum a multiple of eleven; 11 stands for 0.
fn eleven(d: &[u8], weights: &[u32]) -> u32 {
    (11 - weighted(d, weights) % 11) % 11
}

/// Finland: the remainder by 31 of the birth date and the three digits behind it.
fn is_finnish(d: &[u8], proof: u8) -> bool {
    let head = number(d.get(..9).unwrap_or_default());
    byte(b"0123456789ABCDEFHJKLMNPRSTUVWXY", (head % 31) as usize) == proof
}

fn is_icelandic(d: &[u8]) -> bool {
    eleven(d, &[3, 2, 7, 6, 5, 4, 3, 2]) == u32::from(byte(d, 8)) && matches!(byte(d, 9), 8 | 9 | 0)
}

fn is_czech(d: &[u8]) -> bool {
    matches!(two(d, 2) % 50 % 20, 1..=12)
        && matches!(two(d, 4), 1..=31)
        && number(d).is_multiple_of(11)
}

fn is_austrian(d: &[u8]) -> bool {
    let sum = weighted(d, &[3, 7, 9, 0, 5, 8, 4, 2, 1, 6]);
    byte(d, 0) > 0 && sum % 11 == u32::from(byte(d, 3))
}

fn is_cnpj(d: &[u8]) -> bool {
    let first = eleven(d, &[5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]);
    let second = eleven(d, &[6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]);
    first % 10 == u32::from(byte(d, 12)) && second % 10 == u32::from(byte(d, 13))
}

fn is_argentine(d: &[u8]) -> bool {
    matches!(two(d, 0), 20 | 23 | 24 | 27)
        && eleven(d, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) == u32::from(byte(d, 10))
}

fn is_latvian(d: &[u8]) -> bool {
    let sum = weighted(d, &[10, 5, 8, 4, 2, 1, 6, 3, 7, 9]);
    is_birth_last(d, 0) && (1 + sum) % 11 % 10 == u32::from(byte(d, 10))
}

/// Chile: modulus 11 with the weights 2 to 7 from the right; 10 is the letter K.
fn rut(d: &[u8], from: usize, to: usize) -> u8 {
    let digits = d.get(from..to).unwrap_or_default();
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| u32::from(*digit) * (at as u32 % 6 + 2))
        .sum();
    ((11 - sum % 11) % 11) as u8
}

/// Norway: two proofs behind the date of birth.
fn is_norwegian(d: &[u8]) -> bool {
    is_birth_last(d, 0)
        && eleven(d, &[3, 7, 6, 1, 8, 9, 4, 5, 2]) == u32::from(byte(d, 9))
        && eleven(d, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) == u32::from(byte(d, 10))
}

/// Estonia and Lithuania: the century, the date of birth, a proof.
fn is_baltic(d: &[u8]) -> bool {
    let mut sum = weighted(d, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11;
    if sum == 10 {
        sum = weighted(d, &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11 % 10;
    }
    matches!(byte(d, 0), 3..=6) && is_birth(d, 1) && sum == u32::from(byte(d, 10))
}

fn is_thai(d: &[u8]) -> bool {
    let sum = weighted(d, &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
    (11 - sum % 11) % 10 == u32::from(byte(d, 12))
}

/// South Africa: the date of birth, a citizen or not, Luhn.
fn is_south_african(d: &[u8]) -> bool {
    is_birth(d, 0) && byte(d, 10) < 2 && byte(d, 11) > 7 && luhn(d)
}

/// Ireland: modulus 23 with a letter for the proof, and a second one's weight.
fn is_irish(own: &[u8]) -> bool {
    let mut sum = 0;
    for at in 0..7 {
        sum += u32::from(byte(own, at) - b'0') * (8 - at as u32);
    }
    let second = byte(own, 8);
    sum += if second > 0 && second != b'W' { u32::from(second - b'@') * 9 } else { 0 };
    u32::from(byte(own, 7) - b'@') % 23 == sum % 23
}

/// Singapore: NRIC and FIN.
fn is_singaporean(own: &[u8]) -> bool {
    let mut sum = 0;
    for (at, weight) in [2, 7, 6, 5, 4, 3, 2].into_iter().enumerate() {
        sum += usize::from(byte(own, at + 1).wrapping_sub(b'0')) * weight;
    }
    let (added, letters): (usize, &[u8]) = match byte(own, 0) {
        b'S' => (0, b"JZIHGFEDCBA"),
        b'T' => (4, b"JZIHGFEDCBA"),
        b'F' => (0, b"XWUTRQPNMLK"),
        b'G' => (4, b"XWUTRQPNMLK"),
        b'M' => (3, b"XWUTRQPNJLK"),
        _ => return false,
    };
    byte(letters, (sum + added) % 11) == byte(own, 8)
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
    // 20 added to the month tells the century.
    sum.is_multiple_of(10) && matches!(two(d, 2), 1..=12 | 21..=32) && matches!(two(d, 4), 1..=31)
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
