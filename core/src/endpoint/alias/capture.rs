//! What a captured event keeps under names with a `$`.

use alloc::string::String;

use super::context::Parts;
use crate::json::{Kind, Value, write_string};

/// What becomes of a property of a captured event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Property {
    /// It is a value of the context: group and key.
    Context(&'static str, &'static str),
    /// The visit.
    Session,
    /// The event's own name for itself.
    EventId,
    /// The person, once known.
    User,
    /// The browser, beside a known person.
    Device,
    /// The browser, under another name.
    Distinct,
    /// Whether the distinct_id is a person's.
    Identified,
    /// Nothing: the key, which was taken already, and what is never stored (an
    /// address, and what was derived of one).
    Nothing,
    /// An attribute.
    Attribute,
}

/// What a property is.
pub(super) fn property(key: &str) -> Property {
    use Property::{Attribute, Context, Device, Distinct, EventId, Identified, Nothing};
    match key {
        "$current_url" => Context("page", "url"),
        "$pathname" => Context("page", "path"),
        "$referrer" => Context("page", "referrer"),
        "$title" => Context("page", "title"),
        "$raw_user_agent" | "$user_agent" => Context("device", "user_agent"),
        "$viewport_width" => Context("device", "viewport.width"),
        "$viewport_height" => Context("device", "viewport.height"),
        "$screen_width" => Context("device", "screen.width"),
        "$screen_height" => Context("device", "screen.height"),
        "$lib" => Context("sdk", "name"),
        "$lib_version" => Context("sdk", "version"),
        "utm_source" => Context("campaign", "source"),
        "utm_medium" => Context("campaign", "medium"),
        "utm_campaign" => Context("campaign", "name"),
        "utm_term" => Context("campaign", "term"),
        "utm_content" => Context("campaign", "content"),
        "$session_id" => Property::Session,
        "$insert_id" => EventId,
        "$user_id" => Property::User,
        "$device_id" | "$anon_distinct_id" => Device,
        "distinct_id" => Distinct,
        "$is_identified" => Identified,
        "token" | "$ip" => Nothing,
        other if other.starts_with("$geoip_") => Nothing,
        _ => Attribute,
    }
}

/// Takes up a value of the context, if it is one that a context can hold: the
/// referrer of a visit that had none is `$direct`.
pub(super) fn to_context<'a>(
    parts: &mut Parts<'a>,
    group: &'static str,
    key: &'static str,
    value: Value<'a>,
) {
    if value.raw() != "\"$direct\"" && value.raw() != "\"\"" {
        parts.set(group, key, value.raw());
    }
}

/// Appends the selector of an automatically captured click: of the first element
/// that was told, else `*`, which is any.
pub(super) fn write_selector(out: &mut String, properties: Value<'_>) {
    let mut selector = String::new();
    if let Some(chain) = properties.get("$elements_chain").and_then(Value::as_str) {
        // `button.primary:attr__id="buy";div`: the element, before its details.
        let first = chain.split([':', ';']).next().unwrap_or_default();
        selector.push_str(first);
    } else if let Some(element) =
        properties.get("$elements").and_then(|elements| elements.items().next())
    {
        let text = |key: &str| element.get(key).filter(|v| v.kind() == Kind::String)?.as_str();
        selector.push_str(text("tag_name").as_deref().unwrap_or_default());
        if let Some(id) = text("attr__id") {
            selector.push('#');
            selector.push_str(&id);
        }
        let classes = element.get("classes").into_iter().flat_map(Value::items);
        for class in classes.filter_map(Value::as_str) {
            selector.push('.');
            selector.push_str(&class);
        }
    }
    let fits = !selector.is_empty() && selector.len() <= 500;
    write_string(out, if fits { &selector } else { "*" });
}
