//! The description against the list of codes, the file, and itself.

use std::collections::HashSet;

use tidemark_core::verdict::Code;

use super::*;

#[test]
fn the_committed_file_is_what_is_built() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/openapi/collector.json");
    let committed = std::fs::read_to_string(file).unwrap();
    assert!(committed == text(), "run `cargo xtask codegen` and commit schemas/openapi");
}

#[test]
fn every_reference_leads_somewhere_and_operations_have_names_of_their_own() {
    fn walk<'a>(value: &'a Value, seen: &mut dyn FnMut(&'a str, &'a Value)) {
        match value {
            Value::Object(members) => {
                for (key, inner) in members {
                    seen(key, inner);
                    walk(inner, seen);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, seen)),
            _ => {}
        }
    }
    let document = document();
    let (mut references, mut ids) = (0, HashSet::new());
    walk(&document, &mut |key, value| match (key, value.as_str()) {
        ("$ref", Some(reference)) => {
            references += 1;
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
        ("operationId", Some(id)) => assert!(ids.insert(id.to_owned()), "{id} stands twice"),
        _ => {}
    });
    assert!(references > 20 && ids.len() > 20, "{references} {}", ids.len());
}

#[test]
fn every_code_of_a_whole_call_is_described_somewhere() {
    let paths = document()["paths"].to_string();
    // The edge alone says this; the store is what the collector waits for.
    let elsewhere = [Code::CollectorUnavailable];
    for code in Code::ALL.iter().filter(|code| code.verdict().is_none()) {
        let described = paths.contains(&format!("`{}`:", code.as_str()));
        assert_ne!(described, elsewhere.contains(code), "{}", code.as_str());
    }
}

#[test]
fn what_a_command_says_to_its_collector_is_no_interface() {
    use crate::limits::{ERASURES_PATH, ERASURES_STATUS_PATH, REPLAY_PATH};
    let document = document();
    let paths = document["paths"].as_object().unwrap();
    for path in [ERASURES_PATH, ERASURES_STATUS_PATH, REPLAY_PATH] {
        assert!(!paths.contains_key(path), "{path}");
    }
    let internal: Vec<_> = paths.keys().filter(|path| path.starts_with("/internal/")).collect();
    assert!(internal.iter().any(|path| *path == tidemark_core::hop::PATH), "{internal:?}");
}
