//! What a part does about what it finds.

use alloc::string::String;

use super::Rule;

/// What becomes of a text that a rule found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Action {
    /// The rule's mark stands in its place.
    #[default]
    Replace,
    /// Letters and digits become stars; of twelve digits and more the last four stay.
    Mask,
    /// Nothing stands in its place; a member found by its key goes as a whole.
    Remove,
    /// Its keyed hash stands in its place; its mark where no key is at hand.
    Hash,
}

/// How a part sanitises. The default is what every part does without being told
/// otherwise: each rule that the build holds replaces what it finds.
#[derive(Clone, Copy)]
pub struct Policy<'p> {
    /// Whether the rules run that a page leaves to the edge (docs/sanitiser.md);
    /// a build without the feature `rare-rules` does not hold them.
    pub rare_rules: bool,
    /// The parameters that a URL's query keeps.
    pub query: &'p [&'p str],
    /// The keys whose strings may have 32 KB instead of 8.
    pub long_keys: &'p [&'p str],
    /// The keys whose value is hashed. Without `pseudonym` it is left as it is,
    /// for the part behind that has the salt.
    pub hash_keys: &'p [&'p str],
    /// Gives the keyed hash of an identifier.
    pub pseudonym: Option<&'p dyn Fn(&str) -> String>,
    /// Rules that do not replace.
    pub actions: &'p [(Rule, Action)],
}

impl Policy<'_> {
    /// Every rule of the build, replacing.
    pub const DEFAULT: Policy<'static> = Policy {
        rare_rules: true,
        query: &[],
        long_keys: &["prompt_text", "stack_trace"],
        hash_keys: &[],
        pseudonym: None,
        actions: &[],
    };

    pub(super) fn action(&self, rule: Rule) -> Action {
        if !self.rare() {
            return Action::Replace;
        }
        let own = self.actions.iter().find(|(named, _)| *named == rule);
        own.map_or(Action::Replace, |(_, action)| *action)
    }

    /// Whether the rules left to the edge run.
    pub(super) const fn rare(&self) -> bool {
        cfg!(feature = "rare-rules") && self.rare_rules
    }

    /// Appends what stands in place of a text that a rule found.
    pub(super) fn put(&self, out: &mut String, rule: Rule, found: &str) {
        // A page replaces: a part behind it cannot find again what is masked.
        if !self.rare() {
            out.push_str(rule.mark());
            return;
        }
        match (self.action(rule), self.pseudonym) {
            (Action::Mask, _) => mask(out, found),
            (Action::Remove, _) => {}
            (Action::Hash, Some(pseudonym)) => out.push_str(&pseudonym(found)),
            (Action::Replace | Action::Hash, _) => out.push_str(rule.mark()),
        }
    }
}

impl Default for Policy<'_> {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl core::fmt::Debug for Policy<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Policy(…)")
    }
}

fn mask(out: &mut String, found: &str) {
    let mut digits = 0;
    for character in found.chars() {
        digits += usize::from(character.is_ascii_digit());
    }
    // Four of twelve tell apart two cards of one person, and no more.
    let hidden = if digits >= 12 { digits - 4 } else { digits };
    let mut seen = 0;
    for character in found.chars() {
        seen += usize::from(character.is_ascii_digit());
        let shown = !character.is_ascii() || character.is_ascii_alphanumeric();
        let kept = character.is_ascii_digit() && seen > hidden;
        out.push(if shown && !kept { '*' } else { character });
    }
}
