//! Judges what entered as the page will, and as the edge will after it.

use tidemark_core::batch::Batch;
use tidemark_core::event::is_event_name;
use tidemark_core::id::Uuid;
use tidemark_core::json::{Kind, check_text, write_string};
use tidemark_core::judge::{Arrival, Judge, Place, Schemas, Site};
use tidemark_core::sanitise::{self, Finding, Policy};
use tidemark_core::time::format_rfc3339;
use tidemark_core::validate::Catalogue;
use tidemark_core::verdict::{Code, Fault, Verdict};

use super::entry::{Found, Part, Problem};

/// What is to be shown of an event: nothing of it is the text that entered.
#[derive(Debug, Default)]
pub(super) struct Judged {
    pub(super) attributes: String,
    pub(super) found: Vec<Found>,
    pub(super) problem: Option<Problem>,
    pub(super) is_known: bool,
}

/// Judges an event: `attributes` and `page` are JSON text or empty.
pub(super) fn judge(
    catalogue: &Catalogue,
    name: &str,
    attributes: &str,
    page: &str,
    occurred_at_ms: i64,
) -> Judged {
    let problem = |fault: Fault, refused_here| Problem {
        event_name: name.into(),
        code: fault.code.as_str().into(),
        detail: fault.code.detail().into(),
        pointer: fault.pointer,
        refused_here,
    };
    let refused = |code, pointer: &str| Judged {
        problem: Some(problem(Fault::new(code, pointer), true)),
        ..Judged::default()
    };
    if !is_event_name(name) {
        return refused(Code::InvalidEventName, "/event_name");
    }
    let attributes = if attributes.is_empty() { "{}" } else { attributes };
    let value = match check_text(attributes) {
        Ok(value) if value.kind() == Kind::Object => value,
        Ok(_) => return refused(Code::WrongType, "/attributes"),
        Err(code) => return refused(code, "/attributes"),
    };

    let mut by_page = Vec::new();
    let usual = Policy { rare_rules: false, ..Policy::DEFAULT };
    sanitise::json_with(value, "/attributes", &usual, &mut by_page);
    let page = check_text(page).ok().filter(|page| page.kind() == Kind::Object);
    if let Some(page) = page {
        sanitise::json_with(page, "/context/page", &usual, &mut by_page);
    }

    let mut event = String::from("{\"event_name\":");
    write_string(&mut event, name);
    event.push_str(",\"occurred_at\":\"");
    format_rfc3339(occurred_at_ms, &mut event);
    event.push_str("\",\"attributes\":");
    event.push_str(attributes);
    if let Some(page) = page {
        event.push_str(",\"context\":{\"page\":");
        event.push_str(page.raw());
        event.push('}');
    }
    event.push('}');

    let site = Site::default();
    let arrival = Arrival { received_at_ms: occurred_at_ms, ..Arrival::default() };
    let judge = Judge {
        site: &site,
        schemas: Some(catalogue),
        place: Place::Public(arrival),
        pseudonym: None,
    };
    let Ok(batch) = Batch::of_one(event.as_bytes()) else {
        return refused(Code::InvalidJson, "/attributes");
    };
    let judged = judge.batch(&batch, &mut |_| Uuid::default()).events.into_iter().next();
    let Some(mut judged) = judged else { return refused(Code::InvalidJson, "") };

    let mut clean = String::new();
    if judged.verdict == Verdict::Accepted {
        let text = check_text(&judged.text).ok().and_then(|event| event.get("attributes"));
        clean.push_str(text.map_or("{}", |attributes| attributes.raw()));
    } else {
        // What is refused is shown as the edge would have kept it.
        judged.findings.clone_from(&by_page);
        clean = sanitise::json_with(value, "/attributes", &Policy::DEFAULT, &mut Vec::new());
    }
    let refused_here = judged.fault.as_ref().is_some_and(|fault| fault.code == Code::EventTooLarge);
    Judged {
        attributes: clean,
        found: told(judged.findings, &by_page),
        problem: judged.fault.map(|fault| problem(fault, refused_here)),
        is_known: catalogue.event(name).is_some(),
    }
}

/// Findings with who makes them: what the page does not find is left to the edge.
fn told(all: Vec<Finding>, by_page: &[Finding]) -> Vec<Found> {
    let with = |finding: Finding| Found {
        by: if by_page.contains(&finding) { Part::Page } else { Part::Edge },
        rule: finding.rule.as_str(),
        pointer: finding.pointer,
    };
    all.into_iter().map(with).collect()
}
