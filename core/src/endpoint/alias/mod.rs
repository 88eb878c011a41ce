//! The paths and words of other products, translated into ours.
//!
//! [`Alias::of_path`] knows the path; [`Alias::read`] takes the body apart, as far
//! as it must be known before a site is (the key may stand in it);
//! [`AliasBody::to_batch`] writes the batch that a public endpoint would have been
//! sent, and [`Alias::sender_pointer`] turns a verdict's pointer back into the
//! sender's words. From there on nothing is special: the same admission, the same
//! judge.
//!
//! Always true: no event disappears. What cannot be translated is written as it
//! came, so that the judge rejects it with its place; a member that no table knows
//! becomes an attribute. An identifier that is no UUID becomes the UUIDv5 of the
//! tenant and the text, the same at every hop and every time.
//!
//! Pure: no clock, no randomness. A missing event_id stays missing.
//! docs/aliases.md is the table for people.

mod capture;
mod context;
mod event;
mod names;
mod object;
mod own;
#[cfg(test)]
mod tests;

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::json::{self, Kind, Value, push_pointer, write_string};
use crate::judge::Site;
use crate::limits::{BATCH_MAX_BYTES, BATCH_MAX_EVENTS, ID_MAX_BYTES};
use crate::verdict::{Code, Refusal};

use object::Object;

/// A form in which another product sends events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alias {
    /// `{api_key, event, distinct_id, properties, timestamp}`, or
    /// `{api_key, batch: […]}`.
    Capture,
    /// `{eventType, resourceType, resourceId, properties}`.
    Track,
    /// `{events: [{event_type, timestamp, properties}], context: {user_id, …}}`.
    Frontend,
    /// Our envelope, alone or as a batch, whose ids may be other text.
    Envelope,
    /// A batch of our envelopes, whose ids may be other text.
    EnvelopeBatch,
}

/// A body taken apart.
#[derive(Clone, Debug)]
pub struct AliasBody<'a> {
    alias: Alias,
    events: Vec<Value<'a>>,
    /// What the batch says for all of its events.
    context: Option<Value<'a>>,
    sent_at: Option<Value<'a>>,
    write_key: Option<Cow<'a, str>>,
    batch_id: Option<Cow<'a, str>>,
}

impl Alias {
    /// The form that is sent to a path.
    pub fn of_path(path: &str) -> Option<Self> {
        Some(match path {
            "/capture" | "/api/capture" => Self::Capture,
            "/api/v1/analytics/track" => Self::Track,
            "/api/analytics/events" => Self::Frontend,
            "/api/v1/analytics/events" => Self::Envelope,
            "/api/v1/analytics/events/batch" => Self::EnvelopeBatch,
            _ => return None,
        })
    }

    /// Takes a body apart.
    ///
    /// # Errors
    /// As [`Batch::read`](crate::batch::Batch::read): `body_too_large`,
    /// `invalid_utf8`, `invalid_json`, `invalid_batch` or `too_many_events`.
    pub fn read(self, body: &[u8]) -> Result<AliasBody<'_>, Refusal> {
        if body.len() > BATCH_MAX_BYTES {
            return Err(Refusal::new(Code::BodyTooLarge));
        }
        let value = json::check(body).map_err(Refusal::new)?;
        if value.kind() != Kind::Object {
            return Err(Refusal::at(Code::InvalidBatch, ""));
        }
        let mut read = AliasBody {
            alias: self,
            events: Vec::new(),
            context: None,
            sent_at: None,
            write_key: None,
            batch_id: None,
        };
        let list = self.list_key();
        let is_batch = list.is_some_and(|list| value.get(list).is_some());
        if !is_batch {
            if matches!(self, Self::Frontend | Self::EnvelopeBatch) {
                return Err(Refusal::at(Code::InvalidBatch, "/events"));
            }
            read.events.push(value);
        }
        let mut has_list = false;
        for (key, member) in value.entries() {
            let at = |code| {
                let mut pointer = String::new();
                push_pointer(&mut pointer, key);
                Refusal::at(code, pointer)
            };
            if is_batch && Some(key) == list {
                // A second list would take the place of the first.
                if has_list || member.kind() != Kind::Array {
                    return Err(at(Code::InvalidBatch));
                }
                has_list = true;
                for event in member.items() {
                    if read.events.len() == BATCH_MAX_EVENTS {
                        return Err(at(Code::TooManyEvents));
                    }
                    read.events.push(event);
                }
            } else {
                read.member(key, member, is_batch).map_err(at)?;
            }
        }
        match self {
            Self::Capture => read.key_in_properties()?,
            Self::Frontend => event::check_shared(read.context)?,
            Self::Track | Self::Envelope | Self::EnvelopeBatch => {}
        }
        Ok(read)
    }

    /// The member that holds a batch's events.
    const fn list_key(self) -> Option<&'static str> {
        match self {
            Self::Capture => Some("batch"),
            Self::Track => None,
            Self::Frontend | Self::Envelope | Self::EnvelopeBatch => Some("events"),
        }
    }

    /// A verdict's pointer in the words of the sender.
    pub fn sender_pointer(self, pointer: &str) -> String {
        names::sender_pointer(self, pointer)
    }
}

