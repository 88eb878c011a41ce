//! `tidemark verify`: what is whole holds, and each thing that is broken is named.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use tidemark_collector::config;
use tidemark_collector::log::limits::REPAIR_GAP;
use tidemark_collector::place::Range;
use tidemark_collector::store::{Rollup, SchemaGate, Span, Statements, Store as _};

use crate::stack::{SITE, Stack, TENANT};

const LOG: &str = "0190f5f6-7e2a-7c3b-9d4e-0000000000f1";

/// State and finding of each invariant, and the exit code.
async fn verify(stack: &Stack) -> (BTreeMap<String, (String, String)>, Option<i32>) {
    let command = stack.tidemark.prepared(&["verify", "--json"]);
    let output = tokio::process::Command::from(command).output().await.unwrap();
    let told: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let invariants = told["invariants"].as_array().unwrap();
    let states = invariants
        .iter()
        .map(|one| (text(&one["name"]), (text(&one["state"]), text(&one["found"]))));
    (states.collect(), output.status.code())
}

/// A hundred events of two lanes, and every rollup of them by the writer's own statements.
async fn hundred_events(stack: &Stack) {
    stack
        .clickhouse
        .run(&format!(
            "INSERT INTO tidemark.events_raw (tenant_id, site_id, event_id, event_name, occurred_at, \
             received_at, expires_at, user_id, session_id, screen, attributes, log_id, lane, offset) \
             SELECT '{TENANT}', '{SITE}', generateUUIDv4(), \
             if(number % 3 = 0, 'page.viewed', 'chat_interaction'), \
             now64(3) - number * 60, now64(3), now() + 80 * 86400, 'u' || toString(number % 7), \
             generateUUIDv4(), '/a', '{{\"response_time_ms\": 0.1, \"agent\": {{\"id\": \"a\"}}}}', \
             '{LOG}', number % 2, intDiv(number, 2) FROM numbers(100)"
        ))
        .await;
    let config = config::ClickHouse { url: stack.clickhouse.url.clone(), ..Default::default() };
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || {
        let store = Statements::new(&config, runtime, Arc::new(SchemaGate::default()));
        for rollup in Rollup::ALL {
            let log_id = LOG.parse().unwrap();
            // In two steps, so that states are merged.
            for (from, to) in [(0, 20), (20, 50)] {
                let span =
                    |lane| Span { range: Range { log_id, lane, from, to }, received_ms: None };
                let query_id = format!("verify-{}-{from}", rollup.as_str());
                store.roll_up(rollup, &[span(0), span(1)], &query_id).unwrap();
            }
        }
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_whole_holds_and_what_is_broken_is_named() {
    let stack = Stack::start().await;
    hundred_events(&stack).await;
    let (states, code) = verify(&stack).await;
    let not_holding: Vec<_> = states.iter().filter(|(_, (state, _))| *state != "holds").collect();
    assert!(not_holding.is_empty() && code == Some(0), "{not_holding:?}");
    assert_eq!(states.len(), 4 + 2 * Rollup::ALL.len() + 2);
    assert_eq!(
        states["every_place_is_accounted_for"].1,
        "100 accepted = 100 events + 0 rejections + 0 dead letters + 0 pending + 0 erased + 0 expired"
    );

    for statement in [
        // An id again, of before there was a log.
        "INSERT INTO tidemark.events_raw (tenant_id, event_id, received_at, expires_at) \
         SELECT tenant_id, event_id, received_at, expires_at FROM tidemark.events_raw LIMIT 1"
            .to_owned(),
        // Two rows of one place, behind places that are in no table.
        format!(
            "INSERT INTO tidemark.events_raw (tenant_id, event_id, received_at, expires_at, log_id, lane, offset) \
             SELECT '{TENANT}', generateUUIDv4(), now64(3), now() + 86400, '{LOG}', 1, 60 FROM numbers(2)"
        ),
        // An event that was counted twice.
        format!(
            "INSERT INTO tidemark.minute_counts (tenant_id, site_id, minute, event_name, events) \
             SELECT tenant_id, site_id, minute, event_name, 1 FROM tidemark.minute_counts \
             WHERE tenant_id = '{TENANT}' LIMIT 1"
        ),
        // A place that is told as erased, and has a row.
        format!(
            "INSERT INTO tidemark.erased_places (log_id, lane, offset, received_at) \
             VALUES ('{LOG}', 0, 3, now64(3))"
        ),
        // A mark that runs ahead.
        format!(
            "INSERT INTO tidemark.consent_ledger (is_mark, log_id, lane, mark_offset) \
             VALUES (true, '{LOG}', 0, 1000)"
        ),
    ] {
        stack.clickhouse.run(&statement).await;
    }
    let (states, code) = verify(&stack).await;
    assert_eq!(code, Some(1));
    let broken: Vec<_> = states
        .iter()
        .filter(|(_, (state, _))| state == "broken")
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(
        broken,
        [
            "erased_are_gone",
            "every_place_is_accounted_for",
            "ids_are_unique",
            "marks_follow_base/consent_ledger",
            "places_are_unique",
            "rollup_equals_recount/minute_counts",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_expired_and_what_was_left_out_is_in_the_account() {
    let stack = Stack::start().await;
    let gap = REPAIR_GAP;
    for statement in [
        // The first ten places of a lane, and all of another, are in no table any more.
        format!(
            "INSERT INTO tidemark.rejected_events (tenant_id, received_at, expires_at, log_id, lane, offset) \
             SELECT '{TENANT}', now64(3), now() + 86400, '{LOG}', 0, 10 + number FROM numbers(90)"
        ),
        format!(
            "INSERT INTO tidemark.minute_counts (is_mark, log_id, lane, mark_offset) \
             VALUES (true, '{LOG}', 0, 100), (true, '{LOG}', 1, 7), (true, '{LOG}', 2, {gap} + 20)"
        ),
        // A repair of the log has left out as many places as one group may have used.
        format!(
            "INSERT INTO tidemark.rejected_events (tenant_id, received_at, expires_at, log_id, lane, offset) \
             SELECT '{TENANT}', now64(3), now() + 86400, '{LOG}', 2, \
             number + if(number < 10, 0, {gap}) FROM numbers(20)"
        ),
    ] {
        stack.clickhouse.run(&statement).await;
    }
    let (states, code) = verify(&stack).await;
    assert_eq!(code, Some(0), "{states:?}");
    assert_eq!(
        states["every_place_is_accounted_for"].1,
        format!(
            "{} accepted = 0 events + 110 rejections + 0 dead letters + 0 pending + 0 erased \
             + 17 expired + {gap} left out by repairs",
            127 + gap
        )
    );
}
