use super::*;
use crate::json::Tape;
use alloc::format;
use alloc::vec::Vec;
use proptest::prelude::*;
use std::sync::LazyLock;

/// Compiled once: the tests ask it thousands of times.
static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::builtin().unwrap());

/// An independent validator an event, by the schemas with their words; what judges
/// is the copy without.
static ORACLES: LazyLock<Vec<jsonschema::Validator>> = LazyLock::new(|| {
    let options = || jsonschema::options().should_validate_formats(true);
    let oracle = |text| options().build(&serde_json::from_str(text).unwrap()).unwrap();
    SOURCES.iter().map(|(_, text)| oracle(text)).collect()
});

fn catalogue() -> Catalogue {
    CATALOGUE.clone()
}

fn attributes(name: &str, text: &str) -> Result<bool, (Code, String)> {
    judged(&CATALOGUE, name, None, text)
}

/// Whether the catalogue has the event, and takes it.
fn judged(
    catalogue: &Catalogue,
    name: &str,
    version: Option<&str>,
    text: &str,
) -> Result<bool, (Code, String)> {
    let tape = Tape::read_text(text).unwrap();
    let Some(event) = catalogue.event(name) else { return Ok(false) };
    event.check(version, tape.root()).map_err(|fault| (fault.code, fault.pointer))?;
    Ok(true)
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
fn every_event_has_golden_payloads_that_are_taken_and_refused() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/golden/catalogue.json");
    let golden: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let seen = |name: &str, verdict: &str| {
        golden["cases"].as_array().unwrap().iter().any(|case| {
            let event: serde_json::Value =
                serde_json::from_str(case["event"].as_str().unwrap()).unwrap();
            event["event_name"] == name && case["verdict"] == verdict
        })
    };
    for name in catalogue().names() {
        assert!(seen(name, "accepted") && seen(name, "rejected"), "{name}");
    }
}

#[test]
fn an_unknown_keyword_is_refused_by_name() {
    let schema = r#"{"x-self":{"version":"1-0-0"},"properties":{"a":{"pattern":"x"}}}"#;
    let error = Catalogue::compile(builtin::ENVELOPE, &[("own", schema)]).unwrap_err();
    assert_eq!(
        format!("{error}"),
        "schema own: /properties/a/pattern is a keyword that is not compiled"
    );
}

fn own(text: &str) -> Result<Catalogue, String> {
    catalogue().with("acme.order_picked", text).map_err(|error| format!("{error}"))
}

