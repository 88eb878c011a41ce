//! Takes a request's body apart: the batch's own members, and its events.
//!
//! A batch is `{ batch_id?, sent_at?, clock_offset_ms?, write_key?, context?,
//! events: […] }`; the signed hop adds `tenant_id`, `site_id` and `received_at`.
//! Only what leaves no event to judge refuses the call; an event that is
//! broken inside of well-formed JSON is judged alone.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use crate::id::Uuid;
#[cfg(feature = "catalogue")]
use crate::json::TapeMemory;
use crate::json::{Kind, Node, Tape, Value, push_pointer};
use crate::limits::{BATCH_MAX_BYTES, BATCH_MAX_EVENTS, HOP_BATCH_MAX_BYTES, ID_MAX_BYTES};
use crate::time::parse_rfc3339;
use crate::verdict::{Code, Refusal};

/// How a body arrived, which decides its bounds and members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A batch from a client.
    Batch,
    /// A batch or a single event from a client.
    BatchOrEvent,
    /// A batch that was translated from another product's words, whose own size
    /// was held before.
    Alias,
    /// A batch on the signed hop.
    Hop,
}

/// A body taken apart; every part is a slice of it.
#[derive(Clone, Debug, Default)]
pub struct Batch<'a> {
    /// The sender's name for the batch, echoed in the answer.
    pub batch_id: Option<Cow<'a, str>>,
    /// When it was sent by the sender's clock, in Unix milliseconds.
    pub sent_at_ms: Option<i64>,
    /// What the sender's clock lacks, learnt from an earlier answer.
    pub clock_offset_ms: Option<i64>,
    /// The write key, when it travels in the body.
    pub write_key: Option<Cow<'a, str>>,
    /// The context that all events share.
    pub context: Option<Value<'a>>,
    /// The events, each to be judged.
    pub events: Vec<Value<'a>>,
    /// On the hop: the tenant that the edge found.
    pub tenant_id: Option<Uuid>,
    /// On the hop: the site that the edge found.
    pub site_id: Option<Uuid>,
    /// On the hop: when the edge received it, in Unix milliseconds.
    pub received_at_ms: Option<i64>,
    tape: Tape<'a>,
    /// Where the tape holds the context, and the list of events; without a list the
    /// one event is the whole text.
    context_place: Option<usize>,
    events_place: Option<usize>,
}

impl<'a> Batch<'a> {
    /// Takes a body apart.
    ///
    /// # Errors
    /// `body_too_large`, `invalid_utf8`, `invalid_json`, `invalid_batch` or
    /// `too_many_events`, with the place where there is one.
    pub fn read(body: &'a [u8], form: Form) -> Result<Self, Refusal> {
        Self::has_size(body, form)?;
        Self::of_tape(Tape::read(body).map_err(Refusal::new)?, form)
    }

    /// As [`read`](Self::read), into memory that another batch has left.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    #[cfg(feature = "catalogue")]
    pub fn read_into(memory: TapeMemory, body: &'a [u8], form: Form) -> Result<Self, Refusal> {
        Self::has_size(body, form)?;
        Self::of_tape(Tape::read_into(memory, body).map_err(Refusal::new)?, form)
    }

    fn has_size(body: &[u8], form: Form) -> Result<(), Refusal> {
        let max_bytes = match form {
            Form::Batch | Form::BatchOrEvent => BATCH_MAX_BYTES,
            Form::Alias | Form::Hop => HOP_BATCH_MAX_BYTES,
        };
        if body.len() > max_bytes {
            return Err(Refusal::new(Code::BodyTooLarge));
        }
        Ok(())
    }

