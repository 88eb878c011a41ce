//! Attributes as the JSON column takes them in `RowBinary`, and what goes beside it.
//!
//! The column is a count of paths, and for each its name and its value; the
//! value of a typed path is bare, that of another comes behind its type. The
//! typed paths refuse a value of another type, and no column type holds a whole
//! number beyond 64 bits: such values are kept, under their path, in the side
//! column. Null is absence, and an object without members has no paths: the
//! column tells neither, whichever way it is filled.
//!
//! Sources: ClickHouse's documentation of `RowBinary`, `Dynamic` and the binary
//! encoding of types, held against the engine by a test.

use std::borrow::Cow;

use tidemark_core::json::{Kind, Node, unescape, write_string};

use super::column::{push_text, push_var};

/// What a typed path holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Typed {
    Text,
    Number,
    Whole,
    Truth,
}

/// The typed paths of `events_raw.attributes`: frozen, because a changed one
/// rewrites the table.
fn typed(path: &str) -> Option<Typed> {
    use Typed::{Number, Text, Truth, Whole};
    // By length first: held against each name in turn, a path costs what its value does.
    let names: &[(&str, Typed)] = match path.len() {
        4 => &[("cost", Number)],
        6 => &[("action", Text)],
        7 => &[("success", Truth)],
        8 => &[("agent.id", Text)],
        9 => &[("thread_id", Text)],
        10 => &[("ai.success", Truth), ("error_type", Text), ("model_used", Text)],
        11 => &[("duration_ms", Number), ("metric_type", Text)],
        12 => &[
            ("ai.tool_name", Text),
            ("feature_name", Text),
            ("is_follow_up", Truth),
            ("kb.search_ms", Number),
            ("message_type", Text),
        ],
        14 => &[("ai.duration_ms", Number)],
        15 => &[("tokens_consumed", Whole)],
        16 => {
            &[("kb.results_count", Whole), ("response_time_ms", Number), ("voice.session_id", Text)]
        }
        17 => &[("voice.barge_in_ms", Number)],
        18 => &[("ai.conversation_id", Text), ("satisfaction_score", Number)],
        23 => &[("voice.first_response_ms", Number)],
        _ => &[],
    };
    names.iter().find(|(name, _)| *name == path).map(|(_, typed)| *typed)
}

/// ClickHouse's binary encoding of the types that values here have.
mod tag {
    pub(super) const UINT64: u8 = 0x04;
    pub(super) const INT64: u8 = 0x0a;
    pub(super) const FLOAT64: u8 = 0x0e;
    pub(super) const STRING: u8 = 0x15;
    pub(super) const ARRAY: u8 = 0x1e;
    pub(super) const NULLABLE: u8 = 0x23;
    pub(super) const BOOL: u8 = 0x2d;
    /// `Dynamic(max_types=32)`, the default.
    pub(super) const DYNAMIC: [u8; 2] = [0x2b, 0x20];
    /// `JSON(max_dynamic_paths=64, max_dynamic_types=4)`, what the engine itself
    /// gives to objects in arrays of a column with 256 and 8.
    pub(super) const JSON: [u8; 7] = [0x30, 0, 64, 4, 0, 0, 0];
}

/// The attributes of one event, split by where they are stored. Keeps its buffers.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    /// The steps to a member of an object within, joined by dots.
    path: String,
    split: Split,
}

/// What was split so far.
#[derive(Debug, Default)]
struct Split {
    paths: usize,
    column: Vec<u8>,
    misfit: String,
    misfits: u64,
}

impl Attributes {
    /// Splits an object of checked JSON; returns how many values did not fit.
    pub(super) fn split(&mut self, attributes: Option<Node<'_, '_>>) -> u64 {
        self.path.clear();
        self.split.clear();
        for (key, value) in attributes.into_iter().flat_map(Node::members) {
            // Mostly a key is its path.
            if key.is_escaped() || value.kind() == Kind::Object {
                self.member(key, value);
            } else {
                self.split.leaf(key.inside(), value);
            }
        }
        if self.split.misfits > 0 {
            self.split.misfit.push('}');
        }
        self.split.misfits
    }

    /// JSON object from path to value; empty when everything fits.
    pub(super) fn misfit(&self) -> &str {
        &self.split.misfit
    }

    /// Appends the column.
    pub(super) fn push_column(&self, out: &mut Vec<u8>) {
        push_var(out, self.split.paths);
        out.extend_from_slice(&self.split.column);
    }

    /// Takes a member of the object that `path` names.
    fn member(&mut self, key: Node<'_, '_>, value: Node<'_, '_>) {
        let length = self.path.len();
        if length > 0 {
            self.path.push('.');
        }
        match key.is_escaped().then(|| unescape(key.inside())).flatten() {
            Some(key) => self.path.push_str(&key),
            None => self.path.push_str(key.inside()),
        }
        if value.kind() == Kind::Object && typed(&self.path).is_none() {
            for (key, value) in value.members() {
                self.member(key, value);
            }
        } else {
            self.split.leaf(&self.path, value);
        }
        self.path.truncate(length);
    }
}

