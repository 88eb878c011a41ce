//! Values that their label gives away: `password=…`, `token: …`, `&code=…`.
//!
//! A label is the name before a colon or an equals sign, by the same table as the
//! keys of JSON. A name that means a secret and nothing else hides what follows;
//! one that often means something else (code, state, key) hides what looks drawn
//! by lot, and parameters of a query.

use super::Rule;
use super::glyph::{
    DIGIT, ENDS_LINE, ENDS_VALUE, IN_NAME, LETTER, before, byte, is_word, seen, sort, starts_with,
};
use super::names::{self, Name};
use super::scan::Scan;

/// The longest name of a label.
const NAME_MAX: usize = 40;
/// How much of a value is looked at to tell what it is.
const JUDGED_MAX: usize = 64;

/// Judges the label whose sign stands at the scan's place, of so many bytes.
#[inline]
pub(super) fn value(scan: &mut Scan<'_>, width: usize) {
    let (bytes, sign) = (scan.bytes, scan.at);
    let next = byte(bytes, sign + 1);
    if next | 0x20 == b'a' && byte(bytes, sign) == b':' && token_of_a_bot(scan, sign) {
        return;
    }
    // The letter before it tells, or before one digit: most are no label's.
    let mut previous = before(bytes, sign);
    let mut sorts = sort(previous);
    if sorts & DIGIT != 0 {
        previous = before(bytes, sign - 1);
        sorts = sort(previous) & !DIGIT;
    } else if matches!(previous, b'"' | b'\'' | b'\\' | b' ') {
        sorts = IN_NAME;
    }
    if sorts & IN_NAME == 0 || sorts & LETTER != 0 && !names::may_end(previous) {
        return;
    }
    if let Some((name_end, end)) = name_end(scan, sign) {
        judge(scan, width, name_end, &end);
    }
}

/// Where the name before a sign ends, if it may tell a secret.
fn name_end(scan: &Scan<'_>, sign: usize) -> Option<(usize, names::End)> {
    let mut end = sign;
    while matches!(scan.before(end), b'"' | b'\'' | b'\\' | b' ') && end + 3 > sign {
        end -= 1;
    }
    names::end_of_label(scan.bytes, end).map(|last| (end, last))
}

