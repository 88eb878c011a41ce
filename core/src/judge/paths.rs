//! Attribute keys that name one path twice.
//!
//! A dotted key is a path in the store, so that `{"a.b":1}` and `{"a":{"b":1}}`
//! are the same column. Two that collide, or one that ends where another goes
//! on, cannot both be kept, and the store would refuse the whole block.

use alloc::borrow::{Cow, ToOwned as _};
use alloc::string::String;
use alloc::vec::Vec;

use crate::json::{Kind, Node, Value, push_pointer, push_pointer_index, unescape};

/// Members up to which keys are compared each with each.
const FEW_MEMBERS: usize = 32;

/// The pointer of the first value whose path is taken already, behind `prefix`.
pub(super) fn conflict(attributes: Node<'_, '_>, prefix: &str) -> Option<String> {
    // Without a dotted key the object's own shape keeps its paths apart.
    if !attributes.has_dotted_keys() || are_few_apart(attributes) {
        return None;
    }
    in_root(attributes.value(), prefix)
}

/// Whether a few members, none of which holds another object, are plainly apart: no
/// key is where another one goes on. Most events are such.
fn are_few_apart(object: Node<'_, '_>) -> bool {
    let mut keys = [""; FEW_MEMBERS];
    let mut count = 0;
    for (key, value) in object.members() {
        let holds_more = matches!(value.kind(), Kind::Object | Kind::Array);
        match keys.get_mut(count) {
            Some(slot) if !holds_more && !key.is_escaped() => *slot = key.inside(),
            _ => return false,
        }
        count += 1;
    }
    let keys = keys.get(..count).unwrap_or_default();
    keys.iter().all(|longer| {
        longer.bytes().enumerate().all(|(at, byte)| {
            byte != b'.' || !keys.iter().any(|key| key.len() == at && longer.starts_with(key))
        })
    })
}

/// A value that is not an object of members, and where it is.
struct Leaf<'a> {
    path: Vec<Cow<'a, str>>,
    pointer: String,
}

fn in_root(root: Value<'_>, pointer: &str) -> Option<String> {
    let mut leaves = Vec::new();
    if let Some(inner) = collect(root, &[], pointer, &mut leaves) {
        return Some(inner);
    }
    // Sorted by steps, a path stands right before those that go on from it.
    leaves.sort_by(|a: &Leaf<'_>, b| a.path.cmp(&b.path));
    leaves.windows(2).find_map(|pair| match pair {
        [first, second] if second.path.starts_with(&first.path) => Some(second.pointer.clone()),
        _ => None,
    })
}

/// Collects an object's leaves; returns at once with a conflict inside of an
/// array, whose objects are roots of their own.
fn collect<'a>(
    object: Value<'a>,
    path: &[Cow<'a, str>],
    pointer: &str,
    leaves: &mut Vec<Leaf<'a>>,
) -> Option<String> {
    for (key, value) in object.entries() {
        let mut at = pointer.to_owned();
        push_pointer(&mut at, key);
        let mut steps = path.to_vec();
        match unescape(key).unwrap_or(Cow::Borrowed(key)) {
            Cow::Borrowed(key) => steps.extend(key.split('.').map(Cow::Borrowed)),
            Cow::Owned(key) => steps.extend(key.split('.').map(|step| Cow::Owned(step.to_owned()))),
        }
        if value.kind() == Kind::Object {
            if let Some(found) = collect(value, &steps, &at, leaves) {
                return Some(found);
            }
        } else {
            if let Some(found) = in_items(value, &at) {
                return Some(found);
            }
            leaves.push(Leaf { path: steps, pointer: at });
        }
    }
    None
}

fn in_items(array: Value<'_>, pointer: &str) -> Option<String> {
    array.items().enumerate().find_map(|(index, item)| {
        let mut at = pointer.to_owned();
        push_pointer_index(&mut at, index);
        match item.kind() {
            Kind::Object => in_root(item, &at),
            Kind::Array => in_items(item, &at),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Tape;
    use proptest::prelude::*;

    fn found(text: &str) -> Option<String> {
        conflict(Tape::read_text(text).unwrap().root(), "/attributes")
    }

    #[test]
    fn paths_that_meet_are_found() {
        for (text, pointer) in [
            (r#"{"a.b":1,"a":{"b":2}}"#, "/attributes/a/b"),
            (r#"{"a":{"b":2},"a.b":1}"#, "/attributes/a.b"),
            (r#"{"a":1,"a.b":2}"#, "/attributes/a.b"),
            (r#"{"a.b.c":1,"x":3,"a":{"b":[]}}"#, "/attributes/a.b.c"),
            (r#"{"a\u002eb":1,"a.b":1}"#, "/attributes/a.b"),
            (r#"{"l":[1,[{"a.b":1,"a":{"b":2}}]]}"#, "/attributes/l/1/0/a/b"),
            (r#"{"a":1,"a-b":1,"a.b":1}"#, "/attributes/a.b"),
        ] {
            assert_eq!(found(text).as_deref(), Some(pointer), "{text}");
        }
    }

    #[test]
    fn paths_that_do_not_meet_pass() {
        for text in [
            "{}",
            r#"{"a.b":1,"a.c":2,"a":{"d":3}}"#,
            r#"{"ab":1,"a.b":2}"#,
            r#"{"a":"x.y","b":"x.y"}"#,
            r#"{"a":{},"a.b":1}"#,
            r#"{"l":[{"a.b":1},{"a.b":2}]}"#,
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_few_keys_are_apart_when_all_their_paths_are(
            keys in prop::collection::btree_set("[ab](\\.[ab]|[ab]){0,3}", 1..6)
        ) {
            let members: Vec<_> = keys.iter().map(|key| alloc::format!("\"{key}\":1")).collect();
            let text = alloc::format!("{{{}}}", members.join(","));
            let tape = Tape::read_text(&text).unwrap();
            let closely = in_root(tape.root().value(), "");
            prop_assert_eq!(are_few_apart(tape.root()), closely.is_none(), "{}", text);
        }
    }
}
