//! `tidemark sanitize`.

use serde_json::{Value, json};

use crate::run::{tidemark, with_environment};

const TENANT: &str = "0190f5f6-7e2a-7c3b-9d4e-5f6071829301";

#[test]
fn an_event_comes_back_with_what_was_found() {
    let event = json!({
        "event_name": "signup_click",
        "user_id": "u_17",
        "attributes": {"note": "write to jo@example.org", "price": 12.5},
        "context": {"page": {"url": "https://shop.example/a?token=1"}},
    });
    let ran = tidemark(&["sanitize"], format!("{event}\n"));
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    let line = ran.line();
    assert_eq!(line["line"], 1);
    assert_eq!(line["event"]["attributes"], json!({"note": "write to [email]", "price": 12.5}));
    assert_eq!(line["event"]["context"]["page"]["url"], "https://shop.example/a");
    assert_eq!(line["event"]["user_id"], "u_17");
    let findings = line["findings"].as_array().unwrap();
    assert!(findings.contains(&json!({"rule": "email", "pointer": "/attributes/note"})), "{line}");
    assert!(findings.contains(&json!({"rule": "url", "pointer": "/context/page/url"})), "{line}");
}

#[test]
fn what_nothing_was_found_in_comes_back_byte_for_byte() {
    let event = r#"{ "b":1.50,  "event_name" : "a\u0062", "attributes":{"z":[1, 2]} }"#;
    let ran = tidemark(&["sanitize", "--events-only"], format!("{event}\n"));
    assert_eq!(ran.text(), format!("{event}\n"));
}

#[test]
fn what_is_sanitised_is_not_changed_again() {
    let events = [
        r#"{"event_name":"a","user_id":"jo@example.org","attributes":{"password":"x","t":"+41 44 668 18 00"}}"#,
        r#"{"event_name":"feedback_submission","attributes":{"comment":"x","e":"4111 1111 1111 1111"}}"#,
    ];
    let once = tidemark(&["sanitize", "--events-only"], events.join("\n"));
    let twice = tidemark(&["sanitize", "--events-only"], once.text());
    assert_eq!(once.out, twice.out);
    assert_eq!(tidemark(&["sanitize", "--check"], once.text()).code, Some(0));
}

#[test]
fn bad_lines_are_told_with_their_number_and_end_nothing() {
    let input: &[u8] =
        b"nope jo@example.org\n{\"a\":1}\n\n\xff{}\n{\"a\":\"jo@example.org\\ud800\"}\n{\"a\":1,\"a\":2}\n7\n{\"b\":2}";
    let ran = tidemark(&["sanitize"], input);
    assert_eq!(ran.code, Some(1));
    let lines = ran.lines();
    let numbers: Vec<_> = lines.iter().map(|line| line["line"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7, 8]);
    let codes: Vec<_> = lines.iter().map(|line| line["error"]["code"].as_str()).collect();
    assert_eq!(
        codes,
        [
            Some("invalid_json"),
            None,
            Some("invalid_json"),
            Some("invalid_utf8"),
            Some("lone_surrogate"),
            Some("duplicate_key"),
            Some("not_an_object"),
            None
        ]
    );
    assert_eq!(lines[4]["error"]["pointer"], "/a");
    assert!(!ran.text().contains("jo@"), "{ran:?}");
    let events = tidemark(&["sanitize", "--events-only"], input);
    assert_eq!((events.code, events.text()), (Some(1), "{\"a\":1}\n{\"b\":2}\n"));
    assert!(events.err.contains("line 5: A string holds half of a surrogate pair"), "{events:?}");
    assert!(!events.err.contains("jo@"), "{events:?}");
}

