//! Writes what was accepted: the envelope in its own order, sanitised.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Attribute, Judge, Known, Place, Settled};
use crate::catalogue::FREE_TEXT;
use crate::event::{Envelope, Parts};
use crate::id::Uuid;
use crate::json::{Node, Value, write_string};
use crate::noticed::DeviceClass;
use crate::sanitise::{self, Finding, Member, Policy, Rule};
use crate::time::format_rfc3339;

/// Bytes of a frame: a time, two ids, a country, a region and a network, with their names.
const FRAME_BYTES: usize = 280;

/// What every event of a batch has at the same places, written once.
pub(super) struct Frame {
    text: String,
    /// Where its second part begins.
    end: usize,
}

impl Frame {
    /// Behind `occurred_at` and what the hop says of receipt: whose the event is.
    fn before(&self) -> &str {
        self.text.get(..self.end).unwrap_or_default()
    }

    /// Near the end: what the edge knows of the call.
    fn behind(&self) -> &str {
        self.text.get(self.end..).unwrap_or_default()
    }
}

impl Judge<'_> {
    /// The frame of a batch's events.
    pub(super) fn frame(&self) -> Frame {
        let mut text = String::with_capacity(FRAME_BYTES);
        let mut out = Members(&mut text);
        if let Place::Public(arrival) = self.place {
            out.instant(",\"received_at\":", Some(arrival.received_at_ms));
        }
        if !matches!(self.place, Place::Page) {
            out.uuid(",\"tenant_id\":", Some(self.site.tenant_id));
            out.uuid(",\"site_id\":", Some(self.site.site_id));
        }
        let end = out.0.len();
        if let Place::Public(arrival) = self.place {
            out.raw(",\"geo\":", arrival.geo);
            out.text(",\"client_ip_prefix\":", arrival.client_ip_prefix);
        }
        Frame { text, end }
    }

    /// How this place sanitises: the page leaves the rare rules to the edge.
    pub(super) fn policy(&self) -> Policy<'_> {
        let rare_rules = !matches!(self.place, Place::Page);
        Policy { rare_rules, pseudonym: self.pseudonym, ..Policy::DEFAULT }
    }

    pub(super) fn write(
        &self,
        envelope: &Envelope<'_>,
        parts: &Parts<'_, '_>,
        known: Known<'_>,
        findings: &mut Vec<Finding>,
        out: &mut String,
    ) {
        let mut out = Members(out);
        out.uuid("{\"event_id\":", envelope.event_id);
        // Neither holds what would be escaped.
        out.word(",\"event_name\":\"", Some(&envelope.event_name));
        out.word(",\"schema_version\":\"", envelope.schema_version.as_deref());
        out.instant(",\"occurred_at\":", envelope.occurred_at_ms);
        if matches!(self.place, Place::Signed) {
            out.instant(",\"received_at\":", envelope.received_at_ms);
        }
        out.0.push_str(known.frame.before());
        out.uuid(",\"session_id\":", envelope.session_id);
        out.uuid(",\"anonymous_id\":", envelope.anonymous_id);
        if let Some(user_id) = envelope.user_id.as_deref() {
            let user_id = clean_user_id(Cow::Borrowed(user_id), &self.policy(), findings);
            out.text(",\"user_id\":", user_id.as_deref());
        }
        out.raw(",\"source\":", envelope.source.map(Value::raw));
        out.0.push_str(",\"attributes\":");
        match parts.attributes {
            Some(attributes) => {
                self.clean_attributes(&envelope.event_name, attributes, known, findings, out.0);
            }
            None => out.0.push_str("{}"),
        }
        if let Some(context) = parts.context {
            out.0.push_str(",\"context\":");
            self.clean_context(context, known.context, findings, out.0);
        }
        if matches!(self.place, Place::Signed) {
            out.raw(",\"geo\":", envelope.geo.map(Value::raw));
            out.raw(",\"client_ip_prefix\":", envelope.client_ip_prefix.map(Value::raw));
        }
        out.0.push_str(known.frame.behind());
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
        settled: Settled,
        findings: &mut Vec<Finding>,
        out: &mut String,
    ) {
        if self.stays(settled) {
            out.push_str(context.raw());
            return;
        }
        let usual = |_: &str| Member::Usual;
        sanitise::json_node(context, "/context", &self.policy(), usual, findings, out);
    }

    /// Whether what was seen of a value means that it stays as it is. A page sanitises
    /// by fewer rules than a schema knows of.
    pub(super) fn stays(&self, settled: Settled) -> bool {
        let rare_rules = !matches!(self.place, Place::Page);
        rare_rules
            && (settled == Settled::Whole
                || settled == Settled::ButFreeText && self.site.keep_free_text)
    }

    pub(super) fn clean_attributes(
        &self,
        event_name: &str,
        attributes: Node<'_, '_>,
        known: Known<'_>,
        findings: &mut Vec<Finding>,
        out: &mut String,
    ) {
        if self.stays(known.attributes) {
            out.push_str(attributes.raw());
            return;
        }
        let schema = known.schema;
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
    clean_user_id(Cow::Borrowed(user_id), policy, findings).map(Cow::into_owned)
}

/// [`user_id`], which is left where it is when it may travel as it is.
pub(super) fn clean_user_id<'u>(
    user_id: Cow<'u, str>,
    policy: &Policy<'_>,
    findings: &mut Vec<Finding>,
) -> Option<Cow<'u, str>> {
    let hex = user_id.get(3..).unwrap_or_default();
    let is_digest = hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    let digested = is_digest && user_id.starts_with("s1:");
    let stored = is_digest && user_id.starts_with("h1:");
    let mut personal = false;
    sanitise::text_with(&user_id, policy, &mut |_| personal = true);
    if stored || !personal && !digested || digested && policy.pseudonym.is_none() {
        return Some(user_id);
    }
    findings.push(Finding { rule: Rule::Hash, pointer: String::from("/user_id") });
    policy.pseudonym.map(|pseudonym| Cow::Owned(pseudonym(&user_id)))
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