impl Split {
    fn clear(&mut self) {
        self.paths = 0;
        self.column.clear();
        self.misfit.clear();
        self.misfits = 0;
    }

    fn leaf(&mut self, path: &str, value: Node<'_, '_>) {
        if value.kind() == Kind::Null {
            return;
        }
        let begin = self.column.len();
        push_text(&mut self.column, path);
        let written = match typed(path) {
            Some(typed) => push_typed(&mut self.column, typed, value),
            None => push_dynamic(&mut self.column, value),
        };
        if written.is_some() {
            self.paths += 1;
        } else {
            self.column.truncate(begin);
            self.set_aside(path, value);
        }
    }

    fn set_aside(&mut self, path: &str, value: Node<'_, '_>) {
        self.misfit.push(if self.misfits == 0 { '{' } else { ',' });
        write_string(&mut self.misfit, path);
        self.misfit.push(':');
        self.misfit.push_str(value.raw());
        self.misfits += 1;
    }
}

/// Appends a typed path's value, a `Nullable`; `None` when it does not fit.
fn push_typed(out: &mut Vec<u8>, typed: Typed, value: Node<'_, '_>) -> Option<()> {
    out.push(0);
    match (typed, value.kind()) {
        (Typed::Text, Kind::String) => push_text(out, &value.as_str()?),
        (Typed::Truth, Kind::Bool) => out.push(u8::from(value.raw() == "true")),
        (Typed::Number, Kind::Number) => {
            let number = match scalar(value)? {
                Scalar::Int(number) => number as f64,
                Scalar::UInt(number) => number as f64,
                Scalar::Float(number) => number,
            };
            out.extend_from_slice(&number.to_le_bytes());
        }
        (Typed::Whole, Kind::Number) => {
            out.extend_from_slice(&whole(scalar(value)?)?.to_le_bytes());
        }
        _ => return None,
    }
    Some(())
}

/// Appends a value with its type before it; `None` when no type holds it.
fn push_dynamic(out: &mut Vec<u8>, value: Node<'_, '_>) -> Option<()> {
    let shape = shape(value)?;
    shape.push_type(out, false);
    shape.push_value(out, value)
}

/// A number that a column can hold.
#[derive(Clone, Copy, Debug)]
enum Scalar {
    Int(i64),
    UInt(u64),
    Float(f64),
}

fn scalar(value: Node<'_, '_>) -> Option<Scalar> {
    let text = value.raw();
    if text.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E')) {
        return text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Scalar::Float);
    }
    let int = text.parse::<i64>().ok().map(Scalar::Int);
    int.or_else(|| text.parse::<u64>().ok().map(Scalar::UInt))
}

/// A whole number, also one that is written as a fraction (`5.0`).
fn whole(number: Scalar) -> Option<i64> {
    /// From 2^53 on a float does not tell neighbours apart.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match number {
        Scalar::Int(number) => Some(number),
        Scalar::UInt(_) => None,
        Scalar::Float(number) => {
            (number.fract() == 0.0 && number.abs() < EXACT).then_some(number as i64)
        }
    }
}

/// What type a value has in the column.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Shape {
    Null,
    Int,
    UInt,
    Float,
    Text,
    Truth,
    Object,
    Array(Box<Shape>),
    /// Items of several kinds.
    Mixed,
}

/// The shape of a value; `None` when a number in it fits no column.
fn shape(value: Node<'_, '_>) -> Option<Shape> {
    Some(match value.kind() {
        Kind::Null => Shape::Null,
        Kind::Bool => Shape::Truth,
        Kind::String => {
            value.as_str()?;
            Shape::Text
        }
        Kind::Number => match scalar(value)? {
            Scalar::Int(_) => Shape::Int,
            Scalar::UInt(_) => Shape::UInt,
            Scalar::Float(_) => Shape::Float,
        },
        Kind::Object => {
            for (_, value) in value.members() {
                shape(value)?;
            }
            Shape::Object
        }
        Kind::Array => {
            let mut items = None;
            for item in value.items() {
                let shape = shape(item)?;
                items = Some(match items {
                    None => shape,
                    Some(items) => Shape::join(items, shape),
                });
            }
            Shape::Array(Box::new(items.unwrap_or(Shape::Null)))
        }
    })
}

