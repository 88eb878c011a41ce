//! Schemas that a tenant registers while the collector runs.

use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;
use tokio::process::Command;

use crate::hop::{batch, event, post, with};
use crate::stack::{Tidemark, config, tidemark_binary};

/// No ClickHouse is needed to see a verdict.
#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_is_registered_judges_without_a_restart() {
    let folder = TempDir::new().unwrap();
    let schemas = folder.path().join("schemas");
    let path = schemas.display().to_string();
    // The folder comes with the first registration.
    let config = format!("{}[schemas]\nfolder = \"{path}\"\n", config("http://127.0.0.1:1"));
    let tidemark = Tidemark::start(&config, &[]).await;
    let mine = with(
        with(event(1), "event_name", json!("order_placed")),
        "attributes",
        json!({"total": "twelve"}),
    );
    let told = post(&tidemark, &batch(std::slice::from_ref(&mine))).await;
    assert_eq!(told.verdicts(), ["accepted"]);

    let schema = json!({
        "x-self": {"vendor": "acme", "name": "order_placed", "format": "jsonschema", "version": "1-0-0"},
        "type": "object",
        "properties": {"total": {"type": "number"}},
    });
    let file = folder.path().join("order_placed.json");
    std::fs::write(&file, schema.to_string()).unwrap();
    let registered = Command::new(tidemark_binary())
        .args(["schema", "register", "--schemas", &path, "--tenant", "demo"])
        .arg(&file)
        .output();
    assert!(registered.await.unwrap().status.success());
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let answer = post(&tidemark, &batch(std::slice::from_ref(&mine))).await;
        if answer.verdicts() != ["duplicate"] {
            assert_eq!(answer.verdicts(), ["rejected wrong_type /attributes/total"]);
            break;
        }
        assert!(Instant::now() < deadline, "{answer:?}\n{}", tidemark.log());
    }
    // A file that somebody breaks by hand is named, and changes nothing.
    std::fs::write(schemas.join("demo/order_placed.json"), "{").unwrap();
    while !tidemark.log().contains("order_placed.json: is not JSON; the earlier version stays") {
        assert!(Instant::now() < deadline, "{}", tidemark.log());
        let answer = post(&tidemark, &batch(std::slice::from_ref(&mine))).await;
        assert_eq!(answer.verdicts(), ["rejected wrong_type /attributes/total"]);
    }
    let answer = post(&tidemark, &batch(&[mine])).await;
    assert_eq!(answer.verdicts(), ["rejected wrong_type /attributes/total"]);
}
