//! Numbers that are written in groups: cards, phones, numbers of persons.
//!
//! A chain is runs of digits with one separator between neighbours ("+49 (0)30
//! 123-45"). Its pieces that begin and end at a space or a slash are judged,
//! longest first, by the shape of their runs and by what the words before say.

use super::glyph::{
    CLOSE, DASH, DOT, LINE, NOTHING, OPEN, SLASH, SPACE, WIDE, byte, digit, separator,
};
use super::scan::Scan;
use super::topic::Topic;
use super::{Rule, checksum, national, phone};

/// More runs than a number has: a table, or a stream of counters.
const MAX_RUNS: usize = 10;
/// More digits than a number has (a card's 19, twice).
const MAX_DIGITS: usize = 38;

/// The digits of the shortest number that is looked for, and of the longest.
pub(super) const MIN_PIECE: usize = 7;
const MAX_PIECE: usize = 19;

/// One run of digits.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    from: usize,
    to: usize,
    /// Its first digit in the chain's digits, and how many it has.
    digit: usize,
    count: u8,
    /// The kinds of separator before it.
    separators: u8,
}

/// A piece of a chain, as the rules judge it.
#[derive(Debug)]
pub(super) struct Piece<'c> {
    /// The values of its digits.
    pub digits: &'c [u8],
    /// The lengths of its runs, four bits each: 0x334 for "212 555 0123".
    pub shape: u64,
    /// How many runs.
    pub runs: usize,
    /// The kinds of separators inside, together.
    pub separators: u8,
    /// Whether it is its chain as a whole.
    pub whole: bool,
    /// Whether nothing but the other side of a column or a slash joins it to others.
    pub alone: bool,
    /// Whether it is the whole text.
    pub text: bool,
    /// Whether a plus sign stands before it.
    pub plus: bool,
    /// Whether its first run, or the one behind a country's number, is in parentheses.
    pub area: bool,
    pub topic: Topic,
}

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
    if (1..MIN_PIECE).contains(&count) && is_last {
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
    let mut runs = [Run::default(); MAX_RUNS];
    let mut digits = [0_u8; MAX_DIGITS];
    let (count, total) = read(scan.bytes, scan.at, &mut runs, &mut digits);
    let runs = runs.get(..count).unwrap_or_default();
    let digits = digits.get(..total).unwrap_or_default();
    let end = runs.last().map_or(scan.at + 1, |run| run.to);
    // A long row of short runs is a table, or counters.
    let row = count == MAX_RUNS && total <= 3 * MAX_RUNS;
    if total >= 7 && !row {
        for first in 0..count {
            if pieces(scan, runs, digits, first, start) {
                return true;
            }
        }
    }
    scan.at = end;
    false
}

/// Reads a chain: how many runs and digits it has. A chain that is too long ends early.
fn read(bytes: &[u8], from: usize, runs: &mut [Run], digits: &mut [u8]) -> (usize, usize) {
    let (mut at, mut count, mut total, mut separators) = (from, 0, 0, 0);
    while let Some(run) = runs.get_mut(count) {
        *run = Run { from: at, to: at, digit: total, count: 0, separators };
        loop {
            let (value, length) = digit(bytes, at);
            let Some(slot) = digits.get_mut(total) else { break };
            if length == 0 {
                break;
            }
            *slot = value;
            total += 1;
            run.count += 1;
            at += length;
            run.to = at;
            at = behind_nothing(bytes, at);
        }
        if run.to == run.from {
            break;
        }
        count += 1;
        at = run.to;
        separators = 0;
        let mut signs = 0;
        loop {
            let (kind, length) = separator(bytes, at);
            if length == 0 || signs == 4 {
                break;
            }
            signs += u8::from(kind != NOTHING);
            separators |= kind;
            at += length;
        }
        let joined = match separators {
            SPACE if signs == 2 => {
                separators |= WIDE;
                true
            }
            SPACE | DASH | DOT | SLASH | LINE => signs == 1,
            // " - " and " / ".
            3 | 9 => signs == 3,
            kinds => kinds & (OPEN | CLOSE) != 0 && kinds & LINE == 0 && signs <= 3,
        };
        if !joined {
            break;
        }
    }
    (count, total)
}

