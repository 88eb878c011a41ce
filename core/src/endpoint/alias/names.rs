//! Which of their words is which of ours.

use alloc::borrow::Cow;
use alloc::string::String;

use super::Alias;

/// What a member of a foreign event becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Member {
    /// `event_name`.
    Name,
    /// `occurred_at`.
    Time,
    /// The event's own data.
    Properties,
    /// A visitor or a user, which the event itself decides.
    DistinctId,
    /// `event_id`; other text is derived.
    EventId,
    /// `session_id`; other text is derived.
    SessionId,
    /// `anonymous_id`; other text is derived.
    AnonymousId,
    /// `user_id`.
    UserId,
    /// `tenant_id`, by UUID or slug: compared.
    Tenant,
    /// `site_id`, by UUID or slug: compared.
    Site,
    /// A member of the envelope that is called the same.
    Same,
    /// The attribute `resource.type`.
    ResourceType,
    /// The attribute `resource.id`.
    ResourceId,
    /// The write key: taken already.
    Key,
    /// An attribute.
    Attribute,
}

/// What a member is.
pub(super) fn member(key: &str) -> Member {
    match key {
        "event" | "eventType" | "event_type" | "event_name" => Member::Name,
        "timestamp" | "occurred_at" => Member::Time,
        "properties" | "attributes" => Member::Properties,
        "distinct_id" => Member::DistinctId,
        "event_id" | "eventId" | "uuid" => Member::EventId,
        "session_id" | "sessionId" => Member::SessionId,
        "anonymous_id" | "anonymousId" => Member::AnonymousId,
        "user_id" | "userId" => Member::UserId,
        "orgId" | "organization_id" | "organizationId" | "tenantId" | "tenant_id" => Member::Tenant,
        "productId" | "siteId" | "site_id" => Member::Site,
        "source" | "schema_version" | "context" => Member::Same,
        "resourceType" | "resource_type" => Member::ResourceType,
        "resourceId" | "resource_id" => Member::ResourceId,
        "api_key" | "write_key" => Member::Key,
        _ => Member::Attribute,
    }
}

/// The name of an event: `$pageview` and its kin, and otherwise as it is, without
/// the `$` of a built-in one.
pub(super) fn event_name(theirs: &str) -> &str {
    match theirs {
        "$pageview" => "page.viewed",
        "$pageleave" => "page.left",
        "$autocapture" => "ui.clicked",
        other => other.strip_prefix('$').unwrap_or(other),
    }
}

/// The attributes that a tracked event calls otherwise.
const TRACKED: [(&str, &str); 3] = [
    ("responseTime", "response_time_ms"),
    ("tokens", "tokens_consumed"),
    ("satisfaction", "satisfaction_score"),
];

/// The name of an attribute.
pub(super) fn attribute(alias: Alias, theirs: &str) -> &str {
    let of_track = TRACKED.iter().filter(|_| alias == Alias::Track);
    of_track.into_iter().find(|(name, _)| *name == theirs).map_or(theirs, |(_, ours)| ours)
}

/// See [`Alias::sender_pointer`].
pub(super) fn sender_pointer(alias: Alias, pointer: &str) -> String {
    let mut steps = pointer.splitn(3, '/');
    let (_, first, rest) = (steps.next(), steps.next().unwrap_or_default(), steps.next());
    let (name, time, data) = match alias {
        Alias::Envelope | Alias::EnvelopeBatch => return String::from(pointer),
        Alias::Capture => ("event", "timestamp", "properties"),
        Alias::Track => ("eventType", "timestamp", "properties"),
        Alias::Frontend => ("event_type", "timestamp", "properties"),
    };
    let first = match (first, rest) {
        ("attributes", Some("resource.type")) => return String::from("/resourceType"),
        ("attributes", Some("resource.id" | "agent.id")) => return String::from("/resourceId"),
        ("event_name", _) => name,
        ("occurred_at", _) => time,
        ("attributes", _) => data,
        ("anonymous_id", _) if alias == Alias::Capture => "distinct_id",
        (other, _) => other,
    };
    let theirs = |ours: &str| {
        let renamed = TRACKED.iter().filter(|_| alias == Alias::Track && first == data);
        renamed.into_iter().find(|(_, name)| *name == ours).map(|(theirs, _)| *theirs)
    };
    let mut out = String::new();
    if !pointer.is_empty() {
        out.push('/');
        out.push_str(first);
    }
    if let Some(rest) = rest {
        let rest: Cow<'_, str> = theirs(rest).map_or(Cow::Borrowed(rest), Cow::Borrowed);
        out.push('/');
        out.push_str(&rest);
    }
    out
}
