//! What the signed hop and the public endpoints share behind the admission: one
//! log with one dedupe. Append, and tell each event what became of it.

use std::collections::HashSet;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tidemark_core::id::Uuid;
use tidemark_core::verdict::{EventVerdict, Verdict};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::Admission;
use super::sink::Entries;
use crate::clock::{Clock, SystemClock};
use crate::limits::{BODY_TIMEOUT, LATE_AFTER_MS, MAX_INGEST_IN_FLIGHT};
use crate::log::Entry;
use crate::log::append::{AppendError, EventLog, Fullness, Outcome};
use crate::metrics::Metrics;
use crate::refusal::{Cause, Refused};

/// Admission, the log, and what is counted.
pub struct Pipeline {
    pub(super) admission: Admission,
    log: Arc<dyn EventLog>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) clock: SystemClock,
    pub(super) body_timeout: Duration,
    slots: Semaphore,
    base: Option<Arc<dyn Base>>,
}

/// What is asked for events that came late.
pub trait Base: Send + Sync {
    /// The ids of those that are stored. All of them are of one tenant and site.
    fn stored<'a>(&'a self, late: &'a [&'a Entry]) -> Asking<'a>;
}

/// The answer of a [`Base`], when it is there.
pub type Asking<'a> = Pin<Box<dyn Future<Output = Result<HashSet<uuid::Uuid>, Cause>> + Send + 'a>>;

impl Pipeline {
    /// What `admission` lets through goes into `log`.
    pub fn new(admission: Admission, log: Arc<dyn EventLog>, metrics: Arc<Metrics>) -> Self {
        let slots = Semaphore::new(MAX_INGEST_IN_FLIGHT);
        let (clock, body_timeout) = (SystemClock::new(), BODY_TIMEOUT);
        Self { admission, log, metrics, clock, body_timeout, slots, base: None }
    }

    /// Asks `base` for events that come later than a day after they were received.
    #[must_use]
    pub fn with_base(mut self, base: Arc<dyn Base>) -> Self {
        self.base = Some(base);
        self
    }

    /// Waits so long for a call's body; [`BODY_TIMEOUT`] otherwise.
    #[must_use]
    pub const fn with_body_timeout(mut self, body_timeout: Duration) -> Self {
        self.body_timeout = body_timeout;
        self
    }

    /// The wall clock in Unix milliseconds.
    pub(super) fn now_ms(&self) -> i64 {
        self.clock.unix_ms()
    }

    /// A place among the calls that are worked on at once.
    ///
    /// # Errors
    /// `overloaded` when there is none, before anything of the call is read.
    pub(super) fn slot(&self) -> Result<SemaphorePermit<'_>, Refused> {
        self.slots.try_acquire().map_err(|_| Refused::Overloaded)
    }

    /// An empty collection for one batch.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub(super) fn collect(&self) -> Result<Entries, Refused> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|error| Refused::NotStored(Box::new(error)))?;
        let passage = self.admission.enter();
        let entries = Entries::new(self.log.lanes(), random);
        Ok(entries.with_passage(passage).announced(self.log.announce()))
    }

    /// Takes out the events that came late and are stored already, for the index need
    /// not know those; one answer an event of the batch, none when nothing is late.
    ///
    /// # Errors
    /// `store_unavailable`: nobody knows, and the sender keeps them.
    async fn take_out_stored(&self, batch: &mut Entries) -> Result<Vec<bool>, Refused> {
        let Some(base) = &self.base else { return Ok(Vec::new()) };
        let late_before_ms = self.now_ms().saturating_sub(LATE_AFTER_MS);
        let is_late = |entry: &Entry| entry.received_at_ms < late_before_ms;
        let events =
            || batch.entries.iter().zip(&batch.is_event).filter(|(_, is_event)| **is_event);
        let late: Vec<&Entry> = events().map(|(entry, _)| entry).filter(|it| is_late(it)).collect();
        if late.is_empty() {
            return Ok(Vec::new());
        }
        // ClickHouse may take its time: nobody waits for this batch meanwhile.
        drop(std::mem::take(&mut batch.on_its_way));
        let stored = base.stored(&late).await.map_err(Refused::NotStored)?;
        let of_batch =
            events().map(|(entry, _)| is_late(entry) && stored.contains(&entry.event_id)).collect();
        let mut kept = batch.entries.iter().zip(&batch.is_event).map(|(entry, is_event)| {
            !(*is_event && is_late(entry) && stored.contains(&entry.event_id))
        });
        let kept: Vec<bool> = kept.by_ref().collect();
        let (mut entries, mut kinds) = (kept.iter(), kept.iter());
        batch.entries.retain(|_| entries.next().copied().unwrap_or(true));
        batch.is_event.retain(|_| kinds.next().copied().unwrap_or(true));
        Ok(of_batch)
    }

    /// Appends what was collected, and settles the verdicts that stood at
    /// `accepted`. Nothing is asked of the log for nothing.
    ///
    /// # Errors
    /// When the log claims nothing: then nobody is told anything.
    pub(super) async fn store(
        &self,
        batch: Entries,
        verdicts: &mut [EventVerdict<Uuid>],
    ) -> Result<(), Refused> {
        let mut batch = batch;
        let stored = self.take_out_stored(&mut batch).await?;
        // Until the batch is durable, or refused, an erasure waits for it.
        let Entries { entries, is_event, misfits, passage: _passage, on_its_way, .. } = batch;
        let mut events = Vec::new();
        if !entries.is_empty() {
            let appending = self.log.append(entries);
            drop(on_its_way);
            let outcomes = appending.await.map_err(refused)?;
            let of_events = outcomes.into_iter().zip(is_event).filter(|(_, is_event)| *is_event);
            events.extend(of_events.map(|(outcome, _)| outcome));
        }
        let mut events = events.into_iter();
        let accepted = verdicts.iter_mut().filter(|event| event.verdict == Verdict::Accepted);
        for (at, event) in accepted.enumerate() {
            let is_stored = stored.get(at).copied().unwrap_or_default();
            let outcome = if is_stored { Some(Outcome::Duplicate) } else { events.next() };
            event.verdict = match outcome {
                Some(Outcome::Duplicate) => Verdict::Duplicate,
                Some(Outcome::Stored) | None => Verdict::Accepted,
            };
        }
        if misfits > 0 {
            self.metrics.misfits(misfits);
        }
        self.metrics.batch_answered(verdicts);
        Ok(())
    }
}

/// What a sender is told of a log that does not take its batch.
fn refused(error: AppendError) -> Refused {
    match error {
        AppendError::Full(Fullness::Queue) => Refused::Overloaded,
        AppendError::Full(_)
        | AppendError::Failed(_)
        | AppendError::NotReady
        | AppendError::Closed
        | AppendError::Unfit(_) => Refused::NotStored(error.into()),
    }
}
