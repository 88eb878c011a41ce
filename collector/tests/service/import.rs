//! `tidemark import`: once is once, whatever is run twice, killed or refused.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::stack::{PATIENCE, SITE, Stack};

async fn import(stack: &Stack, file: &Path, more: &[&str]) -> (Option<i32>, Value, String) {
    let mut arguments = vec!["import", "--tenant", "demo", "--site", SITE, file.to_str().unwrap()];
    arguments.extend(more);
    let output = tokio::process::Command::from(stack.tidemark.prepared(&arguments)).output();
    let output = output.await.unwrap();
    let told = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.code(), told, String::from_utf8(output.stderr).unwrap())
}

fn counts(told: &Value) -> [u64; 4] {
    ["accepted", "duplicate", "rejected", "dropped"].map(|name| told[name].as_u64().unwrap())
}

/// Every event of the table once.
async fn is_exact(stack: &Stack, count: u64) {
    assert_eq!(stack.count_events().await, count);
    let rows = stack
        .clickhouse
        .rows("SELECT toUInt32(uniqExact(event_id)) AS n FROM tidemark.events_raw")
        .await;
    assert_eq!(rows[0]["n"], count);
}

const LINES: &str = r#"{"event_name":"signup","occurred_at":"2019-03-01T10:00:00Z","user_id":"u1","attributes":{"note":"to jo@example.org"}}
{"event_name":"signup","occurred_at":"2019-03-01T10:00:00Z","user_id":"u1","attributes":{"note":"to jo@example.org"}}

