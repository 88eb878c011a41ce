//! Events judged one after the other, for who stores them: what the judge learnt is
//! handed over, so that no text is written and none is read again.
//!
//! What stays as it is stays where the body's tape has it; only a part that was
//! redacted is a text of its own, with an index of its own.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::output::clean_user_id;
use super::{Judge, OfBatch, Place, Settled, Weighed};
use crate::batch::Batch;
use crate::event::Envelope;
use crate::id::Uuid;
use crate::json::{Node, Tape, Value, check_text};
use crate::time;
use crate::verdict::Fault;

/// A batch before its judge.
pub struct Hearing<'t> {
    judge: Judge<'t>,
    batch: &'t Batch<'t>,
    of_batch: OfBatch,
    context: Option<Part<'t>>,
    geo: Option<Value<'t>>,
}

/// One event, heard.
#[derive(Debug)]
pub struct Heard<'t> {
    /// Its id: given or filled in; absent when the event was not readable.
    pub event_id: Option<Uuid>,
    /// Whether the id was filled in.
    pub filled: bool,
    /// What is to be stored, or why nothing is.
    pub admitted: Result<Whole<'t>, Fault>,
}

/// What an accepted event is.
#[derive(Debug)]
pub struct Whole<'t> {
    /// The envelope as it may be stored: after consent, in corrected time, with the
    /// `user_id` that may travel. Its objects are below.
    pub envelope: Envelope<'t>,
    /// `attributes`, sanitised.
    pub attributes: Option<Part<'t>>,
    /// The event's own context, sanitised.
    pub context: Option<Part<'t>>,
    /// `geo`: the edge's, or the call's own.
    pub geo: Option<Value<'t>>,
    /// The network: the edge's, or the call's own; empty when it is not known.
    pub client_ip_prefix: Cow<'t, str>,
}

/// An object of an event.
#[derive(Debug)]
pub enum Part<'t> {
    /// It stays as it is in the body.
    Kept(Node<'t, 't>),
    /// Something of it was redacted.
    Changed(Changed),
}

/// An object that was redacted: its text, which is checked JSON.
#[derive(Debug)]
pub struct Changed(String);

/// Where an object can be read without looking at its text again.
#[derive(Debug)]
pub enum Index<'p> {
    /// In the body's tape.
    Body(Node<'p, 'p>),
    /// In a tape of its own.
    Own(Tape<'p>),
}

impl<'p> Part<'p> {
    /// The object's index.
    pub fn index(&'p self) -> Index<'p> {
        match self {
            Self::Kept(node) => Index::Body(*node),
            // What the sanitiser writes is JSON: were it none, nothing is told of it.
            Self::Changed(Changed(text)) => Index::Own(Tape::read_text(text).unwrap_or_default()),
        }
    }
}

impl Index<'_> {
    /// The object.
    pub fn root(&self) -> Node<'_, '_> {
        match self {
            Self::Body(node) => *node,
            Self::Own(tape) => tape.root(),
        }
    }
}

impl<'t> Judge<'t> {
    /// Opens the hearing of a batch.
    pub fn hear(self, batch: &'t Batch<'t>) -> Hearing<'t> {
        let (of_batch, settled) = self.of_batch(batch);
        let context = batch.context_node().filter(|_| of_batch.consent.is_ok());
        let context = context.map(|context| {
            self.part(context, settled, |out| {
                self.clean_context(context, settled, &mut Vec::new(), out);
            })
        });
        let geo = match self.place {
            Place::Public(arrival) => arrival.geo.and_then(|geo| check_text(geo).ok()),
            _ => None,
        };
        Hearing { judge: self, batch, of_batch, context, geo }
    }

    fn part(
        &self,
        node: Node<'t, 't>,
        settled: Settled,
        clean: impl FnOnce(&mut String),
    ) -> Part<'t> {
        if self.stays(settled) {
            return Part::Kept(node);
        }
        let mut text = String::with_capacity(node.raw().len());
        clean(&mut text);
        if text == node.raw() { Part::Kept(node) } else { Part::Changed(Changed(text)) }
    }
}

impl<'t> Hearing<'t> {
    /// The context that all events share, sanitised.
    pub const fn context(&self) -> Option<&Part<'t>> {
        self.context.as_ref()
    }

    /// Judges every event, in order. `fill_id` makes the id of the event at an index
    /// that came without one.
    pub fn each(&self, fill_id: &mut dyn FnMut(usize) -> Uuid, mut take: impl FnMut(Heard<'t>)) {
        for (index, event) in self.batch.nodes().enumerate() {
            let (mut event_id, mut filled) = (None, false);
            let mut fill = || {
                filled = true;
                fill_id(index)
            };
            let admitted = self.event(event, &mut fill, &mut event_id);
            take(Heard { event_id, filled, admitted });
        }
    }

    fn event(
        &self,
        event: Node<'t, 't>,
        fill_id: &mut dyn FnMut() -> Uuid,
        event_id: &mut Option<Uuid>,
    ) -> Result<Whole<'t>, Fault> {
        let (judge, mut findings) = (&self.judge, Vec::new());
        let Weighed { mut envelope, parts, known } =
            judge.weigh(event, &self.of_batch, fill_id, event_id, &mut findings)?;
        let attributes = parts.attributes.map(|node| {
            judge.part(node, known.attributes, |out| {
                judge.clean_attributes(&envelope.event_name, node, known, &mut findings, out);
            })
        });
        let context = parts.context.map(|node| {
            judge.part(node, known.context, |out| {
                judge.clean_context(node, known.context, &mut Vec::new(), out);
            })
        });
        envelope.user_id = envelope
            .user_id
            .and_then(|user_id| clean_user_id(user_id, &judge.policy(), &mut findings));
        envelope.occurred_at_ms = envelope.occurred_at_ms.map(time::within_years);
        envelope.received_at_ms = envelope.received_at_ms.map(time::within_years);
        let (geo, client_ip_prefix) = match judge.place {
            Place::Public(arrival) => (self.geo, arrival.client_ip_prefix.map(Cow::Borrowed)),
            _ => (envelope.geo, envelope.client_ip_prefix.and_then(Value::as_str)),
        };
        let client_ip_prefix = client_ip_prefix.unwrap_or_default();
        Ok(Whole { envelope, attributes, context, geo, client_ip_prefix })
    }
}
