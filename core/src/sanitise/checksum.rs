//! Numbers that carry their own proof: cards, articles, social security.

use super::glyph::{CLOSE, DASH, DOT, LINE, OPEN, SLASH, SPACE, WIDE};
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