impl Shape {
    /// The shape that holds both.
    fn join(self, other: Self) -> Self {
        match (self, other) {
            (one, other) if one == other => one,
            // A type of arrays or objects has no null of its own.
            (Self::Null, Self::Array(_) | Self::Object)
            | (Self::Array(_) | Self::Object, Self::Null) => Self::Mixed,
            (Self::Null, other) | (other, Self::Null) => other,
            (Self::Int, Self::Float) | (Self::Float, Self::Int) => Self::Float,
            (Self::Array(one), Self::Array(other)) => Self::Array(Box::new(one.join(*other))),
            _ => Self::Mixed,
        }
    }

    /// Appends the type; inside of an array, scalars are nullable.
    fn push_type(&self, out: &mut Vec<u8>, inside: bool) {
        let scalar = |out: &mut Vec<u8>, tag| {
            if inside {
                out.push(tag::NULLABLE);
            }
            out.push(tag);
        };
        match self {
            Self::Int => scalar(out, tag::INT64),
            Self::UInt => scalar(out, tag::UINT64),
            Self::Float => scalar(out, tag::FLOAT64),
            // An array of nothing, or of nulls alone, is one of text.
            Self::Null | Self::Text => scalar(out, tag::STRING),
            Self::Truth => scalar(out, tag::BOOL),
            Self::Object => out.extend_from_slice(&tag::JSON),
            Self::Mixed => out.extend_from_slice(&tag::DYNAMIC),
            Self::Array(items) => {
                out.push(tag::ARRAY);
                items.push_type(out, true);
            }
        }
    }

    /// Appends a value of this shape, without its type.
    fn push_value(&self, out: &mut Vec<u8>, value: Node<'_, '_>) -> Option<()> {
        match self {
            Self::Null => {}
            Self::Truth => out.push(u8::from(value.raw() == "true")),
            Self::Text => push_text(out, &value.as_str()?),
            Self::Int | Self::UInt => match scalar(value)? {
                Scalar::Int(number) => out.extend_from_slice(&number.to_le_bytes()),
                Scalar::UInt(number) => out.extend_from_slice(&number.to_le_bytes()),
                Scalar::Float(_) => return None,
            },
            Self::Float => match scalar(value)? {
                Scalar::Int(number) => out.extend_from_slice(&(number as f64).to_le_bytes()),
                Scalar::UInt(number) => out.extend_from_slice(&(number as f64).to_le_bytes()),
                Scalar::Float(number) => out.extend_from_slice(&number.to_le_bytes()),
            },
            Self::Object => push_object(out, value)?,
            Self::Mixed => match value.kind() {
                // `Nothing`, which is null.
                Kind::Null => out.push(0),
                _ => push_dynamic(out, value)?,
            },
            Self::Array(items) => {
                push_var(out, value.items().count());
                for item in value.items() {
                    if !matches!(**items, Self::Object | Self::Mixed | Self::Array(_)) {
                        let null = item.kind() == Kind::Null;
                        out.push(u8::from(null));
                        if null {
                            continue;
                        }
                    }
                    items.push_value(out, item)?;
                }
            }
        }
        Some(())
    }
}

/// Appends an object inside of an array: its own count of paths, then each.
fn push_object(out: &mut Vec<u8>, object: Node<'_, '_>) -> Option<()> {
    fn collect<'t, 'a>(
        prefix: &str,
        object: Node<'t, 'a>,
        paths: &mut Vec<(String, Node<'t, 'a>)>,
    ) -> Option<()> {
        for (key, value) in object.members() {
            let key: Cow<'_, str> = key.as_str()?;
            let path =
                if prefix.is_empty() { key.into_owned() } else { [prefix, ".", &key].concat() };
            match value.kind() {
                Kind::Null => {}
                Kind::Object => collect(&path, value, paths)?,
                _ => paths.push((path, value)),
            }
        }
        Some(())
    }
    let mut paths = Vec::new();
    collect("", object, &mut paths)?;
    push_var(out, paths.len());
    for (path, value) in paths {
        push_text(out, &path);
        push_dynamic(out, value)?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

    use super::*;

    /// The table's own words.
    const TABLE: &str = include_str!("../../../schemas/clickhouse/0001_events_raw.sql");

    #[test]
    fn the_typed_paths_are_those_of_the_table() {
        let (_, column) = TABLE.split_once("attributes        JSON(").unwrap();
        let (column, _) = column.split_once("COMMENT").unwrap();
        let mut count = 0;
        for line in column.lines().filter(|line| line.trim_start().starts_with('`')) {
            let (path, kind) = line.trim().trim_start_matches('`').split_once('`').unwrap();
            let expected = [
                ("String", Typed::Text),
                ("Float64", Typed::Number),
                ("Int64", Typed::Whole),
                ("Bool", Typed::Truth),
            ];
            let (_, expected) = expected.iter().find(|(name, _)| kind.contains(name)).unwrap();
            assert_eq!(typed(path), Some(*expected), "{path}");
            assert_eq!(typed(&path[1..]), None, "{path}");
            count += 1;
        }
        assert_eq!(count, 24);
    }
}
