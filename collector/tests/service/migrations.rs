//! `tidemark migrate`, and what it refuses.

use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

use crate::hop::{batch, event, post};
use crate::stack::{ClickHouse, Tidemark, config, tidemark_binary};

async fn migrate(clickhouse: &ClickHouse, arguments: &[&str]) -> Output {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("tidemark.toml");
    std::fs::write(&file, config(&clickhouse.url)).unwrap();
    let mut command = Command::new(tidemark_binary());
    command.arg("migrate").arg("--config").arg(&file).args(arguments).output().await.unwrap()
}

fn refusal(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn migrating_twice_does_it_once() {
    let clickhouse = ClickHouse::start().await;
    let first = migrate(&clickhouse, &[]).await;
    assert!(first.status.success(), "{first:?}");
    assert_all_applied(&first);
    let second = migrate(&clickhouse, &["--json"]).await;
    let report: Value = serde_json::from_slice(&second.stdout).unwrap();
    assert_eq!(report["database"], "tidemark");
    assert_eq!(report["migrations"][0]["name"], "events_raw");
    let told = report["migrations"].as_array().unwrap();
    assert!(told.iter().all(|migration| migration["applied_now"] == false), "{report}");
    let recorded = clickhouse
        .rows("SELECT version, name, checksum FROM tidemark.schema_migrations ORDER BY version")
        .await;
    assert_eq!(recorded.len(), told.len());
    assert_eq!(recorded[0]["checksum"], report["migrations"][0]["checksum"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_died_half_way_is_finished() {
    let clickhouse = ClickHouse::start().await;
    assert!(migrate(&clickhouse, &[]).await.status.success());
    clickhouse.run("TRUNCATE TABLE tidemark.schema_migrations").await;
    let again = migrate(&clickhouse, &[]).await;
    assert_all_applied(&again);
}

fn assert_all_applied(output: &Output) {
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.starts_with("0001_events_raw  applied\n0002_log_position  applied\n"), "{told}");
    assert!(told.lines().count() >= 6 && told.lines().all(|line| line.ends_with("  applied")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_somebody_changed_is_refused_by_name() {
    let clickhouse = ClickHouse::start().await;
    assert!(migrate(&clickhouse, &[]).await.status.success());
    for (change, undo, table) in [
        (
            "ALTER TABLE tidemark.events_raw ADD COLUMN mine String",
            "ALTER TABLE tidemark.events_raw DROP COLUMN mine",
            "events_raw",
        ),
        (
            "ALTER TABLE tidemark.daily_metrics MODIFY TTL date + INTERVAL 1 DAY",
            "ALTER TABLE tidemark.daily_metrics MODIFY TTL date + INTERVAL 2 YEAR DELETE WHERE NOT is_mark",
            "daily_metrics",
        ),
        (
            "RENAME TABLE tidemark.dead_letters TO tidemark.other",
            "RENAME TABLE tidemark.other TO tidemark.dead_letters",
            "dead_letters",
        ),
    ] {
        clickhouse.run(change).await;
        let told = refusal(&migrate(&clickhouse, &[]).await);
        assert!(told.contains(&format!("table tidemark.{table} is ")), "{told}");
        clickhouse.run(undo).await;
        let again = migrate(&clickhouse, &[]).await;
        assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_or_newer_migration_is_refused_by_name() {
    let clickhouse = ClickHouse::start().await;
    assert!(migrate(&clickhouse, &[]).await.status.success());
    let record = |version: u32, name: &str| {
        format!(
            "INSERT INTO tidemark.schema_migrations (version, name, checksum, applied_by) \
             SETTINGS async_insert = 0 VALUES ({version}, '{name}', 'abc', 'test')"
        )
    };
    clickhouse.run(&record(1, "events_raw")).await;
    let told = refusal(&migrate(&clickhouse, &[]).await);
    assert!(told.contains("migration 0001_events_raw differs"), "{told}");
    assert!(told.contains("abc"), "{told}");

    // The collector takes events all the same, says why nothing is written, and drains
    // once the database is mended.
    let tidemark = Tidemark::start(&config(&clickhouse.url), &[]).await;
    let refused = async || tidemark.metric("tidemark_migration_refused").await == 1.0;
    tidemark.until("a refusal in /metrics", refused).await;
    assert!(tidemark.log().contains("migration 0001_events_raw differs"), "{}", tidemark.log());
    assert_eq!(post(&tidemark, &batch(&[event(1)])).await.verdicts(), ["accepted"]);
    let health = tidemark.http.get(format!("{}/health", tidemark.url)).send().await.unwrap();
    assert_eq!(health.status(), 503);
    let health: Value = serde_json::from_slice(&health.bytes().await.unwrap()).unwrap();
    assert_eq!(health["missing"], serde_json::json!(["migrations", "migration_refused"]));
    assert_eq!(health["ready"], true);
    assert_eq!(clickhouse.count_events().await, 0);
    clickhouse.run("TRUNCATE TABLE tidemark.schema_migrations").await;
    tidemark.until("the event", async || clickhouse.count_events().await == 1).await;
    drop(tidemark);

    clickhouse.run("TRUNCATE TABLE tidemark.schema_migrations").await;
    clickhouse.run(&record(9, "sessions")).await;
    let told = refusal(&migrate(&clickhouse, &[]).await);
    assert!(
        told.contains("has migration 0009_sessions, which this program does not know"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_clickhouse_it_says_so() {
    let mut clickhouse = ClickHouse::start().await;
    clickhouse.kill().await;
    let told = refusal(&migrate(&clickhouse, &[]).await);
    assert!(told.contains("ClickHouse does not answer"), "{told}");
}

/// There is no cluster here; whether the engine can read what is printed, there is.
#[tokio::test(flavor = "multi_thread")]
async fn the_variant_for_a_cluster_is_of_the_same_tables_and_parses() {
    let clickhouse = ClickHouse::start().await;
    let output = migrate(&clickhouse, &["--print-for-cluster", "main"]).await;
    assert!(output.status.success(), "{output:?}");
    let script = String::from_utf8(output.stdout).unwrap();
    let statements: Vec<&str> =
        script.split(";\n").map(str::trim).filter(|it| !it.is_empty()).collect();
    assert!(statements.len() > 20, "{}", statements.len());
    for statement in statements {
        // A heredoc holds whatever a statement quotes.
        let formatted =
            clickhouse.run(&format!("SELECT formatQuerySingleLine($ddl${statement}$ddl$)")).await;
        assert!(formatted.contains(" ON CLUSTER main"), "{formatted}");
    }
    // Nothing was applied.
    assert_eq!(
        clickhouse.rows("SELECT name FROM system.databases WHERE name = 'tidemark'").await.len(),
        0
    );
    let wrong = migrate(&clickhouse, &["--print-for-cluster", "a; DROP"]).await;
    assert_eq!(wrong.status.code(), Some(2));
}
