use super::golden_tests::{NOW_MS, at_now, sites};
use super::*;
use crate::batch::Form;
use crate::time::{format_rfc3339, parse_rfc3339};
use alloc::format;
use alloc::string::ToString;
use serde_json::Value as Json;

fn judged_at(body: &str, place: Place<'_>) -> JudgedBatch {
    let site = sites().remove(0);
    let batch = Batch::read(body.as_bytes(), Form::Batch).unwrap();
    let pseudonym = |user_id: &str| format!("h1:{}", user_id.len());
    let judge = Judge { site: &site, schemas: None, place, pseudonym: Some(&pseudonym) };
    judge.batch(&batch, &mut |index| Uuid([index as u8; 16]))
}

#[test]
fn a_clock_that_is_off_is_corrected_within_bounds() {
    let place = Place::Public(Arrival { received_at_ms: NOW_MS, ..Arrival::default() });
    for (sent_at, shift_ms) in [
        ("$NOW-4s", 0),
        ("$NOW-5s", 5_000),
        ("$NOW-3h", 3 * 3_600_000),
        ("$NOW+3h", -3 * 3_600_000),
        ("$NOW-25h", 0),
    ] {
        let body = at_now(&format!(
            r#"{{"sent_at":"{sent_at}","events":[{{"event_name":"a","occurred_at":"$NOW-4h"}}]}}"#
        ));
        let judged = judged_at(&body, place);
        let event: Json = serde_json::from_str(&judged.events[0].text).unwrap();
        let occurred = parse_rfc3339(event["occurred_at"].as_str().unwrap()).unwrap();
        assert_eq!(occurred, NOW_MS - 4 * 3_600_000 + shift_ms, "{sent_at}");
        assert_eq!(event.get("sent_at"), None);
    }
}

/// The golden payloads cannot hold these: at the edge a millisecond passes.
#[test]
fn clocks_are_judged_to_the_millisecond() {
    const DAY_MS: i64 = 86_400_000;
    let place = Place::Public(Arrival { received_at_ms: NOW_MS, ..Arrival::default() });
    let judge = |sent_ago_ms: i64, occurred_ago_ms: i64| {
        let instant = |unix_ms| {
            let mut text = String::new();
            format_rfc3339(unix_ms, &mut text);
            text
        };
        let body = format!(
            r#"{{"sent_at":"{}","events":[{{"event_name":"a","occurred_at":"{}"}}]}}"#,
            instant(NOW_MS - sent_ago_ms),
            instant(NOW_MS - occurred_ago_ms)
        );
        let judged = judged_at(&body, place).events.remove(0);
        let event: Json = serde_json::from_str(&judged.text).unwrap_or_default();
        let occurred = event["occurred_at"].as_str().and_then(parse_rfc3339);
        (judged.fault.map(|fault| fault.code), occurred.map(|at| NOW_MS - at))
    };
    for (sent_ago_ms, corrected) in [
        (4_999, false),
        (5_000, true),
        (-4_999, false),
        (-5_000, true),
        (DAY_MS, true),
        (DAY_MS + 1, false),
        (-DAY_MS, true),
        (-DAY_MS - 1, false),
    ] {
        let ago_ms = if corrected { DAY_MS - sent_ago_ms } else { DAY_MS };
        assert_eq!(judge(sent_ago_ms, DAY_MS), (None, Some(ago_ms)), "{sent_ago_ms}");
    }
    assert_eq!(judge(0, 7 * DAY_MS), (None, Some(7 * DAY_MS)));
    assert_eq!(judge(0, 7 * DAY_MS + 1), (Some(Code::TooOld), None));
    assert_eq!(judge(0, -DAY_MS), (None, Some(-DAY_MS)));
    assert_eq!(judge(0, -DAY_MS - 1), (Some(Code::InFuture), None));
}

