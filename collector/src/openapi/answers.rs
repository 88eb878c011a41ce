//! What calls are answered: bodies, and the codes of refusals.

use serde_json::{Map, Value, json};
use tidemark_core::verdict::Code;

/// The bodies that operations refer to.
pub(super) fn schemas() -> Value {
    let of_call = Code::ALL.iter().filter(|code| code.verdict().is_none());
    let of_event = Code::ALL.iter().filter(|code| code.verdict().is_some());
    let mut envelope: Value =
        serde_json::from_str(include_str!("../../../schemas/events/envelope.json"))
            .unwrap_or_default();
    if let Some(members) = envelope.as_object_mut() {
        // Names of the file itself, which mean nothing inside of a document.
        members.retain(|name, _| !name.starts_with('$') && name != "x-self");
    }
    json!({
        "Event": envelope,
        "Batch": {
            "type": "object",
            "description": "Events that are sent together, at most 500.",
            "additionalProperties": false,
            "required": ["events"],
            "properties": {
                "batch_id": { "type": "string", "maxLength": 256, "description": "The sender's name for the batch; ids of events without one are derived of it." },
                "sent_at": { "type": "string", "format": "date-time", "description": "When it was sent, by the sender's clock, which is corrected by it." },
                "clock_offset_ms": { "type": "integer", "description": "What the sender's clock lacks, instead of sent_at." },
                "write_key": { "type": "string" },
                "context": { "$ref": "#/components/schemas/Event/properties/context" },
                "events": { "type": "array", "maxItems": 500, "items": { "$ref": "#/components/schemas/Event" } },
            },
        },
        "HopBatch": {
            "type": "object",
            "description": "A batch as an edge has judged it.",
            "required": ["tenant_id", "site_id", "events"],
            "properties": {
                "batch_id": { "type": "string" },
                "tenant_id": { "type": "string", "format": "uuid" },
                "site_id": { "type": "string", "format": "uuid" },
                "received_at": { "type": "string", "format": "date-time" },
                "context": { "$ref": "#/components/schemas/Event/properties/context" },
                "events": { "type": "array", "maxItems": 500, "items": { "$ref": "#/components/schemas/Event" } },
            },
        },
        "Verdicts": {
            "type": "object",
            "description": "One verdict an event, in the order received.",
            "required": ["batch_id", "verdicts", "accepted", "duplicate", "rejected", "dropped"],
            "properties": {
                "batch_id": { "type": ["string", "null"] },
                "verdicts": { "type": "array", "items": { "$ref": "#/components/schemas/Verdict" } },
                "accepted": { "type": "integer" },
                "duplicate": { "type": "integer" },
                "rejected": { "type": "integer" },
                "dropped": { "type": "integer" },
            },
        },
        "Verdict": {
            "type": "object",
            "required": ["event_id", "verdict"],
            "properties": {
                "event_id": { "type": ["string", "null"], "format": "uuid" },
                "verdict": { "enum": ["accepted", "duplicate", "rejected", "dropped"] },
                "code": { "enum": of_event.map(|code| code.as_str()).collect::<Vec<_>>(), "description": "Why it was rejected or dropped." },
                "detail": { "type": "string" },
                "pointer": { "type": "string", "format": "json-pointer", "description": "Where, relative to the event." },
            },
        },
        "Refusal": {
            "type": "object",
            "required": ["error"],
            "properties": {
                "error": {
                    "type": "object",
                    "required": ["code", "detail"],
                    "properties": {
                        "code": { "enum": of_call.map(|code| code.as_str()).collect::<Vec<_>>() },
                        "detail": { "type": "string", "description": "What is wrong and what to do." },
                        "pointer": { "type": "string", "format": "json-pointer" },
                    },
                },
            },
        },
        "Site": {
            "type": "object",
            "description": "A site and one of its write keys: docs/sites.md.",
            "required": ["tenant_id", "site_id", "write_key", "origins"],
            "properties": {
                "tenant_id": { "type": "string", "format": "uuid" },
                "site_id": { "type": "string", "format": "uuid" },
                "tenant": { "type": "string" },
                "site": { "type": "string" },
                "write_key": { "type": "string" },
                "origins": { "type": "array", "items": { "type": "string" } },
                "mode": { "enum": ["open", "strict"] },
                "when_consent_absent": { "enum": ["accept", "drop"] },
                "cookieless": { "type": "boolean" },
                "keep_free_text": { "type": "boolean" },
                "bots": { "enum": ["flag", "drop"] },
                "limits": {
                    "type": "object",
                    "properties": {
                        "tenant_events_per_minute": { "type": "integer" },
                        "person_events_per_minute": { "type": "integer" },
                    },
                },
                "settings": { "type": "object" },
            },
        },
    })
}

/// The answers of an operation: its good one, and each status by which it refuses,
/// with the codes that it then says.
pub(super) fn answers(status: &str, good: Value, codes: &[Code]) -> Value {
    let mut answers = Map::new();
    answers.insert(status.to_owned(), good);
    let mut by_status: std::collections::BTreeMap<u16, Vec<Code>> = Default::default();
    for code in codes {
        by_status.entry(code.http_status()).or_default().push(*code);
    }
    for (status, codes) in by_status {
        let lines: Vec<String> =
            codes.iter().map(|code| format!("`{}`: {}", code.as_str(), code.detail())).collect();
        let mut answer = json!({
            "description": lines.join("\n\n"),
            "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Refusal" } } },
        });
        let mut headers = Map::new();
        if matches!(status, 408 | 429 | 503 | 504) {
            headers.insert(
                "Retry-After".to_owned(),
                json!({ "schema": { "type": "integer" }, "description": "Seconds." }),
            );
        }
        if status == 429 {
            for name in ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"] {
                headers.insert(name.to_owned(), json!({ "schema": { "type": "integer" } }));
            }
        }
        if status == 415 {
            headers.insert("Accept-Encoding".to_owned(), json!({ "schema": { "type": "string" } }));
        }
        if !headers.is_empty() {
            answer["headers"] = Value::Object(headers);
        }
        answers.insert(status.to_string(), answer);
    }
    Value::Object(answers)
}

/// A good answer of JSON.
pub(super) fn json_answer(description: &str, schema: &Value) -> Value {
    json!({ "description": description, "content": { "application/json": { "schema": schema } } })
}
