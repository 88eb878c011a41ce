//! Holds events against the catalogue: the JSON Schemas of schemas/events/.
//!
//! A schema is compiled once into [`Node`]s and walked together with the event's
//! text; no tree of the event is built. The crate `jsonschema` is the oracle in
//! the tests. What the compiler does not know it refuses, so that no keyword is
//! silently ignored.

mod check;
mod compile;

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};

use crate::json::Value;
use crate::judge::Schemas;
use crate::verdict::{Code, Fault};

pub use compile::CompileError;
use compile::Node;

/// The schemas that come with Tidemark, by file.
const BUILTIN: &[(&str, &str)] = &[
    ("chat_interaction", include_str!("../../../schemas/events/chat_interaction.json")),
    ("page.viewed", include_str!("../../../schemas/events/page.viewed.json")),
    ("ui.clicked", include_str!("../../../schemas/events/ui.clicked.json")),
    ("ui.rage_click", include_str!("../../../schemas/events/ui.rage_click.json")),
];

/// The envelope's schema.
const ENVELOPE: &str = include_str!("../../../schemas/events/envelope.json");

/// The compiled schemas, by event name.
#[derive(Debug)]
pub struct Catalogue {
    context: Node,
    events: BTreeMap<String, Event>,
}

#[derive(Debug)]
struct Event {
    /// SchemaVer: model-revision-addition.
    version: String,
    attributes: Node,
}

impl Catalogue {
    /// Compiles the schemas that come with Tidemark.
    ///
    /// # Errors
    /// Names the file and the keyword that cannot be compiled: a test holds that
    /// the committed ones can.
    pub fn builtin() -> Result<Self, CompileError> {
        Self::compile(ENVELOPE, BUILTIN)
    }

    /// Compiles an envelope and event schemas.
    ///
    /// # Errors
    /// Names the file and the keyword that cannot be compiled.
    pub fn compile(envelope: &str, events: &[(&str, &str)]) -> Result<Self, CompileError> {
        let envelope = compile::parse("envelope", envelope)?;
        let context = envelope
            .pointer("/properties/context")
            .ok_or_else(|| CompileError::new("envelope", "/properties/context", "is missing"))?;
        let mut catalogue = Self {
            context: Node::compile("envelope", "/properties/context", context)?,
            events: BTreeMap::new(),
        };
        for (name, text) in events {
            let schema = compile::parse(name, text)?;
            let version = schema
                .pointer("/x-self/version")
                .and_then(serde_json::Value::as_str)
                .ok_or_else(|| CompileError::new(name, "/x-self/version", "is missing"))?;
            let event = Event {
                version: version.to_string(),
                attributes: Node::compile(name, "", &schema)?,
            };
            catalogue.events.insert((*name).to_string(), event);
        }
        Ok(catalogue)
    }

    /// The names of the catalogue's events, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.events.keys().map(String::as_str)
    }
}

impl Schemas for Catalogue {
    fn context(&self, context: Value<'_>) -> Result<(), Fault> {
        check::check(&self.context, context)
    }

    fn attributes(
        &self,
        event_name: &str,
        version: Option<&str>,
        attributes: Value<'_>,
    ) -> Result<bool, Fault> {
        let Some(event) = self.events.get(event_name) else { return Ok(false) };
        if version.is_some_and(|version| version != event.version) {
            return Err(Fault::new(Code::UnknownSchemaVersion, ""));
        }
        check::check(&event.attributes, attributes).map(|()| true)
    }
}

#[cfg(test)]
mod tests;
