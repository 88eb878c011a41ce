use super::*;
use crate::json::check_text;
use alloc::format;
use alloc::vec::Vec;
use proptest::prelude::*;

fn catalogue() -> Catalogue {
    Catalogue::builtin().unwrap()
}

fn attributes(name: &str, text: &str) -> Result<bool, (Code, String)> {
    catalogue()
        .attributes(name, None, check_text(text).unwrap())
        .map_err(|fault| (fault.code, fault.pointer))
}

#[test]
fn every_file_of_the_folder_is_in_the_catalogue() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/events");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap().replace(".json", ""))
        .filter(|name| name != "envelope")
        .collect();
    files.sort();
    assert_eq!(catalogue().names().collect::<Vec<_>>(), files);
}

#[test]
fn each_fault_has_its_code_and_place() {
    let click = r#"{"selector":"a","click_count":3,"duration_ms":1}"#;
    assert_eq!(attributes("ui.rage_click", click), Ok(true));
    assert_eq!(attributes("signup_click", "{}"), Ok(false));
    for (text, code, pointer) in [
        (r#"{"selector":"a","duration_ms":1}"#, Code::MissingField, "/click_count"),
        (r#"{"selector":1,"click_count":3,"duration_ms":1}"#, Code::WrongType, "/selector"),
        (r#"{"selector":"","click_count":3,"duration_ms":1}"#, Code::TooShort, "/selector"),
        (r#"{"selector":"a","click_count":2,"duration_ms":1}"#, Code::OutOfRange, "/click_count"),
        (r#"{"selector":"a","click_count":3.5,"duration_ms":1}"#, Code::WrongType, "/click_count"),
        (r#"{"selector":"a","click_count":3,"duration_ms":null}"#, Code::WrongType, "/duration_ms"),
    ] {
        assert_eq!(attributes("ui.rage_click", text), Err((code, pointer.into())), "{text}");
    }
    let kind = attributes("page.viewed", r#"{"kind":"reload"}"#);
    assert_eq!(kind, Err((Code::NotInEnum, "/kind".into())));
}

#[test]
fn an_unknown_keyword_is_refused_by_name() {
    let schema = r#"{"x-self":{"version":"1-0-0"},"properties":{"a":{"pattern":"x"}}}"#;
    let error = Catalogue::compile(ENVELOPE, &[("own", schema)]).unwrap_err();
    assert_eq!(
        format!("{error}"),
        "schema own: /properties/a/pattern is a keyword that is not compiled"
    );
}

/// Values that are near to what the schemas ask for.
fn near() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        (-3_i64..9).prop_map(Into::into),
        (-2.0..9.0_f64).prop_map(Into::into),
        "(|x|load|user_prompt|ä{0,600})".prop_map(Into::into),
    ];
    let key = prop::sample::select(Vec::from([
        "selector",
        "click_count",
        "duration_ms",
        "kind",
        "text",
        "x",
        "thread_id",
        "message_id",
        "message_type",
        "prompt_length",
        "is_follow_up",
        "cost",
        "other",
    ]));
    prop::collection::btree_map(key, leaf, 0..9).prop_map(|map| {
        serde_json::Value::Object(map.into_iter().map(|(key, value)| (key.into(), value)).collect())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn agrees_with_an_independent_validator(value in near(), which in 0..BUILTIN.len()) {
        let (name, text) = BUILTIN[which];
        let schema: serde_json::Value = serde_json::from_str(text).unwrap();
        let oracle = jsonschema::validator_for(&schema).unwrap().is_valid(&value);
        prop_assert_eq!(attributes(name, &value.to_string()).is_ok(), oracle, "{} {}", name, value);
    }
}
