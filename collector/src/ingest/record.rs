//! From what the judge hands over of an event to the record that the log takes.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use tidemark_core::id::Uuid;
use tidemark_core::json::{Node, Value};
use tidemark_core::judge::Whole;
use tidemark_core::verdict::{Code, Fault};

use super::context;
use crate::record::{Context, Record, expires_at};

/// What a batch on the hop says for all of its events.
#[derive(Clone, Debug)]
pub(super) struct Shared<'a> {
    pub(super) tenant_id: Uuid,
    pub(super) site_id: Uuid,
    pub(super) received_at_ms: Option<i64>,
    /// The latest time of receipt that is believed, Unix milliseconds.
    pub(super) received_at_max_ms: i64,
    /// Days that the tenant's events are kept.
    pub(super) retention_days: u16,
    pub(super) context: Context<'a>,
}

/// Lays out an accepted event, whose own objects are `attributes` and `context`.
///
/// # Errors
/// `missing_field` for what the edge must have filled in, `in_future` for a time
/// of receipt that is still to come, `wrong_type` for a `client_ip_prefix` that
/// is more or less than a network.
pub(super) fn read<'a>(
    whole: &'a Whole<'_>,
    attributes: Option<Node<'a, 'a>>,
    context: Option<Node<'a, 'a>>,
    shared: &Shared<'a>,
) -> Result<Record<'a>, Fault> {
    let Whole { envelope, geo, client_ip_prefix, .. } = whole;
    let missing = |pointer| Fault::new(Code::MissingField, pointer);
    let geo = |key| text_of(geo.and_then(|geo| geo.get(key)));
    let text = |text: &'a Option<Cow<'_, str>>| Cow::Borrowed(text.as_deref().unwrap_or_default());
    let received_at_ms =
        envelope.received_at_ms.or(shared.received_at_ms).ok_or_else(|| missing("/received_at"))?;
    if received_at_ms > shared.received_at_max_ms {
        return Err(Fault::new(Code::InFuture, "/received_at"));
    }
    if !client_ip_prefix.is_empty() && !is_network(client_ip_prefix) {
        return Err(Fault::new(Code::WrongType, "/client_ip_prefix"));
    }
    Ok(Record {
        tenant_id: shared.tenant_id,
        site_id: shared.site_id,
        event_id: envelope.event_id.ok_or_else(|| missing("/event_id"))?,
        event_name: Cow::Borrowed(&envelope.event_name),
        schema_version: text(&envelope.schema_version),
        occurred_at_ms: envelope.occurred_at_ms.ok_or_else(|| missing("/occurred_at"))?,
        received_at_ms,
        expires_at: expires_at(received_at_ms, shared.retention_days),
        session_id: envelope.session_id,
        anonymous_id: envelope.anonymous_id,
        user_id: text(&envelope.user_id),
        source: text_of(envelope.source),
        attributes,
        context: context::over(context, &shared.context),
        country: geo("country"),
        region: geo("region"),
        client_ip_prefix: Cow::Borrowed(client_ip_prefix),
        flags: envelope.flags,
        device_class: envelope.device_class,
    })
}

fn text_of(value: Option<Value<'_>>) -> Cow<'_, str> {
    value.and_then(Value::as_str).unwrap_or_default()
}

/// Whether a prefix is a network as the edge writes it: IPv4 with /24, IPv6 with
/// /48, and no bit of the address behind it. A longer one would be a person's.
fn is_network(prefix: &str) -> bool {
    let Some((address, length)) = prefix.split_once('/') else { return false };
    match (address.parse::<IpAddr>(), length) {
        (Ok(IpAddr::V4(v4)), "24") => {
            let [a, b, c, _] = v4.octets();
            v4 == Ipv4Addr::new(a, b, c, 0)
        }
        (Ok(IpAddr::V6(v6)), "48") => {
            let [a, b, c, ..] = v6.segments();
            v6 == Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_network;

    #[test]
    fn a_prefix_is_a_network_and_never_an_address() {
        for prefix in
            ["203.0.113.0/24", "0.0.0.0/24", "2001:db8:7::/48", "2001:DB8:7::/48", "::/48"]
        {
            assert!(is_network(prefix), "{prefix}");
        }
        for prefix in [
            "1.2.3.4",
            "203.0.113.0",
            "203.0.113.7/24",
            "203.0.113.7/32",
            "203.0.113.0/16",
            "203.0.113.0/024",
            "203.0.113/24",
            "2001:db8:7::/64",
            "2001:db8:7::1/48",
            "2001:db8:7:1::/48",
            "2001:db8:7::",
            "::ffff:203.0.113.0/24",
            "203.0.113.0/24/24",
            " 203.0.113.0/24",
            "/24",
            "jo@example.org",
        ] {
            assert!(!is_network(prefix), "{prefix}");
        }
    }
}
