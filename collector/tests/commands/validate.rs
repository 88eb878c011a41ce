//! `tidemark validate`.

use serde_json::json;
use tempfile::TempDir;

use crate::run::tidemark;

const ID: &str = "0190f5f6-7e2a-7c3b-9d4e-5f6071829301";
const OTHER: &str = "0190f5f6-7e2a-7c3b-9d4e-5f6071829302";

#[test]
fn each_line_gets_its_answer_in_order() {
    let good = format!(r#"{{"event_id":"{ID}","event_name":"signup_click"}}"#);
    let input = [
        good.as_bytes(),
        b"\n{\"event_name\":\"Signup\"}\r\n",
        b"\n  \nnot json\n{\"event_name\":\"a\"} {}\n\xff\xfe\n",
        b"{\"event_name\":\"a\",\"attributes\":{\"a\":\"\\u0000\"}}\nnull\n[]\n",
        good.as_bytes(),
    ]
    .concat();
    let ran = tidemark(&["validate"], &input);
    assert_eq!((ran.code, ran.err.as_str()), (Some(1), ""), "{ran:?}");
    let lines = ran.lines();
    let numbers: Vec<u64> = lines.iter().map(|line| line["line"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=11).collect::<Vec<_>>());
    assert_eq!(lines[0], json!({"line": 1, "event_id": ID, "verdict": "accepted"}));
    assert_eq!(lines[10], json!({"line": 11, "event_id": ID, "verdict": "accepted"}));
    let expected = [
        ("invalid_event_name", Some("/event_name")),
        ("invalid_json", None),
        ("invalid_json", None),
        ("invalid_json", None),
        ("invalid_json", None),
        ("invalid_utf8", None),
        ("nul_character", Some("/attributes/a")),
        ("not_an_object", Some("")),
        ("not_an_object", Some("")),
    ];
    for (line, (code, pointer)) in lines[1..10].iter().zip(expected) {
        assert_eq!(line["verdict"], "rejected", "{line}");
        assert_eq!(line["code"], code, "{line}");
        assert_eq!(line.get("pointer").and_then(|p| p.as_str()), pointer, "{line}");
        assert!(line["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{line}");
    }
}

#[test]
fn the_exit_code_says_whether_all_is_well() {
    let good = r#"{"event_name":"a"}"#;
    let denied = r#"{"event_name":"a","context":{"consent":{"analytics":false}}}"#;
    for (arguments, input, code) in [
        (&["validate"][..], good, 0),
        (&["validate"], "", 0),
        (&["validate"], "x", 1),
        (&["validate"], denied, 1),
        (&["validate", "--allow-dropped"], denied, 0),
        (&["validate", "--when-consent-absent", "drop"], good, 1),
        (&["validate", "--mode", "strict"], good, 1),
        (&["validate", "--mode", "loud"], good, 2),
        (&["validate", "--received-at", "yesterday"], good, 2),
        (&["validate", "--site", "crm-web"], good, 2),
        (&["validate", "/no/such/file"], good, 2),
        (&["validate", "/"], good, 2),
        (&["validate", "--schemas", "/no/such/folder"], good, 2),
    ] {
        let ran = tidemark(arguments, input);
        assert_eq!(ran.code, Some(code), "{arguments:?} {ran:?}");
        assert_eq!(ran.err.is_empty(), code != 2, "{arguments:?} {ran:?}");
    }
}

#[test]
fn a_batch_is_one_line_with_its_verdicts() {
    let batch = json!({
        "batch_id": "b1",
        "context": {"consent": {"analytics": true}},
        "events": [
            {"event_id": ID, "event_name": "a"},
            {"event_name": "B"},
            {"event_name": "c", "context": {"consent": {"analytics": false}}},
        ],
    });
    let ran = tidemark(&["validate", "--summary"], format!("{batch}\n{{\"events\":1}}"));
    let lines = ran.lines();
    assert_eq!(lines[0]["batch_id"], "b1");
    assert_eq!(lines[0]["verdicts"][0], json!({"event_id": ID, "verdict": "accepted"}));
    assert_eq!(lines[0]["verdicts"][1]["code"], "invalid_event_name");
    assert_eq!(lines[0]["verdicts"][2]["verdict"], "dropped");
    assert_eq!((&lines[0]["accepted"], &lines[0]["rejected"]), (&json!(1), &json!(1)));
    assert_eq!(lines[1]["code"], "invalid_batch");
    assert_eq!(lines[1]["pointer"], "/events");
    let summary: serde_json::Value = serde_json::from_str(&ran.err).unwrap();
    assert_eq!(
        summary,
        json!({"lines": 2, "accepted": 1, "rejected": 2, "dropped": 1,
               "codes": {"invalid_event_name": 1, "invalid_batch": 1, "consent": 1}})
    );
}

#[test]
fn what_was_refused_is_never_shown() {
    let secret = "jo@example.org";
    let ran = tidemark(
        &["validate"],
        format!(
            "{{\"event_name\":\"{secret}\"}}\n{secret}\n{{\"event_name\":\"a\",\"source\":\"{secret}\"}}\n"
        ),
    );
    assert_eq!(ran.lines().len(), 3);
    assert!(!ran.text().contains(secret) && !ran.err.contains(secret), "{ran:?}");
}

#[test]
fn quiet_and_only_bad_write_less_and_mean_the_same() {
    let input = "{\"event_name\":\"a\"}\n{}\n{\"event_name\":\"a\"}\n";
    let only_bad = tidemark(&["validate", "--only-bad"], input);
    assert_eq!((only_bad.code, only_bad.line()["line"].as_u64()), (Some(1), Some(2)));
    let quiet = tidemark(&["validate", "--quiet", "--summary"], input);
    assert_eq!((quiet.code, quiet.text()), (Some(1), ""));
    assert!(quiet.err.contains("\"accepted\":2"), "{quiet:?}");
}

#[test]
fn a_tenant_or_site_that_is_named_is_compared() {
    let event = format!(r#"{{"event_name":"a","tenant_id":"{ID}","site_id":"{ID}"}}"#);
    assert_eq!(tidemark(&["validate"], &event).line()["verdict"], "accepted");
    assert_eq!(tidemark(&["validate", "--tenant", ID], &event).line()["verdict"], "accepted");
    for (option, pointer) in [("--tenant", "/tenant_id"), ("--site", "/site_id")] {
        let line = tidemark(&["validate", option, OTHER], &event).line();
        assert_eq!(line["code"], "tenant_mismatch", "{line}");
        assert_eq!(line["pointer"], pointer, "{line}");
    }
}

#[test]
fn the_time_of_receipt_decides_about_age() {
    let event = r#"{"event_name":"a","occurred_at":"2026-01-01T00:00:00Z"}"#;
    for (received_at, code) in [
        ("2026-01-02T00:00:00Z", None),
        ("2026-01-09T00:00:00Z", Some("too_old")),
        ("2025-12-30T00:00:00Z", Some("in_future")),
    ] {
        let line = tidemark(&["validate", "--received-at", received_at], event).line();
        assert_eq!(line["code"].as_str(), code, "{line}");
    }
}

#[test]
fn several_files_name_themselves() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("a"), "\u{feff}{\"event_name\":\"a\"}\n{}").unwrap();
    std::fs::write(path("b"), "\u{feff}{\"event_name\":\"b\"}").unwrap();
    let ran = tidemark(&["validate", &path("a"), "-", &path("b")], "{}\n");
    let lines = ran.lines();
    let told: Vec<_> = lines
        .iter()
        .map(|line| (line["file"].as_str().unwrap(), line["line"].as_u64().unwrap()))
        .collect();
    let (a, b) = (path("a"), path("b"));
    assert_eq!(told, [(a.as_str(), 1), (&a, 2), ("standard input", 1), (&b, 1)]);
    assert_eq!(lines[3]["verdict"], "accepted");
    assert!(tidemark(&["validate", &path("a")], "").lines()[0].get("file").is_none());
}

#[test]
fn a_line_over_the_bound_is_told_and_passed_over() {
    let event = |bytes: usize| {
        let empty = r#"{"event_name":"a","attributes":{"a":""}}"#;
        empty.replace("\"\"", &format!("\"{}\"", "x".repeat(bytes - empty.len())))
    };
    let (fits, large, long) = (event(65_536), event(500_000), event(500_001));
    let ran = tidemark(&["validate"], format!("{fits}\r\n{large}\r\n{long}\r\n{fits}\n"));
    let codes: Vec<_> =
        ran.lines().iter().map(|line| line["code"].as_str().map(str::to_owned)).collect();
    let code = |code: &str| Some(code.to_owned());
    assert_eq!(codes, [None, code("event_too_large"), code("body_too_large"), None]);
    assert_eq!(ran.lines()[3]["line"], 4);
}
