//! A quick look over a value of a tape: whether the walk would leave it as it is.
//!
//! Most events hold nothing personal, and what is left as it is needs neither places
//! nor a copy in pieces. What this does not settle at once (an escape, a key with
//! digits, a string over its limit) it leaves to the walk, which decides; a property
//! test holds both to the same bytes.

use super::names::{self, Name};
use super::policy::Policy;
use super::walk::{Member, URL_KEYS, may_be_personal};
use super::{rounds, url};
use crate::json::{Kind, Node};
use crate::limits::{LONG_STRING_MAX_BYTES, STRING_MAX_BYTES};

/// Whether the walk would change nothing. May be false when it would not, either.
pub(super) fn is_clean(
    root: Node<'_, '_>,
    policy: &Policy<'_>,
    member: impl Fn(&str) -> Member,
) -> bool {
    if !is_clean_string(root, STRING_MAX_BYTES, false, policy) {
        return false;
    }
    let mut next_own_key = root.place() + 1;
    let mut node = root;
    while let Some(next) = node.next_within(root) {
        if !next.is_key() {
            if !is_clean_string(next, STRING_MAX_BYTES, false, policy) {
                return false;
            }
            node = next;
            continue;
        }
        let name = next.inside();
        let value = next.behind();
        let mut known = Member::Usual;
        if next.place() == next_own_key {
            next_own_key = value.next_place();
            known = member(name);
        }
        let is_odd = next.is_escaped() || !next.is_plain() && name.bytes().any(may_be_personal);
        let is_named = matches!(
            names::of(name.as_bytes(), policy.rare()),
            Some(Name::Personal | Name::Secret | Name::Line)
        );
        let is_told = matches!(value.kind(), Kind::Bool | Kind::Null);
        if is_odd
            || known == Member::Gone
            || is_named && !is_told
            || policy.hash_keys.contains(&name)
        {
            return false;
        }
        node = next;
        if value.kind() == Kind::String {
            let limit = match known {
                Member::Within(bytes) => bytes,
                _ if policy.long_keys.contains(&name) => LONG_STRING_MAX_BYTES,
                _ => STRING_MAX_BYTES,
            };
            if !is_clean_string(value, limit, URL_KEYS.contains(&name), policy) {
                return false;
            }
            node = value;
        }
    }
    true
}

/// Whether a string stays as it is. Other values do.
fn is_clean_string(node: Node<'_, '_>, limit: usize, is_url: bool, policy: &Policy<'_>) -> bool {
    if node.kind() != Kind::String {
        return true;
    }
    let inside = node.inside();
    if inside.len() > limit || node.is_escaped() {
        return false;
    }
    if is_url && url::query_start(inside, policy).is_some() {
        return false;
    }
    node.is_plain() || rounds(inside, policy, &mut 0).is_none()
}