not json
{"event_name":"Bad Name","occurred_at":"2019-03-01T10:00:00Z"}
{"event_name":"signup"}
{"event_name":"signup","occurred_at":"2019-03-02T10:00:00Z","context":{"consent":{"analytics":false}}}
{"event_id":"0190f5f6-7e2a-7c3b-9d4e-000000000001","event_name":"own.id","occurred_at":"2026-11-01T10:00:00Z"}
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_judged_and_stored_once_however_it_is_packed() {
    let stack = Stack::start().await;
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("events.ndjson");
    std::fs::write(&plain, LINES).unwrap();
    let (code, told, err) = import(&stack, &plain, &[]).await;
    assert_eq!((code, counts(&told)), (Some(1), [3, 0, 3, 1]), "{told} {err}");
    is_exact(&stack, 3).await;
    let rejects = std::fs::read_to_string(told["rejects"].as_str().unwrap()).unwrap();
    let rejected: Vec<Value> =
        rejects.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let found: Vec<_> =
        rejected.iter().map(|line| (line["line"].as_u64(), line["code"].as_str())).collect();
    assert_eq!(
        found,
        [
            (Some(4), Some("invalid_json")),
            (Some(5), rejected[1]["code"].as_str()),
            (Some(6), Some("missing_field")),
            (Some(7), Some("consent")),
        ]
    );
    assert!(!rejects.contains("Bad Name"), "{rejects}");
    let rows = stack
        .clickhouse
        .rows(
            "SELECT attributes.note::String AS note, toYear(occurred_at) AS year, \
             received_at > now() - 3600 AS is_new FROM tidemark.events_raw WHERE event_name = 'signup'",
        )
        .await;
    assert_eq!(
        rows,
        [
            json!({"note": "to [email]", "year": 2019, "is_new": 1}),
            json!({"note": "to [email]", "year": 2019, "is_new": 1})
        ]
    );

    // Done is done; begun again it finds everything stored.
    assert_eq!(counts(&import(&stack, &plain, &[]).await.1), [3, 0, 3, 1]);
    assert_eq!(counts(&import(&stack, &plain, &["--restart"]).await.1), [0, 3, 3, 1]);
    let gz = folder.path().join("again.ndjson.gz");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(LINES.as_bytes()).unwrap();
    std::fs::write(&gz, packed.finish().unwrap()).unwrap();
    assert_eq!(counts(&import(&stack, &gz, &[]).await.1), [0, 3, 3, 1]);
    let zst = folder.path().join("again.jsonl.zst");
    std::fs::write(&zst, zstd::encode_all(LINES.as_bytes(), 3).unwrap()).unwrap();
    assert_eq!(counts(&import(&stack, &zst, &[]).await.1), [0, 3, 3, 1]);
    is_exact(&stack, 3).await;

    std::fs::write(&plain, "{}\n").unwrap();
    let (code, _, err) = import(&stack, &plain, &[]).await;
    assert!(code == Some(2) && err.contains("--restart"), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_become_events() {
    let stack = Stack::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("old.csv");
    std::fs::write(
        &file,
        "ts,name,uid,plan,seats\n2020-02-29 12:00:00,signup,u1,\"pro, \"\"yearly\"\"\",12\n\
         2020-02-29 12:00:01,signup,,,\n2020-02-29 12:00:02,signup,u3,free,many\n",
    )
    .unwrap();
    let map = "event_name=name,occurred_at=ts,user_id=uid,attributes.plan=plan,attributes.seats:number=seats";
    let arguments = ["--map", map, "--set", "source=server"];
    let (code, told, err) = import(&stack, &file, &arguments).await;
    assert_eq!((code, counts(&told)), (Some(1), [2, 0, 1, 0]), "{told} {err}");
    assert_eq!(stack.count_events().await, 2);
    let rows = stack
        .clickhouse
        .rows(
            "SELECT user_id, source, attributes.plan::String AS plan, attributes.seats::String AS seats, \
             toString(occurred_at) AS at FROM tidemark.events_raw ORDER BY occurred_at",
        )
        .await;
    assert_eq!(
        rows[0],
        json!({"user_id": "u1", "source": "server", "plan": "pro, \"yearly\"", "seats": "12", "at": "2020-02-29 12:00:00.000"})
    );
    assert_eq!(rows[1]["user_id"], "");
    let rejects = std::fs::read_to_string(told["rejects"].as_str().unwrap()).unwrap();
    assert!(
        rejects.contains(r#"{"line":4,"code":"wrong_type","pointer":"/attributes/seats""#),
        "{rejects}"
    );
    let (code, _, err) = import(&stack, &file, &["--map", "event_name=colour", "--restart"]).await;
    assert!(code == Some(2) && err.contains("no column `colour`"), "{err}");
}

fn many(folder: &Path, count: u32) -> PathBuf {
    let file = folder.join("many.ndjson");
    let mut out = String::new();
    for number in 0..count {
        let second = number % 60;
        out.push_str(&format!(
            "{{\"event_name\":\"n\",\"occurred_at\":\"2026-11-01T10:00:{second:02}Z\",\"attributes\":{{\"number\":{number}}}}}\n"
        ));
    }
    std::fs::write(&file, out).unwrap();
    file
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_was_killed_goes_on_and_stores_nothing_twice() {
    const COUNT: u32 = 20_000;
    let stack = Stack::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = many(folder.path(), COUNT);
    let arguments = ["import", "--tenant", "demo", "--site", SITE, file.to_str().unwrap()];
    let mut child = stack.tidemark.prepared(&arguments).spawn().unwrap();
    let state = folder.path().join("many.ndjson.import.json");
    let done = || {
        let text = std::fs::read_to_string(&state).unwrap_or_default();
        let told: Value = serde_json::from_str(&text).unwrap_or_default();
        told["records"].as_u64().unwrap_or(0)
    };
    let deadline = Instant::now() + PATIENCE;
    while done() < 1_000 {
        assert!(Instant::now() < deadline, "never begun");
        tokio::task::yield_now().await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let records = done();
    assert!((1_000..u64::from(COUNT)).contains(&records), "killed half way: {records}");
    let (code, told, err) = import(&stack, &file, &[]).await;
    assert_eq!(code, Some(0), "{told} {err}");
    let [accepted, duplicate, rejected, dropped] = counts(&told);
    assert_eq!((accepted + duplicate, rejected, dropped), (u64::from(COUNT), 0, 0));
    assert!(duplicate <= 500, "no more than the batch that was under way: {duplicate}");
    is_exact(&stack, u64::from(COUNT)).await;
}

/// Answers the first calls itself, and hands the others on.
async fn refusing(upstream: SocketAddr, answers: &'static [&'static str]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut answers = answers.iter();
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            match answers.next() {
                Some(answer) => {
                    let mut head = vec![0; 1024];
                    let _ = client.read(&mut head).await.unwrap();
                    client.write_all(answer.as_bytes()).await.unwrap();
                    // The rest of the body is read away, so that the answer arrives.
                    client.shutdown().await.unwrap();
                    let mut rest = Vec::new();
                    let _ = client.read_to_end(&mut rest).await;
                }
                None => {
                    let mut server = TcpStream::connect(upstream).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                }
            }
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_full_is_waited_for_and_one_that_refuses_is_not() {
    const FULL: &str =
        "HTTP/1.1 503 x\r\nRetry-After: 0\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
    const MANY: &str =
        "HTTP/1.1 429 x\r\nRetry-After: 0\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
    const FORGED: &str = "HTTP/1.1 401 x\r\nContent-Length: 67\r\nConnection: close\r\n\r\n{\"error\":{\"code\":\"invalid_signature\",\"detail\":\"It does not hold.\"}}";
    let stack = Stack::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = many(folder.path(), 3);
    let upstream = stack.tidemark.url.trim_start_matches("http://").parse().unwrap();
    let refused = refusing(upstream, &[FORGED]).await.to_string();
    let (code, _, err) = import(&stack, &file, &["--collector", &refused]).await;
    assert!(code == Some(2) && err.contains("401"), "{err}");
    let waited = refusing(upstream, &[FULL, MANY, FULL]).await.to_string();
    let (code, told, err) = import(&stack, &file, &["--collector", &waited]).await;
    assert_eq!((code, counts(&told)), (Some(0), [3, 0, 0, 0]), "{err}");
    is_exact(&stack, 3).await;
    let impatient = refusing(upstream, &[FULL; 4]).await.to_string();
    let arguments =
        ["--restart", "--batch-id", "other", "--collector", &impatient, "--patience", "0"];
    let (code, _, err) = import(&stack, &file, &arguments).await;
    assert!(code == Some(2) && err.contains("--patience"), "{err}");
}
