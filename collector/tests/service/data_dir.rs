//! One data directory has one collector, and no older one.

use std::time::Duration;

use tokio::process::Command;

use crate::hop::{batch, event, post};
use crate::stack::{Stack, Tidemark, config};

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

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_stands_in_for_a_lost_one_knows_its_ids_before_it_takes_any() {
    let mut stack = Stack::start().await;
    let tidemark = &stack.tidemark;
    assert_eq!(post(tidemark, &batch(&[event(1), event(2)])).await.verdicts(), ["accepted"; 2]);
    tidemark.settled().await;
    stack.tidemark.kill().await;
    let folder = stack.tidemark.data_dir();
    std::fs::remove_dir_all(folder.join("log")).unwrap();
    std::fs::remove_dir_all(folder.join("process")).unwrap();
    stack.clickhouse.kill().await;

    stack.tidemark.restart_with(&["--log-was-lost"]).await;
    let refused = post(&stack.tidemark, &batch(&[event(2), event(3)])).await;
    assert_eq!(refused.refusal(), (503, "store_unavailable", None));
    let (status, ready) = stack.tidemark.get("/health/ready").await;
    assert_eq!((status, ready["log"].as_str()), (503, Some("log_not_ready")));

    stack.clickhouse.restart().await;
    stack.tidemark.until_ready().await;
    let told = post(&stack.tidemark, &batch(&[event(2), event(3)])).await;
    assert_eq!(told.verdicts(), ["duplicate", "accepted"]);
    assert_eq!(stack.count_events().await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_copy_of_the_log_writes_nothing_over_what_is_there() {
    let mut stack = Stack::start().await;
    assert_eq!(post(&stack.tidemark, &batch(&[event(1)])).await.verdicts(), ["accepted"]);
    stack.tidemark.settled().await;
    stack.tidemark.signal("TERM");
    stack.tidemark.ended().await;
    let (folder, copy) =
        (stack.tidemark.data_dir(), stack.tidemark.data_dir().with_extension("copy"));
    let cp = |from: &std::path::Path, to: &std::path::Path| {
        let done = std::process::Command::new("cp").arg("-a").args([from, to]).status().unwrap();
        assert!(done.success());
    };
    cp(&folder, &copy);
    stack.tidemark.restart().await;
    // Enough for every lane.
    let more: Vec<_> = (2..40).map(event).collect();
    assert_eq!(post(&stack.tidemark, &batch(&more)).await.status, 200);
    stack.tidemark.settled().await;
    let filled = async || stack.tidemark.metric("tidemark_rollup_lag_entries").await == 0.0;
    let sql = "SELECT toUInt32(sum(events)) AS n FROM tidemark.minute_counts WHERE NOT is_mark";
    let counted = async || stack.clickhouse.rows(sql).await[0]["n"] == 39 && filled().await;
    stack.tidemark.until("counted", counted).await;
    stack.tidemark.kill().await;

    std::fs::remove_dir_all(&folder).unwrap();
    cp(&copy, &folder);
    stack.tidemark.restart().await;
    let said = async || stack.tidemark.log().contains("it is an old copy");
    stack.tidemark.until("the old copy is known for one", said).await;
    assert!(stack.tidemark.metric("tidemark_writer_old_copy_lanes").await >= 1.0);
}
