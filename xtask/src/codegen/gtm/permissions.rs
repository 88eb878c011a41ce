//! The template's permissions, from the short form of src/permissions.json to what
//! the gallery reads.

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

/// The section's list.
///
/// # Errors
/// When a permission is not known here, or is not said as it has to be.
pub fn written(short: &Value) -> Result<Value> {
    let short = short.as_object().context("permissions.json is no object")?;
    let all: Result<Vec<_>> = short.iter().map(|(name, rules)| permission(name, rules)).collect();
    Ok(Value::Array(all?))
}

fn permission(name: &str, rules: &Value) -> Result<Value> {
    let param = match name {
        "access_consent" => {
            vec![param("consentTypes", &maps("consentType", &["read", "write"], rules)?)]
        }
        "access_globals" => {
            vec![param("keys", &maps("key", &["read", "write", "execute"], rules)?)]
        }
        "access_template_storage" | "read_container_data" => Vec::new(),
        "inject_script" => vec![param("urls", &texts(rules)?)],
        "logging" => vec![param("environments", &text(rules.as_str().context("no text")?))],
        "read_data_layer" => {
            vec![param("allowedKeys", &text("specific")), param("keyPatterns", &texts(rules)?)]
        }
        _ => bail!("permissions.json asks for {name}, which nothing here can write"),
    };
    let mut permission = json!({
        "instance": { "key": { "publicId": name, "versionId": "1" }, "param": param },
        "isRequired": true,
    });
    if !param.is_empty() {
        permission["clientAnnotations"] = json!({ "isEditedByUser": true });
    }
    Ok(permission)
}

fn param(key: &str, value: &Value) -> Value {
    json!({ "key": key, "value": value })
}

fn text(text: &str) -> Value {
    json!({ "type": 1, "string": text })
}

fn texts(rules: &Value) -> Result<Value> {
    let rules = rules.as_array().context("a permission's texts are no list")?;
    let items: Vec<_> = rules.iter().filter_map(Value::as_str).map(text).collect();
    Ok(json!({ "type": 2, "listItem": items }))
}

/// A list of maps: the key, and for each way of access whether it is asked for.
fn maps(key: &str, ways: &[&str], rules: &Value) -> Result<Value> {
    let rules: &Map<String, Value> = rules.as_object().context("a permission is no object")?;
    let mut items = Vec::new();
    for (name, asked) in rules {
        let asked: Vec<_> = asked.as_str().context("no text")?.split(' ').collect();
        if let Some(unknown) = asked.iter().find(|way| !ways.contains(way)) {
            bail!("{name} asks for {unknown}, which is none of {}", ways.join(", "));
        }
        let keys: Vec<_> = [&key].into_iter().chain(ways).map(|way| text(way)).collect();
        let granted = ways.iter().map(|way| json!({ "type": 8, "boolean": asked.contains(way) }));
        let values: Vec<_> = std::iter::once(text(name)).chain(granted).collect();
        items.push(json!({ "type": 3, "mapKey": keys, "mapValue": values }));
    }
    Ok(json!({ "type": 2, "listItem": items }))
}
