//! The second user, who may read tables and nothing else.

use crate::server::{Server, data, read};

fn start(data: &tempfile::TempDir) -> Server {
    Server::start_with(
        data,
        &["--password", "s3cret", "--reader", "reader", "--reader-password", "r3ad"],
    )
}

const OWNER: &str = "user=default&password=s3cret";
const READER: &str = "user=reader&password=r3ad";

#[tokio::test]
async fn a_reader_reads_tables() {
    let data = data();
    let server = start(&data);
    for sql in [
        "CREATE DATABASE d",
        "CREATE TABLE d.t (a UInt64) ENGINE = MergeTree ORDER BY a",
        "INSERT INTO d.t SELECT number FROM numbers(10)",
        "CREATE VIEW d.v AS SELECT a FROM d.t",
    ] {
        assert_eq!(server.post(OWNER, sql).await.status, 200, "{sql}");
    }
    for (url, sql, text) in [
        ("", "SELECT sum(a) FROM d.t", "45\n"),
        ("", "SELECT count() FROM d.v", "10\n"),
        ("&database=d", "SELECT max(a) FROM t WHERE a < {x:UInt64}", "4\n"),
        ("", "SHOW TABLES FROM d", "t\nv\n"),
        ("&max_threads=1&log_comment=c", "SELECT getSetting('max_threads')", "1\n"),
        ("&readonly=0", "SELECT getSetting('readonly')", "1\n"),
        ("", "SELECT count() FROM numbers(3)", "3\n"),
        ("&session_id=s", "SELECT count() FROM d.t", "10\n"),
    ] {
        let answer = server.post(&format!("{READER}{url}&param_x=5"), sql).await;
        assert_eq!(answer.text(), text, "{sql}");
    }
    let own = server.post(READER, "SELECT user FROM system.processes").await;
    assert_eq!(own.text(), "reader\n");
}

#[tokio::test]
async fn a_reader_changes_nothing_and_reaches_no_file() {
    let data = data();
    let server = start(&data);
    server.post(OWNER, "CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a").await;
    let secret = data.path().join("secret.csv");
    std::fs::write(&secret, "7,treasure\n").expect("written");
    let path = secret.to_str().expect("UTF-8");
    let statements = [
        // The engine's rights.
        format!("SELECT * FROM file('{path}', 'CSV')"),
        format!("SELECT * FROM `{path}`"),
        format!("SELECT * FROM '{path}'"),
        format!("DESCRIBE `{path}`"),
        format!("SELECT * FROM sqlite('{path}', 't')"),
        format!("SELECT * FROM filesystem('{path}')"),
        "SELECT * FROM url('http://127.0.0.1:9/', 'CSV', 'a String')".into(),
        "SELECT * FROM remote('127.0.0.1:9', 'system.one')".into(),
        "SELECT * FROM s3('http://127.0.0.1:9/a/b', 'CSV', 'a String')".into(),
        "SELECT * FROM executable('x.sh', 'CSV', 'a String')".into(),
        // What no right guards.
        format!("SELECT file('{path}')"),
        format!("SELECT arrayMap(file, ['{path}'])"),
        format!("SELECT `fil\\x65`('{path}')"),
        format!("SELECT * FROM eval('SELECT file(''{path}'')')"),
        format!("SELECT 1 FORMAT Template SETTINGS format_template_resultset = '{path}'"),
        format!("INSERT INTO t SELECT * FROM file('{path}', 'CSV')"),
        format!("SELECT 1 INTO OUTFILE '{path}.out'"),
        // Changes.
        "INSERT INTO t VALUES (1)".into(),
        "INSERT INTO t FORMAT CSV\n1\n".into(),
        "INSERT INTO t SELECT 1".into(),
        "CREATE TABLE u (a UInt8) ENGINE = Memory".into(),
        "CREATE TEMPORARY TABLE u (a UInt8)".into(),
        "DROP TABLE t".into(),
        "TRUNCATE TABLE t".into(),
        "ALTER TABLE t DELETE WHERE 1".into(),
        "SYSTEM STOP MERGES".into(),
        "KILL QUERY WHERE 1".into(),
        // Ways out of the role.
        "SET ROLE ALL".into(),
        "SET readonly = 0".into(),
        "SELECT 1 SETTINGS readonly = 0".into(),
        "SELECT 1 SETTINGS allow_experimental_eval_table_function = 1".into(),
        "EXECUTE AS default SELECT 1".into(),
        "GRANT ALL ON *.* TO default".into(),
    ];
    for sql in &statements {
        for url in [READER.to_owned(), format!("{READER}&session_id=s")] {
            let answer = server.post(&url, sql.clone()).await;
            let body = String::from_utf8_lossy(&answer.body);
            assert_ne!(answer.status, 200, "{sql}: {body}");
            assert!(!body.contains("treasure"), "{sql}: {body}");
        }
    }
    for setting in [
        format!("format_template_resultset={path}"),
        format!("format_schema={path}:x"),
        "additional_table_filters={'t':'file(1)'}".into(),
        "additional_result_filter=file(1)".into(),
        "dialect=kusto".into(),
    ] {
        let answer = server.post(&format!("{READER}&{setting}"), "SELECT 1").await;
        assert_eq!(
            (answer.status, answer.header("x-clickhouse-exception-code")),
            (403, "497"),
            "{setting}"
        );
    }
    let get = read(
        server.http.get(format!("{}/?{READER}", server.url)).query(&[("query", "DROP TABLE t")]),
    )
    .await;
    assert_ne!(get.status, 200);
    // Nothing happened, and the owner may still do all of it.
    assert_eq!(server.post(OWNER, "SELECT count() FROM t").await.text(), "0\n");
    assert!(!std::path::Path::new(&format!("{path}.out")).exists());
    let owner = server.post(OWNER, format!("SELECT file('{path}')")).await;
    assert_eq!(owner.text(), "7,treasure\\n\n");
    assert_eq!(server.post(OWNER, "DROP TABLE t").await.status, 200);
    assert_eq!(server.post("user=reader&password=s3cret", "SELECT 1").await.status, 403);
}
