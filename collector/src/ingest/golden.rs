//! The golden payloads, as they arrive behind the edge: what it has accepted is
//! accepted here, and nothing of it is changed.

use serde_json::Value;
use tidemark_core::time::format_rfc3339;
use tidemark_core::validate::Catalogue;
use tidemark_core::verdict::Verdict;

use super::Admission;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/golden");
const TENANT: &str = "0190f5f6-7e2a-7c3b-9d4e-5f6071829301";
const NOW_MS: i64 = 1_767_323_045_678;

/// Fills in `$NOW`, `$NOW-8d`, `$NOW+25h`.
fn at_now(text: &str) -> String {
    let mut parts = text.split("$NOW");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let shift =
            part.find(|c: char| c.is_ascii_lowercase()).filter(|_| part.starts_with(['+', '-']));
        let (unix_ms, rest) = match shift {
            None => (NOW_MS, part),
            Some(at) => {
                let (number, rest) = part.split_at(at);
                let unit = match &rest[..1] {
                    "s" => 1_000,
                    "m" => 60_000,
                    "h" => 3_600_000,
                    _ => 86_400_000,
                };
                (NOW_MS + number.parse::<i64>().unwrap() * unit, &rest[1..])
            }
        };
        format_rfc3339(unix_ms, &mut out);
        out.push_str(rest);
    }
    out
}

/// The cases that the edge passes on, with their file.
fn accepted() -> Vec<(String, Value)> {
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(FOLDER).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "json") {
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
    let admission = Admission::new(Catalogue::builtin().unwrap());
    let cases = accepted();
    assert!(cases.len() >= 10, "{}", cases.len());
    for (name, case) in cases {
        let output = at_now(case["output"].as_str().unwrap());
        let body = format!(
            r#"{{"tenant_id":"{TENANT}","site_id":"{TENANT}","received_at":"2026-01-02T03:04:06.000Z","events":[{output}]}}"#
        );
        let admitted = admission.admit(body.as_bytes(), NOW_MS).unwrap();
        assert_eq!(
            admitted.verdicts[0].verdict,
            Verdict::Accepted,
            "{name}: {:?}",
            admitted.verdicts[0]
        );
        let record = &admitted.records[0];
        // Byte for byte, where the event writes them: as its own member.
        let attributes = format!("\"attributes\":{}", record.attributes);
        assert!(output.contains(&attributes), "{name}\n{output}\n{attributes}");
        let event: Value = serde_json::from_str(&output).unwrap();
        assert_eq!(record.event_name, event["event_name"], "{name}");
        assert_eq!(record.user_id, event["user_id"].as_str().unwrap_or_default(), "{name}");
        let url = event["context"]["page"]["url"].as_str().unwrap_or_default();
        assert_eq!(record.context.page_url, url, "{name}");
    }
}
