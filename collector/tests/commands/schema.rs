//! `tidemark schema list | show | diff | register`.

use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::run::{Ran, tidemark};

/// A folder of schemas, and a place for files beside it.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn schemas(&self) -> String {
        self.path("schemas").display().to_string()
    }

    fn write(&self, name: &str, schema: &Value) -> String {
        std::fs::write(self.path(name), schema.to_string()).unwrap();
        self.path(name).display().to_string()
    }

    fn register(&self, schema: &Value, more: &[&str]) -> Ran {
        let file = self.write("new.json", schema);
        let schemas = self.schemas();
        let mut arguments = vec!["schema", "register", &file, "--schemas", &schemas];
        arguments.extend(more);
        tidemark(&arguments, "")
    }

    fn validate(&self, event: &str, more: &[&str]) -> Value {
        let schemas = self.schemas();
        let mut arguments = vec!["validate", "--mode", "strict", "--schemas", &schemas];
        arguments.extend(more);
        tidemark(&arguments, event).line()
    }
}

fn schema(version: &str, properties: &Value) -> Value {
    json!({
        "x-self": {"vendor": "acme", "name": "order_placed", "format": "jsonschema", "version": version},
        "x-category": "commerce",
        "description": "An order.",
        "type": "object",
        "properties": properties,
    })
}

#[test]
fn the_list_is_a_table_or_json() {
    let ran = tidemark(&["schema", "list"], "");
    assert_eq!(ran.code, Some(0));
    let mut lines = ran.text().lines();
    let head: Vec<_> = lines.next().unwrap().split_whitespace().collect();
    assert_eq!(head, ["event_name", "version", "category", "description"]);
    let row = lines.find(|line| line.starts_with("commerce.purchase ")).unwrap();
    let cells: Vec<_> = row.split_whitespace().collect();
    assert_eq!(cells[..3], ["commerce.purchase", "1-0-0", "commerce"]);
    assert!(row.ends_with("An order was placed."), "{row}");

    let events = tidemark(&["schema", "list", "--json"], "").line();
    let events = events.as_array().unwrap();
    assert_eq!(events.len(), ran.text().lines().count() - 1);
    let names: Vec<_> = events.iter().map(|event| event["event_name"].as_str().unwrap()).collect();
    assert!(names.is_sorted() && names.contains(&"ui.rage_click"), "{names:?}");
    for event in events {
        for member in ["version", "category", "title", "description"] {
            assert!(event[member].as_str().is_some_and(|text| !text.is_empty()), "{event}");
        }
    }
}

#[test]
fn a_schema_is_shown_or_the_nearest_name() {
    let shown = tidemark(&["schema", "show", "page.viewed"], "");
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/events/page.viewed.json");
    assert_eq!(shown.text(), std::fs::read_to_string(committed).unwrap());
    let line = tidemark(&["schema", "show", "page.viewed", "--json"], "").line();
    assert_eq!(line, serde_json::from_str::<Value>(shown.text()).unwrap());
    let same = tidemark(&["schema", "show", "page.viewed", "--version", "1-0-0"], "");
    assert_eq!(same.out, shown.out);
    for (arguments, words) in [
        (&["page.veiwed"][..], "did you mean `page.viewed`?"),
        (&["purchase"], "did you mean `commerce.purchase`?"),
        (&["nothing_of_the_kind"], "`tidemark schema list`"),
        (&["page.viewed", "--version", "1-0-1"], "its version is 1-0-0"),
        (&["page.viewed", "--version", "one"], "such as 1-0-0"),
    ] {
        let arguments = [&["schema", "show"], arguments].concat();
        let ran = tidemark(&arguments, "");
        assert_eq!((ran.code, ran.out.as_slice()), (Some(2), &b""[..]), "{ran:?}");
        assert!(ran.err.contains(words), "{words} in {}", ran.err);
    }
}

