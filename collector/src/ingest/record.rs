//! From a judged event's text to the record that the log takes.

use std::borrow::Cow;

use tidemark_core::event::Envelope;
use tidemark_core::id::Uuid;
use tidemark_core::json::{Value, check_text};
use tidemark_core::verdict::{Code, Fault};

use super::context;
use crate::log::Record;

/// What a batch on the hop says for all of its events.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shared<'a> {
    pub(super) tenant_id: Uuid,
    pub(super) site_id: Uuid,
    pub(super) received_at_ms: Option<i64>,
    pub(super) context: Option<Value<'a>>,
}

/// Reads the text of an accepted event.
///
/// # Errors
/// `missing_field` for what the edge must have filled in.
pub(super) fn read(text: &str, shared: &Shared<'_>) -> Result<Record, Fault> {
    let event = check_text(text).map_err(|code| Fault::new(code, ""))?;
    let envelope = Envelope::read(event)?;
    let missing = |pointer| Fault::new(Code::MissingField, pointer);
    let attributes = envelope.attributes;
    let geo = |key| envelope.geo.and_then(|geo| geo.get(key));
    Ok(Record {
        tenant_id: shared.tenant_id,
        site_id: shared.site_id,
        event_id: envelope.event_id.ok_or_else(|| missing("/event_id"))?,
        event_name: envelope.event_name.into_owned(),
        schema_version: owned(envelope.schema_version),
        occurred_at_ms: envelope.occurred_at_ms.ok_or_else(|| missing("/occurred_at"))?,
        received_at_ms: envelope
            .received_at_ms
            .or(shared.received_at_ms)
            .ok_or_else(|| missing("/received_at"))?,
        session_id: envelope.session_id,
        anonymous_id: envelope.anonymous_id,
        user_id: owned(envelope.user_id),
        source: owned(envelope.source.and_then(Value::as_str)),
        attributes: attributes.map_or("{}", Value::raw).to_owned(),
        context: context::read(envelope.context, shared.context),
        country: owned(geo("country").and_then(Value::as_str)),
        region: owned(geo("region").and_then(Value::as_str)),
        client_ip_prefix: owned(envelope.client_ip_prefix.and_then(Value::as_str)),
    })
}

fn owned(text: Option<Cow<'_, str>>) -> String {
    text.map(Cow::into_owned).unwrap_or_default()
}
