//! The golden payloads in real browsers: core's judge, built as a page links it,
//! says what it says natively, and the engine writes what the judge would have written.
//!
//! Run by `wasm-pack test --headless --chrome` and `--firefox`.
#![cfg(target_family = "wasm")]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "tests, which no page pays for, though clippy does not know their attribute"
)]

use serde_json::{Map, Value};
use tidemark_core::batch::{Batch, Form};
use tidemark_core::catalogue::FREE_TEXT;
use tidemark_core::consent::{Consent, Mode};
use tidemark_core::id::Uuid;
use tidemark_core::json::unescape;
use tidemark_core::judge::{Judge, Judged, NamePolicy, Place, Site, WhenConsentAbsent};
use tidemark_core::time::{format_rfc3339, parse_rfc3339};
use tidemark_sdk_wasm::engine::batch::MAX_BYTES;
use tidemark_sdk_wasm::engine::queue::MAX_AGE_MS;
use tidemark_sdk_wasm::engine::{Action, Engine, Options};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const NOW_MS: i64 = 1_795_250_285_123;

macro_rules! golden {
    ($($name:literal),+) => {
        [$(($name, include_str!(concat!("../../schemas/golden/", $name, ".json")))),+]
    };
}

/// Every case of every file, with the file's name.
fn cases() -> Vec<(&'static str, Value)> {
    let mut cases = Vec::new();
    for (file, text) in golden!(
        "bounds",
        "catalogue",
        "consent",
        "envelope",
        "international",
        "page",
        "sanitise",
        "schema",
        "time"
    ) {
        let group: Value = serde_json::from_str(text).unwrap();
        for case in group["cases"].as_array().unwrap() {
            cases.push((file, case.clone()));
        }
    }
    cases
}

/// The sites, read by hand: a page's build has no serde.
fn sites() -> Vec<Site> {
    let text = include_str!("../../schemas/golden/sites.json");
    let sites: Vec<Value> = serde_json::from_str(text).unwrap();
    let read = |site: &Value| Site {
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
        ..Site::default()
    };
    sites.iter().map(read).collect()
}

/// Resolves `$(12*text)`, and `$NOW`, `$NOW-8d`, `$RECEIVED+25h`: what is received
/// here is received at once.
fn at_now(text: &str) -> String {
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
fn frame(case: &Value) -> String {
    let mut members = case["batch"].as_object().cloned().unwrap_or_else(Map::new);
    members.extend(case.get("context").map(|context| ("context".into(), context.clone())));
    let mut frame: String =
        members.iter().map(|(key, value)| format!("\"{key}\":{value},")).collect();
    if let Some(text) = case["context_text"].as_str() {
        frame.push_str(&format!("\"context\":{text},"));
    }
    frame
}

fn judge(case: &Value) -> Judged {
    let slug = case["site"].as_str().unwrap_or("open");
    let site = sites().into_iter().find(|site| site.site == slug).unwrap();
    let event = case["event"].as_str().unwrap();
    let body = at_now(&format!("{{{}\"events\":[{event}]}}", frame(case)));
    let batch = Batch::read(body.as_bytes(), Form::Batch).unwrap();
    let judge = Judge { site: &site, schemas: None, place: Place::Page, pseudonym: None };
    judge.batch(&batch, &mut |_| Uuid([1; 16])).events.remove(0)
}

#[wasm_bindgen_test]
fn the_pages_judge_says_what_every_golden_payload_says() {
    for (_, case) in cases() {
        let name = &case["name"];
        let expected = case.get("page").unwrap_or(&case);
        let judged = judge(&case);
        let fault = judged.fault.as_ref();
        assert_eq!(judged.verdict.as_str(), expected["verdict"], "{name}: {fault:?}");
        assert_eq!(fault.map(|fault| fault.code.as_str()), expected["code"].as_str(), "{name}");
        assert_eq!(
            fault.map(|fault| fault.pointer.as_str()),
            expected["pointer"].as_str(),
            "{name}"
        );
        if let Some(output) = expected["output"].as_str() {
            assert_eq!(judged.text, at_now(output), "{name}");
        }
    }
}

/// The text of one member of an object's text; null counts as absent.
fn member<'a>(object: &'a str, key: &str) -> Option<&'a str> {
    tidemark_core::json::check_text(object)
        .unwrap()
        .get(key)
        .map(tidemark_core::json::Value::raw)
        .filter(|raw| *raw != "null")
}

/// The text as `JSON.stringify` would have written it: escaped only where it must be.
fn as_a_page_writes(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let length = if rest[at..].starts_with("\\u") { 6 } else { 2 };
        let (before, escape) = rest[..at + length].split_at(at);
        out.push_str(before);
        let plain = match unescape(escape).map(std::borrow::Cow::into_owned) {
            Some(plain) if plain == "/" || plain > String::from("\u{1f}") => plain,
            _ => escape.into(),
        };
        let stays = matches!(&*plain, "\"" | "\\") || plain.starts_with('\\');
        out.push_str(if stays { escape } else { &plain });
        rest = &rest[at + length..];
    }
    out + rest
}

fn engine(consent: Consent) -> Engine {
    let options =
        Options { flush_interval_ms: 5_000, max_batch_events: 100, finds: 0, sampled: 65_536 };
    let mut engine = Engine::new(options, "", [1, 2, 3, 4]).unwrap();
    engine.decide(consent, "", NOW_MS);
    engine
}

