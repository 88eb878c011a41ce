//! gtm-template/: what a Google Tag Manager container takes.
//!
//! `template.tpl` is put together from gtm-template/src, with the form's events and
//! attributes ([`fields`]) from the schemas and the permissions written out
//! ([`permissions`]); `custom-html-tag.html` from its source. Both hold the same
//! translation of GA4's events, src/ga4.js.

mod fields;
mod permissions;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::schema::Schemas;
use super::{Files, NOTE};
use crate::place::Place;

/// Where the shared translation stands in both sources.
const GA4: &str = "/* @ga4 */";
/// Where the catalogue's fields stand in parameters.json.
const CATALOGUE: &str = "@catalogue";

const TERMS: &str = "By creating or modifying this file you agree to Google Tag Manager's Community\n\
     Template Gallery Developer Terms of Service available at\n\
     https://developers.google.com/tag-manager/gallery-tos (or such other URL as\n\
     Google may provide), as modified from time to time.\n";

/// The files of gtm-template/ that are generated.
///
/// # Errors
/// When a source is missing, is no JSON, or has lost its mark.
pub fn files(place: &Place, schemas: &Schemas) -> Result<Files> {
    let folder = place.root.join("gtm-template/src");
    let ga4 = read(&folder, "ga4.js")?;
    let mut files = Files::new();
    files.insert("gtm-template/template.tpl".into(), template(&folder, schemas, &ga4)?);
    let tag = marked(&read(&folder, "tag.html")?, GA4, &indented(&ga4))?;
    let note = format!("<!-- {} -->\n{tag}", NOTE.replace("the schemas or the code", "src/"));
    files.insert("gtm-template/custom-html-tag.html".into(), note);
    Ok(files)
}

/// The sections in the gallery's order.
fn template(folder: &Path, schemas: &Schemas, ga4: &str) -> Result<String> {
    let mut parameters = json(folder, "parameters.json")?;
    ensure!(
        put(&mut parameters, &Value::Array(fields::of(schemas)?)),
        "gtm-template/src/parameters.json names no {CATALOGUE}"
    );
    let script = marked(&read(folder, "sandboxed.js")?, GA4, ga4)?;
    let permissions = permissions::written(&json(folder, "permissions.json")?)?;
    let sections = [
        ("TERMS_OF_SERVICE", TERMS.to_string()),
        ("INFO", read(folder, "info.json")?),
        ("TEMPLATE_PARAMETERS", lines(&parameters)?),
        ("SANDBOXED_JS_FOR_WEB_TEMPLATE", script),
        ("WEB_PERMISSIONS", serde_json::to_string_pretty(&permissions)? + "\n"),
        ("TESTS", read(folder, "tests.yaml")?),
        ("NOTES", read(folder, "notes.txt")?),
    ];
    let text: Vec<_> =
        sections.iter().map(|(name, text)| format!("___{name}___\n\n{text}")).collect();
    Ok(text.join("\n\n"))
}

fn read(folder: &Path, name: &str) -> Result<String> {
    let file = folder.join(name);
    fs::read_to_string(&file).with_context(|| format!("read {}", file.display()))
}

fn json(folder: &Path, name: &str) -> Result<Value> {
    serde_json::from_str(&read(folder, name)?).with_context(|| format!("{name} is no JSON"))
}

/// The source with `text` where the mark stands.
fn marked(source: &str, mark: &str, text: &str) -> Result<String> {
    ensure!(source.matches(mark).count() == 1, "a source of the tag has lost its {mark}");
    Ok(source.replace(mark, text.trim()))
}

/// The text as it stands inside of the tag's function.
fn indented(text: &str) -> String {
    let lines: Vec<_> = text
        .lines()
        .map(|line| if line.is_empty() { String::new() } else { format!("  {line}") })
        .collect();
    lines.join("\n")
}

/// Replaces the one mark by the fields; whether it was there.
fn put(value: &mut Value, fields: &Value) -> bool {
    match value {
        Value::String(text) if text == CATALOGUE => {
            *value = fields.clone();
            true
        }
        Value::Array(items) => items.iter_mut().any(|item| put(item, fields)),
        Value::Object(map) => map.values_mut().any(|item| put(item, fields)),
        _ => false,
    }
}

/// A list with a line for each of its members' members: 60 tables, each on a line.
fn lines(parameters: &Value) -> Result<String> {
    let mut out = String::from("[\n");
    let groups = parameters.as_array().context("parameters.json is no list")?;
    for (at, group) in groups.iter().enumerate() {
        let comma = if at + 1 < groups.len() { "," } else { "" };
        let mut shown = group.clone();
        let members = shown.as_object_mut().and_then(|group| group.remove("subParams"));
        let text = serde_json::to_string(&shown)?;
        match members.as_ref().and_then(Value::as_array) {
            None => out.push_str(&format!("  {text}{comma}\n")),
            Some(members) => {
                let members: Result<Vec<_>, _> =
                    members.iter().map(serde_json::to_string).collect();
                let open = text.trim_end_matches('}');
                let members = members?.join(",\n    ");
                out.push_str(&format!("  {open},\"subParams\":[\n    {members}\n  ]}}{comma}\n"));
            }
        }
    }
    Ok(out + "]\n")
}
