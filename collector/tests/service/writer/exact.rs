//! Counts, after everything that can happen to a ClickHouse.

use std::time::Duration;

use serde_json::Value;
use tidemark_collector::record::{Context, Record};
use tidemark_core::consent::Consent;
use tidemark_core::id::Uuid;
use tidemark_core::json::Tape;

use super::world::{LANES, World};

/// 31 December 2025, 23:59:50 UTC: the events that follow span two months.
const BEGIN_MS: i64 = 1_767_225_590_000;

fn push(world: &World, from: u64, to: u64) {
    for at in from..to {
        let id = |kind: u8, n: u64| {
            let mut bytes = [kind; 16];
            bytes[8..].copy_from_slice(&n.to_be_bytes());
            Uuid(bytes)
        };
        let names = ["chat_interaction", "page.viewed", "ui.rage_click", "workflow.executed"];
        let tokens = format!(
            r#"{{"tokens_consumed":{},"response_time_ms":{},"agent.id":"a{}","satisfaction_score":{}}}"#,
            at % 13,
            at % 100,
            at % 3,
            at % 5
        );
        let received_at_ms = BEGIN_MS + i64::try_from(at).unwrap() * 10;
        let tape = Tape::read_text(&tokens).unwrap();
        let record = Record {
            tenant_id: id(1, at % 2),
            site_id: id(2, 0),
            event_id: id(3, at),
            event_name: names[usize::try_from(at).unwrap() % names.len()].into(),
            occurred_at_ms: received_at_ms,
            received_at_ms,
            expires_at: u32::MAX,
            session_id: Some(id(4, at % 20)),
            anonymous_id: Some(id(5, at % 10)),
            user_id: if at % 3 == 0 { format!("u{}", at % 7).into() } else { "".into() },
            attributes: Some(tape.root()),
            context: Context {
                page_path: format!("/p/{}", at % 4).into(),
                consent: Consent { analytics: Some(true), ..Consent::default() },
                ..Context::default()
            },
            ..Record::default()
        };
        world.log.push(usize::try_from(at).unwrap() % LANES, &record);
    }
}

async fn one(world: &World, sql: &str) -> Value {
    world.clickhouse.rows(sql).await.remove(0)
}

