//! `tidemark export`: every format read back, tenants apart, memory bounded.

use std::io::Read as _;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::hop::{batch, event, post, with};
use crate::stack::{OTHER_TENANT, SITE, Stack, TENANT};

/// Two events of one day and one of another, and one of another tenant.
async fn three_events_and_a_strangers(stack: &Stack) {
    let first = with(event(1), "occurred_at", json!("2026-11-01T10:00:00.123Z"));
    let first = with(first, "attributes", json!({"note": "a \"b\",\nc", "tokens_consumed": 7}));
    let second = with(event(2), "occurred_at", json!("2026-11-01T23:59:59.999Z"));
    let third = with(event(3), "occurred_at", json!("2026-11-02T00:00:00Z"));
    let third = with(third, "event_name", json!("page.viewed"));
    let told = post(&stack.tidemark, &batch(&[first, second, third])).await;
    assert_eq!(told.verdicts(), ["accepted"; 3]);
    let stranger = with(event(4), "tenant_id", json!(OTHER_TENANT));
    let body = json!({"tenant_id": OTHER_TENANT, "site_id": SITE, "events": [stranger]});
    let told = post(&stack.tidemark, body.to_string().as_bytes()).await;
    assert_eq!(told.verdicts(), ["accepted"]);
    assert_eq!(stack.count_events().await, 4);
}

async fn ndjson(stack: &Stack, arguments: &[&str]) -> Vec<Value> {
    let mut all = vec!["export", "--format", "ndjson"];
    all.extend(arguments);
    let text = stack.tidemark.command(&all).await.unwrap();
    let mut rows: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    rows.sort_by_key(|row| row["event_id"].to_string());
    rows
}

