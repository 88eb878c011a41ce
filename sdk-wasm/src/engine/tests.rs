//! The engine as a whole: facts in, actions out, nothing lost without a count.

use std::collections::BTreeSet;
use std::string::ToString;
use std::vec::Vec;

use serde_json::Value;
use tidemark_core::detect::{Click, how};

use super::*;

const NOON: i64 = 1_795_262_400_000;
const INTERVAL: i64 = 5_000;
const GRANTED: Consent =
    Consent { analytics: Some(true), ads: None, mode: tidemark_core::consent::Mode::Full };
const DENIED: Consent = Consent { analytics: Some(false), ..GRANTED };
const UNDECIDED: Consent = Consent { analytics: None, ..GRANTED };

fn engine() -> Engine {
    let options =
        Options { flush_interval_ms: INTERVAL, max_batch_events: 100, finds: 31, sampled: 65_536 };
    Engine::new(options, r#"{"locale":"de"}"#, [1, 2, 3, 4]).unwrap()
}

fn granted() -> Engine {
    let mut engine = engine();
    engine.decide(GRANTED, "", NOON);
    engine.trust();
    assert!(matches!(engine.next(NOON), Some(Action::Store(_))));
    engine
}

fn track(engine: &mut Engine, count: usize, at_ms: i64) {
    for _ in 0..count {
        engine.track("a.b", "", at_ms).unwrap();
    }
}

/// The batch that the engine sends now.
fn sent(engine: &mut Engine, now_ms: i64) -> Option<Value> {
    match engine.next(now_ms) {
        Some(Action::Send(body)) => Some(serde_json::from_str(&body).unwrap()),
        Some(Action::Store(_) | Action::Save(..) | Action::Remove(_)) => sent(engine, now_ms),
        None => None,
        other => panic!("{other:?}"),
    }
}

fn beaconed(engine: &mut Engine, now_ms: i64, taken: bool) -> Option<Value> {
    match engine.next(now_ms) {
        Some(Action::Beacon(body)) => {
            engine.beaconed(taken, now_ms);
            Some(serde_json::from_str(&body).unwrap())
        }
        Some(Action::Store(_) | Action::Save(..) | Action::Remove(_)) | None => None,
        other => panic!("{other:?}"),
    }
}

fn events(batch: &Value) -> &Vec<Value> {
    batch["events"].as_array().unwrap()
}

fn ids(batch: &Value) -> Vec<std::string::String> {
    events(batch).iter().map(|event| event["event_id"].to_string()).collect()
}

fn names(batch: &Value) -> Vec<&str> {
    events(batch).iter().map(|event| event["event_name"].as_str().unwrap()).collect()
}

fn accept(engine: &mut Engine, accepted: u32, now_ms: i64) {
    let attempt = Attempt { status: 200, ..Attempt::default() };
    engine.answered(attempt, Tally { accepted, ..Tally::default() }, now_ms);
}

fn fail(engine: &mut Engine, status: u32, now_ms: i64) {
    engine.answered(Attempt { status, ..Attempt::default() }, Tally::default(), now_ms);
}

#[test]
fn a_batch_goes_by_time() {
    let mut engine = granted();
    engine.cannot_save();
    track(&mut engine, 2, NOON);
    assert_eq!(engine.due_ms(), Some(NOON + INTERVAL));
    assert_eq!(sent(&mut engine, NOON + INTERVAL - 1), None);
    let batch = sent(&mut engine, NOON + INTERVAL).unwrap();
    assert_eq!(names(&batch), ["a.b", "a.b"]);
    assert_eq!(batch["context"]["consent"]["analytics"], true);
    assert_eq!(batch["context"]["locale"], "de");
    assert_eq!(engine.due_ms(), None, "an answer is awaited");
    accept(&mut engine, 2, NOON + INTERVAL);
    assert_eq!(engine.tally(), Tally { sent: 2, accepted: 2, ..Tally::default() });
    assert_eq!(engine.held(), 0);
}

#[test]
fn a_batch_goes_by_count_and_the_rest_waits_for_its_time() {
    let mut engine = granted();
    track(&mut engine, 103, NOON);
    assert_eq!(engine.due_ms(), Some(0), "at once");
    let batch = sent(&mut engine, NOON).unwrap();
    assert_eq!(events(&batch).len(), 100);
    accept(&mut engine, 100, NOON + 50);
    assert_eq!(sent(&mut engine, NOON + 50), None);
    assert_eq!(engine.due_ms(), Some(NOON + INTERVAL));
    assert_eq!(events(&sent(&mut engine, NOON + INTERVAL).unwrap()).len(), 3);
}

#[test]
fn a_flush_goes_on_until_the_queue_is_empty() {
    let mut engine = granted();
    track(&mut engine, 250, NOON);
    engine.flush();
    for expected in [100, 100, 50] {
        let batch = sent(&mut engine, NOON).unwrap();
        assert_eq!(events(&batch).len(), expected);
        assert!(engine.is_flushing());
        accept(&mut engine, expected as u32, NOON);
    }
    assert_eq!(sent(&mut engine, NOON), None);
    assert!(!engine.is_flushing());
}

#[test]
fn before_consent_events_wait_without_ids_and_nothing_is_to_be_done() {
    let mut engine = engine();
    engine.decide(UNDECIDED, "", NOON);
    track(&mut engine, 3, NOON);
    engine.flush();
    engine.leave(true);
    assert_eq!(engine.next(NOON + 60_000), None);
    assert_eq!(engine.due_ms(), None);
    assert!(!engine.is_flushing());
    assert_eq!(engine.held(), 3);
}

#[test]
fn granted_consent_sends_what_waited_with_ids() {
    let mut engine = engine();
    track(&mut engine, 2, NOON);
    engine.decide(GRANTED, "", NOON + 60_000);
    let batch = sent(&mut engine, NOON + 60_000).unwrap();
    for event in events(&batch) {
        assert_eq!(event["occurred_at"], "2026-11-21T12:00:00.000Z");
        assert_eq!(event["session_id"].as_str().map(str::len), Some(36));
        assert_eq!(event["anonymous_id"], batch["events"][0]["anonymous_id"]);
    }
    accept(&mut engine, 2, NOON + 60_100);
    assert!(matches!(engine.next(NOON + 60_100), Some(Action::Remove(1))));
    assert!(matches!(engine.next(NOON + 60_100), Some(Action::Store(_))));
}

#[test]
fn denied_consent_forgets_what_waited_and_what_is_kept() {
    let mut engine = engine();
    track(&mut engine, 2, NOON);
    engine.decide(DENIED, "", NOON);
    assert_eq!(engine.next(NOON), Some(Action::Forget));
    assert_eq!(engine.next(NOON), None);
    assert_eq!(engine.track("a.b", "", NOON), Err(Code::Consent));
    assert_eq!(engine.tally(), Tally { dropped: 3, ..Tally::default() });
    assert_eq!(engine.held(), 0);
}

#[test]
fn withdrawn_consent_ends_ids_and_attempts() {
    let mut engine = granted();
    track(&mut engine, 1, NOON);
    engine.flush();
    let first = sent(&mut engine, NOON).unwrap();
    engine.decide(DENIED, "", NOON);
    fail(&mut engine, 503, NOON);
    assert_eq!(engine.next(NOON), Some(Action::Forget));
    assert_eq!(engine.next(NOON + 400_000), None, "no other attempt");
    assert_eq!(engine.tally().dropped, 1);
    engine.decide(GRANTED, "", NOON);
    track(&mut engine, 1, NOON);
    engine.flush();
    let second = sent(&mut engine, NOON).unwrap();
    assert_ne!(first["events"][0]["anonymous_id"], second["events"][0]["anonymous_id"]);
}

#[test]
fn a_failed_batch_goes_again_with_its_ids_and_a_new_time() {
    let mut engine = granted();
    track(&mut engine, 2, NOON);
    engine.flush();
    let first = sent(&mut engine, NOON).unwrap();
    fail(&mut engine, 503, NOON);
    assert!(!engine.is_flushing(), "a flush does not wait for retries");
    assert_eq!(engine.held(), 2);
    let again_at = engine.due_ms().unwrap();
    assert!((NOON..=NOON + 1_000).contains(&again_at));
    let second = sent(&mut engine, again_at).unwrap();
    assert_eq!(first["batch_id"], second["batch_id"]);
    assert_eq!(first["events"], second["events"]);
    accept(&mut engine, 2, again_at);
    assert_eq!(engine.tally(), Tally { sent: 2, accepted: 2, ..Tally::default() });
}

#[test]
fn a_server_that_names_its_wait_is_obeyed() {
    let mut engine = granted();
    track(&mut engine, 1, NOON);
    engine.flush();
    sent(&mut engine, NOON).unwrap();
    let attempt = Attempt { status: 429, retry_after_ms: 20_000, complete: false };
    engine.answered(attempt, Tally::default(), NOON);
    assert!(engine.due_ms().unwrap() >= NOON + 20_000);
    engine.flush();
    assert_eq!(sent(&mut engine, NOON + 19_999), None);
}

#[test]
fn what_cannot_succeed_is_dropped_and_the_next_batch_goes_on() {
    let mut engine = granted();
    track(&mut engine, 101, NOON);
    engine.flush();
    sent(&mut engine, NOON).unwrap();
    fail(&mut engine, 401, NOON);
    assert_eq!(engine.tally(), Tally { dropped: 100, ..Tally::default() });
    assert_eq!(events(&sent(&mut engine, NOON).unwrap()).len(), 1);
}

#[test]
fn an_endpoint_that_never_answers_loses_nothing_for_six_days() {
    let mut engine = granted();
    track(&mut engine, 1, NOON);
    engine.flush();
    let mut now_ms = NOON;
    while now_ms - NOON < queue::MAX_AGE_MS {
        assert!(sent(&mut engine, now_ms).is_some());
        fail(&mut engine, 0, now_ms);
        let due = engine.due_ms().unwrap();
        assert!(due - now_ms <= i64::from(retry::MAX_BACKOFF_MS));
        now_ms = due.max(now_ms + 60_000);
    }
    assert_eq!(engine.held(), 1);
}

#[test]
fn what_was_held_for_six_days_is_dropped_and_counted() {
    let mut engine = granted();
    engine.network(false, NOON);
    track(&mut engine, 2, NOON);
    track(&mut engine, 1, NOON + 60_000);
    engine.network(true, NOON);
    let late = NOON + queue::MAX_AGE_MS + 1;
    assert_eq!(events(&sent(&mut engine, late).unwrap()).len(), 1);
    assert_eq!(engine.tally().dropped, 2);
}

#[test]
fn a_body_that_is_too_large_goes_in_halves() {
    let mut engine = granted();
    track(&mut engine, 100, NOON);
    let first = sent(&mut engine, NOON).unwrap();
    fail(&mut engine, 413, NOON);
    let mut again = Vec::new();
    while let Some(batch) = sent(&mut engine, NOON) {
        assert_ne!(batch["batch_id"], first["batch_id"], "another batch of the same events");
        assert!(events(&batch).len() <= 50);
        again.extend(events(&batch).clone());
        accept(&mut engine, events(&batch).len() as u32, NOON);
    }
    assert_eq!(&again, events(&first));
    assert_eq!(engine.tally().accepted, 100);
}

#[test]
fn one_event_that_is_too_large_for_the_server_is_dropped() {
    let mut engine = granted();
    track(&mut engine, 1, NOON);
    engine.flush();
    sent(&mut engine, NOON).unwrap();
    fail(&mut engine, 413, NOON);
    assert_eq!((engine.held(), engine.tally().dropped), (0, 1));
}

#[test]
fn without_a_network_nothing_is_tried_and_with_one_it_goes_at_once() {
    let mut engine = granted();
    track(&mut engine, 1, NOON);
    engine.flush();
    sent(&mut engine, NOON).unwrap();
    fail(&mut engine, 0, NOON);
    engine.network(false, NOON);
    engine.flush();
    assert_eq!(sent(&mut engine, NOON + 60_000), None);
    assert!(!engine.is_flushing());
    assert_eq!(engine.due_ms(), None);
    engine.network(true, NOON + 60_001);
    assert!(sent(&mut engine, NOON + 60_001).is_some());
}

#[test]
fn an_event_is_written_within_its_window_and_removed_after_its_verdict() {
    let mut engine = granted();
    track(&mut engine, 3, NOON);
    assert_eq!(engine.next(NOON), None);
    let due = engine.due_ms().unwrap();
    assert!(due <= NOON + 250);
    let Some(Action::Save(chunk, lines)) = engine.next(due) else { panic!("nothing is written") };
    assert_eq!(lines.lines().count(), 3);
    track(&mut engine, 1, due);
    engine.flush();
    let Some(Action::Save(other, lines)) = engine.next(due) else { panic!("written before sent") };
    assert_eq!(lines.lines().count(), 1);
    assert!(matches!(engine.next(due), Some(Action::Send(_))));
    assert_eq!(engine.next(due), None);
    accept(&mut engine, 4, due);
    let removed = [engine.next(due), engine.next(due)];
    assert!(removed.contains(&Some(Action::Remove(chunk))), "{removed:?}");
    assert!(removed.contains(&Some(Action::Remove(other))), "{removed:?}");
}

#[test]
fn without_a_disk_memory_and_network_carry_on() {
    let mut engine = granted();
    engine.cannot_save();
    track(&mut engine, 3, NOON);
    assert_eq!(engine.due_ms(), Some(NOON + INTERVAL));
    assert!(matches!(engine.next(NOON + INTERVAL), Some(Action::Send(_))));
    fail(&mut engine, 503, NOON + INTERVAL);
    engine.leave(true);
    assert!(beaconed(&mut engine, NOON + INTERVAL, true).is_some(), "the last chance");
}

#[test]
fn a_failing_server_gets_no_beacon_where_a_disk_keeps_the_events() {
    let mut engine = granted();
    track(&mut engine, 3, NOON);
    engine.flush();
    sent(&mut engine, NOON).unwrap();
    fail(&mut engine, 503, NOON);
    track(&mut engine, 2, NOON);
    engine.leave(true);
    let Some(Action::Save(_, lines)) = engine.next(NOON) else { panic!("nothing is written") };
    assert_eq!(lines.lines().count(), 2, "the others are on disk");
    assert!(!matches!(engine.next(NOON), Some(Action::Beacon(_))));
    assert_eq!(engine.held(), 5);
}

#[test]
fn a_beacon_to_a_server_that_never_answered_stays_on_disk() {
    let mut engine = engine();
    engine.decide(GRANTED, "", NOON);
    track(&mut engine, 3, NOON);
    engine.leave(true);
    assert!(matches!(engine.next(NOON), Some(Action::Save(1, _))), "before it is handed over");
    assert!(beaconed(&mut engine, NOON, true).is_some());
    assert_eq!(engine.held(), 0);
    while let Some(action) = engine.next(NOON) {
        assert!(!matches!(action, Action::Remove(_)), "the next page sends it again");
    }
    // Once it has answered, what is handed over is taken for delivered.
    track(&mut engine, 1, NOON);
    engine.flush();
    sent(&mut engine, NOON).unwrap();
    accept(&mut engine, 1, NOON);
    track(&mut engine, 1, NOON);
    engine.leave(true);
    assert!(beaconed(&mut engine, NOON, true).is_some());
    assert_eq!(engine.held(), 0);
}

#[test]
fn an_incident_does_not_wait_for_a_batch_that_is_under_way() {
    let mut engine = granted();
    track(&mut engine, 1, NOON);
    engine.flush();
    sent(&mut engine, NOON).unwrap();
    for at_ms in [0, 100, 200] {
        press(&mut engine, NOON + at_ms);
    }
    let due = engine.due_ms().unwrap();
    let mut told = None;
    while let Some(action) = engine.next(due.max(NOON + 1_201)) {
        if let Action::Beacon(body) = action {
            engine.beaconed(true, NOON);
            told = Some(body);
        }
    }
    let batch = serde_json::from_str(&told.unwrap()).unwrap();
    assert_eq!(names(&batch)[3], "ui.rage_click");
}

#[test]
fn what_another_page_adopted_is_not_sent_from_here() {
    let mut engine = granted();
    track(&mut engine, 3, NOON);
    engine.disown();
    engine.flush();
    assert_eq!(sent(&mut engine, NOON), None);
    assert_eq!(engine.tally(), Tally::default());
    track(&mut engine, 1, NOON);
    assert_eq!(events(&sent(&mut engine, NOON + INTERVAL).unwrap()).len(), 1);
}

#[test]
fn who_is_not_sampled_leaves_nothing() {
    let options = Options { sampled: 0, ..engine().options };
    let mut engine = Engine::new(options, "", [1, 2, 3, 4]).unwrap();
    engine.decide(GRANTED, "", NOON);
    track(&mut engine, 2, NOON);
    engine.flush();
    assert_eq!(sent(&mut engine, NOON), None);
    assert_eq!(engine.tally().dropped, 2);
}

#[test]
fn a_user_is_told_from_then_on_and_a_reset_makes_a_new_visitor() {
    let mut engine = granted();
    track(&mut engine, 1, NOON);
    assert!(engine.identify(r#""u_7""#));
    assert!(!engine.identify(r#""ann@example.org""#), "it is to be hashed");
    assert!(!engine.identify("7") && !engine.identify("\"\\ud800\""));
    track(&mut engine, 1, NOON);
    engine.reset(NOON);
    track(&mut engine, 1, NOON);
    engine.flush();
    let batch = sent(&mut engine, NOON).unwrap();
    let users: Vec<_> = events(&batch).iter().map(|event| event.get("user_id").cloned()).collect();
    assert_eq!(users, [None, Some("u_7".into()), None]);
    let visitor = |at: usize| &events(&batch)[at]["anonymous_id"];
    assert_eq!(visitor(0), visitor(1));
    assert_ne!(visitor(1), visitor(2));
}

#[test]
fn in_cookieless_mode_nobody_is_identified_and_nothing_is_stored() {
    let mut engine = engine();
    let mode = tidemark_core::consent::Mode::Cookieless;
    engine.decide(Consent { mode, ..UNDECIDED }, "", NOON);
    assert!(engine.identify(r#""u_7""#));
    track(&mut engine, 1, NOON);
    engine.flush();
    let Some(Action::Send(body)) = engine.next(NOON) else { panic!("nothing is sent") };
    assert!(!body.contains("_id\":\"u_7") && !body.contains("anonymous_id"));
    assert!(body.contains(r#""mode":"cookieless""#));
    accept(&mut engine, 1, NOON);
    assert_eq!(engine.next(NOON), None);
}

#[test]
fn somebody_elses_success_is_no_verdict() {
    let mut engine = granted();
    track(&mut engine, 2, NOON);
    engine.flush();
    sent(&mut engine, NOON).unwrap();
    accept(&mut engine, 1, NOON);
    assert_eq!(engine.tally(), Tally::default());
    assert_eq!(engine.held(), 2);
    assert!(engine.due_ms().is_some());
}

#[test]
fn a_page_that_is_left_hands_everything_to_beacons() {
    let mut engine = granted();
    track(&mut engine, 250, NOON);
    engine.leave(true);
    let mut counts = Vec::new();
    while let Some(batch) = beaconed(&mut engine, NOON, true) {
        counts.push(events(&batch).len());
    }
    assert_eq!(counts, [100, 100, 50]);
    assert_eq!(engine.tally(), Tally { sent: 250, ..Tally::default() });
    assert_eq!(engine.held(), 0);
}

#[test]
fn a_beacon_stays_below_the_browsers_limit() {
    let mut engine = granted();
    let attributes = ["{\"text\":\"", &"x".repeat(5_000), "\"}"].concat();
    for _ in 0..30 {
        engine.track("a.b", &attributes, NOON).unwrap();
    }
    engine.leave(true);
    let mut sizes: Vec<usize> = Vec::new();
    while let Some(Action::Beacon(body)) = engine.next(NOON) {
        engine.beaconed(true, NOON);
        sizes.push(body.len());
    }
    assert_eq!(engine.held(), 0, "a browser that takes more gets more");
    assert!(sizes.iter().all(|size| *size <= batch::MAX_BYTES), "{sizes:?}");
}

#[test]
fn a_refused_beacon_leaves_its_events_waiting() {
    let mut engine = granted();
    track(&mut engine, 3, NOON);
    engine.leave(true);
    let refused = beaconed(&mut engine, NOON, false).unwrap();
    while beaconed(&mut engine, NOON, false).is_some() {}
    assert_eq!(engine.held(), 3);
    let again = sent(&mut engine, NOON + INTERVAL).unwrap();
    assert_eq!(refused["events"], again["events"]);
}

#[test]
fn a_batch_goes_by_bytes() {
    let mut engine = granted();
    engine.cannot_save();
    let attributes = ["{\"text\":\"", &"x".repeat(5_000), "\"}"].concat();
    for _ in 0..4 {
        engine.track("a.b", &attributes, NOON).unwrap();
    }
    assert_eq!(engine.due_ms(), Some(NOON + INTERVAL), "20 KB wait");
    engine.track("a.b", &attributes, NOON).unwrap();
    assert_eq!(engine.due_ms(), Some(0), "26 KB do not");
    assert_eq!(events(&sent(&mut engine, NOON).unwrap()).len(), 4, "what fits into 25 KB");
}

#[test]
fn beacons_split_until_the_browser_takes_no_more_and_the_next_page_sends_the_rest() {
    let mut page = granted();
    let attributes = ["{\"text\":\"", &"x".repeat(900), "\"}"].concat();
    for _ in 0..80 {
        page.track("a.b", &attributes, NOON).unwrap();
    }
    page.leave(true);
    let mut quota = 64 * 1024;
    let mut taken = BTreeSet::new();
    let kept = loop {
        match page.next(NOON) {
            Some(Action::Beacon(body)) => {
                let fits = body.len() <= quota;
                page.beaconed(fits, NOON);
                if fits {
                    quota -= body.len();
                    taken.extend(ids(&serde_json::from_str(&body).unwrap()));
                }
            }
            Some(Action::Save(_, lines)) => break lines,
            other => panic!("{other:?}"),
        }
    };
    assert!(quota < 3_000, "the quota is used: {quota} left");
    assert_eq!(taken.len() + page.held(), 80);
    assert_eq!(page.tally().sent as usize, taken.len());

    let mut next = engine();
    next.decide(GRANTED, "", NOON);
    next.resume(&kept, NOON);
    next.flush();
    let mut came = BTreeSet::new();
    while let Some(batch) = sent(&mut next, NOON) {
        came.extend(ids(&batch));
        accept(&mut next, events(&batch).len() as u32, NOON);
    }
    assert!(came.is_disjoint(&taken));
    assert_eq!(came.len() + taken.len(), 80);
}

#[test]
fn what_a_page_before_left_goes_at_once() {
    let mut page = granted();
    track(&mut page, 1, NOON);
    let Some(Action::Save(_, lines)) = page.next(NOON + INTERVAL) else {
        panic!("nothing is written")
    };

    let mut next = granted();
    next.resume(&lines, NOON);
    assert_eq!(next.due_ms(), Some(NOON));
    assert_eq!(events(&sent(&mut next, NOON).unwrap()).len(), 1);
}

#[test]
fn a_page_that_is_left_sends_nothing_twice() {
    let mut engine = granted();
    track(&mut engine, 2, NOON);
    engine.flush();
    sent(&mut engine, NOON).unwrap();
    engine.leave(true);
    assert_eq!(beaconed(&mut engine, NOON, true), None, "the browser finishes the request");
    accept(&mut engine, 2, NOON + 50);
    assert_eq!(engine.tally(), Tally { sent: 2, accepted: 2, ..Tally::default() });
}

#[test]
fn a_batch_between_attempts_leaves_with_the_page() {
    let mut engine = granted();
    engine.cannot_save();
    track(&mut engine, 1, NOON);
    engine.flush();
    let first = sent(&mut engine, NOON).unwrap();
    fail(&mut engine, 0, NOON);
    engine.leave(true);
    let last = beaconed(&mut engine, NOON, true).unwrap();
    assert_eq!(first["batch_id"], last["batch_id"]);
    assert_eq!(engine.held(), 0);
}

fn press(engine: &mut Engine, at_ms: i64) {
    let [x, y] = [10, 20];
    let click = Click {
        at_ms,
        seen_ms: at_ms,
        x,
        y,
        target: 1,
        may_rage: true,
        may_be_dead: true,
        look: 1,
    };
    let words = r##""selector":"#buy","x":10,"y":20,"tag":"button","text":"Buy""##;
    engine.click(click, words, true);
}

#[test]
fn three_unanswered_clicks_are_one_incident_that_does_not_wait() {
    let mut engine = granted();
    engine.cannot_save();
    for at_ms in [0, 300, 600] {
        press(&mut engine, NOON + at_ms);
    }
    let due = engine.due_ms().unwrap();
    assert_eq!(due, NOON + 1_601);
    let batch = sent(&mut engine, due).unwrap();
    assert_eq!(names(&batch), ["ui.clicked", "ui.clicked", "ui.clicked", "ui.rage_click"]);
    let attributes = &events(&batch)[3]["attributes"];
    assert_eq!(attributes["click_count"], 3);
    assert_eq!(attributes["duration_ms"], 600);
    assert_eq!(attributes["selector"], "#buy");
    assert_eq!([&attributes["x"], &attributes["y"]], [10, 20]);
    assert_eq!(attributes["reason"], "3 of 3 clicks within 600 ms got no answer");
    assert_eq!(events(&batch)[0]["attributes"]["text"], "Buy");
}

#[test]
fn an_incident_leaves_with_its_page() {
    let mut engine = granted();
    for at_ms in [0, 100, 200] {
        press(&mut engine, NOON + at_ms);
    }
    engine.leave(true);
    let batch = beaconed(&mut engine, NOON + 300, true).unwrap();
    assert_eq!(names(&batch)[3], "ui.rage_click");
}

#[test]
fn answered_clicks_are_events_and_no_incident() {
    let mut engine = granted();
    for at_ms in [0, 100, 200, 300] {
        press(&mut engine, NOON + at_ms);
        engine.struggle.saw(NOON + at_ms + 5, 1, how::SURE, 0);
    }
    let batch = sent(&mut engine, NOON + INTERVAL).unwrap();
    assert_eq!(names(&batch), ["ui.clicked"; 4]);
}

#[test]
fn clicks_after_a_denial_are_not_looked_at() {
    let mut engine = granted();
    engine.decide(DENIED, "", NOON);
    for at_ms in [0, 100, 200] {
        press(&mut engine, NOON + at_ms);
    }
    assert_eq!(engine.due_ms(), None);
}

#[test]
fn a_dead_click_is_withdrawn_by_its_id() {
    let mut engine = granted();
    engine.cannot_save();
    press(&mut engine, NOON);
    let dead = sent(&mut engine, NOON + 2_000).unwrap();
    assert_eq!(names(&dead), ["ui.clicked", "ui.dead_click"]);
    let said = &events(&dead)[1];
    assert_eq!(said["attributes"]["waited_ms"], 2_000);
    assert_eq!(said["attributes"]["reason"], "a control, no answer in 2000 ms");
    accept(&mut engine, 2, NOON + 2_010);
    engine.struggle.saw(NOON + 4_000, 1, how::SURE, 2);
    let slow = sent(&mut engine, NOON + 5_200).unwrap();
    assert_eq!(names(&slow), ["ui.slow_click"]);
    let withdrawn = &events(&slow)[0]["attributes"];
    assert_eq!(withdrawn["dead_click_id"], said["event_id"]);
    assert_eq!(withdrawn["answered_after_ms"], 4_000);
    assert_eq!(withdrawn["reason"], "answered after 4000 ms by a large change");
}

#[test]
fn an_error_click_tells_the_error_without_what_is_personal() {
    let mut engine = granted();
    engine.cannot_save();
    press(&mut engine, NOON);
    let words = r#""exception.type":"TypeError","exception.message":"no cart of jo@example.org""#;
    engine.struggle.failed(NOON + 12, 1, true, words);
    let batch = sent(&mut engine, NOON + 12).unwrap();
    let attributes = &events(&batch)[1]["attributes"];
    assert_eq!(attributes["exception"]["type"], serde_json::Value::Null, "the key is dotted");
    assert_eq!(attributes["exception.message"], "no cart of [email]");
    assert_eq!(attributes["error_after_ms"], 12);
    assert_eq!(attributes["reason"], "an error 12 ms after the click, in its handler");
}

#[test]
fn what_a_site_does_not_want_is_not_told() {
    let mut engine = granted();
    engine.options.finds = 0;
    for at_ms in [0, 100, 200] {
        press(&mut engine, NOON + at_ms);
    }
    let batch = sent(&mut engine, NOON + INTERVAL).unwrap();
    assert_eq!(names(&batch), ["ui.clicked"; 3]);
}
