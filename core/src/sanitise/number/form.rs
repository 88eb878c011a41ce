//! Which pieces of a chain some rule may take, told by how many digits their groups have.
//!
//! Most pieces of a row are no rule's, and a row of nine has forty. So the groups are held
//! against those of every known number at once, each group looked at once, before any
//! piece is judged. What the rules say, in short; a property test holds it to them: what
//! is passed over here no rule takes.

use super::super::glyph::{CLOSE, DASH, DOT, LINE, OPEN, SLASH, SPACE, WIDE, byte};
use super::super::topic::Topic;
use super::chain::{MAX_RUNS, Run};

/// The separators that most phones may have between their groups, and that cards may.
const ANY: u8 = SPACE | DASH | DOT | SLASH;
const CARD: u8 = SPACE | DASH | DOT | WIDE;

/// How numbers are grouped that some rule knows: how many digits each group has, which
/// may be one of several, and what may stand between them. One group alone, fifteen
/// digits, whatever ends with three, two and two, and what is a number only where nothing
/// stands beside it are not in the list.
#[rustfmt::skip]
const FORMS: &[(&str, u8)] = &[
    // Persons' numbers and phones, of two groups and of three.
    ("6 4", DASH | SLASH), ("6 57", DASH), ("4 6", ANY), ("5 5", SPACE | DASH),
    ("3 2 4", SPACE | DASH | DOT), ("6 2 4", DASH), ("4 5 1", SPACE), ("2 8 1", DASH),
    ("12 3 3", DOT), ("4 3 3", ANY), ("34 34 4", ANY), ("2 345 4", ANY), ("4 4 6", ANY),
    // Of four, and of five.
    ("3 3 3 2", SPACE | DASH | DOT), ("12 3 3 1", DASH | DOT), ("3 4 4 2", ANY),
    ("1 3 3 34", ANY), ("3 23 2 2", ANY), ("1 3 2 4", ANY),
    ("2 3 3 4 2", DASH | DOT | SLASH), ("2 2 2 3 2", ANY), ("1 4 5 2 1", SPACE | DASH),
    ("1 3 3 2 2", ANY),
    // Cards.
    ("4 4 4", CARD), ("8 8", CARD), ("4 6 45", CARD), ("4 5 6", CARD),
    ("4 4 4 1234", CARD | SLASH | LINE), ("4 4 4 4 123", CARD | SLASH | LINE),
];

/// The most groups of a form.
const LONGEST: usize = 5;

/// The forms, a bit for each of their groups.
struct Forms {
    /// The groups that may have so many digits.
    groups: [u128; 16],
    /// The groups that may stand behind each kind of separator.
    joints: [u128; 8],
    /// First groups.
    begin: u128,
    /// Last groups, and those of forms of so many groups.
    end: u128,
    ends: [u128; LONGEST + 1],
}

static ALL: Forms = {
    let mut forms =
        Forms { groups: [0; 16], joints: [0; 8], begin: 0, end: 0, ends: [0; LONGEST + 1] };
    let (mut form, mut bit) = (0, 0);
    while form < FORMS.len() {
        let (text, joints) = (FORMS[form].0.as_bytes(), FORMS[form].1);
        forms.begin |= 1 << bit;
        let (mut at, mut count) = (0, 1);
        while at < text.len() {
            if text[at] == b' ' {
                bit += 1;
                count += 1;
                let mut kind = 0;
                while kind < 8 {
                    forms.joints[kind] |= ((joints >> kind & 1) as u128) << bit;
                    kind += 1;
                }
            } else {
                forms.groups[(text[at] - b'0') as usize] |= 1 << bit;
            }
            at += 1;
        }
        forms.end |= 1 << bit;
        forms.ends[count] |= 1 << bit;
        bit += 1;
        form += 1;
    }
    forms
};

