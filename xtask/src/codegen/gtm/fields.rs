//! The form's list of events, and for each a table of its attributes.
//!
//! A row's attribute is kept as `type:name`, so that the template needs no catalogue
//! of its own to read the value. Only the table of the chosen event is shown, and
//! only that one reaches a page.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::super::schema::{Attribute, Schema, Schemas};

/// Categories whose events the SDK finds itself: sent by hand they would count twice.
const FOUND_IN_THE_PAGE: [&str; 5] = ["consent", "performance", "sdk", "session", "ui"];

/// The fields of the group "Event".
///
/// # Errors
/// When two events would share a table's name.
pub fn of(schemas: &Schemas) -> Result<Vec<Value>> {
    let events: Vec<&Schema> = schemas
        .events
        .iter()
        .filter(|schema| !FOUND_IN_THE_PAGE.contains(&schema.said("/x-category")))
        .collect();
    let mut names: Vec<_> = events.iter().map(|schema| table_name(schema)).collect();
    names.sort();
    names.dedup();
    ensure!(names.len() == events.len(), "two events would share a table in the tag's form");

    let mut items = vec![json!({ "value": "custom", "displayValue": "An event of my own" })];
    items.extend(events.iter().map(|schema| {
        let name = schema.name();
        json!({ "value": name, "displayValue": format!("{} ({name})", schema.said("/title")) })
    }));
    let kinds = ["string", "number", "integer", "boolean", "object"]
        .map(|kind| json!({ "value": kind, "displayValue": kind }));
    let mut fields = vec![
        json!({
            "type": "SELECT", "name": "eventName", "displayName": "Event", "macrosInSelect": false,
            "selectItems": items, "simpleValueType": true, "defaultValue": "custom",
        }),
        json!({
            "type": "TEXT", "name": "customEventName", "displayName": "Name",
            "simpleValueType": true, "valueHint": "signup_click",
            "enablingConditions": shown_for("custom"),
            "valueValidators": [
                { "type": "NON_EMPTY" },
                {
                    "type": "REGEX", "args": ["^[a-z][a-z0-9_]*(\\.[a-z][a-z0-9_]*)*$"],
                    "errorMessage": "Lower-case words joined by dots.",
                },
            ],
        }),
        json!({
            "type": "SIMPLE_TABLE", "name": "customAttributes", "displayName": "Attributes",
            "simpleTableColumns": [
                column("Attribute", "attribute", &json!({ "type": "TEXT", "isUnique": true })),
                column("Type", "type", &json!({
                    "type": "SELECT",
                    "selectItems": kinds,
                })),
                column("Value", "value", &json!({ "type": "TEXT" })),
            ],
            "newRowButtonText": "Add attribute", "enablingConditions": shown_for("custom"),
        }),
    ];
    fields.extend(events.iter().filter(|schema| !schema.attributes().is_empty()).map(|s| table(s)));
    Ok(fields)
}

fn table_name(schema: &Schema) -> String {
    format!("attributes_{}", schema.name().replace('.', "_"))
}

fn table(schema: &Schema) -> Value {
    let attributes = schema.attributes();
    let items: Vec<_> = attributes.iter().map(item).collect();
    let help: Vec<_> = attributes.iter().map(help).collect();
    let required: Vec<_> =
        attributes.iter().filter(|attribute| attribute.required).map(|a| a.name).collect();
    let mut table = json!({
        "type": "SIMPLE_TABLE", "name": table_name(schema), "displayName": "Attributes",
        "help": help.join(" "),
        "simpleTableColumns": [
            column("Attribute", "attribute", &json!({
                "type": "SELECT", "selectItems": items, "isUnique": true,
            })),
            column("Value", "value", &json!({ "type": "TEXT" })),
        ],
        "newRowButtonText": "Add attribute", "enablingConditions": shown_for(schema.name()),
    });
    if !required.is_empty() {
        table["valueValidators"] = json!([{
            "type": "NON_EMPTY",
            "errorMessage": format!("Needs {}.", required.join(", ")),
        }]);
    }
    table
}

fn column(title: &str, name: &str, rest: &Value) -> Value {
    let mut column = json!({ "displayName": title, "name": name, "defaultValue": "" });
    for (key, value) in rest.as_object().into_iter().flatten() {
        column[key] = value.clone();
    }
    column
}

fn item(attribute: &Attribute<'_>) -> Value {
    let kind = attribute.said("type");
    let unit = match attribute.said("x-unit") {
        "" | "1" => String::new(),
        unit => format!(", {unit}"),
    };
    let required = if attribute.required { ", required" } else { "" };
    json!({
        "value": format!("{kind}:{}", attribute.name),
        "displayValue": format!("{} ({kind}{unit}{required})", attribute.name),
    })
}

fn help(attribute: &Attribute<'_>) -> String {
    let values = attribute.values();
    let values =
        if values.is_empty() { String::new() } else { format!(" One of {}.", values.join(", ")) };
    format!("{}: {}{values}", attribute.name, attribute.said("description"))
}

fn shown_for(event: &str) -> Value {
    json!([{ "paramName": "eventName", "paramValue": event, "type": "EQUALS" }])
}
