//! How it ends: by signal, with what is under way finished; and roles.

use std::net::SocketAddr;

use tidemark_collector::limits::MAX_INGEST_IN_FLIGHT;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::hop::{self, batch, event, key, now_ms};
use crate::stack::{API_KEY, ClickHouse, Stack, Tidemark, config};

#[tokio::test(flavor = "multi_thread")]
async fn a_request_under_way_is_finished_after_the_signal() {
    let mut stack = Stack::start().await;
    let address: SocketAddr = stack.tidemark.url.trim_start_matches("http://").parse().unwrap();
    let body = batch(&[event(1)]);
    let signature = tidemark_core::hop::sign(&key(), now_ms(), tidemark_core::hop::PATH, &body);
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: {address}\r\ntidemark-signature: {signature}\r\ncontent-length: {}\r\n\r\n",
        tidemark_core::hop::PATH,
        body.len()
    );
    let (first, second) = body.split_at(body.len() / 2);
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(first).await.unwrap();
    let under_way = async || stack.tidemark.metric("tidemark_ingest_in_flight").await == 1.0;
    stack.tidemark.until("under way", under_way).await;

    stack.tidemark.signal("TERM");
    let refused = async || TcpStream::connect(address).await.is_err();
    stack.tidemark.until("refusing new connections", refused).await;
    stream.write_all(second).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"accepted\":1"), "{answer}");
    assert_eq!(stack.tidemark.ended().await.code(), Some(0));
    assert_eq!(stack.clickhouse.count_events().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_call_too_many_is_told_to_come_back() {
    let tidemark = Tidemark::start(&config("http://127.0.0.1:1"), &[]).await;
    let address = tidemark.url.trim_start_matches("http://");
    let mut waiting = Vec::new();
    for _ in 0..MAX_INGEST_IN_FLIGHT {
        let mut stream = TcpStream::connect(address).await.unwrap();
        // Promises a body, and does not send it.
        let head = format!(
            "POST {} HTTP/1.1\r\nhost: x\r\ntidemark-signature: v1,k1,1,00\r\ncontent-length: 9\r\n\r\n",
            tidemark_core::hop::PATH
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        waiting.push(stream);
    }
    let all = MAX_INGEST_IN_FLIGHT as f64;
    let full = async || tidemark.metric("tidemark_ingest_in_flight").await == all;
    tidemark.until("full", full).await;
    let told = hop::post(&tidemark, &batch(&[event(1)])).await;
    assert_eq!(told.refusal(), (503, "overloaded", None));
    assert_eq!(told.headers["retry-after"], "5");
    drop(waiting);
    let empty = async || tidemark.metric("tidemark_ingest_in_flight").await == 0.0;
    tidemark.until("empty again", empty).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_signals_end_an_idle_process_cleanly() {
    for signal in ["TERM", "INT"] {
        // Nothing listens at port 1: the process is waiting for ClickHouse.
        let mut tidemark = Tidemark::start(&config("http://127.0.0.1:1"), &[]).await;
        assert_eq!(tidemark.get("/health/live").await.0, 200);
        tidemark.signal(signal);
        assert_eq!(tidemark.ended().await.code(), Some(0), "{signal}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_is_not_taken_has_no_routes() {
    let clickhouse = ClickHouse::start().await;
    let writer = Tidemark::start(&config(&clickhouse.url), &["--roles", "ingest,process"]).await;
    writer.until_ready().await;
    let accepted = async || hop::post(&writer, &batch(&[event(1)])).await.status == 200;
    writer.until("accepting", accepted).await;
    let stats = writer.http.get(format!("{}/v1/stats", writer.url)).bearer_auth(API_KEY);
    assert_eq!(hop::answer(stats).await.refusal(), (404, "not_found", None));

    // It makes no tables: that is the writer's.
    let reader = Tidemark::start(&config(&clickhouse.url), &["--roles", "query"]).await;
    reader.until_ready().await;
    let told = hop::post(&reader, &batch(&[event(1)])).await;
    assert_eq!(told.refusal(), (404, "not_found", None));
    let stats = reader.http.get(format!("{}/v1/stats", reader.url)).bearer_auth(API_KEY);
    assert_eq!(hop::answer(stats).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hangup_reads_the_logs_level_anew_and_a_wrong_one_changes_nothing() {
    let quiet = config("http://127.0.0.1:1").replace("level = \"debug\"", "level = \"error\"");
    assert!(quiet.contains("level = \"error\""), "{quiet}");
    let mut tidemark = Tidemark::start(&quiet, &[]).await;
    assert!(!tidemark.log().contains("\"listening\""), "{}", tidemark.log());

    tidemark.configure(&quiet.replace("level = \"error\"", "level = \"loud\""));
    tidemark.signal("HUP");
    let refused = async || tidemark.log().contains("the log's level stays");
    tidemark.until("refused a wrong level", refused).await;

    tidemark.configure(&quiet.replace("level = \"error\"", "level = \"info\""));
    tidemark.signal("HUP");
    let read = async || tidemark.log().contains("was read anew");
    tidemark.until("read anew", read).await;
    tidemark.signal("TERM");
    assert_eq!(tidemark.ended().await.code(), Some(0));
    assert!(tidemark.log().contains("\"stopping\""), "{}", tidemark.log());
}