/// The place behind signs that nobody sees, where a digit follows them.
fn behind_nothing(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while at < from + 9 {
        let (kind, length) = separator(bytes, at);
        if length == 0 || kind != NOTHING {
            break;
        }
        at += length;
    }
    if digit(bytes, at).1 > 0 { at } else { from }
}

/// Judges the pieces that begin with a run, longest first.
fn pieces(scan: &mut Scan<'_>, runs: &[Run], digits: &[u8], first: usize, start: usize) -> bool {
    let Some(head) = runs.get(first) else { return false };
    let cut = |run: &Run| run.separators & (SPACE | SLASH) != 0 && run.separators & DASH == 0;
    if first > 0 && !cut(head) {
        return false;
    }
    let topic = scan.topic(head.from);
    let previous = scan.before(head.from);
    let signed = matches!(previous, b'+' | b'(') || previous >= 0x80;
    let zero = digits.get(head.digit) == Some(&0);
    if digits.len() < head.digit + MIN_PIECE {
        return false;
    }
    let mut forms = [(0_u64, 0_u8); MAX_RUNS];
    let (mut shape, mut separators, mut total, mut count) = (0, 0, 0, 0);
    let bytes = scan.bytes;
    let taken =
        |form: Form, to: usize| signed || zero || form.may_be_something() || is_asked(bytes, to);
    // The pieces that a rule may take, a bit each.
    let mut worth = 0_u32;
    let own = runs.get(first..).unwrap_or_default();
    for (form, run) in forms.iter_mut().zip(own) {
        let length = usize::from(run.count);
        total += length;
        if total > MAX_PIECE {
            break;
        }
        shape = shape << 4 | length.min(15) as u64;
        separators |= if count > 0 { run.separators } else { 0 };
        *form = (shape, separators);
        count += 1;
        let ends = total >= MIN_PIECE && own.get(count).is_none_or(cut);
        // What spaces alone join is mostly one of a row, which is told sooner.
        let is_worth = ends
            && (separators & !SPACE == 0
                || taken(Form { shape, separators, total, runs: count, topic }, run.to));
        worth |= u32::from(is_worth) << (count - 1);
    }
    if worth == 0 {
        return false;
    }
    // A number that others stand beside is one of a row, unless it is of one word.
    let set_off = |run: &Run| run.separators & (WIDE | SLASH) != 0;
    let zeros = digits.get(head.digit..head.digit + 2) == Some(&[0, 0]);
    let open = signed || zeros || topic != Topic::None;
    for (last, (shape, separators)) in forms.into_iter().enumerate().take(count).rev() {
        if worth >> last & 1 == 0 {
            continue;
        }
        let next = runs.get(first + last + 1);
        let end = next.map_or(digits.len(), |run| run.digit);
        let own = digits.get(head.digit..end).unwrap_or_default();
        let alone = (first == 0 || set_off(head)) && next.is_none_or(set_off)
            || separators & SPACE == 0 && last > 0;
        // What a row of plain numbers may still hold: a card, or what a state gave.
        let card = own.len() >= 12 && matches!(shape & 0xff0, 0x440 | 0x460);
        let held = card && own.first().is_some_and(|first| matches!(first, 2..=6 | 9))
            || matches!(shape, 0x324 | 0x1444 | 0x5444)
            || own.len() == 15
            || separators & !SPACE != 0;
        if !(alone || open || held) {
            continue;
        }
        let to = runs.get(first + last).map_or(head.to, |run| run.to);
        let form = Form { shape, separators, total: own.len(), runs: last + 1, topic };
        if separators & !SPACE == 0 && !taken(form, to) {
            continue;
        }
        let piece = Piece {
            whole: first == 0 && next.is_none(),
            alone,
            text: false,
            digits: own,
            shape,
            runs: last + 1,
            separators,
            plus: false,
            area: separators & (OPEN | CLOSE) == OPEN | CLOSE,
            topic,
        };
        let own_word = first > 0 || start + 2 >= head.from;
        if own_word && judge(scan, piece, head.from, to) {
            return true;
        }
    }
    false
}

