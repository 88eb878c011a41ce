//! Calls that are refused as a whole: exact status, code and pointer, and no row.

use tidemark_core::hop as core_hop;
use tidemark_core::limits::{HOP_BATCH_MAX_BYTES, HOP_MAX_SKEW_MS};

use crate::hop::{Answer, answer, batch, call, event, key, now_ms, post, signed};
use crate::stack::{SITE, Stack, TENANT};

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_has_its_exact_answer() {
    let stack = Stack::start().await;
    let tidemark = &stack.tidemark;
    let body = batch(&[event(1)]);
    let at = async |unix_ms: i64| -> Answer {
        let header = core_hop::sign(&key(), unix_ms, core_hop::PATH, &body);
        answer(call(tidemark, &body).header(core_hop::HEADER, header)).await
    };
    let header = |value: &str| call(tidemark, &body).header(core_hop::HEADER, value.to_owned());

    // Signatures.
    let unsigned = answer(call(tidemark, &body)).await;
    assert_eq!(unsigned.refusal(), (401, "invalid_signature", None));
    let good = core_hop::sign(&key(), now_ms(), core_hop::PATH, &body);
    let (front, last) = good.split_at(good.len() - 1);
    let wrong = format!("{front}{}", if last == "0" { "1" } else { "0" });
    for forged in [wrong.as_str(), "v1,k1,1,00", "", &good.replace("k1", "k2"), &"x".repeat(600)] {
        assert_eq!(
            answer(header(forged)).await.refusal(),
            (401, "invalid_signature", None),
            "{forged}"
        );
    }
    let other_body = answer(signed(tidemark, b"{}").body(body.clone())).await;
    assert_eq!(other_body.refusal(), (401, "invalid_signature", None));
    let twice = answer(header(&good).header(core_hop::HEADER, &good)).await;
    assert_eq!(twice.refusal(), (401, "invalid_signature", None));
    let stale = at(now_ms() - HOP_MAX_SKEW_MS - 2_000).await;
    assert_eq!(stale.refusal(), (401, "stale_signature", None));
    let future = at(now_ms() + HOP_MAX_SKEW_MS + 2_000).await;
    assert_eq!(future.refusal(), (401, "stale_signature", None));

    // Bodies.
    assert_eq!(post(tidemark, b"{").await.refusal(), (400, "invalid_json", None));
    assert_eq!(post(tidemark, b"").await.refusal(), (400, "invalid_json", None));
    assert_eq!(post(tidemark, b"\xff").await.refusal(), (400, "invalid_utf8", None));
    assert_eq!(post(tidemark, b"[]").await.refusal(), (400, "invalid_batch", Some("")));
    assert_eq!(post(tidemark, b"{}").await.refusal(), (400, "invalid_batch", Some("/events")));
    let no_tenant = post(tidemark, br#"{"events":[]}"#).await;
    assert_eq!(no_tenant.refusal(), (400, "invalid_batch", Some("/tenant_id")));
    let stranger = String::from_utf8(body.clone()).unwrap().replace(TENANT, SITE);
    let stranger = post(tidemark, stranger.as_bytes()).await;
    assert_eq!(stranger.refusal(), (400, "invalid_batch", Some("/tenant_id")));
    let brackets = post(tidemark, "[".repeat(1_000_000).as_bytes()).await;
    assert_eq!(brackets.refusal(), (400, "invalid_json", None));
    let many = batch(&vec![serde_json::json!(1); 501]);
    assert_eq!(post(tidemark, &many).await.refusal(), (413, "too_many_events", Some("/events")));
    let large = vec![b' '; HOP_BATCH_MAX_BYTES + 1];
    assert_eq!(post(tidemark, &large).await.refusal(), (413, "body_too_large", None));

    // Codings.
    let other = answer(signed(tidemark, &body).header("content-encoding", "compress")).await;
    assert_eq!(other.refusal(), (415, "unsupported_encoding", None));
    assert_eq!(other.headers["accept-encoding"], "gzip, zstd, br, deflate, identity");
    let not_gzip = answer(signed(tidemark, &body).header("content-encoding", "gzip")).await;
    assert_eq!(not_gzip.refusal(), (400, "invalid_encoding", None));
    for (name, wire) in broken_gzip(&body) {
        let broken = answer(signed(tidemark, &wire).header("content-encoding", "gzip")).await;
        assert_eq!(broken.refusal(), (400, "invalid_encoding", None), "{name}");
    }

    // Paths and methods.
    let lost = answer(tidemark.http.get(format!("{}/v1/nothing", tidemark.url))).await;
    assert_eq!(lost.refusal(), (404, "not_found", None));
    let read = answer(tidemark.http.get(format!("{}{}", tidemark.url, core_hop::PATH))).await;
    assert_eq!(read.refusal(), (405, "method_not_allowed", None));

    assert_eq!(stack.count_events().await, 0);
    let metric = async |series: &str| tidemark.metric(series).await;
    assert_eq!(metric(r#"tidemark_signature_failures_total{reason="invalid"}"#).await, 8.0);
    assert_eq!(metric(r#"tidemark_signature_failures_total{reason="stale"}"#).await, 2.0);
    assert_eq!(metric(r#"tidemark_ingest_refused_total{code="invalid_json"}"#).await, 3.0);
    assert_eq!(metric("tidemark_events_received_total").await, 0.0);

    // And after all of this, a good one.
    assert_eq!(at(now_ms()).await.verdicts(), ["accepted"]);
}

/// A body whose gzip is cut short, or goes on behind its member.
fn broken_gzip(body: &[u8]) -> [(&'static str, Vec<u8>); 3] {
    use libdeflater::{CompressionLvl, Compressor};
    let mut compressor = Compressor::new(CompressionLvl::default());
    let mut good = vec![0; compressor.gzip_compress_bound(body.len())];
    let length = compressor.gzip_compress(body, &mut good).unwrap();
    good.truncate(length);
    [
        ("half", good[..length / 2].to_vec()),
        ("two members", [&good[..], &good].concat()),
        ("a byte more", [&good[..], b"\n"].concat()),
    ]
}
