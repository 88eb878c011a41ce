//! Takes personal data out of text before it travels.
//!
//! One scanner for a string, the same in the page, at the edge and in the
//! collector. Linear in the input, and idempotent: sanitised text is left as it
//! is. Rules of this stage: addresses of e-mail are replaced, and URLs end at
//! their path. A finding tells the rule and the place, never the text.

mod email;
mod url;

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use crate::json::{Token, Value, Walker, unescape, write_string};
use crate::limits::STRING_MAX_BYTES;

/// What stands where an e-mail address stood.
pub const EMAIL_MARK: &str = "[email]";

/// Which rule changed a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// An e-mail address was replaced by [`EMAIL_MARK`].
    Email,
    /// A URL's query, fragment or credentials were removed.
    Url,
    /// A string over the limit was cut at a character.
    Cut,
    /// An identifier was removed, because the visitor's consent does not cover it.
    Consent,
    /// A user_id that is personal data was replaced by its keyed hash.
    Hash,
}

impl Rule {
    /// The rule's name in findings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Url => "url",
            Self::Cut => "cut",
            Self::Consent => "consent",
            Self::Hash => "hash",
        }
    }
}

/// That a rule changed the text at a place: for the person who asks why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which rule.
    pub rule: Rule,
    /// Where, as a JSON pointer; empty for plain text.
    pub pointer: String,
}

/// Sanitises one string, telling each rule that changed it once. Text without
/// anything personal is borrowed back.
pub fn text<'a>(input: &'a str, found: &mut dyn FnMut(Rule)) -> Cow<'a, str> {
    let mut output = Cow::Borrowed(input);
    if let Some(shorter) = url::without_queries(&output) {
        found(Rule::Url);
        output = Cow::Owned(shorter);
    }
    if let Some(marked) = email::without_addresses(&output) {
        found(Rule::Email);
        output = Cow::Owned(marked);
    }
    output
}

/// Sanitises every string value of a JSON value, wherever it is nested, and
/// returns its text. What no rule changes is copied byte for byte. Strings over
/// 8 KB are cut first. Findings are given with the pointer behind `prefix`.
pub fn json(value: Value<'_>, prefix: &str, findings: &mut Vec<Finding>) -> String {
    json_telling(value, &mut |rule, walker| {
        let mut pointer = String::from(prefix);
        walker.pointer(&mut pointer);
        findings.push(Finding { rule, pointer });
    })
}

/// As [`json`], telling each finding's rule and the walker that stands at its
/// place: the page, which asks for neither, does not pay for pointers.
pub fn json_telling(value: Value<'_>, found: &mut dyn FnMut(Rule, &Walker<'_>)) -> String {
    let input = value.raw();
    let mut output = String::with_capacity(input.len());
    let mut copied = 0;
    let mut walker = Walker::new(value);
    while let Some(token) = walker.next() {
        let Token::String(inside) = token else { continue };
        let Some(whole) = unescape(inside) else { continue };
        let kept = cut(&whole);
        let mut at_place = |rule| found(rule, &walker);
        if kept.len() < whole.len() {
            at_place(Rule::Cut);
        }
        let clean = text(kept, &mut at_place);
        if clean != whole {
            let end = walker.position();
            output.push_str(input.get(copied..end - inside.len() - 2).unwrap_or_default());
            write_string(&mut output, &clean);
            copied = end;
        }
    }
    output.push_str(input.get(copied..).unwrap_or_default());
    output
}

/// The longest beginning of a string within the limit that ends at a character.
fn cut(text: &str) -> &str {
    if text.len() <= STRING_MAX_BYTES {
        return text;
    }
    let mut end = STRING_MAX_BYTES;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests;