/// Judges the value behind a name that may tell a secret.
#[inline(never)]
fn judge(scan: &mut Scan<'_>, width: usize, name_end: usize, end: &names::End) {
    let (bytes, sign) = (scan.bytes, scan.at);
    let mut name = name_begin(scan, name_end);
    // Words that are one name all the same.
    if starts_with(bytes, name, b"passe")
        && name >= scan.copied + 7
        && starts_with(bytes, name - 7, b"mot de ")
    {
        name -= 7;
    }
    let class = names::of_label(bytes, name, end);
    if !matches!(class, Some(Name::Secret | Name::Weak | Name::Line)) {
        return;
    }
    let colon = byte(bytes, sign) == b':';
    // name := "…", and 'name' => '…'.
    let arrow = byte(bytes, sign + width) == if colon { b'=' } else { b'>' };
    let begin = sign + width + usize::from(arrow);
    let mut from = begin;
    let glued = !matches!(byte(bytes, from), b' ' | b'\t');
    while matches!(byte(bytes, from), b' ' | b'"' | b'\'' | b'\\' | b'`') && from < begin + 6 {
        from += 1;
    }
    let quote = if from > begin { before(bytes, from) } else { 0 };
    if arrow && !is_quote(quote) {
        return;
    }
    // The scheme of an Authorization header.
    let may_be_scheme = matches!(byte(bytes, from) | 0x20, b'a' | b'b' | b'd' | b't');
    for scheme in [b"bearer ".as_slice(), b"basic ", b"token ", b"digest ", b"apikey "] {
        if may_be_scheme && starts_with(bytes, from, scheme) {
            from += scheme.len();
        }
    }
    let line = class == Some(Name::Line);
    if line && !is_cookie(bytes, from) {
        return;
    }
    // What it is shows at its beginning: no value is read twice by far.
    let weak = class == Some(Name::Weak);
    let ends = if line { ENDS_LINE } else { ENDS_VALUE };
    // Labels in a row, each the value of the one before. The sign itself tells
    // nothing: what it is must read the same when the next one is gone.
    let in_a_row = weak || colon && glued;
    let mut to = from;
    if in_a_row || line {
        let label = |here: u8| in_a_row && (here == b'=' && weak || here == b':');
        while to < from + JUDGED_MAX && sort(byte(bytes, to)) & ends == 0 && !label(byte(bytes, to))
        {
            to += 1;
        }
    } else {
        to = scan.values.end(bytes, from, from + JUDGED_MAX);
    }
    if class == Some(Name::Secret) && is_quote(quote) {
        to = quoted(bytes, quote, from, to);
    }
    let own = bytes.get(from..to).unwrap_or_default();
    let own = if glued { own } else { trim(own) };
    let parameter = matches!(scan.before(name), b'&' | b'?') && byte(bytes, sign) == b'=';
    let label = bytes.get(name..name_end).unwrap_or_default();
    // A template of a program (`omit`) is assigned to what is no secret, too.
    let assigned = glued && !colon && !arrow && quote != b'`';
    let hides = match class {
        Some(Name::Weak) => {
            // "Promo code: SUMMER20" is for everybody.
            let least = if assigned { 10 } else { 16 };
            let path = byte(bytes, to) == b':' && byte(bytes, to + 1) == b':';
            is_drawn(own, least) && is_token(own) && !path || parameter && own.len() >= 3
        }
        Some(Name::Line) => true,
        _ => {
            let said = assigned || is_drawn(own, 5);
            let element = byte(bytes, to) == b'[' && byte(bytes, to + 1).is_ascii_digit();
            let mut known = || {
                let end = from + own.len();
                element
                    || scan.values.hold_sign(from, end)
                    || is_placeholder(own, label)
                    || scan.values.is_code(bytes, from, end)
            };
            own.len() >= 3 && (parameter || said && !known())
        }
    };
    if !hides || is_mark(own) {
        return;
    }
    let jwt = starts_with(own, 0, b"eyj") && own.contains(&b'.');
    while sort(byte(bytes, to)) & ends == 0 {
        to += 1;
    }
    if !glued {
        to = from + trim(bytes.get(from..to).unwrap_or_default()).len();
    }
    scan.found(if jwt { Rule::Jwt } else { Rule::Secret }, from, to);
}

const fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

/// Where a value ends that a quote began and that a sign seems to end at `to`: at the next
/// such quote, if that is near and no space before it ("p&ss)w0rd").
fn quoted(bytes: &[u8], quote: u8, from: usize, to: usize) -> usize {
    let mut end = to;
    while end < from + JUDGED_MAX
        && byte(bytes, end) != quote
        && !matches!(byte(bytes, end), 0 | b' ' | b'\t' | b'\n' | b'\r' | b'\\' | b'<' | b'[')
    {
        end += 1;
    }
    let escaped = byte(bytes, end) == b'\\' && byte(bytes, end + 1) == quote;
    if byte(bytes, end) == quote || escaped { end } else { to }
}

/// The secret that an element of XML holds, whose end has its slash at the scan's place:
/// `<password>…</password>`.
pub(super) fn element(scan: &mut Scan<'_>) {
    let (bytes, slash) = (scan.bytes, scan.at);
    let mut end = slash + 1;
    while end < slash + NAME_MAX && is_name(byte(bytes, end)) {
        end += 1;
    }
    let name = bytes.get(slash + 1..end).unwrap_or_default();
    let class = if byte(bytes, end) == b'>' { names::of(name, true) } else { None };
    if !matches!(class, Some(Name::Secret | Name::Weak)) {
        return;
    }
    let to = slash - 1;
    let mut from = to;
    // The next one back ends at the sign that this one's begins behind.
    while from > scan.copied && !matches!(scan.before(from), b'<' | b'>' | b'\n' | b' ' | b']') {
        from -= 1;
    }
    let own = bytes.get(from..to).unwrap_or_default();
    let drawn = if class == Some(Name::Weak) {
        is_drawn(own, 16) && is_token(own)
    } else {
        is_drawn(own, 5)
    };
    let held = scan.before(from) == b'>' && drawn;
    if held && !is_placeholder(own, name) && !is_code(own).0 && !is_mark(own) {
        scan.found(Rule::Secret, from, to);
    }
}

