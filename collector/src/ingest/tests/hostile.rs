//! What a stranger may send to a public endpoint: each has its exact answer.

use axum::http::Method;
use libdeflater::{CompressionLvl, Compressor};

use super::*;

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut compressor = Compressor::new(CompressionLvl::default());
    let mut out = vec![0; compressor.gzip_compress_bound(plain.len())];
    let written = compressor.gzip_compress(plain, &mut out).unwrap();
    out.truncate(written);
    out
}

#[tokio::test]
async fn bodies_that_are_no_batch() {
    let open = Open::new().await;
    let post = async |path: &str, body: &[u8]| {
        open.send(request(path).body(Body::from(body.to_vec())).unwrap()).await
    };
    let brackets = "[".repeat(400_000);
    let nested = format!("{{\"events\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let many = json!({"events": vec![1; 501]}).to_string();
    let large = format!("{{\"events\":[]{}}}", " ".repeat(500_000));
    for (body, status, code, pointer) in [
        (&b""[..], 400, "invalid_json", None),
        (b"{", 400, "invalid_json", None),
        (b"\xff\xfe", 400, "invalid_utf8", None),
        (b"{\"events\":[\"\xff\"]}", 400, "invalid_utf8", None),
        (b"null", 400, "invalid_batch", Some("")),
        (b"[]", 400, "invalid_batch", Some("")),
        (b"{\"events\":[]}{}", 400, "invalid_json", None),
        (b"{\"events\":[NaN]}", 400, "invalid_json", None),
        (b"{\"events\":[01]}", 400, "invalid_json", None),
        (b"{\"events\":[1,]}", 400, "invalid_json", None),
        (b"{'events':[]}", 400, "invalid_json", None),
        (b"{\"events\":{}}", 400, "invalid_batch", Some("/events")),
        (b"{\"events\":[],\"events\":[]}", 400, "invalid_batch", Some("/events")),
        (b"{\"events\":[],\"sent_at\":0}", 400, "invalid_batch", Some("/sent_at")),
        (b"{\"events\":[],\"tenant_id\":\"x\"}", 400, "invalid_batch", Some("/tenant_id")),
        (b"{\"events\":[],\"a~b/c\":1}", 400, "invalid_batch", Some("/a~0b~1c")),
        (brackets.as_bytes(), 400, "invalid_json", None),
        (many.as_bytes(), 413, "too_many_events", Some("/events")),
        (large.as_bytes(), 413, "body_too_large", None),
        (nested.as_bytes(), 200, "", None),
    ] {
        let told = post("/v1/events/batch", body).await;
        if status == 200 {
            assert_eq!(told.verdicts(), ["rejected not_an_object "]);
        } else {
            let shown = String::from_utf8_lossy(&body[..body.len().min(60)]);
            assert_eq!(told.refusal(), (status, code, pointer), "{shown}");
        }
    }
    assert!(open.log.events().is_empty());
    let (_, told) = (many, post("/v1/events/batch", br#"{"events":[]}"#).await);
    assert_eq!(told.verdicts(), Vec::<String>::new());
}

#[tokio::test]
async fn events_that_cost_themselves_and_not_their_neighbours() {
    let open = Open::new().await;
    let deep = |levels: usize| {
        format!(
            "{{\"event_name\":\"a\",\"attributes\":{{\"d\":{}1{}}}}}",
            "[".repeat(levels),
            "]".repeat(levels)
        )
    };
    let members = (0..513).map(|n| format!("\"k{n}\":1")).collect::<Vec<_>>().join(",");
    let cases = [
        ("7".to_owned(), "rejected not_an_object"),
        ("null".to_owned(), "rejected not_an_object"),
        ("{}".to_owned(), "rejected missing_field /event_name"),
        (r#"{"event_name":"A"}"#.to_owned(), "rejected invalid_event_name /event_name"),
        (r#"{"event_name":"a","event_name":"b"}"#.to_owned(), "rejected duplicate_key /event_name"),
        (r#"{"event_name":"a","x":1}"#.to_owned(), "rejected unknown_field /x"),
        (
            r#"{"event_name":"a","attributes":{"s":"\ud800"}}"#.to_owned(),
            "rejected lone_surrogate /attributes/s",
        ),
        (
            r#"{"event_name":"a","attributes":{"s":"\u0000"}}"#.to_owned(),
            "rejected nul_character /attributes/s",
        ),
        (
            r#"{"event_name":"a","attributes":{"n":1e400}}"#.to_owned(),
            "rejected number_out_of_range /attributes/n",
        ),
        (
            r#"{"event_name":"a","attributes":{"a.b":1,"a":{"b":2}}}"#.to_owned(),
            "rejected path_conflict /attributes/a/b",
        ),
        (
            format!("{{\"event_name\":\"a\",\"attributes\":{{{members}}}}}"),
            "rejected too_many_members /attributes/k512",
        ),
        (deep(62), "accepted"),
        (deep(63), "rejected too_deep"),
        (deep(10_000), "rejected too_deep"),
        (
            format!(
                "{{\"event_name\":\"a\",\"attributes\":{{\"s\":\"{}\"}}}}",
                "x".repeat(64 * 1024)
            ),
            "rejected event_too_large",
        ),
        (
            r#"{"event_name":"a","event_id":"00000000-0000-0000-0000-000000000000"}"#.to_owned(),
            "rejected invalid_uuid /event_id",
        ),
        (
            r#"{"event_name":"a","attributes":{"__proto__":1,"constructor":{}}}"#.to_owned(),
            "accepted",
        ),
        (
            r#"{"event_name":"a","attributes":{"big":123456789012345678901234567890}}"#.to_owned(),
            "accepted",
        ),
        (r#"{"event_name":"a","source":"fax"}"#.to_owned(), "rejected not_in_enum /source"),
        (
            r#"{"event_name":"a","context":{"consent":{"analytics":"yes"}}}"#.to_owned(),
            "rejected wrong_type /context/consent/analytics",
        ),
        (r#"{"event_name":"a"}"#.to_owned(), "accepted"),
    ];
    let events = cases.iter().map(|(event, _)| event.as_str()).collect::<Vec<_>>().join(",");
    let body = format!("{{\"events\":[{events}]}}");
    let told = open.send(request("/v1/events/batch").body(Body::from(body)).unwrap()).await;
    let expected: Vec<&str> = cases.iter().map(|(_, told)| *told).collect();
    let trimmed: Vec<String> =
        told.verdicts().iter().map(|line| line.trim_end().to_owned()).collect();
    assert_eq!(trimmed, expected);
    let sum = ["accepted", "duplicate", "rejected", "dropped"]
        .map(|name| told.json[name].as_u64().unwrap());
    assert_eq!(sum.iter().sum::<u64>(), cases.len() as u64);
    assert_eq!(open.log.events().len() + open.log.rejections().len(), cases.len());
    assert!(!told.json.to_string().contains("yes"), "no value is told");
}

#[tokio::test]
async fn codings_types_and_methods() {
    let open = Open::new().await;
    let plain = br#"{"events":[{"event_name":"a"}]}"#;
    let post = async |coding: &str, body: Vec<u8>| {
        let request = request("/v1/events/batch").header("content-encoding", coding);
        open.send(request.body(Body::from(body)).unwrap()).await
    };
    assert_eq!(post("gzip", gzip(plain)).await.verdicts(), ["accepted"]);
    assert_eq!(
        post("zstd", zstd::bulk::compress(plain, 1).unwrap()).await.verdicts(),
        ["accepted"]
    );
    // A page names its coding in the query, which needs no preflight.
    let named = request("/v1/events/batch?encoding=gzip").body(Body::from(gzip(plain))).unwrap();
    assert_eq!(open.send(named).await.verdicts(), ["accepted"]);
    let named = request("/v1/events/batch?encoding=lzma").body(Body::from(plain.to_vec())).unwrap();
    assert_eq!(open.send(named).await.refusal(), (415, "unsupported_encoding", None));
    for coding in ["compress", "gzip, br", "gzip,gzip", "aws-chunked"] {
        let told = post(coding, plain.to_vec()).await;
        assert_eq!(told.refusal(), (415, "unsupported_encoding", None), "{coding}");
        assert_eq!(told.header("accept-encoding"), Some("gzip, zstd, br, deflate, identity"));
    }
    let twice = request("/v1/events/batch")
        .header("content-encoding", "gzip")
        .header("content-encoding", "gzip");
    let told = open.send(twice.body(Body::from(gzip(plain))).unwrap()).await;
    assert_eq!(told.refusal(), (415, "unsupported_encoding", None));
    for coding in ["gzip", "zstd", "br", "deflate"] {
        let told = post(coding, plain.to_vec()).await;
        assert_eq!(told.refusal(), (400, "invalid_encoding", None), "{coding}");
    }
    // 500 MB of spaces in 500 KB.
    let bomb = gzip(&vec![b' '; 100_000_000]);
    assert_eq!(post("gzip", bomb).await.refusal(), (413, "body_too_large", None));
    let large = gzip(&vec![b' '; 500_001]);
    assert_eq!(post("gzip", large).await.refusal(), (413, "body_too_large", None));

    for content_type in
        ["text/html", "application/x-www-form-urlencoded", "multipart/form-data", ""]
    {
        let mut wrong = request("/v1/events").body(Body::from("{}")).unwrap();
        wrong.headers_mut().insert("content-type", content_type.parse().unwrap());
        let told = open.send(wrong).await;
        assert_eq!(told.refusal(), (415, "unsupported_media_type", None), "{content_type}");
    }
    let mut declared = request("/v1/events").body(Body::empty()).unwrap();
    declared.headers_mut().insert("content-length", "500001".parse().unwrap());
    assert_eq!(open.send(declared).await.refusal(), (413, "body_too_large", None));
    let mut wrong = request("/v1/events").body(Body::empty()).unwrap();
    *wrong.method_mut() = Method::GET;
    let response = open.routes.clone().oneshot(wrong).await.unwrap();
    assert_eq!(response.status(), 405);
}
