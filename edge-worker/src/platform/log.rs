//! Structured log lines. They never hold what a caller sent.

use worker::console_error;

/// Logs something that an operator should see, as one JSON object.
pub(super) fn error(event: &str, fields: &[(&str, &str)]) {
    let mut line = serde_json::Map::new();
    line.insert("level".into(), "error".into());
    line.insert("event".into(), event.into());
    for (name, value) in fields {
        line.insert((*name).into(), (*value).into());
    }
    console_error!("{}", serde_json::Value::Object(line));
}
