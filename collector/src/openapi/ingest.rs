//! The operations by which events come in.

use serde_json::{Map, Value, json};
use tidemark_core::batch::Form;
use tidemark_core::endpoint::alias::Alias;
use tidemark_core::hop;
use tidemark_core::verdict::Code;

use super::answers::{answers, json_answer};
use crate::ingest::SITE_LIST_PATH;
use crate::ingest::public::{PATHS, SOCKET_PATHS, Words};

/// What every body can be refused for.
const BODY: [Code; 13] = [
    Code::InvalidJson,
    Code::InvalidUtf8,
    Code::InvalidBatch,
    Code::InvalidEncoding,
    Code::BodyBroken,
    Code::MethodNotAllowed,
    Code::RequestTimeout,
    Code::BodyTooLarge,
    Code::TooManyEvents,
    Code::UnsupportedEncoding,
    Code::StoreUnavailable,
    Code::Overloaded,
    Code::Timeout,
];

/// What a public call can be refused for beside its body.
const PUBLIC: [Code; 5] = [
    Code::UnknownWriteKey,
    Code::WriteKeyConflict,
    Code::OriginNotAllowed,
    Code::UnsupportedMediaType,
    Code::RateLimited,
];

pub(super) fn paths() -> Map<String, Value> {
    let mut paths = Map::new();
    for (path, words) in PATHS {
        paths.insert(path.to_owned(), public(path, words));
    }
    for (path, words) in SOCKET_PATHS {
        paths.insert(path.to_owned(), socket(path, words));
    }
    paths.insert(hop::PATH.to_owned(), signed_hop());
    paths.insert(SITE_LIST_PATH.to_owned(), site_list());
    paths
}

fn public(path: &str, words: Words) -> Value {
    let (summary, body) = body_of(words);
    let codes = [&BODY[..], &PUBLIC].concat();
    let security = json!([{ "writeKeyInQuery": [] }, { "writeKey": [] }, {}]);
    json!({
        "post": {
            "operationId": operation_id("post", path),
            "tags": ["sending"],
            "summary": summary,
            "description": "The write key comes in the query, as a bearer, or in the body. `Content-Encoding`, or the parameter `encoding` where there is none: gzip, zstd, br or deflate. At most 500 KB after decompression.",
            "security": security,
            "parameters": [{
                "name": "Idempotency-Key", "in": "header", "required": false,
                "schema": { "type": "string", "maxLength": 256 },
                "description": "Stands for batch_id where the body has none.",
            }],
            "requestBody": { "required": true, "content": {
                "application/json": { "schema": body.clone() },
                "text/plain": { "schema": body },
            } },
            "responses": answers("200", verdicts(), &codes),
        },
        "options": {
            "operationId": operation_id("options", path),
            "tags": ["sending"],
            "summary": "A browser asks whether a page may send.",
            "responses": answers(
                "204",
                json!({ "description": "It may; the CORS headers say what." }),
                &[Code::UnknownWriteKey, Code::WriteKeyConflict, Code::OriginNotAllowed],
            ),
        },
    })
}

fn socket(path: &str, words: Words) -> Value {
    let (_, body) = body_of(words);
    json!({
        "get": {
            "operationId": operation_id("get", path),
            "tags": ["sending"],
            "summary": "Events over a WebSocket",
            "description": "Each message is a body (`x-message`), and is answered by one message: verdicts, or a refusal with `retry_after_s` where it may be sent again. Close codes: 1001 the process stops, 1008 the key or the page may not send, 1009 a message is larger than 500 KB, 4408 nothing was heard for 60 s.",
            "security": [{ "writeKeyInQuery": [] }, { "writeKey": [] }, {}],
            "x-message": body,
            "responses": answers(
                "101",
                json!({ "description": "The socket is open." }),
                &[
                    Code::UnknownWriteKey, Code::WriteKeyConflict, Code::OriginNotAllowed,
                    Code::UpgradeRequired, Code::Overloaded,
                ],
            ),
        },
    })
}

