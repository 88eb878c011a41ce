//! `tidemark doctor`: each check says what it found, and what to do.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::stack::{ClickHouse, SALT_SECRET, SECRET, Stack, Tidemark, config};

/// The checks by name: state, what was found, what to do.
async fn checks(tidemark: &Tidemark) -> (BTreeMap<String, (String, String, String)>, bool) {
    let output = tidemark.prepared(&["doctor", "--json"]).output().unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains(SECRET) && !text.contains(SALT_SECRET), "{text}");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let checks = told["checks"].as_array().unwrap().iter().map(|check| {
        let rest = (text(&check["state"]), text(&check["found"]), text(&check["advice"]));
        assert!(rest.0 == "ok" || !rest.2.is_empty(), "no advice: {check}");
        (text(&check["name"]), rest)
    });
    (checks.collect(), output.status.success())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_system_fails_nothing() {
    let stack = Stack::start().await;
    let (checks, is_well) = checks(&stack.tidemark).await;
    for name in [
        "config",
        "data.fsync",
        "data.lock",
        "log.format",
        "clickhouse",
        "clickhouse.version",
        "clickhouse.clock",
        "clickhouse.settings",
        "clickhouse.json",
        "clickhouse.permissions",
        "clickhouse.disk",
        "clickhouse.migrations",
        "sites.database",
        "collector",
    ] {
        let found = checks.get(name).unwrap_or_else(|| panic!("no check {name}: {checks:?}"));
        assert!(found.0 == "ok" || name == "clickhouse.disk", "{name}: {found:?}");
    }
    assert_eq!(checks["hop.keys"].0, "warn", "the tests' secret is a sentence");
    assert!(is_well || checks.values().any(|found| found.0 == "fail"));
    assert!(checks["collector"].1.starts_with("ready at "));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_named_with_what_to_do() {
    let mut clickhouse = ClickHouse::start().await;
    let tidemark = Tidemark::start(&config(&clickhouse.url), &[]).await;
    tidemark.until_ready().await;
    clickhouse
        .run("INSERT INTO tidemark.schema_migrations (version, name, checksum) VALUES (900, 'later', '')")
        .await;
    let (found, is_well) = checks(&tidemark).await;
    assert!(!is_well);
    assert_eq!(found["clickhouse.migrations"].0, "fail");
    assert!(found["clickhouse.migrations"].1.contains("0900_later"), "{found:?}");

    clickhouse.kill().await;
    let (found, is_well) = checks(&tidemark).await;
    assert!(!is_well);
    assert_eq!(found["clickhouse"].0, "fail");
    assert!(found["clickhouse"].2.contains("Start ClickHouse"), "{found:?}");
    assert_eq!(found["collector"].0, "warn", "it takes events all the same");
    assert!(found["collector"].1.contains("waits for: clickhouse"), "{found:?}");

    tidemark.configure(&config(&clickhouse.url).replace("[clickhouse]", "[clickhose]"));
    let (found, is_well) = checks(&tidemark).await;
    assert!(!is_well);
    assert!(found["config"].1.contains("clickhose"), "{found:?}");
}
