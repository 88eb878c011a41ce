//! Plays the edge: builds batches, signs them, sends them.

use std::time::UNIX_EPOCH;

use reqwest::RequestBuilder;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use tidemark_core::hop::{self, Key};
use tidemark_core::time::format_rfc3339;

use crate::stack::{KEY_ID, SECRET, SITE, TENANT, Tidemark};

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub json: Value,
}

impl Answer {
    /// Code and pointer of a refusal of the whole call.
    pub fn refusal(&self) -> (u16, &str, Option<&str>) {
        let error = &self.json["error"];
        assert!(!error["detail"].as_str().unwrap_or_default().is_empty(), "{self:?}");
        (self.status, error["code"].as_str().unwrap(), error["pointer"].as_str())
    }

    /// `verdict code pointer` of each event.
    pub fn verdicts(&self) -> Vec<String> {
        assert_eq!(self.status, 200, "{self:?}");
        let line = |verdict: &Value| {
            let parts = ["verdict", "code", "pointer"].map(|member| verdict[member].as_str());
            parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
        };
        self.json["verdicts"].as_array().unwrap().iter().map(line).collect()
    }
}

pub fn now_ms() -> i64 {
    i64::try_from(UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap()
}

pub fn rfc3339(unix_ms: i64) -> String {
    let mut text = String::new();
    format_rfc3339(unix_ms, &mut text);
    text
}

pub fn key() -> Key {
    Key { id: KEY_ID.into(), secret: SECRET.into() }
}

/// An event as the edge forwards it.
pub fn event(number: u32) -> Value {
    json!({
        "event_id": format!("0190f5f6-7e2a-7c3b-9d4e-{number:012}"),
        "event_name": "signup_click",
        "occurred_at": rfc3339(now_ms()),
        "received_at": rfc3339(now_ms()),
        "tenant_id": TENANT,
        "site_id": SITE,
        "source": "web",
        "attributes": {"number": number},
    })
}

pub fn with(mut event: Value, member: &str, value: Value) -> Value {
    event[member] = value;
    event
}

/// A batch as the edge forwards it.
pub fn batch(events: &[Value]) -> Vec<u8> {
    json!({
        "batch_id": "batch-1", "tenant_id": TENANT, "site_id": SITE,
        "received_at": rfc3339(now_ms()), "events": events,
    })
    .to_string()
    .into_bytes()
}

/// A signed call that is not sent yet.
pub fn signed(tidemark: &Tidemark, body: &[u8]) -> RequestBuilder {
    call(tidemark, body).header(hop::HEADER, hop::sign(&key(), now_ms(), hop::PATH, body))
}

/// A signed call to another path that is not sent yet.
pub fn signed_to(tidemark: &Tidemark, path: &str, body: &[u8]) -> RequestBuilder {
    tidemark
        .http
        .post(format!("{}{path}", tidemark.url))
        .header("content-type", "application/json")
        .header(hop::HEADER, hop::sign(&key(), now_ms(), path, body))
        .body(body.to_vec())
}

/// A call without a signature that is not sent yet.
pub fn call(tidemark: &Tidemark, body: &[u8]) -> RequestBuilder {
    tidemark
        .http
        .post(format!("{}{}", tidemark.url, hop::PATH))
        .header("content-type", "application/json")
        .body(body.to_vec())
}

pub async fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, json: body_of(response).await }
}

pub async fn body_of(response: reqwest::Response) -> Value {
    let bytes = response.bytes().await.unwrap();
    serde_json::from_slice(&bytes).unwrap_or_else(|_| panic!("no JSON: {bytes:?}"))
}

pub async fn post(tidemark: &Tidemark, body: &[u8]) -> Answer {
    answer(signed(tidemark, body)).await
}
