//! Holds events against the catalogue: the JSON Schemas of schemas/events/, and
//! a tenant's own, which are compiled at run time.
//!
//! A schema is compiled once into [`Node`]s and walked together with the event's
//! text; no tree of the event is built. The crate `jsonschema` is the oracle in
//! the tests. What the compiler does not know (`$ref`, `oneOf`, `pattern`, …) it
//! refuses by name, so that no keyword is silently ignored. [`diff`](diff::diff)
//! tells what a change of a schema means for earlier data.

mod builtin;
mod check;
mod compile;
pub mod diff;
mod version;

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::event::is_event_name;
use crate::json::Value;
use crate::judge::Schemas;
use crate::verdict::{Code, Fault};

#[cfg(any(test, feature = "sources"))]
pub use builtin::SOURCES;
pub use compile::CompileError;
use compile::Node;
pub use version::SchemaVer;

/// Bytes of a tenant's own schema: the largest built-in one, four times over.
pub const SCHEMA_MAX_BYTES: usize = 32 * 1024;

/// The compiled schemas, by event name.
#[derive(Clone, Debug)]
pub struct Catalogue {
    context: Node,
    events: BTreeMap<String, Event>,
}

#[derive(Clone, Debug)]
struct Event {
    version: SchemaVer,
    category: Option<String>,
    attributes: Node,
    /// The attributes that hold what people typed, beside the built-in ones.
    free_text: Vec<String>,
    /// Whether it is a tenant's.
    own: bool,
}

impl Catalogue {
    /// Compiles the schemas that come with Tidemark.
    ///
    /// # Errors
    /// Names the file and the keyword that cannot be compiled: a test holds that
    /// the committed ones can.
    pub fn builtin() -> Result<Self, CompileError> {
        Self::compile(builtin::ENVELOPE, builtin::EVENTS)
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
            catalogue.events.insert((*name).to_string(), Event::compile(name, text, false)?);
        }
        Ok(catalogue)
    }

    /// Adds a tenant's own event schema as JSON text; an earlier one of that name
    /// is replaced. On an error nothing is changed.
    ///
    /// # Errors
    /// Names the keyword that cannot be compiled; refuses a name that is no event
    /// name, that is an event of Tidemark's, or that the schema's `x-self`
    /// contradicts, and a text over [`SCHEMA_MAX_BYTES`].
    pub fn insert(&mut self, name: &str, text: &str) -> Result<(), CompileError> {
        let error = |pointer, reason| Err(CompileError::new(name, pointer, reason));
        if !is_event_name(name) {
            return error("", "is no event name: lower-case words joined by dots");
        }
        if self.events.get(name).is_some_and(|event| !event.own) {
            return error("", "is an event of Tidemark's own catalogue");
        }
        if text.len() > SCHEMA_MAX_BYTES {
            return error("", "is larger than 32 KB");
        }
        self.events.insert(name.to_string(), Event::compile(name, text, true)?);
        Ok(())
    }

    /// [`insert`](Self::insert), in one expression.
    ///
    /// # Errors
    /// As [`insert`](Self::insert).
    pub fn with(mut self, name: &str, text: &str) -> Result<Self, CompileError> {
        self.insert(name, text).map(|()| self)
    }

    /// The names of the catalogue's events, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.events.keys().map(String::as_str)
    }

    /// The version of an event's schema.
    pub fn version(&self, event_name: &str) -> Option<SchemaVer> {
        self.events.get(event_name).map(|event| event.version)
    }

    /// The category of an event (`x-category`), where its schema tells one.
    pub fn category(&self, event_name: &str) -> Option<&str> {
        self.events.get(event_name)?.category.as_deref()
    }
}

impl Event {
    fn compile(name: &str, text: &str, own: bool) -> Result<Self, CompileError> {
        let schema = compile::parse(name, text)?;
        let said = |pointer| schema.pointer(pointer).and_then(serde_json::Value::as_str);
        if own && said("/x-self/name").is_some_and(|said| said != name) {
            return Err(CompileError::new(name, "/x-self/name", "is another event's"));
        }
        if own && said("/type") != Some("object") {
            return Err(CompileError::new(name, "/type", "is not object: attributes are one"));
        }
        let version = said("/x-self/version")
            .ok_or_else(|| CompileError::new(name, "/x-self/version", "is missing"))?;
        let version = SchemaVer::parse(version)
            .ok_or_else(|| CompileError::new(name, "/x-self/version", "is not like 1-0-0"))?;
        let properties = schema.pointer("/properties").and_then(serde_json::Value::as_object);
        let free_text = properties.map_or_else(Vec::new, |properties| {
            let free = properties
                .iter()
                .filter(|(_, property)| property["x-free-text"] == serde_json::Value::Bool(true));
            free.map(|(name, _)| name.clone()).collect()
        });
        Ok(Self {
            version,
            category: said("/x-category").map(ToString::to_string),
            attributes: Node::compile(name, "", &schema)?,
            free_text,
            own,
        })
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
        // What an older addition wrote still fits; anything else is not known here.
        let known = |version| SchemaVer::parse(version).is_some_and(|it| event.version.takes(it));
        if version.is_some_and(|version| !known(version)) {
            return Err(Fault::new(Code::UnknownSchemaVersion, ""));
        }
        check::check(&event.attributes, attributes).map(|()| true)
    }

    fn is_free_text(&self, event_name: &str, attribute: &str) -> bool {
        let of = |event: &Event| event.free_text.iter().any(|name| name == attribute);
        self.events.get(event_name).is_some_and(of)
    }
}

#[cfg(test)]
mod tests;
