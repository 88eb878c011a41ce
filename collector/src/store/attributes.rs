//! What the JSON column can hold, and what goes beside it.
//!
//! The column's typed paths refuse a value of another type, and its parser
//! refuses a whole number beyond 64 bits anywhere: either would cost the whole
//! insert. Such values are taken out and kept, under their path, in the side
//! column. Everything else is passed on byte for byte.

use std::borrow::Cow;
use std::fmt::Write as _;

use tidemark_core::json::{Kind, Value, check_text, unescape, write_string};

/// What a typed path holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Text,
    Number,
    Whole,
    Truth,
}

/// The typed paths of `events_raw.attributes`: frozen, because a changed one
/// rewrites the table.
const TYPED: &[(&str, Column)] = &[
    ("action", Column::Text),
    ("agent.id", Column::Text),
    ("ai.conversation_id", Column::Text),
    ("ai.duration_ms", Column::Number),
    ("ai.success", Column::Truth),
    ("ai.tool_name", Column::Text),
    ("cost", Column::Number),
    ("duration_ms", Column::Number),
    ("error_type", Column::Text),
    ("feature_name", Column::Text),
    ("is_follow_up", Column::Truth),
    ("kb.results_count", Column::Whole),
    ("kb.search_ms", Column::Number),
    ("message_type", Column::Text),
    ("metric_type", Column::Text),
    ("model_used", Column::Text),
    ("response_time_ms", Column::Number),
    ("satisfaction_score", Column::Number),
    ("success", Column::Truth),
    ("thread_id", Column::Text),
    ("tokens_consumed", Column::Whole),
    ("voice.barge_in_ms", Column::Number),
    ("voice.first_response_ms", Column::Number),
    ("voice.session_id", Column::Text),
];

/// Attributes, parted by where they are stored.
#[derive(Debug, PartialEq, Eq)]
pub struct Fitted<'a> {
    /// The object for the JSON column.
    pub attributes: Cow<'a, str>,
    /// JSON object from path to value; empty when everything fits.
    pub misfit: String,
    /// How many values went there.
    pub misfits: u64,
}

/// Parts attributes, a checked JSON object, by what the column can hold.
pub fn fit(attributes: &str) -> Fitted<'_> {
    let unchanged =
        Fitted { attributes: Cow::Borrowed(attributes), misfit: String::new(), misfits: 0 };
    let Ok(object) = check_text(attributes) else { return unchanged };
    let mut path = String::new();
    if object.entries().all(|(key, value)| member_fits(&mut path, key, value)) {
        return unchanged;
    }
    let mut parting =
        Parting { path, kept: String::with_capacity(attributes.len()), ..Parting::default() };
    parting.object(object);
    if parting.misfits > 0 {
        parting.misfit.push('}');
    }
    Fitted {
        attributes: Cow::Owned(parting.kept),
        misfit: parting.misfit,
        misfits: parting.misfits,
    }
}

/// What becomes of one value.
enum Fate {
    Stays,
    /// It is a whole number written as a fraction (`5.0`).
    Becomes(i64),
    Goes,
    /// Look into its members.
    Inside,
}

fn fate(path: &str, value: Value<'_>) -> Fate {
    let typed = TYPED.iter().find(|(typed, _)| *typed == path).map(|(_, column)| *column);
    match (value.kind(), typed) {
        (Kind::Null, _) => Fate::Stays,
        (Kind::Object, None) => Fate::Inside,
        (Kind::Array, None) if items_fit(value) => Fate::Stays,
        (Kind::Array, None) => Fate::Goes,
        (Kind::Number, None | Some(Column::Number)) if number_fits(value.raw()) => Fate::Stays,
        (Kind::Number, Some(Column::Whole)) => whole(value.raw()),
        (Kind::Bool, None | Some(Column::Truth)) => Fate::Stays,
        (Kind::String, None | Some(Column::Text)) => Fate::Stays,
        _ => Fate::Goes,
    }
}

fn member_fits(path: &mut String, key: &str, value: Value<'_>) -> bool {
    let length = enter(path, key);
    let fits = match fate(path, value) {
        Fate::Stays => true,
        Fate::Inside => value.entries().all(|(key, value)| member_fits(path, key, value)),
        Fate::Becomes(_) | Fate::Goes => false,
    };
    path.truncate(length);
    fits
}

/// Whether everything in an array, however deep, is a number that can be read.
fn items_fit(value: Value<'_>) -> bool {
    match value.kind() {
        Kind::Array => value.items().all(items_fit),
        Kind::Object => value.entries().all(|(_, value)| items_fit(value)),
        Kind::Number => number_fits(value.raw()),
        Kind::String | Kind::Bool | Kind::Null => true,
    }
}

/// Whether the column's parser reads a number: whole ones within 64 bits,
/// others within a float.
fn number_fits(text: &str) -> bool {
    if text.contains(['.', 'e', 'E']) {
        text.parse::<f64>().is_ok_and(f64::is_finite)
    } else {
        text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok()
    }
}

fn whole(text: &str) -> Fate {
    /// From 2^53 on a float does not tell neighbours apart.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if text.parse::<i64>().is_ok() {
        return Fate::Stays;
    }
    match text.parse::<f64>() {
        Ok(number) if number.fract() == 0.0 && number.abs() < EXACT => Fate::Becomes(number as i64),
        _ => Fate::Goes,
    }
}

/// Goes down one key; returns the path's length before.
fn enter(path: &mut String, key: &str) -> usize {
    let length = path.len();
    if length > 0 {
        path.push('.');
    }
    path.push_str(&unescape(key).unwrap_or(Cow::Borrowed(key)));
    length
}

#[derive(Default)]
struct Parting {
    path: String,
    kept: String,
    misfit: String,
    misfits: u64,
}

impl Parting {
    fn object(&mut self, object: Value<'_>) {
        self.kept.push('{');
        let mut first = true;
        for (key, value) in object.entries() {
            let length = enter(&mut self.path, key);
            let fate = fate(&self.path, value);
            if matches!(fate, Fate::Goes) {
                self.set_aside(value);
            } else {
                if !first {
                    self.kept.push(',');
                }
                first = false;
                self.kept.push('"');
                self.kept.push_str(key);
                self.kept.push_str("\":");
                match fate {
                    Fate::Inside => self.object(value),
                    Fate::Becomes(number) => {
                        // Writing to a String cannot fail.
                        let _ = write!(self.kept, "{number}");
                    }
                    Fate::Stays | Fate::Goes => self.kept.push_str(value.raw()),
                }
            }
            self.path.truncate(length);
        }
        self.kept.push('}');
    }

    fn set_aside(&mut self, value: Value<'_>) {
        self.misfit.push(if self.misfits == 0 { '{' } else { ',' });
        write_string(&mut self.misfit, &self.path);
        self.misfit.push(':');
        self.misfit.push_str(value.raw());
        self.misfits += 1;
    }
}

#[cfg(test)]
mod tests;
