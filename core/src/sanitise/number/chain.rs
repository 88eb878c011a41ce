//! Reads a chain: runs of digits of any script with one separator between neighbours.
//!
//! Each byte is read once. Most signs are of ASCII, one between two runs: those are told
//! by one look at a table.

use super::super::glyph::{
    CLOSE, DASH, DOT, LINE, NOTHING, OPEN, SLASH, SPACE, WIDE, byte, digit, separator,
};

/// More runs than a number has: a table, or a stream of counters.
pub(super) const MAX_RUNS: usize = 10;
/// More digits than a number has (a card's 19, twice).
const MAX_DIGITS: usize = 38;

/// One run of digits.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Run {
    pub from: usize,
    pub to: usize,
    /// Its first digit in the chain's digits, and how many it has.
    pub digit: u8,
    pub count: u8,
    /// The kinds of separator before it.
    pub separators: u8,
}

impl Run {
    /// Whether a piece may end before it, and another one begin with it.
    pub(super) const fn is_cut(&self) -> bool {
        self.separators & (SPACE | SLASH) != 0 && self.separators & DASH == 0
    }

    /// Whether a column's end or a slash stands before it.
    pub(super) const fn is_set_off(&self) -> bool {
        self.separators & (WIDE | SLASH) != 0
    }
}

/// The runs of a chain, and the values of its digits.
pub(super) struct Chain {
    runs: [Run; MAX_RUNS],
    count: usize,
    digits: [u8; MAX_DIGITS],
    total: usize,
    /// How many digits each run has, four bits each.
    shape: u64,
    /// The kinds of the separators between its runs.
    separators: u8,
}

impl Chain {
    /// Reads the chain that begins at a place; one that is too long ends early.
    pub(super) fn read(bytes: &[u8], from: usize) -> Self {
        let mut chain = Self {
            runs: [Run::default(); MAX_RUNS],
            count: 0,
            digits: [0; MAX_DIGITS],
            total: 0,
            shape: 0,
            separators: 0,
        };
        let (mut at, mut separators) = (from, 0);
        for run in &mut chain.runs {
            let room = chain.digits.get_mut(chain.total..).unwrap_or_default();
            let (count, to) = read_run(bytes, at, room);
            if count == 0 {
                break;
            }
            *run = Run { from: at, to, digit: chain.total as u8, count: count as u8, separators };
            chain.shape = chain.shape << 4 | count.min(15) as u64;
            chain.total += count;
            chain.count += 1;
            chain.separators |= separators;
            match joint(bytes, to) {
                Some((kinds, behind)) => (separators, at) = (kinds, behind),
                None => break,
            }
        }
        chain
    }

    pub(super) fn runs(&self) -> &[Run] {
        self.runs.get(..self.count).unwrap_or_default()
    }

    pub(super) fn digits(&self) -> &[u8] {
        self.digits.get(..self.total).unwrap_or_default()
    }

    pub(super) const fn separators(&self) -> u8 {
        self.separators
    }

    /// The lengths of some of its runs, four bits each.
    pub(super) const fn shape(&self, first: usize, last: usize) -> u64 {
        self.shape >> (4 * (self.count - 1 - last)) & ((1 << (4 * (last + 1 - first))) - 1)
    }

    /// The kinds of the separators between some of its runs.
    pub(super) fn between(&self, first: usize, last: usize) -> u8 {
        if first == last {
            return 0;
        }
        if self.separators.is_power_of_two() {
            return self.separators;
        }
        let behind = self.runs.get(first + 1..=last).unwrap_or_default();
        behind.iter().fold(0, |kinds, run| kinds | run.separators)
    }

    /// Whether it is a long row of short runs: a table, or counters.
    pub(super) const fn is_row(&self) -> bool {
        self.count == MAX_RUNS && self.total <= 3 * MAX_RUNS
    }
}

/// Reads a run's digits into a room for them: how many they are, and where they end.
fn read_run(bytes: &[u8], from: usize, room: &mut [u8]) -> (usize, usize) {
    let (mut at, mut count) = (from, 0);
    for slot in room {
        let value = byte(bytes, at).wrapping_sub(b'0');
        if value < 10 {
            *slot = value;
            at += 1;
        } else if byte(bytes, at) < 0x80 {
            break;
        } else {
            let next = if count > 0 { behind_nothing(bytes, at) } else { at };
            let (value, length) = digit(bytes, next);
            if length == 0 {
                break;
            }
            *slot = value;
            at = next + length;
        }
        count += 1;
    }
    (count, at)
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

/// The kinds of the separators at a place, and where they end; `None` where they join
/// nothing.
#[inline]
fn joint(bytes: &[u8], from: usize) -> Option<(u8, usize)> {
    let sign = byte(bytes, from);
    if sign < 0x80 {
        let kind = KINDS.get(usize::from(sign)).copied().unwrap_or_default();
        if kind == 0 {
            return None;
        }
        if byte(bytes, from + 1).is_ascii_digit() {
            return Some((kind, from + 1));
        }
    }
    joints(bytes, from)
}

/// [`joint`], of several signs, or of some that are not of ASCII.
#[inline(never)]
fn joints(bytes: &[u8], from: usize) -> Option<(u8, usize)> {
    let (mut at, mut separators, mut signs) = (from, 0, 0);
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
        // One parenthesis: of an area. Of two, the first one is something else's.
        kinds => matches!(kinds & (OPEN | CLOSE), OPEN | CLOSE) && kinds & LINE == 0 && signs <= 3,
    };
    joined.then_some((separators, at))
}

/// The kinds of the separators of ASCII.
static KINDS: [u8; 128] = {
    let mut table = [0; 128];
    let signs = [
        (b' ', SPACE),
        (b'-', DASH),
        (b'.', DOT),
        (b'/', SLASH),
        (b'(', OPEN),
        (b')', CLOSE),
        (b'_', LINE),
    ];
    let mut at = 0;
    while at < signs.len() {
        table[signs[at].0 as usize] = signs[at].1;
        at += 1;
    }
    table
};
