//! INSERT data in every way that clients send it.

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::server::{Server, data};

const TABLE: &str = "CREATE TABLE t (a UInt64, b String) ENGINE = MergeTree ORDER BY a";

fn row_binary(from: u64, to: u64) -> Vec<u8> {
    (from..to).flat_map(|n| [n.to_le_bytes().as_slice(), &[1, b'x']].concat()).collect()
}

#[tokio::test]
async fn every_format_and_place_of_the_statement() {
    let data = data();
    let server = Server::start(&data);
    server.ask(TABLE).await;
    let names = b"\x02\x01a\x01b\x06UInt64\x06String".to_vec();
    let cases: [(&str, Vec<u8>); 9] = [
        ("query=INSERT%20INTO%20t%20FORMAT%20RowBinary", row_binary(0, 2)),
        (
            "query=INSERT+INTO+t+(a,b)+FORMAT+RowBinaryWithNamesAndTypes",
            [names, row_binary(0, 2)].concat(),
        ),
        (
            "query=INSERT+INTO+t+FORMAT+JSONEachRow",
            b"{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":\"\\n\"}".to_vec(),
        ),
        ("query=INSERT+INTO+t+VALUES", b"(1,'x'),(1+1,upper('y;'))".to_vec()),
        ("", b"INSERT INTO t (b, a) FORMAT CSV\n\"x\",1\n\"y\",2".to_vec()),
        ("", b"INSERT INTO t VALUES (1, 'FORMAT CSV'), (2, '')".to_vec()),
        ("", [b"INSERT INTO t FORMAT RowBinary\n".as_slice(), &row_binary(0, 2)].concat()),
        ("", b"INSERT INTO t SELECT number, 'x' FROM numbers(2)".to_vec()),
        ("param_n=5", b"INSERT INTO t VALUES ({n:UInt64}, 'x'), (2, 'y')".to_vec()),
    ];
    for (i, (url, body)) in cases.into_iter().enumerate() {
        let answer = server.post(url, body).await;
        assert_eq!((answer.status, answer.text()), (200, ""), "case {i}");
        assert_eq!(answer.summary("written_rows"), 2, "case {i}");
    }
    assert_eq!(server.ask("SELECT count(), countIf(a = 5) FROM t").await, "18\t1");
    let empty = server.post("query=INSERT+INTO+t+FORMAT+RowBinary", "").await;
    assert_eq!((empty.status, empty.summary("written_rows")), (200, 0));
}

#[tokio::test]
async fn a_bad_row_fails_the_insert_and_writes_nothing() {
    let data = data();
    let server = Server::start(&data);
    server.ask(TABLE).await;
    let insert = "query=INSERT+INTO+t+FORMAT+JSONEachRow";
    let bad = server.post(insert, "{\"a\":1,\"b\":\"x\"}\n{\"a\":\"no\"}\n").await;
    assert_eq!(
        (bad.status, bad.header("x-clickhouse-exception-code")),
        (400, "27"),
        "{}",
        bad.text()
    );
    let cut = server.post("query=INSERT+INTO+t+FORMAT+RowBinary", vec![1, 2, 3]).await;
    assert_ne!(cut.status, 200);
    // A client that sends on after the failure still hears it.
    let long = "{\"a\":\"no\"}\n".repeat(3_000_000);
    let long = server.post(insert, long).await;
    assert_eq!(long.header("x-clickhouse-exception-code"), "27");
    let mut framed = server.post("compress=1", "SELECT 1, 'x' FORMAT RowBinary").await.body;
    let last = framed.len() - 1;
    framed[last] ^= 1;
    let damaged = server.post("decompress=1&query=INSERT+INTO+t+FORMAT+RowBinary", framed).await;
    assert_eq!(damaged.header("x-clickhouse-exception-code"), "40");
    assert_eq!(server.ask("SELECT count() FROM t").await, "0");
}

/// A body that is sent piece by piece, as the test decides.
fn by_hand() -> (mpsc::Sender<Result<Bytes, std::io::Error>>, reqwest::Body) {
    let (sender, mut receiver) = mpsc::channel(4);
    let stream = futures_util::stream::poll_fn(move |cx| receiver.poll_recv(cx));
    (sender, reqwest::Body::wrap_stream(stream))
}

#[tokio::test]
async fn a_body_that_breaks_off_writes_nothing() {
    let data = data();
    let server = Server::start(&data);
    server.ask(TABLE).await;
    let (sender, body) = by_hand();
    let request = server
        .http
        .post(format!("{}/?query_id=cut&query=INSERT+INTO+t+FORMAT+RowBinary", server.url))
        .body(body);
    let sending = tokio::spawn(request.send());
    sender.send(Ok(row_binary(0, 1000).into())).await.expect("open");
    server.until("SELECT count() FROM system.processes WHERE query_id = 'cut'", "1").await;
    sender.send(Err(std::io::Error::other("the client is gone"))).await.expect("open");
    assert!(sending.await.expect("no panic").is_err());
    server.until("SELECT count() FROM system.processes WHERE query_id = 'cut'", "0").await;
    assert_eq!(server.ask("SELECT count() FROM t").await, "0");
    // The id is free again, and the same rows may come.
    let again =
        server.post("query_id=cut&query=INSERT+INTO+t+FORMAT+RowBinary", row_binary(0, 1000)).await;
    assert_eq!((again.status, again.summary("written_rows")), (200, 1000));
}

#[tokio::test]
async fn a_long_body_streams_in_bounded_memory() {
    let data = data();
    let server = Server::start(&data);
    server.ask("CREATE TABLE t (a UInt64, b String) ENGINE = Null").await;
    server.post("query=INSERT+INTO+t+FORMAT+RowBinary", row_binary(0, 10)).await;
    let before = server.peak_mib();
    let (sender, body) = by_hand();
    let request = server
        .http
        .post(format!(
            "{}/?max_insert_block_size=65536&min_insert_block_size_rows=65536&query=INSERT+INTO+t+FORMAT+RowBinary",
            server.url
        ))
        .body(body);
    let sending = tokio::spawn(request.send());
    let piece = Bytes::from(row_binary(0, 100_000));
    for _ in 0..500 {
        sender.send(Ok(piece.clone())).await.expect("open");
    }
    drop(sender);
    let answer = sending.await.expect("no panic").expect("an answer");
    assert_eq!(answer.status(), 200);
    let summary = answer.headers()["x-clickhouse-summary"].to_str().expect("text");
    assert!(summary.contains("\"written_rows\":\"50000000\""), "{summary}");
    let grown = server.peak_mib() - before;
    assert!(grown < 150, "memory grew by {grown} MiB for 500 MB");
}
