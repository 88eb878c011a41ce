//! Running queries: their ids, their end, and that they do not touch each other.

use std::time::Instant;

use crate::server::{DEADLINE, ENDLESS, Server, data};

fn endless(server: &Server, id: &str) -> tokio::task::JoinHandle<(u16, String)> {
    let request = server
        .http
        .post(format!("{}/?query_id={id}&max_threads=1", server.url))
        .timeout(DEADLINE)
        .body(ENDLESS);
    tokio::spawn(async move {
        let response = request.send().await.expect("an answer");
        (response.status().as_u16(), response.text().await.expect("text"))
    })
}

fn running(id: &str) -> String {
    format!("SELECT count() FROM system.processes WHERE query_id = '{id}'")
}

#[tokio::test]
async fn a_running_id_is_refused_shown_and_killed() {
    let data = data();
    let server = Server::start(&data);
    let first = endless(&server, "twice");
    server.until(&running("twice"), "1").await;
    let second = server.post("query_id=twice", "SELECT 1").await;
    assert_eq!((second.status, second.header("x-clickhouse-exception-code")), (500, "216"));
    let shown = server.ask("SELECT processes.query_id, user, query FROM system.processes WHERE elapsed >= 0 ORDER BY query_id = 'twice' DESC LIMIT 1").await;
    assert_eq!(shown, format!("twice\tdefault\t{ENDLESS}"));
    assert!(server.ask("SHOW PROCESSLIST").await.contains("\ttwice\t"));

    let test = server.ask("KILL QUERY WHERE query_id = 'twice' TEST").await;
    assert!(test.starts_with("unknown_status\ttwice\tdefault\t"), "{test}");
    assert_eq!(server.ask(&running("twice")).await, "1");
    let killed = server.ask("KILL QUERY WHERE query_id = 'twice' SYNC FORMAT JSONEachRow").await;
    assert!(killed.starts_with("{\"kill_status\":\"finished\",\"query_id\":\"twice\""), "{killed}");
    // SYNC means that it has ended: the id is free at once.
    assert_eq!(server.ask(&running("twice")).await, "0");
    assert_eq!(server.post("query_id=twice", "SELECT 1").await.text(), "1\n");
    let (status, text) = first.await.expect("no panic");
    assert_eq!(status, 500);
    assert!(text.starts_with("Code: 394."), "{text}");
    assert_eq!(server.ask("KILL QUERY WHERE query_id = 'twice' SYNC").await, "");
    let wrong = server.post("", "KILL QUERY WHERE nope = 1").await;
    assert_eq!(wrong.header("x-clickhouse-exception-code"), "47");
}

#[tokio::test]
async fn a_running_query_is_replaced_on_request() {
    let data = data();
    let server = Server::start(&data);
    let first = endless(&server, "once");
    server.until(&running("once"), "1").await;
    let second = server.post("query_id=once&replace_running_query=1", "SELECT 'second'").await;
    assert_eq!((second.status, second.text()), (200, "second\n"));
    let (status, text) = first.await.expect("no panic");
    assert_eq!(status, 500);
    assert!(text.starts_with("Code: 394."), "{text}");
}

#[tokio::test]
async fn an_asynchronous_kill_ends_all_that_match() {
    let data = data();
    let server = Server::start(&data);
    let queries = ["a1", "a2", "b'1"].map(|id| endless(&server, id));
    for id in ["a1", "a2", "b\\'1"] {
        server.until(&running(id), "1").await;
    }
    let killed = server.ask("KILL QUERY WHERE query_id LIKE 'a%' ASYNC").await;
    assert_eq!(killed.lines().filter(|l| l.starts_with("waiting\ta")).count(), 2, "{killed}");
    server.until("SELECT count() FROM system.processes WHERE query_id LIKE 'a%'", "0").await;
    assert_eq!(server.ask(&running("b\\'1")).await, "1");
    server.ask("KILL QUERY WHERE query_id = 'b\\'1' SYNC").await;
    for query in queries {
        assert_eq!(query.await.expect("no panic").0, 500);
    }
}

#[tokio::test]
async fn a_query_ends_when_its_client_goes_away() {
    let data = data();
    let server = Server::start(&data);
    // Without a row so far, and in the middle of a result that nobody reads.
    let silent = endless(&server, "silent");
    server.until(&running("silent"), "1").await;
    silent.abort();
    server.until(&running("silent"), "0").await;

    // A statement without a result, which fills a table if it is let.
    server.ask("CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a").await;
    let copy = server.http.post(format!("{}/?query_id=copy", server.url)).body(
        "INSERT INTO t SELECT number FROM numbers(1000000000000) WHERE sipHash64(number) = 1",
    );
    let copy = tokio::spawn(copy.send());
    server.until(&running("copy"), "1").await;
    copy.abort();
    server.until(&running("copy"), "0").await;
    assert_eq!(server.ask("SELECT count() FROM t").await, "0");

    let stalled = server
        .http
        .post(format!("{}/?query_id=stalled", server.url))
        .body("SELECT number FROM numbers(1000000000000)")
        .send()
        .await
        .expect("an answer");
    assert_eq!(stalled.status(), 200);
    assert_eq!(server.ask(&running("stalled")).await, "1");
    drop(stalled);
    server.until(&running("stalled"), "0").await;
}

