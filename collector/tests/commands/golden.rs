//! The golden payloads through the binary: what the edge says of them, it says.

use std::collections::BTreeMap;

use serde_json::Value;
use tidemark_core::time::format_rfc3339;

use crate::run::tidemark;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/golden/");
const NOW_MS: i64 = 1_767_323_045_678;
const NOW: &str = "2026-01-02T03:04:05.678Z";

/// Resolves `$NOW`, `$NOW-8d`, `$NOW+25h` and `$NOW-604740s`.
fn at_now(text: &str) -> String {
    let mut parts = text.split("$NOW");
    let mut out = parts.next().unwrap().to_owned();
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

fn read(path: &std::path::Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Every case, by its site.
fn cases() -> BTreeMap<String, Vec<Value>> {
    let mut cases: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for entry in std::fs::read_dir(FOLDER).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "json") || path.ends_with("sites.json") {
            continue;
        }
        for case in read(&path)["cases"].as_array().unwrap() {
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
            let event = at_now(case["event"].as_str().unwrap());
            assert!(!event.contains('\n'), "{}", case["name"]);
            input.push_str(&match case.get("context") {
                Some(context) => format!("{{\"context\":{context},\"events\":[{event}]}}\n"),
                None => event + "\n",
            });
        }
        let options = options(&site);
        let mut arguments = vec!["validate"];
        arguments.extend(options.iter().map(String::as_str));
        let ran = tidemark(&arguments, input);
        let lines = ran.lines();
        assert_eq!(lines.len(), cases.len(), "{}", ran.err);
        for (case, line) in cases.iter().zip(&lines) {
            let told = if case.get("context").is_some() { &line["verdicts"][0] } else { line };
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
            let (event, edge): (Value, Value) =
                (serde_json::from_str(line).unwrap(), serde_json::from_str(&output).unwrap());
            for member in ["attributes", "context"] {
                let Some(told) = event["event"].get(member).filter(|told| !told.is_null()) else {
                    continue;
                };
                assert_eq!(Some(told), edge.get(member), "{}: {line}", case["name"]);
            }
            // Consent, which decides about ids, is not this command's matter.
            if edge.get("user_id").is_some() {
                assert_eq!(event["event"]["user_id"], edge["user_id"], "{}: {line}", case["name"]);
            }
        }
    }
}
