//! The golden payloads, natively: schemas/golden/README.md says what a case is.
//!
//! With all features this is the build of edge and collector. Without any it is
//! the page's, and only then the page's own answers are asked: what a page leaves
//! to the edge is partly left out when it is compiled.

use std::fs;

use alloc::format;
use alloc::string::ToString;
use serde_json::{Map, Value as Json};

use super::*;
use crate::batch::Form;
use crate::time::format_rfc3339;
#[cfg(feature = "catalogue")]
use crate::validate::Catalogue;

pub(super) const NOW_MS: i64 = 1_795_250_285_123;
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/golden/");
/// What a case that is judged alone may have.
const MEMBERS: [&str; 12] = [
    "name",
    "site",
    "agent",
    "batch",
    "context",
    "context_text",
    "event",
    "verdict",
    "code",
    "pointer",
    "output",
    "page",
];

/// The sites, read by hand: a page's build has no serde.
pub(super) fn sites() -> Vec<Site> {
    let text = fs::read_to_string([FOLDER, "sites.json"].concat()).unwrap();
    let sites: Vec<Json> = serde_json::from_str(&text).unwrap();
    let read = |site: &Json| Site {
        tenant_id: Uuid::parse(site["tenant_id"].as_str().unwrap()).unwrap(),
        site_id: Uuid::parse(site["site_id"].as_str().unwrap()).unwrap(),
        site: site["site"].as_str().unwrap().into(),
        names: if site["mode"] == "strict" { NamePolicy::Strict } else { NamePolicy::Open },
        when_consent_absent: match &site["when_consent_absent"] {
            absent if absent == "drop" => WhenConsentAbsent::Drop,
            _ => WhenConsentAbsent::Accept,
        },
        cookieless: site["cookieless"] == true,
        keep_free_text: site["keep_free_text"] == true,
        bots: if site["bots"] == "drop" { BotPolicy::Drop } else { BotPolicy::Flag },
        ..Site::default()
    };
    sites.iter().map(read).collect()
}

/// The cases of one file.
fn cases_of(file: &str) -> Vec<Json> {
    let text = fs::read_to_string([FOLDER, file].concat()).unwrap();
    let mut group: Json = serde_json::from_str(&text).unwrap();
    core::mem::take(group["cases"].as_array_mut().unwrap())
}

/// Every case of every file of events.
fn cases() -> Vec<Json> {
    let mut cases = Vec::new();
    for file in fs::read_dir(FOLDER).unwrap().map(|file| file.unwrap().path()) {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        if name.ends_with(".json") && !["sites.json", "body.json", "hop.json"].contains(&&*name) {
            cases.append(&mut cases_of(&name));
        }
    }
    cases
}

/// Resolves `$(12*text)`, and `$NOW`, `$NOW-8d`, `$RECEIVED+25h`: what is received
/// here is received at once.
pub(super) fn at_now(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (before, mark) = rest.split_at(at);
        out.push_str(before);
        if let Some(repeat) = mark.strip_prefix("$(") {
            let (repeat, after) = repeat.split_once(')').unwrap();
            let (count, what) = repeat.split_once('*').unwrap();
            out.push_str(&what.repeat(count.parse().unwrap()));
            rest = after;
        } else if let Some(after) =
            mark.strip_prefix("$NOW").or_else(|| mark.strip_prefix("$RECEIVED"))
        {
            let end = after.find(|c: char| !matches!(c, '+' | '-' | '0'..='9')).unwrap();
            let unit_ms = match (end, after.as_bytes()[end]) {
                (1.., b's') => 1_000,
                (1.., b'h') => 3_600_000,
                (1.., b'd') => 86_400_000,
                _ => 0,
            };
            let shift: i64 = if unit_ms == 0 { 0 } else { after[..end].parse().unwrap() };
            format_rfc3339(NOW_MS + shift * unit_ms, &mut out);
            rest = if unit_ms == 0 { after } else { &after[end + 1..] };
        } else {
            out.push('$');
            rest = &mark[1..];
        }
    }
    out.push_str(rest);
    out
}

/// The members of a batch around its event, each with a comma behind it.
fn frame(case: &Json) -> String {
    let mut members = case["batch"].as_object().cloned().unwrap_or_else(Map::new);
    members.extend(case.get("context").map(|context| ("context".into(), context.clone())));
    let mut frame: String =
        members.iter().map(|(key, value)| format!("\"{key}\":{value},")).collect();
    if let Some(text) = case["context_text"].as_str() {
        frame.push_str(&format!("\"context\":{text},"));
    }
    frame
}

