//! The engine: facts from the page in, things for the page to do out.
//!
//! A fact is a method call (an event, a click, a consent, an answer, the time);
//! what follows from it is asked for with [`Engine::next`] until nothing does.
//! So the engine never calls out while it is at work, and a page that calls back
//! into the SDK from a patched `fetch` meets it at rest.
//!
//! The journey of an event in here: [`event`] writes its bytes, clean → [`queue`]
//! holds it, bounded → consent decides whether it may go → [`session`] says who
//! it is from → [`batch`] frames it → [`retry`] decides after each attempt.
//! [`clicks`] turns clicks into events and finds the rage among them.

pub mod batch;
pub mod clicks;
pub mod event;
pub mod queue;
pub mod random;
pub mod retry;
pub mod session;
#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests;

use alloc::string::String;

use tidemark_core::consent::{Consent, Decision};
use tidemark_core::detect::RageClicks;
use tidemark_core::id::Uuid;
use tidemark_core::verdict::Code;

use batch::Batch;
use queue::{Queue, Waiting};
use random::Random;
use retry::{Attempt, Next};
use session::Identity;

/// Bytes of events that leave while the page lives, at once and together: with one
/// such batch in flight there is room for 39 KB of beacons in the 64 KiB that a
/// browser lets outlive a page.
const SEND_BYTES: usize = 25_600;

/// Appends texts: one call a page pays for instead of one inlined at each place
/// (the slice's own `concat` alone is 400 bytes).
#[inline(never)]
fn push(out: &mut String, parts: &[&str]) {
    for part in parts {
        out.push_str(part);
    }
}

/// What a page chose at the start.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The longest that an event waits for company, in milliseconds.
    pub flush_interval_ms: i64,
    /// Events in one batch, at most.
    pub max_batch_events: usize,
    /// Whether rage clicks are judged here.
    pub detects_rage: bool,
}

/// What became of events so far, counted since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Left the page, by request or beacon.
    pub sent: u32,
    /// Verdicts of the server, each as it says.
    pub accepted: u32,
    /// Were there already.
    pub duplicate: u32,
    /// Invalid, by the server's verdict or by ours.
    pub rejected: u32,
    /// Forbidden by the server's policy or by consent, pushed out of a full
    /// queue, or given up after the last attempt.
    pub dropped: u32,
}

/// What the page is to do now.
#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    /// POST this body, then tell [`Engine::answered`].
    Send(String),
    /// Give this body to a beacon, then tell [`Engine::beaconed`].
    Beacon(String),
    /// Keep this line in first-party storage.
    Store(String),
    /// Keep these lines, an event each, for the next page; see [`Queue::lines`].
    Keep(String),
    /// Remove what is kept there.
    Forget,
}

/// The SDK's state. Times are Unix milliseconds and come from the page.
#[derive(Debug)]
pub struct Engine {
    options: Options,
    random: Random,
    consent: Consent,
    /// The sanitised text of the batch's context as the page told it.
    told: String,
    /// The sanitised text of `context.page`.
    page: String,
    identity: Option<Identity>,
    queue: Queue,
    /// The one batch that awaits its answer or its next attempt.
    flight: Option<Batch>,
    /// The batch that a beacon was just asked to take.
    beacon: Option<Batch>,
    rage: RageClicks,
    /// Where the open series was clicked last; see [`clicks::Clicked::place`].
    rage_place: String,
    tally: Tally,
    /// When the waiting events go without further company.
    flush_at_ms: Option<i64>,
    /// Everything goes until the queue is empty.
    flushing: bool,
    /// The page may end any moment: beacons until the queue is empty.
    leaving: bool,
    /// What the next beacon may hold, in bytes: less after each that was refused.
    beacon_bytes: usize,
    /// The browser takes no more: what waits is to be kept for the next page.
    keep: bool,
    /// The identity changed since it was stored.
    unstored: bool,
    /// Consent was withdrawn or denied: storage is to be emptied.
    forget: bool,
}

impl Engine {
    /// An engine without a page, at rest. `told` is JSON text of what stays the
    /// same while the page lives (device, locale, app, gtm).
    ///
    /// # Errors
    /// `invalid_json` or `wrong_type` when `told` is no JSON object.
    pub fn new(options: Options, told: &str, seed: [u32; 4]) -> Result<Self, Code> {
        Ok(Self {
            options,
            random: Random::new(seed),
            consent: Consent::default(),
            told: event::clean_object(told)?,
            page: String::new(),
            identity: None,
            queue: Queue::default(),
            flight: None,
            beacon: None,
            rage: RageClicks::default(),
            rage_place: String::new(),
            tally: Tally::default(),
            flush_at_ms: None,
            flushing: false,
            leaving: false,
            beacon_bytes: 0,
            keep: false,
            unstored: false,
            forget: false,
        })
    }

