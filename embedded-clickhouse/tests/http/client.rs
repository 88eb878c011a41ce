//! The official client, with its defaults.

use clickhouse::{Client, Row};
use serde::{Deserialize, Serialize};

use crate::server::{Server, data};

#[derive(Debug, Clone, PartialEq, Row, Serialize, Deserialize)]
struct Event {
    id: u64,
    name: String,
    tags: Vec<String>,
    score: Option<f64>,
}

fn client(server: &Server) -> Client {
    Client::default().with_url(&server.url)
}

fn event(id: u64) -> Event {
    let score = id.is_multiple_of(2).then_some(0.5);
    Event { id, name: format!("n{id}"), tags: vec!["a".into(), "b".into()], score }
}

#[tokio::test]
async fn typed_rows_go_in_and_come_out() {
    let data = data();
    let server = Server::start(&data);
    let client = client(&server);
    client.query("CREATE DATABASE shop").execute().await.expect("created");
    let client = client.with_database("shop");
    client
        .query("CREATE TABLE events (id UInt64, name String, tags Array(String), score Nullable(Float64)) ENGINE = MergeTree ORDER BY id")
        .execute()
        .await
        .expect("created");
    let mut insert = client.insert::<Event>("events").await.expect("a table");
    for id in 0..10_000 {
        insert.write(&event(id)).await.expect("written");
    }
    insert.end().await.expect("committed");
    let rows = client
        .query("SELECT ?fields FROM events WHERE id BETWEEN ? AND ? AND has(tags, ?) ORDER BY id")
        .bind(10)
        .bind(12)
        .bind("a")
        .fetch_all::<Event>()
        .await
        .expect("rows");
    assert_eq!(rows, [event(10), event(11), event(12)]);
    let one: u64 = client
        .query("SELECT count() FROM events WHERE name = {name:String} AND id > {min:UInt64}")
        .param("name", "n42")
        .param("min", 41)
        .fetch_one()
        .await
        .expect("a row");
    assert_eq!(one, 1);
    let none: Option<u64> = client
        .query("SELECT id FROM events WHERE id = 1000000")
        .fetch_optional()
        .await
        .expect("fine");
    assert_eq!(none, None);
}

#[tokio::test]
async fn a_million_rows_stream() {
    let data = data();
    let server = Server::start(&data);
    let client = client(&server);
    client.query("SELECT 1").fetch_one::<u8>().await.expect("warm");
    let before = server.peak_mib();
    let mut cursor = client
        .query("SELECT number AS id, toString(number) AS name FROM numbers(1000000)")
        .fetch::<(u64, String)>()
        .expect("a cursor");
    let mut next = 0;
    while let Some((id, name)) = cursor.next().await.expect("a row") {
        assert_eq!((id, name), (next, next.to_string()));
        next += 1;
    }
    assert_eq!(next, 1_000_000);
    let grown = server.peak_mib() - before;
    assert!(grown < 100, "memory grew by {grown} MiB");
}

#[tokio::test]
async fn failures_reach_the_client() {
    let data = data();
    let server = Server::start(&data);
    let client = client(&server);
    let unknown = client.query("SELECT * FROM nope").execute().await.expect_err("unknown");
    assert!(unknown.to_string().contains("Code: 60"), "{unknown}");
    let mut cursor = client
        .query("SELECT toUInt64(number) AS n, throwIf(number = 3000000, 'too late') AS x FROM numbers(5000000)")
        .with_setting("max_threads", "1")
        .fetch::<(u64, u8)>()
        .expect("a cursor");
    let failure = loop {
        match cursor.next().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("a cut result must not look complete"),
            Err(error) => break error.to_string(),
        }
    };
    assert!(failure.contains("Code: 395") && failure.contains("too late"), "{failure}");
    let stranger = client.with_password("wrong");
    let refused = stranger.query("SELECT 1").execute().await.expect_err("refused");
    assert!(refused.to_string().contains("Code: 516"), "{refused}");
}

#[derive(Debug, Row, Serialize, Deserialize)]
struct Document {
    id: u64,
    attributes: String,
}

