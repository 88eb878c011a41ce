//! Numbers that carry their own proof: cards, accounts, numbers of persons.

use super::glyph::{CLOSE, DASH, DOT, LINE, NOTHING, OPEN, SLASH, SPACE, WIDE, byte, separator};
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
    let signs = piece.separators & !WIDE;
    if total < 12 || piece.plus || piece.area || signs & (OPEN | CLOSE) != 0 {
        return false;
    }
    let told = piece.topic == Topic::Card;
    let grouped = is_grouped(piece.shape, piece.runs);
    let mut sixes = piece.shape >> 4;
    while matches!(sixes & 15, 4..=6) {
        sixes >>= 4;
    }
    // Dates and sums stand with slashes and low lines too: four times four do not.
    let odd = signs & (SLASH | LINE) != 0 && (piece.shape >> 12 != 4 && piece.shape < 0x4440);
    if odd || !(grouped || told && sixes == 0) {
        return false;
    }
    if told && signs & (SLASH | LINE) == 0 {
        return true;
    }
    is_of_network(piece.digits, piece.runs == 1) && luhn(piece.digits)
}

/// Whether a number is grouped as cards are.
pub(super) fn is_grouped(shape: u64, runs: usize) -> bool {
    // The last group of four may be short; a timestamp's groups are others.
    let mut fours = shape >> 4;
    while fours & 15 == 4 {
        fours >>= 4;
    }
    fours == 0 && (runs == 1 || shape & 15 <= 4) || matches!(shape, 0x465 | 0x464 | 0x88 | 0x456)
}

/// Whether a number begins as the cards of a network of its length do
/// (ISO/IEC 7812; the networks' own lists of issuers).
fn is_of_network(digits: &[u8], plain: bool) -> bool {
    let head = |count: usize| {
        digits.iter().take(count).fold(0_u32, |sum, digit| sum * 10 + u32::from(*digit))
    };
    let maestro = matches!(head(4), 5018 | 5020 | 5038 | 5893 | 6304 | 6390 | 6759 | 6761..=6763);
    match digits.len() {
        // Articles of commerce have 13 digits too: their proof goes before.
        13 => head(1) == 4 && !(plain && is_ean(digits)) || maestro,
        14 => matches!(head(2), 30 | 36 | 38 | 39) || maestro,
        15 => matches!(head(2), 34 | 37) || matches!(head(4), 1800 | 2131) || maestro,
        16 => {
            matches!(head(1), 4..=6)
                || matches!(head(4), 2200..=2205 | 2221..=2720 | 9792)
                || matches!(head(2), 35 | 81)
        }
        18 => head(2) == 62 || maestro,
        19 => matches!(head(2), 49 | 41..=46 | 62 | 64 | 65) || head(4) == 6011 || maestro,
        12 | 17 => maestro,
        _ => false,
    }
}

/// The proof of an article's number (GS1), and of Switzerland's for persons.
pub(super) fn is_ean(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| u32::from(*digit) * if at % 2 == 0 { 1 } else { 3 })
        .sum();
    sum.is_multiple_of(10)
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
        Topic::Social => true,
        Topic::Version => false,
        _ => piece.shape == 0x324 && issued && piece.separators & !(SPACE | DASH | DOT) == 0,
    }
}

/// How long the accounts of the countries with a first letter are, behind their
/// second one: the registry of ISO 13616, and countries whose banks use the form
/// without being in it.
const fn iban_lengths(first: u8) -> &'static str {
    match first {
        b'A' => "D24E23L28O25T20Z28",
        b'B' => "A20E16F27F28G22H22I20I27J28R29Y28",
        b'C' => "F27G27H21I28M27R22V25Y28Z24",
        b'D' => "E22J27K18O28Z26",
        b'E' => "E20G29S24",
        b'F' => "I18O18R27",
        b'G' => "A27B22E22I23L18Q27R27T28W25",
        b'H' => "N28R21U28",
        b'I' => "E22L23Q23R26S26T27",
        b'J' => "O30",
        b'K' => "M27W30Z20",
        b'L' => "B28C32I21T20U20V21Y25",
        b'M' => "A28C27D24E22G27K19L28N20N20R27T31U30Z25",
        b'N' => "E28I28I32L18O15",
        b'O' => "M23",
        b'P' => "K24L28S29T25",
        b'Q' => "A29",
        b'R' => "O24S22U33",
        b'S' => "A24C31D18E24I19K24M27N28O23T25V28",
        b'T' => "D27G28L23N24R26",
        b'U' => "A29",
        b'V' => "A22G24",
        b'X' => "K20",
        b'Y' => "E30",
        _ => "",
    }
}

/// The length of a country's accounts; 0 for none.
fn iban_length(country: [u8; 2]) -> usize {
    let [first, second] = country;
    let table = iban_lengths(first).as_bytes();
    let mut at = 0;
    while at < table.len() {
        if byte(table, at) == second {
            let digit = |at: usize| usize::from(byte(table, at) - b'0');
            return digit(at + 1) * 10 + digit(at + 2);
        }
        at += 3;
    }
    0
}

/// [`iban`], where a space stands between the country and the check digits.
pub(super) fn iban_apart(bytes: &[u8]) -> usize {
    read_iban(bytes, 3, false)
}

/// Where an account's number (IBAN, ISO 13616) that begins a text ends, in bytes;
/// 0 where none does. Groups may be set off by one space, dash or dot each. It has
/// its country's length and its proof; behind a word for it, length alone is enough.
pub(super) fn iban(bytes: &[u8], told: bool) -> usize {
    read_iban(bytes, 2, told)
}

