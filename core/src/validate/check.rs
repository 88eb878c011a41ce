//! Walks a compiled schema and an event's tape together.

use alloc::borrow::Cow;
use alloc::string::String;

use super::compile::{Format, Shape};
use crate::id::Uuid;
use crate::json::{Kind, Node, push_pointer, push_pointer_index};
use crate::time::parse_rfc3339;
use crate::verdict::{Code, Fault};

/// Digits of a whole number that a 64-bit float holds exactly, whatever they are.
const EXACT_DIGITS: usize = 15;

/// Holds a value against a shape. Its objects have no key twice.
///
/// # Errors
/// The first fault, with its pointer relative to the value.
pub(super) fn check(shape: &Shape, value: Node<'_, '_>) -> Result<(), Fault> {
    let kind = value.kind();
    let checked = if !shape.allows(kind) {
        Err(Code::WrongType)
    } else {
        match kind {
            Kind::Object => return object(shape, value),
            Kind::Array => return array(shape, value),
            Kind::String => string(shape, value),
            Kind::Number => number(shape, value),
            Kind::Bool | Kind::Null if shape.values.is_empty() => Ok(()),
            Kind::Bool | Kind::Null => Err(Code::NotInEnum),
        }
    };
    checked.map_err(|code| Fault::new(code, ""))
}

/// A fault's pointer is written on the way out, so that what is right costs none.
/// The schema's own depth bounds the recursion.
fn object(shape: &Shape, value: Node<'_, '_>) -> Result<(), Fault> {
    if !shape.values.is_empty() {
        return Err(Fault::new(Code::NotInEnum, ""));
    }
    let mut required = 0;
    for (key, member) in value.members() {
        let property = shape.properties.of(key);
        required += usize::from(property.is_some_and(|property| property.required));
        match property.and_then(|property| property.shape.as_ref()) {
            Some(inner) => check(inner, member).map_err(|fault| in_member(key.inside(), &fault))?,
            None if shape.closed => {
                return Err(in_member(key.inside(), &Fault::new(Code::UnknownField, "")));
            }
            None => {}
        }
    }
    // Keys that may stand twice are not to be counted.
    if (required < shape.properties.required_count() || value.in_doubt())
        && let Some(name) = shape.properties.missing(value)
    {
        return Err(in_member(name, &Fault::new(Code::MissingField, "")));
    }
    Ok(())
}

fn array(shape: &Shape, value: Node<'_, '_>) -> Result<(), Fault> {
    if !shape.values.is_empty() {
        return Err(Fault::new(Code::NotInEnum, ""));
    }
    let mut count = 0;
    for item in value.items() {
        if let Some(items) = &shape.items {
            check(items, item).map_err(|fault| in_item(count, &fault))?;
        }
        count += 1;
    }
    within(count, shape.min_items, shape.max_items).map_err(|code| Fault::new(code, ""))
}

#[cold]
fn in_member(key: &str, fault: &Fault) -> Fault {
    let mut pointer = String::new();
    push_pointer(&mut pointer, key);
    pointer.push_str(&fault.pointer);
    Fault::new(fault.code, pointer)
}

#[cold]
fn in_item(index: usize, fault: &Fault) -> Fault {
    let mut pointer = String::new();
    push_pointer_index(&mut pointer, index);
    pointer.push_str(&fault.pointer);
    Fault::new(fault.code, pointer)
}

fn string(shape: &Shape, value: Node<'_, '_>) -> Result<(), Code> {
    let text = if value.is_escaped() {
        value.as_str().ok_or(Code::LoneSurrogate)?
    } else {
        Cow::Borrowed(value.inside())
    };
    if !shape.values.is_empty() && !shape.values.iter().any(|allowed| *allowed == text) {
        return Err(Code::NotInEnum);
    }
    if shape.min_length.is_some() || shape.max_length.is_some() {
        // A plain text has a character a byte, and none has more characters than bytes.
        let characters = || if value.is_plain() { text.len() } else { text.chars().count() };
        let is_short = shape.max_length.is_none_or(|maximum| text.len() <= maximum);
        let is_some = match shape.min_length {
            None | Some(0) => true,
            Some(1) => !text.is_empty(),
            Some(_) => false,
        };
        if !is_short || !is_some {
            within(characters(), shape.min_length, shape.max_length)?;
        }
    }
    match shape.format {
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

fn number(shape: &Shape, value: Node<'_, '_>) -> Result<(), Code> {
    if !shape.values.is_empty() {
        return Err(Code::NotInEnum);
    }
    let text = value.raw();
    let is_signed = text.starts_with('-');
    // Most bounds are "not negative", which the sign tells.
    let is_bounded =
        shape.maximum.is_some() || shape.minimum.is_some_and(|minimum| is_signed || minimum > 0.0);
    if !is_bounded && (!shape.integer || value.is_whole()) {
        return Ok(());
    }
    let number = if value.is_whole() && text.len() <= EXACT_DIGITS {
        whole(text)
    } else {
        text.parse().map_err(|_| Code::NumberOutOfRange)?
    };
    // 3.0 is an integer in JSON Schema (2020-12, 6.1.1).
    if shape.integer && !value.is_whole() && number % 1.0 != 0.0 {
        return Err(Code::WrongType);
    }
    let below = shape.minimum.is_some_and(|minimum| number < minimum);
    let above = shape.maximum.is_some_and(|maximum| number > maximum);
    if below || above { Err(Code::OutOfRange) } else { Ok(()) }
}

/// The number that at most [`EXACT_DIGITS`] digits, behind a sign or not, say.
fn whole(text: &str) -> f64 {
    let digits = text.bytes().filter(u8::is_ascii_digit);
    let number = digits.fold(0_u64, |sum, digit| sum * 10 + u64::from(digit - b'0')) as f64;
    if text.starts_with('-') { -number } else { number }
}
