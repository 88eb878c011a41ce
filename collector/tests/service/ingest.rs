//! Batches that are stored, wholly or in part.

use serde_json::{Value, json};
use tidemark_core::time::parse_rfc3339;

use crate::hop::{answer, batch, event, post, rfc3339, signed, with};
use crate::stack::{SITE, Stack, TENANT};

/// Typed paths that are absent are printed as null; absent and null are one.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members
                .into_iter()
                .map(|(key, value)| (key, without_nulls(value)))
                .filter(|(_, value)| !value.is_null() && *value != json!({}));
            Value::Object(kept.collect())
        }
        other => other,
    }
}

/// How ClickHouse prints an instant.
fn printed(rfc3339: &str) -> String {
    rfc3339.replace('T', " ").replace('Z', "")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_batch_lands_with_every_column() {
    let stack = Stack::start().await;
    let received_at = rfc3339(crate::hop::now_ms() - 1_000);
    let occurred_at = rfc3339(crate::hop::now_ms() - 2_000);
    let full = json!({
        "event_id": "0190f5f6-7e2a-7c3b-9d4e-000000000001",
        "event_name": "chat_interaction",
        "schema_version": "1-0-0",
        "occurred_at": occurred_at,
        "received_at": received_at,
        "tenant_id": TENANT,
        "site_id": SITE,
        "session_id": "0190f5f6-7e2a-7c3b-9d4e-0000000000a1",
        "anonymous_id": "0190f5f6-7e2a-7c3b-9d4e-0000000000a2",
        "user_id": "u_1042",
        "source": "web",
        "attributes": {
            "thread_id": "t1", "message_id": "m1", "message_type": "ai_response",
            "prompt_length": 10, "is_follow_up": true, "response_time_ms": 812.5,
            "model_used": "model-x", "tokens_consumed": 321,
        },
        "context": {
            "page": {"url": "https://shop.example/cart", "path": "/cart",
                     "referrer": "https://shop.example/", "title": "Cart"},
            "device": {"viewport": {"width": 1280, "height": 720}},
            "consent": {"analytics": true, "ads": false, "mode": "full"},
            "gtm": {"container_id": "GTM-ABC123"},
            "campaign": {"source": "letter", "medium": "email", "name": "spring",
                         "term": "shoes", "content": "header"},
        },
        "geo": {"country": "CH", "region": "ZH"},
        "client_ip_prefix": "203.0.113.0/24",
    });
    let shared = json!({
        "device": {"user_agent": "Browser/1", "viewport": {"width": 1, "height": 1},
                   "screen": {"width": 1920, "height": 1080}},
        "locale": "de-CH",
        "app": {"version": "3.14.0", "environment": "production"},
        "sdk": {"name": "@tidemark/web", "version": "0.1.0",
                "detects": ["ui.rage_click", "ui.dead_click"]},
    });
    let body = json!({
        "batch_id": "b1", "tenant_id": TENANT, "site_id": SITE, "received_at": received_at,
        "context": shared, "events": [full],
    });
    let told = post(&stack.tidemark, body.to_string().as_bytes()).await;
    assert_eq!(told.verdicts(), ["accepted"]);
    assert_eq!(told.json["batch_id"], "b1");
    assert_eq!(told.json["verdicts"][0]["event_id"], "0190f5f6-7e2a-7c3b-9d4e-000000000001");
    assert_eq!(told.json["accepted"], 1);

    stack.tidemark.settled().await;
    let rows = stack.clickhouse.rows("SELECT * FROM tidemark.events_raw").await;
    let expires_s = parse_rfc3339(&received_at).unwrap() / 1000 + 90 * 86_400;
    let expected = json!({
        "tenant_id": TENANT,
        "site_id": SITE,
        "event_id": "0190f5f6-7e2a-7c3b-9d4e-000000000001",
        "event_name": "chat_interaction",
        "schema_version": "1-0-0",
        "occurred_at": printed(&occurred_at),
        "received_at": printed(&received_at),
        "session_id": "0190f5f6-7e2a-7c3b-9d4e-0000000000a1",
        "anonymous_id": "0190f5f6-7e2a-7c3b-9d4e-0000000000a2",
        "user_id": "u_1042",
        "source": "web",
        "page_url": "https://shop.example/cart",
        "page_path": "/cart",
        "page_referrer": "https://shop.example/",
        "page_title": "Cart",
        "screen": rows[0]["screen"],
        "log_id": rows[0]["log_id"],
        "lane": rows[0]["lane"],
        "offset": rows[0]["offset"],
        "user_agent": "Browser/1",
        "viewport_width": 1280,
        "viewport_height": 720,
        "screen_width": 1920,
        "screen_height": 1080,
        "locale": "de-CH",
        "consent_analytics": true,
        "consent_ads": false,
        "consent_mode": "full",
        "app_version": "3.14.0",
        "environment": "production",
        "device_class": "",
        "flags": [],
        "gtm_container_id": "GTM-ABC123",
        "campaign_source": "letter",
        "campaign_medium": "email",
        "campaign_name": "spring",
        "campaign_term": "shoes",
        "campaign_content": "header",
        "sdk_name": "@tidemark/web",
        "sdk_version": "0.1.0",
        "sdk_detects": ["ui.rage_click", "ui.dead_click"],
        "country": "CH",
        "region": "ZH",
        "client_ip_prefix": "203.0.113.0/24",
        "attributes": {
            "thread_id": "t1", "message_id": "m1", "message_type": "ai_response",
            "prompt_length": 10, "is_follow_up": true, "response_time_ms": 812.5,
            "model_used": "model-x", "tokens_consumed": 321,
        },
        "attributes_misfit": "",
        "expires_at": printed(&rfc3339(expires_s * 1000)).replace(".000", ""),
    });
    assert_eq!(rows.len(), 1);
    assert_eq!(without_nulls(rows[0].clone()), without_nulls(expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_event_leaves_its_neighbours_alone() {
    let stack = Stack::start().await;
    let bad = with(event(2), "event_name", json!("ui.rage_click"));
    let bad = with(
        bad,
        "attributes",
        json!({"selector": "#buy", "click_count": "three", "duration_ms": 1}),
    );
    let stranger = with(event(3), "tenant_id", json!(SITE));
    let told = post(&stack.tidemark, &batch(&[event(1), bad, stranger, json!([]), event(5)])).await;
    assert_eq!(
        told.verdicts(),
        [
            "accepted",
            "rejected wrong_type /attributes/click_count",
            "rejected tenant_mismatch /tenant_id",
            "rejected not_an_object ",
            "accepted",
        ]
    );
    assert_eq!((&told.json["accepted"], &told.json["rejected"]), (&json!(2), &json!(3)));
    stack.tidemark.settled().await;
    let rejections = stack
        .clickhouse
        .rows(
            "SELECT toString(event_id) AS id, verdict, code, pointer, hop FROM tidemark.rejected_events \
             ORDER BY code",
        )
        .await;
    let id = |number: u32| format!("0190f5f6-7e2a-7c3b-9d4e-{number:012}");
    let told = |id: String, code: &str, pointer: &str| json!({"id": id, "verdict": "rejected", "code": code, "pointer": pointer, "hop": "collector"});
    assert_eq!(
        rejections,
        [
            told("00000000-0000-0000-0000-000000000000".into(), "not_an_object", ""),
            told(id(3), "tenant_mismatch", "/tenant_id"),
            told(id(2), "wrong_type", "/attributes/click_count"),
        ]
    );
    let rows = stack
        .clickhouse
        .rows(
            "SELECT toUInt32(attributes.number) AS number FROM tidemark.events_raw ORDER BY number",
        )
        .await;
    assert_eq!(rows, [json!({"number": 1}), json!({"number": 5})]);

    let metric = async |series: &str| stack.tidemark.metric(series).await;
    assert_eq!(metric("tidemark_events_received_total").await, 5.0);
    assert_eq!(metric(r#"tidemark_events_total{verdict="accepted",code=""}"#).await, 2.0);
    assert_eq!(metric(r#"tidemark_events_total{verdict="rejected",code="wrong_type"}"#).await, 1.0);
    assert_eq!(metric("tidemark_batches_total").await, 1.0);
    assert!(metric("tidemark_insert_duration_seconds_count").await >= 2.0);
    assert!(metric("tidemark_fsync_duration_seconds_count").await >= 1.0);
    assert_eq!(metric("tidemark_processing_latency_seconds_count").await, 2.0);
    assert_eq!(metric("tidemark_log_entries_total").await, 5.0);
    assert_eq!(metric("tidemark_ingest_in_flight").await, 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_json_an_event_holds_it_costs_no_batch() {
    let stack = Stack::start().await;
    let nest = |mut value: Value, depth: usize, wrap: fn(Value) -> Value| {
        for _ in 0..depth {
            value = wrap(value);
        }
        value
    };
    let raw = [
        // What ClickHouse would refuse, with the whole insert.
        r#"{"big":36893488147419103232,"list":[{"low":-9223372036854775809}],"ok":1}"#.to_owned(),
        r#"{"thread_id":7,"success":"maybe","ai":{"tool_name":{"x":1}},"ok":2}"#.to_owned(),
        r#"{"a.b":1,"a":{"c":2},"":3," ":4,"x..y":5,"ok":3}"#.to_owned(),
        r#"{"tiny":1e-999,"zero":-0.0,"long":0.10000000000000000000000000000000001,"ok":4}"#
            .to_owned(),
        r#"{"mixed":[1,"a",null,[2],{"b":true}],"empty":{},"none":[],"ok":5}"#.to_owned(),
        r#"{"date":"2026-01-02","time":"2026-01-02 03:04:05","number":"12","ok":6}"#.to_owned(),
        format!(r#"{{"deep":{},"ok":7}}"#, nest(json!(1), 60, |inner| json!({"d": inner}))),
        format!(r#"{{"deep":{},"ok":8}}"#, nest(json!(1), 60, |inner| json!([inner]))),
        format!(r#"{{"deep":{},"ok":9}}"#, nest(json!(1), 30, |inner| json!([{"d": inner}]))),
        r#"{"tokens_consumed":5.0,"cost":1,"emoji":"\ud83c\udf0a \u00e9","ok":10}"#.to_owned(),
        format!(
            "{{\"ok\":11,{}}}",
            (0..500).map(|n| format!("\"k{n}\":{n}")).collect::<Vec<_>>().join(",")
        ),
    ];
    let events = (1..).zip(&raw).map(|(number, attributes)| {
        let text = event(number).to_string();
        text.replace(&format!("{{\"number\":{number}}}"), attributes)
    });
    let body = format!(
        r#"{{"batch_id":"b","tenant_id":"{TENANT}","site_id":"{SITE}","events":[{}]}}"#,
        events.collect::<Vec<_>>().join(",")
    );
    let told = post(&stack.tidemark, body.as_bytes()).await;
    assert_eq!(told.verdicts(), ["accepted"; 11]);
    assert_eq!(stack.count_events().await, 11);

    let rows = stack
        .clickhouse
        .rows("SELECT attributes, attributes_misfit FROM tidemark.events_raw ORDER BY toInt64(attributes.ok) LIMIT 6")
        .await;
    assert_eq!(without_nulls(rows[0]["attributes"].clone()), json!({"ok": 1}));
    assert_eq!(
        rows[0]["attributes_misfit"],
        r#"{"big":36893488147419103232,"list":[{"low":-9223372036854775809}]}"#
    );
    assert_eq!(without_nulls(rows[1]["attributes"].clone()), json!({"ok": 2}));
    assert_eq!(
        rows[1]["attributes_misfit"],
        r#"{"thread_id":7,"success":"maybe","ai.tool_name":{"x":1}}"#
    );
    // Text that looks like a date stays as it was written.
    assert_eq!(
        without_nulls(rows[5]["attributes"].clone()),
        json!({"date": "2026-01-02", "time": "2026-01-02 03:04:05", "number": "12", "ok": 6})
    );
    assert_eq!(stack.tidemark.metric("tidemark_attributes_misfit_total").await, 5.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gzip_body_is_verified_as_it_is_on_the_wire() {
    use libdeflater::{CompressionLvl, Compressor};
    let stack = Stack::start().await;
    let plain = batch(&[event(1), event(2)]);
    let mut compressor = Compressor::new(CompressionLvl::default());
    let mut wire = vec![0; compressor.gzip_compress_bound(plain.len())];
    let length = compressor.gzip_compress(&plain, &mut wire).unwrap();
    wire.truncate(length);
    let told = answer(signed(&stack.tidemark, &wire).header("content-encoding", "gzip")).await;
    assert_eq!(told.verdicts(), ["accepted", "accepted"]);
    assert_eq!(stack.count_events().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_largest_batch_lands_whole() {
    let stack = Stack::start().await;
    let text = "x".repeat(3_300);
    let events: Vec<Value> =
        (0..500).map(|number| with(event(number), "attributes", json!({"text": text}))).collect();
    let body = batch(&events);
    assert!((1_800_000..2_000_000).contains(&body.len()), "{}", body.len());
    let told = post(&stack.tidemark, &body).await;
    assert_eq!(told.json["accepted"], 500, "{:?}", told.json["error"]);
    assert_eq!(stack.count_events().await, 500);
}
