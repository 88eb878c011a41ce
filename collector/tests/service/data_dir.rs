//! One data directory has one collector, and no older one.

use std::time::Duration;

use tokio::process::Command;

use crate::hop::{batch, event, post};
use crate::stack::{Tidemark, config};

/// What a second `serve` on the same data directory says as it ends.
async fn second(tidemark: &Tidemark) -> (Option<i32>, String) {
    let mut command = Command::from(tidemark.prepared(&["serve"]));
    // A port of its own: it is not the address that is taken.
    command.env("TIDEMARK__SERVER__LISTEN", "127.0.0.1:0").kill_on_drop(true);
    let output = tokio::time::timeout(Duration::from_secs(20), command.output());
    let output = output.await.expect("it ends by itself").unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), stderr.lines().last().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_collector_on_one_data_directory_is_refused() {
    let tidemark = Tidemark::start(&config("http://127.0.0.1:1"), &[]).await;
    assert_eq!(post(&tidemark, &batch(&[event(1)])).await.verdicts(), ["accepted"]);
    let (code, line) = second(&tidemark).await;
    assert_eq!(
        (code, line.as_str()),
        (
            Some(1),
            "tidemark: the log in data.dir cannot be used: another process has the data directory: \
             stop it first. One data directory has one collector"
        )
    );
    // The first goes on as if nothing had been.
    assert_eq!(post(&tidemark, &batch(&[event(1)])).await.verdicts(), ["duplicate"]);
    // One that only answers questions takes no log.
    let reader = Tidemark::start(&config("http://127.0.0.1:1"), &["--roles", "query"]).await;
    assert_eq!(reader.get("/health/live").await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_of_a_newer_release_is_refused_and_left_as_it_is() {
    let mut tidemark = Tidemark::start(&config("http://127.0.0.1:1"), &[]).await;
    assert_eq!(post(&tidemark, &batch(&[event(1)])).await.verdicts(), ["accepted"]);
    tidemark.signal("TERM");
    assert_eq!(tidemark.ended().await.code(), Some(0));
    let header = tidemark.data_dir().join("log/events.raw/log");
    let text = std::fs::read_to_string(&header).unwrap();
    let newer = text.replacen("tidemark log v1 ", "tidemark log v9 ", 1);
    assert_ne!(newer, text);
    std::fs::write(&header, &newer).unwrap();
    let (code, line) = second(&tidemark).await;
    assert_eq!(
        (code, line.as_str()),
        (
            Some(1),
            "tidemark: the log in data.dir cannot be used: log/events.raw/log has format 9, and this \
             release knows 1: start the release that wrote it, or a newer one"
        )
    );
    assert_eq!(std::fs::read_to_string(&header).unwrap(), newer);

    std::fs::write(&header, &text).unwrap();
    tidemark.restart().await;
    assert_eq!(post(&tidemark, &batch(&[event(1)])).await.verdicts(), ["duplicate"]);
}
