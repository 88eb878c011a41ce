//! core/src/validate/builtin.rs: the schemas that core embeds.
//!
//! What judges is embedded without words, examples and notes for people: a third
//! of the bytes, and the edge's bundle carries them. The full texts stand
//! behind the feature `sources`: this program must build without it, or it could
//! not be run after a schema has been renamed.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::{Value, json};

use super::NOTE;
use super::rust_types::formatted;
use super::schema::{Schema, Schemas};
use crate::place::Place;

/// Keywords that decide nothing about an event.
const WORDS: [&str; 11] = [
    "$schema",
    "$id",
    "$comment",
    "title",
    "description",
    "examples",
    "default",
    "x-otel",
    "x-unit",
    "x-max-bytes",
    "x-free-text",
];

/// The module's text.
///
/// # Errors
/// When rustfmt fails.
pub fn embedded(place: &Place, schemas: &Schemas) -> Result<String> {
    let mut text = format!("//! The schemas that come with Tidemark. {NOTE}\n\n");
    let context = &schemas.envelope.value["properties"]["context"];
    let envelope = json!({ "properties": { "context": bare(context, false) } });
    text.push_str("/// What judges a context: the envelope without its words.\n");
    text.push_str(&format!("pub(super) const ENVELOPE: &str = {};\n\n", raw(&envelope)));
    text.push_str("/// What judges: the schemas without their words, by event name.\n");
    text.push_str("pub(super) const EVENTS: &[(&str, &str)] = &[\n");
    for schema in &schemas.events {
        text.push_str(&format!("({:?}, {}),\n", schema.name(), raw(&minified(schema))));
    }
    text.push_str("];\n\n/// The schemas as they stand in schemas/events/, by event name.\n");
    text.push_str("#[cfg(any(test, feature = \"sources\"))]\n");
    text.push_str("pub const SOURCES: &[(&str, &str)] = &[\n");
    for schema in &schemas.events {
        let file = format!("../../../schemas/events/{}.json", schema.file);
        text.push_str(&format!("({:?}, include_str!({file:?})),\n", schema.name()));
    }
    text.push_str("];\n");
    formatted(place, &text)
}

fn minified(schema: &Schema) -> Value {
    let mut value = bare(&schema.value, false);
    value["x-self"] = json!({ "version": schema.said("/x-self/version") });
    value
}

/// A schema without its words. The members of `properties` are names, not keywords.
fn bare(value: &Value, names: bool) -> Value {
    let Value::Object(members) = value else { return value.clone() };
    let kept: BTreeMap<&String, Value> = members
        .iter()
        .filter(|(key, _)| names || !WORDS.contains(&key.as_str()))
        .filter(|(key, value)| names || *key != "required" || **value != json!([]))
        .map(|(key, value)| (key, bare(value, !names && key == "properties")))
        .collect();
    json!(kept)
}

/// A raw string literal.
fn raw(value: &Value) -> String {
    let text = value.to_string();
    let mut fence = String::from("#");
    while text.contains(&format!("\"{fence}")) {
        fence.push('#');
    }
    format!("r{fence}\"{text}\"{fence}")
}
