//! Health, metrics and stats.

use serde_json::{Value, json};
use tidemark_core::time::parse_rfc3339;

use crate::hop::{answer, batch, event, now_ms, post, with};
use crate::stack::{
    API_KEY, ClickHouse, OTHER_API_KEY, OTHER_TENANT, READER, READER_PASSWORD, Stack, TENANT,
    Tidemark, config,
};

async fn stats(stack: &Stack, key: Option<&str>) -> crate::hop::Answer {
    let request = stack.tidemark.http.get(format!("{}/v1/stats", stack.tidemark.url));
    answer(match key {
        Some(key) => request.bearer_auth(key),
        None => request,
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn stats_are_the_keys_tenants_own() {
    let stack = Stack::start().await;
    for wrong in [None, Some("tm_wrong"), Some(""), Some(TENANT)] {
        let told = stats(&stack, wrong).await;
        assert_eq!(told.refusal(), (401, "unknown_api_key", None), "{wrong:?}");
        assert_eq!(told.headers["www-authenticate"], "Bearer");
    }
    let empty = stats(&stack, Some(API_KEY)).await;
    let nothing = json!({"tenant_id": TENANT, "events": 0, "last_received_at": null});
    assert_eq!((empty.status, empty.json), (200, nothing));

    let before = now_ms();
    assert_eq!(post(&stack.tidemark, &batch(&[event(1), event(2)])).await.verdicts().len(), 2);
    stack.tidemark.settled().await;
    let told = stats(&stack, Some(API_KEY)).await.json;
    assert_eq!((&told["tenant_id"], &told["events"]), (&json!(TENANT), &json!(2)));
    let last = told["last_received_at"].as_str().and_then(parse_rfc3339).unwrap();
    assert!((before..=now_ms()).contains(&last), "{told}");

    let other = stats(&stack, Some(OTHER_API_KEY)).await.json;
    assert_eq!(other, json!({"tenant_id": OTHER_TENANT, "events": 0, "last_received_at": null}));
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_are_asked_as_the_reader_and_events_stored_as_the_owner() {
    let clickhouse = ClickHouse::start().await;
    let with = |password: &str| {
        let keys = format!("[clickhouse]\nreader = \"{READER}\"\nreader_password = \"{password}\"");
        config(&clickhouse.url).replace("[clickhouse]", &keys)
    };
    let wrong = Tidemark::start(&with("another"), &[]).await;
    wrong.until_ready().await;
    assert_eq!(post(&wrong, &batch(&[event(1)])).await.verdicts(), ["accepted"]);
    wrong.settled().await;
    let asked = |tidemark: &Tidemark| {
        answer(tidemark.http.get(format!("{}/v1/stats", tidemark.url)).bearer_auth(API_KEY))
    };
    assert_eq!(asked(&wrong).await.refusal(), (503, "store_unavailable", None));
    let right = Tidemark::start(&with(READER_PASSWORD), &["--roles", "query"]).await;
    right.until_ready().await;
    assert_eq!(asked(&right).await.json["events"], 1);
}

/// What a tenant says of retention is written into each row as it is admitted.
#[tokio::test(flavor = "multi_thread")]
async fn rows_expire_by_their_tenants_own_retention() {
    let stack = Stack::start().await;
    let command = ["tenants", "update", "other", "--retention-days", "7"];
    stack.tidemark.command(&command).await.unwrap();
    let of = |tenant: &str, number: u32| {
        String::from_utf8(batch(&[event(number), json!(5)])).unwrap().replace(TENANT, tenant)
    };
    let kept = async |tenant: &str| {
        stack.tidemark.settled().await;
        let days = |table: &str| {
            format!(
                "SELECT toUInt32(dateDiff('day', received_at, expires_at)) AS days FROM tidemark.{table} \
                 WHERE tenant_id = '{tenant}' ORDER BY received_at DESC LIMIT 1"
            )
        };
        let mut rows = stack.clickhouse.rows(&days("events_raw")).await;
        rows.extend(stack.clickhouse.rows(&days("rejected_events")).await);
        rows.iter().map(|row| row["days"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    post(&stack.tidemark, of(TENANT, 1).as_bytes()).await;
    assert_eq!(kept(TENANT).await, [90, 90]);
    // A running collector takes it up within a second or two.
    let mut number = 1;
    stack
        .tidemark
        .until("the tenant's own days", async || {
            number += 1;
            post(&stack.tidemark, of(OTHER_TENANT, number).as_bytes()).await;
            kept(OTHER_TENANT).await == [7, 7]
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn health_and_metrics_tell_the_state() {
    let stack = Stack::start().await;
    let tidemark = &stack.tidemark;
    assert_eq!(tidemark.get("/health/live").await.1["live"], true);
    for path in ["/health/ready", "/health"] {
        let (status, told) = tidemark.get(path).await;
        assert_eq!((status, &told["ready"], &told["missing"]), (200, &json!(true), &json!([])));
    }
    for series in [
        "tidemark_events_received_total",
        "tidemark_batches_total",
        r#"tidemark_events_total{verdict="accepted",code=""}"#,
        r#"tidemark_events_total{verdict="rejected",code="too_deep"}"#,
        r#"tidemark_signature_failures_total{reason="stale"}"#,
        r#"tidemark_ingest_refused_total{code="store_unavailable"}"#,
    ] {
        assert_eq!(tidemark.metric(series).await, 0.0, "{series}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_holds_nothing_personal_and_no_secret() {
    let stack = Stack::start().await;
    let personal = with(event(1), "user_id", json!("user-who-is-private"));
    let personal = with(personal, "attributes", json!({"note": "a private note"}));
    let broken = with(event(2), "source", json!("private-source"));
    post(&stack.tidemark, &batch(&[personal, broken])).await;
    let query = format!("{}/v1/nothing?key=private-query", stack.tidemark.url);
    answer(stack.tidemark.http.get(query)).await;
    stats(&stack, Some(API_KEY)).await;
    let log = stack.tidemark.log();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let requests =
        lines.iter().filter(|line| line["message"] == "request" && line["level"] == "DEBUG");
    assert!(
        requests
            .filter(|line| line["path"] == "/internal/v1/ingest" && line["status"] == 200)
            .count()
            == 1
    );
    for private in ["private", API_KEY, crate::stack::SECRET, "127.0.0.1:0"] {
        assert!(!log.contains(private), "{private} in\n{log}");
    }
}
