//! Tells phone numbers by how people write them.
//!
//! International forms begin with a plus or 00. National forms have a trunk zero,
//! an area in parentheses, or groups that nothing but phones has (3-3-4). What
//! else may be a phone is one only where the words before say so.

use super::checksum::is_ean;
use super::glyph::{DASH, DOT, SLASH, SPACE, byte, starts_with};
use super::number::Piece;
use super::topic::Topic;

/// Whether a piece of a chain is a phone number.
pub(super) fn is_phone(piece: &Piece<'_>) -> bool {
    let digits = piece.digits;
    let total = digits.len();
    let (first, second) = (byte(digits, 0), byte(digits, 1));
    let one = piece.runs == 1;
    let said = piece.topic == Topic::Phone;
    if is_date(piece) || !said && is_article(piece) || digits.iter().all(|digit| *digit < 2) {
        return false;
    }
    // 0.0999, +123.234: a fraction. 1.3.6.1.4.1.311: a name in a tree.
    let dotted = piece.separators == DOT;
    if dotted && (piece.runs == 2 && length_of_first(piece) < 3 || piece.runs > 6) {
        return false;
    }
    if piece.plus {
        return first != 0 && total <= 15 && !(dotted && piece.runs == 2);
    }
    let order = matches!(piece.topic, Topic::Order | Topic::Version | Topic::Bank);
    if first == 0 && second == 0 && byte(digits, 2) != 0 && length_of_first(piece) > 1 {
        // Bytes in hex are pairs throughout.
        let bytes = total == piece.runs * 2;
        let bare = total >= 12 && !order && !bytes || piece.topic == Topic::Phone;
        let pairs = length_of_first(piece) == 2 && piece.shape & 0xfff == 0x222;
        let zeros = digits.ends_with(&[0, 0]) && piece.shape & 15 == 2;
        let groups = total >= 9 && !one && !order && !pairs && !zeros && piece.shape & 0xf != 1;
        return total <= 17 && (bare || groups);
    }
    if total > 15 {
        return false;
    }
    let told = match piece.topic {
        Topic::Phone => true,
        Topic::Call => one || piece.separators & DOT == 0,
        _ if order => return false,
        _ => false,
    };
    if told {
        // Years in a row, and versions (Mobile/8B113 Safari/6533.38.4), are none whatever was said.
        let version = piece.separators & DOT != 0 && (piece.runs == 2 || piece.shape & 15 == 1);
        return !version || total >= 9;
    }
    let trunk = first == 0 && second != 0 && total >= 9;
    if one {
        // China's mobiles, where Chinese stands beside them, are told by it.
        return trunk && (total == 10 || total == 11);
    }
    if piece.area {
        return total <= 13 && (total > 7 || length_of_first(piece) == 3);
    }
    // One of a row of numbers, and nothing says what they are.
    if !piece.alone || piece.separators & DOT != 0 && piece.runs < 3 {
        return false;
    }
    match piece.shape {
        0x334 if piece.separators == DOT | DASH => false,
        0x3333 | 0x444 if dotted => false,
        0x334 | 0x1334 | 0x13322 | 0x344 | 0x244 | 0x254 | 0x3322 | 0x3222 | 0x234 => true,
        0x433 | 0x434 | 0x446 | 0x46 if first == 1 => second >= 3 && is_free(digits),
        0x1333 | 0x1324 => first == 1 && is_free(digits.get(1..).unwrap_or_default()),
        0x55 => first >= 6 && piece.separators & !(SPACE | DASH) == 0,
        // 912 345 678 is a phone's; and a sum's, where a text goes on.
        0x333 => {
            piece.whole
                && piece.separators == SPACE
                && (first >= 6 && piece.topic == Topic::None || piece.text && first > 1)
        }
        0x2222 => piece.text && piece.separators == SPACE && !rises(digits),
        // 02110-1301 is a place.
        0x54 => false,
        0x22222 if counts(digits) => false,
        shape if shape & 0xfff == 0x322 && total >= 9 => true,
        // 011 dials abroad from North America.
        _ if digits.starts_with(&[0, 1, 1]) && length_of_first(piece) >= 3 && piece.runs > 3 => {
            true
        }
        shape => {
            let short = length_of_first(piece) == 1 && matches!(shape, 0x144 | 0x1333 | 0x135);
            let dated = piece.separators & SLASH != 0 && piece.runs > 3;
            trunk
                && total <= 14 - piece.runs.min(2)
                && !dated
                && (length_of_first(piece) >= 2 || short)
        }
    }
}

