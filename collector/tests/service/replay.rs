//! `tidemark replay`: what ClickHouse lost is sent again once, and what is there is not.

use serde_json::{Value, json};

use crate::hop::{batch, event, now_ms, post, rfc3339, with};
use crate::stack::Stack;

async fn replay(stack: &Stack, more: &[&str]) -> Value {
    let arguments = [&["replay", "--json", "--quiet"], more].concat();
    serde_json::from_str(&stack.tidemark.command(&arguments).await.unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_table_lost_comes_back_once() {
    let stack = Stack::start().await;
    let events: Vec<Value> = (1..=20)
        .map(|at| with(event(at), "user_id", json!(if at % 4 == 0 { "jo" } else { "sam" })))
        .collect();
    assert_eq!(post(&stack.tidemark, &batch(&events)).await.verdicts(), ["accepted"; 20]);
    let count = async |n: u64| stack.clickhouse.count_events().await == n;
    stack.tidemark.until("twenty", async || count(20).await).await;
    let erase = ["delete-user", "--tenant", "demo", "--user-id", "jo", "--quiet"];
    stack.tidemark.command(&erase).await.unwrap();
    stack
        .clickhouse
        .run("ALTER TABLE tidemark.events_raw DELETE WHERE attributes.number > 10 SETTINGS mutations_sync = 2")
        .await;
    assert!(count(8).await);

    let told = replay(&stack, &["--log", "--dry-run"]).await;
    assert_eq!(
        (&told["sent"], &told["stored"], &told["erased"]),
        (&json!(7), &json!(8), &json!(5))
    );
    assert!(count(8).await, "a dry run sends nothing");
    let told = replay(&stack, &["--log"]).await;
    assert_eq!(told["sent"], 7, "{told}");
    // At once again: what is on its way is not sent twice.
    let told = replay(&stack, &["--log"]).await;
    assert_eq!(told["sent"], 0, "{told}");
    stack.tidemark.until("all of it", async || count(15).await).await;
    let told = replay(&stack, &["--log", "--tenant", "other"]).await;
    assert_eq!(told["looked_at"], 5, "places of erased people belong to nobody: {told}");
    let rows = stack
        .clickhouse
        .rows("SELECT toUInt32(uniqExact(event_id)) AS n FROM tidemark.events_raw")
        .await;
    assert_eq!(rows[0]["n"], 15);
    let told = replay(&stack, &["--dead-letters"]).await;
    assert_eq!(told["looked_at"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_is_sent_again_and_then_given_out_no_more() {
    let stack = Stack::start().await;
    assert_eq!(post(&stack.tidemark, &batch(&[event(1)])).await.verdicts(), ["accepted"]);
    let count = async |n: u64| stack.clickhouse.count_events().await == n;
    stack.tidemark.until("one", async || count(1).await).await;
    stack
        .clickhouse
        .run("ALTER TABLE tidemark.events_raw ADD CONSTRAINT no_odd CHECK user_id != 'odd'")
        .await;
    let odd = |number| with(event(number), "user_id", json!("odd"));
    let told = post(&stack.tidemark, &batch(&[odd(2), event(3), odd(4)])).await;
    assert_eq!(told.verdicts(), ["accepted"; 3]);
    let letters = async || stack.tidemark.metric("tidemark_writer_dead_letters_total").await == 2.0;
    stack.tidemark.until("two letters", letters).await;
    stack.tidemark.until("their neighbour", async || count(2).await).await;

    let told = replay(&stack, &["--dead-letters", "--dry-run"]).await;
    assert_eq!((&told["looked_at"], &told["sent"]), (&json!(2), &json!(2)));
    stack.clickhouse.run("ALTER TABLE tidemark.events_raw DROP CONSTRAINT no_odd").await;
    let told = replay(&stack, &["--dead-letters"]).await;
    assert_eq!((&told["looked_at"], &told["sent"]), (&json!(2), &json!(2)));
    stack.tidemark.until("all four", async || count(4).await).await;
    let told = replay(&stack, &["--dead-letters"]).await;
    assert_eq!(told["looked_at"], 0, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_late_is_asked_for_in_the_base() {
    let stack = Stack::start().await;
    let held = |number: u32| {
        let received = rfc3339(now_ms() - 26 * 3_600_000);
        let event = with(event(number), "received_at", json!(received));
        with(event, "occurred_at", json!(rfc3339(now_ms() - 26 * 3_600_000 - 5)))
    };
    let (one, two) = (held(1), held(2));
    let id = one["event_id"].as_str().unwrap();
    // Stored by a log that this one does not remember.
    stack
        .clickhouse
        .run(&format!(
            "INSERT INTO tidemark.events_raw (tenant_id, site_id, event_id, occurred_at, received_at, \
             expires_at) SELECT '{}', '{}', '{id}', parseDateTime64BestEffort('{}', 3, 'UTC'), \
             now64(3) - 93600, now() + 86400",
            crate::stack::TENANT,
            crate::stack::SITE,
            one["occurred_at"].as_str().unwrap()
        ))
        .await;
    let told = post(&stack.tidemark, &batch(&[one, event(3), two])).await;
    assert_eq!(told.verdicts(), ["duplicate", "accepted", "accepted"]);
    stack.tidemark.until("three", async || stack.clickhouse.count_events().await == 3).await;
}
