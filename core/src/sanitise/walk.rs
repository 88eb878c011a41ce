//! Sanitises JSON text in place: what no rule changes is copied byte for byte.
//!
//! A value whose key names something personal is replaced, whatever it is, and with
//! all that it holds; `null`, `true` and `false` stay, because they tell whether,
//! not what. A member whose key itself is personal (an address as a key) goes.

use alloc::borrow::Cow;
use alloc::string::String;

use super::names::{self, Name};
use super::policy::{Action, Policy};
use super::{LONG_STRING_MAX_BYTES, Rule, text_with, url};
use crate::json::{Token, Value, Walker, unescape, write_string};
use crate::limits::STRING_MAX_BYTES;

/// A walk over one value.
struct Walk<'w, 'j> {
    input: &'j str,
    output: String,
    copied: usize,
    walker: Walker<'j>,
    policy: &'w Policy<'w>,
    found: Found<'w>,
}

/// Takes each finding: its rule, the walker that stands at its place, and whether
/// the place is the object around it, because its own key is personal.
type Found<'w> = &'w mut dyn FnMut(Rule, &Walker<'_>, bool);

/// The keys whose whole string is an address or a path.
const URL_KEYS: [&str; 4] = ["url", "path", "referrer", "href"];

/// Bytes of the longest address of e-mail, about: what a cut may leave half of.
const LONGEST_WORD: usize = 512;

/// See [`super::json_with`].
pub(super) fn json(value: Value<'_>, policy: &Policy<'_>, found: Found<'_>) -> String {
    let input = value.raw();
    let output = String::with_capacity(input.len());
    let walker = Walker::new(value);
    let mut walk = Walk { input, output, copied: 0, walker, policy, found };
    walk.run();
    walk.output.push_str(input.get(walk.copied..).unwrap_or_default());
    walk.output
}

impl<'j> Walk<'_, 'j> {
    fn run(&mut self) {
        // The key of the present member, and where it begins, quote included.
        let mut key: Option<(Cow<'j, str>, usize)> = None;
        while let Some(token) = self.walker.next() {
            match token {
                Token::Key(inside) => {
                    let from = self.walker.position() - inside.len() - 2;
                    let Some(name) = unescape(inside) else { continue };
                    // A path as a key is no person, even one with a query.
                    let mut personal = false;
                    if self.policy.rare() && name.bytes().any(may_be_personal) {
                        text_with(&name, self.policy, &mut |rule| personal |= rule != Rule::Url);
                    }
                    if !personal {
                        key = Some((name, from));
                    } else {
                        self.member_is_gone(from, Rule::Key, None);
                    }
                    continue;
                }
                Token::Close => {}
                token => {
                    if let Some((name, from)) = key.take()
                        && self.is_dealt_with(&name, from, token)
                    {
                        continue;
                    }
                    if let Token::String(inside) = token {
                        self.string(inside, STRING_MAX_BYTES, false);
                    }
                }
            }
        }
    }

    fn tell(&mut self, rule: Rule) {
        (self.found)(rule, &self.walker, false);
    }

    /// Deals with a member by its key. True when its value is done.
    fn is_dealt_with(&mut self, name: &str, from: usize, token: Token<'j>) -> bool {
        let named = |keys: &[&str]| keys.contains(&name);
        let hashed = named(self.policy.hash_keys);
        let rule = match names::of(name.as_bytes(), self.policy.rare()) {
            _ if hashed => Rule::Hash,
            Some(Name::Personal | Name::Secret | Name::Line) => Rule::Key,
            _ => {
                return match token {
                    Token::String(inside) if named(self.policy.long_keys) => {
                        self.string(inside, LONG_STRING_MAX_BYTES, false);
                        true
                    }
                    Token::String(inside) if URL_KEYS.contains(&name) => {
                        self.string(inside, STRING_MAX_BYTES, true);
                        true
                    }
                    _ => false,
                };
            }
        };
        if matches!(token, Token::Literal(_)) {
            return true;
        }
        let begin = match token {
            Token::String(inside) => self.walker.position() - inside.len() - 2,
            Token::Number(text) => self.walker.position() - text.len(),
            _ => self.walker.position() - 1,
        };
        let action = if hashed { Action::Hash } else { self.policy.action(rule) };
        if hashed && self.policy.pseudonym.is_none() {
            self.skip(token);
            return true;
        }
        // A container has no text of its own: its mark stands for all that it holds.
        let found = match token {
            Token::String(inside) => unescape(inside).unwrap_or(Cow::Borrowed(inside)),
            Token::Number(text) => Cow::Borrowed(text),
            _ => Cow::Borrowed("{}"),
        };
        if found.is_empty() || found == rule.mark() || names::is_hashed(found.as_bytes()) {
            return true;
        }
        if self.policy.rare() && action == Action::Remove {
            self.member_is_gone(from, rule, Some(token));
            return true;
        }
        // Behind a container its place is its member's again.
        self.skip(token);
        self.tell(rule);
        let mut stands = String::new();
        match (action, self.policy.pseudonym) {
            _ if matches!(token, Token::Open(_)) => stands.push_str(rule.mark()),
            (Action::Hash, Some(pseudonym)) => stands.push_str(&pseudonym(&found)),
            _ => self.policy.put(&mut stands, rule, &found),
        }
        self.output.push_str(self.input.get(self.copied..begin).unwrap_or_default());
        write_string(&mut self.output, &stands);
        self.copied = self.walker.position();
        true
    }

    /// Goes to the end of the value that a token opened.
    fn skip(&mut self, token: Token<'_>) {
        if let Token::Open(_) = token {
            let depth = self.walker.depth();
            while self.walker.depth() >= depth && self.walker.next().is_some() {}
        }
    }

    /// Takes a member out of the text, with one of the commas around it. `value` is
    /// its value's first token, when that was read already.
    fn member_is_gone(&mut self, from: usize, rule: Rule, value: Option<Token<'_>>) {
        (self.found)(rule, &self.walker, true);
        if let Some(token) = value.or_else(|| self.walker.next()) {
            self.skip(token);
        }
        self.output.push_str(self.input.get(self.copied..from).unwrap_or_default());
        let mut end = self.walker.position();
        let input = self.input.as_bytes();
        while matches!(input.get(end), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            end += 1;
        }
        if input.get(end) == Some(&b',') {
            end += 1;
        } else {
            let kept = self.output.trim_ascii_end().len();
            if self.output.as_bytes().get(..kept).is_some_and(|out| out.ends_with(b",")) {
                self.output.truncate(kept - 1);
            }
        }
        self.copied = end;
    }

    /// Sanitises a string that was just read; one that `is_url` has no query, however
    /// it is written.
    fn string(&mut self, inside: &str, limit: usize, is_url: bool) {
        let Some(whole) = unescape(inside) else { return };
        let mut clean = Cow::Borrowed(whole_words(&whole, limit));
        if clean.len() < whole.len() {
            self.tell(Rule::Cut);
        }
        let mut rules = 0;
        if is_url && let Some(end) = url::query_start(&clean, self.policy) {
            rules |= 1 << Rule::Url as u32;
            clean = Cow::Owned(String::from(clean.get(..end).unwrap_or_default()));
        }
        if let Some(shorter) = super::rounds(&clean, self.policy, &mut rules) {
            // Marks may be longer than what they stand for.
            clean = Cow::Owned(String::from(cut(&shorter, limit)));
        }
        super::tell(rules, &mut |rule| self.tell(rule));
        if clean != whole {
            let end = self.walker.position();
            let begin = end - inside.len() - 2;
            self.output.push_str(self.input.get(self.copied..begin).unwrap_or_default());
            write_string(&mut self.output, &clean);
            self.copied = end;
        }
    }
}

/// Whether a key with such a byte is worth a look: most have none.
const fn may_be_personal(byte: u8) -> bool {
    byte.is_ascii_digit() || byte >= 0x80 || matches!(byte, b'@' | b'%' | b'=')
}

/// The longest beginning of a string within a limit, without the word that the
/// limit falls into: half of an address is no longer known for one.
fn whole_words(text: &str, limit: usize) -> &str {
    let kept = cut(text, limit);
    if kept.len() == text.len() {
        return kept;
    }
    let in_word = |byte: &u8| {
        byte.is_ascii_alphanumeric()
            || *byte >= 0x80
            || matches!(byte, b'@' | b'.' | b'_' | b'%' | b'+' | b'-')
    };
    let word = kept.bytes().rev().take_while(in_word).count();
    if word > LONGEST_WORD { kept } else { kept.get(..kept.len() - word).unwrap_or(kept) }
}

/// The longest beginning of a string within a limit that ends at a character.
fn cut(text: &str, limit: usize) -> &str {
    let mut end = limit.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}