#[test]
fn ids_are_filled_by_place_and_a_broken_event_does_not_shift_them() {
    let place = Place::Public(Arrival { received_at_ms: NOW_MS, ..Arrival::default() });
    let judged =
        judged_at(r#"{"events":[{"event_name":"a"},7,{"event_name":"b","event_id":null}]}"#, place);
    let ids: Vec<_> = judged.events.iter().map(|event| event.event_id).collect();
    assert_eq!(ids, [Some(Uuid([0; 16])), None, Some(Uuid([2; 16]))]);
    assert_eq!(judged.events[1].verdict, Verdict::Rejected);
    assert_eq!(judged.events[2].verdict, Verdict::Accepted);
}

#[test]
fn a_user_id_that_is_personal_is_hashed_and_not_merged() {
    let place = Place::Public(Arrival { received_at_ms: NOW_MS, ..Arrival::default() });
    let judged = judged_at(
        r#"{"events":[{"event_name":"a","user_id":"jo@example.org"},{"event_name":"a","user_id":"u1"}]}"#,
        place,
    );
    assert!(judged.events[0].text.contains(r#""user_id":"h1:14""#));
    assert_eq!(judged.events[0].findings[0].rule, Rule::Hash);
    assert!(judged.events[1].text.contains(r#""user_id":"u1""#));
    for (user_id, kept) in [
        (format!("s1:{}", "a".repeat(64)), "h1:67"),
        (format!("h1:{}", "b".repeat(64)), &*format!("h1:{}", "b".repeat(64))),
        ("h1:jo@example.org".to_string(), "h1:17"),
    ] {
        let body = format!(r#"{{"events":[{{"event_name":"a","user_id":"{user_id}"}}]}}"#);
        let expected = format!("\"user_id\":\"{kept}\"");
        assert!(judged_at(&body, place).events[0].text.contains(&expected), "{user_id}");
    }
}

#[test]
fn the_shared_context_is_sanitised_once() {
    let judged = judged_at(
        r#"{"context":{"page":{"title":"jo@example.org"}},"events":[{"event_name":"a"}]}"#,
        Place::Page,
    );
    assert_eq!(judged.context.as_deref(), Some(r#"{"page":{"title":"[email]"}}"#));
}

#[test]
fn a_tenants_own_length_decides_where_a_string_is_cut() {
    let schema = r#"{"x-self":{"version":"1-0-0"},"type":"object",
        "properties":{"log":{"type":"string","x-max-bytes":20000}}}"#;
    let catalogue =
        crate::validate::Catalogue::builtin().unwrap().with("acme.crashed", schema).unwrap();
    let site = Site::default();
    let place = Place::Public(Arrival { received_at_ms: NOW_MS, ..Arrival::default() });
    let judge = Judge { site: &site, schemas: Some(&catalogue), place, pseudonym: None };
    let long = "a ".repeat(11_000);
    let body = format!(
        r#"{{"event_name":"acme.crashed","attributes":{{"log":"{long}","other":"{long}"}}}}"#
    );
    let batch = Batch::of_one(body.as_bytes()).unwrap();
    let judged = judge.batch(&batch, &mut |_| Uuid([1; 16])).events.remove(0);
    let event: Json = serde_json::from_str(&judged.text).unwrap();
    let length = |name: &str| event["attributes"][name].as_str().unwrap().len();
    assert_eq!((length("log"), length("other")), (20_000, limits::STRING_MAX_BYTES));
    let cut: Vec<_> = judged.findings.iter().map(|finding| &*finding.pointer).collect();
    assert_eq!(cut, ["/attributes/log", "/attributes/other"]);
}

#[test]
fn a_cookieless_visitor_has_the_endpoints_key_and_none_of_its_own() {
    let mut site = sites().into_iter().find(|site| site.site == "open").unwrap();
    site.cookieless = true;
    let daily = Uuid([9; 16]);
    let arrival =
        Arrival { received_at_ms: NOW_MS, cookieless_id: Some(daily), ..Arrival::default() };
    let judge =
        Judge { site: &site, schemas: None, place: Place::Public(arrival), pseudonym: None };
    let written = |consent: &str| {
        let body = format!(
            r#"{{"events":[{{"event_name":"a","user_id":"u","anonymous_id":"{}","context":{{"consent":{consent}}}}}]}}"#,
            Uuid([7; 16])
        );
        let batch = Batch::read(body.as_bytes(), Form::Batch).unwrap();
        judge.batch(&batch, &mut |_| Uuid([1; 16])).events.remove(0).text
    };
    let declined = written(r#"{"analytics":false,"mode":"cookieless"}"#);
    assert!(declined.contains(&format!(r#""anonymous_id":"{daily}""#)), "{declined}");
    assert!(!declined.contains("user_id") && !declined.contains(&Uuid([7; 16]).to_string()));
    let granted = written(r#"{"analytics":true,"mode":"cookieless"}"#);
    assert!(granted.contains(&Uuid([7; 16]).to_string()) && granted.contains("user_id"));
}
