use super::*;
use alloc::string::ToString;
use proptest::prelude::*;

fn clean(input: &str) -> String {
    text(input, &mut |_| {}).into_owned()
}

#[test]
fn addresses_are_replaced_and_their_neighbours_stay() {
    for (input, output) in [
        ("jo@example.org", "[email]"),
        ("Write to jo.doe+news@mail.example.co.uk, please.", "Write to [email], please."),
        ("<jo@example.org>", "<[email]>"),
        ("'jo@example.org'.", "'[email]'."),
        ("email=jo%40example.org&x", "email=[email]&x"),
        ("jo＠example.org", "[email]"),
        ("jörg@bücher.example", "[email]"),
        ("a@b.de,c@d.de", "[email],[email]"),
        ("o'brien@example.ie", "[email]"),
        ("jo@xn--bcher-kva.xn--p1ai", "[email]"),
        ("mailto:jo@example.org", "mailto:[email]"),
        ("/users/jo@example.org/edit", "/users/[email]/edit"),
    ] {
        assert_eq!(clean(input), output, "{input}");
    }
}

#[test]
fn what_is_no_address_stays() {
    for input in [
        "",
        "@",
        "@tidemark",
        "npm i @tidemark/web",
        "a@b",
        "jo@example",
        "50@2.99",
        "@media print",
        "react@18.2.0",
        "jo@.org",
        "3 @ 4.50 each",
        "jo@localhost",
        "100%40",
        "［email］",
        "[email]",
        "meet me @ noon. bring tea",
        "10.0.0.1",
        "v1.2.3-rc.1",
    ] {
        assert_eq!(clean(input), input, "{input}");
    }
}

#[test]
fn urls_end_at_their_path() {
    for (input, output) in [
        ("https://shop.example/cart?token=1#top", "https://shop.example/cart"),
        ("https://jo:secret@shop.example/cart", "https://shop.example/cart"),
        ("https://shop.example?code=1", "https://shop.example"),
        (
            "see https://a.example/x?y=1 and http://b.example/#z.",
            "see https://a.example/x and http://b.example/",
        ),
        ("/cart?voucher=1", "/cart"),
        ("/cart#pay", "/cart"),
        ("//cdn.example/x?y", "//cdn.example/x"),
        ("https://shop.example/u/jo@example.org/x", "https://shop.example/u/[email]/x"),
        (r#"<a href="https://a.example/?x=1">"#, r#"<a href="https://a.example/">"#),
    ] {
        assert_eq!(clean(input), output, "{input}");
    }
}

#[test]
fn questions_and_colours_stay() {
    for input in ["Really? Yes.", "#fff", "a/b?", "colour: #0a0", "what://", "C://", "1://x?y"] {
        assert_eq!(clean(input), input, "{input}");
    }
}

#[test]
fn nested_strings_are_found_with_their_place() {
    let input = r#"{"a":"x","b":{"mail":["jo\u0040example.org", 1.50 ,"ok"]},"/x?y":"https://a.example/?q"}"#;
    let mut findings = Vec::new();
    let output = json(crate::json::check_text(input).unwrap(), "/attributes", &mut findings);
    assert_eq!(
        output,
        r#"{"a":"x","b":{"mail":["[email]", 1.50 ,"ok"]},"/x?y":"https://a.example/"}"#
    );
    let places: Vec<_> = findings.iter().map(|f| (f.rule.as_str(), f.pointer.as_str())).collect();
    assert_eq!(places, [("email", "/attributes/b/mail/0"), ("url", "/attributes/~1x?y")]);
}

#[test]
fn long_strings_are_cut_at_a_character() {
    let long = "ä".repeat(STRING_MAX_BYTES);
    let quoted = ["\"", &long, "\""].concat();
    let mut findings = Vec::new();
    let output = json(crate::json::check_text(&quoted).unwrap(), "", &mut findings);
    assert_eq!(output.len(), STRING_MAX_BYTES + 2);
    assert_eq!(findings, [Finding { rule: Rule::Cut, pointer: String::new() }]);
}

fn hostile() -> impl Strategy<Value = String> {
    r#"([a-c@.%'/?#:<> -]|40|://|＠|ä|xn--|\[email\]){0,40}"#
}

proptest! {
    #[test]
    fn sanitising_twice_changes_nothing_more(input in prop_oneof![hostile(), any::<String>()]) {
        let once = clean(&input);
        prop_assert_eq!(clean(&once), once);
    }

    #[test]
    fn the_rest_of_a_json_text_is_copied_byte_for_byte(input in "[a-z ,.!\\\\\"]{0,40}") {
        let quoted = serde_json::Value::from(input).to_string();
        let mut findings = Vec::new();
        let output = json(crate::json::check_text(&quoted).unwrap(), "", &mut findings);
        prop_assert_eq!(output, quoted.to_string());
        prop_assert!(findings.is_empty());
    }
}