#[tokio::test]
async fn a_stalled_client_does_not_hold_up_a_kill() {
    let data = data();
    let server = Server::start(&data);
    let stalled = server
        .http
        .post(format!("{}/?query_id=stalled", server.url))
        .body("SELECT number FROM numbers(1000000000000)")
        .send()
        .await
        .expect("an answer");
    let killed = server.ask("KILL QUERY WHERE query_id = 'stalled' SYNC").await;
    assert!(killed.starts_with("finished\tstalled"), "{killed}");
    assert_eq!(server.ask(&running("stalled")).await, "0");
    assert!(stalled.bytes().await.is_err(), "a killed result must not look complete");
}

#[tokio::test]
async fn an_insert_that_waits_for_data_is_killed() {
    let data = data();
    let server = Server::start(&data);
    server.ask("CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a").await;
    let (sender, mut receiver) =
        tokio::sync::mpsc::channel::<Result<bytes::Bytes, std::io::Error>>(1);
    let body =
        reqwest::Body::wrap_stream(futures_util::stream::poll_fn(move |cx| receiver.poll_recv(cx)));
    let request = server
        .http
        .post(format!("{}/?query_id=waits&query=INSERT+INTO+t+FORMAT+CSV", server.url))
        .body(body);
    let sending = tokio::spawn(request.send());
    sender.send(Ok("1\n2\n".into())).await.expect("open");
    server.until(&running("waits"), "1").await;
    let killed = server.ask("KILL QUERY WHERE query_id = 'waits' SYNC").await;
    assert!(killed.starts_with("finished\twaits"), "{killed}");
    drop(sender);
    if let Ok(answer) = sending.await.expect("no panic") {
        assert_eq!(answer.status(), 500);
    }
    assert_eq!(server.ask("SELECT count() FROM t").await, "0");
}

#[tokio::test]
async fn nothing_leaks_from_one_query_into_another() {
    let data = data();
    let server = Server::start(&data);
    let default =
        server.ask("SELECT getSetting('max_block_size'), getSetting('log_comment')").await;
    server.post("max_block_size=7&log_comment=mine", "SELECT 1").await;
    server.ask("SET max_block_size = 8").await;
    server.ask("SELECT 1 SETTINGS max_block_size = 9").await;
    server.post("max_block_size=10", "SELECT throwIf(1)").await;
    server.ask("CREATE TEMPORARY TABLE here (a UInt8)").await;
    server.ask("USE system").await;
    server.post("param_x=1", "SELECT {x:UInt8}").await;
    for _ in 0..8 {
        let now =
            server.ask("SELECT getSetting('max_block_size'), getSetting('log_comment')").await;
        assert_eq!(now, default);
    }
    assert_eq!(server.ask("SELECT currentDatabase()").await, "default");
    assert_eq!(server.post("", "SELECT * FROM here").await.status, 404);
    assert_eq!(
        server.post("", "SELECT {x:UInt8}").await.header("x-clickhouse-exception-code"),
        "456"
    );
    // Side by side, too.
    let asks = (1..=16).map(|n| {
        let request = server
            .http
            .post(format!("{}/?max_block_size={n}&param_n={n}", server.url))
            .body("SELECT getSetting('max_block_size') = {n:UInt64}, sleep(0.01)");
        tokio::spawn(
            async move { request.send().await.expect("an answer").text().await.expect("text") },
        )
    });
    for ask in asks.collect::<Vec<_>>() {
        assert_eq!(ask.await.expect("no panic"), "1\t0\n");
    }
}

#[tokio::test]
async fn queries_run_side_by_side() {
    let data = data();
    let server = Server::start(&data);
    let begun = Instant::now();
    let sleeps = (0..6).map(|_| {
        let request = server.http.post(&server.url).body("SELECT sleep(1)");
        tokio::spawn(async move { request.send().await.expect("an answer").status().as_u16() })
    });
    for sleep in sleeps.collect::<Vec<_>>() {
        assert_eq!(sleep.await.expect("no panic"), 200);
    }
    assert!(begun.elapsed().as_secs() < 5, "six queries of a second took {:?}", begun.elapsed());
}
