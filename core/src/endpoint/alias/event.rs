//! One foreign event, written as our envelope.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::capture::{self, Property};
use super::context::{Parts, place};
use super::names::{self, Member, member};
use super::object::Object;
use super::own::write_owner;
use super::{Alias, id_text, write_id};
use crate::json::{Kind, Value, push_pointer, write_string};
use crate::judge::Site;
use crate::limits::ID_MAX_BYTES;
use crate::time::format_rfc3339;
use crate::verdict::{Code, Refusal};

/// A number that is larger than this is milliseconds, and seconds otherwise: in
/// seconds it is the year 5138, in milliseconds 1973.
const LARGEST_SECONDS: f64 = 1e11;

/// Bytes of an id in a batch's context as it stands: its 256, each written as an
/// escape, and quotes.
const SHARED_ID_MAX: usize = ID_MAX_BYTES * 6 + 2;

/// Bytes of what a batch's context holds beside a context: attributes of each
/// event, so that 500 of them are 750 KB.
const SHARED_EXTRA_MAX: usize = 1_536;

/// What a batch's context says for each of its events.
#[derive(Default)]
pub(super) struct Shared<'a> {
    user_id: Option<Value<'a>>,
    session_id: Option<Value<'a>>,
    anonymous_id: Option<Value<'a>>,
    parts: Parts<'a>,
    /// What no context holds: an attribute of each event.
    attributes: Vec<(&'a str, Value<'a>)>,
    raw: Option<&'a str>,
}

impl<'a> Shared<'a> {
    pub(super) fn new(alias: Alias, context: Option<Value<'a>>) -> Self {
        let mut shared = Self::default();
        let Some(context) = context else { return shared };
        if alias != Alias::Frontend {
            shared.raw = Some(context.raw());
            return shared;
        }
        for (key, value) in context.entries().filter(|(_, value)| value.kind() != Kind::Null) {
            match member(key) {
                Member::UserId => shared.user_id = Some(value),
                Member::SessionId => shared.session_id = Some(value),
                Member::AnonymousId => shared.anonymous_id = Some(value),
                _ if matches!(key, "ip_address" | "country_code") => {}
                _ => match place(key) {
                    Some((group, inner)) => shared.parts.set(group, inner, value.raw()),
                    None if shared.parts.own(key, value) => {}
                    None => shared.attributes.push((key, value)),
                },
            }
        }
        shared
    }

    /// The batch's context in our words.
    pub(super) fn context(&self) -> Option<Cow<'a, str>> {
        self.raw.map(Cow::Borrowed).or_else(|| self.parts.to_json().map(Cow::Owned))
    }
}

/// Holds what is written once an event within bounds: 500 events times 1.5 KB and
/// three ids stay below what a translated batch may hold.
pub(super) fn check_shared(context: Option<Value<'_>>) -> Result<(), Refusal> {
    let mut extra = 0_usize;
    for (key, value) in context.into_iter().flat_map(Value::entries) {
        let bytes = value.raw().len();
        let fits = match member(key) {
            Member::UserId | Member::SessionId | Member::AnonymousId => bytes <= SHARED_ID_MAX,
            _ if place(key).is_some() || Parts::default().own(key, value) => true,
            _ => {
                extra = extra.saturating_add(key.len()).saturating_add(bytes);
                extra <= SHARED_EXTRA_MAX
            }
        };
        if !fits {
            let mut pointer = String::from("/context");
            push_pointer(&mut pointer, key);
            return Err(Refusal::at(Code::InvalidBatch, pointer));
        }
    }
    Ok(())
}

/// The identifiers of one event, as they are met.
#[derive(Default)]
struct Ids<'a> {
    distinct: Option<Value<'a>>,
    user: Option<Value<'a>>,
    device: Option<Value<'a>>,
    session: Option<Value<'a>>,
    anonymous: Option<Value<'a>>,
    event: Option<Value<'a>>,
    /// Whether the distinct_id is a person's.
    identified: bool,
}

/// Writes one event.
pub(super) fn write(
    out: &mut String,
    event: Value<'_>,
    alias: Alias,
    shared: &Shared<'_>,
    site: &Site,
) {
    let mut object = Object::open(out);
    let mut attributes = String::new();
    let mut data = Object::open(&mut attributes);
    let mut no_object = None;
    let mut ids = Ids::default();
    let mut parts = Parts::default();
    let mut context = None;
    let mut has_source = false;
    let (mut resource_type, mut resource_id) = (None, None);
    for (key, value) in event.entries().filter(|(_, value)| value.kind() != Kind::Null) {
        match member(key) {
            Member::Name => write_name(&mut object, value, &mut ids),
            Member::Time => object.with("occurred_at", |out| write_time(out, value)),
            Member::Properties if value.kind() != Kind::Object => no_object = Some(value),
            Member::Properties => {
                copy_properties(&mut data, value, alias, &mut ids, &mut parts);
                if is_click(event, alias) {
                    data.with("selector", |out| capture::write_selector(out, value));
                }
            }
            Member::DistinctId => ids.distinct = Some(value),
            Member::UserId => ids.user = Some(value),
            Member::SessionId => ids.session = Some(value),
            Member::AnonymousId => ids.anonymous = Some(value),
            Member::EventId => ids.event = Some(value),
            kind @ (Member::Tenant | Member::Site) => write_owner(&mut object, kind, value, site),
            Member::Same if key == "context" => context = Some(value),
            Member::Same => {
                has_source |= key == "source";
                object.raw(key, value.raw());
            }
            Member::ResourceType => resource_type = Some(value),
            Member::ResourceId => resource_id = Some(value),
            Member::Key => {}
            Member::Attribute => data.raw(key, value.raw()),
        }
    }
    if is_click(event, alias) && event.get("properties").is_none() {
        data.raw("selector", "\"*\"");
    }
    for (key, value) in &shared.attributes {
        data.raw(key, value.raw());
    }
    write_resource(&mut data, resource_type, resource_id);
    data.close();
    object.raw("attributes", no_object.map_or(attributes.as_str(), Value::raw));
    write_ids(&mut object, &ids, shared, site);
    match (alias, has_source) {
        (Alias::Track, false) => object.raw("source", "\"server\""),
        (Alias::Frontend, false) => object.raw("source", "\"web\""),
        _ => {}
    }
    match (context, parts.to_json()) {
        (Some(own), _) => object.raw("context", own.raw()),
        (None, Some(gathered)) => object.raw("context", &gathered),
        (None, None) => {}
    }
    object.close();
}