/// Whether the words behind a number say that it is a phone's.
pub(super) fn is_told(piece: &Piece<'_>, bytes: &[u8], to: usize) -> bool {
    is_named(bytes, to)
        && piece.topic == Topic::None
        && piece.separators & DOT == 0
        && !is_date(piece)
}

/// Whether a phone is spoken of behind a number: "is my phone".
pub(super) fn is_named(bytes: &[u8], to: usize) -> bool {
    let (sign, next) = (byte(bytes, to), byte(bytes, to + 1) | 0x20);
    if !matches!(sign, b' ' | b'-')
        || !matches!(next, b'i' | b'(' | b'p' | b'm' | b'c' | b't' | b'f' | b'o')
    {
        return false;
    }
    let mut at = to + usize::from(sign == b'-');
    for word in [b" is".as_slice(), b" (", b" my", b" the", b" our", b" his", b" her"] {
        at += if starts_with(bytes, at, word) { word.len() } else { 0 };
    }
    at += usize::from(byte(bytes, at) == b' ');
    let said = [b"phone".as_slice(), b"mobile", b"cell", b"tel.", b"tel)", b"telephone"]
        .iter()
        .any(|word| starts_with(bytes, at, word));
    // "2500000 office workers" are no phone.
    let place = [b"fax".as_slice(), b"office"].iter().any(|word| {
        let end = at + word.len();
        let goes_on = byte(bytes, end) == b' ' && byte(bytes, end + 1).is_ascii_alphabetic();
        starts_with(bytes, at, word) && !byte(bytes, end).is_ascii_alphabetic() && !goes_on
    });
    (said || place) && at > to
}

/// Whether a few digits, `shape` their groups, are a phone behind a label that ends before
/// them: small countries have no more than six.
pub(super) fn is_short(label: &[u8], shape: u64, separators: u8) -> bool {
    let one = || {
        let names = [b"phone".as_slice(), b"tel", b"tel.", b"fax", b"number"];
        names.iter().any(|name| {
            let at = label.len().checked_sub(name.len());
            at.is_some_and(|at| starts_with(label, at, name))
        })
    };
    match (shape, separators) {
        (0x222, SPACE | DASH) | (0x33, DASH) => true,
        (0x5 | 0x6, 0) => one(),
        _ => false,
    }
}

/// Numbers that cost nothing to call, or the same from everywhere: 1300, 1800.
fn is_free(digits: &[u8]) -> bool {
    let (a, b, c) = (byte(digits, 0), byte(digits, 1), byte(digits, 2));
    matches!((a, b, c), (1, 3 | 8 | 9, 0) | (8, 0, 0) | (3, 0, 0) | (9, 0, 0))
}

/// Whether pairs of digits count: 01 02 03.
fn counts(digits: &[u8]) -> bool {
    let two = |at: usize| byte(digits, at) * 10 + byte(digits, at + 1);
    (2..digits.len()).step_by(2).all(|at| two(at) == two(at - 2) + 1)
}

/// Whether pairs of digits rise from one to the next, as a series does.
fn rises(digits: &[u8]) -> bool {
    let two = |at: usize| byte(digits, at) * 10 + byte(digits, at + 1);
    (2..digits.len()).step_by(2).all(|at| two(at) > two(at - 2))
}

