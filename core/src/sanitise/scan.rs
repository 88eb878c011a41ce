//! One pass over a text: runs to the next byte that may begin something personal,
//! asks the rules for it, and goes on behind what they looked at.
//!
//! Always true: `copied ≤ at`; what lies before `copied` is written and never
//! looked at again. Every rule looks at a bounded number of bytes, or moves `at`
//! behind what it has looked at: time is linear in the text.

use alloc::string::String;

use super::glyph::{DIGIT, IN_WORD, LETTER, before, byte, digit, seen, sort};
use super::policy::Policy;
use super::topic::{Topic, Topics};
use super::{Holds, Rule, account, email, ip, label, national, number, path, secret};

/// Which bytes may begin something: digits of any script, and the signs that
/// addresses, labels and paths hold.
pub(super) const TRIGGERS: [bool; 256] = {
    let mut table = [false; 256];
    let mut digit = b'0';
    while digit <= b'9' {
        table[digit as usize] = true;
        digit += 1;
    }
    let signs = *b"@%&([{:=/\\-~\xd9\xdb\xe0\xef";
    let mut at = 0;
    while at < signs.len() {
        table[signs[at] as usize] = true;
        at += 1;
    }
    table
};

/// A pass over one text.
pub(super) struct Scan<'s> {
    pub text: &'s str,
    pub bytes: &'s [u8],
    pub holds: Holds,
    pub policy: &'s Policy<'s>,
    /// Where the next look begins.
    pub at: usize,
    /// Everything before it is written.
    pub copied: usize,
    /// Where the last address of a machine ended; 0 before the first.
    pub machine: usize,
    pub machines: ip::Machines,
    pub values: label::Values,
    pub accounts: account::Window,
    topics: Topics,
    word: Word,
    #[cfg(feature = "rare-rules")]
    verbs: label::Verbs,
    out: Option<String>,
    /// The rules that were told, a bit each.
    told: u32,
}

/// Runs one pass; `None` when nothing was found. `told` gathers the rules.
pub(super) fn pass(
    text: &str,
    holds: Holds,
    policy: &Policy<'_>,
    told: &mut u32,
) -> Option<String> {
    let mut scan = Scan {
        text,
        holds,
        bytes: text.as_bytes(),
        policy,
        at: 0,
        copied: 0,
        machine: 0,
        machines: ip::Machines::default(),
        values: label::Values::default(),
        accounts: account::Window::default(),
        topics: Topics::new(),
        word: Word::NONE,
        #[cfg(feature = "rare-rules")]
        verbs: label::Verbs::default(),
        out: None,
        told: 0,
    };
    let rare = policy.rare();
    while let Some(trigger) = scan.next_trigger() {
        let from = scan.at;
        match trigger {
            b'0'..=b'9' => {
                if rare {
                    digits(&mut scan);
                }
            }
            b'/' | b'\\' if rare => {
                if trigger == b'/' && scan.before(from) == b'<' {
                    label::element(&mut scan);
                }
                if trigger == b'\\' {
                    email::address(&mut scan);
                }
                if scan.at == from {
                    path::user(&mut scan);
                }
            }
            b'-' if rare => secret::private_key(&mut scan),
            b'~' if rare => {
                if !secret::of_azure(&mut scan) {
                    path::tilde(&mut scan);
                }
            }
            b'/' | b'\\' | b'-' | b'~' => {}
            b':' | b'=' if !rare => {}
            b':' | b'=' => {
                let is_six =
                    trigger == b':' && ip::may_be_six(scan.bytes, from) && ip::six(&mut scan);
                if !is_six {
                    label::value(&mut scan, 1);
                }
            }
            0x80.. if digit(scan.bytes, from).1 > 0 => {
                if rare {
                    digits(&mut scan);
                }
            }
            _ => {
                if rare && trigger == b'%' {
                    path::encoded(&mut scan);
                }
                if scan.at > from {
                    continue;
                }
                email::address(&mut scan);
                let is_sign = || matches!(text.get(from..from + 3), Some("：" | "＝"));
                if rare && trigger == 0xef && scan.at == from && is_sign() {
                    label::value(&mut scan, 3);
                }
            }
        }
        if scan.at <= from {
            scan.at = from + 1;
        }
    }
    *told |= scan.told;
    let mut out = scan.out?;
    out.push_str(text.get(scan.copied..).unwrap_or_default());
    Some(out)
}

/// A digit: of an address, of a word, or of a number.
fn digits(scan: &mut Scan<'_>) {
    let at = scan.at;
    if at >= scan.word.to {
        if let Some(end) = few_alone(scan, at) {
            scan.at = end;
            return;
        }
        scan.word = Word::around(scan, at);
    }
    let Word { from, to, letters, begins_with_letter } = scan.word;
    let start = from.max(scan.copied);
    let may_speak = scan.may_speak(start);
    if !may_speak && scan.word.is_nothing(scan.bytes, start, at) {
        scan.at = to;
        return;
    }
    let apart = scan.before(at) == b' ';
    if ip::may_be_four(scan.bytes, at) && ip::four(scan) || apart && national::nino(scan) {
        return;
    }
    if may_speak && scan.is_spoken(start) {
        return;
    }
    if !begins_with_letter && (apart && secret::apart(scan, from) || number::chain(scan, start)) {
        return;
    }
    // A chain that was no number has moved on, at times beyond the word.
    let is_judged =
        letters && at < from + FIRST_DIGIT && secret::may_be_word(scan.bytes, start, to);
    if is_judged && secret::word(scan, start, to) {
        return;
    }
    if letters || scan.at == at {
        scan.at = scan.at.max(to);
    }
}

