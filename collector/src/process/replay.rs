//! What is to be sent again: dead letters, or a range of the log.
//!
//! Owns how a place becomes an entry that the log takes once more. Its dedupe id is
//! made of the place, not of the event: the log knows the event's own, and a second
//! replay of the same place within its nine days is a duplicate. Whoever sends has
//! asked the base table for the event's id before; so however often something is
//! replayed, it is stored once.
//!
//! What always holds: an event of an erased person is not given out; nor is anything of
//! the log that ClickHouse has not been sent yet.
//!
//! Deliberately absent: asking and appending, which are the service's.

use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;

use super::dead_letters::{self, DeadLettersError};
use super::erase::Resting;
use crate::disk::Disk;
use crate::log::erased::ErasedPeople;
use crate::log::{Content, Entry, LogError, LogReader};
use crate::place::{Lane, LogId};
use crate::record::{Kind, RecordView};

/// Bytes read of the log at once.
const READ_BYTES: usize = 8 * 1024 * 1024;

/// Where events are read from.
#[derive(Clone)]
pub struct Source {
    /// The log.
    pub log: Arc<dyn LogReader>,
    /// Where the dead letters are.
    pub disk: Arc<dyn Disk>,
    /// Who must not come back.
    pub people: Arc<ErasedPeople>,
    /// The writers, who know how far they are.
    pub writers: Arc<dyn Resting + Send + Sync>,
    /// Held while dead letters are marked.
    pub marking: Arc<Mutex<()>>,
}

/// What is asked for: a page of a lane.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The lane.
    pub lane: Lane,
    /// Dead letters, or everything that the log holds.
    pub dead_letters: bool,
    /// The first place; of dead letters the place in their file.
    pub from: u64,
    /// The place after the last.
    pub to: u64,
    /// One organisation's alone.
    pub tenant_id: Option<Uuid>,
    /// Dead letters with this reason alone, e.g. `INCORRECT_DATA`.
    pub reason: Option<String>,
    /// Places that are looked at.
    pub max: usize,
}

/// One event to be sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its offset in the lane.
    pub offset: u64,
    /// The organisation.
    pub tenant_id: Uuid,
    /// The web property.
    pub site_id: Uuid,
    /// The event's own id.
    pub event_id: Uuid,
    /// When it occurred, Unix milliseconds.
    pub occurred_at_ms: i64,
    /// When it was received, Unix milliseconds.
    pub received_at_ms: i64,
    payload: Vec<u8>,
}

/// A page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// What is to be sent.
    pub candidates: Vec<Candidate>,
    /// Events that were looked at and are wanted.
    pub looked_at: u64,
    /// Of them, those of erased people, and those whose content is gone.
    pub erased: u64,
    /// Where the next page begins; `None` at the end.
    pub next: Option<u64>,
}

/// Why a page cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The dead letters.
    #[error(transparent)]
    DeadLetters(#[from] DeadLettersError),
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl Source {
    /// Reads a page.
    ///
    /// # Errors
    /// [`ReplayError`].
    pub fn read(&self, wanted: &Wanted) -> Result<Found, ReplayError> {
        if wanted.dead_letters { self.letters(wanted) } else { self.entries(wanted) }
    }

    /// Says of dead letters that they were sent again: what became of them is durable in
    /// the log, or ClickHouse has them. They are not given out any more.
    ///
    /// # Errors
    /// [`ReplayError`]; they are then found to be stored the next time.
    pub fn mark(
        &self,
        lane: Lane,
        offsets: impl IntoIterator<Item = u64>,
    ) -> Result<(), ReplayError> {
        let _one_at_a_time = self.marking.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(dead_letters::mark_replayed(&*self.disk, lane, offsets)?)
    }

    fn letters(&self, wanted: &Wanted) -> Result<Found, ReplayError> {
        let dead_letters::Unsent { letters, all } = dead_letters::unsent(&*self.disk, wanted.lane)?;
        let mut found = Found::default();
        let from = usize::try_from(wanted.from).unwrap_or(usize::MAX);
        let page = from..from.saturating_add(wanted.max);
        for (_, letter) in letters.iter().filter(|(at, _)| page.contains(at)) {
            if wanted.reason.as_ref().is_none_or(|reason| *reason == letter.reason) {
                self.take(wanted, letter.offset, &letter.payload, &mut found);
            }
        }
        found.next = (page.end < all).then_some(page.end as u64);
        Ok(found)
    }

    fn entries(&self, wanted: &Wanted) -> Result<Found, ReplayError> {
        let mut found = Found::default();
        // What is not committed is under way by itself.
        let committed = self.writers.committed(wanted.lane).unwrap_or(0);
        let (from, to) = (wanted.from.max(self.log.begin(wanted.lane)), wanted.to.min(committed));
        if from >= to {
            return Ok(found);
        }
        let items = self.log.read(wanted.lane, from, wanted.max, READ_BYTES)?;
        found.next = items.last().map(|last| last.offset + 1).filter(|next| *next < to);
        for item in items.iter().filter(|item| item.offset < to) {
            match &item.content {
                Content::Entry(stored) => {
                    self.take(wanted, item.offset, &stored.payload, &mut found);
                }
                Content::Erased => {
                    found.looked_at += 1;
                    found.erased += 1;
                }
                Content::Damaged => {}
            }
        }
        Ok(found)
    }

    fn take(&self, wanted: &Wanted, offset: u64, payload: &[u8], found: &mut Found) {
        if payload.is_empty() {
            found.looked_at += 1;
            found.erased += 1;
            return;
        }
        let Ok(view) = RecordView::read(payload) else { return };
        let wide = |id: tidemark_core::id::Uuid| Uuid::from_bytes(id.0);
        let (tenant_id, Ok(user_id)) = (wide(view.tenant_id()), view.user_id()) else { return };
        if view.kind() != Kind::Event || wanted.tenant_id.is_some_and(|only| only != tenant_id) {
            return;
        }
        found.looked_at += 1;
        let (occurred_at_ms, received_at_ms) = (view.occurred_at_ms(), view.received_at_ms());
        let at_ms = occurred_at_ms.min(received_at_ms);
        if self.people.covers(tenant_id, user_id, wide(view.anonymous_id()), at_ms) {
            found.erased += 1;
            return;
        }
        found.candidates.push(Candidate {
            offset,
            tenant_id,
            site_id: wide(view.site_id()),
            event_id: wide(view.event_id()),
            occurred_at_ms,
            received_at_ms,
            payload: payload.to_vec(),
        });
    }
}

impl Candidate {
    /// The entry by which it is sent again.
    pub fn into_entry(self, log_id: LogId, lane: Lane) -> Entry {
        let place = format!("replay {lane} {}", self.offset);
        let log = tidemark_core::id::Uuid(log_id.into_bytes());
        Entry {
            tenant_id: self.tenant_id,
            event_id: Uuid::from_bytes(tidemark_core::id::Uuid::v5(log, place.as_bytes()).0),
            lane,
            received_at_ms: self.received_at_ms,
            payload: self.payload.into(),
        }
    }
}
