//! The operations by which something is asked.

use serde_json::{Map, Value, json};
use tidemark_core::verdict::Code;

use super::answers::{answers, json_answer};

pub(super) fn paths() -> Map<String, Value> {
    let mut paths = Map::new();
    for (path, operation) in [
        ("/v1/stats", stats()),
        ("/health", health()),
        ("/health/ready", ready()),
        ("/health/live", live()),
        ("/metrics", metrics()),
        (super::PATH, openapi()),
    ] {
        paths.insert(path.to_owned(), json!({ "get": operation }));
    }
    paths
}

fn stats() -> Value {
    let body = json!({
        "type": "object",
        "required": ["tenant_id", "events", "last_received_at"],
        "properties": {
            "tenant_id": { "type": "string", "format": "uuid" },
            "events": { "type": "integer" },
            "last_received_at": { "type": ["string", "null"], "format": "date-time" },
        },
    });
    json!({
        "operationId": "stats",
        "tags": ["reading"],
        "summary": "How much of the tenant's data there is",
        "description": "Scope `read`.",
        "security": [{ "apiKey": [] }],
        "responses": answers(
            "200",
            json_answer("The counts of the key's tenant.", &body),
            &[Code::UnknownApiKey, Code::ScopeMissing, Code::StoreUnavailable, Code::Timeout],
        ),
    })
}

fn ready() -> Value {
    probe(
        "healthReady",
        "Whether the process can do its work",
        "With the role ingest: whether it can make events durable, with ClickHouse there or away. \
         Without: whether ClickHouse answers.",
    )
}

fn health() -> Value {
    probe(
        "health",
        "Whether the process can do its work, and ClickHouse is there",
        "503 while anything is missing, also where events are taken all the same: then `ready` is true.",
    )
}

fn probe(operation_id: &str, summary: &str, description: &str) -> Value {
    let body = json!({
        "type": "object",
        "properties": {
            "live": { "type": "boolean" },
            "ready": { "type": "boolean" },
            "missing": {
                "type": "array",
                "items": { "enum": ["log", "clickhouse", "migrations"] },
                "description": "What is waited for.",
            },
            "log": { "type": "string", "description": "Why the log takes nothing, by its code." },
            "version": { "type": "string" },
        },
    });
    let mut responses = answers("200", json_answer("It can.", &body), &[]);
    responses["503"] = json_answer("It cannot yet; `missing` says what for.", &body);
    json!({
        "operationId": operation_id,
        "tags": ["operating"],
        "summary": summary,
        "description": description,
        "security": [],
        "responses": responses,
    })
}

fn live() -> Value {
    let body = json!({ "type": "object", "properties": {
        "live": { "type": "boolean" }, "version": { "type": "string" },
    } });
    json!({
        "operationId": "healthLive",
        "tags": ["operating"],
        "summary": "Whether the process runs",
        "security": [],
        "responses": answers("200", json_answer("It runs.", &body), &[]),
    })
}

fn metrics() -> Value {
    let text = json!({ "description": "Prometheus' text format.", "content": { "text/plain": { "schema": { "type": "string" } } } });
    json!({
        "operationId": "metrics",
        "tags": ["operating"],
        "summary": "Every series that the process counts",
        "security": [],
        "responses": answers("200", text, &[]),
    })
}

fn openapi() -> Value {
    json!({
        "operationId": "openapi",
        "tags": ["operating"],
        "summary": "This description",
        "security": [],
        "responses": answers("200", json_answer("OpenAPI 3.1.", &json!({ "type": "object" })), &[]),
    })
}
