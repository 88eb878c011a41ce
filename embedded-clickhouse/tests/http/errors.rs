//! Every failure has ClickHouse's code, status and form.

use std::io::{Read, Write};

use crate::server::{Server, data, read};

#[tokio::test]
async fn failures_have_the_servers_code_and_status() {
    let data = data();
    let server = Server::start(&data);
    let cases = [
        ("", "SELEC 1", 400, 62),
        ("", "", 400, 62),
        ("", "SELECT 1; SELECT 2", 400, 62),
        ("", "SELECT * FROM nope", 404, 60),
        ("", "INSERT INTO nope FORMAT CSV\n1", 404, 60),
        ("", "SELECT nope", 404, 47),
        ("", "SELECT nope()", 404, 46),
        ("", "SELECT 1 FORMAT Nope", 404, 73),
        ("database=nope", "SELECT 1", 404, 81),
        ("nope=1", "SELECT 1", 404, 115),
        ("max_threads=many", "SELECT 1", 400, 27),
        ("", "SELECT throwIf(1)", 500, 395),
        ("", "SELECT {x:UInt8}", 500, 456),
        ("max_execution_time=1", crate::server::ENDLESS, 408, 159),
        ("", "SELECT 1 INTO OUTFILE '/tmp/x'", 500, 358),
        ("", "INSERT INTO system.one FROM INFILE '/etc/passwd' FORMAT CSV", 500, 344),
        ("readonly=1", "CREATE TABLE t (a UInt8) ENGINE = Memory", 500, 164),
        ("role=x", "SELECT 1", 501, 48),
        ("session_id=x&session_check=1", "SELECT 1", 500, 372),
        ("session_id=x&session_timeout=9999", "SELECT 1", 500, 374),
        ("", "SELECT 1 SETTINGS promql_table = 'x'", 400, 36),
        ("decompress=1&query=SELECT%201", "not a block, but long enough for one", 500, 89),
    ];
    for (url, sql, status, code) in cases {
        let answer = server.post(url, sql).await;
        let seen = (answer.status, answer.header("x-clickhouse-exception-code"));
        assert_eq!(seen, (status, code.to_string().as_str()), "{url} {sql}: {}", answer.text());
        assert!(
            answer.text().starts_with(&format!("Code: {code}. DB::Exception: ")),
            "{}",
            answer.text()
        );
        assert!(answer.text().ends_with("(chDB))\n"), "{}", answer.text());
        assert!(!answer.header("x-clickhouse-query-id").is_empty());
    }
    // None of them left anything running or half done.
    assert_eq!(server.ask("SELECT count() FROM system.processes").await, "1");
    assert_eq!(server.ask("SHOW TABLES").await, "");
}

#[tokio::test]
async fn a_get_only_reads() {
    let data = data();
    let server = Server::start(&data);
    let create = "query=CREATE%20TABLE%20t%20(a%20UInt8)%20ENGINE%3DMemory";
    let get = read(server.http.get(format!("{}/?{create}", server.url))).await;
    assert_eq!((get.status, get.header("x-clickhouse-exception-code")), (500, "164"));
    let settings =
        read(server.http.get(format!("{}/?query=SELECT%201&max_threads=1", server.url))).await;
    assert_eq!(settings.text(), "1\n");
    assert_eq!(server.post(create, "").await.status, 200);
}

#[tokio::test]
async fn a_failure_inside_a_result_is_told_and_breaks_the_connection() {
    let data = data();
    let server = Server::start(&data);
    let mut response = server
        .http
        .post(&server.url)
        .body("SELECT throwIf(number = 5000000, 'too late'), repeat('x', 90) FROM numbers(10000000) SETTINGS max_threads = 1")
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status(), 200);
    let tag = response.headers()["x-clickhouse-exception-tag"].to_str().expect("text").to_owned();
    let mut end = Vec::new();
    let broken = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                end.extend_from_slice(&chunk);
                let keep = end.len().saturating_sub(4096);
                end.drain(..keep);
            }
            Ok(None) => break false,
            Err(_) => break true,
        }
    };
    assert!(broken, "the body must not look complete");
    let end = String::from_utf8_lossy(&end);
    let (_, exception) = end.split_once("\r\n__exception__\r\n").expect("a marker");
    assert!(
        exception.starts_with(&format!("{tag}\r\nCode: 395. DB::Exception: too late")),
        "{exception}"
    );
    assert!(exception.ends_with(&format!(" {tag}\r\n__exception__\r\n")), "{exception}");
}