/// What is known of a piece before it is judged: no sign is in front of it, and its first
/// digit is no zero.
struct Form {
    shape: u64,
    separators: u8,
    total: usize,
    runs: usize,
    topic: Topic,
}

impl Form {
    /// Whether any rule takes numbers of this form: most pieces of a row are none's. What
    /// the rules below say, in short; a property test holds it to them.
    fn may_be_something(&self) -> bool {
        let brackets = self.separators & (OPEN | CLOSE);
        if brackets != 0 {
            return brackets == OPEN | CLOSE;
        }
        let one = self.runs == 1;
        let told = self.topic == Topic::Card;
        let card = self.total >= 12 && (told || checksum::is_grouped(self.shape, self.runs));
        if self.separators & (LINE | WIDE) != 0 {
            return card;
        }
        let told = matches!(
            self.topic,
            Topic::Phone | Topic::Call | Topic::Identity | Topic::Social | Topic::Number
        );
        let signs = self.separators & !(SPACE | DOT | DASH) == 0;
        let french =
            self.total == 15 && (signs || matches!(self.topic, Topic::Order | Topic::Card));
        #[rustfmt::skip]
        let known = matches!(
            self.shape,
            0x324 | 0x64 | 0x46 | 0x451 | 0x3332 | 0x23342 | 0x22232 | 0x281 | 0x65 | 0x624
                | 0x2331 | 0x1331 | 0x444 | 0x14521 | 0x3442 | 0x67 | 0x233 | 0x133 | 0x334
                | 0x1334 | 0x13322 | 0x344 | 0x244 | 0x254 | 0x3322 | 0x3222 | 0x234 | 0x433
                | 0x434 | 0x446 | 0x1333 | 0x1324 | 0x55 | 0x333 | 0x2222 | 0x22222
        );
        card || told || known || one || french || self.shape & 0xfff == 0x322
    }
}

/// Whether the words behind a number may say what it is.
fn is_asked(bytes: &[u8], to: usize) -> bool {
    byte(bytes, to) == b' '
        && matches!(byte(bytes, to + 1), b'i' | b'(' | b'p' | b'm' | b'c' | b't')
}

/// Judges a piece of a chain that stands at `from..to`.
fn judge(scan: &mut Scan<'_>, mut piece: Piece<'_>, mut from: usize, mut to: usize) -> bool {
    let separators = piece.separators;
    // What stands before: a parenthesis of the area, a plus sign.
    let (mut plus, mut area) = (false, piece.area);
    if scan.before(from) == b'(' && separators & CLOSE != 0 {
        from -= 1;
        area = true;
    }
    if scan.before(from) == b'+' {
        from -= 1;
        plus = true;
        if scan.before(from) == b'(' && separators & CLOSE != 0 {
            from -= 1;
        }
    } else if scan.policy.rare()
        && from >= scan.copied + 3
        && scan.text.get(from - 3..from) == Some("＋")
    {
        from -= 3;
        plus = true;
    }
    let (previous, further) = (scan.before(from), scan.before(from.saturating_sub(1)));
    let begins = match previous {
        b'_' | b'#' | b'$' => false,
        b'.' | b',' => further.is_ascii_alphabetic(),
        // A sum, not the sign of a country.
        b')' | b'~' | b'+' if plus => false,
        // `0943001563` is a commit's.
        b'`' => piece.runs > 1,
        // 00000000:0201, 10:15:30.
        b':' => !further.is_ascii_digit(),
        // ¢ £ ¥, and what the block of currencies holds.
        0xa2 | 0xa3 | 0xa5 => further != 0xc2,
        0xac => further != 0x82,
        _ => !previous.is_ascii_alphanumeric(),
    };
    let after = byte(scan.bytes, to);
    if !begins || matches!(after, b'_' | b'%') || scan.is_at_sign(to) {
        return false;
    }
    piece.text = from == 0 && to == scan.bytes.len();
    (piece.plus, piece.area) = (plus, area);
    let extension = if scan.policy.rare() { phone::extension(scan.bytes, to) } else { to };
    if extension == to && after.is_ascii_alphabetic() {
        return false;
    }
    let odd = separators & (LINE | WIDE) != 0
        || separators & (OPEN | CLOSE) != 0 && !area
        || separators & (OPEN | CLOSE) == OPEN;
    let rule = if checksum::is_card(&piece) {
        Rule::Card
    } else if odd {
        return false;
    } else if checksum::is_ssn(&piece) {
        Rule::Ssn
    } else if scan.policy.rare() && national::is_number(&piece) {
        Rule::NationalId
    } else if scan.policy.rare() && national::is_rut(&piece, scan.bytes, to) {
        to += 2;
        Rule::NationalId
    } else if phone::is_phone(&piece)
        || scan.policy.rare() && phone::is_told(&piece, scan.bytes, to)
    {
        to = extension;
        Rule::Phone
    } else {
        return false;
    };
    scan.found(rule, from, to);
    true
}

