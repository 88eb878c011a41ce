//! Judges the pieces of a chain: what stands around one, and then every rule that takes
//! numbers in groups.

use super::super::glyph::{CLOSE, DASH, DOT, LINE, OPEN, SPACE, WIDE, byte};
use super::super::scan::Scan;
use super::super::topic::Topic;
use super::super::{Rule, checksum, national, phone};
use super::chain::{Chain, Run};
use super::form::{Form, is_telling};

/// A piece of a chain, as the rules judge it.
#[derive(Debug)]
pub(in super::super) struct Piece<'c> {
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

/// Where pieces of a chain begin: one of its runs, and what stands before it.
pub(super) struct Head {
    first: usize,
    from: usize,
    /// Its first digit in the chain's digits.
    digit: usize,
    topic: Topic,
    /// Whether a plus sign or a parenthesis may stand before it.
    plus: bool,
    /// Whether its form alone tells whether a rule may take a piece.
    plain: bool,
    /// Whether a piece may be judged that others stand beside: a number that others stand
    /// beside is one of a row, unless it is of one word.
    open: bool,
    set_off: bool,
}

impl Head {
    pub(super) fn new(scan: &Scan<'_>, chain: &Chain, first: usize, topic: Topic) -> Self {
        let run = chain.runs().get(first).copied().unwrap_or_default();
        let digit = usize::from(run.digit);
        let previous = scan.before(run.from);
        // The last byte of a plus sign in full width; a parenthesis that is closed.
        let closed = previous == b'(' && chain.separators() & CLOSE != 0;
        let plus = closed || matches!(previous, b'+' | 0x8b);
        let [zero, zeros] = [digit, digit + 1].map(|at| chain.digits().get(at) == Some(&0));
        Self {
            first,
            from: run.from,
            digit,
            topic,
            plus,
            plain: !(plus
                || zero
                || is_telling(topic, chain.digits())
                || chain.separators() & (OPEN | CLOSE) != 0),
            open: matches!(previous, b'+' | b'(')
                || previous >= 0x80
                || zero && zeros
                || topic != Topic::None,
            set_off: first == 0 || run.is_set_off(),
        }
    }

    /// Whether a piece is a rule's only where its form is known.
    pub(super) const fn is_plain(&self) -> bool {
        self.plain
    }

    /// Judges the piece from here to a last run, whose form is a known one or not.
    pub(super) fn judge(
        &self,
        scan: &mut Scan<'_>,
        chain: &Chain,
        last: usize,
        is_known: bool,
    ) -> bool {
        let Self { first, from, topic, .. } = *self;
        let Some(tail) = chain.runs().get(last) else { return false };
        let separators = chain.between(first, last);
        let runs = last + 1 - first;
        let end = usize::from(tail.digit + tail.count);
        let digits = chain.digits().get(self.digit..end).unwrap_or_default();
        let shape = chain.shape(first, last);
        let form = Form { digits, shape, separators, runs, topic };
        if !(is_known || self.plus || form.may_be_something()) {
            return false;
        }
        let next = chain.runs().get(last + 1);
        let alone =
            self.set_off && next.is_none_or(Run::is_set_off) || separators & SPACE == 0 && runs > 1;
        // What a row of plain numbers may still hold: a card, or what a state gave.
        let card = digits.len() >= 12
            && matches!(shape & 0xff0, 0x440 | 0x460)
            && matches!(byte(digits, 0), 2..=6 | 9);
        let held = card
            || separators & !SPACE != 0
            || matches!(shape, 0x324 | 0x1444 | 0x5444)
            || digits.len() == 15;
        if !(alone || self.open || held) {
            return false;
        }
        let piece = Piece {
            whole: first == 0 && next.is_none(),
            alone,
            text: false,
            digits,
            shape,
            runs,
            separators,
            plus: false,
            area: separators & (OPEN | CLOSE) == OPEN | CLOSE,
            topic,
        };
        judge(scan, piece, from, tail.to)
    }
}

/// Judges a piece of a chain that stands at `from..to`.
#[inline(never)]
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
        b'.' => further.is_ascii_alphabetic(),
        // 1,234,567 is one number; a row of values is several.
        b',' => !further.is_ascii_digit() || separators & DASH != 0,
        // Opera/20.0.1396.73172
        b'/' if separators == DOT => !further.is_ascii_alphabetic(),
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
