//! The order in which things are done: what consent forbids is emptied first, then
//! what is done is removed from disk, then what waits is written, then sent.

use alloc::string::String;

use tidemark_core::id::Uuid;

use super::batch::{self, Batch};
use super::{Action, Engine};

/// Bytes of events that leave while the page lives, at once and together: with one
/// such batch in flight there is room for 38 KB of beacons in the 64 KiB that a
/// browser lets outlive a page.
pub(super) const SEND_BYTES: usize = 25_600;

impl Engine {
    /// What the page is to do next; `None` when there is nothing until
    /// [`Engine::due_ms`] or another fact.
    pub fn next(&mut self, now_ms: i64) -> Option<Action> {
        self.tell_found(now_ms);
        if core::mem::take(&mut self.forget) {
            return Some(Action::Forget);
        }
        if !self.may_send() {
            self.flushing = false;
            self.leaving = false;
            self.urgent = false;
            return None;
        }
        let old = self.queue.expired(now_ms);
        self.tally.dropped += old.len() as u32;
        self.chunks.release(&old);
        if self.leaving {
            // While the server fails nothing is gained by one more beacon; on disk
            // it waits for the next page.
            let fails = self.flight.as_ref().is_some_and(|batch| !batch.is_under_way());
            if self.identity.is_some() && self.can_save && (fails || !self.online) {
                self.end_leaving(now_ms);
            } else if !self.is_trusted
                && let Some(action) = self.save_now()
            {
                return Some(action);
            } else if let Some(action) = self.next_beacon(now_ms) {
                return Some(action);
            }
        }
        if let Some(chunk) = self.chunks.next_done() {
            return Some(Action::Remove(chunk));
        }
        self.next_save(now_ms).or_else(|| self.next_send(now_ms)).or_else(|| self.next_store())
    }

    /// When [`Engine::next`] has something to say without another fact.
    pub fn due_ms(&self) -> Option<i64> {
        let send = match &self.flight {
            Some(batch) => batch.again_at_ms.filter(|_| self.online),
            None if !self.may_send() || !self.online => None,
            None if self.flushing || self.is_full() => Some(0),
            None => self.flush_at_ms,
        };
        let rage = self.struggle.due_ms();
        let mut first = i64::MAX;
        for due in [send, rage, self.save_at_ms] {
            first = first.min(due.unwrap_or(first));
        }
        (first != i64::MAX).then_some(first)
    }

    /// Whether a flush goes on: something leaves, or its answer is awaited.
    pub fn is_flushing(&self) -> bool {
        self.online && self.flushing || self.flight.as_ref().is_some_and(Batch::is_under_way)
    }

    /// Beacons have taken what they could: what is left is written at once.
    pub(super) fn end_leaving(&mut self, now_ms: i64) {
        self.leaving = false;
        self.save_at_ms = self.save_at_ms.map(|_| now_ms);
        self.flushing = false;
    }

    /// Writes what is not on disk, when its time has come or before it is sent.
    fn next_save(&mut self, now_ms: i64) -> Option<Action> {
        let goes =
            self.flight.is_none() && (self.flushing || self.is_full() || self.is_due(now_ms));
        if !goes && self.save_at_ms.is_none_or(|at| now_ms < at) {
            return None;
        }
        self.save_now()
    }

    fn save_now(&mut self) -> Option<Action> {
        self.save_at_ms.take()?;
        let unsaved = self.queue.unsaved();
        if unsaved == 0 {
            return None;
        }
        let chunk = self.chunks.open(unsaved);
        Some(Action::Save(chunk, self.queue.save(chunk)))
    }

    fn next_send(&mut self, now_ms: i64) -> Option<Action> {
        if !self.online {
            self.flushing = false;
            return None;
        }
        if let Some(batch) = &mut self.flight {
            // Another batch is under way for up to half a minute: no incident
            // waits for that.
            if batch.is_under_way() && core::mem::take(&mut self.urgent) {
                return self.next_beacon_of(batch::MAX_BYTES - SEND_BYTES, now_ms);
            }
            if batch.again_at_ms.is_none_or(|again| now_ms < again) {
                // A flush does not wait for another attempt.
                self.flushing &= batch.is_under_way();
                return None;
            }
            batch.again_at_ms = None;
            batch.attempts = batch.attempts.saturating_add(1);
            let context = batch::context(&self.told, self.consent, self.options.finds);
            return Some(Action::Send(batch.body(&context, now_ms)));
        }
        self.urgent = false;
        if self.queue.is_empty() {
            self.flushing = false;
            return None;
        }
        let due = self.is_due(now_ms);
        if !due && !self.flushing && !self.is_full() {
            return None;
        }
        self.flushing |= due;
        let (batch, body) = self.next_batch(SEND_BYTES, now_ms);
        self.flight = Some(batch);
        Some(Action::Send(body))
    }

    fn next_beacon(&mut self, now_ms: i64) -> Option<Action> {
        // A batch between two attempts goes again; one under way is left to the
        // browser, which keeps it alive.
        if let Some(batch) = self.flight.take_if(|batch| !batch.is_under_way()) {
            let context = batch::context(&self.told, self.consent, self.options.finds);
            let body = batch.body(&context, now_ms);
            self.beacon = Some(batch);
            return Some(Action::Beacon(body));
        }
        if self.queue.is_empty() {
            self.end_leaving(now_ms);
            return None;
        }
        self.next_beacon_of(self.quota, now_ms)
    }

    fn next_beacon_of(&mut self, bytes: usize, now_ms: i64) -> Option<Action> {
        if self.queue.is_empty() {
            return None;
        }
        let (batch, body) = self.next_batch(bytes, now_ms);
        self.beacon = Some(batch);
        Some(Action::Beacon(body))
    }

    /// Storage is written when nothing else is to be done, never for each event.
    fn next_store(&mut self) -> Option<Action> {
        if self.flight.is_some() {
            return None;
        }
        let identity = self.identity.as_ref()?;
        core::mem::take(&mut self.unstored).then(|| Action::Store(identity.store()))
    }

    fn next_batch(&mut self, max_bytes: usize, now_ms: i64) -> (Batch, String) {
        let context = batch::context(&self.told, self.consent, self.options.finds);
        let bytes = Batch::room(&context).min(max_bytes).min(self.body_bytes);
        let batch = Batch {
            id: Uuid::v7(now_ms, self.random.ten_bytes()),
            events: self.queue.take(self.options.max_batch_events, bytes),
            attempts: 1,
            again_at_ms: None,
        };
        let body = batch.body(&context, now_ms);
        // The session lives as long as something of it leaves.
        self.unstored |= self.identity.is_some();
        self.flush_at_ms = None;
        self.schedule(now_ms);
        (batch, body)
    }

    fn is_due(&self, now_ms: i64) -> bool {
        self.flush_at_ms.is_some_and(|flush_at| flush_at <= now_ms)
    }

    /// Whether what waits goes without waiting for its time.
    fn is_full(&self) -> bool {
        self.queue.len() >= self.options.max_batch_events || self.queue.bytes() >= SEND_BYTES
    }
}
