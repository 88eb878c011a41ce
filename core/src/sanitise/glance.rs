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
use super::{Holds, rounds, url};
use crate::json::{Kind, Node, Piece};
use crate::limits::{LONG_STRING_MAX_BYTES, STRING_MAX_BYTES};

/// What a key says of the value behind it.
struct Told<'j> {
    name: &'j str,
    known: Member,
    /// Whether the name is a secret's, or a person's.
    named: bool,
}

/// Whether the walk would change nothing of a value. May be false when it would not,
/// either. `member` tells about the value's own members, by key.
pub(super) fn leaves_alone(
    root: Node<'_, '_>,
    policy: &Policy<'_>,
    member: impl Fn(&str) -> Member,
) -> bool {
    root.members().all(|(key, value)| {
        let known = member(key.inside());
        known != Member::Gone
            && is_clean_behind(key.pieces().chain(value.pieces()), policy, |place| {
                if place == 0 { known } else { Member::Usual }
            })
    }) && (root.kind() == Kind::Object || is_clean(root.pieces(), policy))
}

/// Whether the walk would change nothing of these keys and values, in their order.
pub(super) fn is_clean<'j>(pieces: impl Iterator<Item = Piece<'j>>, policy: &Policy<'_>) -> bool {
    is_clean_behind(pieces, policy, |_| Member::Usual)
}

/// [`is_clean`], where `known` tells about members by the place of their keys.
fn is_clean_behind<'j>(
    pieces: impl Iterator<Item = Piece<'j>>,
    policy: &Policy<'_>,
    known: impl Fn(usize) -> Member,
) -> bool {
    let mut key: Option<Told<'_>> = None;
    for (place, piece) in pieces.enumerate() {
        if piece.is_key() {
            let name = piece.inside();
            let is_odd =
                piece.is_escaped() || !piece.is_plain() && name.bytes().any(may_be_personal);
            if is_odd || policy.hash_keys.contains(&name) {
                return false;
            }
            let named = matches!(
                names::of(name.as_bytes(), policy.rare()),
                Some(Name::Personal | Name::Secret | Name::Line)
            );
            key = Some(Told { name, known: known(place), named });
            continue;
        }
        let told = key.take();
        if told.as_ref().is_some_and(|told| told.named) && !piece.is_literal() {
            return false;
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
    rounds(inside, Holds::Text, policy, &mut 0).is_none()
}