/// Whether it is a book's number (ISBN-10), an article's (EAN), or digits in a row.
fn is_article(piece: &Piece<'_>) -> bool {
    let digits = piece.digits;
    if piece.plus {
        return false;
    }
    let row = piece.runs == 1
        && digits.iter().enumerate().all(|(at, digit)| usize::from(*digit) == at % 10);
    let article = piece.shape == 0xd && is_ean(digits);
    let weighted = || {
        let sum = |count| {
            digits
                .iter()
                .zip((0..count).rev())
                .map(|(digit, at)| u32::from(*digit) * (at + 1))
                .sum()
        };
        let ten: u32 = sum(10);
        ten.is_multiple_of(11)
    };
    // 0-08-238369-3; with an X for ten it has nine digits.
    let book = piece.separators == DASH
        && matches!(piece.runs, 3 | 4)
        && (digits.len() == 10 && piece.shape & 15 == 1 && weighted()
            || digits.len() == 9 && piece.runs == 3 && length_of_first(piece) == 1);
    row || article || book
}

/// The place behind an extension ("x12", "ext. 12"); `at` where there is none.
pub(super) fn extension(bytes: &[u8], at: usize) -> usize {
    let mut end = at;
    end += usize::from(byte(bytes, end) == b' ');
    if !matches!(byte(bytes, end), b'e' | b'E' | b'x' | b'X') {
        return at;
    }
    if starts_with(bytes, end, b"ext") {
        end += 3;
        end += usize::from(byte(bytes, end) == b'.');
    } else if byte(bytes, end).eq_ignore_ascii_case(&b'x') {
        end += 1;
    } else {
        return at;
    }
    end += usize::from(byte(bytes, end) == b' ');
    let from = end;
    while end < from + 6 && byte(bytes, end).is_ascii_digit() {
        end += 1;
    }
    if end > from && !byte(bytes, end).is_ascii_alphanumeric() { end } else { at }
}

fn length_of_first(piece: &Piece<'_>) -> u64 {
    piece.shape >> (4 * (piece.runs - 1))
}

/// Whether a date begins here: y-m-d or d.m.y, and what follows is set off.
pub(super) fn is_date(piece: &Piece<'_>) -> bool {
    let digits = piece.digits;
    let two = |at: usize| byte(digits, at) * 10 + byte(digits, at + 1);
    // +12345-06-07 of programs that look far.
    let first = length_of_first(piece) as usize;
    let dated = piece.runs >= 3 && piece.shape >> (4 * (piece.runs - 3)) & 0xff == 0x22;
    let signs = if piece.runs == 3 { piece.separators } else { piece.separators & !SPACE };
    if first >= 4 && dated && signs == DASH && is_month_and_day(two(first), two(first + 2)) {
        return true;
    }
    let head = if piece.runs > 3 { piece.shape >> (4 * (piece.runs - 3)) } else { piece.shape };
    if piece.plus || piece.runs < 3 {
        // 20260102 and 20260102030405.
        return piece.shape == 0x8 && matches!(two(0), 19 | 20) && is_month_and_day(two(4), two(6));
    }
    match head {
        0x422 => matches!(two(0), 19 | 20) && is_month_and_day(two(4), two(6)),
        0x224 => is_day_and_month(two(0), two(2)) && matches!(two(4), 19 | 20),
        // Pairs are French; with other signs before a time, they are a date.
        0x222 => {
            let signs = piece.separators & (DASH | DOT | SLASH);
            signs != 0
                && piece.separators & SPACE != 0
                && piece.topic != Topic::Phone
                && is_day_and_month(two(0), two(2))
        }
        _ => false,
    }
}

const fn is_month_and_day(month: u8, day: u8) -> bool {
    month >= 1 && month <= 12 && day >= 1 && day <= 31
}

const fn is_day_and_month(a: u8, b: u8) -> bool {
    is_month_and_day(a, b) || is_month_and_day(b, a)
}
