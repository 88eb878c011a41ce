//! The engine: facts from the page in, things for the page to do out.
//!
//! A fact is a method call (an event, a click, a consent, an answer, the time);
//! what follows from it is asked for with [`Engine::next`] until nothing does.
//! So the engine never calls out while it is at work, and a page that calls back
//! into the SDK from a patched `fetch` meets it at rest.
//!
//! The journey of an event in here: [`event`] writes its bytes, clean → [`queue`]
//! holds it, bounded, and [`chunks`] know what of it is on disk → consent decides
//! whether it may go → [`session`] says who it is from → [`batch`] frames it →
//! [`retry`] decides after each attempt. `next` is the order in which things are
//! done. [`struggle`] turns what a person does into events and tells what core finds in it.

pub mod batch;
pub mod chunks;
pub mod event;
#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod model;
mod next;
pub mod queue;
pub mod random;
pub mod retry;
pub mod session;
pub mod struggle;
#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests;

use alloc::string::String;

use tidemark_core::consent::{Consent, Decision, Effects};
use tidemark_core::detect::Struggle;
use tidemark_core::detect::thrash::Pointer;
use tidemark_core::id::Uuid;
use tidemark_core::verdict::Code;

use batch::Batch;
use chunks::{Chunks, SAVE_MS};
use queue::{Queue, Waiting};
use random::Random;
use retry::{Attempt, Next};
use session::Identity;

