//! What a key tells of the value behind it, found out once for all that it will name.
//!
//! A schema names most keys of an event, so that what the walk would ask of a name at
//! every event is asked when the schema is compiled. It is what [`Policy::DEFAULT`]
//! says, with every rule: who judges by another one does not ask here.

use super::glance;
use super::names::{self, Name};
use super::policy::Policy;
use super::walk::{URL_KEYS, may_be_personal};
use super::{Holds, rounds, settled, url};
use crate::json::Node;
use crate::limits::{LONG_STRING_MAX_BYTES, STRING_MAX_BYTES};

/// What a key tells of its value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    /// Bytes of its string, which is cut behind them.
    pub(crate) max_bytes: usize,
    /// Whether people typed it, so that it stays where a site keeps that.
    pub(crate) free_text: bool,
    /// Whether the value goes, whatever it is, but for `true`, `false` and `null`.
    hidden: bool,
    /// Whether it is an address or a path as a whole.
    is_url: bool,
    /// Whether the key itself may be personal.
    is_odd: bool,
}

impl Default for Told {
    fn default() -> Self {
        Self {
            max_bytes: STRING_MAX_BYTES,
            free_text: false,
            hidden: false,
            is_url: false,
            is_odd: false,
        }
    }
}

impl Told {
    /// What a name tells by itself.
    pub(crate) fn by(name: &str) -> Self {
        let is_long = Policy::DEFAULT.long_keys.contains(&name);
        let class = names::of(name.as_bytes(), true);
        Self {
            max_bytes: if is_long { LONG_STRING_MAX_BYTES } else { STRING_MAX_BYTES },
            free_text: false,
            hidden: matches!(class, Some(Name::Personal | Name::Secret | Name::Line)),
            is_url: URL_KEYS.contains(&name),
            is_odd: name.bytes().any(may_be_personal),
        }
    }

    /// Whether the name alone leaves a value that is no string, or a literal, as it is.
    #[inline]
    pub(crate) const fn lets_stay(&self, is_literal: bool) -> bool {
        !self.is_odd && (!self.hidden || is_literal)
    }

    /// Whether a string without escapes stays as it is; false tells nothing.
    #[inline]
    pub(crate) fn lets_stay_text(&self, text: &str, is_plain: bool) -> bool {
        if self.is_odd || self.hidden || text.len() > self.max_bytes {
            return false;
        }
        is_plain && !self.is_url || self.is_left(text, is_plain)
    }

    fn is_left(&self, text: &str, is_plain: bool) -> bool {
        if self.is_url {
            return settled::is_settled_address(text)
                || url::query_start(text, &Policy::DEFAULT).is_none()
                    && (is_plain || is_left_by_rules(text));
        }
        settled::is_settled(text) || is_left_by_rules(text)
    }
}

#[cold]
fn is_left_by_rules(text: &str) -> bool {
    rounds(text, Holds::Text, &Policy::DEFAULT, &mut 0).is_none()
}

/// Whether a value stays as it is of which no key tells anything, and which is no
/// member; false tells nothing.
pub(crate) fn stays(value: Node<'_, '_>) -> bool {
    glance::is_clean(value.pieces(), &Policy::DEFAULT)
}

/// As [`stays`], of a member that no schema names.
pub(crate) fn member_stays(key: Node<'_, '_>, value: Node<'_, '_>) -> bool {
    glance::is_clean(key.pieces().chain(value.pieces()), &Policy::DEFAULT)
}