#[test]
fn a_diff_names_the_change_and_the_version_that_it_needs() {
    let place = Place::new();
    let old = json!({"a": {"type": "string"}});
    let optional = json!({"a": {"type": "string"}, "b": {"type": "integer"}});
    let gone = json!({});
    let number = json!({"a": {"type": "number"}});
    let words = json!({"a": {"type": "string", "description": "A."}});
    let before = place.write("old.json", &schema("1-0-0", &old));
    for (properties, change, pointer, fits, short) in [
        (&words, "same", None, "1-0-0", "1-0-1"),
        (&optional, "addition", Some("/properties/b"), "1-0-1", "1-0-0"),
        (&optional, "addition", Some("/properties/b"), "1-0-4", "1-1-0"),
        (&gone, "revision", Some("/properties/a"), "1-1-0", "1-0-1"),
        (&gone, "revision", Some("/properties/a"), "1-1-0", "2-0-0"),
        (&number, "model", Some("/properties/a/type"), "2-0-0", "1-1-0"),
    ] {
        for (version, code) in [(fits, 0), (short, 1)] {
            let after = place.write("after.json", &schema(version, properties));
            let ran = tidemark(&["schema", "diff", &before, &after, "--json"], "");
            assert_eq!(ran.code, Some(code), "{ran:?}");
            let told = ran.line();
            assert_eq!(told["change"], change, "{told}");
            assert_eq!((&told["fits"], &told["new_version"]), (&json!(code == 0), &json!(version)));
            assert_eq!(told["differences"][0]["pointer"].as_str(), pointer, "{told}");
            let words = tidemark(&["schema", "diff", &before, &after], "");
            assert_eq!(words.code, Some(code));
            let last = words.text().lines().last().unwrap();
            assert!(last.starts_with(&format!("{change}: version {version} ")), "{last}");
            if code == 1 {
                let needed = told["needed_version"].as_str().unwrap();
                assert!(last.ends_with(&format!("set x-self.version to {needed}")), "{last}");
            }
        }
    }
}

#[test]
fn a_diff_takes_names_and_refuses_what_it_cannot_compare() {
    let place = Place::new();
    let mut schema: Value =
        serde_json::from_str(tidemark(&["schema", "show", "page.left"], "").text()).unwrap();
    assert_eq!(tidemark(&["schema", "diff", "page.left", "page.left"], "").code, Some(0));
    schema["properties"]["mine"] = json!({"type": "string"});
    let file = place.write("mine.json", &schema);
    let ran = tidemark(&["schema", "diff", "page.left", &file, "--json"], "");
    assert_eq!((ran.code, &ran.line()["needed_version"]), (Some(1), &json!("1-0-1")));
    schema["x-self"] = json!({});
    let bare = place.write("bare.json", &schema);
    let ran = tidemark(&["schema", "diff", "page.left", &bare], "");
    assert_eq!(ran.code, Some(1));
    assert!(ran.text().contains("NEW states no version; set x-self.version to 1-0-1"), "{ran:?}");
    schema["oneOf"] = json!([]);
    let wrong = place.write("wrong.json", &schema);
    for (old, new, words) in [
        ("page.left", wrong.as_str(), "schema new: /oneOf is a keyword that is not compiled"),
        ("page.left", "/no/such.json", "cannot read /no/such.json"),
        ("page.lfet", "page.left", "did you mean `page.left`?"),
    ] {
        let ran = tidemark(&["schema", "diff", old, new], "");
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.err.contains(words), "{words} in {}", ran.err);
    }
}

