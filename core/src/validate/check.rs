//! Walks a compiled schema and an event's text together.

use alloc::borrow::Cow;
use alloc::string::String;

use super::compile::{Format, Node};
use crate::id::Uuid;
use crate::json::{Kind, Value, push_pointer, push_pointer_index, unescape};
use crate::time::parse_rfc3339;
use crate::verdict::{Code, Fault};

/// Holds a value against a node.
///
/// # Errors
/// The first fault, with its pointer relative to the value.
pub(super) fn check(node: &Node, value: Value<'_>) -> Result<(), Fault> {
    let mut pointer = String::new();
    walk(node, value, &mut pointer).map_err(|code| Fault { code, pointer })
}

/// On a fault the pointer is left at its place; otherwise it is restored. The
/// schema's own depth bounds the recursion.
fn walk(node: &Node, value: Value<'_>, pointer: &mut String) -> Result<(), Code> {
    let kind = value.kind();
    if !node.kinds.is_empty() && !node.kinds.contains(&kind) {
        return Err(Code::WrongType);
    }
    match kind {
        Kind::Object => object(node, value, pointer),
        Kind::Array => array(node, value, pointer),
        Kind::String => string(node, value),
        Kind::Number => number(node, value.raw()),
        Kind::Bool | Kind::Null if node.values.is_empty() => Ok(()),
        Kind::Bool | Kind::Null => Err(Code::NotInEnum),
    }
}

fn object(node: &Node, value: Value<'_>, pointer: &mut String) -> Result<(), Code> {
    let length = pointer.len();
    if !node.values.is_empty() {
        return Err(Code::NotInEnum);
    }
    for (key, member) in value.entries() {
        // A key that is written with escapes is the same key.
        let name = name_of(key);
        match node.properties.get(&*name) {
            Some(property) => {
                push_pointer(pointer, key);
                walk(property, member, pointer)?;
                pointer.truncate(length);
            }
            None if node.closed => {
                push_pointer(pointer, key);
                return Err(Code::UnknownField);
            }
            None => {}
        }
    }
    for name in &node.required {
        if !value.entries().any(|(key, _)| key == name || name_of(key) == *name) {
            push_pointer(pointer, name);
            return Err(Code::MissingField);
        }
    }
    Ok(())
}

fn name_of(key: &str) -> Cow<'_, str> {
    if key.contains('\\') {
        unescape(key).unwrap_or(Cow::Borrowed(key))
    } else {
        Cow::Borrowed(key)
    }
}

fn array(node: &Node, value: Value<'_>, pointer: &mut String) -> Result<(), Code> {
    if !node.values.is_empty() {
        return Err(Code::NotInEnum);
    }
    let length = pointer.len();
    let mut count = 0;
    for item in value.items() {
        if let Some(items) = &node.items {
            push_pointer_index(pointer, count);
            walk(items, item, pointer)?;
            pointer.truncate(length);
        }
        count += 1;
    }
    within(count, node.min_items, node.max_items)
}

fn string(node: &Node, value: Value<'_>) -> Result<(), Code> {
    let text = value.as_str().ok_or(Code::LoneSurrogate)?;
    if !node.values.is_empty() && !node.values.iter().any(|allowed| *allowed == text) {
        return Err(Code::NotInEnum);
    }
    if node.min_length.is_some() || node.max_length.is_some() {
        within(text.chars().count(), node.min_length, node.max_length)?;
    }
    match node.format {
        Some(Format::Uuid) if Uuid::parse(&text).is_none() => Err(Code::InvalidUuid),
        Some(Format::DateTime) if parse_rfc3339(&text).is_none() => Err(Code::InvalidTimestamp),
        _ => Ok(()),
    }
}

fn within(length: usize, minimum: Option<usize>, maximum: Option<usize>) -> Result<(), Code> {
    if minimum.is_some_and(|minimum| length < minimum) {
        Err(Code::TooShort)
    } else if maximum.is_some_and(|maximum| length > maximum) {
        Err(Code::TooLong)
    } else {
        Ok(())
    }
}

fn number(node: &Node, text: &str) -> Result<(), Code> {
    if !node.values.is_empty() {
        return Err(Code::NotInEnum);
    }
    if !node.integer && node.minimum.is_none() && node.maximum.is_none() {
        return Ok(());
    }
    let number: f64 = text.parse().map_err(|_| Code::NumberOutOfRange)?;
    // 3.0 is an integer in JSON Schema (2020-12, 6.1.1).
    if node.integer && number % 1.0 != 0.0 {
        return Err(Code::WrongType);
    }
    let below = node.minimum.is_some_and(|minimum| number < minimum);
    let above = node.maximum.is_some_and(|maximum| number > maximum);
    if below || above { Err(Code::OutOfRange) } else { Ok(()) }
}
