//! Tells phone numbers by how people write them.
//!
//! International forms begin with a plus or 00. National forms have a trunk zero,
//! an area in parentheses, or groups that nothing but phones has (3-3-4). What
//! else may be a phone is one only where the words before say so.

use super::glyph::{DASH, DOT, SLASH, SPACE, byte, starts_with};
use super::number::Piece;
use super::topic::Topic;

/// Whether a piece of a chain is a phone number.
pub(super) fn is_phone(piece: &Piece<'_>) -> bool {
    let digits = piece.digits;
    let total = digits.len();
    let (first, second) = (byte(digits, 0), byte(digits, 1));
    if is_date(piece) || digits.iter().all(|digit| *digit < 2) {
        return false;
    }
    if piece.plus {
        return first != 0 && total <= 15;
    }
    let one = piece.runs == 1;
    if first == 0 && second == 0 && byte(digits, 2) != 0 {
        let bare = total >= 12 && piece.topic != Topic::Order || piece.topic == Topic::Phone;
        return total <= 17 && (bare || total >= 9 && !one);
    }
    if total > 15 {
        return false;
    }
    let told = match piece.topic {
        Topic::Phone => true,
        Topic::Call => one || piece.separators & DOT == 0,
        Topic::Order | Topic::Version | Topic::Bank => return false,
        _ => false,
    };
    if told {
        // Years in a row, and versions, are none whatever was said.
        return !(piece.separators & DOT != 0 && piece.runs == 2) || total >= 9;
    }
    let trunk = first == 0 && second != 0 && total >= 9;
    if one {
        return trunk && (total == 10 || total == 11);
    }
    if piece.area {
        return total <= 13;
    }
    if piece.separators & DOT != 0 && piece.runs < 3 {
        return false;
    }
    match piece.shape {
        0x334 | 0x1334 | 0x13322 | 0x344 | 0x244 | 0x254 | 0x3322 | 0x3222 => true,
        0x433 if first == 1 => true,
        0x55 => first >= 6,
        shape if shape & 0xfff == 0x322 && total >= 9 => true,
        // 011 dials abroad from North America.
        _ if first == 0 && second == 1 && byte(digits, 2) == 1 && piece.runs > 3 => true,
        _ => trunk && total <= 12 && length_of_first(piece) >= 2,
    }
}

/// The place behind an extension ("x12", "ext. 12"); `at` where there is none.
pub(super) fn extension(bytes: &[u8], at: usize) -> usize {
    let mut end = at;
    end += usize::from(byte(bytes, end) == b' ');
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
fn is_date(piece: &Piece<'_>) -> bool {
    let digits = piece.digits;
    let two = |at: usize| byte(digits, at) * 10 + byte(digits, at + 1);
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
            signs != 0 && piece.separators & SPACE != 0 && is_day_and_month(two(0), two(2))
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
