//! Takes personal data out of text before it travels.
//!
//! One scanner for a string, one set of rules by key name, the same in the page,
//! at the edge and in the collector. A string: [`url`](mod@url) ends URLs at their
//! path, then `scan` runs once over it and asks the rules at the bytes that may
//! begin something (`email`, `number` → `phone`, `checksum`, `ip`, `secret`,
//! `label`, `path`). JSON: `walk` goes through the text without a tree and asks
//! `names` about keys. docs/sanitiser.md tells every rule. [`small_json`] is what a
//! page runs, which has bytes for the commonest rules alone.
//!
//! Always true: linear in the input, and idempotent: sanitised text is left as it
//! is. A finding tells the rule and the place, never the text. It does not guess
//! at names of people in prose.

mod account;
mod checksum;
mod email;
#[cfg(feature = "rare-rules")]
mod find;
mod glance;
mod glyph;
mod index;
mod ip;
mod label;
mod names;
mod national;
mod number;
mod path;
mod phone;
mod policy;
mod rule;
mod scan;
mod screen;
mod secret;
#[cfg(feature = "rare-rules")]
mod settled;
mod small;
#[cfg(any(test, feature = "count-steps"))]
pub mod steps;
#[cfg(feature = "catalogue")]
mod told;
mod topic;
mod url;
mod walk;

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

pub use policy::{Action, Policy};
pub use rule::{Finding, Rule};
pub use screen::screen;
pub use small::small_json;
#[cfg(feature = "catalogue")]
pub(crate) use told::{Told, member_stays, stays};
pub use walk::Member;

use crate::json::{Node, Steps, Tokens, Value, Walker};

/// What stands where an e-mail address stood.
pub const EMAIL_MARK: &str = "[email]";

/// How often a text is gone over while it changes. What one rule leaves may be
/// what another one looks for; nothing is known that needs a third time.
const MAX_ROUNDS: usize = 4;

/// Sanitises one string, telling each rule that changed it once. Text without
/// anything personal is borrowed back.
pub fn text<'a>(input: &'a str, found: &mut dyn FnMut(Rule)) -> Cow<'a, str> {
    text_with(input, &Policy::DEFAULT, found)
}

/// [`text`], by a policy of one's own.
pub fn text_with<'a>(
    input: &'a str,
    policy: &Policy<'_>,
    found: &mut dyn FnMut(Rule),
) -> Cow<'a, str> {
    let mut rules = 0;
    let output = rounds(input, Holds::Text, policy, &mut rules);
    tell(rules, found);
    output.map_or(Cow::Borrowed(input), Cow::Owned)
}

/// A URL as it may travel: origin and path, without credentials, query and
/// fragment, at most 500 bytes, and nothing personal in the path.
pub fn url(input: &str) -> String {
    text(input, &mut |_| {}).into_owned()
}

/// Sanitises every string value of a JSON value, wherever it is nested, and
/// returns its text. What no rule changes is copied byte for byte. Strings over
/// 8 KB are cut first (32 KB behind `prompt_text` and `stack_trace`). Findings are
/// given with the pointer behind `prefix`.
pub fn json(value: Value<'_>, prefix: &str, findings: &mut Vec<Finding>) -> String {
    json_with(value, prefix, &Policy::DEFAULT, findings)
}

/// [`json`], by a policy of one's own.
pub fn json_with(
    value: Value<'_>,
    prefix: &str,
    policy: &Policy<'_>,
    findings: &mut Vec<Finding>,
) -> String {
    let mut output = String::with_capacity(value.raw().len());
    let walk = (value.raw(), Walker::new(value));
    walk::json(walk, policy, |_| Member::Usual, &mut placed(prefix, findings), &mut output);
    output
}

/// Appends what [`json_with`] returns for a value of a tape. `member` tells what is
/// known of the value's own members, by key.
pub fn json_node(
    node: Node<'_, '_>,
    prefix: &str,
    policy: &Policy<'_>,
    member: impl Fn(&str) -> Member,
    findings: &mut Vec<Finding>,
    output: &mut String,
) {
    if glance::leaves_alone(node, policy, &member) {
        output.push_str(node.raw());
        return;
    }
    let walk = (node.raw(), Steps::new(node));
    walk::json(walk, policy, member, &mut placed(prefix, findings), output);
}

/// Adds each finding with its pointer behind a prefix.
fn placed<'j, W: Tokens<'j>>(
    prefix: &str,
    findings: &mut Vec<Finding>,
) -> impl FnMut(Rule, &W, bool) {
    move |rule, walker, of_object| {
        let mut pointer = String::from(prefix);
        walker.pointer(&mut pointer);
        if of_object {
            let object = pointer.bytes().rposition(|byte| byte == b'/');
            pointer.truncate(object.unwrap_or(0));
        }
        findings.push(Finding { rule, pointer });
    }
}

/// What is known of a text by the key that it stands behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    /// Nothing.
    Text,
    /// An address or a path.
    Url,
    /// A version, if it begins with four numbers.
    Version,
}

/// Goes over a text until it stays; `None` when it stayed at once. The rules that
/// changed it are added to `rules`, a bit each.
fn rounds(input: &str, holds: Holds, policy: &Policy<'_>, rules: &mut u32) -> Option<String> {
    let mut output: Option<String> = None;
    for _ in 0..MAX_ROUNDS {
        let text = output.as_deref().unwrap_or(input);
        let shorter = url::without_queries(text, policy);
        if shorter.is_some() {
            *rules |= 1 << Rule::Url as u32;
        }
        let marked = scan::pass(shorter.as_deref().unwrap_or(text), holds, policy, rules);
        match marked.or(shorter) {
            Some(changed) => output = Some(changed),
            None => break,
        }
    }
    output
}

/// Tells the rules that [`rounds`] gathered, in the order of [`Rule::ALL`].
fn tell(rules: u32, found: &mut dyn FnMut(Rule)) {
    if rules == 0 {
        return;
    }
    for rule in Rule::ALL {
        if rules & 1 << rule as u32 != 0 {
            found(rule);
        }
    }
}

#[cfg(test)]
mod tests;
