//! Any text: what a page's scanner says of it is what the walk says. It is taken as the
//! strings and keys of an object, written as `JSON.stringify` writes them; and as JSON
//! of whatever writer, which stays JSON, or as no JSON, which ends no page.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidemark_core::json::check_text;
use tidemark_core::sanitise::{Policy, json_with, small_json};

/// The keys that mean something, and some that nearly do.
const KEYS: [&str; 16] = [
    "a",
    "url",
    "path",
    "href",
    "URL",
    "userEmail",
    "apiKey",
    "access_token",
    "tokens",
    "lat",
    "latitude1",
    "card-number",
    "Set-Cookie",
    "prompt_text",
    "stackTrace",
    "e.mail",
];

fuzz_target!(|bytes: &[u8]| {
    let Ok(input) = core::str::from_utf8(bytes) else { return };
    if let Some(clean) = small_json(input)
        && check_text(input).is_ok()
    {
        assert!(check_text(&clean).is_ok(), "no JSON any more: {clean}");
        assert_eq!(small_json(&clean), Some(clean), "sanitised twice");
    }
    // A control character picks a key, and begins what it holds.
    let mut text = String::from("{");
    for (index, part) in input.split_inclusive(['\u{0}', '\u{1}', '\u{2}', '\u{3}']).enumerate() {
        let key = match index % 4 {
            // What a page reads of an escape in a key it leaves to the edge.
            3 => part
                .chars()
                .filter(|sign| *sign >= ' ' && !"\\\"".contains(*sign))
                .take(12)
                .collect(),
            _ => KEYS[(part.len() + index * 5) % KEYS.len()].to_owned(),
        };
        let quoted = serde_json::Value::from(part);
        let comma = if index > 0 { "," } else { "" };
        let key = serde_json::Value::from(key);
        text.push_str(&match index % 3 {
            1 => format!("{comma}{key}:[{quoted},{{\"b\":{quoted}}}]"),
            _ => format!("{comma}{key}:{quoted}"),
        });
    }
    text.push('}');
    let Ok(value) = check_text(&text) else { return };
    let walked = json_with(value, "", &Policy::DEFAULT, &mut Vec::new());
    assert_eq!(small_json(&text), Some(walked), "of {text}");
});
