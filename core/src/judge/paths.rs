//! Attribute keys that name one path twice.
//!
//! A dotted key is a path in the store, so that `{"a.b":1}` and `{"a":{"b":1}}`
//! are the same column. Two that collide, or one that ends where another goes
//! on, cannot both be kept, and the store would refuse the whole block.

use alloc::borrow::{Cow, ToOwned as _};
use alloc::string::String;
use alloc::vec::Vec;

use crate::json::{Kind, Value, push_pointer, push_pointer_index, unescape};

/// The pointer of the first value whose path is taken already, behind `prefix`.
pub(super) fn conflict(attributes: Value<'_>, prefix: &str) -> Option<String> {
    // Without a dotted key the object's own shape keeps its paths apart. A dot
    // can be written as an escape, too.
    let text = attributes.raw();
    if !text.contains(['.', '\\']) {
        return None;
    }
    in_root(attributes, prefix)
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
    use crate::json::check_text;

    fn found(text: &str) -> Option<String> {
        conflict(check_text(text).unwrap(), "/attributes")
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
}
