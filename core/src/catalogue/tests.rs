use super::events::*;
use super::*;
use crate::sanitise::Policy;
use crate::validate::{Catalogue, SOURCES};
use serde_json::Value;
use std::collections::BTreeSet;

fn schemas() -> Vec<(&'static str, Value)> {
    SOURCES.iter().map(|(name, text)| (*name, serde_json::from_str(text).unwrap())).collect()
}

/// An event's attributes as its schema's examples give them.
fn examples(schema: &Value) -> Value {
    let properties = schema["properties"].as_object().unwrap();
    properties.iter().map(|(name, value)| (name.clone(), value["examples"][0].clone())).collect()
}

/// JSON has one kind of number; 1200 and 1200.0 are the same.
fn as_floats(mut attributes: Value) -> Value {
    for value in attributes.as_object_mut().unwrap().values_mut() {
        if let Some(number) = value.as_f64() {
            *value = number.into();
        }
    }
    attributes
}

fn round_trip<E: EventType>() -> &'static str {
    let (_, schema) = schemas().into_iter().find(|(name, _)| *name == E::NAME).unwrap();
    assert_eq!(schema["x-self"]["version"], E::VERSION);
    assert_eq!(schema["x-category"], E::CATEGORY);
    let mut attributes = examples(&schema);
    let event: E = serde_json::from_value(attributes.clone()).unwrap();
    assert_eq!(as_floats(serde_json::to_value(&event).unwrap()), as_floats(attributes.clone()));
    // Without what is not required; what is required must be there.
    let required = schema["required"].as_array().unwrap();
    attributes.as_object_mut().unwrap().retain(|name, _| required.contains(&name.as_str().into()));
    let least: E = serde_json::from_value(attributes.clone()).unwrap();
    assert_eq!(as_floats(serde_json::to_value(&least).unwrap()), as_floats(attributes));
    let nothing = serde_json::from_value::<E>(Value::Object(serde_json::Map::new()));
    assert_eq!(nothing.is_ok(), required.is_empty(), "{}", E::NAME);
    E::NAME
}

#[test]
fn each_type_reads_and_writes_what_its_schema_says() {
    let mut types = BTreeSet::new();
    macro_rules! one {
        ($event:ident) => {
            types.insert(round_trip::<$event>());
        };
    }
    every_event!(one);
    assert_eq!(types, SOURCES.iter().map(|(name, _)| *name).collect());
}

#[test]
fn the_free_text_that_the_seeds_name_is_free_text() {
    for pair in [
        ("chat_interaction", "prompt_text"),
        ("feedback_submission", "comment"),
        ("survey_response", "response_value"),
    ] {
        assert!(FREE_TEXT.contains(&pair), "{pair:?}");
    }
    // What the page's list says and what edge and collector read is the same.
    let catalogue = Catalogue::builtin().unwrap();
    for (event, schema) in schemas() {
        for (name, attribute) in schema["properties"].as_object().unwrap() {
            let free = attribute["x-free-text"] == true;
            assert_eq!(FREE_TEXT.contains(&(event, name)), free, "{event} {name}");
        }
        assert!(catalogue.version(event).is_some());
    }
}

#[test]
fn the_sanitiser_cuts_long_texts_where_the_schemas_say() {
    let keys: BTreeSet<&str> = LONG_TEXT.iter().map(|(_, name, _)| *name).collect();
    assert_eq!(keys, Policy::DEFAULT.long_keys.iter().copied().collect());
    for (event, name, bytes) in LONG_TEXT {
        assert_eq!(*bytes, crate::limits::LONG_STRING_MAX_BYTES, "{event} {name}");
    }
}
