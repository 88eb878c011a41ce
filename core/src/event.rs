//! The envelope: what every event carries around its own attributes.
//!
//! [`Envelope::read`] takes an event apart into its members' text, once, and
//! refuses what is no envelope. schemas/events/envelope.json says the same as
//! data; a test holds both against the golden payloads.

use crate::id::Uuid;
use crate::json::{Kind, Node, Value, push_pointer};
use crate::limits::{EVENT_NAME_MAX_BYTES, ID_MAX_BYTES};
use crate::noticed::{DeviceClass, Flags};
use crate::verdict::{Code, Fault};
use alloc::borrow::Cow;
use alloc::string::String;

/// Whether a name is lower-case words (`[a-z][a-z0-9_]*`) joined by dots, within
/// 128 bytes.
pub fn is_event_name(name: &str) -> bool {
    let mut word_begins = true;
    for byte in name.bytes() {
        word_begins = match byte {
            b'a'..=b'z' => false,
            b'0'..=b'9' | b'_' if !word_begins => false,
            b'.' if !word_begins => true,
            _ => return false,
        };
    }
    !word_begins && name.len() <= EVENT_NAME_MAX_BYTES
}

/// The members of one event, checked as far as the envelope alone goes.
#[derive(Clone, Debug, Default)]
pub struct Envelope<'a> {
    /// `event_id`.
    pub event_id: Option<Uuid>,
    /// `event_name`; empty only before it is read.
    pub event_name: Cow<'a, str>,
    /// `schema_version`, such as `1-0-0`.
    pub schema_version: Option<Cow<'a, str>>,
    /// `occurred_at`, in Unix milliseconds.
    pub occurred_at_ms: Option<i64>,
    /// `received_at`, in Unix milliseconds: believed on the signed hop alone.
    pub received_at_ms: Option<i64>,
    /// `tenant_id`: compared, never believed.
    pub tenant_id: Option<Uuid>,
    /// `site_id`: compared, never believed.
    pub site_id: Option<Uuid>,
    /// `session_id`.
    pub session_id: Option<Uuid>,
    /// `anonymous_id`.
    pub anonymous_id: Option<Uuid>,
    /// `user_id`, opaque.
    pub user_id: Option<Cow<'a, str>>,
    /// `source`: web, widget, voice_ws or server.
    pub source: Option<Value<'a>>,
    /// `attributes`, an object.
    pub attributes: Option<Value<'a>>,
    /// `context`, an object.
    pub context: Option<Value<'a>>,
    /// `geo`: believed on the signed hop alone.
    pub geo: Option<Value<'a>>,
    /// `client_ip_prefix`: believed on the signed hop alone.
    pub client_ip_prefix: Option<Value<'a>>,
    /// `device_class`: believed on the signed hop alone.
    pub device_class: Option<DeviceClass>,
    /// `flags`: believed on the signed hop alone.
    pub flags: Flags,
}

/// The values of `source`.
pub const SOURCES: [&str; 4] = ["web", "widget", "voice_ws", "server"];

/// The members that only the edge may say.
const EDGE_FIELDS: [&str; 5] = ["received_at", "geo", "client_ip_prefix", "device_class", "flags"];

/// The value of a member, and whether it is known to have no escapes.
#[derive(Clone, Copy)]
struct Member<'a> {
    value: Value<'a>,
    unescaped: bool,
}

/// What of an event is an object of its own: where a tape holds it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Parts<'t, 'a> {
    /// `attributes`.
    pub attributes: Option<Node<'t, 'a>>,
    /// `context`.
    pub context: Option<Node<'t, 'a>>,
}

impl<'a> Envelope<'a> {
    /// Takes an event of the signed hop apart. `null` counts as absent.
    ///
    /// # Errors
    /// The first fault, with its pointer.
    pub fn read(event: Value<'a>) -> Result<Self, Fault> {
        let mut envelope = Self::default();
        for (key, value) in event.entries() {
            envelope.read_member(key, Member { value, unescaped: false })?;
        }
        envelope.with_name()
    }

