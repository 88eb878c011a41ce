//! schemas/aliases: what other products send, what it becomes, what is said.

use std::fs;

use serde_json::{Value as Json, json};

use super::*;
use crate::batch::{Batch, Form};
use crate::id::Uuid;
use crate::judge::{Arrival, Judge, Place};
use crate::time::format_rfc3339;
use crate::validate::Catalogue;

const NOW_MS: i64 = 1_795_250_285_123;
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/aliases/");
const FILES: [&str; 4] = ["capture.json", "track.json", "events.json", "frontend.json"];

fn site() -> Site {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/golden/sites.json");
    let sites: Vec<Site> = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    sites.into_iter().find(|site| site.site == "open").unwrap()
}

fn now() -> String {
    let mut text = String::new();
    format_rfc3339(NOW_MS, &mut text);
    text
}

fn at_now(text: &str) -> String {
    let mut five_ago = String::new();
    format_rfc3339(NOW_MS - 5_000, &mut five_ago);
    text.replace("$NOW-5s", &five_ago).replace("$NOW", &now())
}

/// `verdict code pointer` of each event, the pointer in the sender's words.
fn verdicts(alias: Alias, batch: &str) -> Vec<String> {
    let site = site();
    let catalogue = Catalogue::builtin().unwrap();
    let arrival = Arrival { received_at_ms: NOW_MS, ..Arrival::default() };
    let judge = Judge {
        site: &site,
        schemas: Some(&catalogue),
        place: Place::Public(arrival),
        pseudonym: None,
    };
    let batch = Batch::read(batch.as_bytes(), Form::Alias).unwrap();
    let judged = judge.batch(&batch, &mut |_| Uuid([1; 16]));
    let line = |event: &crate::judge::Judged| match &event.fault {
        None => event.verdict.as_str().to_string(),
        Some(fault) => {
            [event.verdict.as_str(), fault.code.as_str(), &alias.sender_pointer(&fault.pointer)]
                .join(" ")
        }
    };
    judged.events.iter().map(line).collect()
}

#[test]
fn every_golden_body_becomes_what_stands_beside_it() {
    let mut count = 0;
    for file in FILES {
        let text = fs::read_to_string([FOLDER, file].concat()).unwrap();
        let golden: Json = serde_json::from_str(&text).unwrap();
        for case in golden["cases"].as_array().unwrap() {
            let name = case["name"].clone();
            let alias = Alias::of_path(case["path"].as_str().unwrap()).unwrap();
            let body = at_now(&case["body"].to_string());
            let read = alias.read(body.as_bytes()).unwrap();
            let batch = read.to_batch(&site());
            let translated: Json = serde_json::from_str(&batch).expect(&batch);
            let expected: Json = serde_json::from_str(&at_now(&case["batch"].to_string())).unwrap();
            assert_eq!(translated, expected, "{file}: {name}");
            assert_eq!(json!(verdicts(alias, &batch)), case["verdicts"], "{file}: {name}");
            assert_eq!(json!(read.write_key()), case["write_key"], "{file}: {name}");
            count += 1;
        }
    }
    assert!(count >= 18, "{count}");
}

