//! The description of the collector's HTTP, as OpenAPI 3.1: built from the routes
//! and the closed list of codes, committed as schemas/openapi/collector.json,
//! served at `/openapi.json`, printed by `tidemark openapi`.
//!
//! Always true, held by tests: every path that is described is served, every
//! public path is described, and every code of a whole call stands at each
//! operation that can say it. What an event holds is not repeated: the envelope
//! is the committed schema itself.
//!
//! Deliberately absent: the operators' calls below `/internal/v1` beside the hop (erasures
//! and replays). `tidemark delete-user` and `tidemark replay` are their interface; the calls
//! between a command and a collector of the same release are signed and may change with it.

mod answers;
mod ingest;
mod reading;
#[cfg(test)]
mod tests;

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::routing::get;
use serde_json::{Map, Value, json};

/// Where it is served.
pub const PATH: &str = "/openapi.json";

/// The description.
pub fn document() -> Value {
    let mut paths = Map::new();
    paths.extend(ingest::paths());
    paths.extend(reading::paths());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Tidemark collector",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Takes events, tells what became of each, and answers questions. A call that is refused as a whole gets an `error` with a stable code; what may be tried again carries `Retry-After`.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "http://127.0.0.1:8090", "description": "The default address." }],
        "paths": paths,
        "components": {
            "schemas": answers::schemas(),
            "securitySchemes": {
                "writeKeyInQuery": { "type": "apiKey", "in": "query", "name": "write_key", "description": "A site's public write key." },
                "writeKey": { "type": "http", "scheme": "bearer", "description": "A site's public write key." },
                "apiKey": { "type": "http", "scheme": "bearer", "description": "A tenant's secret API key, with the scope that the operation names." },
                "hopSignature": { "type": "apiKey", "in": "header", "name": "Tidemark-Signature", "description": "`v1,<key_id>,<unix_ms>,<hex>`: HMAC-SHA-256 over `v1\\n<key_id>\\n<unix_ms>\\n<path>\\n` and the body as it is on the wire." },
            },
        },
    })
}

/// The description as its file has it.
pub fn text() -> String {
    // Keys and strings are JSON.
    serde_json::to_string_pretty(&document()).unwrap_or_default() + "\n"
}

/// The route of the description.
pub fn routes() -> Router {
    let text: &'static str = Box::leak(text().into_boxed_str());
    let json = HeaderValue::from_static("application/json");
    Router::new().route(PATH, get(async move || ([(header::CONTENT_TYPE, json)], text)))
}
