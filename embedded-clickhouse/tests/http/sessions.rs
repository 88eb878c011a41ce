//! Sessions: what lives from one query to the next, and what does not.

use crate::server::{ENDLESS, Server, data, read};

#[tokio::test]
async fn a_session_keeps_what_was_set_used_and_created() {
    let data = data();
    let server = Server::start(&data);
    let s = "session_id=s";
    for sql in [
        "CREATE DATABASE d",
        "CREATE TEMPORARY TABLE tmp (a UInt64)",
        "SET max_block_size = 77, log_comment = 'it\\'s'",
        "USE d",
    ] {
        let answer = server.post(s, sql).await;
        assert_eq!(answer.status, 200, "{sql}: {}", answer.text());
    }
    let insert = server.post(&format!("{s}&query=INSERT+INTO+tmp+FORMAT+CSV"), "1\n2\n").await;
    assert_eq!(insert.summary("written_rows"), 2, "{}", insert.text());
    let kept = "SELECT getSetting('max_block_size'), getSetting('log_comment'), currentDatabase(), (SELECT sum(a) FROM tmp)";
    assert_eq!(server.post(s, kept).await.text(), "77\tit\\'s\td\t3\n");
    // Other sessions, and none, see nothing of it.
    assert_eq!(server.post("session_id=other", "SELECT * FROM tmp").await.status, 404);
    assert_eq!(server.post("", "SELECT * FROM tmp").await.status, 404);
    assert_eq!(
        server.post("session_id=other", "SELECT currentDatabase()").await.text(),
        "default\n"
    );

    // What the URL brings is the query's alone, over what the session has.
    let url = format!("{s}&max_block_size=5&max_threads=1&log_comment=mine&database=system");
    assert_eq!(
        server.post(&url, "SELECT getSetting('max_block_size'), getSetting('max_threads'), getSetting('log_comment'), currentDatabase()").await.text(),
        "5\t1\tmine\tsystem\n"
    );
    assert_eq!(server.post(&url, "SELECT nope").await.status, 404);
    assert_eq!(server.post(s, kept).await.text(), "77\tit\\'s\td\t3\n");
    let changed = "SELECT name FROM system.settings WHERE changed AND name IN ('max_threads', 'max_block_size')";
    assert_eq!(server.post(s, changed).await.text(), "max_block_size\n");
    // A setting that cannot be is refused, and harms nothing.
    assert_eq!(server.post(&format!("{s}&max_block_size=x"), "SELECT 1").await.status, 400);
    assert_eq!(server.post(&format!("{s}&nope=1"), "SELECT 1").await.status, 404);
    // SET and USE win over what came beside them.
    server.post(&url, "SET max_block_size = 9").await;
    server.post(&url, "USE information_schema").await;
    assert_eq!(
        server.post(s, "SELECT getSetting('max_block_size'), currentDatabase()").await.text(),
        "9\tinformation_schema\n"
    );
}

#[tokio::test]
async fn a_session_is_closed_checked_and_forgotten() {
    let data = data();
    let server = Server::start(&data);
    let code = |url: &'static str| {
        let server = &server;
        async move {
            let answer = server.post(url, "SELECT * FROM tmp").await;
            answer.header("x-clickhouse-exception-code").to_owned()
        }
    };
    server.post("session_id=s", "CREATE TEMPORARY TABLE tmp (a UInt64)").await;
    assert_eq!(code("session_id=s&session_check=1").await, "");
    assert_eq!(code("session_id=s&close_session=1").await, "");
    assert_eq!(code("session_id=s&session_check=1").await, "372");
    assert_eq!(code("session_id=s").await, "60");
    // It ends by itself a second after its last query; asking for it would renew it.
    server.post("session_id=short&session_timeout=1", "CREATE TEMPORARY TABLE tmp (a Int8)").await;
    let open = "SELECT count() FROM system.tables WHERE is_temporary AND name = 'tmp'";
    assert_eq!(server.post("session_id=short&session_timeout=0", open).await.text(), "1\n");
    assert_eq!(code("session_id=short&session_check=1").await, "372");
}

#[tokio::test]
async fn a_session_serves_one_query_at_a_time() {
    let data = data();
    let server = Server::start(&data);
    server.post("session_id=s", "CREATE TEMPORARY TABLE tmp (a UInt64)").await;
    let request = server
        .http
        .post(format!("{}/?session_id=s&query_id=long&max_threads=1", server.url))
        .body(ENDLESS);
    let long = tokio::spawn(read(request));
    let running = "SELECT count() FROM system.processes WHERE query_id = 'long'";
    server.until(running, "1").await;
    let second = server.post("session_id=s", "SELECT 1").await;
    assert_eq!((second.status, second.header("x-clickhouse-exception-code")), (500, "373"));
    assert_eq!(server.post("session_id=other", "SELECT 1").await.text(), "1\n");
    // Ended by a KILL, it leaves the session as it was.
    server.ask("KILL QUERY WHERE query_id = 'long' SYNC").await;
    assert_eq!(long.await.expect("no panic").header("x-clickhouse-exception-code"), "394");
    let after = "SELECT count(), getSetting('max_threads') = 1 FROM tmp";
    assert_eq!(server.post("session_id=s", after).await.text(), "0\t0\n");

    // So does one whose client went away.
    let request =
        server.http.post(format!("{}/?session_id=s&query_id=long", server.url)).body(ENDLESS);
    let gone = tokio::spawn(request.send());
    server.until(running, "1").await;
    gone.abort();
    server.until(running, "0").await;
    assert_eq!(server.post("session_id=s", after).await.text(), "0\t0\n");
    // And one that failed while its result was being sent.
    let late = "SELECT throwIf(number = 3000000, 'too late') FROM numbers(5000000) SETTINGS max_threads = 1";
    let late = server.http.post(format!("{}/?session_id=s", server.url)).body(late).send().await;
    assert!(late.expect("an answer").bytes().await.is_err());
    assert_eq!(server.post("session_id=s", after).await.text(), "0\t0\n");
}

#[tokio::test]
async fn a_reading_request_only_reads_in_a_session_too() {
    let data = data();
    let server = Server::start(&data);
    server.ask("CREATE TABLE t (a UInt8) ENGINE = Memory").await;
    let get = |sql: &str| {
        let url = format!("{}/?session_id=s", server.url);
        read(server.http.get(url).query(&[("query", sql)]))
    };
    assert_eq!(get("SELECT 1").await.text(), "1\n");
    assert_eq!(get("DROP TABLE t").await.header("x-clickhouse-exception-code"), "164");
    assert_eq!(
        server
            .post("session_id=s&readonly=1&query=INSERT+INTO+t+FORMAT+CSV", "1\n")
            .await
            .header("x-clickhouse-exception-code"),
        "164"
    );
    assert_eq!(server.post("session_id=s", "INSERT INTO t VALUES (1)").await.status, 200);
    assert_eq!(get("SELECT count() FROM t").await.text(), "1\n");
}