/// What was found out of values that reach over the labels behind them:
/// `pwd=pwd=pwd=(` is read once.
#[derive(Debug, Default)]
pub(super) struct Values {
    /// No byte of this range ends a value.
    from: usize,
    to: usize,
    /// Where a sign of programs stands, which makes code of every value around it, and
    /// where it ends.
    sign: usize,
    sign_end: usize,
}

impl Values {
    /// Where a value ends, at a limit at most.
    fn end(&mut self, bytes: &[u8], from: usize, limit: usize) -> usize {
        if from < self.from || from > self.to {
            (self.from, self.to) = (from, from);
        }
        while self.to < limit && sort(byte(bytes, self.to)) & ENDS_VALUE == 0 {
            self.to += 1;
        }
        self.to.min(limit)
    }

    /// Whether the value at a range is known for a piece of a program.
    const fn hold_sign(&self, from: usize, to: usize) -> bool {
        from < self.sign && self.sign_end <= to
    }

    /// Whether the value at a range is a piece of a program.
    fn is_code(&mut self, bytes: &[u8], from: usize, to: usize) -> bool {
        let (is_code, sign) = is_code(bytes.get(from..to).unwrap_or_default());
        if let Some(sign) = sign {
            self.sign = from + sign;
            let one = matches!(byte(bytes, self.sign), b'(' | b')');
            self.sign_end = self.sign + if one { 1 } else { 2 };
        }
        is_code
    }
}

/// A value without the sentence's end.
fn trim(mut value: &[u8]) -> &[u8] {
    while let [rest @ .., b'.' | b'!' | b'?' | b':'] = value {
        value = rest;
    }
    value
}

/// Where the name begins that ends at a place.
fn name_begin(scan: &Scan<'_>, end: usize) -> usize {
    let floor = scan.copied.max(end.saturating_sub(NAME_MAX));
    let range = scan.bytes.get(floor..end).unwrap_or_default();
    let before = range.iter().rposition(|byte| !is_name(*byte));
    before.map_or(floor, |before| floor + before + 1)
}

fn is_name(byte: u8) -> bool {
    sort(seen(byte)) & IN_NAME != 0
}

/// A secret that a sentence tells: "my password is …". The word whose first digit, or
/// whose digit behind a sign, is looked at begins at `from`. True when it is one.
pub(super) fn spoken(scan: &mut Scan<'_>, from: usize) -> bool {
    let bytes = scan.bytes;
    let mut value = from;
    let blank = |byte: u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b']');
    while value > scan.copied && value + SPOKEN_MAX > from && !blank(scan.before(value)) {
        value -= 1;
    }
    if value < scan.copied + 8 || scan.before(value) != b' ' || byte(bytes, value) >= 0x80 {
        return false;
    }
    let verb = if starts_with(bytes, value - 4, b" is ") {
        4
    } else if starts_with(bytes, value - 5, b" ist ") {
        5
    } else {
        return false;
    };
    let name_end = value - verb;
    let name = name_begin(scan, name_end);
    if names::of(bytes.get(name..name_end).unwrap_or_default(), true) != Some(Name::Secret) {
        return false;
    }
    let mut to = value;
    let ends = |byte: u8| {
        byte == 0
            || byte.is_ascii_whitespace()
            || matches!(byte, b'"' | b'\'' | b'<' | b',' | b';' | b'[')
    };
    while to < value + JUDGED_MAX && !ends(byte(bytes, to)) {
        to += 1;
    }
    let own = trim(bytes.get(value..to).unwrap_or_default());
    if own.len() < 5 || !is_drawn(own, 5) || is_mark(own) || is_code(own).0 {
        return false;
    }
    scan.found(Rule::Secret, value, value + own.len());
    true
}

