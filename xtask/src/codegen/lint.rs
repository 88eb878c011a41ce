//! The house's rules for schemas, beyond what JSON Schema asks for.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use serde_json::Value;
use tidemark_core::event::is_event_name;
use tidemark_core::validate::{Catalogue, SchemaVer};

use super::schema::{Schema, Schemas, attributes};

/// Holds every schema against the rules.
///
/// # Errors
/// Lists every rule that is broken, with file and attribute.
pub fn check(schemas: &Schemas) -> Result<()> {
    let mut broken = Vec::new();
    words(&schemas.envelope.file, "", &schemas.envelope.value, &mut broken);
    let mut kinds: BTreeMap<&str, (String, &str)> = BTreeMap::new();
    for schema in &schemas.events {
        event(schema, &mut broken);
        words(&schema.file, "", &schema.value, &mut broken);
        for attribute in schema.attributes() {
            // One column a path: an integer beside a number would be two.
            let kind = attribute.value["type"].to_string();
            match kinds.get(attribute.name) {
                Some((other, file)) if *other != kind => broken.push(format!(
                    "{}: {} is {kind}, but {other} in {file}",
                    schema.file, attribute.name
                )),
                _ => {
                    kinds.insert(attribute.name, (kind, &schema.file));
                }
            }
        }
    }
    let events: Vec<_> =
        schemas.events.iter().map(|schema| (schema.file.as_str(), schema.text.as_str())).collect();
    if let Err(error) = Catalogue::compile(&schemas.envelope.text, &events) {
        broken.push(error.to_string());
    }
    if !broken.is_empty() {
        bail!("schemas/events:\n  {}", broken.join("\n  "));
    }
    Ok(())
}

fn event(schema: &Schema, broken: &mut Vec<String>) {
    let mut rule = |holds: bool, what: &str| {
        if !holds {
            broken.push(format!("{}: {what}", schema.file));
        }
    };
    let version = schema.said("/x-self/version");
    let id = format!("https://tidemark.dev/schemas/events/{}/{version}", schema.file);
    let category = schema.said("/x-category");
    rule(schema.name() == schema.file, "x-self.name is not the file's name");
    rule(is_event_name(&schema.file), "the file's name is no event name");
    rule(SchemaVer::parse(version).is_some(), "x-self.version is not like 1-0-0");
    rule(schema.said("/$id") == id, "$id is not made of name and version");
    rule(
        !category.is_empty() && category.bytes().all(|byte| byte.is_ascii_lowercase()),
        "x-category is not one lower-case word",
    );
    rule(!schema.said("/title").is_empty(), "the title is missing");
    rule(schema.said("/description").ends_with('.'), "the description is no sentence");
    rule(schema.said("/type") == "object", "attributes are an object");
    let attributes = schema.attributes();
    for one in &attributes {
        let inside = format!("{}.", one.name);
        let clash = attributes.iter().find(|other| other.name.starts_with(&inside));
        rule(clash.is_none(), &format!("{} is a path and a value", one.name));
    }
    for name in schema.value["required"].as_array().into_iter().flatten() {
        let there = attributes.iter().any(|attribute| name == attribute.name);
        rule(there, &format!("required names {name}, which is no attribute"));
    }
}

/// Every attribute says what it means, in which unit, and gives an example.
fn words(file: &str, prefix: &str, schema: &Value, broken: &mut Vec<String>) {
    for attribute in attributes(schema) {
        let name = format!("{prefix}{}", attribute.name);
        let kind = attribute.said("type");
        let mut rule = |holds: bool, what: &str| {
            if !holds {
                broken.push(format!("{file}: {name}: {what}"));
            }
        };
        rule(attribute.said("description").ends_with('.'), "the description is no sentence");
        let measured = matches!(kind, "integer" | "number");
        rule(!measured || !attribute.said("x-unit").is_empty(), "a number has x-unit");
        rule(kind == "object" || attribute.example().is_some(), "an example is missing");
        let values = attribute.values();
        if let (Some(Value::String(example)), false) = (attribute.example(), values.is_empty()) {
            rule(values.contains(&example.as_str()), "the example is no value of its enum");
        }
        words(file, &format!("{name}."), attribute.value, broken);
    }
}