    /// Takes events that an earlier page could not send, as [`Action::Keep`] wrote
    /// them. They keep their ids; a line that cannot be read is forgotten.
    pub fn resume(&mut self, lines: &str, now_ms: i64) {
        self.tally.dropped += self.queue.resume(lines);
        self.schedule(now_ms);
    }

    /// Takes the visitor's decision. `stored` is what first-party storage keeps,
    /// which the page may read only when `consent` allows it.
    pub fn decide(&mut self, consent: Consent, stored: &str, now_ms: i64) {
        self.consent = consent;
        if consent.may_store() {
            let identity = self
                .identity
                .get_or_insert_with(|| Identity::resume(stored, now_ms, &mut self.random));
            self.queue.identify(&identity.members());
            self.unstored = true;
        } else {
            self.identity = None;
        }
        match consent.decide() {
            Decision::Send | Decision::SendWithoutIds => self.schedule(now_ms),
            Decision::Hold => {}
            Decision::Forget => {
                self.forget = true;
                self.tally.dropped += self.queue.clear();
                // An attempt under way cannot be called back; another is not made.
                if let Some(batch) = self.flight.take_if(|batch| batch.again_at_ms.is_some()) {
                    self.tally.dropped += batch.events.len() as u32;
                }
                self.rage.end();
            }
        }
    }

    /// Takes what the page is now: JSON text of `context.page`. Text that is no
    /// JSON object leaves the page unknown.
    pub fn show(&mut self, page: &str) {
        self.page = event::clean_object(page).unwrap_or_default();
    }

    /// Takes an event: `attributes` is JSON text or nothing.
    ///
    /// # Errors
    /// As [`event::write`]; counted as rejected. `consent` when the visitor
    /// declined; counted as dropped.
    pub fn track(&mut self, name: &str, attributes: &str, at_ms: i64) -> Result<(), Code> {
        if self.consent.decide() == Decision::Forget {
            self.tally.dropped += 1;
            return Err(Code::Consent);
        }
        let id = Uuid::v7(at_ms, self.random.ten_bytes());
        let mut text = event::write(name, attributes, &self.page, at_ms, id)
            .inspect_err(|_| self.tally.rejected += 1)?;
        let identified = self.identity.is_some();
        if let Some(identity) = &mut self.identity {
            identity.touch(at_ms, &mut self.random);
            text.push_str(&identity.members());
            self.unstored = true;
        }
        self.tally.dropped += self.queue.push(Waiting { text, identified });
        self.schedule(at_ms);
        Ok(())
    }

    /// Lets everything that may leave go now.
    pub fn flush(&mut self) {
        self.flushing = true;
    }

    /// Takes that the page is hidden or left: it may never run again.
    pub fn leave(&mut self) {
        let rage = self.rage.end();
        self.note_rage(rage);
        self.leaving = true;
        self.beacon_bytes = batch::MAX_BYTES;
    }

    /// What the page is to do next; `None` when there is nothing until
    /// [`Engine::due_ms`] or another fact.
    pub fn next(&mut self, now_ms: i64) -> Option<Action> {
        let rage = self.rage.tick(now_ms);
        self.note_rage(rage);
        if core::mem::take(&mut self.forget) {
            return Some(Action::Forget);
        }
        if !matches!(self.consent.decide(), Decision::Send | Decision::SendWithoutIds) {
            self.flushing = false;
            self.leaving = false;
            return None;
        }
        if self.leaving {
            return self.next_beacon(now_ms);
        }
        if core::mem::take(&mut self.keep) && self.identity.is_some() {
            return Some(Action::Keep(self.queue.lines()));
        }
        self.next_send(now_ms)
    }

    /// Takes what became of the attempt: HTTP status, Retry-After and the
    /// verdicts that the answer counts.
    pub fn answered(&mut self, attempt: Attempt, verdicts: Tally, now_ms: i64) {
        let Some(mut batch) = self.flight.take() else { return };
        let events = batch.events.len() as u32;
        let counted = verdicts.accepted + verdicts.duplicate + verdicts.rejected + verdicts.dropped;
        let attempt = Attempt { complete: counted == events, ..attempt };
        // The visitor withdrew meanwhile: no attempt follows.
        let withdrawn = self.consent.decide() == Decision::Forget;
        match retry::next(attempt, batch.attempts, &mut self.random) {
            Next::Settled => {
                self.tally.sent += events;
                self.tally.accepted += verdicts.accepted;
                self.tally.duplicate += verdicts.duplicate;
                self.tally.rejected += verdicts.rejected;
                self.tally.dropped += verdicts.dropped;
            }
            Next::Again(wait_ms) if !withdrawn => {
                batch.again_at_ms = Some(now_ms + i64::from(wait_ms));
                self.flushing = false;
                self.flight = Some(batch);
            }
            Next::Again(_) | Next::GiveUp => self.tally.dropped += events,
        }
    }

