//! Start, stop, and what survives.

use crate::server::{ENDLESS, Server, command, data, refusal};

#[tokio::test]
async fn committed_rows_survive_a_kill() {
    let data = data();
    let server = Server::start(&data);
    server.ask("CREATE DATABASE d").await;
    server.ask("CREATE TABLE d.t (a UInt64) ENGINE = MergeTree ORDER BY a").await;
    for n in 0..20 {
        let answer =
            server.post("async_insert=0&query=INSERT+INTO+d.t+FORMAT+CSV", format!("{n}\n")).await;
        assert_eq!(answer.status, 200);
    }
    server.signal("-KILL");
    assert!(!server.wait().success());
    let server = Server::start(&data);
    assert_eq!(server.ask("SELECT count(), sum(a) FROM d.t").await, "20\t190");
    // The front's own view is made anew, not found twice.
    assert_eq!(server.ask("SELECT count() FROM system.processes").await, "1");
}

#[tokio::test]
async fn signals_end_it_cleanly_even_with_queries_running() {
    for signal in ["-TERM", "-INT"] {
        let data = data();
        let server = Server::start(&data);
        server.ask("CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a").await;
        server.ask("INSERT INTO t SELECT number FROM numbers(1000)").await;
        let request = server.http.post(format!("{}/?query_id=long", server.url)).body(ENDLESS);
        let long =
            tokio::spawn(async move { request.send().await.expect("an answer").text().await });
        server.until("SELECT count() FROM system.processes WHERE query_id = 'long'", "1").await;
        server.signal(signal);
        assert_eq!(server.wait().code(), Some(0), "{signal}");
        let text = long.await.expect("no panic").expect("text");
        assert!(text.starts_with("Code: 394."), "{text}");
        let again = Server::start(&data);
        assert_eq!(again.ask("SELECT count() FROM t").await, "1000");
    }
}

#[tokio::test]
async fn what_cannot_start_says_why() {
    let data = data();
    let server = Server::start(&data);
    let second = refusal(&mut command(data.path()));
    assert!(second.contains("in use by another process"), "{second}");
    let other = crate::server::data();
    let port = server.url.trim_start_matches("http://").to_owned();
    let taken = refusal(
        std::process::Command::new(env!("CARGO_BIN_EXE_embedded-clickhouse"))
            .args(["--listen", &port, "--data"])
            .arg(other.path()),
    );
    assert!(taken.contains(&format!("{port} is taken by another process")), "{taken}");
    let missing = refusal(command(other.path()).args(["--libchdb", "/nowhere/libchdb.so"]));
    assert!(
        missing.contains("/nowhere/libchdb.so") && missing.contains("cargo xtask setup"),
        "{missing}"
    );
    let no_library = other.path().join("libchdb.so");
    std::fs::write(&no_library, "not a library").expect("written");
    let unusable = refusal(command(other.path()).arg("--libchdb").arg(&no_library));
    assert!(
        unusable.contains("cannot be loaded") && unusable.contains("cargo xtask setup"),
        "{unusable}"
    );
    // The first one is unharmed.
    assert_eq!(server.ask("SELECT 1").await, "1");
}
