use super::*;

const AT: i64 = 1_795_250_285_123;

fn entered(name: &str, attributes: &str) -> Step {
    Step::Entered { name: name.into(), attributes: attributes.into(), occurred_at_ms: AT }
}

fn granted() -> Journal {
    let mut journal = Journal::new().unwrap();
    journal.take(Step::Consent { analytics: Some(true), cookieless: false }, AT);
    journal
}

/// An event as the engine writes it.
fn written(id: u32, name: &str, attributes: &str) -> String {
    format!(
        "{{\"event_id\":\"00000000-0000-7000-8000-{id:012}\",\"event_name\":\"{name}\",\
         \"occurred_at\":\"2026-11-21T08:38:05.123Z\",\"attributes\":{attributes}}}"
    )
}

fn left(events: &[String]) -> Step {
    let body = format!("{{\"events\":[{}]}}", events.join(","));
    Step::Left { whole: body.clone(), body, way: Way::Request }
}

fn answered(id: u32, verdict: &str, more: &str) -> Step {
    let text = format!(
        "{{\"verdicts\":[{{\"event_id\":\"00000000-0000-7000-8000-{id:012}\",\
         \"verdict\":\"{verdict}\"{more}}}]}}"
    );
    Step::Answered { status: 200, text }
}

fn stages(journal: &Journal, place: usize) -> Vec<&'static str> {
    journal.entries()[place].journey.iter().map(|passed| passed.stage.as_str()).collect()
}