/// What each byte counts in an account's number; 0xff for none.
static WORTH: [u8; 256] = {
    let mut table = [0xff; 256];
    let mut byte = 0;
    while byte < 36 {
        if byte < 10 {
            table[b'0' as usize + byte] = byte as u8;
        } else {
            table[b'A' as usize + byte - 10] = byte as u8;
            table[b'a' as usize + byte - 10] = byte as u8;
        }
        byte += 1;
    }
    table
};

/// What [`read_known`] found.
enum Known {
    /// Where the number ends; 0 for none.
    Ends(usize),
    /// One word of another length.
    Glued,
}

/// Countries whose accounts hold nothing but digits behind the country.
fn is_of_digits(country: [u8; 2]) -> bool {
    #[rustfmt::skip]
    const COUNTRIES: [&[u8; 2]; 18] = [
        b"AE", b"AT", b"BE", b"CZ", b"DE", b"DK", b"EE", b"ES", b"FI", b"HR", b"HU", b"LT",
        b"NO", b"PL", b"PT", b"SE", b"SI", b"SK",
    ];
    COUNTRIES.contains(&&country)
}

/// Reads what stands behind the check digits of a country whose length is known, in one
/// go with its proof: every second word of a list may begin as an account does.
/// `of_digits` tells that a letter in a later group is not its own.
fn read_known(
    bytes: &[u8],
    from: usize,
    length: usize,
    (told, of_digits): (bool, bool),
    proves: impl Fn(u64) -> bool,
) -> Known {
    let (mut at, mut read, mut group) = (from, 4, 4);
    // Numbers and letters in base ten, modulo 97.
    let mut sum = 0_u64;
    loop {
        let here = byte(bytes, at);
        let value = WORTH.get(usize::from(here)).copied().unwrap_or(0xff);
        if value > 35 {
            if group == read && read >= 15 {
                return Known::Glued;
            }
            let width = if matches!(here, b' ' | b'-' | b'.') { 1 } else { wide(bytes, at) };
            if group == 0 || width == 0 {
                return Known::Ends(0);
            }
            at += width;
            group = 0;
            continue;
        }
        if value > 9 {
            // The next number of a list begins with its country.
            if of_digits && group < read {
                return Known::Ends(0);
            }
            sum *= 10;
        }
        sum = sum * 10 + u64::from(value);
        at += 1;
        read += 1;
        group += 1;
        // Eight more take it to 97 · 100⁸, a twentieth of what 64 bits hold.
        if read % 8 == 0 {
            sum %= 97;
        }
        if read == length {
            let next = byte(bytes, at);
            let ends = !next.is_ascii_alphanumeric() && next != b'_';
            return match () {
                () if ends && (told || proves(sum)) => Known::Ends(at),
                () if group == read => Known::Glued,
                () => Known::Ends(0),
            };
        }
    }
}

/// The width of a separator of groups that is not of ASCII; 0 for none.
#[inline(never)]
fn wide(bytes: &[u8], at: usize) -> usize {
    let (kind, width) = separator(bytes, at);
    if matches!(kind, SPACE | DASH | DOT | NOTHING) { width } else { 0 }
}

/// Reads an account's number whose check digits stand at a place.
fn read_iban(bytes: &[u8], digits: usize, told: bool) -> usize {
    if !byte(bytes, digits).is_ascii_digit() || !byte(bytes, digits + 1).is_ascii_digit() {
        return 0;
    }
    let country = [byte(bytes, 0).to_ascii_uppercase(), byte(bytes, 1).to_ascii_uppercase()];
    let length = iban_length(country);
    // The country and the check digits count last: 35 35 99 is the most they are.
    let letter = |at: usize| u32::from(byte(&country, at).wrapping_sub(b'A')) + 10;
    let digit = |at: usize| u32::from(byte(bytes, at) - b'0');
    let check = letter(0) * 10_000 + letter(1) * 100 + digit(digits) * 10 + digit(digits + 1);
    let proves = |remainder: u64| (remainder % 97 * 1_000_000 + u64::from(check)) % 97 == 1;
    if length > 0 {
        let of_digits = !told && is_of_digits(country);
        match read_known(bytes, digits + 2, length, (told, of_digits), proves) {
            Known::Ends(end) => return end,
            Known::Glued => {}
        }
    }
    let mut remainder = 0_u64;
    let (mut at, mut read, mut end) = (digits + 2, 4, 0);
    let (mut group, mut numbers) = (4, true);
    let mut count = 2;
    loop {
        let here = byte(bytes, at);
        let value = WORTH.get(usize::from(here)).copied().unwrap_or(0xff);
        if value < 36 && read < 34 {
            let scale = if value > 9 { 100 } else { 10 };
            remainder = remainder * scale + u64::from(value);
            if remainder > 1 << 50 {
                remainder %= 97;
            }
            // One word that is no account of its country is none with small letters.
            if here >= b'a' && !told {
                return 0;
            }
            read += 1;
            group += 1;
            numbers |= value < 10;
            count += u32::from(value < 10);
            at += 1;
            if read == length {
                let next = byte(bytes, at);
                if (told || proves(remainder)) && !next.is_ascii_alphanumeric() && next != b'_' {
                    return at;
                }
            }
            continue;
        }
        // One word of another length: a country to come, or a number made up.
        if group == read && read >= 15 && here != b'_' {
            let proven = proves(remainder) && count >= 10;
            return if told || proven { at } else { 0 };
        }
        let known = length > 0 && read < length;
        if !(known || told && length == 0) {
            return 0;
        }
        // Behind the word, what no country has.
        if length == 0 && (group == 0 || !numbers) {
            return end;
        }
        if told && length == 0 && read >= 15 {
            end = at;
        }
        let (kind, width) = separator(bytes, at);
        if group == 0 || !matches!(kind, SPACE | DASH | DOT | NOTHING) || width == 0 {
            return end;
        }
        at += width;
        group = 0;
        numbers = false;
    }
}