/// For each run of a chain the pieces that begin with it and are grouped as some rule's
/// numbers are: a bit for each run that they may end with. `separators` are the kinds of all
/// that stand between the runs.
pub(super) fn grouped(runs: &[Run], digits: &[u8], separators: u8) -> [u16; MAX_RUNS] {
    // Most chains have one kind of separators.
    let joints = separators.is_power_of_two().then(|| behind(separators));
    let mut found = [0_u16; MAX_RUNS];
    let (mut open, mut shape, mut begins) = (0_u128, 0_u16, 0_u64);
    for (last, run) in runs.iter().enumerate().take(MAX_RUNS) {
        let length = usize::from(run.count.min(15));
        let fits = ALL.groups.get(length).copied().unwrap_or_default();
        open = (open << 1 & joints.unwrap_or_else(|| behind(run.separators)) | ALL.begin) & fits;
        shape = shape << 4 | length as u16;
        begins |= 1 << run.digit;
        let mut mark = |first: Option<usize>| {
            if let Some(pieces) = first.and_then(|first| found.get_mut(first)) {
                *pieces |= 1 << last;
            }
        };
        if length >= 11 {
            mark(Some(last));
        }
        if open & ALL.end != 0 {
            for (groups, end) in ALL.ends.iter().enumerate().skip(2) {
                if open & end != 0 {
                    mark((last + 1).checked_sub(groups));
                }
            }
        }
        if shape & 0xfff == 0x322 {
            (0..last.saturating_sub(1)).for_each(|first| mark(Some(first)));
        }
        // Fifteen digits, in whatever groups: a person's, of France.
        if let Some(digit) = (run.digit + run.count).checked_sub(15)
            && begins >> digit & 1 != 0
            && may_be_french(digits.get(usize::from(digit)..).unwrap_or_default())
        {
            mark(Some((begins & ((1 << digit) - 1)).count_ones() as usize));
        }
    }
    // What is a phone's only where nothing stands beside it.
    if let (3, 0x333) | (4, 0x2222) = (runs.len(), shape)
        && let Some(pieces) = found.first_mut()
    {
        *pieces |= 1 << (runs.len() - 1);
    }
    found
}

/// Whether a number of fifteen digits begins as France's do: a sex, a year, a month.
fn may_be_french(digits: &[u8]) -> bool {
    matches!(byte(digits, 0), 1 | 2) && matches!(byte(digits, 3) * 10 + byte(digits, 4), 1..=12)
}

/// The groups that may stand behind separators of these kinds.
fn behind(mut kinds: u8) -> u128 {
    let mut groups = u128::MAX;
    while kinds != 0 {
        let kind = kinds.trailing_zeros() as usize;
        groups &= ALL.joints.get(kind).copied().unwrap_or_default();
        kinds &= kinds - 1;
    }
    groups
}

/// Whether words say of some digits that they are one of some rule's, whatever its form.
pub(super) fn is_telling(topic: Topic, digits: &[u8]) -> bool {
    match topic {
        // Zeros and ones are no phone's.
        Topic::Phone | Topic::Call | Topic::Number => digits.iter().any(|digit| *digit > 1),
        Topic::Card => digits.len() >= 12,
        Topic::Identity | Topic::Social => true,
        _ => false,
    }
}

/// What is known of a piece before it is judged: its form is none of the list's, and no
/// sign is in front of it.
pub(super) struct Form<'c> {
    pub digits: &'c [u8],
    pub shape: u64,
    pub separators: u8,
    pub runs: usize,
    pub topic: Topic,
}

impl Form<'_> {
    /// Whether any rule takes such a number.
    pub(super) fn may_be_something(&self) -> bool {
        let total = self.digits.len();
        let [first, second, third] = [0, 1, 2].map(|at| byte(self.digits, at));
        // A card's, behind a word for it: groups of four to six, and the last one.
        let mut groups = self.shape >> 4;
        while self.topic == Topic::Card && matches!(groups & 15, 4..=6) {
            groups >>= 4;
        }
        let told =
            is_telling(self.topic, self.digits) && (self.topic != Topic::Card || groups == 0);
        // A number that is dialled.
        let dialled = first == 0
            && (self.runs > 3 && second == 1 && third == 1
                || matches!(total, 9..=17)
                    && if second == 0 {
                        third != 0
                    } else {
                        total <= 12 && !(self.separators & SLASH != 0 && self.runs > 3)
                    });
        told || dialled || self.separators & (OPEN | CLOSE) == OPEN | CLOSE
    }
}

#[cfg(all(test, feature = "rare-rules"))]
mod tests {
    use super::super::super::{checksum, national, phone};
    use super::super::{MAX_PIECE, MIN_PIECE, Piece};
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
            head in prop::sample::select(alloc::vec![0_u8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
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
            let count = groups.len();
            let separators = if count == 1 { 0 } else { separators };
            let shape = groups.iter().fold(0, |shape, group| shape << 4 | (*group).min(15) as u64);
            let area = separators & (OPEN | CLOSE) == OPEN | CLOSE;
            let digits = &digits[..total];
            let piece = Piece {
                digits, shape, runs: count, separators, whole, alone, text, plus: false, area, topic,
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
            let mut digit = 0;
            let run = |count: &usize| {
                digit += *count as u8;
                Run { digit: digit - *count as u8, count: *count as u8, separators, ..Run::default() }
            };
            let runs: alloc::vec::Vec<Run> = groups.iter().map(run).collect();
            let known = grouped(&runs, digits, separators)[0] >> (count - 1) & 1 != 0;
            let form = Form { digits, shape, separators, runs: count, topic };
            prop_assert!(known || form.may_be_something() || !taken, "{:x} {:?}", shape, piece);
        }
    }
}