fn numbers(rows: &[Value]) -> Vec<u64> {
    let number = |row: &Value| row["event_id"].as_str().unwrap()[24..].parse().unwrap();
    rows.iter().map(number).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_chosen_by_tenant_site_time_and_name() {
    let stack = Stack::start().await;
    three_events_and_a_strangers(&stack).await;
    let rows = ndjson(&stack, &["--tenant", "demo"]).await;
    assert_eq!(numbers(&rows), [1, 2, 3]);
    assert_eq!(rows[0]["tenant_id"], TENANT);
    assert_eq!(rows[0]["occurred_at"], "2026-11-01T10:00:00.123Z");
    assert_eq!(rows[0]["attributes"]["note"], "a \"b\",\nc");
    assert_eq!(rows[0]["attributes"]["tokens_consumed"], 7);
    assert_eq!(numbers(&ndjson(&stack, &["--tenant", OTHER_TENANT]).await), [4]);
    for (arguments, expected) in [
        (&["--from", "2026-11-02"][..], &[3][..]),
        (&["--to", "2026-11-02"], &[1, 2]),
        (&["--from", "2026-11-01T12:00:00Z", "--to", "2026-11-02"], &[2]),
        (&["--from", "2030-01-01"], &[]),
        (&["--to", "2026-11-02", "--by", "received-at"], &[]),
        (&["--event", "page.viewed"], &[3]),
        (&["--event", "page.viewed", "--event", "signup_click"], &[1, 2, 3]),
        (&["--site", SITE], &[1, 2, 3]),
        (&["--site", TENANT], &[]),
    ] {
        let mut all = vec!["--tenant", TENANT];
        all.extend(arguments);
        assert_eq!(numbers(&ndjson(&stack, &all).await), expected, "{arguments:?}");
    }
    let two = ndjson(&stack, &["--tenant", TENANT, "--columns", "event_name,event_id"]).await;
    let mut names: Vec<_> = two[0].as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(names, ["event_id", "event_name"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_exported_is_said_and_leaves_no_file() {
    let stack = Stack::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("out.csv");
    let file = file.to_str().unwrap();
    for (arguments, words) in [
        (&["--tenant", TENANT, "--columns", "event_id,note` FROM x --"][..], "has no column"),
        (&["--tenant", "nobody"], "no tenant"),
        (&["--tenant", TENANT, "--from", "2026-01-02", "--to", "2026-01-01"], "--from"),
        (&["--tenant", TENANT, "--from", "soon"], "2026-01-31"),
        (&["--tenant", TENANT, "--table", "rejected-events", "--event", "a"], "event"),
    ] {
        let mut all = vec!["export", "--format", "csv", "--output", file];
        all.extend(arguments);
        let told = stack.tidemark.command(&all).await.unwrap_err();
        assert!(told.contains(words), "{arguments:?}: {told}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{arguments:?}");
    }
    let export = ["export", "--tenant", TENANT, "--format", "csv", "--output", file];
    stack.tidemark.command(&export).await.unwrap();
    assert!(stack.tidemark.command(&export).await.unwrap_err().contains("--force"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_format_is_read_back_as_it_was() {
    let stack = Stack::start().await;
    three_events_and_a_strangers(&stack).await;
    let folder = tempfile::tempdir().unwrap();
    let columns = "event_id,event_name,occurred_at,attributes";
    for (format, clickhouse) in [
        ("parquet", "Parquet"),
        ("csv", "CSVWithNames"),
        ("ndjson", "JSONEachRow"),
        ("arrow", "Arrow"),
        ("arrow-stream", "ArrowStream"),
    ] {
        let file = folder.path().join(format);
        let path = file.to_str().unwrap();
        let export = ["export", "--tenant", TENANT, "--format", format, "--columns", columns];
        stack.tidemark.command(&[&export[..], &["--output", path]].concat()).await.unwrap();
        let table = format!("read_{}", format.replace('-', "_"));
        stack
            .clickhouse
            .run(&format!(
                "CREATE TABLE {table} (event_id UUID, event_name String, \
                 occurred_at DateTime64(3, 'UTC'), attributes JSON) ENGINE = MergeTree ORDER BY event_id"
            ))
            .await;
        let insert = format!("INSERT INTO {table} FORMAT {clickhouse}");
        let answer = reqwest::Client::new()
            .post(&stack.clickhouse.url)
            .query(&[("query", insert.as_str()), ("date_time_input_format", "best_effort")])
            .body(std::fs::read(&file).unwrap())
            .send()
            .await
            .unwrap();
        assert!(answer.status().is_success(), "{format}: {}", answer.text().await.unwrap());
        let rows = stack
            .clickhouse
            .rows(&format!(
                "SELECT event_name, toUnixTimestamp64Milli(occurred_at)::String AS ms, \
                 attributes.note::String AS note FROM {table} ORDER BY event_id"
            ))
            .await;
        assert_eq!(rows.len(), 3, "{format}");
        let first =
            json!({"event_name": "signup_click", "ms": "1793527200123", "note": "a \"b\",\nc"});
        assert_eq!(rows[0], first, "{format}");
    }
}

/// The peak of a process's resident memory, in KB.
fn peak_kb(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_of_any_size_takes_little_memory() {
    const ROWS: usize = 400_000;
    let stack = Stack::start().await;
    stack
        .clickhouse
        .run(&format!(
            "INSERT INTO tidemark.events_raw (tenant_id, event_id, event_name, occurred_at, received_at, \
             page_title, expires_at) SELECT '{TENANT}', generateUUIDv4(), 'x', now64(3), now64(3), \
             repeat('lorem ', 40), now() + 86400 FROM numbers({ROWS})"
        ))
        .await;
    let mut child = stack
        .tidemark
        .prepared(&["export", "--tenant", TENANT, "--format", "csv"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (peak, bytes, lines) = tokio::task::spawn_blocking(move || {
        let mut out = child.stdout.take().unwrap();
        let mut buffer = vec![0; 1024 * 1024];
        let (mut bytes, mut lines, mut peak) = (0, 0, 0);
        loop {
            let read = out.read(&mut buffer).unwrap();
            if read == 0 {
                break;
            }
            bytes += read;
            lines += buffer[..read].iter().filter(|byte| **byte == b'\n').count();
            if peak == 0 && lines > ROWS * 9 / 10 {
                peak = peak_kb(child.id());
            }
        }
        assert!(child.wait().unwrap().success());
        (peak, bytes, lines)
    })
    .await
    .unwrap();
    assert_eq!(lines, ROWS + 1);
    assert!(bytes > 100_000_000, "{bytes}");
    assert!(peak > 0 && peak < 64 * 1024, "{peak} KB");
}
