//! The endpoint over a log that stands in memory.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};
use tidemark_core::hop::{self, Key};
use tidemark_core::validate::Catalogue;
use tower::ServiceExt as _;

use super::*;
use crate::log::{AppendError, Appending, EventLog, Outcome, Receipt, Record};
use crate::metrics::Metrics;

const TENANT: &str = "0190f5f6-7e2a-7c3b-9d4e-5f6071829301";
const SITE: &str = "0190f5f6-7e2a-7c3b-9d4e-5f6071829302";

/// Keeps what is appended, or refuses everything.
#[derive(Default)]
struct Memory {
    kept: Mutex<Vec<Record>>,
    away: bool,
}

impl EventLog for Memory {
    fn append(&self, records: Vec<Record>) -> Appending<'_> {
        Box::pin(async move {
            if self.away {
                return Err(AppendError::Unavailable("connection refused".into()));
            }
            let outcomes = vec![Outcome::Stored; records.len()];
            self.kept.lock().unwrap().extend(records);
            Ok(Receipt { outcomes })
        })
    }
}

fn key() -> Key {
    Key { id: "k1".into(), secret: b"a secret for the tests".to_vec() }
}

fn endpoint(log: &Arc<Memory>) -> Router {
    let admission = Admission::new(Catalogue::builtin().unwrap());
    let metrics = Arc::new(Metrics::new().unwrap());
    routes(Arc::new(Ingest::new(vec![key()], admission, Arc::clone(log) as _, metrics)))
}

fn now_ms() -> i64 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_millis() as i64
}

fn signed(body: &[u8]) -> axum::http::request::Builder {
    Request::post(hop::PATH).header(hop::HEADER, hop::sign(&key(), now_ms(), hop::PATH, body))
}

async fn call(log: &Arc<Memory>, body: &[u8]) -> (StatusCode, Value) {
    let request = signed(body).body(Body::from(body.to_vec())).unwrap();
    let response = endpoint(log).oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap())
}

fn event(id: u32) -> Value {
    json!({
        "event_id": format!("0190f5f6-7e2a-7c3b-9d4e-0000000000{id:02}"),
        "event_name": "signup_click",
        "occurred_at": "2026-01-02T03:04:05.678Z",
        "tenant_id": TENANT,
        "site_id": SITE,
    })
}

fn with(mut event: Value, member: &str, value: Value) -> Value {
    event[member] = value;
    event
}

fn batch(events: &[Value]) -> Vec<u8> {
    json!({
        "batch_id": "b1", "tenant_id": TENANT, "site_id": SITE,
        "received_at": "2026-01-02T03:04:06.000Z", "context": {"locale": "de"}, "events": events,
    })
    .to_string()
    .into_bytes()
}

#[tokio::test]
async fn each_event_gets_its_own_verdict_in_order() {
    let log = Arc::new(Memory::default());
    let mut without_id = event(5);
    without_id.as_object_mut().unwrap().remove("event_id");
    let mut without_time = event(6);
    without_time.as_object_mut().unwrap().remove("occurred_at");
    let events = [
        event(0),
        with(event(1), "tenant_id", json!(SITE)),
        with(event(2), "site_id", json!(TENANT)),
        with(event(3), "attributes", json!({"a.b": 1, "a": {"b": 2}})),
        with(event(4), "context", json!({"consent": {"analytics": false}})),
        without_id,
        without_time,
        json!(7),
        with(event(8), "source", json!("fax")),
        event(9),
    ];
    let (status, answer) = call(&log, &batch(&events)).await;
    assert_eq!(status, StatusCode::OK);
    let told: Vec<(&str, &str, &str)> = answer["verdicts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|verdict| {
            let text = |member: &str| verdict[member].as_str().unwrap_or("-");
            (text("verdict"), text("code"), text("pointer"))
        })
        .collect();
    assert_eq!(
        told,
        [
            ("accepted", "-", "-"),
            ("rejected", "tenant_mismatch", "/tenant_id"),
            ("rejected", "tenant_mismatch", "/site_id"),
            ("rejected", "path_conflict", "/attributes/a.b"),
            ("dropped", "consent", "/context/consent"),
            ("rejected", "missing_field", "/event_id"),
            ("rejected", "missing_field", "/occurred_at"),
            ("rejected", "not_an_object", ""),
            ("rejected", "not_in_enum", "/source"),
            ("accepted", "-", "-"),
        ]
    );
    assert_eq!(answer["batch_id"], "b1");
    assert_eq!(answer["verdicts"][9]["event_id"], event(9)["event_id"]);
    let counts =
        ["accepted", "duplicate", "rejected", "dropped"].map(|name| answer[name].as_u64().unwrap());
    assert_eq!(counts, [2, 0, 7, 1]);
    let kept = log.kept.lock().unwrap();
    assert_eq!(kept.len(), 2);
    assert_eq!(kept[0].received_at_ms, 1_767_323_046_000);
    assert_eq!(kept[0].context.locale, "de");
    assert_eq!(kept[0].attributes, "{}");
}

