//! Where admission puts what it has decided: one entry an event for the log.

use bytes::{Bytes, BytesMut};
use uuid::Uuid;

use tidemark_core::consent::Mode;
use tidemark_core::id;
use tidemark_core::limits::BATCH_MAX_EVENTS;

use crate::log::append::OnItsWay;
use crate::log::erased::Passage;
use crate::log::{Entry, lane_of};
use crate::record::{Encoder, Record, Rejection};

/// Takes up what became of a batch's events, in their order.
pub trait Sink {
    /// An event that is to be stored.
    fn event(&mut self, record: &Record<'_>);

    /// An event that is not stored: where and why.
    fn rejection(&mut self, rejection: &Rejection<'_>);
}

/// Bytes of memory that a batch's payloads begin with: one event's, mostly.
const FIRST_CHUNK_BYTES: usize = 2 * 1024;

/// Bytes that are asked of the allocator at once, at most: what a batch takes grows
/// twofold up to it, so that a hundred events ask some six times. glibc tidies its heap up
/// whenever 64 KB or more are given back.
const CHUNK_MAX_BYTES: usize = 32 * 1024;

/// Bytes of a usual event.
const EVENT_BYTES: usize = 512;

/// Writes entries for the log, encoded as the record codec does.
#[derive(Debug)]
pub struct Entries {
    encoder: Encoder,
    /// The payload that is being written.
    payload: Vec<u8>,
    /// Where payloads are kept, one behind the other.
    chunk: BytesMut,
    chunk_bytes: usize,
    lanes: u16,
    /// The first ten bytes after the time of a fresh id; counted up, so that one
    /// batch asks the system for randomness once.
    random: u128,
    /// What is to be appended: the events in order, and behind each rejected one
    /// its rejection.
    pub entries: Vec<Entry>,
    /// For each entry whether it is an event.
    pub is_event: Vec<bool>,
    /// Attribute values that did not fit their column.
    pub misfits: u64,
    /// What an erasure that begins now waits for.
    pub(super) passage: Option<Passage>,
    /// What the log's next group waits for.
    pub(super) on_its_way: OnItsWay,
}

impl Entries {
    /// For a log of so many lanes. `random` seeds the ids of rejections.
    pub fn new(lanes: u16, random: [u8; 16]) -> Self {
        Self {
            encoder: Encoder::new(),
            payload: Vec::new(),
            chunk: BytesMut::new(),
            chunk_bytes: FIRST_CHUNK_BYTES,
            lanes,
            random: u128::from_be_bytes(random),
            entries: Vec::new(),
            is_event: Vec::new(),
            misfits: 0,
            passage: None,
            on_its_way: OnItsWay::default(),
        }
    }

    /// Holds up erasures until the batch is durable.
    #[must_use]
    pub(super) fn with_passage(mut self, passage: Option<Passage>) -> Self {
        self.passage = passage;
        self
    }

    /// Lets the log wait for the batch, while it is judged.
    #[must_use]
    pub(super) fn announced(mut self, on_its_way: OnItsWay) -> Self {
        self.on_its_way = on_its_way;
        self
    }

    /// Makes room for the events of a body of so many bytes.
    #[must_use]
    pub(super) fn for_body(mut self, bytes: usize) -> Self {
        self.chunk_bytes = bytes.clamp(FIRST_CHUNK_BYTES, CHUNK_MAX_BYTES);
        let events = (bytes / EVENT_BYTES).min(BATCH_MAX_EVENTS);
        self.entries.reserve(events);
        self.is_event.reserve(events);
        self
    }

    /// The payload that was written, beside its neighbours: an allocation of its own for
    /// each event would be given back by another thread, which costs as much again.
    fn kept(&mut self) -> Bytes {
        if self.chunk.capacity() < self.payload.len() {
            self.chunk = BytesMut::with_capacity(self.chunk_bytes.max(self.payload.len()));
            self.chunk_bytes = (2 * self.chunk_bytes).min(CHUNK_MAX_BYTES);
        }
        self.chunk.extend_from_slice(&self.payload);
        self.payload.clear();
        self.chunk.split().freeze()
    }

    /// A rejection is an entry of its own: each one that was received counts,
    /// also of an event that is sent again. Its id is therefore fresh.
    fn fresh_id(&mut self, unix_ms: i64) -> Uuid {
        self.random = self.random.wrapping_add(1);
        let mut random = [0; 10];
        random.copy_from_slice(&self.random.to_be_bytes()[6..]);
        Uuid::from_bytes(id::Uuid::v7(unix_ms, random).0)
    }
}

impl Sink for Entries {
    fn event(&mut self, record: &Record<'_>) {
        self.misfits += self.encoder.event(record, &mut self.payload).misfits;
        let payload = self.kept();
        let [tenant_id, site_id, event_id] =
            [record.tenant_id, record.site_id, record.event_id].map(|id| Uuid::from_bytes(id.0));
        let wide = |id: Option<id::Uuid>| id.map(|id| Uuid::from_bytes(id.0));
        // The daily key of a cookieless visitor is not the client's.
        let consent = &record.context.consent;
        let cookieless = consent.mode == Mode::Cookieless && consent.analytics != Some(true);
        let anonymous_id = record.anonymous_id.filter(|_| !cookieless);
        let lane = lane_of(
            tenant_id,
            site_id,
            wide(record.session_id),
            wide(anonymous_id),
            event_id,
            self.lanes,
        );
        let received_at_ms = record.received_at_ms;
        self.entries.push(Entry { tenant_id, event_id, lane, received_at_ms, payload });
        self.is_event.push(true);
    }

    fn rejection(&mut self, rejection: &Rejection<'_>) {
        self.encoder.rejection(rejection, &mut self.payload);
        let payload = self.kept();
        let received_at_ms = rejection.received_at_ms;
        let event_id = self.fresh_id(received_at_ms);
        let [tenant_id, site_id] =
            [rejection.tenant_id, rejection.site_id].map(|id| Uuid::from_bytes(id.0));
        let lane = lane_of(tenant_id, site_id, None, None, event_id, self.lanes);
        self.entries.push(Entry { tenant_id, event_id, lane, received_at_ms, payload });
        self.is_event.push(false);
    }
}