/// What a browser lets outlive a page, in requests and beacons together: 64 KiB,
/// less what some count for headers.
const QUOTA_BYTES: usize = 64_000;

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
    /// What is found here; see [`struggle::finds`].
    pub finds: u32,
    /// Of 65,536 visitors so many are measured.
    pub sampled: u32,
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
    /// Forbidden by the server's policy or by consent, refused as a batch, pushed
    /// out of a full queue, held for too long, or not sampled.
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
    /// Write these lines, an event each, into the durable queue as the chunk of this
    /// number; see [`Queue::save`].
    Save(u32, String),
    /// Remove that chunk from it.
    Remove(u32),
    /// Remove everything that is kept.
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
    /// What core finds in clicks, and where the pointer is.
    pub struggle: Struggle,
    pointer: Pointer,
    told_dead: struggle::Told,
    tally: Tally,
    /// When the waiting events go without further company.
    flush_at_ms: Option<i64>,
    /// Everything goes until the queue is empty.
    flushing: bool,
    /// The page may end any moment: beacons until the queue is empty.
    leaving: bool,
    /// What the next beacon may hold, in bytes: what the browser lets outlive the
    /// page, less what is under way, and less after each that was refused.
    quota: usize,
    /// The identity changed since it was stored.
    unstored: bool,
    /// Consent was withdrawn or denied: storage is to be emptied.
    forget: bool,
    /// What is on disk.
    chunks: Chunks,
    /// When waiting events that are not on disk are written; `None` when all are.
    save_at_ms: Option<i64>,
    /// Whether there is a disk to write to.
    can_save: bool,
    /// Whether the browser has a network.
    online: bool,
    /// An incident waits: it takes a beacon where a batch is under way.
    urgent: bool,
    /// The longest body that the server takes, as far as it told.
    body_bytes: usize,
    /// Whether the server gave its verdicts when it was last asked: then a beacon is
    /// taken for delivered. Otherwise it stays on disk, and another page sends it again.
    is_trusted: bool,
    /// Whether this visitor is measured.
    is_sampled: bool,
    campaign: u32,
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
            struggle: Struggle::default(),
            pointer: Pointer::default(),
            told_dead: struggle::Told::default(),
            tally: Tally::default(),
            flush_at_ms: None,
            flushing: false,
            leaving: false,
            quota: 0,
            unstored: false,
            forget: false,
            chunks: Chunks::default(),
            save_at_ms: None,
            can_save: true,
            online: true,
            urgent: false,
            body_bytes: batch::MAX_BYTES,
            is_trusted: false,
            is_sampled: true,
            campaign: 0,
        })
    }

    /// Takes events that a page which is gone could not send, as [`Action::Save`]
    /// wrote them, and returns the number of the chunk that holds them now. They
    /// keep their ids and their place before what happened here, and go at once.
    pub fn resume(&mut self, lines: &str, now_ms: i64) -> u32 {
        let mut events = Queue::read(lines);
        let chunk = self.chunks.open(events.len() as u32);
        for event in &mut events {
            event.chunk = chunk;
        }
        self.queue.put_back(events);
        self.drop_excess();
        // They have waited once already.
        if !self.queue.is_empty() {
            self.flush_at_ms = Some(now_ms);
        }
        chunk
    }

    /// Takes that another page adopted what this one had on disk, which came back
    /// from the back/forward cache: it is that page's to send.
    pub fn disown(&mut self) {
        self.queue.clear();
        self.flight = None;
        self.chunks.clear();
        self.save_at_ms = None;
    }

    /// Takes that there is no disk, or no room on it. Memory carries on.
    pub fn cannot_save(&mut self) {
        self.can_save = false;
        self.save_at_ms = None;
        self.chunks.clear();
    }

    /// Takes that the server answered the page before this one.
    pub fn trust(&mut self) {
        self.is_trusted = true;
    }

    /// Takes what the site wants found; see [`struggle::finds`].
    pub const fn find(&mut self, finds: u32) {
        self.options.finds = finds;
    }

    /// Takes whether the browser has a network. With a new one the failed batch goes
    /// at once.
    pub fn network(&mut self, online: bool, now_ms: i64) {
        if online
            && !self.online
            && let Some(batch) = &mut self.flight
        {
            batch.again_at_ms = batch.again_at_ms.map(|at| at.min(now_ms));
        }
        self.online = online;
    }

    /// Takes the visitor's decision. `stored` is what first-party storage keeps,
    /// which the page may read only when `consent` allows it.
    pub fn decide(&mut self, consent: Consent, stored: &str, now_ms: i64) {
        let effects = Effects::between(self.consent, consent, None);
        self.consent = consent;
        if effects.purge {
            self.forget = true;
            self.tally.dropped += self.queue.clear();
            self.chunks.clear();
            self.save_at_ms = None;
            // An attempt under way cannot be called back; another is not made.
            if let Some(batch) = self.flight.take_if(|batch| !batch.is_under_way()) {
                self.tally.dropped += batch.events.len() as u32;
            }
            self.struggle.clear();
        }
        if consent.may_store() {
            let identity = self
                .identity
                .get_or_insert_with(|| Identity::resume(stored, now_ms, &mut self.random));
            identity.come_by(self.campaign, now_ms, &mut self.random);
            self.is_sampled = identity.is_among(self.options.sampled);
            self.queue.identify(&identity.members());
            self.unstored = true;
            self.save_soon(now_ms);
        } else {
            self.identity = None;
        }
        self.schedule(now_ms);
    }

    /// Takes which campaign brought the visitor, as a hash; 0 for none.
    pub fn come_by(&mut self, campaign: u32) {
        self.campaign = campaign;
    }

    /// Takes who the visitor is, as the text of a JSON string, `""` for nobody. Tells
    /// whether it is taken: an id that is personal data is not, and is to be hashed.
    /// Without consent there is nobody to identify, and nothing is kept of it.
    pub fn identify(&mut self, user: &str) -> bool {
        let [b'"', .., b'"'] = user.as_bytes() else { return false };
        let inside = user.get(1..user.len() - 1).unwrap_or_default();
        if !event::is_harmless(inside) {
            return false;
        }
        if let Some(identity) = &mut self.identity {
            identity.identify(inside);
            self.unstored = true;
        }
        true
    }

    /// Forgets who the visitor was: new ids from now on.
    pub fn reset(&mut self, now_ms: i64) {
        if self.identity.is_some() {
            self.identity = Some(Identity::resume("", now_ms, &mut self.random));
            self.unstored = true;
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
    pub fn track(&mut self, name: &str, attributes: &str, at_ms: i64) -> Result<Uuid, Code> {
        if self.consent.decide() == Decision::Forget {
            self.tally.dropped += 1;
            return Err(Code::Consent);
        }
        let id = Uuid::v7(at_ms, self.random.ten_bytes());
        let mut text = event::write(name, attributes, &self.page, at_ms, id)
            .inspect_err(|_| self.tally.rejected += 1)?;
        if !self.is_sampled {
            self.tally.dropped += 1;
            return Ok(id);
        }
        let identified = self.identity.is_some();
        if let Some(identity) = &mut self.identity {
            self.unstored |= identity.touch(at_ms, &mut self.random);
            text.push_str(&identity.members());
        }
        let gone = self.queue.push(Waiting { text, identified, chunk: 0 });
        self.tally.dropped += gone.len() as u32;
        self.chunks.release(&gone);
        self.schedule(at_ms);
        self.save_soon(at_ms);
        Ok(id)
    }

    /// Whether another tab may know more about the session: then [`Engine::share`]
    /// comes before the next event.
    pub fn wants_shared(&self, now_ms: i64) -> bool {
        self.identity.as_ref().is_some_and(|identity| identity.is_long_ago(now_ms))
    }

    /// Takes what storage keeps, which another tab may have written.
    pub fn share(&mut self, stored: &str) {
        if let Some(identity) = &mut self.identity {
            identity.share(stored);
        }
    }

    /// Lets everything that may leave go now.
    pub fn flush(&mut self) {
        self.flushing = true;
    }

    /// Takes that the page is hidden, or `gone` for good: it may never run again. A
    /// request under way the browser finishes; where the server has answered before,
    /// no page sends its events again.
    pub fn leave(&mut self, gone: bool) {
        self.struggle.end();
        self.leaving = true;
        self.quota = QUOTA_BYTES;
        if let Some(batch) = self.flight.as_mut().filter(|batch| batch.is_under_way()) {
            self.quota = QUOTA_BYTES.saturating_sub(batch.bytes());
            if gone && self.is_trusted {
                self.chunks.release(&batch.events);
                batch.unsave();
            }
        }
    }

    /// Takes what became of the attempt: HTTP status, Retry-After and the
    /// verdicts that the answer counts.
    pub fn answered(&mut self, attempt: Attempt, verdicts: Tally, now_ms: i64) {
        let Some(mut batch) = self.flight.take() else { return };
        let events = batch.events.len() as u32;
        let counted = verdicts.accepted + verdicts.duplicate + verdicts.rejected + verdicts.dropped;
        let attempt = Attempt { complete: counted == events, ..attempt };
        // The visitor withdrew meanwhile: no attempt follows.
        let withdrawn = !self.may_send();
        self.is_trusted = attempt.complete;
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
                return;
            }
            Next::Smaller if !withdrawn && events > 1 => {
                self.body_bytes = (batch.bytes() / 2).max(1);
                self.queue.put_back(batch.events);
                self.flushing = true;
                return;
            }
            Next::Again(_) | Next::Smaller | Next::GiveUp => self.tally.dropped += events,
        }
        self.chunks.release(&batch.events);
    }

    /// Takes whether the browser took the beacon. Of one that it did not take,
    /// half is tried next; a single event that it did not take ends the trying:
    /// what waits goes on waiting, here or on disk.
    pub fn beaconed(&mut self, taken: bool, now_ms: i64) {
        let Some(batch) = self.beacon.take() else { return };
        let bytes = batch.bytes();
        if taken {
            self.tally.sent += batch.events.len() as u32;
            if self.is_trusted {
                self.chunks.release(&batch.events);
            }
            self.quota = self.quota.saturating_sub(bytes);
            return;
        }
        self.quota = self.quota.min(bytes) / 2;
        let was_last = batch.events.len() == 1;
        self.queue.put_back(batch.events);
        self.schedule(now_ms);
        if was_last {
            // Of a chunk that is written already most may have left: what is left is
            // written apart, so that the next page sends only that. Not while a request
            // keeps the chunk: the next page would find the event in both.
            let is_kept = |batch: &Batch| batch.events.iter().any(|event| event.chunk > 0);
            let keeps = self.flight.as_ref().is_some_and(is_kept);
            if self.is_trusted && self.identity.is_some() && !keeps {
                self.chunks.release(self.queue.events());
                self.queue.unsave();
                self.save_soon(now_ms);
            }
            self.end_leaving(now_ms);
        }
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

    fn may_send(&self) -> bool {
        matches!(self.consent.decide(), Decision::Send | Decision::SendWithoutIds)
    }

    fn drop_excess(&mut self) {
        let gone = self.queue.excess();
        self.tally.dropped += gone.len() as u32;
        self.chunks.release(&gone);
    }

    fn schedule(&mut self, now_ms: i64) {
        if self.flush_at_ms.is_none() && !self.queue.is_empty() {
            self.flush_at_ms = Some(now_ms + self.options.flush_interval_ms);
        }
    }

    fn save_soon(&mut self, now_ms: i64) {
        if self.can_save && self.identity.is_some() && self.save_at_ms.is_none() {
            self.save_at_ms = Some(now_ms + SAVE_MS);
        }
    }
}
