//! The schemas of schemas/events/, read for the generators.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

/// All of them.
pub struct Schemas {
    /// What every event carries.
    pub envelope: Schema,
    /// The event types, sorted by name.
    pub events: Vec<Schema>,
}

/// One file.
pub struct Schema {
    /// The file's name without its ending.
    pub file: String,
    /// Its text.
    pub text: String,
    /// The schema.
    pub value: Value,
}

/// One member of a schema's `properties`.
pub struct Attribute<'s> {
    /// Its name.
    pub name: &'s str,
    /// Whether it must be there.
    pub required: bool,
    /// Its schema.
    pub value: &'s Value,
}

/// Reads every file of the folder.
///
/// # Errors
/// Names the file that cannot be read.
pub fn read(folder: &Path) -> Result<Schemas> {
    let mut events = Vec::new();
    let mut envelope = None;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let context = || format!("read {}", path.display());
        let text = fs::read_to_string(&path).with_context(context)?;
        let value = serde_json::from_str(&text).with_context(context)?;
        let file = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let schema = Schema { file, text, value };
        if schema.file == "envelope" {
            envelope = Some(schema);
        } else {
            events.push(schema);
        }
    }
    events.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(Schemas { envelope: envelope.context("schemas/events/envelope.json is missing")?, events })
}

impl Schema {
    /// A string of it, by JSON pointer; empty when it is absent.
    pub fn said(&self, pointer: &str) -> &str {
        self.value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// The event's name.
    pub fn name(&self) -> &str {
        self.said("/x-self/name")
    }

    /// The event's name as a type: `voice.turn_started` is `VoiceTurnStarted`.
    pub fn type_name(&self) -> String {
        pascal(self.name())
    }

    /// Its attributes, sorted by name.
    pub fn attributes(&self) -> Vec<Attribute<'_>> {
        attributes(&self.value)
    }
}

impl Attribute<'_> {
    /// A string of it; empty when it is absent.
    pub fn said(&self, keyword: &str) -> &str {
        self.value[keyword].as_str().unwrap_or_default()
    }

    /// The values of its `enum`, or of its items'.
    pub fn values(&self) -> Vec<&str> {
        let own = self.value["enum"].as_array();
        let values = own.or_else(|| self.value["items"]["enum"].as_array());
        values.map_or_else(Vec::new, |values| values.iter().filter_map(Value::as_str).collect())
    }

    /// ` In ms.`: its unit as a sentence, where the description does not say it.
    pub fn unit_sentence(&self) -> String {
        match self.said("x-unit") {
            "" | "1" | "characters" | "currency" | "tokens" => String::new(),
            "By" => " In bytes.".into(),
            unit => format!(" In {unit}."),
        }
    }

    /// Its first example.
    pub fn example(&self) -> Option<&Value> {
        self.value["examples"].get(0)
    }
}

/// The members of a schema's `properties`, sorted by name.
pub fn attributes(schema: &Value) -> Vec<Attribute<'_>> {
    let required = |name: &str| {
        schema["required"].as_array().is_some_and(|names| names.contains(&name.into()))
    };
    let Some(properties) = schema["properties"].as_object() else { return Vec::new() };
    let mut attributes: Vec<_> = properties
        .iter()
        .map(|(name, value)| Attribute { name, required: required(name), value })
        .collect();
    attributes.sort_by(|a, b| a.name.cmp(b.name));
    attributes
}

/// `needs-improvement` as `NeedsImprovement`, `LCP` as `Lcp`.
pub fn pascal(name: &str) -> String {
    let mut out = String::new();
    for word in name.split(|c: char| !c.is_ascii_alphanumeric()) {
        let mut characters = word.chars();
        out.extend(characters.next().map(|first| first.to_ascii_uppercase()));
        let rest = characters.as_str();
        let shouted = rest.chars().all(|c| c.is_ascii_uppercase());
        out.push_str(&if shouted { rest.to_ascii_lowercase() } else { rest.to_string() });
    }
    out
}
