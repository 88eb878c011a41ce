//! JSON Schema 2020-12 to [`Shape`]s: the keywords that the catalogue uses.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::Value;

use super::properties::Properties;
use crate::catalogue::FREE_TEXT;
use crate::json::Kind;
use crate::judge::Attribute;

/// Why a schema could not be compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileError {
    /// The schema's file or event name.
    pub schema: String,
    /// The place of the keyword, as a JSON pointer.
    pub pointer: String,
    /// What is wrong with it.
    pub reason: Cow<'static, str>,
}

impl CompileError {
    pub(super) fn new(schema: &str, pointer: &str, reason: &'static str) -> Self {
        Self { schema: schema.to_string(), pointer: pointer.to_string(), reason: reason.into() }
    }
}

impl core::fmt::Display for CompileError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "schema {}: {} {}", self.schema, self.pointer, self.reason)
    }
}

impl core::error::Error for CompileError {}

/// A compiled schema.
#[derive(Clone, Debug, Default)]
pub(super) struct Shape {
    /// The kinds that are allowed, a bit each; 0 allows all.
    kinds: u8,
    /// Whether a number must be whole.
    pub(super) integer: bool,
    pub(super) properties: Properties,
    /// Whether other members than `properties` are refused.
    pub(super) closed: bool,
    pub(super) items: Option<Box<Shape>>,
    /// The strings of `enum` or `const`; empty allows all.
    pub(super) values: Vec<String>,
    pub(super) minimum: Option<f64>,
    pub(super) maximum: Option<f64>,
    /// In characters.
    pub(super) min_length: Option<usize>,
    pub(super) max_length: Option<usize>,
    pub(super) min_items: Option<usize>,
    pub(super) max_items: Option<usize>,
    pub(super) format: Option<Format>,
    /// Whether any of this is asked of a string.
    pub(super) limits_text: bool,
}

/// The formats that are held (2020-12 leaves them to the reader).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Uuid,
    DateTime,
}

pub(super) fn parse(schema: &str, text: &str) -> Result<Value, CompileError> {
    serde_json::from_str(text).map_err(|_| CompileError::new(schema, "", "is not JSON"))
}

impl Shape {
    /// Whether values of a kind are allowed.
    pub(super) const fn allows(&self, kind: Kind) -> bool {
        self.kinds == 0 || self.kinds & 1 << kind as u8 != 0
    }

    pub(super) fn compile(schema: &str, place: &str, value: &Value) -> Result<Self, CompileError> {
        let error = |keyword: &str, reason| {
            CompileError::new(schema, &[place, "/", keyword].concat(), reason)
        };
        let members = value.as_object().ok_or_else(|| error("", "is not an object"))?;
        let mut shape = Self::default();
        for (keyword, value) in members {
            let wrong = || error(keyword, "has a form that is not compiled");
            let inner = |name: &str, value| {
                Self::compile(schema, &[place, "/", keyword, "/", name].concat(), value)
            };
            match keyword.as_str() {
                "type" => match value {
                    Value::String(name) => shape.add_kind(name).ok_or_else(wrong)?,
                    Value::Array(names) if !names.is_empty() => {
                        for name in names {
                            name.as_str()
                                .and_then(|name| shape.add_kind(name))
                                .ok_or_else(wrong)?;
                        }
                        // `number` beside `integer` allows every number.
                        shape.integer = shape.integer && !names.contains(&"number".into());
                    }
                    _ => return Err(wrong()),
                },
                "required" => {
                    for name in strings(value).ok_or_else(wrong)? {
                        shape.properties.require(name);
                    }
                }
                // An empty list would allow nothing, but empty means all here.
                "enum" if value.as_array().is_some_and(|values| !values.is_empty()) => {
                    shape.values = strings(value).ok_or_else(wrong)?;
                }
                "enum" => return Err(wrong()),
                "const" if members.contains_key("enum") => {
                    return Err(error(keyword, "stands beside enum, which is not compiled"));
                }
                "const" => {
                    shape.values = Vec::from([value.as_str().ok_or_else(wrong)?.to_string()]);
                }
                "properties" => {
                    for (name, value) in value.as_object().ok_or_else(wrong)? {
                        shape.properties.declare(name, inner(name, value)?);
                    }
                }
                "additionalProperties" => shape.closed = !value.as_bool().ok_or_else(wrong)?,
                "items" => shape.items = Some(Box::new(inner("", value)?)),
                "minimum" => shape.minimum = Some(value.as_f64().ok_or_else(wrong)?),
                "maximum" => shape.maximum = Some(value.as_f64().ok_or_else(wrong)?),
                "minLength" => shape.min_length = Some(size(value).ok_or_else(wrong)?),
                "maxLength" => shape.max_length = Some(size(value).ok_or_else(wrong)?),
                "minItems" => shape.min_items = Some(size(value).ok_or_else(wrong)?),
                "maxItems" => shape.max_items = Some(size(value).ok_or_else(wrong)?),
                "format" => match value.as_str() {
                    Some("uuid") => shape.format = Some(Format::Uuid),
                    Some("date-time") => shape.format = Some(Format::DateTime),
                    _ => return Err(wrong()),
                },
                "$schema" | "$id" | "title" | "description" | "examples" | "default"
                | "$comment" => {}
                other if other.starts_with("x-") => {}
                _ => return Err(error(keyword, "is a keyword that is not compiled")),
            }
        }
        shape.limits_text = !shape.values.is_empty()
            || shape.min_length.is_some()
            || shape.max_length.is_some()
            || shape.format.is_some();
        Ok(shape)
    }

    /// Adds what is known of an event's own attributes, beyond their names: it is the
    /// shape of attributes.
    pub(super) fn tell(&mut self, event_name: &str, special: &[(String, Attribute)]) {
        for (name, attribute) in special {
            self.properties.tell(name, |told| {
                told.free_text |= attribute.is_free_text;
                told.max_bytes = attribute.max_bytes.unwrap_or(told.max_bytes);
            });
        }
        for (_, name) in FREE_TEXT.iter().filter(|(event, _)| *event == event_name) {
            self.properties.tell(name, |told| told.free_text = true);
        }
    }

    fn add_kind(&mut self, name: &str) -> Option<()> {
        let kind = match name {
            "object" => Kind::Object,
            "array" => Kind::Array,
            "string" => Kind::String,
            "boolean" => Kind::Bool,
            "null" => Kind::Null,
            "number" => Kind::Number,
            "integer" => {
                self.integer = true;
                Kind::Number
            }
            _ => return None,
        };
        self.kinds |= 1 << kind as u8;
        Some(())
    }
}

fn strings(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|item| item.as_str().map(ToString::to_string)).collect()
}

fn size(value: &Value) -> Option<usize> {
    value.as_u64().and_then(|size| usize::try_from(size).ok())
}