impl<'a> AliasBody<'a> {
    fn member(&mut self, key: &str, member: Value<'a>, is_batch: bool) -> Result<(), Code> {
        if member.kind() == Kind::Null {
            return Ok(());
        }
        match key {
            "api_key" | "write_key" => self.see_key(short_text(member)?)?,
            "batch_id" if is_batch => self.batch_id = Some(short_text(member)?),
            "sent_at" if is_batch => self.sent_at = Some(member),
            "context" if is_batch => {
                if member.kind() != Kind::Object {
                    return Err(Code::InvalidBatch);
                }
                self.context = Some(member);
            }
            _ => {}
        }
        Ok(())
    }

    /// The key may come several times, and then it is one.
    fn see_key(&mut self, key: Cow<'a, str>) -> Result<(), Code> {
        match &self.write_key {
            Some(first) if *first != key => Err(Code::WriteKeyConflict),
            _ => {
                self.write_key = Some(key);
                Ok(())
            }
        }
    }

    /// Events of a capture may carry the key themselves.
    fn key_in_properties(&mut self) -> Result<(), Refusal> {
        let keys: Vec<Value<'a>> = self
            .events
            .iter()
            .flat_map(|event| {
                let token = event.get("properties").and_then(|properties| properties.get("token"));
                [event.get("api_key"), token]
            })
            .flatten()
            .filter(|key| key.kind() == Kind::String)
            .collect();
        for key in keys {
            let key = short_text(key).map_err(Refusal::new)?;
            self.see_key(key).map_err(Refusal::new)?;
        }
        Ok(())
    }

    /// The write key, when it travels in the body.
    pub fn write_key(&self) -> Option<&str> {
        self.write_key.as_deref()
    }

    /// The sender's name for the batch.
    pub fn batch_id(&self) -> Option<&str> {
        self.batch_id.as_deref()
    }

    /// Writes the batch in our words, for [`Form::Alias`](crate::batch::Form::Alias).
    pub fn to_batch(&self, site: &Site) -> String {
        let bytes: usize = self.events.iter().map(|event| event.raw().len() + 128).sum();
        let mut out = String::with_capacity(bytes + 256);
        let mut batch = Object::open(&mut out);
        if let Some(batch_id) = &self.batch_id {
            batch.text("batch_id", batch_id);
        }
        if let Some(sent_at) = self.sent_at {
            batch.raw("sent_at", sent_at.raw());
        }
        let shared = event::Shared::new(self.alias, self.context);
        if let Some(context) = shared.context() {
            batch.raw("context", &context);
        }
        batch.key("events");
        out.push('[');
        for (index, event) in self.events.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            match self.alias {
                _ if event.kind() != Kind::Object => out.push_str(event.raw()),
                Alias::Envelope | Alias::EnvelopeBatch => own::write(&mut out, *event, site),
                _ => event::write(&mut out, *event, self.alias, &shared, site),
            }
        }
        out.push_str("]}");
        out
    }
}

fn short_text(value: Value<'_>) -> Result<Cow<'_, str>, Code> {
    let text = value.as_str().ok_or(Code::InvalidBatch)?;
    if text.is_empty() || text.len() > ID_MAX_BYTES { Err(Code::InvalidBatch) } else { Ok(text) }
}

/// The text of an identifier: a string that is not empty, or a number.
fn id_text(value: Value<'_>) -> Option<Cow<'_, str>> {
    match value.kind() {
        Kind::String => value.as_str().filter(|text| !text.is_empty()),
        Kind::Number => Some(Cow::Borrowed(value.raw())),
        _ => None,
    }
}

/// Appends the id that a text stands for: itself, or the UUIDv5 of tenant and
/// text.
fn write_id(out: &mut String, text: &str, site: &Site) {
    use crate::id::Uuid;
    let id = Uuid::parse(text).unwrap_or_else(|| Uuid::v5(site.tenant_id, text.as_bytes()));
    write_string(out, &id.to_string());
}