#[test]
fn a_personal_user_id_is_hashed_with_the_salt_and_removed_without() {
    let event = r#"{"event_name":"a","user_id":"Jo@Example.org"}"#;
    let line = tidemark(&["sanitize"], event).line();
    assert_eq!(line["event"], json!({"event_name": "a"}));
    assert_eq!(line["findings"], json!([{"rule": "hash", "pointer": "/user_id"}]));

    let options = ["sanitize", "--salt-secret-env", "SALT", "--tenant", TENANT];
    let salted = |event: &str| {
        with_environment(&options, &[("SALT", "0123456789abcdef")], event).line()["event"].clone()
    };
    let hashed = salted(event);
    let user_id = hashed["user_id"].as_str().unwrap();
    assert!(user_id.len() == 67 && user_id.starts_with("h1:"), "{hashed}");
    assert_eq!(salted(&event.replace("Jo@Ex", "jo@ex")), hashed, "case is no other person");
    assert_eq!(salted(&hashed.to_string()), hashed, "a hash is not hashed again");
    // What the page has digested is no clear text, and not its final form either.
    let digest = format!(r#"{{"event_name":"a","user_id":"s1:{}"}}"#, "0a".repeat(32));
    assert!(salted(&digest)["user_id"].as_str().unwrap().starts_with("h1:"));
    let left = tidemark(&["sanitize"], &digest).line()["event"].clone();
    assert_eq!(left, serde_json::from_str::<Value>(&digest).unwrap());
}

#[test]
fn options_that_cannot_work_are_said() {
    let salt = &["sanitize", "--salt-secret-env", "SALT"][..];
    let tenant = &["sanitize", "--salt-secret-env", "SALT", "--tenant", TENANT][..];
    let slug = &["sanitize", "--salt-secret-env", "SALT", "--tenant", "acme"][..];
    for (arguments, secret, words) in [
        (salt, Some("0123456789abcdef"), "--tenant"),
        (tenant, None, "SALT is not set"),
        (tenant, Some("hushhush"), "less than 16 bytes"),
        (slug, Some("0123456789abcdef"), "the tenant's UUID"),
        (&["sanitize", "--hash-key", "a"], None, "--salt-secret-env"),
        (&["sanitize", "--rule", "email=hash"], None, "--salt-secret-env"),
        (&["sanitize", "--rule", "emial=mask"], None, "there is no rule `emial`"),
        (&["sanitize", "--rule", "email=burn"], None, "replace, mask, remove, hash"),
        (&["sanitize", "--text", "--events-only"], None, "cannot be used with"),
    ] {
        let environment: Vec<_> = secret.map(|secret| ("SALT", secret)).into_iter().collect();
        let ran = with_environment(arguments, &environment, "");
        assert_eq!((ran.code, ran.out.as_slice()), (Some(2), &b""[..]), "{ran:?}");
        assert!(ran.err.contains(words), "{words} in {}", ran.err);
        assert!(!ran.err.contains("hushhush"), "{}", ran.err);
    }
}

#[test]
fn rules_can_do_otherwise() {
    let event = r#"{"event_name":"a","attributes":{"m":"jo@example.org","u":"https://a.example/?utm_source=x&k=1"}}"#;
    let masked = tidemark(&["sanitize", "--rule", "email=mask"], event).line();
    assert_eq!(masked["event"]["attributes"]["m"], "**@*******.***");
    let kept = tidemark(&["sanitize", "--keep-query", "utm_source"], event).line();
    assert_eq!(kept["event"]["attributes"]["u"], "https://a.example/?utm_source=x");
}

#[test]
fn free_text_goes_unless_it_is_kept() {
    let event =
        r#"{"event_name":"chat_interaction","attributes":{"prompt_te\u0078t":"hello","a":1}}"#;
    let line = tidemark(&["sanitize"], event).line();
    assert_eq!(line["event"]["attributes"], json!({"a": 1}));
    let pointer = "/attributes/prompt_text";
    assert_eq!(line["findings"], json!([{"rule": "free_text", "pointer": pointer}]));
    let kept = tidemark(&["sanitize", "--keep-free-text"], event).line();
    assert_eq!(kept["event"]["attributes"], json!({"prompt_text": "hello", "a": 1}));
    // Another event's attribute of that name is nobody's prompt.
    let other = event.replace("chat_interaction", "a");
    assert_eq!(tidemark(&["sanitize"], other).line()["findings"], json!([]));
}

#[test]
fn a_batch_is_sanitised_event_by_event() {
    let batch = r#"{"context":{"page":{"url":"https://a.example/?x"}},"events":[{"event_name":"a","user_id":"jo@example.org"},7,{"event_name":"survey_response","attributes":{"response_value":"x"}}]}"#;
    let line = tidemark(&["sanitize"], batch).line();
    assert_eq!(line["batch"]["events"][0], json!({"event_name": "a"}));
    assert_eq!(line["batch"]["events"][2]["attributes"], json!({}));
    let pointers: Vec<_> =
        line["findings"].as_array().unwrap().iter().map(|f| &f["pointer"]).collect();
    assert_eq!(
        pointers,
        ["/events/0/user_id", "/events/2/attributes/response_value", "/context/page/url"]
    );
}

#[test]
fn text_is_a_line_for_a_line() {
    let input: &[u8] =
        b"\xef\xbb\xbfhello jo@example.org\r\n\n\0nul\0 10.0.0.1\0\n\xff jo@example.org \xe9t\xe9\n  plain  ";
    let plain = tidemark(&["sanitize", "--text"], input);
    let expected =
        "\u{feff}hello [email]\r\n\n\0nul\0 [ip]\0\n\u{fffd} [email] \u{fffd}t\u{fffd}\n  plain  ";
    assert_eq!((plain.code, plain.text()), (Some(0), expected));
    assert_eq!(plain.err, "tidemark: line 4: not UTF-8; what cannot be read became U+FFFD\n");

    let ran = tidemark(&["sanitize", "--text", "--json"], input);
    let email = json!([{"rule": "email", "pointer": ""}]);
    assert_eq!(ran.code, Some(0));
    assert_eq!(
        ran.lines(),
        [
            json!({"line": 1, "text": "hello [email]", "findings": email}),
            json!({"line": 2, "text": "", "findings": []}),
            json!({"line": 3, "text": "\0nul\0 [ip]\0", "findings": [{"rule": "ip", "pointer": ""}]}),
            json!({"line": 4, "text": "\u{fffd} [email] \u{fffd}t\u{fffd}", "findings": email, "invalid_utf8": true}),
            json!({"line": 5, "text": "  plain  ", "findings": []}),
        ]
    );
}

#[test]
fn clean_text_is_the_same_bytes() {
    let clean = "One line.\r\n\r\nOrder 1042, v1.2.3, #ff8800.\n\u{1f30a} \u{6f6e}\tend";
    assert_eq!(tidemark(&["sanitize", "--text"], clean).text(), clean);
    assert_eq!(tidemark(&["sanitize", "--text"], "").text(), "");
}

#[test]
fn check_tells_which_lines_would_change_and_nothing_of_them() {
    let ran = tidemark(&["sanitize", "--text", "--check"], "clean\njo@example.org\nclean\n");
    assert_eq!(ran.code, Some(1));
    let finding = json!({"line": 2, "findings": [{"rule": "email", "pointer": ""}]});
    assert_eq!(ran.line(), finding);
    let clean = tidemark(&["sanitize", "--text", "--check", "--summary"], "clean\n\n");
    assert_eq!((clean.code, clean.text()), (Some(0), ""));
    let summary: Value = serde_json::from_str(&clean.err).unwrap();
    assert_eq!(summary, json!({"lines": 2, "changed": 0, "bad": 0, "not_utf8": 0}));
}

#[test]
fn a_line_over_the_bound_is_never_passed_on() {
    let fits = "x".repeat(1024 * 1024);
    let input = format!("{fits}\r\njo@example.org{fits}\nend\n");
    let ran = tidemark(&["sanitize", "--text"], &input);
    assert_eq!(ran.code, Some(1));
    assert_eq!(ran.text(), format!("{fits}\r\n[too_long]\nend\n"));
    assert!(ran.err.starts_with("tidemark: line 2: The line is longer than 1 MiB"), "{}", ran.err);
    let json = tidemark(&["sanitize", "--text", "--json"], &input).lines();
    assert_eq!(json[1]["error"]["code"], "body_too_large");
    assert_eq!(json[2], json!({"line": 3, "text": "end", "findings": []}));
}
