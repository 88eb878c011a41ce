//! The golden payloads in real browsers: core's judge as wasm says what it says
//! natively, and the engine writes what the judge would have written.
//!
//! Run by `wasm-pack test --headless --chrome` and `--firefox`.
#![cfg(target_family = "wasm")]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "tests, which no page pays for, though clippy does not know their attribute"
)]

use serde_json::Value;
use tidemark_core::batch::{Batch, Form};
use tidemark_core::catalogue::FREE_TEXT;
use tidemark_core::consent::{Consent, Mode};
use tidemark_core::id::Uuid;
use tidemark_core::judge::{Judge, Judged, Place, Site};
use tidemark_core::time::{format_rfc3339, parse_rfc3339};
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
    for (file, text) in
        golden!("bounds", "catalogue", "consent", "envelope", "sanitise", "schema", "time")
    {
        let group: Value = serde_json::from_str(text).unwrap();
        for case in group["cases"].as_array().unwrap() {
            cases.push((file, case.clone()));
        }
    }
    cases
}

fn sites() -> Vec<Site> {
    serde_json::from_str(include_str!("../../schemas/golden/sites.json")).unwrap()
}

/// Resolves `$NOW`, `$NOW-8d`, `$NOW+25h` and `$NOW-604740s`.
fn at_now(text: &str) -> String {
    let mut parts = text.split("$NOW");
    let mut out = String::from(parts.next().unwrap());
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

fn judge(case: &Value) -> Judged {
    let slug = case["site"].as_str().unwrap_or("open");
    let site = sites().into_iter().find(|site| site.site == slug).unwrap();
    let context =
        case.get("context").map_or(String::new(), |context| format!("\"context\":{context},"));
    let event = at_now(case["event"].as_str().unwrap());
    let body = format!("{{{context}\"events\":[{event}]}}");
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

fn engine(consent: Consent) -> Engine {
    let options = Options { flush_interval_ms: 5_000, max_batch_events: 100, detects_rage: false };
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
        let given: Value = serde_json::from_str(&event).unwrap();
        let attributes = member(&event, "attributes").unwrap_or_default();
        // The page does not know whether the site keeps free text: the edge removes it.
        let name = given["event_name"].as_str().unwrap_or_default();
        let has = |attribute: &str| given["attributes"].get(attribute).is_some();
        if FREE_TEXT.iter().any(|(event, attribute)| *event == name && has(attribute)) {
            continue;
        }
        let mut engine = engine(granted);
        if let Some(page) = member(&event, "context").and_then(|context| member(context, "page")) {
            engine.show(page);
        }
        let at_ms = given["occurred_at"].as_str().and_then(parse_rfc3339).unwrap_or(NOW_MS);
        let name = &case["name"];
        engine.track(given["event_name"].as_str().unwrap(), attributes, at_ms).unwrap();
        let written = sent(&mut engine).unwrap();
        assert_eq!(member(&written, "event_name"), member(&output, "event_name"), "{name}");
        assert_eq!(member(&written, "attributes"), member(&output, "attributes"), "{name}");
        if given["occurred_at"].is_string() {
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
