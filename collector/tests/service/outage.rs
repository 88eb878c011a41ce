//! ClickHouse away, and back.

use serde_json::json;

use crate::hop::{batch, event, post};
use crate::stack::{API_KEY, ClickHouse, Stack, Tidemark, config};

#[tokio::test(flavor = "multi_thread")]
async fn while_clickhouse_is_away_nothing_is_claimed() {
    let mut stack = Stack::start().await;
    let tidemark = &stack.tidemark;
    assert_eq!(post(tidemark, &batch(&[event(1)])).await.verdicts(), ["accepted"]);

    stack.clickhouse.kill().await;
    let told = post(tidemark, &batch(&[event(2)])).await;
    assert_eq!(told.refusal(), (503, "store_unavailable", None));
    assert_eq!(told.headers["retry-after"], "5");
    let (status, health) = tidemark.get("/health/ready").await;
    assert_eq!((status, &health["ready"]), (503, &json!(false)));
    assert_eq!(health["missing"], json!(["clickhouse", "migrations"]));
    assert_eq!(tidemark.get("/health/live").await.0, 200);
    let stats = tidemark.http.get(format!("{}/v1/stats", tidemark.url)).bearer_auth(API_KEY);
    let stats = crate::hop::answer(stats).await;
    assert_eq!(stats.refusal(), (503, "store_unavailable", None));
    assert_eq!(stats.headers["retry-after"], "5");
    assert_eq!(
        tidemark.metric(r#"tidemark_insert_failures_total{reason="unavailable"}"#).await,
        1.0
    );

    stack.clickhouse.restart().await;
    tidemark.until_ready().await;
    assert_eq!(post(tidemark, &batch(&[event(2)])).await.verdicts(), ["accepted"]);
    assert_eq!(stack.clickhouse.count_events().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_collector_starts_before_clickhouse() {
    let mut clickhouse = ClickHouse::start().await;
    clickhouse.kill().await;
    let tidemark = Tidemark::start(&config(&clickhouse.url), &[]).await;
    let told = post(&tidemark, &batch(&[event(1)])).await;
    assert_eq!(told.refusal(), (503, "store_unavailable", None));

    clickhouse.restart().await;
    tidemark.until_ready().await;
    tidemark
        .until("accepting", async || post(&tidemark, &batch(&[event(1)])).await.status == 200)
        .await;
    assert_eq!(clickhouse.count_events().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_goes_missing_comes_back() {
    let stack = Stack::start().await;
    stack.clickhouse.run("DROP DATABASE tidemark SYNC").await;
    let (status, health) = stack.tidemark.get("/health").await;
    assert_eq!((status, &health["missing"]), (503, &json!(["migrations"])));
    let told = post(&stack.tidemark, &batch(&[event(1)])).await;
    assert_eq!(told.refusal(), (503, "store_unavailable", None));
    stack.tidemark.until_ready().await;
    let again = async || post(&stack.tidemark, &batch(&[event(1)])).await.status == 200;
    stack.tidemark.until("accepting", again).await;
    assert_eq!(stack.clickhouse.count_events().await, 1);
}