fn judge_case(case: &Json, place: Place<'_>, schemas: Option<&dyn Schemas>) -> Judged {
    let slug = case["site"].as_str().unwrap_or("open");
    let site = sites().into_iter().find(|site| site.site == slug).unwrap();
    let event = case["event"].as_str().unwrap();
    let body = at_now(&format!("{{{}\"events\":[{event}]}}", frame(case)));
    let batch = Batch::read(body.as_bytes(), form(place)).unwrap();
    let judge = Judge { site: &site, schemas, place, pseudonym: None };
    judge.batch(&batch, &mut |_| Uuid([1; 16])).events.remove(0)
}

const fn form(place: Place<'_>) -> Form {
    if matches!(place, Place::Signed) { Form::Hop } else { Form::Batch }
}

/// What differs from what a case expects, in one line.
fn difference(case: &Json, expected: &Json, judged: &Judged, text: &str) -> Option<String> {
    let fault = judged.fault.as_ref();
    let said = (
        Some(judged.verdict.as_str()),
        fault.map(|fault| fault.code.as_str()),
        fault.map(|fault| fault.pointer.as_str()),
    );
    let member = |key: &str| expected[key].as_str();
    let wanted = (member("verdict"), member("code"), member("pointer"));
    if said != wanted {
        return Some(format!("{}: {said:?}, not {wanted:?}", case["name"]));
    }
    let output = at_now(member("output")?);
    (output != text).then(|| format!("{}:\n  {text}\nnot\n  {output}", case["name"]))
}

/// Every difference at once: a rule that changed shows in many cases.
fn assert_none(differences: impl Iterator<Item = String>) {
    let all: Vec<String> = differences.collect();
    assert!(all.is_empty(), "{} cases differ\n{}", all.len(), all.join("\n"));
}

#[test]
#[cfg(not(feature = "rare-rules"))]
fn the_page_judges_every_golden_payload() {
    assert_none(cases().iter().filter_map(|case| {
        let judged = judge_case(case, Place::Page, None);
        difference(case, case.get("page").unwrap_or(case), &judged, &judged.text)
    }));
}

#[test]
#[cfg(all(feature = "catalogue", feature = "endpoint"))]
fn a_public_endpoint_judges_every_golden_payload() {
    let catalogue = Catalogue::builtin().unwrap();
    assert_none(cases().iter().filter_map(|case| {
        let arrival = arrival_of(case);
        let judged = judge_case(case, Place::Public(arrival), Some(&catalogue));
        difference(case, case, &judged, &without_stamp(&judged.text))
    }));
}

/// When a case comes, and from what.
#[cfg(all(feature = "catalogue", feature = "endpoint"))]
fn arrival_of(case: &Json) -> Arrival<'static> {
    use crate::endpoint::agent::{Heard, class_of};
    let device_class = case["agent"]
        .as_str()
        .map(|agent| class_of(&Heard { user_agent: Some(agent), ..Heard::default() }));
    Arrival { received_at_ms: NOW_MS, device_class, ..Arrival::default() }
}

/// Takes `"received_at":…,"tenant_id":…,"site_id":…,` out again.
#[cfg(all(feature = "catalogue", feature = "endpoint"))]
fn without_stamp(text: &str) -> String {
    let Some(from) = text.find("\"received_at\":") else { return String::from(text) };
    let site_id = text.find("\"site_id\":").unwrap();
    let to = site_id + "\"site_id\":\"".len() + 36 + "\",".len();
    [&text[..from], &text[to..]].concat()
}

#[test]
#[cfg(all(feature = "catalogue", feature = "endpoint"))]
fn the_signed_hop_changes_nothing_more() {
    let catalogue = Catalogue::builtin().unwrap();
    for case in cases().into_iter().filter(|case| case["verdict"] == "accepted") {
        let arrival = Arrival {
            geo: Some("{\"country\":\"CH\"}"),
            client_ip_prefix: Some("203.0.113.0/24"),
            ..arrival_of(&case)
        };
        let edge = judge_case(&case, Place::Public(arrival), Some(&catalogue));
        let mut forwarded = case.clone();
        // What corrected the clock does not travel on.
        forwarded["batch"] = Json::Null;
        forwarded["event"] = edge.text.clone().into();
        let collector = judge_case(&forwarded, Place::Signed, Some(&catalogue));
        assert_eq!(collector.verdict, Verdict::Accepted, "{}: {:?}", case["name"], collector.fault);
        assert_eq!(collector.text, edge.text, "{}", case["name"]);
    }
}