#[test]
fn a_member_that_stands_twice_stays_twice() {
    for (path, body, told) in [
        ("/capture", r#"{"event":"a","event":"b"}"#, "rejected duplicate_key /event"),
        (
            "/capture",
            r#"{"event":"a","properties":{"n":1,"n":2}}"#,
            "rejected duplicate_key /properties/n",
        ),
        (
            "/api/v1/analytics/track",
            r#"{"eventType":"a","properties":{"tokens":1,"tokens_consumed":2}}"#,
            "rejected duplicate_key /properties/tokens",
        ),
        (
            "/api/v1/analytics/events",
            r#"{"event_name":"a","session_id":"x","session_id":"x"}"#,
            "rejected duplicate_key /session_id",
        ),
    ] {
        let alias = Alias::of_path(path).unwrap();
        let batch = alias.read(body.as_bytes()).unwrap().to_batch(&site());
        assert_eq!(verdicts(alias, &batch), [told], "{batch}");
    }
}

#[test]
fn what_is_no_batch_is_refused_with_its_place() {
    let many = ["{\"events\":[", &"1,".repeat(BATCH_MAX_EVENTS), "1]}"].concat();
    let large = " ".repeat(BATCH_MAX_BYTES + 1);
    for (path, body, code, pointer) in [
        ("/capture", "{", Code::InvalidJson, None),
        ("/capture", "[]", Code::InvalidBatch, Some("")),
        ("/capture", r#"{"batch":{}}"#, Code::InvalidBatch, Some("/batch")),
        ("/capture", r#"{"batch":[],"batch":[1]}"#, Code::InvalidBatch, Some("/batch")),
        ("/capture", r#"{"api_key":7}"#, Code::InvalidBatch, Some("/api_key")),
        (
            "/capture",
            r#"{"api_key":"a","write_key":"b"}"#,
            Code::WriteKeyConflict,
            Some("/write_key"),
        ),
        (
            "/capture",
            r#"{"api_key":"a","batch":[{"properties":{"token":"b"}}]}"#,
            Code::WriteKeyConflict,
            None,
        ),
        ("/api/analytics/events", "{}", Code::InvalidBatch, Some("/events")),
        (
            "/api/analytics/events",
            r#"{"events":[],"context":1}"#,
            Code::InvalidBatch,
            Some("/context"),
        ),
        ("/api/v1/analytics/events/batch", "{}", Code::InvalidBatch, Some("/events")),
        ("/api/v1/analytics/events", &many, Code::TooManyEvents, Some("/events")),
        ("/api/v1/analytics/track", &large, Code::BodyTooLarge, None),
    ] {
        let refusal = Alias::of_path(path).unwrap().read(body.as_bytes()).unwrap_err();
        assert_eq!(
            (refusal.code, refusal.pointer.as_deref()),
            (code, pointer),
            "{path} {body:.60}"
        );
    }
    assert_eq!(Alias::of_path("/v1/events"), None);
}

#[test]
fn a_number_is_seconds_or_milliseconds() {
    for (number, text) in [
        ("1767323045", "2026-01-02T03:04:05.000Z"),
        ("1767323045.678", "2026-01-02T03:04:05.678Z"),
        ("1767323045678", "2026-01-02T03:04:05.678Z"),
    ] {
        let body = ["{\"event\":\"a\",\"timestamp\":", number, "}"].concat();
        let batch = Alias::Capture.read(body.as_bytes()).unwrap().to_batch(&site());
        assert!(batch.contains(text), "{batch}");
    }
}

#[test]
fn what_is_said_once_cannot_grow_without_bounds() {
    let long = "x".repeat(2_000);
    for (context, pointer) in [
        (json!({"user_id": long}), "/context/user_id"),
        (json!({"session_id": long}), "/context/session_id"),
        (json!({"team": long}), "/context/team"),
        (json!({"a": &long[..1_000], "b": &long[..1_000]}), "/context/b"),
    ] {
        let body = json!({"events": [], "context": context}).to_string();
        let refusal = Alias::Frontend.read(body.as_bytes()).unwrap_err();
        assert_eq!(refusal, Refusal::at(Code::InvalidBatch, pointer));
    }
    // The most that 500 KB can become.
    let id = "\u{1}".repeat(ID_MAX_BYTES);
    let context = json!({"user_id": id, "team": &long[..1_500], "session_id": "s"});
    let event = json!({"event_type": "a", "uuid": "x", "resourceType": "agent", "resourceId": "x".repeat(200)});
    let body = json!({"events": vec![event; BATCH_MAX_EVENTS], "context": context}).to_string();
    let batch = Alias::Frontend.read(body.as_bytes()).unwrap().to_batch(&site());
    assert!(batch.len() < crate::limits::HOP_BATCH_MAX_BYTES, "{}", batch.len());
    assert_eq!(verdicts(Alias::Frontend, &batch).len(), BATCH_MAX_EVENTS);
}

/// Any JSON value, out of words that the tables know.
fn value() -> impl proptest::strategy::Strategy<Value = Json> {
    use proptest::prelude::*;
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        "[a-z$ .\"\\\\é]{0,8}".prop_map(Json::from),
    ];
    let key = prop::sample::select(vec![
        "event",
        "eventType",
        "event_type",
        "event_name",
        "properties",
        "attributes",
        "timestamp",
        "distinct_id",
        "user_id",
        "session_id",
        "uuid",
        "tenantId",
        "siteId",
        "resourceType",
        "resourceId",
        "context",
        "page",
        "page_path",
        "consent",
        "$current_url",
        "$session_id",
        "$viewport_width",
        "$elements",
        "viewport",
        "device",
        "source",
        "other",
        "a\"b",
    ]);
    leaf.prop_recursive(4, 32, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::vec((key.clone(), inner), 0..6).prop_map(|members| {
                members.into_iter().map(|(key, value)| (key.to_string(), value)).collect()
            }),
        ]
    })
}

proptest::proptest! {
    #[test]
    fn no_event_disappears_whatever_it_holds(
        events in proptest::collection::vec(value(), 0..5),
        context in value(),
        alias in proptest::sample::select(vec![
            Alias::Capture, Alias::Frontend, Alias::Envelope, Alias::EnvelopeBatch,
        ]),
    ) {
        let list = alias.list_key().unwrap();
        let context = if context.is_object() { context } else { json!({}) };
        let body = json!({ list: events, "context": context }).to_string();
        if let Ok(read) = alias.read(body.as_bytes()) {
            let batch = read.to_batch(&site());
            // The judge tells one verdict an event, so that it could be parsed.
            proptest::prop_assert_eq!(verdicts(alias, &batch).len(), events.len(), "{}", batch);
        }
    }
}
