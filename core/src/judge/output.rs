//! Writes what was accepted: the envelope in its own order, sanitised.

use alloc::string::String;
use alloc::vec::Vec;

use super::{Judge, Place};
use crate::catalogue::FREE_TEXT;
use crate::event::Envelope;
use crate::id::Uuid;
use crate::json::{Value, unescape, write_string};
use crate::sanitise::{self, Finding, Policy, Rule};
use crate::time::format_rfc3339;

impl Judge<'_> {
    /// How this place sanitises: the page leaves the rare rules to the edge.
    pub(super) fn policy(&self) -> Policy<'_> {
        let rare_rules = !matches!(self.place, Place::Page);
        Policy { rare_rules, pseudonym: self.pseudonym, ..Policy::DEFAULT }
    }

    pub(super) fn write(&self, envelope: &Envelope<'_>, findings: &mut Vec<Finding>) -> String {
        let mut out = Members(String::with_capacity(1_024));
        out.uuid("event_id", envelope.event_id);
        out.text("event_name", Some(&envelope.event_name));
        out.text("schema_version", envelope.schema_version.as_deref());
        out.instant("occurred_at", envelope.occurred_at_ms);
        if !matches!(self.place, Place::Page) {
            out.instant("received_at", envelope.received_at_ms);
            out.uuid("tenant_id", Some(self.site.tenant_id));
            out.uuid("site_id", Some(self.site.site_id));
        }
        out.uuid("session_id", envelope.session_id);
        out.uuid("anonymous_id", envelope.anonymous_id);
        if let Some(user_id) = envelope.user_id.as_deref() {
            out.text("user_id", self::user_id(user_id, &self.policy(), findings).as_deref());
        }
        out.raw("source", envelope.source.map(Value::raw));
        let attributes = envelope.attributes.map_or_else(
            || String::from("{}"),
            |attributes| self.attributes(&envelope.event_name, attributes, findings),
        );
        out.raw("attributes", Some(&attributes));
        let context = envelope
            .context
            .map(|context| sanitise::json_with(context, "/context", &self.policy(), findings));
        out.raw("context", context.as_deref());
        match self.place {
            Place::Page => {}
            Place::Public(arrival) => {
                out.raw("geo", arrival.geo);
                out.text("client_ip_prefix", arrival.client_ip_prefix);
            }
            Place::Signed => {
                out.raw("geo", envelope.geo.map(Value::raw));
                out.raw("client_ip_prefix", envelope.client_ip_prefix.map(Value::raw));
            }
        }
        out.0.push('}');
        out.0
    }

    fn attributes(
        &self,
        event_name: &str,
        attributes: Value<'_>,
        findings: &mut Vec<Finding>,
    ) -> String {
        let free_text = |key: &str| {
            if self.site.keep_free_text {
                return false;
            }
            // A key that is written with escapes is the same key.
            let unescaped = if key.contains('\\') { unescape(key) } else { None };
            let key = unescaped.as_deref().unwrap_or(key);
            FREE_TEXT.contains(&(event_name, key))
                || self.schemas.is_some_and(|schemas| schemas.is_free_text(event_name, key))
        };
        let mut kept = String::new();
        if attributes.entries().any(|(key, _)| free_text(key)) {
            let mut members = Members(String::with_capacity(attributes.raw().len()));
            for (key, value) in attributes.entries().filter(|(key, _)| !free_text(key)) {
                members.raw(key, Some(value.raw()));
            }
            kept = members.finish();
        }
        match crate::json::check_text(&kept) {
            Ok(kept) => sanitise::json_with(kept, "/attributes", &self.policy(), findings),
            Err(_) => sanitise::json_with(attributes, "/attributes", &self.policy(), findings),
        }
    }
}

/// The user_id that may travel: hashed when it is personal data, or was digested
/// in the page, so that two people never become one. Where no key is at hand a
/// digest stays as it is, and what is personal goes.
pub fn user_id(user_id: &str, policy: &Policy<'_>, findings: &mut Vec<Finding>) -> Option<String> {
    let hex = user_id.get(3..).unwrap_or_default();
    let is_digest = hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    let digested = is_digest && user_id.starts_with("s1:");
    let stored = is_digest && user_id.starts_with("h1:");
    let mut personal = false;
    sanitise::text_with(user_id, policy, &mut |_| personal = true);
    if stored || !personal && !digested || digested && policy.pseudonym.is_none() {
        return Some(String::from(user_id));
    }
    findings.push(Finding { rule: Rule::Hash, pointer: String::from("/user_id") });
    policy.pseudonym.map(|pseudonym| pseudonym(user_id))
}

/// An object under construction; absent members are left out.
struct Members(String);

impl Members {
    fn key(&mut self, key: &str) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        self.0.push('"');
        self.0.push_str(key);
        self.0.push_str("\":");
    }

    fn raw(&mut self, key: &str, json: Option<&str>) {
        if let Some(json) = json {
            self.key(key);
            self.0.push_str(json);
        }
    }

    fn text(&mut self, key: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.key(key);
            write_string(&mut self.0, text);
        }
    }

    fn uuid(&mut self, key: &str, id: Option<Uuid>) {
        if let Some(id) = id {
            self.key(key);
            self.0.push('"');
            id.push_to(&mut self.0);
            self.0.push('"');
        }
    }

    fn instant(&mut self, key: &str, unix_ms: Option<i64>) {
        if let Some(unix_ms) = unix_ms {
            self.key(key);
            self.0.push('"');
            format_rfc3339(unix_ms, &mut self.0);
            self.0.push('"');
        }
    }

    fn finish(mut self) -> String {
        if self.0.is_empty() {
            self.0.push('{');
        }
        self.0.push('}');
        self.0
    }
}