    /// Takes whether the browser took the beacon. Of one that it did not take,
    /// half is tried next; a single event that it did not take ends the trying:
    /// what waits goes on waiting, in case that the page lives on.
    pub fn beaconed(&mut self, taken: bool, now_ms: i64) {
        let Some(batch) = self.beacon.take() else { return };
        if taken {
            self.tally.sent += batch.events.len() as u32;
            return;
        }
        self.beacon_bytes /= 2;
        if batch.events.len() == 1 {
            self.leaving = false;
            self.keep = true;
        }
        self.queue.put_back(batch.events);
        self.schedule(now_ms);
    }

    /// When [`Engine::next`] has something to say without another fact.
    pub fn due_ms(&self) -> Option<i64> {
        let send = match &self.flight {
            Some(batch) => batch.again_at_ms,
            None if self.consent.decide() == Decision::Hold => None,
            None if self.flushing || self.is_full() => Some(0),
            None => self.flush_at_ms,
        };
        // A click at the very end of its series still belongs to it.
        let rage = self.rage.due_ms().map(|due| due + 1);
        match (send, rage) {
            (Some(send), Some(rage)) => Some(send.min(rage)),
            (one, other) => one.or(other),
        }
    }

    /// Whether a flush goes on: something leaves, or its answer is awaited.
    pub fn is_flushing(&self) -> bool {
        self.flushing || self.flight.as_ref().is_some_and(|batch| batch.again_at_ms.is_none())
    }

    /// How many events wait, for consent, company or another attempt.
    pub fn held(&self) -> usize {
        self.queue.len() + self.flight.as_ref().map_or(0, |batch| batch.events.len())
    }

    /// What became of events since the start.
    pub const fn tally(&self) -> Tally {
        self.tally
    }

    /// The consent as it is.
    pub const fn consent(&self) -> Consent {
        self.consent
    }

    fn next_send(&mut self, now_ms: i64) -> Option<Action> {
        if let Some(batch) = &mut self.flight {
            if batch.again_at_ms.is_none_or(|again| now_ms < again) {
                return None;
            }
            batch.again_at_ms = None;
            batch.attempts += 1;
            let context = batch::context(&self.told, self.consent, self.options.detects_rage);
            return Some(Action::Send(batch.body(&context, now_ms)));
        }
        if self.queue.is_empty() {
            self.flushing = false;
            return self.next_store();
        }
        let due = self.flush_at_ms.is_some_and(|flush_at| flush_at <= now_ms);
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
        if let Some(batch) = self.flight.take_if(|batch| batch.again_at_ms.is_some()) {
            let context = batch::context(&self.told, self.consent, self.options.detects_rage);
            let body = batch.body(&context, now_ms);
            self.beacon = Some(batch);
            return Some(Action::Beacon(body));
        }
        if self.queue.is_empty() {
            self.leaving = false;
            return self.next_store();
        }
        let (batch, body) = self.next_batch(self.beacon_bytes, now_ms);
        self.beacon = Some(batch);
        Some(Action::Beacon(body))
    }

    /// Storage is written when nothing else is to be done, never for each event.
    fn next_store(&mut self) -> Option<Action> {
        let identity = self.identity.as_ref()?;
        core::mem::take(&mut self.unstored).then(|| Action::Store(identity.store()))
    }

    fn next_batch(&mut self, max_bytes: usize, now_ms: i64) -> (Batch, String) {
        let context = batch::context(&self.told, self.consent, self.options.detects_rage);
        let batch = Batch {
            id: Uuid::v7(now_ms, self.random.ten_bytes()),
            events: self
                .queue
                .take(self.options.max_batch_events, Batch::room(&context).min(max_bytes)),
            attempts: 1,
            again_at_ms: None,
        };
        let body = batch.body(&context, now_ms);
        self.flush_at_ms = None;
        if !self.queue.is_empty() {
            self.schedule(now_ms);
        }
        (batch, body)
    }

    /// Whether what waits goes without waiting for its time.
    fn is_full(&self) -> bool {
        self.queue.len() >= self.options.max_batch_events || self.queue.bytes() >= SEND_BYTES
    }

    fn schedule(&mut self, now_ms: i64) {
        if self.flush_at_ms.is_none() && !self.queue.is_empty() {
            self.flush_at_ms = Some(now_ms + self.options.flush_interval_ms);
        }
    }
}
