//! Bodies and answers in HTTP's content codings.

use std::io::{Read, Write};

use crate::server::{Answer, Server, data, read};

const TABLE: &str = "CREATE TABLE t (a UInt64, b String) ENGINE = MergeTree ORDER BY a";
const CODINGS: [&str; 5] = ["zstd", "br", "lz4", "gzip", "deflate"];

/// Packs with the libraries' own encoders, as clients do.
fn pack(coding: &str, data: &[u8]) -> Vec<u8> {
    let level = flate2::Compression::default();
    let mut packed = Vec::new();
    match coding {
        "zstd" => packed = zstd::encode_all(data, 3).expect("packed"),
        "br" => {
            let mut encoder = brotli::CompressorWriter::new(&mut packed, 4096, 4, 22);
            encoder.write_all(data).expect("packed");
        }
        "lz4" => {
            let mut encoder = lz4_flex::frame::FrameEncoder::new(&mut packed);
            encoder.write_all(data).expect("packed");
            encoder.finish().expect("ended");
        }
        "gzip" => {
            let mut encoder = flate2::write::GzEncoder::new(&mut packed, level);
            encoder.write_all(data).expect("packed");
            encoder.finish().expect("ended");
        }
        _ => {
            let mut encoder = flate2::write::ZlibEncoder::new(&mut packed, level);
            encoder.write_all(data).expect("packed");
            encoder.finish().expect("ended");
        }
    }
    packed
}

/// Unpacks as far as it goes; false when it ends too early.
fn unpack(coding: &str, packed: &[u8]) -> (Vec<u8>, bool) {
    let mut reader: Box<dyn Read + '_> = match coding {
        "zstd" => Box::new(zstd::Decoder::new(packed).expect("zstd")),
        "br" => Box::new(brotli::Decompressor::new(packed, 4096)),
        "lz4" => Box::new(lz4_flex::frame::FrameDecoder::new(packed)),
        "gzip" => Box::new(flate2::read::GzDecoder::new(packed)),
        _ => Box::new(flate2::read::ZlibDecoder::new(packed)),
    };
    let (mut data, mut piece) = (Vec::new(), vec![0; 65_536]);
    loop {
        match reader.read(&mut piece) {
            Ok(0) => return (data, true),
            Ok(n) => data.extend_from_slice(&piece[..n]),
            Err(_) => return (data, false),
        }
    }
}

async fn select(server: &Server, accept: &str, url: &str, sql: &'static str) -> Answer {
    let request = server.http.post(format!("{}/?{url}", server.url));
    read(request.header("Accept-Encoding", accept).body(sql)).await
}

#[tokio::test]
async fn bodies_and_answers_are_coded_both_ways() {
    let data = data();
    let server = Server::start(&data);
    server.ask(TABLE).await;
    let rows: String = (0..50_000).map(|n| format!("{n},\"row {n}\"\n")).collect();
    for (n, coding) in CODINGS.into_iter().enumerate() {
        let insert = server
            .http
            .post(format!("{}/?query=INSERT+INTO+t+FORMAT+CSV", server.url))
            .header("Content-Encoding", coding)
            .body(pack(coding, rows.as_bytes()));
        let insert = read(insert).await;
        assert_eq!((insert.status, insert.summary("written_rows")), (200, 50_000), "{coding}");
        assert_eq!(insert.header("content-encoding"), "", "nothing is not coded");
        let count = server.ask("SELECT count(), uniqExact(a, b) FROM t").await;
        assert_eq!(count, format!("{}\t50000", (n + 1) * 50_000), "{coding}");

        // One that is small, and one that is streamed.
        let small = select(&server, coding, "", "SELECT 'small'").await;
        assert_eq!(small.header("content-encoding"), coding);
        assert_eq!(unpack(coding, &small.body), (b"small\n".to_vec(), true));
        let long = "SELECT number FROM numbers(1000000) FORMAT RowBinary";
        let long = select(&server, coding, "", long).await;
        let expected: Vec<u8> = (0..1_000_000_u64).flat_map(u64::to_le_bytes).collect();
        assert!(long.body.len() < expected.len(), "{coding}: {} bytes", long.body.len());
        assert!(unpack(coding, &long.body) == (expected, true), "{coding}");
    }
    // A statement itself may be coded, and blocks inside of a coding.
    let statement = server.http.post(&server.url).header("Content-Encoding", "gzip");
    assert_eq!(read(statement.body(pack("gzip", b"SELECT 1 + 1"))).await.text(), "2\n");
    let framed = server.post("compress=1", "SELECT 7 AS a, 'x' AS b FORMAT Native").await;
    let both = server
        .http
        .post(format!("{}/?decompress=1&query=INSERT+INTO+t+FORMAT+Native", server.url))
        .header("Content-Encoding", "zstd")
        .body(pack("zstd", &framed.body));
    assert_eq!(read(both).await.summary("written_rows"), 1);
}