/// Base and rollups, against what was pushed and against each other.
async fn assert_exact(world: &World, entries: u64) {
    let base = one(
        world,
        "SELECT toUInt32(count()) AS rows, toUInt32(uniqExact(event_id)) AS ids, \
         toUInt32(uniqExact(lane, offset)) AS places FROM tidemark.events_raw",
    )
    .await;
    assert_eq!(base, serde_json::json!({ "rows": entries, "ids": entries, "places": entries }));
    let pairs = [
        (
            "SELECT tenant_id, user_id, if(user_id = '', anonymous_id, toUUID('00000000-0000-0000-0000-000000000000')) AS a, \
             toDate(occurred_at) AS d, count() AS c, countIf(event_name = 'chat_interaction') AS chats, \
             sumIf(ifNull(attributes.tokens_consumed, 0), event_name = 'chat_interaction') AS t \
             FROM tidemark.events_raw GROUP BY ALL",
            "SELECT tenant_id, user_id, anonymous_id AS a, date AS d, sum(total_events) AS c, \
             sum(chat_interactions) AS chats, sum(total_tokens_consumed) AS t \
             FROM tidemark.user_analytics_summary WHERE NOT is_mark GROUP BY ALL",
        ),
        (
            "SELECT tenant_id, toDate(occurred_at) AS d, count() AS c, \
             countIf(event_name = 'chat_interaction') AS m, sum(attributes.tokens_consumed) AS t, \
             uniqExactIf(user_id, user_id != '') AS u, uniqExact(anonymous_id) AS v, \
             avg(attributes.response_time_ms) AS r, uniqExact(attributes.`agent.id`) AS a, \
             countIf(event_name = 'workflow.executed') AS w FROM tidemark.events_raw GROUP BY ALL",
            "SELECT tenant_id, date AS d, sum(total_events) AS c, sum(total_messages) AS m, \
             sum(total_tokens) AS t, uniqMerge(unique_users) AS u, uniqMerge(unique_visitors) AS v, \
             avgMerge(avg_response_time) AS r, uniqMerge(agent_count) AS a, \
             sum(workflow_executions) AS w FROM tidemark.daily_metrics WHERE NOT is_mark GROUP BY ALL",
        ),
        (
            "SELECT tenant_id, toStartOfHour(occurred_at) AS h, count() AS c, \
             sum(attributes.tokens_consumed) AS t FROM tidemark.events_raw GROUP BY ALL",
            "SELECT tenant_id, hour AS h, sum(total_events) AS c, sum(total_tokens) AS t \
             FROM tidemark.hourly_metrics WHERE NOT is_mark GROUP BY ALL",
        ),
        (
            "SELECT tenant_id, attributes.`agent.id` AS a, toDate(occurred_at) AS d, \
             countIf(event_name = 'chat_interaction') AS m, sum(attributes.tokens_consumed) AS t, \
             avg(attributes.satisfaction_score) AS s FROM tidemark.events_raw GROUP BY ALL",
            "SELECT tenant_id, agent_id AS a, date AS d, sum(message_count) AS m, \
             sum(total_tokens) AS t, avgMerge(satisfaction_score) AS s \
             FROM tidemark.agent_metrics WHERE NOT is_mark GROUP BY ALL",
        ),
        (
            "SELECT tenant_id, screen, toStartOfHour(occurred_at) AS h, \
             countIf(event_name = 'page.viewed') AS v, countIf(event_name = 'ui.rage_click') AS r, \
             uniqExact(session_id) AS s FROM tidemark.events_raw \
             WHERE event_name IN ('page.viewed', 'ui.rage_click') GROUP BY ALL",
            "SELECT tenant_id, screen, hour AS h, sum(views) AS v, sum(rage_clicks) AS r, \
             uniqMerge(sessions) AS s FROM tidemark.screen_hotspot_counts WHERE NOT is_mark GROUP BY ALL",
        ),
        (
            "SELECT tenant_id, event_name AS e, toStartOfMinute(occurred_at) AS n, count() AS c, \
             uniqExact(session_id) AS s FROM tidemark.events_raw GROUP BY ALL",
            "SELECT tenant_id, event_name AS e, minute AS n, sum(events) AS c, uniqMerge(sessions) AS s \
             FROM tidemark.minute_counts WHERE NOT is_mark GROUP BY ALL",
        ),
        (
            "SELECT tenant_id, anonymous_id AS a, user_id AS u, 'granted' AS g, 'not_said' AS n, \
             min(occurred_at) AS f, max(occurred_at) AS l, count() AS c \
             FROM tidemark.events_raw GROUP BY ALL",
            "SELECT tenant_id, anonymous_id AS a, user_id AS u, consent_analytics AS g, \
             consent_ads AS n, min(first_seen) AS f, max(last_seen) AS l, sum(events) AS c \
             FROM tidemark.consent_ledger WHERE NOT is_mark GROUP BY ALL",
        ),
    ];
    for (base, rollup) in pairs {
        let base = world.clickhouse.run(&format!("SELECT * FROM ({base}) ORDER BY ALL")).await;
        let rollup = world.clickhouse.run(&format!("SELECT * FROM ({rollup}) ORDER BY ALL")).await;
        let tidy = |text: &str| text.replace(".000", "");
        assert!(!base.is_empty());
        assert_eq!(tidy(&base), tidy(&rollup));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_the_log_is_in_every_table_once() {
    let world = World::start().await;
    push(&world, 0, 3_000);
    let writers = world.writers();
    world.until_written(&writers).await;
    push(&world, 3_000, 3_500);
    writers.wake();
    world.until_written(&writers).await;
    World::stop(writers).await;
    assert_exact(&world, 3_500).await;
    // Writers that come later know where the others were.
    push(&world, 3_500, 3_600);
    let writers = world.writers();
    world.until_written(&writers).await;
    World::stop(writers).await;
    assert_exact(&world, 3_600).await;
}

/// ClickHouse is killed in the middle of blocks and rollups, again and again.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_clickhouse_has_everything_once_in_the_end() {
    let kills: u64 = std::env::var("TIDEMARK_ENGINE_KILLS")
        .map_or(8, |text| text.parse().expect("a number of kills"));
    let mut world = World::start().await;
    let writers = world.writers();
    let mut entries = 0;
    for kill in 0..kills {
        push(&world, entries, entries + 400);
        entries += 400;
        writers.wake();
        // A different moment each time: within the block's wait, its insert, the
        // rollups after it.
        tokio::time::sleep(Duration::from_millis(150 + 37 * (kill % 12))).await;
        world.clickhouse.kill().await;
        world.clickhouse.restart().await;
    }
    world.until_written(&writers).await;
    let doubts = writers.shared().counters.doubts.get();
    let failures = writers.shared().counters.failures.get();
    World::stop(writers).await;
    eprintln!("{kills} kills, {doubts} doubts, {failures} failures");
    assert!(failures > 0, "no kill was noticed");
    assert_exact(&world, entries).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_goes_to_the_dead_letters_and_the_rest_lands() {
    let world = World::start().await;
    world
        .clickhouse
        .run("ALTER TABLE tidemark.events_raw ADD CONSTRAINT no_user_u3 CHECK user_id != 'u3'")
        .await;
    push(&world, 0, 300);
    let writers = world.writers();
    world
        .until("written", async || {
            (0..2).all(|lane| writers.shared().frontier.committed(lane) == Some(150))
        })
        .await;
    World::stop(writers).await;
    let poisoned = (0..300_u64).filter(|at| at % 3 == 0 && at % 7 == 3).count() as u64;
    assert!(poisoned > 5);
    let counts = one(
        &world,
        "SELECT toUInt32((SELECT count() FROM tidemark.events_raw)) AS base, \
         toUInt32((SELECT count() FROM tidemark.dead_letters FINAL)) AS dead",
    )
    .await;
    assert_eq!(counts, serde_json::json!({ "base": 300 - poisoned, "dead": poisoned }));
    let letters = world
        .clickhouse
        .rows(
            "SELECT refused_by, toUInt32(code) AS code, reason, toUInt32(offset) AS offset, \
             toUInt32(lane) AS lane, event_id FROM tidemark.dead_letters FINAL",
        )
        .await;
    for letter in letters {
        assert_eq!(
            (&letter["code"], letter["reason"].as_str()),
            (&469.into(), Some("VIOLATED_CONSTRAINT"))
        );
        assert_eq!(letter["refused_by"], "events_raw");
        let at = letter["offset"].as_u64().unwrap() * 2 + letter["lane"].as_u64().unwrap();
        assert!(at % 3 == 0 && at % 7 == 3);
    }
}