fn is_click(event: Value<'_>, alias: Alias) -> bool {
    alias == Alias::Capture
        && event.get("event").is_some_and(|name| name.raw() == "\"$autocapture\"")
        && event.get("properties").is_none_or(|properties| properties.get("selector").is_none())
}

fn write_name(object: &mut Object<'_>, value: Value<'_>, ids: &mut Ids<'_>) {
    match value.as_str() {
        Some(theirs) => {
            ids.identified |= theirs == "$identify";
            object.text("event_name", names::event_name(&theirs));
        }
        None => object.raw("event_name", value.raw()),
    }
}

/// Appends an instant: RFC 3339 as it is, a number of seconds or milliseconds
/// since 1970 as RFC 3339.
fn write_time(out: &mut String, value: Value<'_>) {
    let number = (value.kind() == Kind::Number).then(|| value.raw().parse::<f64>().ok()).flatten();
    match number {
        Some(number) if number >= 0.0 => {
            let unix_ms = if number < LARGEST_SECONDS { number * 1e3 } else { number };
            out.push('"');
            // `as` saturates, and the writer clamps to the year 9999.
            format_rfc3339(unix_ms as i64, out);
            out.push('"');
        }
        _ => out.push_str(value.raw()),
    }
}

fn copy_properties<'a>(
    data: &mut Object<'_>,
    properties: Value<'a>,
    alias: Alias,
    ids: &mut Ids<'a>,
    parts: &mut Parts<'a>,
) {
    for (key, value) in properties.entries() {
        if alias != Alias::Capture {
            data.raw(names::attribute(alias, key), value.raw());
            continue;
        }
        match capture::property(key) {
            Property::Attribute => data.raw(key, value.raw()),
            Property::Context(group, inner) => capture::to_context(parts, group, inner, value),
            Property::Session => ids.session = ids.session.or(Some(value)),
            Property::EventId => ids.event = ids.event.or(Some(value)),
            Property::Distinct => ids.distinct = ids.distinct.or(Some(value)),
            Property::User => {
                ids.user = ids.user.or(Some(value));
                ids.identified = true;
            }
            Property::Device => {
                ids.identified |= key == "$anon_distinct_id";
                ids.device = Some(value);
            }
            Property::Identified => ids.identified |= value.raw() == "true",
            Property::Nothing => {}
        }
    }
}

/// What the event is about, as attributes; of an agent, also its own id.
fn write_resource(data: &mut Object<'_>, kind: Option<Value<'_>>, id: Option<Value<'_>>) {
    if let Some(kind) = kind {
        data.raw("resource.type", kind.raw());
    }
    if let Some(id) = id {
        data.raw("resource.id", id.raw());
        if kind.is_some_and(|kind| kind.raw() == "\"agent\"") {
            data.raw("agent.id", id.raw());
        }
    }
}

/// Writes who and when: the event's own before its batch's. A distinct_id is the
/// visitor's, or the person's once one is identified; the visitor is then the
/// device, where it is told.
fn write_ids(object: &mut Object<'_>, ids: &Ids<'_>, shared: &Shared<'_>, site: &Site) {
    let (user, anonymous) = match ids.distinct {
        Some(distinct) if ids.identified => {
            (ids.user.or(Some(distinct)), ids.anonymous.or(ids.device))
        }
        Some(distinct) => (ids.user, ids.anonymous.or(Some(distinct))),
        None => (ids.user, ids.anonymous.or(ids.device)),
    };
    for (key, value) in [
        ("event_id", ids.event),
        ("session_id", ids.session.or(shared.session_id)),
        ("anonymous_id", anonymous.or(shared.anonymous_id)),
        ("user_id", user.or(shared.user_id)),
    ] {
        let Some(value) = value else { continue };
        match id_text(value) {
            Some(text) if key == "user_id" => object.with(key, |out| write_string(out, &text)),
            Some(text) => object.with(key, |out| write_id(out, &text, site)),
            // Nobody is nobody; anything else is the judge's to refuse.
            None if value.raw() == "\"\"" || value.kind() == Kind::Null => {}
            None => object.raw(key, value.raw()),
        }
    }
}
