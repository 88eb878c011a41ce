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
    }
    let limit = format!("\"{}\\n{}\"", "a".repeat(STRING_MAX_BYTES - 1), "b".repeat(9));
    let kept = small_json(&limit).unwrap();
    assert!(check_text(&kept).is_ok() && kept.len() <= STRING_MAX_BYTES + 3, "{}", kept.len());
}

#[test]
fn what_is_cut_off_is_refused() {
    for text in ["{", "{\"a\":\"", "[1]]", "{\"token\":", "{\"token\":\"x", "\"\\"] {
        assert_eq!(small_json(text), None, "{text}");
    }
}

/// Pieces of which texts are made that rules look at.
fn text() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(Vec::from([
        "jo", "@", "example", ".org", ".", "-", "'", " ", "https://", "://", "/", "?", "#", ":",
        "%40", "ann.b", "xn--p1ai", "漢字", "。", "、", "é", "<", ">", ",", "1", "a+b", "(", "s3",
        "[email]", "&a=b", "\"", "\n ", "\u{1}",
    ]));
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

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
    ]))
}

proptest! {
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
    fn any_json_stays_json(value in "\\PC{0,40}", long in 0..9000_usize) {
        let text = serde_json::to_string(&[value.clone(), value.repeat(long / 40)]).unwrap();
        let clean = small_json(&text).unwrap();
        prop_assert!(check_text(&clean).is_ok(), "{}", clean);
        prop_assert_eq!(small_json(&clean), Some(clean.clone()));
    }
}