#[tokio::test]
async fn an_early_failure_has_its_own_status_whatever_the_format() {
    let data = data();
    let server = Server::start(&data);
    let json =
        server.post("", "SELECT throwIf(number = 2000) FROM numbers(3000) FORMAT JSON").await;
    assert_eq!((json.status, json.header("x-clickhouse-exception-code")), (500, "395"));
    assert!(json.text().starts_with("Code: 395"));
    let late = server
        .post(
            "wait_end_of_query=1",
            "SELECT throwIf(number = 1000000) FROM numbers(2000000) SETTINGS max_threads = 1",
        )
        .await;
    assert_eq!(late.status, 500);
}

#[tokio::test]
async fn strangers_are_refused() {
    let data = data();
    let server = Server::start_with(&data, &["--user", "alice", "--password", "s3cret"]);
    let ask = || server.http.post(&server.url).body("SELECT currentUser()");
    for request in [
        ask(),
        ask().header("X-ClickHouse-User", "alice"),
        ask().header("X-ClickHouse-User", "alice").header("X-ClickHouse-Key", "wrong"),
        ask().basic_auth("bob", Some("s3cret")),
    ] {
        let answer = read(request).await;
        assert_eq!((answer.status, answer.header("x-clickhouse-exception-code")), (403, "516"));
        assert!(answer.text().contains("Authentication failed"));
    }
    for request in [
        ask().header("X-ClickHouse-User", "alice").header("X-ClickHouse-Key", "s3cret"),
        ask().basic_auth("alice", Some("s3cret")),
        ask().query(&[("user", "alice"), ("password", "s3cret")]),
    ] {
        assert_eq!(read(request).await.status, 200);
    }
    // Health needs no password.
    assert_eq!(read(server.http.get(format!("{}/ping", server.url))).await.text(), "Ok.\n");
}

#[tokio::test]
async fn other_requests_are_refused() {
    let data = data();
    let server = Server::start(&data);
    let at = |path: &str| format!("{}{path}", server.url);
    assert_eq!(read(server.http.get(at("/play"))).await.status, 404);
    assert_eq!(read(server.http.put(at("/")).body("SELECT 1")).await.status, 405);
    let page = server.http.post(at("/")).header("Origin", "https://evil.example").body("SELECT 1");
    assert_eq!(read(page).await.status, 403);
    let rebound = server.http.post(at("/")).header("Host", "evil.example").body("SELECT 1");
    assert_eq!(read(rebound).await.status, 403);
    let snappy = server.http.post(at("/")).header("Content-Encoding", "snappy").body("x");
    assert_eq!(read(snappy).await.header("x-clickhouse-exception-code"), "48");
    assert_eq!(raw(&server, &format!("/?query={}", "x".repeat(70_000)), ""), 414);
    assert_eq!(raw(&server, "/ping", &format!("X: {}\r\n", "x".repeat(1_000_000))), 431);
    let huge = server.post("", "SELECT 1 -- ".to_owned() + &"x".repeat(17 * 1024 * 1024)).await;
    assert_eq!((huge.status, huge.header("x-clickhouse-exception-code")), (413, "229"));
}

/// Sends what no client library would, and returns the status.
fn raw(server: &Server, path: &str, header: &str) -> u16 {
    let address = server.url.trim_start_matches("http://");
    let mut stream = std::net::TcpStream::connect(address).expect("a connection");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n{header}\r\n");
    // The process may answer and close before it has read everything.
    let _cut = stream.write_all(request.as_bytes());
    let mut status = [0; 12];
    stream.read_exact(&mut status).expect("a status line");
    std::str::from_utf8(&status[9..]).expect("text").parse().expect("a number")
}
