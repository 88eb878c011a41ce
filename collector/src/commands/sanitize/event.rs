//! A line of JSON: an event, or a batch of them.
//!
//! The sanitiser walks the text as it stands; what is an event's own matter comes
//! before: `user_id`, which is hashed or removed and never marked, so that two
//! people do not become one, and the attributes that hold what people typed.

use std::borrow::Cow;

use tidemark_core::catalogue::FREE_TEXT;
use tidemark_core::json::{
    self, Kind, Value, push_pointer, push_pointer_index, unescape, write_string,
};
use tidemark_core::judge::{check_bounds, user_id};
use tidemark_core::sanitise::{Policy, json_with};
use tidemark_core::verdict::{Code, Fault};

use super::{Counts, Found, Sanitization, write_findings};
use crate::commands::LINE_MAX_BYTES;
use crate::commands::lines::Line;
use crate::commands::stream::Output;

/// What an event's own free text is told as: no rule of the sanitiser.
const FREE_TEXT_RULE: &str = "free_text";

impl Sanitization<'_> {
    pub(super) fn event(&self, line: &Line<'_>, output: &mut Output, counts: &mut Counts) {
        let mut findings = Vec::new();
        let clean = match line.bytes {
            None => Err(Fault::new(Code::BodyTooLarge, "")),
            Some(bytes) => self.clean(bytes, &mut findings),
        };
        let (name, clean) = match clean {
            Ok(clean) => clean,
            Err(fault) => return self.bad(line, &fault, output, counts),
        };
        counts.changed += u64::from(!findings.is_empty());
        if self.options.check {
            return self.check(line, &findings, output);
        }
        let out = &mut output.out;
        if self.options.events_only {
            out.push_str(&clean);
            out.push('\n');
            return;
        }
        crate::commands::begin_line(out, &self.names, line);
        out.push_str(",\"");
        out.push_str(name);
        out.push_str("\":");
        out.push_str(&clean);
        write_findings(out, &findings);
        out.push_str("}\n");
    }

    /// The member's name, and the sanitised text.
    fn clean(
        &self,
        bytes: &[u8],
        findings: &mut Vec<Found>,
    ) -> Result<(&'static str, String), Fault> {
        let value = json::check(bytes).map_err(|code| Fault::new(code, ""))?;
        // What parsers disagree about cannot be sanitised for all of them.
        check_bounds(value, LINE_MAX_BYTES)?;
        let batch = value.get("events").filter(|events| events.kind() == Kind::Array);
        self.rules.with_policy(|policy| {
            let edited = match batch {
                Some(events) => self.edit_batch(value, events, policy, findings),
                None => self.edit(value, "", policy, findings),
            };
            let text = edited.as_deref().unwrap_or(value.raw());
            let value = json::check_text(text).map_err(|code| Fault::new(code, ""))?;
            let mut more = Vec::new();
            let clean = json_with(value, "", policy, &mut more);
            findings.extend(more.into_iter().map(Found::from));
            Ok((if batch.is_some() { "batch" } else { "event" }, one_line(clean)))
        })
    }

    fn edit_batch(
        &self,
        batch: Value<'_>,
        events: Value<'_>,
        policy: &Policy<'_>,
        findings: &mut Vec<Found>,
    ) -> Option<String> {
        let mut changed = false;
        let mut items = String::from("[");
        for (index, event) in events.items().enumerate() {
            let mut place = String::from("/events");
            push_pointer_index(&mut place, index);
            let edited = self.edit(event, &place, policy, findings);
            changed |= edited.is_some();
            items.push_str(if index > 0 { "," } else { "" });
            items.push_str(edited.as_deref().unwrap_or(event.raw()));
        }
        items.push(']');
        changed
            .then(|| with_members(batch, |key, _| (key == "events").then(|| Some(items.clone()))))
    }

    /// An event with its user_id and its free text dealt with; `None` when nothing
    /// is to be done.
    fn edit(
        &self,
        event: Value<'_>,
        place: &str,
        policy: &Policy<'_>,
        findings: &mut Vec<Found>,
    ) -> Option<String> {
        let mut found = |rule, path: &[&str]| {
            let mut pointer = String::from(place);
            path.iter().for_each(|key| push_pointer(&mut pointer, key));
            findings.push(Found { rule, pointer });
        };
        let name = event.get("event_name").and_then(Value::as_str).unwrap_or_default();
        let mut changed = false;
        let edited = with_members(event, |key, value| match key {
            "user_id" => {
                let given = value.as_str()?;
                let mut hashed = Vec::new();
                let kept = user_id(&given, policy, &mut hashed);
                if hashed.is_empty() {
                    return None;
                }
                changed = true;
                found(hashed.first()?.rule.as_str(), &["user_id"]);
                Some(kept.map(|kept| {
                    let mut text = String::new();
                    write_string(&mut text, &kept);
                    text
                }))
            }
            "attributes" if !self.rules.keep_free_text => {
                value.entries().find(|(key, _)| self.is_free_text(&name, key))?;
                changed = true;
                Some(Some(with_members(value, |key, _| {
                    self.is_free_text(&name, key).then(|| {
                        found(FREE_TEXT_RULE, &["attributes", key]);
                        None
                    })
                })))
            }
            _ => None,
        });
        changed.then_some(edited)
    }

    fn is_free_text(&self, event_name: &str, key: &str) -> bool {
        // A key that is written with escapes is the same key.
        let key = unescape(key).unwrap_or(Cow::Borrowed(key));
        FREE_TEXT.contains(&(event_name, &key)) || self.catalogue.is_free_text(event_name, &key)
    }
}

/// An object's text, with the members that `change` names another (`Some(Some)`) or
/// left out (`Some(None)`).
fn with_members<'v>(
    object: Value<'v>,
    mut change: impl FnMut(&'v str, Value<'v>) -> Option<Option<String>>,
) -> String {
    let mut out = String::with_capacity(object.raw().len());
    out.push('{');
    for (key, value) in object.entries() {
        let changed = change(key, value);
        let text = match &changed {
            Some(None) => continue,
            Some(Some(text)) => text.as_str(),
            None => value.raw(),
        };
        out.push_str(if out.len() > 1 { ",\"" } else { "\"" });
        out.push_str(key);
        out.push_str("\":");
        out.push_str(text);
    }
    out.push('}');
    out
}

/// A line stays a line: a carriage return between two values ends one for some readers.
fn one_line(text: String) -> String {
    if text.contains('\r') { text.replace('\r', " ") } else { text }
}