fn signed_hop() -> Value {
    let codes =
        [&BODY[..], &[Code::InvalidSignature, Code::StaleSignature, Code::NotFound]].concat();
    json!({
        "post": {
            "operationId": "ingestHop",
            "tags": ["edge"],
            "summary": "A batch from an edge",
            "description": "As the edge has judged it: ids filled in, times corrected, its own fields added. At most 2 MB after decompression. Absent where no hop keys are configured.",
            "security": [{ "hopSignature": [] }],
            "requestBody": { "required": true, "content": {
                "application/json": { "schema": { "$ref": "#/components/schemas/HopBatch" } },
            } },
            "responses": answers("200", verdicts(), &codes),
        },
    })
}

fn site_list() -> Value {
    let list = json!({ "type": "array", "items": { "$ref": "#/components/schemas/Site" } });
    let mut good = json_answer("The sites, one entry a write key that holds now.", &list);
    good["headers"] = json!({
        "ETag": { "schema": { "type": "string" } },
        "Tidemark-Signature": { "schema": { "type": "string" }, "description": "Over the path and this body." },
    });
    let codes = [
        Code::InvalidSignature,
        Code::StaleSignature,
        Code::NotFound,
        Code::MethodNotAllowed,
        Code::StoreUnavailable,
        Code::Timeout,
    ];
    let mut responses = answers("200", good, &codes);
    responses["304"] =
        json!({ "description": "Not changed; the signature is over the path and the entity tag." });
    json!({
        "get": {
            "operationId": "listSites",
            "tags": ["edge"],
            "summary": "The list of sites for an edge",
            "security": [{ "hopSignature": [] }],
            "parameters": [{
                "name": "If-None-Match", "in": "header", "required": false,
                "schema": { "type": "string" },
            }],
            "responses": responses,
        },
    })
}

fn verdicts() -> Value {
    json_answer(
        "One verdict an event, in the order received.",
        &json!({ "$ref": "#/components/schemas/Verdicts" }),
    )
}

fn body_of(words: Words) -> (&'static str, Value) {
    let event = json!({ "$ref": "#/components/schemas/Event" });
    let batch = json!({ "$ref": "#/components/schemas/Batch" });
    let either = json!({ "anyOf": [batch.clone(), event.clone()] });
    let any = |members: Value, required: &[&str]| json!({ "type": "object", "required": required, "properties": members });
    let object = json!({ "type": "object" });
    let text = json!({ "type": "string" });
    match words {
        Words::Own(Form::BatchOrEvent) => ("An event, or a batch", either),
        Words::Own(_) => ("A batch", batch),
        Words::Alias(Alias::Envelope) => ("An event or a batch, whose ids may be any text", either),
        Words::Alias(Alias::EnvelopeBatch) => ("A batch, whose ids may be any text", batch),
        Words::Alias(Alias::Capture) => {
            let one = json!({
                "api_key": text, "event": text, "distinct_id": text, "properties": object, "timestamp": text,
            });
            let many = json!({ "api_key": text, "batch": { "type": "array", "items": any(one.clone(), &["event"]) } });
            let forms = json!({ "anyOf": [any(one, &["event"]), any(many, &["batch"])] });
            ("Captured events of another product", forms)
        }
        Words::Alias(Alias::Track) => {
            let members = json!({
                "eventType": text, "resourceType": text, "resourceId": text, "properties": object,
            });
            ("A tracked event of another product", any(members, &["eventType"]))
        }
        Words::Alias(Alias::Frontend) => {
            let event = any(
                json!({ "event_type": text, "timestamp": text, "properties": object }),
                &["event_type"],
            );
            let context =
                any(json!({ "user_id": text, "session_id": text, "page_path": text }), &[]);
            let members =
                json!({ "events": { "type": "array", "items": event }, "context": context });
            ("Events of a page by another product", any(members, &["events"]))
        }
    }
}

/// `postV1EventsBatch` of a method and a path.
fn operation_id(method: &str, path: &str) -> String {
    let mut id = String::from(method);
    for word in path.split(['/', '-', '.']).filter(|word| !word.is_empty()) {
        let mut letters = word.chars();
        id.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        id.push_str(letters.as_str());
    }
    id
}
