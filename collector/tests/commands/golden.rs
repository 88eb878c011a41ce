//! The golden payloads through the binary: what the edge says of them, it says.

use std::collections::BTreeMap;

use serde_json::Value;
use tidemark_core::json::{Value as JsonValue, check_text};
use tidemark_core::time::format_rfc3339;

use crate::run::tidemark;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/golden/");
const NOW_MS: i64 = 1_767_323_045_678;
const NOW: &str = "2026-01-02T03:04:05.678Z";

/// Resolves `$(12*text)`, and `$NOW`, `$NOW-8d`, `$RECEIVED+25h`: what is received
/// here is received at once.
fn at_now(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, mark)) = rest.split_once('$') {
        out.push_str(before);
        let instant = mark.strip_prefix("NOW").or_else(|| mark.strip_prefix("RECEIVED"));
        if let Some(repeat) = mark.strip_prefix('(') {
            let (repeat, after) = repeat.split_once(')').unwrap();
            let (count, what) = repeat.split_once('*').unwrap();
            out.push_str(&what.repeat(count.parse().unwrap()));
            rest = after;
        } else if let Some(after) = instant {
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
            rest = mark;
        }
    }
    out + rest
}

/// The members of a batch around a case's event, each with a comma behind it.
fn frame(case: &Value) -> String {
    let mut members = case["batch"].as_object().cloned().unwrap_or_default();
    members.extend(case.get("context").map(|context| ("context".into(), context.clone())));
    let frame: String = members.iter().map(|(key, value)| format!("\"{key}\":{value},")).collect();
    let text = case["context_text"].as_str().map(|text| format!("\"context\":{text},"));
    frame + &text.unwrap_or_default()
}

fn read(path: &std::path::Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Every case, by its site.
fn cases() -> BTreeMap<String, Vec<Value>> {
    let mut cases: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for entry in std::fs::read_dir(FOLDER).unwrap() {
        let path = entry.unwrap().path();
        // Whole bodies and the signed hop are not this command's matter.
        let others = ["sites.json", "body.json", "hop.json"];
        if path.extension().is_none_or(|ending| ending != "json")
            || others.iter().any(|other| path.ends_with(other))
        {
            continue;
        }
        for case in read(&path)["cases"].as_array().unwrap() {
            // A call's user agent is a header; a line has none.
            if case.get("agent").is_some() {
                continue;
            }
            let site = case["site"].as_str().unwrap_or("open").to_owned();
            cases.entry(site).or_default().push(case.clone());
        }
    }
    assert!(cases.values().map(Vec::len).sum::<usize>() >= 300);
    cases
}

/// The options that say what a site takes.
fn options(slug: &str) -> Vec<String> {
    let sites = read(&std::path::Path::new(FOLDER).join("sites.json"));
    let site = sites.as_array().unwrap().iter().find(|site| site["site"] == slug).unwrap();
    let text = |key: &str| site[key].as_str().unwrap().to_owned();
    let mut options: Vec<String> = [
        ("--mode", text("mode")),
        ("--when-consent-absent", text("when_consent_absent")),
        ("--tenant", text("tenant_id")),
        ("--site", text("site_id")),
        ("--received-at", NOW.to_owned()),
    ]
    .into_iter()
    .flat_map(|(option, value)| [option.to_owned(), value])
    .collect();
    if let Some(bots) = site["bots"].as_str() {
        options.extend(["--bots".to_owned(), bots.to_owned()]);
    }
    if site["cookieless"] == true {
        options.push("--cookieless".to_owned());
    }
    options
}

#[test]
fn every_golden_payload_gets_the_edges_verdict() {
    for (site, cases) in cases() {
        let mut input = String::new();
        for case in &cases {
            let (frame, event) = (frame(case), case["event"].as_str().unwrap());
            let line = if frame.is_empty() {
                at_now(event)
            } else {
                at_now(&format!("{{{frame}\"events\":[{event}]}}"))
            };
            assert!(!line.contains('\n'), "{}", case["name"]);
            input.push_str(&line);
            input.push('\n');
        }
        let options = options(&site);
        let mut arguments = vec!["validate"];
        arguments.extend(options.iter().map(String::as_str));
        let ran = tidemark(&arguments, input);
        let lines = ran.lines();
        assert_eq!(lines.len(), cases.len(), "{}", ran.err);
        for (case, line) in cases.iter().zip(&lines) {
            let told = line.get("verdicts").map_or(line, |verdicts| &verdicts[0]);
            for member in ["verdict", "code", "pointer"] {
                assert_eq!(told.get(member), case.get(member), "{}: {line}", case["name"]);
            }
        }
    }
}

/// What the edge writes of an accepted event's attributes and context, this does.
#[test]
fn every_accepted_payload_is_sanitised_as_at_the_edge() {
    for (site, mut cases) in cases() {
        cases.retain(|case| case["verdict"] == "accepted");
        let mut input = String::new();
        for case in &cases {
            input.push_str(&at_now(case["event"].as_str().unwrap()));
            input.push('\n');
        }
        let mut arguments = vec!["sanitize"];
        if site == "free-text" {
            arguments.push("--keep-free-text");
        }
        let ran = tidemark(&arguments, input);
        for (case, line) in cases.iter().zip(ran.text().lines()) {
            let output = at_now(case["output"].as_str().unwrap());
            let (told, edge) = (check_text(line).unwrap(), check_text(&output).unwrap());
            let told = told.get("event").unwrap_or_else(|| panic!("{}: {line}", case["name"]));
            // Byte for byte, but for consent, which decides about ids and is not this
            // command's matter, and for what is absent when it is null.
            for member in ["attributes", "context", "user_id"] {
                let kept = edge.get(member).is_some() || member != "user_id";
                if let Some(value) = told.get(member).filter(|value| kept && value.raw() != "null")
                {
                    let edges = edge.get(member).map(JsonValue::raw);
                    assert_eq!(Some(value.raw()), edges, "{}", case["name"]);
                }
            }
        }
    }
}