#[cfg(all(test, feature = "rare-rules"))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn topic() -> impl Strategy<Value = Topic> {
        prop::sample::select(alloc::vec![
            Topic::None,
            Topic::Phone,
            Topic::Call,
            Topic::Card,
            Topic::Identity,
            Topic::Social,
            Topic::Bank,
            Topic::Version,
            Topic::Order,
            Topic::Scheme,
        ])
    }

    fn kinds() -> impl Strategy<Value = u8> {
        prop_oneof![
            Just(SPACE),
            Just(DASH),
            Just(DOT),
            Just(SLASH),
            Just(DOT | DASH),
            Just(OPEN | CLOSE),
            any::<u8>(),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40_000))]
        /// A form that is passed over is one that no rule takes.
        #[test]
        fn no_rule_takes_what_is_passed_over(
            groups in prop_oneof![
                prop::collection::vec(1..=6_usize, 1..=9),
                prop::collection::vec(prop::sample::select(alloc::vec![2_usize, 3, 4]), 1..=6),
                prop::collection::vec(1..=19_usize, 1..=3),
            ],
            digits in prop::collection::vec(0..=9_u8, 19),
            head in 1..=9_u8,
            separators in kinds(),
            topic in topic(),
            (whole, alone, text) in any::<(bool, bool, bool)>(),
        ) {
            // As many groups as a piece may have digits, and one more where they are too few.
            let (mut groups, mut total) = (groups, 0);
            groups.retain(|group| {
                let fits = total + group <= MAX_PIECE;
                total += if fits { *group } else { 0 };
                fits
            });
            if total < MIN_PIECE {
                groups.push(MIN_PIECE);
                total += MIN_PIECE;
            }
            let mut digits = digits;
            digits[0] = head;
            let runs = groups.len();
            let separators = if runs == 1 { 0 } else { separators };
            let shape = groups.iter().fold(0, |shape, group| shape << 4 | (*group).min(15) as u64);
            let area = separators & (OPEN | CLOSE) == OPEN | CLOSE;
            let piece = Piece {
                digits: &digits[..total], shape, runs, separators, whole, alone, text,
                plus: false, area, topic,
            };
            let odd = separators & (LINE | WIDE) != 0
                || separators & (OPEN | CLOSE) != 0 && !area
                || separators & (OPEN | CLOSE) == OPEN;
            let chile = matches!(shape, 0x233 | 0x133) && separators == DOT;
            let taken = checksum::is_card(&piece)
                || !odd
                    && (checksum::is_ssn(&piece)
                        || national::is_number(&piece)
                        || chile
                        || phone::is_phone(&piece));
            let form = Form { shape, separators, total, runs, topic };
            prop_assert!(form.may_be_something() || !taken, "{:x} {:?}", shape, piece);
        }
    }
}