/// The one event that the engine sends, as text; `None` when it sends nothing.
fn sent(engine: &mut Engine) -> Option<String> {
    engine.flush();
    loop {
        if let Action::Send(body) = engine.next(NOW_MS)? {
            let batch = tidemark_core::json::check_text(&body).unwrap();
            let events = batch.get("events").unwrap();
            return events.items().next().map(|event| String::from(event.raw()));
        }
    }
}

/// The engine writes events of its own and takes no envelope from outside, so it
/// meets a payload's name, time, attributes and page. What a site's settings
/// remove (free text) is the edge's to remove: the page does not know them.
#[wasm_bindgen_test]
fn the_engine_writes_what_the_judge_would() {
    let granted = Consent { analytics: Some(true), ads: None, mode: Mode::Full };
    let mut met = 0;
    for (_, case) in cases() {
        let expected = case.get("page").unwrap_or(&case);
        let (Some(output), Some(event)) = (expected["output"].as_str(), case["event"].as_str())
        else {
            continue;
        };
        let (output, event) = (at_now(output), at_now(event));
        // With the engine's own members it would exceed its bound.
        if event.len() > MAX_BYTES {
            continue;
        }
        let given = tidemark_core::json::check_text(&event).unwrap();
        let text_of = |key: &str| given.get(key).and_then(tidemark_core::json::Value::as_str);
        let attributes = as_a_page_writes(member(&event, "attributes").unwrap_or_default());
        // The page does not know whether the site keeps free text: the edge removes it.
        let name = text_of("event_name").unwrap();
        let is_free_text = |key: &str| FREE_TEXT.contains(&(&*name, &*unescape(key).unwrap()));
        let given_attributes = given.get("attributes");
        if given_attributes.is_some_and(|all| all.entries().any(|(key, _)| is_free_text(key))) {
            continue;
        }
        let mut engine = engine(granted);
        if let Some(page) = member(&event, "context").and_then(|context| member(context, "page")) {
            engine.show(&as_a_page_writes(page));
        }
        let at_ms = text_of("occurred_at").as_deref().and_then(parse_rfc3339);
        engine.track(&name, &attributes, at_ms.unwrap_or(NOW_MS)).unwrap();
        let name = &case["name"];
        let is_old = at_ms.is_some_and(|at| NOW_MS - at > MAX_AGE_MS);
        let Some(written) = sent(&mut engine) else {
            assert!(is_old, "{name}: nothing is sent");
            continue;
        };
        assert!(!is_old, "{name}: was held for too long");
        assert_eq!(member(&written, "event_name"), member(&output, "event_name"), "{name}");
        let expected = member(&output, "attributes").map(as_a_page_writes);
        assert_eq!(member(&written, "attributes"), expected.as_deref(), "{name}");
        if at_ms.is_some() {
            assert_eq!(member(&written, "occurred_at"), member(&output, "occurred_at"), "{name}");
        }
        let page = |event| member(event, "context").and_then(|context| member(context, "page"));
        assert_eq!(page(&written), page(&output), "{name}");
        met += 1;
    }
    assert!(met > 30, "only {met} payloads were met");
}

#[wasm_bindgen_test]
fn the_engine_refuses_a_name_that_the_judge_refuses() {
    let mut met = 0;
    for (_, case) in cases() {
        if case["code"] != "invalid_event_name" {
            continue;
        }
        let given: Value = serde_json::from_str(&at_now(case["event"].as_str().unwrap())).unwrap();
        let Some(name) = given["event_name"].as_str() else { continue };
        let mut engine = engine(Consent { analytics: Some(true), ads: None, mode: Mode::Full });
        let refused = engine.track(name, "", NOW_MS).map_err(tidemark_core::verdict::Code::as_str);
        assert_eq!(refused, Err("invalid_event_name"), "{}", case["name"]);
        assert_eq!(sent(&mut engine), None);
        met += 1;
    }
    assert!(met > 0);
}

/// A page that was told the payload's consent: what the judge drops it does not
/// send, and an undecided visitor's events it holds whatever the site takes.
#[wasm_bindgen_test]
fn the_engine_sends_under_no_consent_that_the_judge_drops() {
    let mut met = 0;
    for (file, case) in cases() {
        let Some(consent) = case["context"].get("consent").filter(|_| file == "consent") else {
            continue;
        };
        let consent = Consent {
            analytics: consent["analytics"].as_bool(),
            ads: consent["ads"].as_bool(),
            mode: if consent["mode"] == "cookieless" { Mode::Cookieless } else { Mode::Full },
        };
        let mut engine = engine(consent);
        let _counted = engine.track("signup_click", "", NOW_MS);
        let written = sent(&mut engine);
        let name = &case["name"];
        match (consent.analytics, consent.mode) {
            (Some(true), _) => {
                let written = written.unwrap();
                assert!(member(&written, "anonymous_id").is_some(), "{name}");
            }
            (_, Mode::Cookieless) => {
                let written = written.unwrap();
                assert_eq!(member(&written, "anonymous_id"), None, "{name}");
                assert_eq!(member(&written, "session_id"), None, "{name}");
            }
            (_, Mode::Full) => assert_eq!(written, None, "{name}"),
        }
        met += 1;
    }
    assert!(met > 5, "only {met} payloads were met");
}