#[tokio::test]
async fn json_columns_are_fed_with_text() {
    let data = data();
    let server = Server::start(&data);
    let client = client(&server)
        .with_setting("input_format_binary_read_json_as_string", "1")
        .with_setting("output_format_binary_write_json_as_string", "1")
        .with_setting("async_insert", "0");
    client
        .query(
            "CREATE TABLE d (id UInt64, attributes JSON(x Int64)) ENGINE = MergeTree ORDER BY id",
        )
        .execute()
        .await
        .expect("created");
    let mut insert = client.insert::<Document>("d").await.expect("a table");
    for id in 0..3 {
        let attributes = format!(r#"{{"x":{id},"deep":{{"name":"n{id}"}}}}"#);
        insert.write(&Document { id, attributes }).await.expect("written");
    }
    insert.end().await.expect("committed");
    let found: Vec<(i64, String)> = client
        .query("SELECT attributes.x, attributes.deep.name::String FROM d ORDER BY id")
        .fetch_all()
        .await
        .expect("rows");
    assert_eq!(found, [(0, "n0".to_owned()), (1, "n1".to_owned()), (2, "n2".to_owned())]);
    let whole: Document =
        client.query("SELECT ?fields FROM d WHERE id = 1").fetch_one().await.expect("a row");
    let whole: serde_json::Value = serde_json::from_str(&whole.attributes).expect("JSON");
    assert_eq!(whole["deep"]["name"], "n1");
}

#[tokio::test]
async fn a_million_rows_are_inserted_in_bounded_memory() {
    #[derive(Row, Serialize)]
    struct Pair {
        id: u64,
        name: String,
    }
    let data = data();
    let server = Server::start(&data);
    let client = client(&server).with_setting("max_insert_block_size", "65536");
    client
        .query("CREATE TABLE t (id UInt64, name String) ENGINE = Null")
        .execute()
        .await
        .expect("created");
    let mut warm = client.insert::<Pair>("t").await.expect("a table");
    warm.write(&Pair { id: 0, name: String::new() }).await.expect("written");
    warm.end().await.expect("committed");
    let before = server.peak_mib();
    let mut insert = client
        .insert::<Pair>("t")
        .await
        .expect("a table")
        .with_setting("min_insert_block_size_rows", "65536");
    for id in 0..1_000_000 {
        insert.write(&Pair { id, name: format!("{id:0>100}") }).await.expect("written");
    }
    insert.end().await.expect("committed");
    let grown = server.peak_mib() - before;
    assert!(grown < 150, "memory grew by {grown} MiB for 109 MB");
}

#[tokio::test]
async fn ids_sessions_and_cancellation() {
    let data = data();
    let server = Server::start(&data);
    let client = client(&server);
    // A session, by the setting that the client documents for it.
    let session =
        client.clone().with_setting("session_id", "mine").with_setting("max_threads", "1");
    session.query("CREATE TEMPORARY TABLE tmp (a UInt8)").execute().await.expect("created");
    session.query("INSERT INTO tmp VALUES (1), (2)").execute().await.expect("written");
    let sum: u64 = session.query("SELECT sum(a) FROM tmp").fetch_one().await.expect("a row");
    assert_eq!(sum, 3);
    let held: Vec<u64> = client
        .query("SELECT number FROM numbers(3)")
        .with_setting("wait_end_of_query", "1")
        .fetch_all()
        .await
        .expect("rows");
    assert_eq!(held, [0, 1, 2]);
    // A cursor that is dropped ends its query.
    let mut cursor = client
        .query("SELECT number FROM numbers(1000000000000)")
        .with_setting("query_id", "dropped")
        .fetch::<u64>()
        .expect("a cursor");
    assert_eq!(cursor.next().await.expect("a row"), Some(0));
    let running = "SELECT count() FROM system.processes WHERE query_id = 'dropped'";
    assert_eq!(server.ask(running).await, "1");
    drop(cursor);
    server.until(running, "0").await;
    // One that another client kills says so.
    let mut cursor = client
        .query("SELECT number FROM numbers(1000000000000)")
        .with_setting("query_id", "killed")
        .fetch::<u64>()
        .expect("a cursor");
    assert_eq!(cursor.next().await.expect("a row"), Some(0));
    client
        .query("KILL QUERY WHERE query_id = ? SYNC")
        .bind("killed")
        .execute()
        .await
        .expect("killed");
    let failure = loop {
        match cursor.next().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("a killed result must not look complete"),
            Err(error) => break error.to_string(),
        }
    };
    assert!(failure.contains("Code: 394"), "{failure}");
}
