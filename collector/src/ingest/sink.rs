//! Where admission puts what it has decided: one entry an event for the log.

use uuid::Uuid;

use tidemark_core::consent::Mode;
use tidemark_core::id;

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

/// Bytes of a payload beside what the sender wrote: ids, times, lengths, and
/// columns that are mostly empty.
const COLUMNS_BYTES: usize = 256;

/// Writes entries for the log, encoded as the record codec does.
#[derive(Debug)]
pub struct Entries {
    encoder: Encoder,
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
        let known = record.attributes.map_or(0, |attributes| attributes.raw().len());
        let mut payload = Vec::with_capacity(COLUMNS_BYTES + 2 * known);
        self.misfits += self.encoder.event(record, &mut payload).misfits;
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
        let mut payload = Vec::with_capacity(COLUMNS_BYTES);
        self.encoder.rejection(rejection, &mut payload);
        let received_at_ms = rejection.received_at_ms;
        let event_id = self.fresh_id(received_at_ms);
        let [tenant_id, site_id] =
            [rejection.tenant_id, rejection.site_id].map(|id| Uuid::from_bytes(id.0));
        let lane = lane_of(tenant_id, site_id, None, None, event_id, self.lanes);
        self.entries.push(Entry { tenant_id, event_id, lane, received_at_ms, payload });
        self.is_event.push(false);
    }
}
