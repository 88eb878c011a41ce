//! One pass over a text: runs to the next byte that may begin something personal,
//! asks the rules for it, and goes on behind what they looked at.
//!
//! Always true: `copied ≤ at`; what lies before `copied` is written and never
//! looked at again. Every rule looks at a bounded number of bytes, or moves `at`
//! behind what it has looked at: time is linear in the text.

use alloc::string::String;

use super::glyph::{IN_WORD, LETTER, before, byte, digit, sort};
use super::policy::Policy;
use super::topic::{Topic, Topics};
use super::{Rule, email, ip, label, national, number, path, secret};

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
    pub policy: &'s Policy<'s>,
    /// Where the next look begins.
    pub at: usize,
    /// Everything before it is written.
    pub copied: usize,
    /// Where the last address of a machine ended; 0 before the first.
    pub machine: usize,
    topics: Topics,
    word: Word,
    /// Whether the text has a verb that a secret may stand behind, once it was asked.
    #[cfg(feature = "rare-rules")]
    speaks: Option<bool>,
    out: Option<String>,
    /// The rules that were told, a bit each.
    told: u32,
}

/// Runs one pass; `None` when nothing was found. `told` gathers the rules.
pub(super) fn pass(text: &str, policy: &Policy<'_>, told: &mut u32) -> Option<String> {
    let mut scan = Scan {
        text,
        bytes: text.as_bytes(),
        policy,
        at: 0,
        copied: 0,
        machine: 0,
        topics: Topics::new(),
        word: Word { from: 0, to: 0, letters: false, begins_with_letter: false },
        #[cfg(feature = "rare-rules")]
        speaks: None,
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
                if trigger == b'\\' {
                    email::address(&mut scan);
                }
                if scan.at == from {
                    path::user(&mut scan);
                }
            }
            b'-' if rare => secret::private_key(&mut scan),
            b'~' if rare => path::tilde(&mut scan),
            b'/' | b'\\' | b'-' | b'~' => {}
            b':' | b'=' if !rare => {}
            b':' | b'=' => {
                if !(trigger == b':' && ip::six(&mut scan)) {
                    label::value(&mut scan);
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
                // ： and ＝ are a colon and an equals sign.
                if rare && trigger == 0xef && scan.at == from {
                    label::value(&mut scan);
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
    let apart = scan.before(scan.at) == b' ';
    if ip::four(scan) || apart && national::nino(scan) {
        return;
    }
    let at = scan.at;
    if at >= scan.word.to {
        scan.word = Word::around(scan, at);
    }
    let Word { from, to, letters, begins_with_letter } = scan.word;
    let start = from.max(scan.copied);
    if scan.may_speak() && label::spoken(scan, start) {
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
    fn around(scan: &Scan<'_>, at: usize) -> Self {
        let (mut from, mut to) = (at, at);
        let (bytes, floor) = (scan.bytes, scan.copied);
        let mut sorts = 0;
        while from > floor {
            let sort = sort(byte(bytes, from - 1));
            if sort & IN_WORD == 0 {
                break;
            }
            sorts |= sort;
            from -= 1;
        }
        let begins_with_letter = sorts & LETTER != 0;
        loop {
            let sort = sort(byte(bytes, to));
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
        let rest = self.bytes.get(self.at..)?;
        let begins = |byte: &u8| TRIGGERS.get(usize::from(*byte)).is_some_and(|trigger| *trigger);
        let offset = rest.iter().position(begins)?;
        self.at += offset;
        rest.get(offset).copied()
    }

    /// Whether a secret may be spoken of in the text: it says that something is.
    #[cfg(feature = "rare-rules")]
    pub fn may_speak(&mut self) -> bool {
        *self.speaks.get_or_insert_with(|| super::find::verb(self.bytes))
    }

    /// A page asks at once.
    #[cfg(not(feature = "rare-rules"))]
    pub const fn may_speak(&self) -> bool {
        true
    }

    /// What the words before a place speak of.
    pub fn topic(&mut self, place: usize) -> Topic {
        if self.policy.rare() { self.topics.before(self.bytes, place) } else { Topic::None }
    }

    /// Writes what stands for a found range, and goes on behind it. The range
    /// begins no earlier than `copied`, and ends where characters end.
    pub fn found(&mut self, rule: Rule, from: usize, to: usize) {
        let mut out = self.out.take().unwrap_or_default();
        out.push_str(self.text.get(self.copied..from).unwrap_or_default());
        self.policy.put(&mut out, rule, self.text.get(from..to).unwrap_or_default());
        self.out = Some(out);
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
