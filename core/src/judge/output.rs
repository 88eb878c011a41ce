//! Writes what was accepted: the envelope in its own order, sanitised.

use alloc::string::String;
use alloc::vec::Vec;

use super::{Attribute, EventSchema, Judge, Place};
use crate::catalogue::FREE_TEXT;
use crate::event::{Envelope, Parts};
use crate::id::Uuid;
use crate::json::{Node, Value, write_string};
use crate::noticed::DeviceClass;
use crate::sanitise::{self, Finding, Member, Policy, Rule};
use crate::time::format_rfc3339;

impl Judge<'_> {
    /// How this place sanitises: the page leaves the rare rules to the edge.
    pub(super) fn policy(&self) -> Policy<'_> {
        let rare_rules = !matches!(self.place, Place::Page);
        Policy { rare_rules, pseudonym: self.pseudonym, ..Policy::DEFAULT }
    }

    pub(super) fn write(
        &self,
        envelope: &Envelope<'_>,
        parts: &Parts<'_, '_>,
        schema: Option<&dyn EventSchema>,
        findings: &mut Vec<Finding>,
        out: &mut String,
    ) {
        let mut out = Members(out);
        out.uuid("{\"event_id\":", envelope.event_id);
        // Neither holds what would be escaped.
        out.word(",\"event_name\":\"", Some(&envelope.event_name));
        out.word(",\"schema_version\":\"", envelope.schema_version.as_deref());
        out.instant(",\"occurred_at\":", envelope.occurred_at_ms);
        if !matches!(self.place, Place::Page) {
            out.instant(",\"received_at\":", envelope.received_at_ms);
            out.uuid(",\"tenant_id\":", Some(self.site.tenant_id));
            out.uuid(",\"site_id\":", Some(self.site.site_id));
        }
        out.uuid(",\"session_id\":", envelope.session_id);
        out.uuid(",\"anonymous_id\":", envelope.anonymous_id);
        if let Some(user_id) = envelope.user_id.as_deref() {
            out.text(",\"user_id\":", self::user_id(user_id, &self.policy(), findings).as_deref());
        }
        out.raw(",\"source\":", envelope.source.map(Value::raw));
        out.0.push_str(",\"attributes\":");
        match parts.attributes {
            Some(attributes) => {
                self.clean_attributes(&envelope.event_name, attributes, schema, findings, out.0);
            }
            None => out.0.push_str("{}"),
        }
        if let Some(context) = parts.context {
            out.0.push_str(",\"context\":");
            self.clean_context(context, findings, out.0);
        }
        match self.place {
            Place::Page => {}
            Place::Public(arrival) => {
                out.raw(",\"geo\":", arrival.geo);
                out.text(",\"client_ip_prefix\":", arrival.client_ip_prefix);
            }
            Place::Signed => {
                out.raw(",\"geo\":", envelope.geo.map(Value::raw));
                let prefix = envelope.client_ip_prefix.map(Value::raw);
                out.raw(",\"client_ip_prefix\":", prefix);
            }
        }
        out.word(",\"device_class\":\"", envelope.device_class.map(DeviceClass::as_str));
        if !envelope.flags.is_empty() {
            out.0.push_str(",\"flags\":");
            envelope.flags.push_to(out.0);
        }
        out.0.push('}');
    }

    pub(super) fn clean_context(
        &self,
        context: Node<'_, '_>,
        findings: &mut Vec<Finding>,
        out: &mut String,
    ) {
        let usual = |_: &str| Member::Usual;
        sanitise::json_node(context, "/context", &self.policy(), usual, findings, out);
    }

    fn clean_attributes(
        &self,
        event_name: &str,
        attributes: Node<'_, '_>,
        schema: Option<&dyn EventSchema>,
        findings: &mut Vec<Finding>,
        out: &mut String,
    ) {
        let has_free_text = FREE_TEXT.iter().any(|(event, _)| *event == event_name);
        let member = |key: &str| {
            let known = schema.map_or_else(Attribute::default, |schema| schema.attribute(key));
            let goes = !self.site.keep_free_text
                && (known.is_free_text || has_free_text && FREE_TEXT.contains(&(event_name, key)));
            match known.max_bytes {
                _ if goes => Member::Gone,
                Some(bytes) => Member::Within(bytes),
                None => Member::Usual,
            }
        };
        sanitise::json_node(attributes, "/attributes", &self.policy(), member, findings, out);
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

/// An object under construction; absent members are left out. What stands before a
/// value is given as it is written.
struct Members<'o>(&'o mut String);

impl Members<'_> {
    fn raw(&mut self, front: &str, json: Option<&str>) {
        if let Some(json) = json {
            self.0.push_str(front);
            self.0.push_str(json);
        }
    }

    /// A text that needs no escape; the front has its opening quote.
    fn word(&mut self, front: &str, word: Option<&str>) {
        if let Some(word) = word {
            self.0.push_str(front);
            self.0.push_str(word);
            self.0.push('"');
        }
    }

    fn text(&mut self, front: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.0.push_str(front);
            write_string(self.0, text);
        }
    }

    fn uuid(&mut self, front: &str, id: Option<Uuid>) {
        if let Some(id) = id {
            self.0.push_str(front);
            self.0.push('"');
            id.push_to(self.0);
            self.0.push('"');
        }
    }

    fn instant(&mut self, front: &str, unix_ms: Option<i64>) {
        if let Some(unix_ms) = unix_ms {
            self.0.push_str(front);
            self.0.push('"');
            format_rfc3339(unix_ms, self.0);
            self.0.push('"');
        }
    }
}