#[test]
fn a_registered_schema_judges_at_once() {
    let place = Place::new();
    let event = r#"{"event_name":"order_placed","attributes":{"total":-1}}"#;
    std::fs::create_dir(place.path("schemas")).unwrap();
    assert_eq!(place.validate(event, &[])["code"], "unknown_event_name");
    let total = json!({"total": {"type": "number", "minimum": 0, "x-unit": "EUR"}});
    let ran = place.register(&schema("1-0-0", &total), &["--json"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let told = ran.line();
    assert_eq!((&told["registered"], &told["change"]), (&json!(true), &json!("new")));
    assert_eq!(told["event_name"], "order_placed");
    let rejected = place.validate(event, &[]);
    assert_eq!(
        (&rejected["code"], &rejected["pointer"]),
        (&json!("out_of_range"), &json!("/attributes/total"))
    );
    let schemas = place.schemas();
    let listed = tidemark(&["schema", "list", "--json", "--schemas", &schemas], "").line();
    assert!(listed.as_array().unwrap().iter().any(|event| event["event_name"] == "order_placed"));
    let shown = tidemark(&["schema", "show", "order_placed", "--schemas", &schemas], "");
    assert!(shown.text().contains("\"EUR\""), "{shown:?}");
}

#[test]
fn a_tenants_schema_is_that_tenants_alone() {
    let place = Place::new();
    let id = "0190F5F6-7E2A-7C3B-9D4E-5F6071829301";
    let (any, text) = (json!({}), json!({"a": {"type": "string"}}));
    assert_eq!(place.register(&schema("1-0-0", &text), &["--tenant", "acme"]).code, Some(0));
    assert!(place.path("schemas/acme/order_placed.json").is_file());
    assert_eq!(place.register(&schema("3-0-0", &any), &["--tenant", id]).code, Some(0));
    assert!(place.path(&format!("schemas/{}/order_placed.json", id.to_lowercase())).is_file());
    let event = r#"{"event_name":"order_placed","attributes":{"a":1}}"#;
    assert_eq!(place.validate(event, &[])["code"], "unknown_event_name");
    assert_eq!(place.validate(event, &["--tenant", "acme"])["code"], "wrong_type");
    assert_eq!(place.validate(event, &["--tenant", id])["verdict"], "accepted");
    let ran = place.register(&schema("1-0-0", &any), &["--tenant", "../acme"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("expected a UUID, or a slug"), "{ran:?}");
}

#[test]
fn the_version_has_to_follow_from_the_change() {
    let place = Place::new();
    let one = json!({"a": {"type": "string"}});
    let two = json!({"a": {"type": "string"}, "b": {"type": "string"}});
    assert_eq!(place.register(&schema("1-0-0", &one), &[]).code, Some(0));
    let again = place.register(&schema("1-0-0", &one), &["--json"]);
    assert_eq!((again.code, &again.line()["change"]), (Some(0), &json!("none")));
    let short = place.register(&schema("1-0-0", &two), &[]);
    assert_eq!((short.code, short.text()), (Some(1), ""));
    assert!(short.err.contains("set x-self.version to 1-0-1"), "{short:?}");
    assert!(short.err.contains("addition  /properties/b"), "{short:?}");
    let file = place.path("schemas/order_placed.json");
    let before = std::fs::read(&file).unwrap();
    let dry = place.register(&schema("1-0-1", &two), &["--dry-run"]);
    assert!(
        dry.code == Some(0) && dry.text().contains("would be registered (addition)"),
        "{dry:?}"
    );
    assert_eq!(std::fs::read(&file).unwrap(), before);
    assert_eq!(place.register(&schema("1-0-1", &two), &[]).code, Some(0));
    assert_ne!(std::fs::read(&file).unwrap(), before);
    let back = place.register(&schema("1-0-0", &one), &["--json"]);
    assert_eq!(back.code, Some(1));
    assert!(back.line()["reason"].as_str().unwrap().contains("set x-self.version to 1-1-0"));
}

#[test]
fn what_is_no_schema_of_ones_own_is_refused_by_name() {
    let place = Place::new();
    let good = schema("1-0-0", &json!({}));
    let with = |path: &str, value: Value| {
        let mut schema = good.clone();
        *schema.pointer_mut(path).unwrap() = value;
        schema
    };
    for (wrong, words) in [
        (json!([]), "has no x-self"),
        (json!({"type": "object"}), "has no x-self"),
        (with("/x-self/vendor", json!("")), "x-self.vendor"),
        (with("/x-self/name", json!("Order Placed")), "is no event name"),
        (with("/x-self/name", json!("page.viewed")), "is an event of Tidemark's own catalogue"),
        (with("/x-self/format", json!("avro")), "x-self.format"),
        (with("/x-self/version", json!("1.0.0")), "is not like 1-0-0"),
        (with("/type", json!("string")), "/type is not object"),
        (
            with("/properties", json!({"a": {"pattern": "^x"}})),
            "/properties/a/pattern is a keyword that is not compiled",
        ),
        (with("/properties", json!({"a": {"maxLength": -1}})), "/properties/a/maxLength"),
    ] {
        let ran = place.register(&wrong, &[]);
        assert_eq!((ran.code, ran.text()), (Some(1), ""), "{ran:?}");
        assert!(
            ran.err.contains("is refused") && ran.err.contains(words),
            "{words} in {}",
            ran.err
        );
    }
    let long = with("/description", json!("x".repeat(33 * 1024)));
    assert!(place.register(&long, &[]).err.contains("at most 32 KB"));
    let schemas = place.path("schemas");
    assert!(!schemas.exists() || !schemas.join("order_placed.json").exists());
}

#[test]
fn a_broken_file_in_the_folder_is_named() {
    let place = Place::new();
    assert_eq!(place.register(&schema("1-0-0", &json!({})), &[]).code, Some(0));
    place.write("schemas/other.json", &json!({"type": "object"}));
    let schemas = place.schemas();
    let ran = tidemark(&["validate", "--schemas", &schemas], "{}");
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("other.json: has no x-self"), "{ran:?}");
    // One event, two files.
    place.write("schemas/other.json", &schema("1-0-0", &json!({})));
    let ran = tidemark(&["validate", "--schemas", &schemas], "{}");
    assert!(ran.err.contains("the event order_placed has a file already"), "{ran:?}");
}
