//! docs/reference/events.md: every event type with its attributes.

use std::collections::BTreeMap;

use serde_json::Value;

use super::NOTE;
use super::schema::{Attribute, Schema, Schemas, attributes};

/// The page's text.
pub fn events(schemas: &Schemas) -> String {
    let mut text = format!("<!-- {NOTE} -->\n\n");
    text.push_str("# Events\n\nEvery event type of the catalogue with its attributes, out of schemas/events/.\n");
    text.push_str("Other event names are taken too, unless the site is `strict`.\n\n");
    let mut categories: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for schema in &schemas.events {
        categories.entry(schema.said("/x-category")).or_default().push(schema.name());
    }
    text.push_str("| category | events |\n|---|---|\n");
    for (category, names) in categories {
        let links: Vec<_> =
            names.iter().map(|name| format!("[{name}](#{})", anchor(name))).collect();
        text.push_str(&format!("| {category} | {} |\n", links.join(" · ")));
    }
    for schema in std::iter::once(&schemas.envelope).chain(&schemas.events) {
        text.push_str(&section(schema));
    }
    text
}

/// A heading's anchor: letters, digits, `-` and `_` stay.
fn anchor(name: &str) -> String {
    name.replace('.', "")
}

fn section(schema: &Schema) -> String {
    let mut text = format!("\n## {}\n\n{}", schema.name(), schema.said("/description"));
    text.push_str(&format!(" Version {}.", schema.said("/x-self/version")));
    let otel = schema.said("/x-otel");
    if !otel.is_empty() {
        text.push_str(&format!(" OpenTelemetry: `{otel}`."));
    }
    text.push_str(
        "\n\n| field | type | unit | required | meaning | example |\n|---|---|---|---|---|---|\n",
    );
    rows(&mut text, "", &schema.value);
    text
}

fn rows(text: &mut String, prefix: &str, schema: &Value) {
    for attribute in attributes(schema) {
        let name = attribute.name;
        let example =
            attribute.example().map_or_else(String::new, |example| format!("`{example}`"));
        text.push_str(&format!(
            "| `{prefix}{name}` | {} | {} | {} | {} | {} |\n",
            kind(&attribute),
            attribute.said("x-unit"),
            if attribute.required { "yes" } else { "" },
            meaning(&attribute),
            example.replace('|', "\\|"),
        ));
        rows(text, &format!("{prefix}{name}."), attribute.value);
    }
}

fn meaning(attribute: &Attribute<'_>) -> String {
    let mut text = attribute.said("description").to_string();
    if attribute.value["x-free-text"] == true {
        text.push_str(" Free text.");
    }
    if let Some(bytes) = attribute.value["x-max-bytes"].as_u64() {
        text.push_str(&format!(" Cut at {} KB.", bytes / 1024));
    }
    let otel = attribute.said("x-otel");
    if !otel.is_empty() {
        text.push_str(&format!(" OpenTelemetry: `{otel}`."));
    }
    text
}

fn kind(attribute: &Attribute<'_>) -> String {
    let values: Vec<_> = attribute.values().iter().map(|value| format!("`{value}`")).collect();
    let bound = |keyword: &str| attribute.value[keyword].as_f64();
    let kind = match (&attribute.value["type"], attribute.value["format"].as_str()) {
        (Value::String(kind), _) if kind == "array" && !values.is_empty() => {
            format!("array of {}", values.join(", "))
        }
        _ if !values.is_empty() => values.join(", "),
        (_, Some(format)) => format.to_string(),
        (Value::Array(kinds), _) => {
            kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or ")
        }
        (kind, _) => kind.as_str().unwrap_or_default().to_string(),
    };
    let length = attribute.value["maxLength"].as_u64();
    match (bound("minimum"), bound("maximum"), length) {
        (Some(low), Some(high), _) => format!("{kind}, {low} to {high}"),
        (Some(low), None, _) => format!("{kind}, ≥ {low}"),
        (None, Some(high), _) => format!("{kind}, ≤ {high}"),
        (None, None, Some(length)) => format!("{kind}, ≤ {length} characters"),
        (None, None, None) => kind,
    }
}
