//! Sanitises JSON text in place: what no rule changes is copied byte for byte.
//!
//! A value whose key names something personal is replaced, whatever it is, and with
//! all that it holds; `null`, `true` and `false` stay, because they tell whether,
//! not what. A member whose key itself is personal (an address as a key) goes.

use alloc::borrow::Cow;
use alloc::string::String;

use super::names::{self, Name};
use super::policy::{Action, Policy};
use super::{Holds, Rule, text_with, url};
use crate::json::{Token, Tokens, unescape, write_string};
use crate::limits::{LONG_STRING_MAX_BYTES, STRING_MAX_BYTES};

/// A walk over one value.
struct Walk<'w, 'j, W, G> {
    input: &'j str,
    output: String,
    copied: usize,
    walker: W,
    policy: &'w Policy<'w>,
    /// What the members of the value itself are.
    member: G,
    found: Found<'w, W>,
}

/// Takes each finding: its rule, the walker that stands at its place, and whether
/// the place is the object around it, because its own key is personal.
pub(super) type Found<'w, W> = &'w mut dyn FnMut(Rule, &W, bool);

/// The keys whose whole string is an address or a path.
pub(super) const URL_KEYS: [&str; 4] = ["url", "path", "referrer", "href"];

/// Bytes of the longest address of e-mail, about: what a cut may leave half of.
const LONGEST_WORD: usize = 512;

/// What is known of a member by more than its key alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Member {
    /// Nothing.
    Usual,
    /// It goes, which is no finding.
    Gone,
    /// Its string is cut at so many bytes.
    Within(usize),
}

/// Appends the sanitised text of a value, whose walker stands before it. `member`
/// tells about that value's own members, by key.
pub(super) fn json<'j, W: Tokens<'j>>(
    (input, walker): (&'j str, W),
    policy: &Policy<'_>,
    member: impl Fn(&str) -> Member,
    found: Found<'_, W>,
    output: &mut String,
) {
    let out = core::mem::take(output);
    let mut walk = Walk { input, output: out, copied: 0, walker, policy, member, found };
    walk.run();
    walk.output.push_str(input.get(walk.copied..).unwrap_or_default());
    *output = walk.output;
}

impl<'j, W: Tokens<'j>, G: Fn(&str) -> Member> Walk<'_, 'j, W, G> {
    fn run(&mut self) {
        // The key of the present member, where it begins, quote included, and what
        // the member is.
        let mut key: Option<(Cow<'j, str>, usize, Member)> = None;
        while let Some(token) = self.walker.next() {
            match token {
                Token::Key(inside) => {
                    let from = self.walker.position() - inside.len() - 2;
                    let plain = self.walker.is_plain();
                    let name = if plain { Some(Cow::Borrowed(inside)) } else { unescape(inside) };
                    let Some(name) = name else { continue };
                    let mut member = Member::Usual;
                    if self.walker.depth() == 1 {
                        member = (self.member)(&name);
                        if member == Member::Gone {
                            self.member_is_gone(from, None, None);
                            continue;
                        }
                    }
                    // A path as a key is no person, even one with a query.
                    let mut personal = false;
                    if self.policy.rare() && !plain && name.bytes().any(may_be_personal) {
                        text_with(&name, self.policy, &mut |rule| personal |= rule != Rule::Url);
                    }
                    if !personal {
                        key = Some((name, from, member));
                    } else {
                        self.member_is_gone(from, Some(Rule::Key), None);
                    }
                    continue;
                }
                Token::Close => {}
                token => {
                    if let Some((name, from, member)) = key.take()
                        && self.is_dealt_with(&name, from, member, token)
                    {
                        continue;
                    }
                    if let Token::String(inside) = token {
                        self.string(inside, STRING_MAX_BYTES, Holds::Text);
                    }
                }
            }
        }
    }

    fn tell(&mut self, rule: Rule) {
        (self.found)(rule, &self.walker, false);
    }

    /// Deals with a member by its key. True when its value is done.
    fn is_dealt_with(&mut self, name: &str, from: usize, member: Member, token: Token<'j>) -> bool {
        let named = |keys: &[&str]| keys.contains(&name);
        let hashed = named(self.policy.hash_keys);
        let rule = match names::of(name.as_bytes(), self.policy.rare()) {
            _ if hashed => Rule::Hash,
            Some(Name::Personal | Name::Secret | Name::Line) => Rule::Key,
            _ => {
                let Token::String(inside) = token else { return false };
                let limit = match member {
                    Member::Within(bytes) => bytes,
                    _ if named(self.policy.long_keys) => LONG_STRING_MAX_BYTES,
                    _ => STRING_MAX_BYTES,
                };
                let holds = match name {
                    _ if named(&URL_KEYS) => Holds::Url,
                    _ if self.policy.rare() && names::is_version(name.as_bytes()) => Holds::Version,
                    _ => Holds::Text,
                };
                self.string(inside, limit, holds);
                return true;
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
            self.member_is_gone(from, Some(rule), Some(token));
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
    fn member_is_gone(&mut self, from: usize, rule: Option<Rule>, value: Option<Token<'_>>) {
        if let Some(rule) = rule {
            (self.found)(rule, &self.walker, true);
        }
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

    /// Sanitises a string that was just read. An address has no query, however it is
    /// written.
    fn string(&mut self, inside: &str, limit: usize, holds: Holds) {
        let is_url = holds == Holds::Url;
        // Without a byte that a rule looks for there is nothing to find.
        if !is_url && self.walker.is_plain() && inside.len() <= limit {
            return;
        }
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
        if let Some(shorter) = super::rounds(&clean, holds, self.policy, &mut rules) {
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
pub(super) const fn may_be_personal(byte: u8) -> bool {
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

#[cfg(test)]
mod tests;