#[tokio::test]
async fn nothing_is_claimed_when_the_log_is_away() {
    let log = Arc::new(Memory { away: true, ..Memory::default() });
    let (status, answer) = call(&log, &batch(&[event(0)])).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer["error"]["code"], "store_unavailable");
    assert!(answer.get("verdicts").is_none());
}

#[tokio::test]
async fn a_batch_without_a_good_event_needs_no_log() {
    let log = Arc::new(Memory { away: true, ..Memory::default() });
    let (status, answer) = call(&log, &batch(&[json!(1)])).await;
    assert_eq!((status, &answer["rejected"]), (StatusCode::OK, &json!(1)));
    let (status, answer) = call(&log, &batch(&[])).await;
    assert_eq!((status, &answer["verdicts"]), (StatusCode::OK, &json!([])));
}

#[tokio::test]
async fn what_is_no_batch_is_refused_with_its_place() {
    let log = Arc::new(Memory::default());
    for (body, status, code, pointer) in [
        (&b"{"[..], 400, "invalid_json", Value::Null),
        (b"\xff", 400, "invalid_utf8", Value::Null),
        (b"[]", 400, "invalid_batch", json!("")),
        (br#"{"events":[]}"#, 400, "invalid_batch", json!("/tenant_id")),
        (br#"{"events":[],"tenant_id":"x"}"#, 400, "invalid_batch", json!("/tenant_id")),
    ] {
        let (got, answer) = call(&log, body).await;
        let error = &answer["error"];
        assert_eq!(
            (got.as_u16(), &error["code"], &error["pointer"]),
            (status, &json!(code), &pointer)
        );
        assert!(!error["detail"].as_str().unwrap().is_empty());
    }
    let (status, answer) = call(&log, &batch(&vec![json!(1); 501])).await;
    assert_eq!((status.as_u16(), &answer["error"]["code"]), (413, &json!("too_many_events")));
}

#[tokio::test]
async fn the_signature_is_asked_before_the_body_is_understood() {
    let log = Arc::new(Memory::default());
    let body = b"{".to_vec();
    let requests = [
        Request::post(hop::PATH),
        signed(b"another body"),
        signed(&body).header(hop::HEADER, "v1,k1,0,00"),
        signed(b"{}").header(header::CONTENT_ENCODING, "br"),
    ];
    for request in requests {
        let response =
            endpoint(&log).oneshot(request.body(Body::from(body.clone())).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert!(response.headers().get(header::RETRY_AFTER).is_none());
    }
    let good = signed(&body).header(header::CONTENT_ENCODING, "br").body(Body::from(body)).unwrap();
    let response = endpoint(&log).oneshot(good).await.unwrap();
    assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn personal_data_does_not_reach_the_log() {
    let log = Arc::new(Memory::default());
    let leaking = with(
        with(event(0), "attributes", json!({"note": "mail jo@example.org"})),
        "context",
        json!({"page": {"url": "https://shop.example/a?token=1", "title": "jo@example.org"}}),
    );
    let (status, _) =
        call(&log, &batch(&[with(leaking, "user_id", json!("jo@example.org"))])).await;
    assert_eq!(status, StatusCode::OK);
    let kept = format!("{:?}", log.kept.lock().unwrap());
    assert!(kept.contains("shop.example/a") && !kept.contains("token"), "{kept}");
    assert!(!kept.contains("jo@example"), "{kept}");
}
