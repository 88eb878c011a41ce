//! A quick look over a value of a tape: whether the walk would leave it as it is.
//!
//! Most events hold nothing personal, and what is left as it is needs neither places
//! nor a copy in pieces. What this does not settle at once (an escape, a key with
//! digits, a string over its limit) it leaves to the walk, which decides; a property
//! test holds both to the same bytes.

use super::names::{self, Name};
use super::policy::Policy;
#[cfg(feature = "rare-rules")]
use super::settled::is_settled;
use super::walk::{Member, URL_KEYS, may_be_personal};
use super::{rounds, url};
use crate::json::{Node, Piece};
use crate::limits::{LONG_STRING_MAX_BYTES, STRING_MAX_BYTES};

/// What a key says of the value behind it.
struct Told<'j> {
    name: &'j str,
    known: Member,
    /// Whether the name is a secret's, or a person's.
    named: bool,
    /// Whether it is the root's own.
    own: bool,
}

/// Whether the walk would change nothing. May be false when it would not, either.
pub(super) fn is_clean(
    root: Node<'_, '_>,
    policy: &Policy<'_>,
    member: impl Fn(&str) -> Member,
) -> bool {
    let mut next_own_key = root.place() + 1;
    let mut key: Option<Told<'_>> = None;
    for (place, piece) in (root.place()..).zip(root.pieces()) {
        if piece.is_key() {
            let name = piece.inside();
            let own = place == next_own_key;
            let known = if own { member(name) } else { Member::Usual };
            let is_odd =
                piece.is_escaped() || !piece.is_plain() && name.bytes().any(may_be_personal);
            if is_odd || known == Member::Gone || policy.hash_keys.contains(&name) {
                return false;
            }
            let named = matches!(
                names::of(name.as_bytes(), policy.rare()),
                Some(Name::Personal | Name::Secret | Name::Line)
            );
            key = Some(Told { name, known, named, own });
            continue;
        }
        let told = key.take();
        if let Some(told) = &told {
            if told.named && !piece.is_literal() {
                return false;
            }
            if told.own {
                next_own_key = piece.next_place();
            }
        }
        if piece.is_string() && !is_clean_string(piece, told.as_ref(), policy) {
            return false;
        }
    }
    true
}

/// Whether a string stays as it is.
fn is_clean_string(piece: Piece<'_>, told: Option<&Told<'_>>, policy: &Policy<'_>) -> bool {
    let inside = piece.inside();
    if piece.is_escaped() {
        return false;
    }
    if let Some(told) = told {
        let limit = match told.known {
            Member::Within(bytes) => bytes,
            _ if inside.len() <= STRING_MAX_BYTES => STRING_MAX_BYTES,
            _ if policy.long_keys.contains(&told.name) => LONG_STRING_MAX_BYTES,
            _ => STRING_MAX_BYTES,
        };
        let is_url = URL_KEYS.contains(&told.name);
        if inside.len() > limit || is_url && url::query_start(inside, policy).is_some() {
            return false;
        }
    } else if inside.len() > STRING_MAX_BYTES {
        return false;
    }
    if piece.is_plain() {
        return true;
    }
    #[cfg(feature = "rare-rules")]
    if is_settled(inside) {
        return true;
    }
    rounds(inside, policy, &mut 0).is_none()
}