    /// Takes an event of a tape apart: one of the signed hop, or a client's, of which
    /// is ignored what only the edge may say, whatever it is.
    ///
    /// # Errors
    /// The first fault, with its pointer.
    pub fn read_node<'t>(
        event: Node<'t, 'a>,
        is_signed: bool,
    ) -> Result<(Self, Parts<'t, 'a>), Fault> {
        let mut envelope = Self::default();
        let mut parts = Parts::default();
        for (key, node) in event.members() {
            let key = key.inside();
            let member = Member { value: node.value(), unescaped: !node.is_escaped() };
            match member.value.kind() {
                Kind::Null => continue,
                Kind::Object if key == "attributes" => parts.attributes = Some(node),
                Kind::Object if key == "context" => parts.context = Some(node),
                _ if !is_signed && EDGE_FIELDS.contains(&key) => continue,
                _ => {}
            }
            envelope.read_value(key, member).map_err(|code| at_member(key, code))?;
        }
        Ok((envelope.with_name()?, parts))
    }

    fn with_name(self) -> Result<Self, Fault> {
        if self.event_name.is_empty() {
            return Err(Fault::new(Code::MissingField, "/event_name"));
        }
        Ok(self)
    }

    fn read_member(&mut self, key: &str, member: Member<'a>) -> Result<(), Fault> {
        if member.value.kind() == Kind::Null {
            return Ok(());
        }
        self.read_value(key, member).map_err(|code| at_member(key, code))
    }

    fn read_value(&mut self, key: &str, member: Member<'a>) -> Result<(), Code> {
        match key {
            "event_id" => self.event_id = Some(uuid(member)?),
            "event_name" => {
                self.event_name = string(member)?;
                if !is_event_name(&self.event_name) {
                    return Err(Code::InvalidEventName);
                }
            }
            "schema_version" => {
                let version = opaque(member)?;
                if !is_schema_version(&version) {
                    return Err(Code::UnknownSchemaVersion);
                }
                self.schema_version = Some(version);
            }
            "occurred_at" => self.occurred_at_ms = Some(instant(member)?),
            "received_at" => self.received_at_ms = Some(instant(member)?),
            "tenant_id" => self.tenant_id = Some(uuid(member)?),
            "site_id" => self.site_id = Some(uuid(member)?),
            "session_id" => self.session_id = Some(uuid(member)?),
            "anonymous_id" => self.anonymous_id = Some(uuid(member)?),
            "user_id" => self.user_id = Some(opaque(member)?),
            "source" => {
                if !SOURCES.contains(&&*string(member)?) {
                    return Err(Code::NotInEnum);
                }
                self.source = Some(member.value);
            }
            "attributes" => self.attributes = Some(object(member)?),
            "context" => self.context = Some(object(member)?),
            "geo" => self.geo = Some(object(member)?),
            "client_ip_prefix" => {
                opaque(member)?;
                self.client_ip_prefix = Some(member.value);
            }
            "device_class" => {
                let class = DeviceClass::from_name(&string(member)?);
                self.device_class = Some(class.ok_or(Code::NotInEnum)?);
            }
            "flags" if member.value.kind() == Kind::Array => self.flags = Flags::read(member.value),
            "flags" => return Err(Code::WrongType),
            _ => return Err(Code::UnknownField),
        }
        Ok(())
    }
}

#[cold]
fn at_member(key: &str, code: Code) -> Fault {
    let mut pointer = String::new();
    push_pointer(&mut pointer, key);
    Fault::new(code, pointer)
}

fn string(member: Member<'_>) -> Result<Cow<'_, str>, Code> {
    let text = if member.unescaped { member.value.inside() } else { None };
    text.map(Cow::Borrowed).or_else(|| member.value.as_str()).ok_or(Code::WrongType)
}

/// A non-empty string that somebody else chose, within its limit.
fn opaque(member: Member<'_>) -> Result<Cow<'_, str>, Code> {
    let text = string(member)?;
    match text.len() {
        0 => Err(Code::TooShort),
        1..=ID_MAX_BYTES => Ok(text),
        _ => Err(Code::TooLong),
    }
}

/// The nil UUID names nothing, so that it is no id.
fn uuid(member: Member<'_>) -> Result<Uuid, Code> {
    Uuid::parse(&string(member)?).filter(|id| *id != Uuid::default()).ok_or(Code::InvalidUuid)
}

/// Whether a text is three whole numbers joined by hyphens, such as `1-0-0`.
fn is_schema_version(text: &str) -> bool {
    let mut parts = 0;
    let digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    let all = text.as_bytes().split(|byte| *byte == b'-').all(|part| {
        parts += 1;
        digits(part)
    });
    all && parts == 3
}

fn instant(member: Member<'_>) -> Result<i64, Code> {
    crate::time::parse_rfc3339(&string(member)?).ok_or(Code::InvalidTimestamp)
}

fn object(member: Member<'_>) -> Result<Value<'_>, Code> {
    if member.value.kind() == Kind::Object { Ok(member.value) } else { Err(Code::WrongType) }
}

#[cfg(test)]
mod tests {
    use super::is_event_name;

    #[test]
    fn names_are_dotted_lower_case_words() {
        for name in ["signup_click", "voice.turn_started", "a", "a1.b2.c3"] {
            assert!(is_event_name(name), "{name}");
        }
        let long = "a".repeat(129);
        for name in ["", ".", "a.", ".a", "a..b", "A", "a-b", "1a", "_a", "a._b", "ä", "a b", &long]
        {
            assert!(!is_event_name(name), "{name}");
        }
    }
}
