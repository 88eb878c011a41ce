//! What a schema says of itself: the member `x-self`.

use serde_json::Value;
use tidemark_core::event::is_event_name;
use tidemark_core::validate::SchemaVer;

/// The self-describing header of a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Who made it.
    pub vendor: String,
    /// The event's name.
    pub name: String,
    /// The schema's version.
    pub version: SchemaVer,
}

impl Header {
    /// Reads the header of a schema as JSON text.
    ///
    /// # Errors
    /// What is missing or wrong, with what it should be.
    pub fn read(text: &str) -> Result<Self, &'static str> {
        let schema: Value = serde_json::from_str(text).map_err(|_| "is not JSON")?;
        let said = |key: &str| schema.get("x-self")?.get(key)?.as_str();
        if schema.get("x-self").is_none() {
            return Err(
                r#"has no x-self; add "x-self":{"vendor":"acme","name":"order_placed","format":"jsonschema","version":"1-0-0"}"#,
            );
        }
        let vendor = said("vendor")
            .filter(|vendor| !vendor.is_empty())
            .ok_or("x-self.vendor is missing; say who made the schema")?;
        let name = said("name").ok_or("x-self.name is missing; it is the event's name")?;
        if !is_event_name(name) {
            return Err(
                "x-self.name is no event name: lower-case words joined by dots, at most 128 bytes",
            );
        }
        if said("format") != Some("jsonschema") {
            return Err(r#"x-self.format is not "jsonschema""#);
        }
        let version = said("version").ok_or("x-self.version is missing; a first one is 1-0-0")?;
        let version = SchemaVer::parse(version).ok_or("x-self.version is not like 1-0-0")?;
        Ok(Self { vendor: vendor.to_owned(), name: name.to_owned(), version })
    }
}
