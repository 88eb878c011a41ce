use super::*;
use alloc::string::ToString;
use alloc::vec::Vec;
use proptest::prelude::*;

fn value(text: &str) -> Value<'_> {
    check_text(text).unwrap()
}

#[test]
fn members_and_items_are_read_in_place() {
    let event = value(r#" {"a" : 1, "b":[ true , "x,]" ,{"c":null}], "d":""} "#);
    let keys: Vec<_> = event.entries().map(|(key, value)| (key, value.raw())).collect();
    assert_eq!(keys, [("a", "1"), ("b", r#"[ true , "x,]" ,{"c":null}]"#), ("d", r#""""#)]);
    let items: Vec<_> = event.get("b").unwrap().items().map(Value::raw).collect();
    assert_eq!(items, ["true", r#""x,]""#, r#"{"c":null}"#]);
    assert_eq!(event.items().count(), 0);
    assert_eq!(value("[1]").entries().count(), 0);
}

#[test]
fn what_events_usually_hold_is_not_doubted() {
    let event = r#"{"a":"line\nbreak \"quoted\"","a.b":[1,-2.5,true,null,{"a":1}],"é":"é"}"#;
    let tape = Tape::read_text(event).unwrap();
    assert!(!tape.root().in_doubt() && tape.root().has_dotted_keys());
    let key = |number: usize| alloc::format!("\"k{number}\":1");
    for (count, doubted) in [(512, false), (513, true)] {
        let text = ["{", &(0..count).map(key).collect::<Vec<_>>().join(","), "}"].concat();
        assert_eq!(Tape::read_text(&text).unwrap().root().in_doubt(), doubted, "{count}");
    }
}

#[test]
fn deep_nesting_is_grammatical_and_needs_no_stack() {
    let text = "[".repeat(200_000) + &"]".repeat(200_000);
    assert!(check_text(&text).is_ok());
    assert!(Tape::read_text(&text).unwrap().root().in_doubt());
    assert_eq!(check_text(&text[1..]), Err(crate::verdict::Code::InvalidJson));
}

#[test]
fn the_walker_knows_where_it_is() {
    let event = value(r#"{"a":[1,{"b/~":"x"}],"c":"y"}"#);
    let mut walker = Walker::new(event);
    let mut seen = Vec::new();
    while let Some(token) = walker.next() {
        if let Token::String(text) = token {
            let mut pointer = String::new();
            walker.pointer(&mut pointer);
            seen.push((text, pointer));
        }
    }
    assert_eq!(seen, [("x", "/a/1/b~1~0".to_string()), ("y", "/c".to_string())]);
}

#[test]
fn half_a_surrogate_pair_is_no_text() {
    assert_eq!(value(r#""\ud83d\ude00""#).as_str().as_deref(), Some("😀"));
    for half in [r#""\ud83d""#, r#""\ude00""#, r#""\ud83dx""#, r#""\ud83d\u0041""#] {
        assert_eq!(value(half).as_str(), None, "{half}");
    }
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::hash_map(any::<String>(), inner, 0..6)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Reads a value of a tape through `members` and `items` into serde's.
fn rebuilt_node(node: Node<'_, '_>) -> serde_json::Value {
    match node.kind() {
        Kind::Object => node
            .members()
            .map(|(key, value)| (key.as_str().unwrap().into_owned(), rebuilt_node(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Kind::Array => node.items().map(rebuilt_node).collect(),
        Kind::String => node.as_str().unwrap().into_owned().into(),
        _ => serde_json::from_str(node.raw()).unwrap(),
    }
}

/// The doubt of the whole, found the slow way: what must never be overlooked.
fn must_be_doubted(node: Node<'_, '_>) -> bool {
    let doubtful = |node: Node<'_, '_>| match node.kind() {
        Kind::String => node.raw().contains("\\u"),
        Kind::Number => node.raw().parse::<f64>().is_ok_and(|number| !number.is_finite()),
        _ => must_be_doubted(node),
    };
    let mut keys: Vec<_> = node.members().map(|(key, _)| key.as_str()).collect();
    let count = keys.len();
    keys.sort();
    keys.dedup();
    keys.len() < count
        || node.members().any(|(key, value)| doubtful(key) || doubtful(value))
        || node.items().any(doubtful)
}

/// Reads a value through `entries` and `items` into serde's.
fn rebuilt(value: Value<'_>) -> serde_json::Value {
    match value.kind() {
        Kind::Object => value
            .entries()
            .map(|(key, value)| (unescape(key).unwrap().into_owned(), rebuilt(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Kind::Array => value.items().map(rebuilt).collect(),
        Kind::String => value.as_str().unwrap().into_owned().into(),
        _ => serde_json::from_str(value.raw()).unwrap(),
    }
}

proptest! {
    #[test]
    fn reads_what_serde_wrote(tree in json(), pretty in any::<bool>()) {
        let text = if pretty {
            serde_json::to_string_pretty(&tree).unwrap()
        } else {
            tree.to_string()
        };
        prop_assert_eq!(rebuilt(value(&text)), tree.clone());
        let tape = Tape::read_text(&text).unwrap();
        prop_assert_eq!(rebuilt_node(tape.root()), tree);
        let steps: Vec<_> = Steps::new(tape.root()).collect();
        prop_assert_eq!(steps, Walker::new(value(&text)).collect::<Vec<_>>());
    }

    #[test]
    fn takes_what_serde_takes_and_nothing_else(text in r#"[\[\]{}",:0-9eE+\-. truefalsn\\x]{0,24}"#) {
        // serde_json stops at 128 levels, refuses 1e999 and half a surrogate
        // pair; the grammar knows none of these, and 24 characters hold only
        // the second, which `hazards` refuses an event at a time.
        let oracle = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
        prop_assert_eq!(check_text(&text).is_ok(), oracle, "{}", text);
        prop_assert_eq!(Tape::read_text(&text).is_ok(), oracle, "{}", text);
    }

    #[test]
    fn what_must_be_looked_at_closely_is_doubted(
        text in r#"\{("([ab]|long_key_[ab]|\\u0061|\\n)":([1a]|"[ab]"|"\\ud800"|1e4000?|\{"(a|b)":1,"a":2\}),){0,5}"z":0\}"#
    ) {
        if let Ok(tape) = Tape::read_text(&text) {
            let root = tape.root();
            prop_assert!(root.in_doubt() || !must_be_doubted(root), "{}", text);
        }
    }

    #[test]
    fn any_bytes_end_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        prop_assert_eq!(check(&bytes).err(), Tape::read(&bytes).err());
        if let Ok(value) = check(&bytes) {
            prop_assert!(Walker::new(value).count() > 0);
        }
    }

    #[test]
    fn written_strings_read_back(text in any::<String>()) {
        let mut out = String::new();
        write_string(&mut out, &text);
        prop_assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text.clone());
        let read = value(&out).as_str();
        prop_assert_eq!(read.as_deref(), Some(text.as_str()));
    }

    #[test]
    fn numbers_are_written_as_they_are(number in any::<u64>()) {
        let mut out = String::new();
        write_u64(&mut out, number);
        prop_assert_eq!(out, number.to_string());
    }
}