#[test]
fn a_tenants_own_schema_judges_at_run_time() {
    let schema = r#"{"x-self":{"version":"1-2-0"},"type":"object","required":["shelf"],
        "properties":{"shelf":{"type":"string"},"note":{"type":"string","x-free-text":true}}}"#;
    let catalogue = own(schema).unwrap();
    let judge = |version, text| judged(&catalogue, "acme.order_picked", version, text);
    assert_eq!(judge(None, r#"{"shelf":"a"}"#), Ok(true));
    assert_eq!(judge(Some("1-2-0"), r#"{"shelf":"a"}"#), Ok(true));
    assert_eq!(judge(None, "{}"), Err((Code::MissingField, "/shelf".into())));
    assert_eq!(
        judge(Some("1-3-0"), r#"{"shelf":"a"}"#),
        Err((Code::UnknownSchemaVersion, "".into()))
    );
    let is_free_text =
        |name| catalogue.event("acme.order_picked").unwrap().attribute(name).is_free_text;
    assert!(is_free_text("note") && !is_free_text("shelf"));
    // A later text of the same name replaces it.
    let next = schema.replace("1-2-0", "1-2-1").replace(r#"["shelf"]"#, "[]");
    let catalogue = catalogue.with("acme.order_picked", &next).unwrap();
    assert_eq!(catalogue.version("acme.order_picked"), SchemaVer::parse("1-2-1"));
}

#[test]
fn what_is_not_compiled_is_refused_by_name() {
    let object = r#""x-self":{"version":"1-0-0"},"type":"object""#;
    for keyword in [
        r##""$ref":"#/$defs/a""##,
        r#""$defs":{}"#,
        r#""oneOf":[]"#,
        r#""anyOf":[]"#,
        r#""allOf":[]"#,
        r#""not":{}"#,
        r#""if":{}"#,
        r#""patternProperties":{}"#,
        r#""dependentRequired":{}"#,
        r#""unevaluatedProperties":false"#,
        r#""minProperties":1"#,
    ] {
        let error = own(&format!("{{{object},{keyword}}}")).unwrap_err();
        let name = keyword.split('"').nth(1).unwrap();
        let expected =
            format!("schema acme.order_picked: /{name} is a keyword that is not compiled");
        assert_eq!(error, expected);
    }
    for attribute in [
        r#"{"pattern":"^a"}"#,
        r#"{"multipleOf":2}"#,
        r#"{"exclusiveMinimum":2}"#,
        r#"{"uniqueItems":true}"#,
        r#"{"prefixItems":[]}"#,
        r#"{"contains":{}}"#,
        r#"{"format":"email"}"#,
        r#"{"enum":[]}"#,
        r#"{"enum":[1]}"#,
        r#"{"enum":["a"],"const":"a"}"#,
        r#"{"type":[]}"#,
        r#"{"type":"text"}"#,
        r#"{"additionalProperties":{}}"#,
        "true",
    ] {
        let error = own(&format!(r#"{{{object},"properties":{{"a":{attribute}}}}}"#)).unwrap_err();
        assert!(error.starts_with("schema acme.order_picked: /properties/a/"), "{error}");
    }
}

#[test]
fn a_tenants_own_schema_cannot_stand_in_for_another() {
    let good = r#"{"x-self":{"version":"1-0-0","name":"acme.order_picked"},"type":"object"}"#;
    assert!(own(good).is_ok());
    for (name, text) in [
        ("page.viewed", good),
        ("Acme", good),
        ("acme.other", good),
        ("acme.order_picked", "{"),
        ("acme.order_picked", "[]"),
        ("acme.order_picked", r#"{"type":"object"}"#),
        ("acme.order_picked", r#"{"x-self":{"version":"1"},"type":"object"}"#),
        ("acme.order_picked", r#"{"x-self":{"version":"1-0-0"}}"#),
        ("acme.order_picked", r#"{"x-self":{"version":"1-0-0"},"type":"string"}"#),
    ] {
        assert!(catalogue().with(name, text).is_err(), "{name} {text}");
    }
    let long = format!(r#"{{"title":"{}"}}"#, "x".repeat(SCHEMA_MAX_BYTES));
    assert!(own(&long).unwrap_err().contains("larger than 32 KB"));
    let deep = format!("{}{}", r#"{"items":"#.repeat(2_000), "}".repeat(2_000));
    assert!(own(&deep).is_err());
}

#[test]
fn an_attributes_own_length_is_between_one_byte_and_32_kb() {
    let schema = |bytes: &str| {
        format!(
            r#"{{"x-self":{{"version":"1-0-0"}},"type":"object",
                "properties":{{"log":{{"type":"string","x-max-bytes":{bytes}}}}}}}"#
        )
    };
    for bytes in ["1", "100", "32768"] {
        let catalogue = own(&schema(bytes)).unwrap();
        let attribute = catalogue.event("acme.order_picked").unwrap().attribute("log");
        assert_eq!(attribute.max_bytes, bytes.parse().ok());
    }
    for bytes in ["0", "32769", "-1", "1.5", "\"9\"", "null"] {
        let error = own(&schema(bytes)).unwrap_err();
        assert!(error.contains("/properties/log/x-max-bytes is not a whole number"), "{error}");
    }
}

/// A general validator, as somebody who has one hands it in.
struct General;

#[derive(Debug)]
struct Whole(jsonschema::Validator);

impl Fallback for General {
    fn compile(&self, schema: &str) -> Result<Arc<dyn Check>, String> {
        let schema = serde_json::from_str(schema).map_err(|error| error.to_string())?;
        let validator = jsonschema::validator_for(&schema).map_err(|error| error.to_string())?;
        Ok(Arc::new(Whole(validator)))
    }
}

impl Check for Whole {
    fn check(&self, attributes: &str) -> Result<(), Fault> {
        let value =
            serde_json::from_str(attributes).map_err(|_| Fault::new(Code::WrongType, ""))?;
        let placed = |error: jsonschema::ValidationError<'_>| {
            Fault::new(Code::NotInEnum, error.instance_path().to_string())
        };
        self.0.validate(&value).map_err(placed)
    }
}

#[test]
fn what_is_not_compiled_may_go_to_a_fallback() {
    let schema = |pattern: &str| {
        format!(
            r#"{{"x-self":{{"version":"1-0-0"}},"type":"object",
                "properties":{{"shelf":{{"type":"string","pattern":"{pattern}"}}}}}}"#
        )
    };
    let mut catalogue = catalogue();
    assert!(catalogue.insert("acme.order_picked", &schema("^[A-F]")).is_err());
    catalogue.insert_with("acme.order_picked", &schema("^[A-F]"), &General).unwrap();
    let judge = |text| judged(&catalogue, "acme.order_picked", None, text);
    assert_eq!(judge(r#"{"shelf":"B7"}"#), Ok(true));
    assert_eq!(judge(r#"{"shelf":"x"}"#), Err((Code::NotInEnum, "/shelf".into())));
    let error = catalogue.insert_with("acme.order_packed", &schema("("), &General).unwrap_err();
    assert!(format!("{error}").contains("cannot be compiled"), "{error}");
}

#[test]
fn a_key_that_is_written_with_escapes_is_the_same_key() {
    let click = r#"{"s\u0065lector":1,"click_count":3,"duration_ms":1}"#;
    assert_eq!(attributes("ui.rage_click", click), Err((Code::WrongType, "/selector".into())));
    let click = r#"{"s\u0065lector":"a","click_count":3,"duration_ms":1}"#;
    assert_eq!(attributes("ui.rage_click", click), Ok(true));
}

/// One attribute's value: near to what its schema asks for.
fn near(schema: &serde_json::Value) -> BoxedStrategy<serde_json::Value> {
    let example = schema["examples"][0].clone();
    let listed = schema["enum"].as_array().cloned().unwrap_or_default();
    let listed: Vec<_> = listed.into_iter().chain([example.clone()]).collect();
    let long = schema["maxLength"].as_u64().unwrap_or(8) as usize;
    prop_oneof![
        6 => Just(example.clone()),
        2 => prop::sample::select(listed),
        1 => Just(serde_json::Value::Null),
        1 => any::<bool>().prop_map(Into::into),
        1 => (-2_i64..12).prop_map(Into::into),
        1 => (-2.0..12.0_f64).prop_map(Into::into),
        1 => (long.saturating_sub(1)..long + 2).prop_map(|length| "ä".repeat(length).into()),
        1 => "(|x|2026-01-02T03:04:05Z)".prop_map(Into::into),
        1 => Just(serde_json::json!([example])),
        1 => Just(serde_json::json!({})),
    ]
    .boxed()
}

/// An event of the catalogue, and attributes that are near to its schema.
fn near_event() -> impl Strategy<Value = (usize, serde_json::Value)> {
    (0..SOURCES.len()).prop_flat_map(|which| {
        let schema: serde_json::Value = serde_json::from_str(SOURCES[which].1).unwrap();
        let attributes: Vec<_> = schema["properties"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, schema)| {
                let name = name.clone();
                prop::option::weighted(0.9, near(schema))
                    .prop_map(move |value| value.map(|value| (name.clone(), value)))
            })
            .collect();
        attributes.prop_map(move |attributes| (which, attributes.into_iter().flatten().collect()))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_048))]
    #[test]
    fn agrees_with_an_independent_validator((which, value) in near_event()) {
        let name = SOURCES[which].0;
        let valid = ORACLES[which].is_valid(&value);
        prop_assert_eq!(attributes(name, &value.to_string()).is_ok(), valid, "{} {}", name, value);
    }
}

/// Attributes of an event whose strings are personal about as often as not, with
/// members that no schema names.
fn personal_event() -> impl Strategy<Value = (usize, serde_json::Value)> {
    let text = prop_oneof![
        "(jo@example\\.org|call 0171 1234567|https://a\\.example/p\\?q=1|192\\.0\\.2\\.7|/a#b| ){1,2}",
        "(t_81|en-GB|0\\.1\\.0|/help/returns|https://a\\.example/b|[a-z ,?]{1,9})",
        "2026-01-02T03:04:05\\.[0-9]{1,19}Z",
        "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "\\PC{0,9}",
    ];
    let others = prop::collection::hash_map(
        "(email|password|url|note|t\\.b|jo@example\\.org|item2)",
        prop_oneof![
            text.clone().prop_map(serde_json::Value::from),
            Just(serde_json::json!(4_111_111_111_111_111_u64)),
            Just(
                serde_json::json!({"token": "a1b2c3d4e5", "list": ["jo@example.org", {"path": "/a?b"}]})
            ),
            Just(serde_json::json!([1, "call 0171 1234567", null])),
            Just(serde_json::Value::Null),
        ],
        0..3,
    );
    (near_event(), others, prop::collection::vec(prop::option::weighted(0.3, text), 40)).prop_map(
        |((which, mut attributes), others, texts)| {
            let members = attributes.as_object_mut().unwrap();
            for (value, text) in members.values_mut().zip(texts) {
                if let (true, Some(text)) = (value.is_string(), text) {
                    *value = text.into();
                }
            }
            members.extend(others);
            (which, attributes)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_096))]
    #[test]
    fn what_is_settled_on_the_way_the_sanitiser_leaves(
        (which, value) in personal_event(), pretty in any::<bool>()
    ) {
        let text = if pretty { format!("{value:#}") } else { value.to_string() };
        let tape = Tape::read_text(&text).unwrap();
        let event = CATALOGUE.event(SOURCES[which].0).unwrap();
        if let Ok(Settled::Whole | Settled::ButFreeText) = event.check(None, tape.root()) {
            let mut findings = Vec::new();
            let clean = crate::sanitise::json(tape.root().value(), "", &mut findings);
            prop_assert_eq!((clean, findings.len()), (text, 0));
        }
    }
}

#[test]
fn most_events_are_settled_on_the_way() {
    let settled = |name, text: &str| {
        let tape = Tape::read_text(text).unwrap();
        CATALOGUE.event(name).unwrap().check(None, tape.root())
    };
    let chat = |prompt: &str| {
        format!(
            r#"{{"thread_id":"t_81","message_id":"m_3","message_type":"user_prompt","prompt_length":9,"is_follow_up":true{prompt}}}"#
        )
    };
    for (prompt, expected) in [
        ("", Settled::Whole),
        (r#","other":[1,{"a":"b"}]"#, Settled::Whole),
        (r#","prompt_text":"How do I return it?""#, Settled::ButFreeText),
        (r#","prompt_text":"It is jo@example.org""#, Settled::Open),
        (r#","email":"x""#, Settled::Open),
        (r#","email":null"#, Settled::Whole),
        (r#","\u0065mail":1"#, Settled::Open),
    ] {
        assert_eq!(settled("chat_interaction", &chat(prompt)), Ok(expected), "{prompt}");
    }
    let context = r#"{"page":{"url":"https://a.example/b","path":"/b?c"}}"#;
    let tape = Tape::read_text(context).unwrap();
    assert_eq!(CATALOGUE.context(tape.root()), Ok(Settled::Open));
    let tape = Tape::read_text(r#"{"page":{"url":"https://a.example/b"}}"#).unwrap();
    assert_eq!(CATALOGUE.context(tape.root()), Ok(Settled::Whole));
}
