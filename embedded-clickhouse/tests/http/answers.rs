//! Where a query may stand, and what an answer tells.

use crate::server::{Server, data, read};

#[tokio::test]
async fn a_query_stands_in_the_url_the_body_or_both() {
    let data = data();
    let server = Server::start(&data);
    for path in ["/ping", "/"] {
        let answer = read(server.http.get(format!("{}{path}", server.url))).await;
        assert_eq!((answer.status, answer.text()), (200, "Ok.\n"), "{path}");
    }
    let get = read(server.http.get(format!("{}/?query=SELECT%201", server.url))).await;
    assert_eq!((get.status, get.text()), (200, "1\n"));
    assert_eq!(server.post("query=SELECT%202", "").await.text(), "2\n");
    assert_eq!(server.ask("SELECT 3").await, "3");
    assert_eq!(server.post("query=SELECT", "4 + 5").await.text(), "9\n");
    let head = server.http.head(format!("{}/ping", server.url));
    assert_eq!(read(head).await.status, 200);
}

#[tokio::test]
async fn formats_databases_settings_and_parameters_are_honoured() {
    let data = data();
    let server = Server::start(&data);
    let json = server.post("default_format=JSONEachRow", "SELECT 1 AS a").await;
    assert_eq!(json.text(), "{\"a\":1}\n");
    assert_eq!(json.header("x-clickhouse-format"), "JSONEachRow");
    assert_eq!(json.header("content-type"), "application/x-ndjson; charset=UTF-8");
    let csv =
        read(server.http.post(&server.url).header("X-ClickHouse-Format", "CSV").body("SELECT 'a'"))
            .await;
    assert_eq!(csv.text(), "\"a\"\n");
    let own = server
        .post("default_format=CSV", "SELECT 1 AS a FORMAT JSONEachRow SETTINGS max_threads=1")
        .await;
    assert_eq!((own.text(), own.header("x-clickhouse-format")), ("{\"a\":1}\n", "JSONEachRow"));

    server.ask("CREATE DATABASE `we``ird`").await;
    let named = server.post("database=we%60ird", "SELECT currentDatabase()").await;
    assert_eq!(named.text(), "we`ird\n");
    let header = server.http.post(&server.url).header("X-ClickHouse-Database", "system");
    assert_eq!(read(header.body("SELECT count() FROM one")).await.text(), "1\n");

    let setting = server.post("max_block_size=77", "SELECT getSetting('max_block_size')").await;
    assert_eq!(setting.text(), "77\n");
    let bound =
        server.post("param_x=it%27s%5Ct&param_n=7", "SELECT {x:String}, {n:UInt8} + 1").await;
    assert_eq!(bound.text(), "it\\'s\\t\t8\n");
    let form = "--b\r\nContent-Disposition: form-data; name=\"query\"\r\n\r\nSELECT {x:Array(UInt8)}\r\n--b\r\nContent-Disposition: form-data; name=\"param_x\"\r\n\r\n[1,2]\r\n--b--\r\n";
    let form = server
        .http
        .post(&server.url)
        .header("Content-Type", "multipart/form-data; boundary=b")
        .body(form);
    assert_eq!(read(form).await.text(), "[1,2]\n");
}

#[tokio::test]
async fn headers_tell_what_a_query_did() {
    let data = data();
    let server = Server::start(&data);
    server.ask("CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a").await;
    let insert = server.post("query=INSERT%20INTO%20t%20FORMAT%20CSV", "1\n2\n3\n").await;
    assert_eq!(insert.status, 200, "{}", insert.text());
    assert_eq!(insert.summary("written_rows"), 3);
    assert_eq!(insert.summary("written_bytes"), 24);
    let copy = server.post("", "INSERT INTO t SELECT a + 10 FROM t").await;
    assert_eq!((copy.summary("read_rows"), copy.summary("written_rows")), (3, 3));
    let select = server.post("query_id=mine", "SELECT a FROM t WHERE a < 3").await;
    assert_eq!((select.summary("result_rows"), select.summary("read_rows")), (2, 3));
    assert!(select.summary("elapsed_ns") > 0);
    assert_eq!(select.header("x-clickhouse-query-id"), "mine");
    assert_eq!(select.header("x-clickhouse-timezone"), server.ask("SELECT timezone()").await);
    assert_eq!(
        select.header("x-clickhouse-server-display-name"),
        server.ask("SELECT displayName()").await
    );
    let given = server.http.post(&server.url).header("X-ClickHouse-Query-Id", "by header");
    let given = read(given.body("SELECT 1")).await;
    assert_eq!(given.header("x-clickhouse-query-id"), "by header");
    let made = server.post("", "SELECT 1").await;
    assert_eq!(made.header("x-clickhouse-query-id").len(), 36);
}

/// The engine hands out blocks; a format with a beginning and an end must still
/// come as one document, with totals in their place.
#[tokio::test]
async fn a_result_of_many_blocks_is_one_document() {
    let data = data();
    let server = Server::start(&data);
    let json = server.ask("SELECT number AS n FROM numbers(300000) FORMAT JSON").await;
    let json: serde_json::Value = serde_json::from_str(&json).expect("one document");
    assert_eq!(json["rows"], 300_000);
    assert_eq!(json["data"].as_array().map(Vec::len), Some(300_000));
    let names = server.ask("SELECT number AS n FROM numbers(300000) FORMAT TSVWithNames").await;
    assert_eq!(names.lines().filter(|l| *l == "n").count(), 1);
    assert_eq!(names.lines().count(), 300_001);
    let totals = server
        .ask("SELECT sum(number) FROM numbers(10) GROUP BY number % 2 WITH TOTALS ORDER BY 1")
        .await;
    assert_eq!(totals, "20\n25\n\n45");
    for sql in ["SHOW DATABASES", "DESCRIBE system.one", "EXPLAIN SELECT 1", "EXISTS system.one"] {
        assert!(!server.ask(sql).await.is_empty(), "{sql}");
    }
}

