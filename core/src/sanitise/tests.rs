use super::*;
use crate::limits::{LONG_STRING_MAX_BYTES, STRING_MAX_BYTES};
use alloc::string::ToString;
use proptest::prelude::*;

#[cfg(feature = "rare-rules")]
mod written;

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
        "127.0.0.1",
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
        ("socks5://jo:secret@proxy.example:9090", "socks5://proxy.example:9090"),
        ("s3://key:secret@bucket.example/a?x=1", "s3://bucket.example/a"),
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

#[cfg(feature = "rare-rules")]
#[test]
fn a_url_in_the_path_of_another_one_has_no_credentials_either() {
    for (input, output) in [
        (
            "https://a.example/https://admin:hunter2@localhost/x",
            "https://a.example/https://localhost/x",
        ),
        ("https://a.example/https://admin:hunter2@10.0.0.1/x", "https://a.example/https://[ip]/x"),
        (
            "https://a.example/w/http://jo:p!w@b.example/http://c:d@e.example",
            "https://a.example/w/http://b.example/http://e.example",
        ),
        ("/proxy/https://jo:p!w@b.example/x?y=1", "/proxy/https://b.example/x"),
        // What a page makes of it.
        ("https://a.example/https://jo:p![email]/x", "https://a.example/https://[email]/x"),
        ("https://a.example/https://b.example/@jo", "https://a.example/https://b.example/@jo"),
        ("https://hooks.slack.com/services/T0/https://a:b@c/", "https://hooks.slack.com/services/"),
        ("o0crcret@db.ettps://jo:S1cs://jo@db.ettps:et@hb.", "[email]://jo:S1cs://hb."),
    ] {
        assert_eq!(clean(input), output, "{input}");
        assert_eq!(clean(output), output, "{output}");
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
    let input = r#"{"a":"x","b":{"note":["jo\u0040example.org", 1.50 ,"ok"]},"/x?y":"https://a.example/?q"}"#;
    let mut findings = Vec::new();
    let output = json(crate::json::check_text(input).unwrap(), "/attributes", &mut findings);
    assert_eq!(
        output,
        r#"{"a":"x","b":{"note":["[email]", 1.50 ,"ok"]},"/x?y":"https://a.example/"}"#
    );
    let places: Vec<_> = findings.iter().map(|f| (f.rule.as_str(), f.pointer.as_str())).collect();
    assert_eq!(places, [("email", "/attributes/b/note/0"), ("url", "/attributes/~1x?y")]);
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

#[cfg(feature = "rare-rules")]
#[test]
fn each_rule_replaces_what_it_finds() {
    for (input, output) in [
        ("+49 (0)30 23125-123.", "[phone]."),
        ("call (303) 555-0123 x12, or 303.555.0124", "call [phone], or [phone]"),
        ("０１７１−３９２００１２", "[phone]"),
        ("电话：13800138000。", "电话：[phone]。"),
        ("please text 94933415 when you arrive", "please text [phone] when you arrive"),
        ("CC: 579054991479", "CC: [card]"),
        ("011 44 20 7946 0958", "[phone]"),
        ("4111 1111 1111 1111, 12/29", "[card], 12/29"),
        ("3782-822463-10005", "[card]"),
        ("GB82 WEST 1234 5698 7654 32 is mine", "[iban] is mine"),
        ("de89370400440532013000", "[iban]"),
        ("219-09-9999", "[ssn]"),
        ("NI: AB 12 34 56 C.", "NI: [national_id]."),
        ("12345678Z", "[national_id]"),
        ("123.456.789-09", "[national_id]"),
        ("from 192.0.2.7:443", "from [ip]:443"),
        ("[2001:db8::1]:443", "[[ip]]:443"),
        ("fe80::1ff:fe23:4567:890a%eth0 up", "[ip] up"),
        ("Bearer abcdef0123456789abcdef", "Bearer [secret]"),
        ("password=geheim&x=1", "password=[secret]&x=1"),
        (r#"{\"apiKey\": \"abc123\"}"#, r#"{\"apiKey\": \"[secret]\"}"#),
        ("cb?code=abcd1234&state=xyz", "cb?code=[secret]&state=[secret]"),
        ("Authorization: Basic am86c2VjcmV0MQ==", "Authorization: Basic [secret]"),
        ("at /home/jo/app/main.rs:4", "at /home/[user]/app/main.rs:4"),
        (r"C:\Users\Jo Doe\x.txt", r"C:\Users\[user]\x.txt"),
        ("4111111111111111@example.org", "[email]"),
        ("联系jo@example.org谢谢", "联系[email]谢谢"),
        ("jo@example.com으로", "[email]으로"),
        ("ｊｏ＠ｅｘａｍｐｌｅ．ｏｒｇ", "[email]"),
        ("jo\u{200d}@exam\u{200b}ple.org", "[email]"),
    ] {
        assert_eq!(clean(input), output, "{input}");
    }
}

#[test]
fn what_only_looks_personal_stays() {
    for input in [
        "2026-01-02 03:04:05",
        "1700000000123",
        "550e8400-e29b-41d4-a716-446655440000",
        "1 234 567,89",
        "Chrome/120.0.0.0 Safari/537.36",
        "version 1.2.3.4",
        "## 0.1.1 - 2015-02-03",
        "::1",
        "std::vec::Vec",
        "12:30:45",
        "00:1a:2b:3c:4d:5e",
        "978-3-16-148410-0",
        "error code: E1234567",
        "https://shop.example/home/garden",
        "/home/garden",
        "4111 1111 1111 1112",
    ] {
        assert_eq!(clean(input), input, "{input}");
    }
}

#[test]
fn a_key_tells_what_its_value_is() {
    let input = r#"{"user":{"email":"x","emails_sent":2,"geo":[{"latitude":52.5,"longitude": 1}]},"password":["a",{"b":1}],"phone":null,"has_email":true,"jo@example.org":{"a":[1]},"n":1}"#;
    let mut findings = Vec::new();
    let output = json(crate::json::check_text(input).unwrap(), "", &mut findings);
    let rare = if cfg!(feature = "rare-rules") { "" } else { r#""jo@example.org":{"a":[1]},"# };
    let expected = [
        r#"{"user":{"email":"[redacted]","emails_sent":2,"geo":[{"latitude":"[redacted]","longitude": "[redacted]"}]},"password":"[redacted]","phone":null,"has_email":true,"#,
        rare,
        r#""n":1}"#,
    ];
    assert_eq!(output, expected.concat());
    let places: Vec<_> = findings.iter().map(|finding| finding.pointer.as_str()).collect();
    let known = ["/user/email", "/user/geo/0/latitude", "/user/geo/0/longitude", "/password", ""];
    assert_eq!(places, known[..places.len()]);
    assert!(crate::json::check_text(&output).is_ok());
}

/// The page's build does without the feature what this policy does with it.
#[test]
fn a_page_leaves_rare_rules_to_the_edge() {
    let page = Policy { rare_rules: false, ..Policy::DEFAULT };
    for (input, output) in [
        ("jo@example.org", "[email]"),
        ("+49 30 23125-123", "+49 30 23125-123"),
        ("(303) 555-0123", "(303) 555-0123"),
        ("4111 1111 1111 1111", "4111 1111 1111 1111"),
        ("219-09-9999", "219-09-9999"),
        ("https://jo:pw@a.example/?q=1", "https://a.example/"),
        ("call 5550123", "call 5550123"),
        ("192.0.2.7", "192.0.2.7"),
        ("GB82 WEST 1234 5698 7654 32", "GB82 WEST 1234 5698 7654 32"),
        ("password=geheim", "password=geheim"),
    ] {
        assert_eq!(text_with(input, &page, &mut |_| {}), output);
        if !cfg!(feature = "rare-rules") {
            assert_eq!(clean(input), output);
        }
    }
}

#[cfg(feature = "rare-rules")]
#[test]
fn a_policy_masks_removes_hashes_and_leaves() {
    let pseudonym =
        |text: &str| ["h1:", &"0a".repeat(32 - text.len()), &"bc".repeat(text.len())].concat();
    let mut policy = Policy {
        actions: &[
            (Rule::Card, Action::Mask),
            (Rule::Email, Action::Remove),
            (Rule::Key, Action::Remove),
        ],
        query: &["page", "q"],
        hash_keys: &["crm_id"],
        ..Policy::DEFAULT
    };
    let with = |policy: &Policy<'_>, input| text_with(input, policy, &mut |_| {}).into_owned();
    assert_eq!(with(&policy, "4111 1111 1111 1111"), "**** **** **** 1111");
    assert_eq!(with(&policy, "to jo@example.org!"), "to !");
    assert_eq!(
        with(&policy, "https://a.example/?x=1&page=2&y&q=jo@example.org#z"),
        "https://a.example/?page=2&q="
    );
    let of = |policy: &Policy<'_>, input| {
        json_with(crate::json::check_text(input).unwrap(), "", policy, &mut Vec::new())
    };
    let input = r#"{"a":1, "email":"x" ,"crm_id":"77","cvv":{"x":[1]}}"#;
    assert_eq!(of(&policy, input), r#"{"a":1, "crm_id":"77"}"#);
    policy.pseudonym = Some(&pseudonym);
    let hashed = of(&policy, input);
    assert_eq!(hashed, [r#"{"a":1, "crm_id":""#, &pseudonym("77"), r#""}"#].concat());
    assert_eq!(of(&policy, &hashed), hashed);
    policy.actions = &[(Rule::Email, Action::Hash)];
    assert_eq!(with(&policy, "jo@example.org"), pseudonym("jo@example.org"));
}

#[test]
fn named_keys_may_be_longer() {
    let long = "ä".repeat(20_000);
    let input = [r#"{"stack_trace":""#, &long, r#"","note":""#, &long, r#""}"#].concat();
    let output = json(crate::json::check_text(&input).unwrap(), "", &mut Vec::new());
    assert_eq!(output.len(), LONG_STRING_MAX_BYTES + STRING_MAX_BYTES + 28);
}

#[test]
fn screens_are_paths_with_starred_ids() {
    for (path, output) in [
        ("/orders/4711/items", "/orders/*/items"),
        ("https://shop.example/p/550e8400-e29b-41d4-a716-446655440000?x=1", "/p/*"),
        ("/u/jo@example.org", "/u/*"),
        ("/v2/iphone-15/", "/v2/iphone-15/"),
        ("https://shop.example", "/"),
        ("/c/deadbeef01", "/c/*"),
    ] {
        assert_eq!(screen(path), output, "{path}");
    }
}

/// Steps a byte that any text may cost; see `time_is_linear`.
const STEPS_A_BYTE: u64 = 60;

fn steps(input: &str) -> u64 {
    steps::of(|| {
        clean(input);
    })
}

#[test]
fn time_is_linear() {
    for unit in [
        "a",
        "1",
        "1 ",
        "12 ",
        "1-",
        "1.",
        "1.1.1.1",
        ":",
        "a:",
        "1:",
        "::",
        "@",
        "a@",
        "@a.",
        "%40",
        "%40a",
        "a.b@c.d",
        "/home/",
        "/",
        "\\",
        "-",
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN ",
        "sk-",
        "sk-a1",
        "eyJ1.",
        "ab12 ",
        "ab12cd34",
        "0151 2345678 ",
        "+49",
        "(1) ",
        "٣",
        "１",
        "password=",
        "token: ",
        "code=a1",
        "tel 1234567 ",
        "a1-",
        "1a-",
        "call ",
        "é1",
        "http://",
        "http://a?",
        "www.",
        "www.a?!",
        "pwd=",
        "pwd=pwd=pwd=pwd=pwd=pwd=pwd=pwd=pwd=pwd=pwd=pwd=pwd=pwd=pwd=(",
        " is 1=1=1=1=1=",
        "电话1234567",
        "＠",
        "：",
        "1\u{200b}",
        "1111 1111 1111 1111 ",
        "de89 3704 ",
        "[phone] 1234567 ",
        "a1b2c3d4e5f6a7b8.",
        "555-123-4567,",
        "\\Users\\a ",
        "x 1 2 3 4 5 6 7 8 9 ",
        "LB62 ",
        "LB 62 ",
        "LC62 MT84 LB62 GT62 ",
        "MT84MALT ",
        "02/03/04/05/06/07/08/09/02,",
        "tel 11 10 11 10 11 10 11 10 11,",
        "(11) 10 (11) 10 (11) 10 (11) 10 (11),",
    ] {
        let once = steps(&unit.repeat(4_000 / unit.len()));
        let twice = steps(&unit.repeat(8_000 / unit.len()));
        assert!(twice < once * 9 / 4 + 1_000, "{unit:?}: {once} steps, then {twice}");
        assert!(twice < 8_000 * STEPS_A_BYTE, "{unit:?}: {} steps a byte", twice / 8_000);
    }
}

/// Pieces that rules look for, in any order.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("jo@example.org"),
        Just("@"),
        Just("%40"),
        Just("＠"),
        Just(" "),
        Just(" "),
        Just("-"),
        Just("."),
        Just("/"),
        Just(":"),
        Just("="),
        Just("?"),
        Just("&"),
        Just("+"),
        Just("("),
        Just(")"),
        Just(","),
        Just("\""),
        Just("0151 2345678"),
        Just("555-123-4567"),
        Just("1234567"),
        Just("5"),
        Just("4111 1111 1111 1111"),
        Just("GB82 WEST 1234 5698 7654 32"),
        Just("219-09-9999"),
        Just("192.0.2.7"),
        Just("2001:db8::1"),
        Just("::"),
        Just("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln1"),
        Just("Bearer "),
        Just("sk_live_abcdef0123456789"),
        Just("password"),
        Just("code"),
        Just("token"),
        Just("cookie"),
        Just("phone "),
        Just("order "),
        Just("card "),
        Just("https://"),
        Just("/home/"),
        Just("\\Users\\"),
        Just("-----BEGIN PRIVATE KEY-----"),
        Just("-----END"),
        Just("[phone]"),
        Just("[email]"),
        Just("]"),
        Just("x"),
        Just("é"),
        Just("电话"),
        Just("\u{200b}"),
        Just("１"),
        Just("٣"),
        Just("\n"),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn hostile() -> impl Strategy<Value = String> {
    r#"([a-c@.%'/?#:<> -]|40|://|＠|ä|xn--|\[email\]){0,40}"#
}

proptest! {
    #[test]
    fn sanitising_twice_changes_nothing_more(
        input in prop_oneof![hostile(), pieces(), pieces(), any::<String>()],
    ) {
        let once = clean(&input);
        prop_assert_eq!(clean(&once), once);
    }

    #[test]
    fn steps_are_bounded_by_the_length(input in pieces()) {
        let input = input.repeat(8);
        prop_assert!(steps(&input) <= (input.len() as u64 + 40) * 4 * STEPS_A_BYTE);
    }

    #[test]
    fn sanitised_json_is_json_and_stays(input in pieces(), key in pieces()) {
        let value = serde_json::json!({ key: input.clone(), "n": [input, 1, { "email": 2 }] });
        let once = json(crate::json::check_text(&value.to_string()).unwrap(), "", &mut Vec::new());
        let again = crate::json::check_text(&once).unwrap();
        prop_assert_eq!(json(again, "", &mut Vec::new()), once);
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

/// What searching and fuzzing found slow, or once was slower than linear.
#[test]
fn the_slowest_patterns_known_are_linear() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/sanitise/slow_patterns.txt");
    let list = std::fs::read_to_string(root).unwrap();
    assert!(list.lines().count() >= 10);
    for line in list.lines() {
        let unit: String = serde_json::from_str(line).unwrap();
        let once = steps(&unit.repeat(8_000 / unit.len()));
        let twice = steps(&unit.repeat(16_000 / unit.len()));
        assert!(twice < once * 9 / 4 + 1_000, "{unit:?}: {once} steps, then {twice}");
        // Text that changes is gone over once more.
        assert!(twice < 16_000 * 2 * STEPS_A_BYTE, "{unit:?}: {} steps a byte", twice / 16_000);
    }
}

#[cfg(feature = "rare-rules")]
#[test]
fn addresses_are_found_however_they_are_written() {
    for (input, output) in [
        ("jo%2540example.org", "[email]"),
        ("jo%252540example.org", "[email]"),
        ("jo%EF%BC%A0example.org", "[email]"),
        ("jo﹫example.org", "[email]"),
        ("<jo&#64;example.org>", "<[email]>"),
        ("jo&commat;example.org", "[email]"),
        (r"jo\u0040example.org", "[email]"),
        ("jo@example。org", "[email]"),
        ("jo@sub_domain.example.org", "[email]"),
        (r#"to "jo doe"@example.org, please"#, "to [email], please"),
        ("jo@[192.0.2.1] bounced", "[email] bounced"),
        ("jo (at) example [dot] org", "[email]"),
        ("write jo[at]example.org!", "write [email]!"),
        ("f(at) and g[at]", "f(at) and g[at]"),
        ("meet @ noon. look at the dot com bubble", "meet @ noon. look at the dot com bubble"),
    ] {
        assert_eq!(clean(input), output, "{input}");
    }
}

#[cfg(feature = "rare-rules")]
#[test]
fn numbers_are_told_by_their_own_proof_or_by_a_word() {
    for (input, output) in [
        ("4111_1111_1111_1111", "[card]"),
        ("4111  1111  1111  1111", "[card]"),
        ("card 4012/8888/8888/1881", "card [card]"),
        ("DE89 3704 0044 0532 0130 00", "[iban]"),
        ("GB 82 WEST 1234 5698 7654 32", "[iban]"),
        ("MT84 MALT 0110 0001 2345 MTLC AST0 01S", "[iban]"),
        ("DE88370400440532013000", "DE88370400440532013000"),
        ("BSN 111222333", "BSN [national_id]"),
        ("order 111222333", "order 111222333"),
        ("national id: 34905222181", "national id: [national_id]"),
        ("12.345.678-5", "[national_id]"),
        ("12.345.678-9", "12.345.678-9"),
        ("8001015009087", "[national_id]"),
        ("900101/1230", "900101/1230"),
        ("5550123 is my phone", "[phone] is my phone"),
        ("1800 123 1334", "[phone]"),
        ("ISBN 0-08-238369-3", "ISBN 0-08-238369-3"),
        ("10 541 684 8699 73 389", "10 541 684 8699 73 389"),
        ("[`0943001563`] doc: fix", "[`0943001563`] doc: fix"),
        ("addr:2001:db8:1:2:3:4:5:6", "addr:[ip]"),
        ("it was 2001:db8:1:2:3:4:5:6.", "it was [ip]."),
        ("from 2001:db8::7f. Then", "from [ip]. Then"),
        ("Mobile/8B113 Safari/6533.38.4", "Mobile/8B113 Safari/6533.38.4"),
        ("libX11 1.4.99.1, ping 1.2.3.4", "libX11 1.4.99.1, ping [ip]"),
        // A machine stands beside a machine.
        ("ping 1.2.3.4 1.2.3.5 1.2.3.6 1.2.3.7", "ping [ip] [ip] [ip] [ip]"),
        (r#""node": "10.1.2.3", "v8": "9.4.146.26""#, r#""node": "[ip]", "v8": "9.4.146.26""#),
        (
            "Chromium 98.76.154.32, seen at 98.76.154.32",
            "Chromium 98.76.154.32, seen at 98.76.154.32",
        ),
        ("token = self.tokens.next()", "token = self.tokens.next()"),
        ("password=password, token: ${token}", "password=password, token: ${token}"),
        ("-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----"),
        ("https://hooks.slack.com/services/T0/B0/x", "https://hooks.slack.com/services/"),
        ("/var/home/jo/a", "/var/home/[user]/a"),
    ] {
        assert_eq!(clean(input), output, "{input}");
    }
}

/// Each label was the value of the one before it, and every round hid the last one.
#[test]
fn labels_in_a_row_stay_after_one_pass() {
    for unit in ["ab12key01=", "x-token1:", "sk_live_-token1:", "code1=a:", "token: b1:"] {
        let once = clean(&unit.repeat(40));
        assert_eq!(clean(&once), once, "{unit}");
    }
}

#[test]
#[cfg(feature = "rare-rules")]
fn what_was_missed_once_is_found() {
    for (input, output) in [
        ("連絡：ｊｏ＠ｅｘａｍｐｌｅ．ｏｒｇ", "連絡：[email]"),
        ("連絡先ｊｏ＠example.org", "連絡先[email]"),
        ("write to jo%2540example.org", "write to [email]"),
        ("jo&#64;example.org", "[email]"),
        ("ls ~jo/notes", "ls ~[user]/notes"),
        ("cd ~/notes", "cd ~/notes"),
        ("file=%2Fhome%2Fjo%2Fa.txt", "file=%2Fhome%2F[user]%2Fa.txt"),
        ("see www.shop.example/cart?id=7 now", "see www.shop.example/cart now"),
        ("Is it www.shop.example? Yes", "Is it www.shop.example? Yes"),
        ("PGPASSWORD=hunter2 psql", "PGPASSWORD=[secret] psql"),
        ("mot de passe: hunter2", "mot de passe: [secret]"),
        ("my password is Tr0ub4dor&3.", "my password is [secret]."),
        ("the password is too short", "the password is too short"),
        ("пароль: hunter2", "пароль: [secret]"),
        ("我的密码：hunter2", "我的密码：[secret]"),
        ("tarjeta 4143531639908", "tarjeta [card]"),
        ("my id is 529.982.247-25", "my id is [national_id]"),
        ("src: /2001:db8:1d8d::ce1:54106", "src: /[ip]:54106"),
        ("Call me on 555-0123 or 5550 1234", "Call me on [phone] or [phone]"),
        (
            "PuTTY-User-Key-File-2: ssh-rsa\nPrivate-Lines: 1\nAAAA\nPrivate-MAC: 00ff\nend",
            "[private_key]\nend",
        ),
    ] {
        assert_eq!(clean(input), output, "{input}");
    }
}

#[test]
#[cfg(feature = "rare-rules")]
fn what_was_touched_once_stays() {
    for text in [
        "0009  ; [*0201.0020.0002] # HORIZONTAL TABULATION",
        "<Buffer 66 00 68 00 71 00 77 00 68 00 67 00 61 00 64 00 73 00>",
        "utc_datetime!(+999999-12-31 23:59:59.999_999_999)",
        "emit(original_token=anchor_token)",
        "key_password=certs[0][2],",
        "pub log_passwd: __u32,",
        "pub const IFLA_INET6_TOKEN: _bindgen_ty_5 = 1;",
        "wtoken = AppWindowToken{9f4ef63 token=Token{a64f992 ActivityRecord{de9231d u0}}}",
    ] {
        assert_eq!(clean(text), text);
    }
}
