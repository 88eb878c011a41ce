//! What a change of a schema means for the data that is already there.
//!
//! Two schemas in, one answer out: a compatible addition, a revision or a new
//! model (SchemaVer). Words (title, description, examples) change nothing; a
//! unit does, because it changes what every number means.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

use serde_json::Value;

use super::compile::{self, CompileError, Shape};
use crate::json::push_pointer;

/// How far a change reaches; ordered from the least to the most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Nothing that decides about an event has changed.
    #[default]
    Same,
    /// All earlier data still fits.
    Addition,
    /// Some earlier data may not fit.
    Revision,
    /// Earlier data does not fit, or means something else.
    Model,
}

impl Change {
    /// The change's name for people and scripts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Addition => "addition",
            Self::Revision => "revision",
            Self::Model => "model",
        }
    }
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// How far it reaches.
    pub change: Change,
    /// Where in the schema, as a JSON pointer.
    pub pointer: String,
    /// What has changed, in words.
    pub what: &'static str,
}

/// Every difference between two schemas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// In the order of the schema's attributes.
    pub differences: Vec<Difference>,
}

impl Diff {
    /// How far the whole change reaches: as far as its furthest difference.
    pub fn change(&self) -> Change {
        self.differences.iter().map(|difference| difference.change).max().unwrap_or_default()
    }
}

/// Tells what has changed from one schema to another, both as JSON text.
///
/// # Errors
/// Names the schema (`old`, `new`) and the keyword that cannot be compiled.
pub fn diff(old: &str, new: &str) -> Result<Diff, CompileError> {
    let read = |name, text| {
        let schema = compile::parse(name, text)?;
        Shape::compile(name, "", &schema).map(|_| schema)
    };
    let (old, new) = (read("old", old)?, read("new", new)?);
    let mut diff = Diff::default();
    compare(&old, &new, &mut String::new(), &mut diff.differences);
    Ok(diff)
}

/// The pointer is restored before the return.
fn compare(old: &Value, new: &Value, pointer: &mut String, found: &mut Vec<Difference>) {
    let mut tell = |keyword: &str, change, what| {
        let mut pointer = pointer.clone();
        push_pointer(&mut pointer, keyword);
        found.push(Difference { change, pointer, what });
    };
    if let Some((change, what)) = kinds(old, new) {
        tell("type", change, what);
    }
    if let Some((change, what)) = values(old, new) {
        tell("enum", change, what);
    }
    for (lower, upper) in
        [("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems")]
    {
        let bound = |schema: &Value, keyword: &str| schema.get(keyword).and_then(Value::as_f64);
        let least = (bound(old, lower), bound(new, lower));
        let most = (bound(old, upper), bound(new, upper));
        let empty = |low: Option<f64>, high: Option<f64>| {
            low.zip(high).is_some_and(|(low, high)| low > high)
        };
        if empty(least.1, most.0) || empty(least.0, most.1) {
            tell(lower, Change::Model, "no earlier value is within the new bounds");
            continue;
        }
        let tighter = |old: Option<f64>, new: Option<f64>, sign: f64| match (old, new) {
            (None, Some(_)) => Some(true),
            (Some(_), None) => Some(false),
            (Some(old), Some(new)) if old != new => Some(new * sign > old * sign),
            _ => None,
        };
        for (keyword, change) in
            [(lower, tighter(least.0, least.1, 1.0)), (upper, tighter(most.0, most.1, -1.0))]
        {
            match change {
                Some(true) => tell(keyword, Change::Revision, "the bound is tighter"),
                Some(false) => tell(keyword, Change::Addition, "the bound is looser"),
                None => {}
            }
        }
    }
    match (old.get("format"), new.get("format")) {
        (None, Some(_)) => tell("format", Change::Revision, "a format is asked for"),
        (Some(_), None) => tell("format", Change::Addition, "no format is asked for any more"),
        (Some(old), Some(new)) if old != new => {
            tell("format", Change::Model, "another format is asked for");
        }
        _ => {}
    }
    match (is_closed(old), is_closed(new)) {
        (false, true) => {
            tell("additionalProperties", Change::Revision, "other members are refused");
        }
        (true, false) => {
            tell("additionalProperties", Change::Addition, "other members are taken");
        }
        _ => {}
    }
    if old.get("x-unit") != new.get("x-unit") {
        tell("x-unit", Change::Model, "numbers mean something else");
    }
    match (is_free_text(old), is_free_text(new)) {
        (false, true) => tell("x-free-text", Change::Revision, "it is kept only where allowed"),
        (true, false) => tell("x-free-text", Change::Addition, "it is always kept"),
        _ => {}
    }
    match (old.get("items"), new.get("items")) {
        (None, Some(_)) => tell("items", Change::Revision, "items are held against a schema"),
        (Some(_), None) => tell("items", Change::Addition, "any item is taken"),
        (Some(old), Some(new)) => within(pointer, "items", |pointer| {
            compare(old, new, pointer, found);
        }),
        (None, None) => {}
    }
    attributes(old, new, pointer, found);
}