#[test]
fn a_journey_is_told_from_the_call_to_the_verdict() {
    let mut journal = Journal::new().unwrap();
    journal.take(entered("cart.opened", r#"{"by":"ann@example.org"}"#), AT);
    assert_eq!(stages(&journal, 0), ["captured", "redacted", "held for consent"]);
    journal.take(Step::Consent { analytics: Some(true), cookieless: false }, AT + 1);
    let event = written(1, "cart.opened", r#"{"by":"[email]"}"#);
    journal.take(Step::Saved(format!("{event}\n")), AT + 2);
    journal.take(left(&[event]), AT + 3);
    journal.take(answered(1, "accepted", ""), AT + 4);
    assert_eq!(
        stages(&journal, 0),
        ["captured", "redacted", "held for consent", "queued", "sent", "accepted"]
    );
    assert_eq!(journal.entries().len(), 1, "it is one event all the way");
}

#[test]
fn a_redaction_tells_rule_pointer_and_part_and_never_the_value() {
    let mut journal = granted();
    let attributes = r#"{"who":{"said":"ask ann@example.org"},"token":"s3cr3t-s3cr3t-s3cr3t"}"#;
    journal.take(entered("cart.opened", attributes), AT);
    let entry = &journal.entries()[0];
    let found = |rule, pointer: &str| {
        entry.found.iter().find(|found| found.rule == rule && found.pointer == pointer)
    };
    assert_eq!(found("email", "/attributes/who/said").map(|found| found.by), Some(Part::Page));
    assert!(!format!("{journal:?}").contains("ann@example"), "the value is kept nowhere");
    assert!(!format!("{journal:?}").contains("s3cr3t"), "the value is kept nowhere");
}

#[test]
fn what_only_the_edge_redacts_is_told_as_the_edges_and_is_not_shown() {
    let mut journal = granted();
    journal.take(entered("cart.opened", r#"{"from":"GB82 WEST 1234 5698 7654 32"}"#), AT);
    let entry = &journal.entries()[0];
    assert_eq!(entry.attributes, r#"{"from":"[iban]"}"#);
    assert_eq!((entry.found[0].rule, entry.found[0].by), ("iban", Part::Edge));
}

#[test]
fn a_schema_error_is_a_problem_with_its_pointer() {
    let mut journal = granted();
    let told = journal.take(entered("ui.rage_click", r##"{"selector":"#buy"}"##), AT);
    let problem = &told.problems[0];
    assert_eq!(problem.code, "missing_field");
    assert_eq!(problem.pointer, "/attributes/click_count");
    assert!(!problem.refused_here, "it leaves, and the server rejects it");
    let event = written(1, "ui.rage_click", r##"{"selector":"#buy"}"##);
    journal.take(left(&[event]), AT);
    let more = r#","code":"missing_field","pointer":"/attributes/click_count""#;
    let told = journal.take(answered(1, "rejected", more), AT);
    assert!(told.problems.is_empty(), "it is told once");
    assert_eq!(journal.entries()[0].stage(), Stage::Rejected);
}

#[test]
fn what_the_page_refuses_ends_there() {
    let mut journal = granted();
    for (name, attributes, code) in [
        ("Cart Opened", "{}", "invalid_event_name"),
        ("cart.opened", "!", "invalid_json"),
        ("cart.opened", "[1]", "wrong_type"),
    ] {
        let told = journal.take(entered(name, attributes), AT);
        assert_eq!(told.problems[0].code, code);
        assert_eq!(journal.entries().last().map(Entry::stage), Some(Stage::Refused));
    }
}

#[test]
fn an_incident_that_the_page_found_tells_its_reason() {
    let mut journal = granted();
    let attributes =
        r##"{"selector":"#buy","click_count":3,"duration_ms":400,"reason":"3 clicks"}"##;
    journal.take(left(&[written(1, "ui.rage_click", attributes)]), AT);
    assert_eq!(journal.entries()[0].reason.as_deref(), Some("3 clicks"));
    assert_eq!(stages(&journal, 0), ["captured", "sent"]);
}

#[test]
fn two_events_of_one_name_and_time_are_told_apart() {
    let mut journal = granted();
    journal.take(entered("cart.opened", r#"{"n":1}"#), AT);
    journal.take(entered("cart.opened", r#"{"n":2}"#), AT);
    let lines =
        [1, 2].map(|n| written(n, "cart.opened", &format!("{{\"n\":{n}}}")) + "\n").concat();
    journal.take(Step::Saved(lines), AT);
    let ids: Vec<_> = journal.entries().iter().filter_map(|entry| entry.event_id.clone()).collect();
    assert_eq!(ids.len(), 2);
    assert!(ids[0] < ids[1], "in the order in which they entered");
}

#[test]
fn a_denial_forgets_what_waits_and_leaves_what_left() {
    let mut journal = granted();
    journal.take(entered("cart.opened", ""), AT);
    journal.take(left(&[written(1, "cart.opened", "{}")]), AT);
    journal.take(entered("cart.closed", ""), AT);
    journal.take(Step::Consent { analytics: Some(false), cookieless: false }, AT);
    journal.take(entered("cart.closed", ""), AT + 1);
    let stages: Vec<_> = journal.entries().iter().map(Entry::stage).collect();
    assert_eq!(stages, [Stage::Sent, Stage::Forgotten, Stage::Forgotten]);
}

#[test]
fn a_write_that_is_committed_after_the_batch_left_takes_nothing_back() {
    let mut journal = granted();
    let event = written(1, "cart.opened", "{}");
    journal.take(left(core::slice::from_ref(&event)), AT);
    journal.take(Step::Saved(event), AT + 1);
    assert_eq!(stages(&journal, 0), ["captured", "sent", "queued"]);
    assert_eq!(journal.entries()[0].stage(), Stage::Sent);
}

#[test]
fn what_a_server_that_fails_means_is_told() {
    for (status, stage) in [
        (0, Stage::Again),
        (503, Stage::Again),
        (429, Stage::Again),
        (413, Stage::Again),
        (200, Stage::Again),
        (401, Stage::Dropped),
    ] {
        let mut journal = granted();
        journal.take(left(&[written(1, "cart.opened", "{}")]), AT);
        journal.take(Step::Answered { status, text: "no answer of ours".into() }, AT);
        assert_eq!(journal.entries()[0].stage(), stage, "{status}");
    }
}

#[test]
fn what_the_pages_own_hook_kept_never_left() {
    let mut journal = granted();
    let [one, two] = [1, 2].map(|id| written(id, "cart.opened", "{}"));
    let batch = |events: &[&str]| format!("{{\"events\":[{}]}}", events.join(","));
    let whole = batch(&[&one, &two]);
    journal.take(Step::Left { whole, body: batch(&[&two]), way: Way::Request }, AT);
    let stages: Vec<_> = journal.entries().iter().map(Entry::stage).collect();
    assert_eq!(stages, [Stage::KeptBack, Stage::Sent]);
}

#[test]
fn the_journal_has_a_bound() {
    let mut journal = granted();
    for n in 0..=ENTRIES_MAX {
        let told = journal.take(entered("cart.opened", ""), AT + n as i64);
        assert_eq!(told.gone, if n == ENTRIES_MAX { vec![1] } else { vec![] });
    }
    assert_eq!(journal.entries().len(), ENTRIES_MAX);
}