/// The end of a few digits that nothing is joined to: no rule asks for them, but for a
/// secret that is spoken of.
#[inline]
fn few_alone(scan: &mut Scan<'_>, at: usize) -> Option<usize> {
    let mut end = at;
    while end < at + number::MIN_PIECE - 1 && sort(byte(scan.bytes, end)) & DIGIT != 0 {
        end += 1;
    }
    let joined = number::may_join(byte(scan.bytes, end)) || sort(scan.before(at)) & IN_WORD != 0;
    let labelled = end >= at + number::MIN_LABELLED && number::has_label(scan, at);
    (end > at && !joined && !labelled && !scan.may_speak(at)).then_some(end)
}

/// How far into a word its first digit may be, for the word to be judged there.
const FIRST_DIGIT: usize = 64;

/// The word around a digit.
#[derive(Clone, Copy)]
struct Word {
    from: usize,
    to: usize,
    /// Whether it has letters.
    letters: bool,
    /// Whether it has letters before its first digit.
    begins_with_letter: bool,
}

impl Word {
    const NONE: Self = Self { from: 0, to: 0, letters: false, begins_with_letter: false };

    /// Whether no rule asks for more than to go on behind it: it is too short, and joined
    /// to nothing. What is left of it begins at `start`; its first digit is at `at`.
    #[inline]
    fn is_nothing(&self, bytes: &[u8], start: usize, at: usize) -> bool {
        if self.to <= at || self.to >= start + number::MIN_PIECE {
            return false;
        }
        if self.begins_with_letter {
            return !secret::may_be_word(bytes, start, self.to);
        }
        self.letters && !number::may_join(byte(bytes, self.to))
    }

    fn around(scan: &Scan<'_>, at: usize) -> Self {
        let (mut from, mut to) = (at, at);
        let mut sorts = 0;
        let before = scan.bytes.get(scan.copied..at).unwrap_or_default();
        for sort in before.iter().rev().map(|byte| sort(seen(*byte))) {
            if sort & IN_WORD == 0 {
                break;
            }
            sorts |= sort;
            from -= 1;
        }
        let begins_with_letter = sorts & LETTER != 0;
        for sort in scan.bytes.get(at..).unwrap_or_default().iter().map(|byte| sort(seen(*byte))) {
            if sort & IN_WORD == 0 {
                break;
            }
            sorts |= sort;
            to += 1;
        }
        Self { from, to, letters: sorts & LETTER != 0, begins_with_letter }
    }
}

impl Scan<'_> {
    /// The next byte that may begin something, `at` standing on it.
    fn next_trigger(&mut self) -> Option<u8> {
        let begins = |byte: &u8| TRIGGERS.get(usize::from(*byte)).is_some_and(|trigger| *trigger);
        let rest = self.bytes.get(self.at..)?;
        // Where looking pays, the next one is often near.
        let first = rest.first()?;
        if begins(first) {
            return Some(*first);
        }
        let offset = rest.iter().position(begins)?;
        self.at += offset;
        rest.get(offset).copied()
    }

    /// Whether a secret may be spoken of at a place: something is said to be.
    #[cfg(feature = "rare-rules")]
    fn may_speak(&mut self, place: usize) -> bool {
        self.verbs.before(self.bytes, place)
    }

    /// Whether the word that begins at a place is a secret that is spoken of. The first
    /// digit behind a verb decides for all that follow.
    #[cfg(feature = "rare-rules")]
    fn is_spoken(&mut self, place: usize) -> bool {
        self.verbs.forget();
        label::spoken(self, place)
    }

    #[cfg(not(feature = "rare-rules"))]
    fn is_spoken(&mut self, place: usize) -> bool {
        label::spoken(self, place)
    }

    /// A page asks at once.
    #[cfg(not(feature = "rare-rules"))]
    const fn may_speak(&self, _place: usize) -> bool {
        true
    }

    /// What the words before a place speak of.
    pub fn topic(&mut self, place: usize) -> Topic {
        if self.policy.rare() { self.topics.before(self.bytes, place) } else { Topic::None }
    }

    /// Writes what stands for a found range, and goes on behind it. The range
    /// begins no earlier than `copied`, and ends where characters end.
    pub fn found(&mut self, rule: Rule, from: usize, to: usize) {
        let out = self.out.get_or_insert_with(|| String::with_capacity(self.text.len()));
        out.push_str(self.text.get(self.copied..from).unwrap_or_default());
        self.policy.put(out, rule, self.text.get(from..to).unwrap_or_default());
        self.told |= 1 << rule as u32;
        if rule == Rule::Ip {
            self.machine = to;
        }
        self.copied = to;
        self.at = to;
        self.topics.marked(to, if rule == Rule::Phone { Topic::Phone } else { Topic::None });
    }

    /// Whether an at sign of any kind stands at a place.
    pub fn is_at_sign(&self, at: usize) -> bool {
        email::at_sign(self.bytes, at) > 0
    }

    /// The byte before a place, as far as it is not written yet; `]` behind a mark.
    pub fn before(&self, at: usize) -> u8 {
        if at > 0 && at == self.copied { b']' } else { before(self.bytes, at) }
    }
}
