use super::*;
use crate::batch::Form;
use crate::time::{format_rfc3339, parse_rfc3339};
use crate::validate::Catalogue;
use alloc::format;
use alloc::string::ToString;
use serde_json::Value as Json;
use std::fs;

const NOW_MS: i64 = 1_795_250_285_123;
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/golden/");

fn sites() -> Vec<Site> {
    serde_json::from_str(&fs::read_to_string([FOLDER, "sites.json"].concat()).unwrap()).unwrap()
}

/// Every case of every file.
fn cases() -> Vec<Json> {
    let mut cases = Vec::new();
    for file in fs::read_dir(FOLDER).unwrap().map(|file| file.unwrap().path()) {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        if name.ends_with(".json") && name != "sites.json" {
            let text = fs::read_to_string(&file).unwrap();
            let mut group: Json = serde_json::from_str(&text).unwrap();
            cases.append(group["cases"].as_array_mut().unwrap());
        }
    }
    cases
}

/// Resolves `$NOW`, `$NOW-8d`, `$NOW+25h` and `$NOW-604740s`.
fn at_now(text: &str) -> String {
    let mut parts = text.split("$NOW");
    let mut out = parts.next().unwrap().to_string();
    for part in parts {
        let end = part.find(['s', 'h', 'd', '"']).unwrap();
        let unit_ms = match part.as_bytes()[end] {
            b's' => 1_000,
            b'h' => 3_600_000,
            b'd' => 86_400_000,
            _ => 0,
        };
        let shift: i64 = if unit_ms == 0 { 0 } else { part[..end].parse().unwrap() };
        format_rfc3339(NOW_MS + shift * unit_ms, &mut out);
        out.push_str(if unit_ms == 0 { part } else { &part[end + 1..] });
    }
    out
}

fn judge_case(case: &Json, place: Place<'_>, schemas: Option<&dyn Schemas>) -> Judged {
    let slug = case["site"].as_str().unwrap_or("open");
    let site = sites().into_iter().find(|site| site.site == slug).unwrap();
    let context =
        case.get("context").map_or(String::new(), |context| format!("\"context\":{context},"));
    let event = at_now(case["event"].as_str().unwrap());
    let body = format!("{{{context}\"events\":[{event}]}}");
    let batch = Batch::read(body.as_bytes(), Form::Batch).unwrap();
    let judge = Judge { site: &site, schemas, place, pseudonym: None };
    judge.batch(&batch, &mut |_| Uuid([1; 16])).events.remove(0)
}

fn assert_case(case: &Json, expected: &Json, judged: &Judged) {
    let name = &case["name"];
    assert_eq!(judged.verdict.as_str(), expected["verdict"], "{name}: {:?}", judged.fault);
    let fault = judged.fault.as_ref();
    assert_eq!(fault.map(|fault| fault.code.as_str()), expected["code"].as_str(), "{name}");
    assert_eq!(fault.map(|fault| fault.pointer.as_str()), expected["pointer"].as_str(), "{name}");
}

#[test]
fn the_page_judges_every_golden_payload() {
    for case in cases() {
        let expected = case.get("page").unwrap_or(&case);
        let judged = judge_case(&case, Place::Page, None);
        assert_case(&case, expected, &judged);
        if let Some(output) = expected["output"].as_str() {
            assert_eq!(judged.text, at_now(output), "{}", case["name"]);
        }
    }
}

#[test]
fn a_public_endpoint_judges_every_golden_payload() {
    let catalogue = Catalogue::builtin().unwrap();
    let arrival = Arrival { received_at_ms: NOW_MS, ..Arrival::default() };
    for case in cases() {
        let judged = judge_case(&case, Place::Public(arrival), Some(&catalogue));
        assert_case(&case, &case, &judged);
        if let Some(output) = case["output"].as_str() {
            assert_eq!(without_stamp(&judged.text), at_now(output), "{}", case["name"]);
        }
    }
}

/// Takes `"received_at":…,"tenant_id":…,"site_id":…,` out again.
fn without_stamp(text: &str) -> String {
    let from = text.find("\"received_at\":").unwrap();
    let site_id = text.find("\"site_id\":").unwrap();
    let to = site_id + "\"site_id\":\"".len() + 36 + "\",".len();
    [&text[..from], &text[to..]].concat()
}

#[test]
fn the_signed_hop_changes_nothing_more() {
    let catalogue = Catalogue::builtin().unwrap();
    let arrival = Arrival {
        received_at_ms: NOW_MS,
        geo: Some("{\"country\":\"CH\"}"),
        client_ip_prefix: Some("203.0.113.0/24"),
    };
    for case in cases().into_iter().filter(|case| case["verdict"] == "accepted") {
        let edge = judge_case(&case, Place::Public(arrival), Some(&catalogue));
        let mut forwarded = case.clone();
        forwarded["event"] = edge.text.clone().into();
        let collector = judge_case(&forwarded, Place::Signed, Some(&catalogue));
        assert_eq!(collector.verdict, Verdict::Accepted, "{}: {:?}", case["name"], collector.fault);
        assert_eq!(collector.text, edge.text, "{}", case["name"]);
    }
}

#[test]
fn every_code_of_an_event_is_asserted_by_a_payload() {
    let cases = cases();
    // Erasures and bots are judged by parts that know them.
    let own = |code: &&Code| code.verdict().is_some() && !matches!(code, Code::Erased | Code::Bot);
    for code in Code::ALL.iter().filter(own) {
        assert!(cases.iter().any(|case| case["code"] == code.as_str()), "{}", code.as_str());
    }
}

#[test]
fn payloads_have_names_and_ids_of_their_own() {
    // The edge would call a second one with the same id a duplicate.
    let (mut names, mut ids) = (Vec::new(), Vec::new());
    for case in cases() {
        names.push(case["name"].to_string());
        let event = at_now(case["event"].as_str().unwrap());
        if let Ok(event) = serde_json::from_str::<Json>(&event) {
            ids.extend(event["event_id"].as_str().map(ToString::to_string));
        }
    }
    for mut list in [names, ids] {
        list.sort();
        let twice: Vec<_> = list.windows(2).filter(|pair| pair[0] == pair[1]).collect();
        assert!(twice.is_empty(), "{twice:?}");
    }
}

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