    fn of_tape(tape: Tape<'a>, form: Form) -> Result<Self, Refusal> {
        let root = tape.root();
        if root.kind() != Kind::Object {
            return Err(Refusal::at(Code::InvalidBatch, ""));
        }
        let mut batch = Self::default();
        if form == Form::BatchOrEvent && root.get("events").is_none() {
            batch.events = Vec::from([root.value()]);
            batch.tape = tape;
            return Ok(batch);
        }
        let mut seen: Vec<&str> = Vec::new();
        for (key, member) in root.members() {
            let key = key.inside();
            // A member that stands twice would take the place of the first, and
            // its events with it. The members that there are bound the list.
            let twice = seen.contains(&key);
            seen.push(key);
            let read =
                if twice { Err(Code::InvalidBatch) } else { batch.read_member(key, member, form) };
            read.map_err(|code| {
                let mut pointer = String::new();
                push_pointer(&mut pointer, key);
                Refusal::at(code, pointer)
            })?;
        }
        if !seen.contains(&"events") {
            return Err(Refusal::at(Code::InvalidBatch, "/events"));
        }
        batch.tape = tape;
        Ok(batch)
    }

    /// A batch of one event, which is the whole text, of whatever size.
    ///
    /// # Errors
    /// `invalid_utf8` or `invalid_json`.
    pub fn of_one(event: &'a [u8]) -> Result<Self, Code> {
        let tape = Tape::read(event)?;
        let root = tape.root();
        Ok(Self { events: Vec::from([root.value()]), tape, ..Self::default() })
    }

    /// The memory that it was read into, for another batch.
    #[cfg(feature = "catalogue")]
    pub fn into_memory(self) -> TapeMemory {
        self.tape.into_memory()
    }

    /// The shared context, where the body's tape holds it.
    pub(crate) fn context_node(&self) -> Option<Node<'_, 'a>> {
        self.context_place.map(|place| self.tape.node(place))
    }

    /// The events, where the body's tape holds them.
    pub fn nodes(&self) -> impl Iterator<Item = Node<'_, 'a>> {
        let alone = self.events_place.is_none() && !self.events.is_empty();
        let alone = alone.then(|| self.tape.root());
        let listed = self.events_place.map(|place| self.tape.node(place).items());
        alone.into_iter().chain(listed.into_iter().flatten())
    }

    fn read_member(&mut self, key: &str, node: Node<'_, 'a>, form: Form) -> Result<(), Code> {
        let value = node.value();
        if value.kind() == Kind::Null && key != "events" {
            return Ok(());
        }
        match key {
            "batch_id" => self.batch_id = Some(short_text(value)?),
            "write_key" => self.write_key = Some(short_text(value)?),
            "sent_at" => self.sent_at_ms = Some(instant(value)?),
            "clock_offset_ms" => self.clock_offset_ms = Some(millis(value)?),
            "context" if value.kind() == Kind::Object => {
                self.context = Some(value);
                self.context_place = Some(node.place());
            }
            "events" if value.kind() == Kind::Array => {
                self.events_place = Some(node.place());
                for event in node.items() {
                    if self.events.len() == BATCH_MAX_EVENTS {
                        return Err(Code::TooManyEvents);
                    }
                    self.events.push(event.value());
                }
            }
            "tenant_id" if form == Form::Hop => self.tenant_id = Some(uuid(value)?),
            "site_id" if form == Form::Hop => self.site_id = Some(uuid(value)?),
            "received_at" if form == Form::Hop => self.received_at_ms = Some(instant(value)?),
            _ => return Err(Code::InvalidBatch),
        }
        Ok(())
    }
}

