//! gtm-template/fields.generated.json: what the tag's form offers.
//!
//! `events` fills the list of event names; `attributes` tells, an event each, the
//! rows that its table offers and how a value is to be read.

use anyhow::Result;
use serde_json::{Value, json};

use super::NOTE;
use super::schema::Schemas;

/// The file's text.
///
/// # Errors
/// Never, as long as the list is plain JSON.
pub fn fields(schemas: &Schemas) -> Result<String> {
    let events: Vec<Value> = schemas
        .events
        .iter()
        .map(|schema| {
            let name = schema.name();
            let display = format!("{} ({name})", schema.said("/title"));
            json!({ "value": name, "displayValue": display })
        })
        .collect();
    let attributes: serde_json::Map<String, Value> = schemas
        .events
        .iter()
        .map(|schema| {
            let rows = schema.attributes();
            let rows: Vec<Value> = rows
                .iter()
                .map(|attribute| {
                    let mut row = json!({
                        "name": attribute.name,
                        "type": attribute.value["type"],
                        "required": attribute.required,
                        "help": attribute.said("description"),
                    });
                    let values = attribute.values();
                    if !values.is_empty() {
                        row["values"] = json!(values);
                    }
                    if !attribute.said("x-unit").is_empty() {
                        row["unit"] = json!(attribute.said("x-unit"));
                    }
                    row
                })
                .collect();
            (schema.name().to_string(), Value::Array(rows))
        })
        .collect();
    let list = json!({ "//": NOTE, "events": events, "attributes": attributes });
    Ok(serde_json::to_string_pretty(&list)? + "\n")
}
