//! What others do with the same event: a tree by serde_json, held against the same
//! schemas by the crate `jsonschema`, its strings sanitised, and written again.

use std::error::Error;

use serde_json::Value;
use tidemark_core::sanitise;

/// The validators of the context and of the event's attributes.
pub struct Peer {
    context: jsonschema::Validator,
    attributes: jsonschema::Validator,
}

impl Peer {
    /// Compiles the schemas of an event.
    pub fn new(event_name: &str) -> Result<Self, Box<dyn Error>> {
        let read = |file: &str| -> Result<Value, Box<dyn Error>> {
            let path = format!("{}/../schemas/events/{file}.json", env!("CARGO_MANIFEST_DIR"));
            Ok(serde_json::from_str(&std::fs::read_to_string(path)?)?)
        };
        Ok(Self {
            context: jsonschema::validator_for(&read("envelope")?["properties"]["context"])?,
            attributes: jsonschema::validator_for(&read(event_name)?)?,
        })
    }

    /// Parses, validates, sanitises and writes; `None` when the event is refused.
    pub fn judge(&self, body: &[u8]) -> Option<String> {
        let mut event: Value = serde_json::from_slice(body).ok()?;
        if !self.context.is_valid(&event["context"])
            || !self.attributes.is_valid(&event["attributes"])
        {
            return None;
        }
        clean(&mut event);
        serde_json::to_string(&event).ok()
    }

    /// Parses and validates alone.
    pub fn validate(&self, body: &[u8]) -> bool {
        serde_json::from_slice::<Value>(body).is_ok_and(|event| {
            self.context.is_valid(&event["context"])
                && self.attributes.is_valid(&event["attributes"])
        })
    }
}

fn clean(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let std::borrow::Cow::Owned(other) = sanitise::text(text, &mut |_| {}) {
                *text = other;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(clean),
        Value::Object(members) => members.values_mut().for_each(clean),
        _ => {}
    }
}