fn short_text(value: Value<'_>) -> Result<Cow<'_, str>, Code> {
    let text = value.as_str().ok_or(Code::InvalidBatch)?;
    if text.is_empty() || text.len() > ID_MAX_BYTES { Err(Code::InvalidBatch) } else { Ok(text) }
}

fn instant(value: Value<'_>) -> Result<i64, Code> {
    value.as_str().as_deref().and_then(parse_rfc3339).ok_or(Code::InvalidBatch)
}

fn uuid(value: Value<'_>) -> Result<Uuid, Code> {
    value.as_str().as_deref().and_then(Uuid::parse).ok_or(Code::InvalidBatch)
}

/// A whole number of milliseconds.
fn millis(value: Value<'_>) -> Result<i64, Code> {
    value.raw().parse().map_err(|_| Code::InvalidBatch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_taken_apart() {
        let body = br#"{"batch_id":"b1","sent_at":"2026-01-02T03:04:05.678Z","clock_offset_ms":-20,
            "write_key":"wk","context":{"locale":"de"},"events":[{"a":1},7]}"#;
        let batch = Batch::read(body, Form::Batch).unwrap();
        assert_eq!(batch.batch_id.as_deref(), Some("b1"));
        assert_eq!(batch.sent_at_ms, Some(1_767_323_045_678));
        assert_eq!(batch.clock_offset_ms, Some(-20));
        assert_eq!(batch.write_key.as_deref(), Some("wk"));
        assert_eq!(batch.events.iter().map(|e| e.raw()).collect::<Vec<_>>(), [r#"{"a":1}"#, "7"]);
    }

    #[cfg(feature = "catalogue")]
    #[test]
    fn memory_that_another_batch_has_left_holds_nothing_of_it() {
        let large = ["{\"events\":[", &"{\"a\":[1,{\"b\":2}]},".repeat(99), "1]}"].concat();
        let before = Batch::read(large.as_bytes(), Form::Hop).unwrap();
        let memory = before.into_memory();
        let room = memory.bytes();
        assert!(room > 0);
        let body = br#"{"context":{"locale":"de"},"events":[{"a":1},7]}"#;
        let batch = Batch::read_into(memory, body, Form::Hop).unwrap();
        let events = |batch: &Batch<'_>| -> Vec<String> {
            batch.nodes().map(|event| String::from(event.raw())).collect()
        };
        assert_eq!(events(&batch), events(&Batch::read(body, Form::Hop).unwrap()));
        assert_eq!(batch.context_node().map(Node::raw), Some(r#"{"locale":"de"}"#));
        let memory = batch.into_memory();
        assert_eq!(memory.bytes(), room);
        assert_eq!(
            Batch::read_into(memory, b"{\xff", Form::Hop).unwrap_err(),
            Refusal::new(Code::InvalidUtf8)
        );
    }

    #[test]
    fn a_single_event_is_a_batch_of_one_where_that_is_taken() {
        let body = br#"{"event_name":"a"}"#;
        assert_eq!(Batch::read(body, Form::BatchOrEvent).unwrap().events.len(), 1);
        let refusal = Batch::read(body, Form::Batch).unwrap_err();
        assert_eq!(refusal, Refusal::at(Code::InvalidBatch, "/event_name"));
    }

    #[test]
    fn each_refusal_says_why_and_where() {
        let many = ["{\"events\":[", &"1,".repeat(BATCH_MAX_EVENTS), "1]}"].concat();
        let large = " ".repeat(BATCH_MAX_BYTES + 1);
        for (body, code, pointer) in [
            (&b"{"[..], Code::InvalidJson, None),
            (b"", Code::InvalidJson, None),
            (b"\xff", Code::InvalidUtf8, None),
            (b"[]", Code::InvalidBatch, Some("")),
            (b"{}", Code::InvalidBatch, Some("/events")),
            (b"{\"events\":{}}", Code::InvalidBatch, Some("/events")),
            (b"{\"events\":[],\"events\":[]}", Code::InvalidBatch, Some("/events")),
            (b"{\"events\":null}", Code::InvalidBatch, Some("/events")),
            (b"{\"events\":[],\"sent_at\":1}", Code::InvalidBatch, Some("/sent_at")),
            (b"{\"events\":[],\"tenant_id\":\"x\"}", Code::InvalidBatch, Some("/tenant_id")),
            (many.as_bytes(), Code::TooManyEvents, Some("/events")),
            (large.as_bytes(), Code::BodyTooLarge, None),
        ] {
            let refusal = Batch::read(body, Form::Batch).unwrap_err();
            assert_eq!((refusal.code, refusal.pointer.as_deref()), (code, pointer));
        }
    }
}
