//! Walks a compiled schema and an event's tape together.
//!
//! What a schema names it knows: on the same way it is seen whether the sanitiser would
//! change anything, so that most events are not walked for that again.

use alloc::string::String;

use super::compile::{Format, Shape};
use super::properties::Property;
use crate::id::Uuid;
use crate::json::{Kind, Node, push_pointer, push_pointer_index};
use crate::judge::Settled;
use crate::sanitise::{self, Told};
use crate::time::parse_rfc3339;
use crate::verdict::{Code, Fault};

/// Digits of a whole number that a 64-bit float holds exactly, whatever they are.
const EXACT_DIGITS: usize = 15;

/// Holds a value against a shape. Its objects have no key twice.
///
/// # Errors
/// The first fault, with its pointer relative to the value.
pub(super) fn check(shape: &Shape, value: Node<'_, '_>) -> Result<Settled, Fault> {
    let mut walk = Walk { settled: Settled::Whole };
    walk.value(shape, &Told::default(), value)?;
    Ok(walk.settled)
}

/// A walk over a value, which gathers what the sanitiser has left to do.
struct Walk {
    settled: Settled,
}

impl Walk {
    /// The schema's own depth bounds the recursion.
    fn value(&mut self, shape: &Shape, told: &Told, value: Node<'_, '_>) -> Result<(), Fault> {
        let kind = value.kind();
        if !matches!(kind, Kind::Object | Kind::Array) {
            return self.scalar(shape, told, kind, value).map_err(fault);
        }
        self.leaves(told.lets_stay(false));
        if !shape.allows(kind) {
            return Err(fault(Code::WrongType));
        }
        if !shape.values.is_empty() {
            return Err(fault(Code::NotInEnum));
        }
        if kind == Kind::Object { self.object(shape, value) } else { self.array(shape, value) }
    }

    #[inline]
    fn scalar(
        &mut self,
        shape: &Shape,
        told: &Told,
        kind: Kind,
        value: Node<'_, '_>,
    ) -> Result<(), Code> {
        if !shape.allows(kind) {
            return Err(Code::WrongType);
        }
        match kind {
            Kind::String => self.string(shape, told, value),
            _ if !shape.values.is_empty() => Err(Code::NotInEnum),
            Kind::Number => {
                self.leaves(told.lets_stay(false));
                number(shape, value)
            }
            _ => {
                self.leaves(told.lets_stay(true));
                Ok(())
            }
        }
    }

    /// Takes whether the sanitiser leaves something as it is.
    #[inline(always)]
    fn leaves(&mut self, as_it_is: bool) {
        if !as_it_is {
            self.settled = Settled::Open;
        }
    }

    /// A fault's pointer is written on the way out, so that what is right costs none.
    fn object(&mut self, shape: &Shape, value: Node<'_, '_>) -> Result<(), Fault> {
        let mut required = 0;
        for (key, member) in value.members() {
            let property = shape.properties.of(key);
            let Some(Property { shape: Some(inner), required: is_required, told }) = property
            else {
                required += usize::from(property.is_some());
                if shape.closed {
                    return Err(in_member(key.inside(), &fault(Code::UnknownField)));
                }
                self.member_without_shape(key, member);
                continue;
            };
            required += usize::from(*is_required);
            self.leaves(!key.is_escaped());
            if told.free_text {
                self.settled = self.settled.max(Settled::ButFreeText);
            }
            let kind = member.kind();
            if let Kind::Object | Kind::Array = kind {
                self.value(inner, told, member).map_err(|fault| in_member(key.inside(), &fault))?;
            } else if let Err(code) = self.scalar(inner, told, kind, member) {
                return Err(in_member(key.inside(), &fault(code)));
            }
        }
        // Keys that may stand twice are not to be counted.
        if (required < shape.properties.required_count() || value.in_doubt())
            && let Some(name) = shape.properties.missing(value)
        {
            return Err(in_member(name, &fault(Code::MissingField)));
        }
        Ok(())
    }

    #[cold]
    fn member_without_shape(&mut self, key: Node<'_, '_>, member: Node<'_, '_>) {
        if self.settled != Settled::Open {
            self.leaves(sanitise::member_stays(key, member));
        }
    }

    fn array(&mut self, shape: &Shape, value: Node<'_, '_>) -> Result<(), Fault> {
        let mut count = 0;
        let told = Told::default();
        for item in value.items() {
            match &shape.items {
                Some(items) => {
                    self.value(items, &told, item).map_err(|fault| in_item(count, &fault))?;
                }
                None if self.settled == Settled::Open => {}
                None => self.leaves(sanitise::stays(item)),
            }
            count += 1;
        }
        within(count, shape.min_items, shape.max_items).map_err(fault)
    }

    #[inline]
    fn string(&mut self, shape: &Shape, told: &Told, value: Node<'_, '_>) -> Result<(), Code> {
        if value.is_escaped() {
            self.settled = Settled::Open;
            return escaped(shape, value);
        }
        let (inside, is_plain) = (value.inside(), value.is_plain());
        if shape.limits_text {
            text(shape, inside, is_plain)?;
        }
        if self.settled != Settled::Open {
            // A UUID is no more than that; behind a time's seconds there may be anything.
            let is_id = shape.format == Some(Format::Uuid) && told.lets_stay(false);
            self.leaves(is_id || told.lets_stay_text(inside, is_plain));
        }
        Ok(())
    }
}

#[cold]
fn escaped(shape: &Shape, value: Node<'_, '_>) -> Result<(), Code> {
    text(shape, &value.as_str().ok_or(Code::LoneSurrogate)?, false)
}

#[cold]
const fn fault(code: Code) -> Fault {
    Fault { code, pointer: String::new() }
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

/// Holds a string against its shape. A plain one has a character a byte.
fn text(shape: &Shape, text: &str, is_plain: bool) -> Result<(), Code> {
    if !shape.values.is_empty() && !shape.values.iter().any(|allowed| allowed == text) {
        return Err(Code::NotInEnum);
    }
    if shape.min_length.is_some() || shape.max_length.is_some() {
        // None has more characters than bytes.
        let characters = || if is_plain { text.len() } else { text.chars().count() };
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
        Some(Format::Uuid) if Uuid::parse(text).is_none() => Err(Code::InvalidUuid),
        Some(Format::DateTime) if parse_rfc3339(text).is_none() => Err(Code::InvalidTimestamp),
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

#[inline]
fn number(shape: &Shape, value: Node<'_, '_>) -> Result<(), Code> {
    let is_free = !shape.integer || value.is_whole();
    let is_bounded = match (shape.minimum, shape.maximum) {
        (None, None) => false,
        // Most bounds are "not negative", which the sign tells.
        (Some(minimum), None) => minimum > 0.0 || value.is_signed(),
        _ => true,
    };
    if is_free && !is_bounded { Ok(()) } else { bounded(shape, value) }
}

fn bounded(shape: &Shape, value: Node<'_, '_>) -> Result<(), Code> {
    let text = value.raw();
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
