//! Numbers that are written in groups: cards, phones, numbers of persons.
//!
//! A chain (`chain`) is runs of digits with one separator between neighbours ("+49
//! (0)30 123-45"). Its pieces that begin and end at a space or a slash are judged
//! (`piece`), longest first, by the shape of their runs and by what the words before
//! say: those of them that are grouped as some rule's numbers are (`form`).

mod chain;
mod form;
mod piece;

use super::Rule;
use super::glyph::{CLOSE, OPEN, SPACE, byte, digit, separator};
use super::phone;
use super::scan::Scan;
use super::topic::{Topic, told_by};
use chain::Chain;
use piece::Head;

pub(super) use piece::Piece;

/// The digits of the shortest number that is looked for, and of the longest.
pub(super) const MIN_PIECE: usize = 7;
const MAX_PIECE: usize = 19;

/// Judges the chain whose word begins at `start`. True when something was found;
/// otherwise `at` stands behind the digits that were looked at.
#[inline]
pub(super) fn chain(scan: &mut Scan<'_>, start: usize) -> bool {
    // A few digits that nothing joins to others are no number: most are such.
    let (mut end, mut count) = (scan.at, 0);
    while count < MIN_PIECE {
        let (_, length) = digit(scan.bytes, end);
        if length == 0 {
            break;
        }
        end += length;
        count += 1;
    }
    let next = byte(scan.bytes, end);
    let behind = byte(scan.bytes, end + 1);
    let is_last = match separator(scan.bytes, end) {
        (_, 0) => true,
        // A sign of ASCII, and no digit nor another sign.
        _ => {
            next < 0x80
                && (behind.is_ascii_alphabetic() || behind == b':' || behind == b'=' || behind == 0)
        }
    };
    let labelled = count >= MIN_LABELLED && has_label(scan, scan.at);
    if (1..MIN_PIECE).contains(&count) && is_last && !labelled {
        scan.at = end;
        return false;
    }
    whole_chain(scan, start)
}

/// Whether a byte behind digits may join them to others, or to a word.
#[inline]
pub(super) fn may_join(next: u8) -> bool {
    JOINS.get(usize::from(next)).is_some_and(|joins| *joins)
}

static JOINS: [bool; 256] = {
    let mut table = [false; 256];
    let mut at = 0;
    while at < 256 {
        let byte = at as u8;
        table[at] = byte.is_ascii_alphanumeric()
            || byte >= 0x80
            || matches!(byte, b' ' | b'-' | b'.' | b'/' | b'(' | b')' | b'_');
        at += 1;
    }
    table
};

/// [`chain`], of digits that others may be joined to.
#[inline(never)]
fn whole_chain(scan: &mut Scan<'_>, start: usize) -> bool {
    let chain = Chain::read(scan.bytes, scan.at);
    let end = chain.runs().last().map_or(scan.at + 1, |run| run.to);
    if chain.digits().len() >= MIN_PIECE && !chain.is_row() && pieces(scan, &chain, start) {
        return true;
    }
    if (MIN_LABELLED..MIN_PIECE).contains(&chain.digits().len()) && short(scan, &chain) {
        return true;
    }
    scan.at = end;
    false
}

/// The digits of the shortest phone that its label tells.
pub(super) const MIN_LABELLED: usize = 5;

/// Whether a label ends right before a place.
pub(super) fn has_label(scan: &Scan<'_>, from: usize) -> bool {
    let space = usize::from(scan.before(from) == b' ');
    scan.before(from - space) == b':'
}