#[tokio::test]
async fn a_large_result_streams_in_bounded_memory() {
    let data = data();
    let server = Server::start(&data);
    server.ask("SELECT 1").await;
    let before = server.peak_mib();
    // 1 GB through a client that reads at its own pace.
    let mut response = server
        .http
        .post(format!("{}/", server.url))
        .body("SELECT number, repeat('x', 92) FROM numbers(10000000) FORMAT RowBinary")
        .send()
        .await
        .expect("an answer");
    let progress = response.headers()["x-clickhouse-summary"].to_str().expect("text").to_owned();
    let progress: serde_json::Value = serde_json::from_str(&progress).expect("JSON");
    assert_eq!(progress["total_rows_to_read"], "10000000");
    let mut bytes = 0;
    while let Some(chunk) = response.chunk().await.expect("a whole body") {
        bytes += chunk.len();
    }
    assert_eq!(bytes, 10_000_000 * 101);
    let grown = server.peak_mib() - before;
    assert!(grown < 150, "memory grew by {grown} MiB");
}

#[tokio::test]
async fn results_are_framed_on_request() {
    let data = data();
    let server = Server::start(&data);
    server.ask("CREATE TABLE t (a UInt64, b String) ENGINE = MergeTree ORDER BY a").await;
    let framed = server
        .post(
            "compress=1",
            "SELECT number AS a, toString(number) AS b FROM numbers(200000) FORMAT Native",
        )
        .await;
    assert_eq!(framed.status, 200);
    // The method byte of LZ4, and smaller than what it holds.
    assert_eq!(framed.body[16], 0x82);
    assert!(framed.body.len() < 2_800_000);
    let back =
        server.post("decompress=1&query=INSERT%20INTO%20t%20FORMAT%20Native", framed.body).await;
    assert_eq!((back.status, back.summary("written_rows")), (200, 200_000), "{}", back.text());
    let sum = server.ask("SELECT count(), sum(a), sum(b::UInt64) FROM t").await;
    assert_eq!(sum, "200000\t19999900000\t19999900000");
}

#[tokio::test]
async fn a_result_can_be_held_back_whatever_its_size() {
    let data = data();
    let server = Server::start(&data);
    server.ask("SELECT 1").await;
    let before = server.peak_mib();
    let sql = "SELECT number, repeat('x', 92) FROM numbers(3000000) FORMAT RowBinary";
    let held = server.post("wait_end_of_query=1", sql).await;
    assert_eq!((held.status, held.body.len()), (200, 3_000_000 * 101));
    assert_eq!(held.body[..8], 0_u64.to_le_bytes());
    assert_eq!(held.body[2_999_999 * 101..][..8], 2_999_999_u64.to_le_bytes());
    // Only now is it known, and only now is it told.
    assert_eq!(held.summary("result_rows"), 3_000_000);
    assert_eq!(held.header("x-clickhouse-exception-tag"), "");
    let grown = server.peak_mib() - before;
    assert!(grown < 150, "memory grew by {grown} MiB for 300 MB");
    let left = std::fs::read_dir(data.path()).expect("readable").flatten();
    assert!(left.into_iter().all(|file| !file.file_name().to_string_lossy().ends_with(".held")));
}

#[tokio::test]
async fn tables_come_with_a_query_and_go_with_it() {
    let data = data();
    let server = Server::start(&data);
    let form = |sql: &str| {
        let part = |head: &str, value: &str| {
            format!("--b\r\nContent-Disposition: form-data; {head}\r\n\r\n{value}\r\n")
        };
        let parts = [
            part("name=\"query\"", sql),
            part("name=\"people\"; filename=\"people.csv\"", "1,\"Ada\"\n2,\"Bo\"\n"),
            part("name=\"_data\"; filename=\"x\"", "1\t10\n2\t20\n"),
        ];
        parts.concat() + "--b--\r\n"
    };
    let tables =
        "people_format=CSV&people_structure=id+UInt8,+name+String&_data_types=UInt8,UInt64";
    let ask = |url: &str, sql: &str| {
        read(
            server
                .http
                .post(format!("{}/?{tables}&{url}", server.url))
                .header("Content-Type", "multipart/form-data; boundary=b")
                .body(form(sql)),
        )
    };
    let join = "SELECT name, _2 FROM people JOIN _data ON id = _1 ORDER BY id";
    for url in ["", "session_id=s", "session_id=s"] {
        let answer = ask(url, join).await;
        assert_eq!(answer.text(), "Ada\t10\nBo\t20\n", "{url}");
    }
    assert_eq!(server.post("session_id=s", "SELECT * FROM people").await.status, 404);
    let unfit = ask("people_format=JSONEachRow", "SELECT 1").await;
    assert_ne!(unfit.status, 200);
}

#[tokio::test]
async fn progress_is_told_where_it_is_asked_for() {
    let data = data();
    let server = Server::start(&data);
    let sql = "SELECT count() FROM numbers(1000)";
    assert_eq!(server.post("", sql).await.header("x-clickhouse-progress"), "");
    let answer = server.post("send_progress_in_http_headers=1", sql).await;
    let progress: serde_json::Value =
        serde_json::from_str(answer.header("x-clickhouse-progress")).expect("JSON");
    assert_eq!(progress["read_rows"], "1000");
}
