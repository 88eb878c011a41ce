//! Holds events against the catalogue: the JSON Schemas of schemas/events/, and
//! a tenant's own, which are compiled at run time.
//!
//! A schema is compiled once into [`Shape`]s and walked together with the event's
//! tape; no tree of the event is built. The crate `jsonschema` is the oracle in
//! the tests. What the compiler does not know (`$ref`, `oneOf`, `pattern`, …) it
//! refuses by name, so that no keyword is silently ignored, unless it was given a
//! [`Fallback`] that does. [`diff`](diff::diff) tells what a change of a schema
//! means for earlier data.

mod builtin;
mod check;
mod compile;
pub mod diff;
mod fallback;
mod properties;
mod table;
mod version;

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::event::is_event_name;
use crate::json::Node;
use crate::judge::{Attribute, EventSchema, Schemas, Settled};
use crate::limits::LONG_STRING_MAX_BYTES;
use crate::verdict::{Code, Fault};

#[cfg(any(test, feature = "sources"))]
pub use builtin::SOURCES;
pub use compile::CompileError;
use compile::Shape;
pub use fallback::{Check, Fallback};
use table::Table;
pub use version::SchemaVer;

/// Bytes of a tenant's own schema: the largest built-in one, four times over.
pub const SCHEMA_MAX_BYTES: usize = 32 * 1024;

/// Schemas of tenants' own that one collector and its edges judge by, those of all tenants
/// together: ten tenants with as many as a folder may have, or 200 with 25.
pub const OWN_SCHEMAS_MAX: usize = 5_000;

/// Bytes of them together. They travel with the list of sites into every isolate of an edge,
/// which has 128 MB: 4 MB of text are some 12 MB compiled, and 40 ms of work a new list.
pub const OWN_SCHEMAS_MAX_BYTES: usize = 4_000_000;

/// The compiled schemas, by event name. The default one has none, and takes any context.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    context: Shape,
    events: Table<Event>,
}

#[derive(Clone, Debug)]
struct Event {
    version: SchemaVer,
    category: Option<String>,
    attributes: Rules,
    /// What is known of attributes beyond their types. A built-in schema has this in
    /// [`FREE_TEXT`](crate::catalogue::FREE_TEXT) and the sanitiser's long keys.
    special: Vec<(String, Attribute)>,
    /// Whether it is a tenant's.
    own: bool,
}

/// What attributes are held against.
#[derive(Clone, Debug)]
enum Rules {
    Compiled(Shape),
    Fallback(Arc<dyn Check>),
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
            context: Shape::compile("envelope", "/properties/context", context)?,
            events: Table::default(),
        };
        for (name, text) in events {
            catalogue.events.insert(name, Event::compile(name, text, false, None)?);
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
        self.add(name, text, None)
    }

    /// As [`insert`](Self::insert); what the compiler does not cover, a fallback may.
    ///
    /// # Errors
    /// As [`insert`](Self::insert), but for what the fallback takes.
    pub fn insert_with(
        &mut self,
        name: &str,
        text: &str,
        fallback: &dyn Fallback,
    ) -> Result<(), CompileError> {
        self.add(name, text, Some(fallback))
    }

    fn add(
        &mut self,
        name: &str,
        text: &str,
        fallback: Option<&dyn Fallback>,
    ) -> Result<(), CompileError> {
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
        self.events.insert(name, Event::compile(name, text, true, fallback)?);
        Ok(())
    }

    /// [`insert`](Self::insert), in one expression.
    ///
    /// # Errors
    /// As [`insert`](Self::insert).
    pub fn with(mut self, name: &str, text: &str) -> Result<Self, CompileError> {
        self.insert(name, text).map(|()| self)
    }

    /// The names of the catalogue's events: Tidemark's, sorted, and the tenant's in
    /// the order in which they came.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.events.names()
    }

    /// The version of an event's schema.
    pub fn version(&self, event_name: &str) -> Option<SchemaVer> {
        self.events.get(event_name).map(|event| event.version)
    }

    /// Whether an attribute holds what people typed, beside those of
    /// [`FREE_TEXT`](crate::catalogue::FREE_TEXT).
    pub fn is_free_text(&self, event_name: &str, attribute: &str) -> bool {
        self.events.get(event_name).is_some_and(|event| event.attribute(attribute).is_free_text)
    }

    /// The category of an event (`x-category`), where its schema tells one.
    pub fn category(&self, event_name: &str) -> Option<&str> {
        self.events.get(event_name)?.category.as_deref()
    }
}

impl Event {
    fn compile(
        name: &str,
        text: &str,
        own: bool,
        fallback: Option<&dyn Fallback>,
    ) -> Result<Self, CompileError> {
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
        let mut special = Vec::new();
        let properties = schema.pointer("/properties").and_then(serde_json::Value::as_object);
        for (attribute, property) in properties.into_iter().flatten() {
            let known = special_of(property).ok_or_else(|| {
                let place = ["/properties/", attribute, "/x-max-bytes"].concat();
                CompileError::new(name, &place, "is not a whole number from 1 to 32768")
            })?;
            if known != Attribute::default() {
                special.push((attribute.clone(), known));
            }
        }
        let attributes = match (Shape::compile(name, "", &schema), fallback) {
            (Ok(mut shape), _) => {
                shape.tell(name, &special);
                Rules::Compiled(shape)
            }
            (Err(error), None) => return Err(error),
            (Err(_), Some(fallback)) => Rules::Fallback(fallback.compile(text).map_err(|why| {
                let reason = ["cannot be compiled: ", &why].concat();
                CompileError {
                    schema: name.to_string(),
                    pointer: String::new(),
                    reason: reason.into(),
                }
            })?),
        };
        Ok(Self {
            version,
            category: said("/x-category").map(ToString::to_string),
            attributes,
            special,
            own,
        })
    }
}

/// What a schema says of an attribute beyond its type; `None` when a string would be
/// cut nowhere, or behind what any may have.
fn special_of(property: &serde_json::Value) -> Option<Attribute> {
    let is_free_text = property["x-free-text"] == serde_json::Value::Bool(true);
    let max_bytes = match property.get("x-max-bytes") {
        None => None,
        Some(bytes) => {
            let bytes = usize::try_from(bytes.as_u64()?).ok()?;
            Some(bytes).filter(|bytes| (1..=LONG_STRING_MAX_BYTES).contains(bytes)).map(Some)?
        }
    };
    Some(Attribute { is_free_text, max_bytes })
}

impl Schemas for Catalogue {
    fn context(&self, context: Node<'_, '_>) -> Result<Settled, Fault> {
        check::check(&self.context, context)
    }

    fn event(&self, event_name: &str) -> Option<&dyn EventSchema> {
        self.events.get(event_name).map(|event| event as &dyn EventSchema)
    }
}

impl EventSchema for Event {
    fn check(&self, version: Option<&str>, attributes: Node<'_, '_>) -> Result<Settled, Fault> {
        // What an older addition wrote still fits; anything else is not known here.
        let known = |version| SchemaVer::parse(version).is_some_and(|it| self.version.takes(it));
        if version.is_some_and(|version| !known(version)) {
            return Err(Fault::new(Code::UnknownSchemaVersion, ""));
        }
        match &self.attributes {
            Rules::Compiled(shape) => check::check(shape, attributes),
            Rules::Fallback(own) => own.check(attributes.raw()).map(|()| Settled::Open),
        }
    }

    fn attribute(&self, name: &str) -> Attribute {
        let of = self.special.iter().find(|(attribute, _)| attribute == name);
        of.map_or_else(Attribute::default, |(_, special)| *special)
    }
}

#[cfg(test)]
mod tests;