fn attributes(old: &Value, new: &Value, pointer: &mut String, found: &mut Vec<Difference>) {
    let (had, has) = (names(old, "properties"), names(new, "properties"));
    let (needed, needs) = (names(old, "required"), names(new, "required"));
    let all: BTreeSet<&str> =
        had.iter().chain(&has).chain(&needed).chain(&needs).copied().collect();
    for name in all {
        let place = |keyword| {
            let mut pointer = pointer.clone();
            push_pointer(&mut pointer, keyword);
            push_pointer(&mut pointer, name);
            pointer
        };
        let mut tell = |keyword, change, what| {
            found.push(Difference { change, pointer: place(keyword), what });
        };
        match (had.contains(name), has.contains(name)) {
            (false, true) if needs.contains(name) && !needed.contains(name) => {
                tell("properties", Change::Model, "a required attribute is new");
                continue;
            }
            (false, true) => tell("properties", Change::Addition, "an optional attribute is new"),
            (true, false) if needed.contains(name) => {
                tell("properties", Change::Model, "a required attribute is gone");
                continue;
            }
            (true, false) => tell("properties", Change::Revision, "an optional attribute is gone"),
            _ => {}
        }
        match (needed.contains(name), needs.contains(name)) {
            (false, true) => tell("required", Change::Revision, "an attribute became required"),
            (true, false) => tell("required", Change::Addition, "an attribute became optional"),
            _ => {}
        }
        let of = |schema: &Value| schema.get("properties").and_then(|all| all.get(name)).cloned();
        if let (Some(old), Some(new)) = (of(old), of(new)) {
            within(pointer, "properties", |pointer| {
                within(pointer, name, |pointer| compare(&old, &new, pointer, found));
            });
        }
    }
}

fn within(pointer: &mut String, name: &str, run: impl FnOnce(&mut String)) {
    let length = pointer.len();
    push_pointer(pointer, name);
    run(pointer);
    pointer.truncate(length);
}

/// The names that stand in an object's keys or in a list.
fn names<'v>(schema: &'v Value, keyword: &str) -> BTreeSet<&'v str> {
    match schema.get(keyword) {
        Some(Value::Object(members)) => members.keys().map(String::as_str).collect(),
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(name)) => BTreeSet::from([name.as_str()]),
        _ => BTreeSet::new(),
    }
}

const EVERY_KIND: [&str; 7] = ["object", "array", "string", "boolean", "null", "number", "integer"];

/// Whole numbers are numbers too.
fn kinds(old: &Value, new: &Value) -> Option<(Change, &'static str)> {
    let of = |schema| {
        let mut kinds = names(schema, "type");
        if kinds.is_empty() {
            kinds = BTreeSet::from(EVERY_KIND);
        } else if kinds.contains("number") {
            kinds.insert("integer");
        }
        kinds
    };
    let (old, new) = (of(old), of(new));
    if old == new {
        None
    } else if old.is_subset(&new) {
        Some((Change::Addition, "more types are taken"))
    } else if old.is_disjoint(&new) {
        Some((Change::Model, "the type is another"))
    } else {
        Some((Change::Revision, "fewer types are taken"))
    }
}

fn values(old: &Value, new: &Value) -> Option<(Change, &'static str)> {
    let of = |schema| {
        let mut values = names(schema, "enum");
        values.append(&mut names(schema, "const"));
        values
    };
    let (old, new) = (of(old), of(new));
    match (old.is_empty(), new.is_empty()) {
        (true, true) => None,
        (true, false) => Some((Change::Revision, "only listed values are taken")),
        (false, true) => Some((Change::Addition, "any value is taken")),
        (false, false) if old == new => None,
        (false, false) if old.is_subset(&new) => Some((Change::Addition, "a value is new")),
        (false, false) if old.is_disjoint(&new) => Some((Change::Model, "every value is another")),
        (false, false) => Some((Change::Revision, "a value is gone")),
    }
}

fn is_closed(schema: &Value) -> bool {
    schema.get("additionalProperties") == Some(&Value::Bool(false))
}

fn is_free_text(schema: &Value) -> bool {
    schema.get("x-free-text") == Some(&Value::Bool(true))
}

#[cfg(test)]
mod tests;
