use super::super::{Policy, json_with};
use super::*;
use crate::json::check_text;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use proptest::prelude::*;

/// What the walk says without rare rules.
fn walked(text: &str) -> String {
    let policy = Policy { rare_rules: false, ..Policy::DEFAULT };
    json_with(check_text(text).unwrap(), "", &policy, &mut Vec::new())
}

#[test]
fn members_by_key() {
    for (text, clean) in [
        (r#"{"password":"x","n":1}"#, r#"{"password":"[redacted]","n":1}"#),
        (r#"{"userToken": 7 , "b":"ok"}"#, r#"{"userToken": "[redacted]" , "b":"ok"}"#),
        (r#"{"phone":[1,{"a":"]"}],"b":2}"#, r#"{"phone":"[redacted]","b":2}"#),
        (r#"{"email":"","ssn":null,"iban":true}"#, r#"{"email":"","ssn":null,"iban":true}"#),
        (r#"{"email_count":3,"compass":"n"}"#, r#"{"email_count":3,"compass":"n"}"#),
        (r#"{"url":"a?b=1","page_url":"a?b"}"#, r#"{"url":"a","page_url":"a?b"}"#),
        (r#"{"a":{"lastName":"Roe"}}"#, r#"{"a":{"lastName":"[redacted]"}}"#),
        (r#"{"url":["a?b"]}"#, r#"{"url":["a?b"]}"#),
    ] {
        assert_eq!(small_json(text).as_deref(), Some(clean));
        assert_eq!(walked(text), clean);
    }
}

#[test]
fn escapes_stay_whole() {
    for (text, clean) in [
        (r#""\njo@example.org""#, r#""\n[email]""#),
        (r#""C:\\jo@example.org""#, r#""C:\\[email]""#),
        (r#""\u001fbjo@example.org""#, r#""\u001f[email]""#),
        (r#""https://a.example/b\\c?d\"e""#, r#""https://a.example/b\\c\"e""#),
        (r#""/%40ann.example""#, r#""/%40ann.example""#),
        (r#""see https://a.example/?q\njo@example.org""#, r#""see https://a.example/\n[email]""#),
    ] {
        assert_eq!(small_json(text).as_deref(), Some(clean));
        assert_eq!(walked(text), clean);
    }
    let limit = format!("\"{}\\n{}\"", "a".repeat(STRING_MAX_BYTES - 1), "b".repeat(9));
    let kept = small_json(&limit).unwrap();
    assert!(check_text(&kept).is_ok() && kept.len() <= STRING_MAX_BYTES + 3, "{}", kept.len());
}

/// What a property or the fuzz target found the two to say differently.
#[test]
fn what_it_said_differently_once() {
    let long = "a b ".repeat(STRING_MAX_BYTES / 2);
    let escapes = "\\u0014".repeat(URL_MAX_BYTES - 3);
    for text in [
        // The letter of an escape began a scheme, and an address in quotes.
        r#""\n://a.example/?b""#.to_string(),
        r#""\n1://jo@a.example/#b""#.to_string(),
        r#""\u001f://a.example/?b""#.to_string(),
        r#""'\thttp://a.example/?it's""#.to_string(),
        // The bytes of an escape counted for a URL's limit.
        format!(r#"["/{escapes}a","https://{escapes}abcde","/{escapes}abcde b"]"#),
        // The walk wrote another escape.
        r#"["https://jo@\b","\fjo@example.org"]"#.to_string(),
        // Another case, other joints and another word in front are another key.
        r#"{"URL":"a?b","u_rl":"a?b","Path":"a#b"}"#.to_string(),
        format!(r#"{{"promptText":"{long}","my_prompt_text":"{long}","prompt_text":"{long}"}}"#),
    ] {
        assert_eq!(small_json(&text), Some(walked(&text)), "{text:.60}");
    }
}

/// A page may replace `JSON.stringify`, by what writes JSON in another way, or none.
#[test]
fn json_of_other_writers_stays_json() {
    for (text, clean) in [
        (
            "{\n\t\"token\" :\r\n7\n,\"a\": [ \"jo@example.org\"\n]\n}",
            Some("{\n\t\"token\" :\r\n\"[redacted]\"\n,\"a\": [ \"[email]\"\n]\n}"),
        ),
        (r#"["https:\/\/a.example\/?b"]"#, Some(r#"["https:\/\/a.example\/?b"]"#)),
        (r#"["jo\u0040example.org"]"#, Some(r#"["jo\u0040example.org"]"#)),
        (r#"{"a":1}{"b":2}"#, None),
        (r#"{"a":1},"b":2"#, None),
        (r#"{"a":NaN}"#, Some(r#"{"a":NaN}"#)),
        (r#"["https://a.example/?\u"]"#, Some(r#"["https://a.example/"]"#)),
        (r#"["https://jo@a.example/\u1?"]"#, Some(r#"["https://a.example/\u1?"]"#)),
    ] {
        assert_eq!(small_json(text).as_deref(), clean, "{text}");
    }
}

/// The list of a page is the list of the names that a build without rare rules knows.
#[test]
fn the_hidden_keys_are_those_of_the_names() {
    for name in HIDDEN.split('/').skip(1) {
        assert!(super::super::names::of(name.as_bytes(), false).is_some(), "{name}");
    }
    assert_eq!(HIDDEN.split('/').skip(1).count(), super::super::names::COMMON.len());
    assert_eq!(KNOWN[..4], super::super::walk::URL_KEYS);
    assert_eq!(KNOWN[4..], *Policy::DEFAULT.long_keys);
}

#[test]
fn what_is_cut_off_is_refused() {
    for text in ["{", "{\"a\":\"", "[1]]", "{\"token\":", "{\"token\":\"x", "\"\\"] {
        assert_eq!(small_json(text), None, "{text}");
    }
}

/// Pieces of which texts are made that rules look at.
#[cfg(not(feature = "rare-rules"))]
fn text() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(Vec::from([
        "jo", "@", "example", ".org", ".", "-", "'", " ", "https://", "://", "/", "?", "#", ":",
        "%40", "ann.b", "xn--p1ai", "漢字", "。", "、", "é", "<", ">", ",", "1", "a+b", "(", "s3",
        "[email]", "&a=b", "\"", "\n ", "\u{1}", "\n", "\t", "\\", "n", "s", "u", "`", "_", "%",
        "＠", "．", "｡", "\u{8}", "\u{c}", "😀", "ｊ", "한", "xn--",
    ]));
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

#[cfg(not(feature = "rare-rules"))]
fn key() -> impl Strategy<Value = &'static str> {
    prop::sample::select(Vec::from([
        "a",
        "url",
        "path",
        "userEmail",
        "apiKey",
        "access_token",
        "tokens",
        "lat",
        "latitude1",
        "card-number",
        "Set-Cookie",
        "prompt_text",
        "passwords",
        "e.mail",
        "PHONE",
        "URL",
        "u_rl",
        "referrer",
        "promptText",
        "stack_trace",
    ]))
}

/// How many cases find each difference that was ever there: three seconds of a test.
const CASES: u32 = 20_000;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    /// In the build of a page: with all rules the walk reads addresses in every writing.
    #[cfg(not(feature = "rare-rules"))]
    #[test]
    fn it_says_what_the_walk_says(
        members in prop::collection::vec((key(), text(), 0..4_u8), 0..5),
    ) {
        let mut text = String::from("{");
        for (at, (key, value, shape)) in members.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            let value = serde_json::to_string(value).unwrap();
            text.push_str(&match shape {
                0 => format!("{comma}\"{key}\":[{value},1]"),
                1 => format!("{comma}\"{key}\":{{\"b\":{value}}}"),
                2 => format!("{comma}\"{key}\":-1.5e3"),
                _ => format!("{comma}\"{key}\":{value}"),
            });
        }
        text.push('}');
        let clean = small_json(&text).unwrap();
        prop_assert_eq!(&clean, &walked(&text));
        prop_assert_eq!(small_json(&clean).unwrap(), clean.to_string());
    }

    #[test]
    fn any_text_is_refused_or_stays_what_it_was(
        pieces in prop::collection::vec(prop::sample::select(Vec::from([
            "{", "}", "[", "]", "\"", ":", ",", " ", "\n", "\\", "\\u", "\\u00", "\\/", "\\\"", "\"a\"", "\"token\"",
            "\"url\"", "1", "null", "https://", "jo@example.org", "?", "é", "\u{0}", "'",
        ])), 0..16),
    ) {
        let text = pieces.concat();
        let is_json = check_text(&text).is_ok();
        if let Some(clean) = small_json(&text) {
            prop_assert!(check_text(&clean).is_ok() || !is_json, "{} {}", text, clean);
        }
        let inside = format!("[{text}]");
        if check_text(&inside).is_ok() {
            let clean = small_json(&inside).unwrap();
            prop_assert!(check_text(&clean).is_ok(), "{} {}", inside, clean);
            prop_assert_eq!(small_json(&clean), Some(clean.clone()));
        }
    }
}

proptest! {
    #[test]
    fn any_json_stays_json(value in "\\PC{0,40}", long in 0..9000_usize) {
        let text = serde_json::to_string(&[value.clone(), value.repeat(long / 40)]).unwrap();
        let clean = small_json(&text).unwrap();
        prop_assert!(check_text(&clean).is_ok(), "{}", clean);
        prop_assert_eq!(small_json(&clean), Some(clean.clone()));
    }
}