#[tokio::test]
async fn a_coding_is_used_only_where_it_is_wanted() {
    let data = data();
    let server = Server::start(&data);
    let off = select(&server, "gzip", "enable_http_compression=0", "SELECT 1").await;
    assert_eq!((off.header("content-encoding"), off.text()), ("", "1\n"));
    let best = select(&server, "gzip, lz4, zstd", "enable_http_compression=1", "SELECT 1").await;
    assert_eq!(best.header("content-encoding"), "zstd");
    let unknown = select(&server, "snappy", "", "SELECT 1").await;
    assert_eq!((unknown.header("content-encoding"), unknown.text()), ("", "1\n"));
    // ClickHouse's own framing stands alone.
    let framed = select(&server, "gzip", "compress=1", "SELECT 1").await;
    assert_eq!((framed.header("content-encoding"), framed.body[16]), ("", 0x82));
    // A failure is readable by whoever meets it.
    let failed = select(&server, "zstd", "", "SELECT nope").await;
    assert_eq!((failed.status, failed.header("content-encoding")), (404, ""));
    assert!(failed.text().starts_with("Code: 47."), "{}", failed.text());
}

#[tokio::test]
async fn a_failure_inside_a_coded_result_can_be_read() {
    let data = data();
    let server = Server::start(&data);
    for coding in CODINGS {
        let mut response = server
            .http
            .post(&server.url)
            .header("Accept-Encoding", coding)
            .body("SELECT throwIf(number = 300000, 'too late'), sipHash64(number) FROM numbers(400000) SETTINGS max_threads = 1")
            .send()
            .await
            .expect("an answer");
        assert_eq!(response.status(), 200, "{coding}");
        let tag = response.headers()["x-clickhouse-exception-tag"].to_str().expect("text");
        let end = format!(" {tag}\r\n__exception__\r\n");
        let mut packed = Vec::new();
        let broken = loop {
            match response.chunk().await {
                Ok(Some(chunk)) => packed.extend_from_slice(&chunk),
                Ok(None) => break false,
                Err(_) => break true,
            }
        };
        assert!(broken, "{coding}: the body must not look complete");
        let (text, whole) = unpack(coding, &packed);
        assert!(!whole || coding == "lz4", "{coding}: the coding must not look complete");
        let text = String::from_utf8(text).expect("text");
        let tail = &text[text.len().saturating_sub(2_000)..];
        assert!(tail.contains("Code: 395. DB::Exception: too late"), "{coding}: {tail}");
        assert!(tail.ends_with(&end), "{coding}: {tail}");
    }
}

#[tokio::test]
async fn a_body_that_is_not_what_it_says_writes_nothing() {
    let data = data();
    let server = Server::start(&data);
    server.ask(TABLE).await;
    let rows: String = (0..50_000).map(|n| format!("{n},x\n")).collect();
    for coding in CODINGS {
        let packed = pack(coding, rows.as_bytes());
        let mut changed = packed.clone();
        let middle = changed.len() / 2;
        changed[middle..middle + 64].fill(0x5a);
        let mut bodies = vec![packed[..middle].to_vec(), rows.as_bytes().to_vec()];
        if coding == "gzip" || coding == "deflate" {
            // The others go without a checksum here.
            bodies.push(changed);
        }
        for body in bodies {
            let insert = server
                .http
                .post(format!("{}/?query=INSERT+INTO+t+FORMAT+CSV", server.url))
                .header("Content-Encoding", coding)
                .body(body);
            let answer = read(insert).await;
            assert_ne!(answer.status, 200, "{coding}");
        }
        assert_eq!(server.ask("SELECT count() FROM t").await, "0", "{coding}");
    }
}

#[tokio::test]
async fn a_body_that_unpacks_to_a_thousand_times_its_size_stays_bounded() {
    let data = data();
    let server = Server::start(&data);
    server.ask("CREATE TABLE n (a UInt64) ENGINE = Null").await;
    server.post("query=INSERT+INTO+n+FORMAT+RowBinary", vec![0; 8]).await;
    let before = server.peak_mib();
    for coding in ["gzip", "zstd"] {
        // A hundred members, each of 4 MB, in a body of half a megabyte.
        let bomb = pack(coding, &vec![0; 4_000_000]).repeat(100);
        assert!(bomb.len() < 600_000, "{} bytes", bomb.len());
        let insert = server
            .http
            .post(format!("{}/?max_insert_block_size=65536&min_insert_block_size_rows=65536&query=INSERT+INTO+n+FORMAT+RowBinary", server.url))
            .header("Content-Encoding", coding)
            .body(bomb);
        assert_eq!(read(insert).await.summary("written_rows"), 50_000_000, "{coding}");
    }
    let grown = server.peak_mib() - before;
    assert!(grown < 150, "memory grew by {grown} MiB for 400 MB");
}