/// How far before its first digit a password that is spoken of may begin.
const SPOKEN_MAX: usize = 24;

/// The last verb so far that a secret may stand behind.
#[cfg(feature = "rare-rules")]
#[derive(Debug, Default)]
pub(super) struct Verbs {
    /// Where its value begins; 0 for none.
    value: usize,
    /// Where the next letters `is` stand.
    next: usize,
}

#[cfg(feature = "rare-rules")]
impl Verbs {
    /// Whether one stands within reach of a place.
    #[inline]
    pub(super) fn before(&mut self, bytes: &[u8], place: usize) -> bool {
        // Behind it a space stands at least.
        if self.next + 2 < place {
            self.read(bytes, place);
        }
        self.value > 0 && self.value <= place && self.value + SPOKEN_MAX >= place
    }

    /// Its value was judged.
    pub(super) const fn forget(&mut self) {
        self.value = 0;
    }

    fn read(&mut self, bytes: &[u8], place: usize) {
        while self.next + 2 < place {
            let verb = super::find::verb(bytes, self.next);
            self.next = verb;
            if verb + 2 >= place {
                break;
            }
            let german = usize::from(byte(bytes, verb + 2) | 0x20 == b't');
            self.next = verb + 1;
            if byte(bytes, verb + 2 + german) == b' ' {
                self.value = verb + 3 + german;
            }
        }
    }
}

/// The token of a bot (Telegram), or of a phone for its messages (Firebase): a
/// number or a word, a colon, and a run with a beginning of its own.
fn token_of_a_bot(scan: &mut Scan<'_>, colon: usize) -> bool {
    let bytes = scan.bytes;
    let firebase = starts_with(bytes, colon + 1, b"apa91b");
    if !firebase && !starts_with(bytes, colon + 1, b"aa") {
        return false;
    }
    let mut from = colon;
    while from > scan.copied && from + 24 > colon && is_word(byte(bytes, from - 1)) {
        let digit = byte(bytes, from - 1).is_ascii_digit();
        if !firebase && !digit {
            break;
        }
        from -= 1;
    }
    let mut to = colon + 1;
    while to < colon + 256 && is_word(byte(bytes, to)) {
        to += 1;
    }
    let fits = if firebase { to > colon + 64 } else { from + 8 <= colon && to >= colon + 34 };
    if fits {
        scan.found(Rule::Secret, from, to);
    }
    fits
}

/// Whether a value looks drawn by lot rather than written: letters and digits of
/// some length, or an odd sign among them, or large and small letters as no name has them;
/// not a word, a number, or a place in a file.
fn is_drawn(value: &[u8], least: usize) -> bool {
    if value.len() < least {
        return false;
    }
    let (mut digits, mut large, mut small, mut others, mut signs) = (0, 0, 0, 0, 0);
    for byte in value {
        match byte {
            b'0'..=b'9' => digits += 1,
            b'A'..=b'Z' => large += 1,
            b'a'..=b'z' => small += 1,
            0x80.. => others += 1,
            b'!' | b'@' | b'#' | b'$' | b'%' | b'^' | b'&' | b'+' | b'~' => signs += 1,
            _ => {}
        }
    }
    // Every fifth letter of a name in humps is a large one.
    let third = value.len().max(LETTERS_DRAWN).div_ceil(3);
    let mixed = large >= third && small >= third;
    let enough = if least < 8 { digits > 0 || signs > 0 || mixed } else { digits > 1 };
    large + small + others > 0 && enough
}

/// As many letters alone may be drawn by lot.
const LETTERS_DRAWN: usize = 10;

/// Whether a value is of the signs that tokens are of.
fn is_token(value: &[u8]) -> bool {
    let padding = value.iter().rev().take_while(|byte| **byte == b'=').count();
    let body = value.get(..value.len() - padding).unwrap_or_default();
    body.iter().all(|byte| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'_' | b'-' | b'+' | b'/' | b'~' | b'%' | b'=')
    }) && !body.contains(&b'=')
}

