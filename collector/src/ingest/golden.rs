//! The golden payloads, as they arrive behind the edge: what it has accepted is
//! accepted here, and nothing of it is changed.

use serde_json::Value;
use tidemark_core::id::Uuid;
use tidemark_core::time::format_rfc3339;
use tidemark_core::validate::Catalogue;
use tidemark_core::verdict::Verdict;

use super::{Admission, Sink, Tenants};
use crate::record::{Record, Rejection};

pub(super) const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/golden");
const TENANT: &str = "0190f5f6-7e2a-7c3b-9d4e-5f6071829301";
const NOW_MS: i64 = 1_767_323_045_678;

/// Takes every tenant for ours.
struct Anybody;

impl Tenants for Anybody {
    fn retention_days(&self, _: Uuid) -> Option<u16> {
        Some(90)
    }
}

/// Attributes, name, person and page of each event that is to be stored.
#[derive(Default)]
struct Seen(Vec<[String; 4]>);

impl Sink for Seen {
    fn event(&mut self, record: &Record<'_>) {
        self.0.push([
            record.attributes.map_or("{}", |attributes| attributes.raw()).to_owned(),
            record.event_name.to_string(),
            record.user_id.to_string(),
            record.context.page_url.to_string(),
        ]);
    }

    fn rejection(&mut self, rejection: &Rejection<'_>) {
        panic!("{rejection:?}");
    }
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

/// The cases that the edge passes on, with their file.
fn accepted() -> Vec<(String, Value)> {
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(FOLDER).unwrap() {
        let path = entry.unwrap().path();
        // hop.json names tenants and sites, whose settings are not known here.
        let is_hop = path.file_stem().is_some_and(|stem| stem == "hop");
        if path.extension().is_some_and(|ending| ending == "json") && !is_hop {
            let file: Value =
                serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            for case in file["cases"].as_array().into_iter().flatten() {
                if case["verdict"] == "accepted" && case["output"].is_string() {
                    let name = format!("{}: {}", path.file_name().unwrap().display(), case["name"]);
                    cases.push((name, case.clone()));
                }
            }
        }
    }
    cases
}

#[test]
fn what_the_edge_accepts_is_accepted_unchanged() {
    let admission = Admission::new(Catalogue::builtin().unwrap(), Anybody);
    let cases = accepted();
    assert!(cases.len() >= 10, "{}", cases.len());
    for (name, case) in cases {
        let output = at_now(case["output"].as_str().unwrap());
        let body = format!(
            r#"{{"tenant_id":"{TENANT}","site_id":"{TENANT}","received_at":"2026-01-02T03:04:06.000Z","events":[{output}]}}"#
        );
        let mut seen = Seen::default();
        let admitted = admission.admit_hop(body.as_bytes(), NOW_MS, &mut seen).unwrap();
        assert_eq!(
            admitted.verdicts[0].verdict,
            Verdict::Accepted,
            "{name}: {:?}",
            admitted.verdicts[0]
        );
        let [attributes, event_name, user_id, page_url] = &seen.0[0];
        // Byte for byte, where the event writes them: as its own member.
        let attributes = format!("\"attributes\":{attributes}");
        assert!(output.contains(&attributes), "{name}\n{output}\n{attributes}");
        // Not by serde_json, which does not read every number that is taken.
        let event = tidemark_core::json::check_text(&output).unwrap();
        let text_at = |path: &[&str]| {
            let found = path.iter().try_fold(event, |value, key| value.get(key));
            found.and_then(tidemark_core::json::Value::as_str).unwrap_or_default().into_owned()
        };
        assert_eq!(*event_name, text_at(&["event_name"]), "{name}");
        assert_eq!(*user_id, text_at(&["user_id"]), "{name}");
        assert_eq!(*page_url, text_at(&["context", "page", "url"]), "{name}");
    }
}
