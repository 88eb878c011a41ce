//! What the signed hop and the public endpoints share behind the admission:
//! append, and tell each event what became of it.

use std::sync::Arc;
use tidemark_core::verdict::{EventVerdict, Verdict};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::Admission;
use super::storage::{Collected, Storage};
use crate::clock::{Clock, SystemClock};
use crate::limits::MAX_INGEST_IN_FLIGHT;
use crate::log::append::Outcome;
use crate::metrics::Metrics;
use crate::refusal::Refused;

/// Admission, storage and what is counted.
pub struct Pipeline {
    pub(super) admission: Admission,
    storage: Storage,
    pub(super) metrics: Arc<Metrics>,
    pub(super) clock: SystemClock,
    slots: Semaphore,
}

impl Pipeline {
    /// What `admission` lets through goes to `storage`.
    pub fn new(admission: Admission, storage: Storage, metrics: Arc<Metrics>) -> Self {
        let slots = Semaphore::new(MAX_INGEST_IN_FLIGHT);
        Self { admission, storage, metrics, clock: SystemClock::new(), slots }
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
    pub(super) fn collect(&self) -> Result<Collected, Refused> {
        self.storage.collect()
    }

    /// Appends what was collected, and settles the verdicts that stood at
    /// `accepted`.
    ///
    /// # Errors
    /// When the log claims nothing: then nobody is told anything.
    pub(super) async fn store(
        &self,
        collected: Collected,
        verdicts: &mut [EventVerdict],
    ) -> Result<(), Refused> {
        let appended = self.storage.append(collected).await?;
        let accepted = verdicts.iter_mut().filter(|event| event.verdict == Verdict::Accepted);
        for (event, outcome) in accepted.zip(appended.outcomes) {
            event.verdict = match outcome {
                Outcome::Stored => Verdict::Accepted,
                Outcome::Duplicate => Verdict::Duplicate,
            };
        }
        if appended.misfits > 0 {
            self.metrics.misfits(appended.misfits);
        }
        self.metrics.batch_answered(verdicts);
        Ok(())
    }
}