/// Whether a value names what stands elsewhere: a word of the label itself, a
/// variable, a member of something.
fn is_placeholder(value: &[u8], label: &[u8]) -> bool {
    let word = |word: &[u8]| word.len() == value.len() && starts_with(value, 0, word);
    let named = value.len() <= label.len()
        && label
            .get(label.len() - value.len()..)
            .is_some_and(|end| end.eq_ignore_ascii_case(value));
    let bracket = |at: usize| matches!(byte(value, at), b'{' | b'(');
    let variable = |byte: &u8| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_');
    let rest = value.get(1..).unwrap_or_default();
    let sign = match byte(value, 0) {
        b'{' | b'(' | b'%' | b'*' | b'.' => true,
        b'$' => bracket(1) || rest.iter().all(variable),
        _ => false,
    };
    // original_token=anchor_token.
    let joined = || {
        let last = label.iter().rposition(|byte| *byte == b'_').and_then(|line| label.get(line..));
        last.is_some_and(|last| last.len() > 3 && value.ends_with(last)) || is_constant(value)
    };
    named
        || sign
        || value.contains(&b'_') && joined()
        || matches!(value.len(), 3..=6 | 9)
            && [
                b"true".as_slice(),
                b"false",
                b"none",
                b"null",
                b"undefined",
                b"string",
                b"yes",
                b"str",
            ]
            .iter()
            .any(|known| word(known))
}

/// Whether a value with a low line begins or is written as constants are.
fn is_constant(value: &[u8]) -> bool {
    let (mut lines, mut digits, mut small) = (0, 0, false);
    for byte in value {
        match byte {
            b'_' => lines += 1,
            b'0'..=b'9' => digits += 1,
            b'a'..=b'z' => small = true,
            b'A'..=b'Z' => {}
            _ => return false,
        }
    }
    digits < 4 && (byte(value, 0) == b'_' || lines > 1 && !small)
}

/// Whether a value is a piece of a program: a call, a path of names; and the place of the
/// sign that tells it whatever stands around it.
fn is_code(value: &[u8]) -> (bool, Option<usize>) {
    let mut names = 1;
    let mut digits = 0;
    for (at, byte) in value.iter().enumerate() {
        match byte {
            b'(' | b')' if at > 0 => return (true, Some(at)),
            // Token{a64f992 …
            b'{' if at > 3 && value.get(..at).is_some_and(is_type) => return (true, None),
            b':' if value.get(at + 1) == Some(&b':') => return (true, Some(at)),
            b'-' if value.get(at + 1) == Some(&b'>') => return (true, Some(at)),
            b'.' => names += 1,
            b'0'..=b'9' => digits += 1,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'?' | b';' => {}
            _ => names = 100,
        }
    }
    // Three dots are a token's in base64.
    (matches!(names, 2..=6) && digits < names && value.len() < 64, None)
}

/// Whether a word is of letters alone, the first of them large.
fn is_type(word: &[u8]) -> bool {
    word.first().is_some_and(u8::is_ascii_uppercase) && word.iter().all(u8::is_ascii_alphabetic)
}

/// Whether a cookie begins at a place: a name, an equals sign, a value.
fn is_cookie(bytes: &[u8], from: usize) -> bool {
    let rest = bytes.get(from..).unwrap_or_default();
    let name = rest.iter().take(NAME_MAX).take_while(|byte| is_name(**byte)).count();
    let at = from + name;
    let value = |at: usize| sort(byte(bytes, at)) & ENDS_LINE == 0;
    at > from && byte(bytes, at) == b'=' && value(at + 1) && value(at + 2)
}

/// A mark, or a keyed hash, stands here already.
fn is_mark(value: &[u8]) -> bool {
    names::is_hashed(value)
        || value.first() == Some(&b'[')
        || value.iter().all(|byte| *byte == b'*')
}