/// Judges a chain of fewer digits than most phones have, right behind the label of one, or
/// before a word for one.
fn short(scan: &mut Scan<'_>, chain: &Chain) -> bool {
    let (Some(first), Some(last)) = (chain.runs().first(), chain.runs().last()) else {
        return false;
    };
    let (from, to) = (first.from, last.to);
    let next = byte(scan.bytes, to);
    let ends = !next.is_ascii_alphanumeric() && !matches!(next, b'_' | b'%' | 0x80..);
    // 5:30, 12345.6
    let goes_on =
        matches!(next, b'.' | b',' | b':' | b'/') && byte(scan.bytes, to + 1).is_ascii_digit();
    let shape = chain.shape(0, chain.runs().len() - 1);
    let label = scan.bytes.get(scan.copied..from).unwrap_or_default().trim_ascii_end();
    let is_short = match label.strip_suffix(b":") {
        Some(label) => is_phones(label) && phone::is_short(label, shape, chain.separators()),
        None => {
            let preposition = [b" at".as_slice(), b" on", b" to"];
            let said = preposition.iter().any(|word| label.ends_with(word));
            (shape, chain.separators()) == (0x222, SPACE)
                && (said || label.is_empty() || phone::is_named(scan.bytes, to))
        }
    };
    if !is_short || !ends || goes_on {
        return false;
    }
    let named = phone::is_named(scan.bytes, to) && chain.separators() == SPACE;
    let told = matches!(scan.topic(from), Topic::Phone | Topic::Call);
    if told || named {
        scan.found(Rule::Phone, from, to);
    }
    told || named
}

/// Whether the last word of a label, a colon behind it, is one for phones, or for numbers.
fn is_phones(label: &[u8]) -> bool {
    let begin =
        label.iter().rposition(|byte| !byte.is_ascii_alphabetic() && *byte < 0x80 && *byte != b'.');
    let word = label.get(begin.map_or(0, |begin| begin + 1)..).unwrap_or_default();
    let colon = [b"desk".as_slice(), b"office", b"number", b"no", b"no.", b"nr", b"nr."];
    matches!(told_by(word), Some(Topic::Phone | Topic::Call))
        || colon.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// Judges the pieces of a chain: from each run on, longest first.
fn pieces(scan: &mut Scan<'_>, chain: &Chain, start: usize) -> bool {
    let (runs, digits) = (chain.runs(), chain.digits());
    let Some(last) = runs.last() else { return false };
    let said = scan.topic(runs.first().map_or(scan.at, |head| head.from));
    let grouped = form::grouped(runs, digits, chain.separators());
    // The runs that a piece may end with: the one before each cut, and the last one.
    let cuts = runs.iter().enumerate().skip(1).filter(|(_, run)| run.is_cut());
    let ends = cuts.fold(1_u32 << (runs.len() - 1), |ends, (at, _)| ends | 1 << (at - 1));
    let named = u32::from(phone::is_named(scan.bytes, last.to)) << (runs.len() - 1);
    // Behind its first run nothing but a zero makes more of a piece than its form does.
    let plain = !form::is_telling(said, digits) && chain.separators() & (OPEN | CLOSE) == 0;
    // The runs that a piece has its seventh digit in, and those that it may reach to.
    let (mut least, mut most) = (0, 0);
    for (first, head) in runs.iter().enumerate() {
        if first > 0 && !head.is_cut() {
            continue;
        }
        let begin = usize::from(head.digit);
        let known = grouped.get(first).map_or(0, |known| u32::from(*known)) | named;
        if first > 0 && plain && known == 0 && digits.get(begin) != Some(&0) {
            continue;
        }
        let behind =
            |at: usize| runs.get(at + 1).map_or(digits.len(), |run| usize::from(run.digit));
        if digits.len() < begin + MIN_PIECE {
            return false;
        }
        while behind(least) < begin + MIN_PIECE {
            least += 1;
        }
        while most < runs.len() && behind(most) <= begin + MAX_PIECE {
            most += 1;
        }
        let fitting = ends & ((1 << most) - 1) & (u32::MAX << least);
        // Nothing in a chain tells anything of what is behind it.
        let topic = if first == 0 || said == Topic::None { said } else { scan.topic(head.from) };
        // A word that goes on before the digits has pieces behind them alone.
        if fitting == 0 || first == 0 && start + 2 < head.from {
            continue;
        }
        let head = Head::new(scan, chain, first, topic);
        let mut worth = if head.is_plain() { fitting & known } else { fitting };
        while worth != 0 {
            let last = worth.ilog2() as usize;
            worth &= !(1 << last);
            if head.judge(scan, chain, last, known >> last & 1 != 0) {
                return true;
            }
        }
    }
    false
}
