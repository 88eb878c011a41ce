use super::super::scan::TRIGGERS;
use super::super::{Finding, Policy, json_node, json_with};
use super::*;
use crate::json::{Tape, check_text};
use alloc::vec::Vec;
use proptest::prelude::*;

fn by_text(text: &str) -> (String, Vec<Finding>) {
    let mut findings = Vec::new();
    let output = json_with(check_text(text).unwrap(), "/x", &Policy::DEFAULT, &mut findings);
    (output, findings)
}

fn by_tape(text: &str) -> (String, Vec<Finding>) {
    let tape = Tape::read_text(text).unwrap();
    let (mut findings, mut output) = (Vec::new(), String::new());
    let usual = |_: &str| Member::Usual;
    json_node(tape.root(), "/x", &Policy::DEFAULT, usual, &mut findings, &mut output);
    (output, findings)
}

#[test]
fn what_the_tape_calls_plain_has_nothing_that_a_rule_is_asked_about() {
    // A tilde tells a folder only with the slash behind it.
    let asked = |byte: u8| TRIGGERS[usize::from(byte)] && byte != b'~' || may_be_personal(byte);
    for byte in (0x20..0x80).filter(|byte| asked(*byte) && !b"\"\\".contains(byte)) {
        // At every place of a word of eight bytes, and behind it.
        for before in 0..9 {
            let text = ["\"", &"x".repeat(before), &char::from(byte).to_string(), "\""].concat();
            let longer = [text.trim_end_matches('"'), "xxxxxxxxxxxxxxxx\""].concat();
            for text in [text, longer] {
                assert!(!Tape::read_text(&text).unwrap().root().is_plain(), "{text}");
            }
        }
    }
    for text in ["\"\\n\"", "\"é\"", "\"xxxxxxx\\/\""] {
        assert!(!Tape::read_text(text).unwrap().root().is_plain(), "{text}");
    }
    for text in [r#""Where is my order, please? It came. Not!""#, r#""""#, r#""user_prompt""#] {
        assert!(Tape::read_text(text).unwrap().root().is_plain(), "{text}");
    }
}

#[test]
fn a_member_that_goes_takes_a_comma_with_it() {
    for (text, left) in [
        (r#"{"a":1,"gone":{"b":[2]},"c":3}"#, r#"{"a":1,"c":3}"#),
        (r#"{ "gone" : 1 , "c" : 3 }"#, r#"{  "c" : 3 }"#),
        (r#"{"a":1, "gone":"ann@example.org"}"#, r#"{"a":1}"#),
        (r#"{"gone":1}"#, "{}"),
        (r#"{"a":{"gone":1},"g\u006fne":1}"#, r#"{"a":{"gone":1}}"#),
    ] {
        let tape = Tape::read_text(text).unwrap();
        let (mut findings, mut output) = (Vec::new(), String::new());
        let member = |key: &str| if key == "gone" { Member::Gone } else { Member::Usual };
        json_node(tape.root(), "", &Policy::DEFAULT, member, &mut findings, &mut output);
        assert_eq!((output.as_str(), findings.len()), (left, 0), "{text}");
    }
}

#[test]
fn a_members_own_limit_is_its_strings() {
    // A cut leaves no half of a word.
    for (limit, kept) in [(3, 2), (9_000, 9_000)] {
        let long = "x ".repeat(5_000);
        let text = alloc::format!(r#"{{"a":"{long}","b":{{"a":"{long}"}}}}"#);
        let tape = Tape::read_text(&text).unwrap();
        let (mut findings, mut output) = (Vec::new(), String::new());
        let member = |_: &str| Member::Within(limit);
        json_node(tape.root(), "", &Policy::DEFAULT, member, &mut findings, &mut output);
        let left = check_text(&output).unwrap().get("a").unwrap().inside().unwrap().len();
        assert_eq!((left, &*findings[0].pointer), (kept, "/a"));
    }
}

/// JSON whose keys and strings are personal about as often as not.
fn personal() -> impl Strategy<Value = serde_json::Value> {
    let string = prop_oneof![
        "[a-z ,.?]{0,30}",
        "(jo@example\\.org|call 0171 1234567|https://a\\.example/p\\?q=1|x|192\\.0\\.2\\.7|\\PC){1,3}",
        any::<String>(),
    ];
    let key = prop_oneof![
        "(email|password|url|path|prompt_text|a|a\\.b|jo@example\\.org)",
        any::<String>()
    ];
    let leaf = prop_oneof![
        2 => string.prop_map(serde_json::Value::from),
        1 => any::<i64>().prop_map(Into::into),
        1 => Just(serde_json::Value::Null),
    ];
    leaf.prop_recursive(4, 32, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::hash_map(key.clone(), inner, 0..5)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn the_tape_and_the_text_give_the_same(value in personal(), pretty in any::<bool>()) {
        let text = match pretty {
            true => serde_json::to_string_pretty(&value).unwrap(),
            false => value.to_string(),
        };
        prop_assert_eq!(by_tape(&text), by_text(&text), "{}", text);
    }
}

/// A key tells what four numbers at the beginning of its string are.
#[cfg(feature = "rare-rules")]
#[test]
fn versions_stay_behind_their_names() {
    for text in [
        r#"{"v8":"9.4.146.26"}"#,
        r#"{"chrome":"126.0.6478.127","version":"1.2.3.4"}"#,
        r#"{"uaFullVersion":"120.0.99.224","versions":{"v8":"11.3.244.8-node.17"}}"#,
        r#"[{"brand":"Chromium","version":"98.76.154.32"}]"#,
    ] {
        assert_eq!(by_text(text), (text.into(), Vec::new()));
        assert_eq!(by_tape(text), (text.into(), Vec::new()));
    }
    for (text, clean) in [
        (r#"{"version":"of 203.0.113.9"}"#, r#"{"version":"of [ip]"}"#),
        (r#"{"version_host":"203.0.113.9"}"#, r#"{"version_host":"[ip]"}"#),
        (r#"{"version":["203.0.113.9"]}"#, r#"{"version":["[ip]"]}"#),
        (r#"{"version":"jo@example.org"}"#, r#"{"version":"[email]"}"#),
    ] {
        assert_eq!(by_text(text).0, clean);
        assert_eq!(by_tape(text).0, clean);
    }
}
