//! What the signed hop and the public endpoints share behind the admission: one
//! log with one dedupe. Append, and tell each event what became of it.

use std::sync::Arc;
use std::time::Duration;

use tidemark_core::verdict::{EventVerdict, Verdict};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::Admission;
use super::sink::Entries;
use crate::clock::{Clock, SystemClock};
use crate::limits::{BODY_TIMEOUT, MAX_INGEST_IN_FLIGHT};
use crate::log::append::{AppendError, EventLog, Fullness, Outcome};
use crate::metrics::Metrics;
use crate::refusal::Refused;

/// Admission, the log, and what is counted.
pub struct Pipeline {
    pub(super) admission: Admission,
    log: Arc<dyn EventLog>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) clock: SystemClock,
    pub(super) body_timeout: Duration,
    slots: Semaphore,
}

impl Pipeline {
    /// What `admission` lets through goes into `log`.
    pub fn new(admission: Admission, log: Arc<dyn EventLog>, metrics: Arc<Metrics>) -> Self {
        let slots = Semaphore::new(MAX_INGEST_IN_FLIGHT);
        let (clock, body_timeout) = (SystemClock::new(), BODY_TIMEOUT);
        Self { admission, log, metrics, clock, body_timeout, slots }
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
        Ok(Entries::new(self.log.lanes(), random))
    }

    /// Appends what was collected, and settles the verdicts that stood at
    /// `accepted`. Nothing is asked of the log for nothing.
    ///
    /// # Errors
    /// When the log claims nothing: then nobody is told anything.
    pub(super) async fn store(
        &self,
        batch: Entries,
        verdicts: &mut [EventVerdict],
    ) -> Result<(), Refused> {
        let Entries { entries, is_event, misfits, .. } = batch;
        if !entries.is_empty() {
            let outcomes = self.log.append(entries).await.map_err(refused)?;
            let events = outcomes.into_iter().zip(is_event).filter(|(_, is_event)| *is_event);
            let accepted = verdicts.iter_mut().filter(|event| event.verdict == Verdict::Accepted);
            for (event, (outcome, _)) in accepted.zip(events) {
                event.verdict = match outcome {
                    Outcome::Stored => Verdict::Accepted,
                    Outcome::Duplicate => Verdict::Duplicate,
                };
            }
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
