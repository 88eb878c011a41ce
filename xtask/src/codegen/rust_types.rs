//! core/src/catalogue/events/: a Rust type an event, one module a category.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::schema::{Attribute, Schema, Schemas, pascal};
use super::{Files, NOTE};
use crate::place::Place;

const FOLDER: &str = "core/src/catalogue/events";

/// Words that Rust keeps for itself, of those that an attribute may be named.
const KEYWORDS: [&str; 12] =
    ["as", "box", "const", "final", "in", "loop", "match", "move", "ref", "static", "type", "use"];

/// The modules' texts.
///
/// # Errors
/// When rustfmt fails.
pub fn modules(place: &Place, schemas: &Schemas) -> Result<Files> {
    let mut categories: BTreeMap<&str, Vec<&Schema>> = BTreeMap::new();
    for schema in &schemas.events {
        categories.entry(schema.said("/x-category")).or_default().push(schema);
    }
    let mut files = Files::new();
    let mut index = format!("//! A type an event of the catalogue. {NOTE}\n\n");
    for category in categories.keys() {
        index.push_str(&format!("mod {category};\n"));
    }
    index.push('\n');
    for category in categories.keys() {
        index.push_str(&format!("pub use {category}::*;\n"));
    }
    index.push_str("\n/// Calls a macro with the name of every type.\n#[cfg(test)]\n");
    index.push_str("macro_rules! every_event {\n($each:ident) => {\n");
    for schema in &schemas.events {
        index.push_str(&format!("$each!({});\n", schema.type_name()));
    }
    index.push_str("};\n}\n#[cfg(test)]\npub(super) use every_event;\n");
    files.insert(format!("{FOLDER}/mod.rs"), formatted(place, &index)?);
    for (category, schemas) in categories {
        let text = module(category, &schemas);
        files.insert(format!("{FOLDER}/{category}.rs"), formatted(place, &text)?);
    }
    Ok(files)
}

fn module(category: &str, schemas: &[&Schema]) -> String {
    let body: String = schemas.iter().map(|schema| event(schema)).collect();
    let mut text = format!("//! Events of the category `{category}`. {NOTE}\n\n");
    for (used, import) in [("String", "alloc::string::String"), ("Vec<", "alloc::vec::Vec")] {
        if body.contains(used) {
            text.push_str(&format!("use {import};\n"));
        }
    }
    text.push_str("\nuse serde::{Deserialize, Serialize};\n\nuse crate::catalogue::EventType;\n\n");
    text + &body
}

fn event(schema: &Schema) -> String {
    let name = schema.type_name();
    let attributes = schema.attributes();
    let derives = if attributes.iter().any(|attribute| attribute.required) {
        "Clone, Debug, PartialEq, Deserialize, Serialize"
    } else {
        "Clone, Debug, Default, PartialEq, Deserialize, Serialize"
    };
    let mut text = format!("/// `{}`: {}\n", schema.name(), schema.said("/description"));
    text.push_str(&format!("#[derive({derives})]\npub struct {name} {{\n"));
    for attribute in &attributes {
        text.push_str(&field(&name, attribute));
    }
    text.push_str(&format!("}}\n\nimpl EventType for {name} {{\n"));
    for (constant, value) in [
        ("NAME", schema.name()),
        ("VERSION", schema.said("/x-self/version")),
        ("CATEGORY", schema.said("/x-category")),
    ] {
        text.push_str(&format!("const {constant}: &'static str = {value:?};\n"));
    }
    text.push_str("}\n\n");
    for attribute in attributes.iter().filter(|attribute| !attribute.values().is_empty()) {
        text.push_str(&choice(&name, attribute));
    }
    text
}

fn field(event: &str, attribute: &Attribute<'_>) -> String {
    let (meaning, unit) = (attribute.said("description"), attribute.unit_sentence());
    let mut text = format!("/// {meaning}{unit}\n");
    let mut field = attribute.name.replace('.', "_");
    if KEYWORDS.contains(&field.as_str()) {
        field.push('_');
    }
    let mut serde = Vec::new();
    if field != attribute.name {
        serde.push(format!("rename = {:?}", attribute.name));
    }
    let mut kind = kind(event, attribute);
    if !attribute.required {
        serde.push("default".into());
        serde.push("skip_serializing_if = \"Option::is_none\"".into());
        kind = format!("Option<{kind}>");
    }
    if !serde.is_empty() {
        text.push_str(&format!("#[serde({})]\n", serde.join(", ")));
    }
    text + &format!("pub {field}: {kind},\n")
}

fn kind(event: &str, attribute: &Attribute<'_>) -> String {
    let chosen = || format!("{event}{}", pascal(attribute.name));
    let listed = !attribute.values().is_empty();
    match attribute.said("type") {
        "array" if listed => format!("Vec<{}>", chosen()),
        "array" => "Vec<String>".into(),
        "integer" => "i64".into(),
        "number" => "f64".into(),
        "boolean" => "bool".into(),
        _ if listed => chosen(),
        _ => "String".into(),
    }
}

fn choice(event: &str, attribute: &Attribute<'_>) -> String {
    let name = format!("{event}{}", pascal(attribute.name));
    let mut text = format!("/// {}\n", attribute.said("description"));
    text.push_str("#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]\n");
    text.push_str(&format!("pub enum {name} {{\n"));
    for value in attribute.values() {
        text.push_str(&format!("/// `{value}`.\n#[serde(rename = {value:?})]\n"));
        text.push_str(&format!("{},\n", pascal(value)));
    }
    text + "}\n\n"
}

/// The text as `cargo fmt` leaves it.
///
/// # Errors
/// When rustfmt cannot be started, or refuses the text.
pub fn formatted(place: &Place, text: &str) -> Result<String> {
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--emit", "stdout", "--config-path"])
        .arg(&place.root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("start rustfmt")?;
    rustfmt.stdin.take().context("rustfmt reads")?.write_all(text.as_bytes())?;
    let output = rustfmt.wait_with_output()?;
    if !output.status.success() {
        bail!("rustfmt refused what was generated");
    }
    Ok(String::from_utf8(output.stdout)?)
}