#[test]
#[cfg(feature = "catalogue")]
fn the_collector_judges_what_comes_over_the_signed_hop() {
    let catalogue = Catalogue::builtin().unwrap();
    assert_none(cases_of("hop.json").iter().filter_map(|case| {
        let judged = judge_case(case, Place::Signed, Some(&catalogue));
        difference(case, case, &judged, &judged.text)
    }));
}

/// The bytes of a case of body.json.
fn bytes_of(case: &Json) -> Vec<u8> {
    match case["body_hex"].as_str() {
        Some(hex) => (0..hex.len() / 2)
            .map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).unwrap())
            .collect(),
        None => at_now(case["body"].as_str().unwrap()).into_bytes(),
    }
}

#[test]
fn every_golden_body_is_taken_or_refused_as_it_says() {
    for case in cases_of("body.json") {
        let bytes = bytes_of(&case);
        let read = Batch::read(&bytes, Form::Batch);
        let name = &case["name"];
        match (&read, case["events"].as_u64()) {
            (Ok(batch), Some(events)) => assert_eq!(batch.events.len() as u64, events, "{name}"),
            (Err(refusal), None) => {
                assert_eq!(refusal.code.as_str(), case["code"], "{name}");
                assert_eq!(refusal.pointer.as_deref(), case["pointer"].as_str(), "{name}");
            }
            _ => panic!("{name}: {read:?}"),
        }
    }
}

/// The codes that no judge and no reader of bodies can give, and who gives them.
const ELSEWHERE: &[(Code, &str)] = &[
    (Code::UnknownWriteKey, "admission, before the body"),
    (Code::WriteKeyConflict, "admission: header, query and body are compared"),
    (Code::OriginNotAllowed, "admission, by a header"),
    (Code::UnsupportedMediaType, "admission, by a header"),
    (Code::UnsupportedEncoding, "admission, by a header"),
    (Code::InvalidEncoding, "decompression"),
    (Code::BodyBroken, "the connection"),
    (Code::RequestTimeout, "the connection"),
    (Code::Timeout, "the service"),
    (Code::Overloaded, "the service"),
    (Code::UnknownApiKey, "the reading API"),
    (Code::ScopeMissing, "the reading API"),
    (Code::InvalidSignature, "the signed hop"),
    (Code::StaleSignature, "the signed hop"),
    (Code::RateLimited, "admission, by a count"),
    (Code::CollectorUnavailable, "the edge's next hop"),
    (Code::StoreUnavailable, "the collector's next hop"),
    (Code::NotFound, "routing"),
    (Code::MethodNotAllowed, "routing"),
    (Code::UpgradeRequired, "routing"),
    (Code::Erased, "ingest, which knows erasures"),
];

#[test]
fn every_code_of_the_closed_list_has_a_payload_or_a_reason() {
    let mut payloads = cases();
    payloads.append(&mut cases_of("body.json"));
    payloads.append(&mut cases_of("hop.json"));
    for code in Code::ALL {
        let has = payloads.iter().any(|case| case["code"] == code.as_str());
        let elsewhere = ELSEWHERE.iter().any(|(other, _)| other == code);
        let name = code.as_str();
        assert!(has != elsewhere, "{name}: wants a payload, or a reason in ELSEWHERE, not both");
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
        let known = |key: &String| MEMBERS.contains(&key.as_str());
        assert!(case.as_object().unwrap().keys().all(known), "{}", case["name"]);
        assert_eq!(case["output"].is_string(), case["verdict"] == "accepted", "{}", case["name"]);
    }
    for case in cases_of("body.json").iter().chain(&cases_of("hop.json")) {
        names.push(case["name"].to_string());
    }
    for mut list in [names, ids] {
        list.sort();
        let twice: Vec<_> = list.windows(2).filter(|pair| pair[0] == pair[1]).collect();
        assert!(twice.is_empty(), "{twice:?}");
    }
}
