//! `tidemark export-user`: all of one person, nothing of another, with a receipt.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tidemark_core::hash::Salt;
use tidemark_core::id::Uuid;

use crate::hop::{batch, event, post, with};
use crate::stack::{SALT_SECRET, SITE, Stack, TENANT};

const OWN: &str = "0190f5f6-7e2a-7c3b-9d4e-0000000000a1";
const SHARED: &str = "0190f5f6-7e2a-7c3b-9d4e-0000000000a2";

fn of(number: u32, user_id: &str, anonymous_id: &str) -> Value {
    let event = with(event(number), "anonymous_id", json!(anonymous_id));
    if user_id.is_empty() { event } else { with(event, "user_id", json!(user_id)) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_gets_all_of_her_own_and_nothing_else() {
    let stack = Stack::start().await;
    let told = post(
        &stack.tidemark,
        &batch(&[
            of(1, "jo@example.org", OWN),
            of(2, "", OWN),
            of(3, "jo@example.org", SHARED),
            of(4, "sam", SHARED),
            of(5, "", SHARED),
            of(6, "", "0190f5f6-7e2a-7c3b-9d4e-0000000000a3"),
        ]),
    )
    .await;
    assert_eq!(told.verdicts(), ["accepted"; 6]);
    assert_eq!(stack.count_events().await, 6);

    let folder = tempfile::tempdir().unwrap();
    let numbers = |text: &str| {
        let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let events = rows.filter(|line| line["table"] == "events_raw");
        let number = |line: Value| line["row"]["attributes"]["number"].as_u64().unwrap();
        let mut numbers: Vec<u64> = events.map(number).collect();
        numbers.sort_unstable();
        numbers
    };
    let salt = Salt::of_tenant(SALT_SECRET.as_bytes(), Uuid::parse(TENANT).unwrap());
    let hashed = salt.pseudonym("jo@example.org");
    for (at, given) in [" Jo@Example.org", hashed.as_str()].into_iter().enumerate() {
        let file = folder.path().join(format!("jo-{at}"));
        let path = file.to_str().unwrap();
        let arguments = ["export-user", "--tenant", "demo", "--user-id", given, "--output", path];
        let receipt = stack.tidemark.command(&arguments).await.unwrap();
        assert!(!receipt.contains("xample.org"), "{receipt}");
        let receipt: Value = serde_json::from_str(&receipt).unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!(numbers(&text), [1, 2, 3], "{given}");
        assert_eq!(receipt["rows"]["events_raw"], 3);
        assert_eq!(receipt["user_id"], json!(hashed));
        assert_eq!(receipt["anonymous_ids"], json!([OWN]));
        assert_eq!(receipt["sha256"], format!("{:x}", Sha256::digest(&text)));
        assert_eq!(receipt["bytes"], text.len());
    }
    let nobody = ["export-user", "--tenant", "demo", "--user-id", "kim"];
    assert_eq!(stack.tidemark.command(&nobody).await.unwrap(), "");
    let visitor = ["export-user", "--tenant", "demo", "--anonymous-id", SHARED];
    assert_eq!(numbers(&stack.tidemark.command(&visitor).await.unwrap()), [5]);
    let other = ["export-user", "--tenant", "other", "--user-id", "sam"];
    assert_eq!(stack.tidemark.command(&other).await.unwrap(), "");
    for wrong in [
        &["export-user", "--tenant", "demo"][..],
        &["export-user", "--tenant", "demo", "--user-id", " "],
    ] {
        assert!(stack.tidemark.command(wrong).await.is_err(), "{wrong:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_json_object_holds_every_table() {
    let stack = Stack::start().await;
    let told = post(&stack.tidemark, &batch(&[of(1, "sam", OWN), of(2, "sam", OWN)])).await;
    assert_eq!(told.verdicts(), ["accepted"; 2]);
    assert_eq!(stack.count_events().await, 2);
    for table in ["user_analytics_summary (tenant_id, site_id, user_id, date, total_events)"] {
        let row = format!(
            "('{TENANT}', '{SITE}', 'sam', today(), 2), ('{TENANT}', '{SITE}', 'ann', today(), 9)"
        );
        stack.clickhouse.run(&format!("INSERT INTO tidemark.{table} VALUES {row}")).await;
    }
    stack
        .clickhouse
        .run(&format!(
            "INSERT INTO tidemark.consent_ledger (tenant_id, site_id, user_id, consent_analytics, events) \
             VALUES ('{TENANT}', '{SITE}', 'sam', 'granted', 2)"
        ))
        .await;
    let arguments = ["export-user", "--tenant", "demo", "--user-id", "sam", "--format", "json"];
    let text = stack.tidemark.command(&arguments).await.unwrap();
    let told: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(told["events_raw"].as_array().unwrap().len(), 2);
    let summary = told["user_analytics_summary"].as_array().unwrap();
    assert!(summary.iter().any(|row| row["total_events"] == 2), "{told}");
    assert!(summary.iter().all(|row| row["user_id"] == "sam"), "{told}");
    let ledger = told["consent_ledger"].as_array().unwrap();
    assert!(ledger.iter().any(|row| row["consent_analytics"] == "granted"), "{told}");
}
