//! ClickHouse away, and back: what was acknowledged in between is there once.

use serde_json::{Value, json};

use crate::hop::{answer, batch, event, post, with};
use crate::stack::{API_KEY, ClickHouse, Stack, Tidemark, WRITE_KEY, config};

/// The numbers of the events that are there, in order.
async fn numbers(clickhouse: &ClickHouse) -> Vec<u64> {
    let sql = "SELECT toUInt32(attributes.number) AS n FROM tidemark.events_raw ORDER BY n";
    clickhouse.rows(sql).await.iter().map(|row| row["n"].as_u64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn while_clickhouse_is_away_events_are_taken_and_drain_later() {
    let mut stack = Stack::start().await;
    let tidemark = &stack.tidemark;
    assert_eq!(post(tidemark, &batch(&[event(1)])).await.verdicts(), ["accepted"]);
    tidemark.settled().await;

    stack.clickhouse.kill().await;
    assert_eq!(post(tidemark, &batch(&[event(2), event(3)])).await.verdicts(), ["accepted"; 2]);
    assert_eq!(
        post(tidemark, &batch(&[event(1), event(2), event(4)])).await.verdicts(),
        ["duplicate", "duplicate", "accepted"]
    );
    // It can do its work; that something behind it is away is another question.
    let (status, ready) = tidemark.get("/health/ready").await;
    assert_eq!((status, &ready["ready"], &ready["missing"]), (200, &json!(true), &json!([])));
    let (status, health) = tidemark.get("/health").await;
    assert_eq!((status, &health["ready"]), (503, &json!(true)));
    assert_eq!(health["missing"], json!(["clickhouse", "migrations"]));
    assert_eq!(tidemark.get("/health/live").await.0, 200);
    assert_eq!(tidemark.metric("tidemark_log_lag_entries").await, 3.0);
    let failed = async || tidemark.metric("tidemark_writer_failures_total").await >= 1.0;
    tidemark.until("failed", failed).await;
    let open = async || tidemark.metric("tidemark_writer_breaker_open").await == 1.0;
    tidemark.until("the breaker is open", open).await;
    // What is asked cannot be answered.
    let stats = tidemark.http.get(format!("{}/v1/stats", tidemark.url)).bearer_auth(API_KEY);
    let stats = answer(stats).await;
    assert_eq!(stats.refusal(), (503, "store_unavailable", None));
    assert_eq!(stats.headers["retry-after"], "5");

    stack.clickhouse.restart().await;
    tidemark.until_ready().await;
    tidemark.settled().await;
    assert_eq!(numbers(&stack.clickhouse).await, [1, 2, 3, 4]);
    assert_eq!(tidemark.metric("tidemark_writer_violations_total").await, 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_collector_starts_before_clickhouse_and_takes_events() {
    let mut clickhouse = ClickHouse::start().await;
    clickhouse.kill().await;
    let tidemark = Tidemark::start(&config(&clickhouse.url), &[]).await;
    assert_eq!(post(&tidemark, &batch(&[event(1)])).await.verdicts(), ["accepted"]);
    let (status, health) = tidemark.get("/health").await;
    assert_eq!((status, &health["missing"]), (503, &json!(["clickhouse", "migrations"])));

    clickhouse.restart().await;
    tidemark.until_ready().await;
    tidemark.settled().await;
    assert_eq!(numbers(&clickhouse).await, [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_goes_missing_comes_back() {
    let stack = Stack::start().await;
    stack.clickhouse.run("DROP DATABASE tidemark SYNC").await;
    let (status, health) = stack.tidemark.get("/health").await;
    assert_eq!((status, &health["missing"]), (503, &json!(["migrations"])));
    assert_eq!(post(&stack.tidemark, &batch(&[event(1)])).await.verdicts(), ["accepted"]);
    stack.tidemark.until_ready().await;
    stack.tidemark.settled().await;
    assert_eq!(numbers(&stack.clickhouse).await, [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_of_the_collector_loses_nothing_and_stores_nothing_twice() {
    let mut stack = Stack::start().await;
    stack.clickhouse.kill().await;
    assert_eq!(
        post(&stack.tidemark, &batch(&[event(1), event(2)])).await.verdicts(),
        ["accepted"; 2]
    );
    stack.tidemark.kill().await;
    stack.tidemark.restart().await;
    // Known again before anything is accepted.
    assert_eq!(
        post(&stack.tidemark, &batch(&[event(2), event(3)])).await.verdicts(),
        ["duplicate", "accepted"]
    );
    stack.clickhouse.restart().await;
    stack.tidemark.settled().await;
    assert_eq!(numbers(&stack.clickhouse).await, [1, 2, 3]);

    // With rows there, and released: the next start knows them as well.
    stack.tidemark.kill().await;
    stack.tidemark.restart().await;
    let again = post(&stack.tidemark, &batch(&[event(1), event(2), event(3)])).await;
    assert_eq!(again.verdicts(), ["duplicate"; 3]);
    stack.tidemark.settled().await;
    assert_eq!(numbers(&stack.clickhouse).await, [1, 2, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_batch_by_the_hop_and_by_the_public_endpoint_is_stored_once() {
    let stack = Stack::start().await;
    let tidemark = &stack.tidemark;
    let events: Vec<Value> =
        [1, 2].map(|number| with(event(number), "source", json!("server"))).into();
    assert_eq!(post(tidemark, &batch(&events)).await.verdicts(), ["accepted"; 2]);
    let body = json!({"batch_id": "batch-1", "events": events}).to_string();
    let public = |body: String| {
        let url = format!("{}/v1/events/batch?write_key={WRITE_KEY}", tidemark.url);
        answer(tidemark.http.post(url).header("content-type", "application/json").body(body))
    };
    assert_eq!(public(body.clone()).await.verdicts(), ["duplicate"; 2]);

    // And at once, by both ways: one of them is told `accepted`, once.
    let third = [with(event(3), "source", json!("server"))];
    let both = batch(&third);
    let (hop, open) =
        tokio::join!(post(tidemark, &both), public(json!({"events": third}).to_string()));
    let mut verdicts = [hop.verdicts(), open.verdicts()].concat();
    verdicts.sort();
    assert_eq!(verdicts, ["accepted", "duplicate"]);
    tidemark.settled().await;
    assert_eq!(numbers(&stack.clickhouse).await, [1, 2, 3]);
    assert_eq!(tidemark.metric("tidemark_dedupe_hits_total").await, 3.0);
}
