use super::super::SchemaVer;
use super::*;
use alloc::format;

/// The change, and where it was seen first.
fn change(old: &str, new: &str) -> (Change, String) {
    let diff = diff(old, new).unwrap();
    let pointer = diff.differences.first().map_or(String::new(), |first| first.pointer.clone());
    (diff.change(), pointer)
}

/// An object with one attribute `a`.
fn with(attribute: &str) -> String {
    format!(r#"{{"type":"object","properties":{{"a":{attribute}}}}}"#)
}

#[test]
fn words_change_nothing() {
    let old = with(r#"{"type":"string","description":"One.","examples":["x"],"x-otel":"a.b"}"#);
    let new = with(r#"{"type":"string","description":"Two.","examples":["y"]}"#);
    assert_eq!(change(&old, &new), (Change::Same, String::new()));
}

#[test]
fn each_change_of_an_attribute_reaches_as_far_as_it_does() {
    for (old, new, expected, keyword) in [
        (r#"{"type":"integer"}"#, r#"{"type":"number"}"#, Change::Addition, "type"),
        (r#"{"type":"number"}"#, r#"{"type":"integer"}"#, Change::Revision, "type"),
        (r#"{"type":"string"}"#, r#"{"type":"number"}"#, Change::Model, "type"),
        (r#"{"type":"string"}"#, r#"{"type":["string","null"]}"#, Change::Addition, "type"),
        (r#"{"type":"string"}"#, "{}", Change::Addition, "type"),
        ("{}", r#"{"type":"string"}"#, Change::Revision, "type"),
        (r#"{"enum":["x"]}"#, r#"{"enum":["x","y"]}"#, Change::Addition, "enum"),
        (r#"{"enum":["x","y"]}"#, r#"{"const":"x"}"#, Change::Revision, "enum"),
        (r#"{"enum":["x"]}"#, r#"{"enum":["y"]}"#, Change::Model, "enum"),
        ("{}", r#"{"enum":["y"]}"#, Change::Revision, "enum"),
        (r#"{"enum":["y"]}"#, "{}", Change::Addition, "enum"),
        (r#"{"minimum":1}"#, r#"{"minimum":0}"#, Change::Addition, "minimum"),
        (r#"{"minimum":0}"#, r#"{"minimum":1}"#, Change::Revision, "minimum"),
        (r#"{"maximum":9}"#, r#"{"maximum":8}"#, Change::Revision, "maximum"),
        (r#"{"maximum":9}"#, r#"{"minimum":10}"#, Change::Model, "minimum"),
        (r#"{"maxLength":9}"#, "{}", Change::Addition, "maxLength"),
        ("{}", r#"{"minLength":1}"#, Change::Revision, "minLength"),
        (r#"{"maxItems":2}"#, r#"{"maxItems":3}"#, Change::Addition, "maxItems"),
        ("{}", r#"{"format":"uuid"}"#, Change::Revision, "format"),
        (r#"{"format":"uuid"}"#, "{}", Change::Addition, "format"),
        (r#"{"format":"uuid"}"#, r#"{"format":"date-time"}"#, Change::Model, "format"),
        (r#"{"x-unit":"ms"}"#, r#"{"x-unit":"s"}"#, Change::Model, "x-unit"),
        ("{}", r#"{"x-free-text":true}"#, Change::Revision, "x-free-text"),
        (r#"{"items":{"type":"string"}}"#, r#"{"items":{}}"#, Change::Addition, "items/type"),
        ("{}", r#"{"items":{}}"#, Change::Revision, "items"),
        ("{}", r#"{"additionalProperties":false}"#, Change::Revision, "additionalProperties"),
    ] {
        let seen = change(&with(old), &with(new));
        assert_eq!(seen, (expected, format!("/properties/a/{keyword}")), "{old} → {new}");
    }
}

#[test]
fn attributes_come_and_go() {
    let none = r#"{"properties":{}}"#;
    let optional = r#"{"properties":{"a":{}}}"#;
    let required = r#"{"properties":{"a":{}},"required":["a"]}"#;
    for (old, new, expected, pointer) in [
        (none, optional, Change::Addition, "/properties/a"),
        (none, required, Change::Model, "/properties/a"),
        (optional, none, Change::Revision, "/properties/a"),
        (required, none, Change::Model, "/properties/a"),
        (optional, required, Change::Revision, "/required/a"),
        (required, optional, Change::Addition, "/required/a"),
        (required, required, Change::Same, ""),
    ] {
        assert_eq!(change(old, new), (expected, pointer.into()), "{old} → {new}");
    }
}

#[test]
fn the_furthest_difference_decides() {
    let old = r#"{"properties":{"a":{"x-unit":"ms"},"b":{}}}"#;
    let new = r#"{"properties":{"a":{"x-unit":"s"},"b":{},"c":{}}}"#;
    let diff = diff(old, new).unwrap();
    assert_eq!(diff.change(), Change::Model);
    assert_eq!(diff.differences.len(), 2);
}

#[test]
fn a_schema_that_cannot_be_compiled_is_named() {
    let error = diff("{}", r#"{"oneOf":[]}"#).unwrap_err();
    assert_eq!((error.schema.as_str(), error.pointer.as_str()), ("new", "/oneOf"));
}

#[test]
fn a_version_follows_from_a_change() {
    let version = SchemaVer::parse("2-3-4").unwrap();
    for (change, expected) in [
        (Change::Same, "2-3-4"),
        (Change::Addition, "2-3-5"),
        (Change::Revision, "2-4-0"),
        (Change::Model, "3-0-0"),
    ] {
        assert_eq!(version.after(change), SchemaVer::parse(expected).unwrap());
    }
    for text in ["", "1", "1-0", "1-0-0-0", "0-0-1", "1-00-0", "1.0.0", "1--0", "+1-0-0"] {
        assert_eq!(SchemaVer::parse(text), None, "{text}");
    }
}

#[test]
fn a_newer_addition_takes_what_an_older_one_wrote() {
    let version = |text| SchemaVer::parse(text).unwrap();
    assert!(version("1-0-2").takes(version("1-0-1")));
    assert!(!version("1-0-1").takes(version("1-0-2")));
    assert!(!version("1-1-0").takes(version("1-0-0")));
    assert!(!version("2-0-0").takes(version("1-0-0")));
}
