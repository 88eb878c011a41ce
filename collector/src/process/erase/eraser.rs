//! One erasure, a step at a time.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::clock::Clock;
use crate::disk::Disk;
use crate::limits::{ERASE_POLL_MS, ERASE_PROOFS_MAX, ERASE_RETRY_MS, HALT_MS};
use crate::log::erased::{ErasedPeople, Turn};
use crate::log::{Content, Erasing, LogReader};
use crate::place::Lane;
use crate::planted::{Bug, active};
use crate::process::dead_letters;
use crate::store::{ErasedPlace, Person, PersonStore, PersonTable};

use super::job::{Job, Receipt, receipt};
use super::stage::Stage;

/// Entries read at once while the log is searched.
const READ_ENTRIES: usize = 4_096;

/// Bytes read at once while the log is searched.
const READ_BYTES: usize = 4 * 1024 * 1024;

/// Places told by one statement: some 100 bytes each.
const PLACES_A_STATEMENT: usize = 2_000;

/// The writers, as an erasure needs them.
pub trait Resting {
    /// The offset below which a lane is committed; `None` while it has not begun.
    fn committed(&self, lane: Lane) -> Option<u64>;

    /// Asks every lane to rest when no block of it is planned, and then the rollups
    /// when they are where the lanes are.
    fn ask_to_rest(&self);

    /// Whether all of them rest.
    fn are_at_rest(&self) -> bool;

    /// Lets them go on.
    fn let_go(&self);
}

/// What an erasure works on.
pub struct EraseWorld<'a> {
    /// The log, to be read.
    pub log: &'a dyn LogReader,
    /// The log, to be erased in.
    pub entries: &'a mut dyn Erasing,
    /// Who must not come back.
    pub people: &'a ErasedPeople,
    /// The writers.
    pub writers: &'a dyn Resting,
    /// ClickHouse.
    pub store: &'a dyn PersonStore,
    /// Where jobs, receipts and dead letters are.
    pub disk: &'a dyn Disk,
    /// The time.
    pub clock: &'a dyn Clock,
}

/// What a step came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stepped {
    /// It did something; step again.
    Worked,
    /// Nothing is to be done before this monotonic time, in milliseconds.
    WaitUntil(u64),
    /// It is finished, and the writers go on.
    Done(Box<Receipt>),
}

/// One erasure. See the module above.
#[derive(Debug)]
pub struct Eraser {
    job: Job,
    stage: Stage,
    turn: Option<Turn>,
    /// Where the log ended when nothing more of the person was taken.
    barrier: BTreeMap<Lane, u64>,
    /// Dead letters of the person, by their places.
    letters: Vec<ErasedPlace>,
    /// The table that is deleted from next.
    table: usize,
    proofs: u32,
    receipt: Option<Box<Receipt>>,
    wait_until_ms: u64,
    waits_for: Option<String>,
}

/// What a search of the log found.
#[derive(Default)]
struct Searched {
    entries: u64,
    /// Those that ClickHouse has not been sent.
    pending: Vec<ErasedPlace>,
}

/// Why a step could not be done; it is tried again.
struct Obstacle(String);

impl<E: std::fmt::Display> From<E> for Obstacle {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

impl Eraser {
    /// Takes up a job, at its beginning.
    pub const fn new(job: Job) -> Self {
        Self {
            job,
            stage: Stage::Closing,
            turn: None,
            barrier: BTreeMap::new(),
            letters: Vec::new(),
            table: 0,
            proofs: 0,
            receipt: None,
            wait_until_ms: 0,
            waits_for: None,
        }
    }

    /// What it is about.
    pub const fn job(&self) -> &Job {
        &self.job
    }

    /// Where it is.
    pub const fn stage(&self) -> Stage {
        self.stage
    }

    /// What it waits for, when something does not go.
    pub fn waits_for(&self) -> Option<&str> {
        self.waits_for.as_deref()
    }

    /// Does the next thing. A step is one statement, one pass over the log, or one
    /// file written.
    pub fn step(&mut self, world: &mut EraseWorld<'_>) -> Stepped {
        let now_ms = world.clock.monotonic_ms();
        if now_ms < self.wait_until_ms {
            return Stepped::WaitUntil(self.wait_until_ms);
        }
        match self.work(world) {
            Ok(stepped) => {
                self.waits_for = None;
                if let Stepped::WaitUntil(until_ms) = stepped {
                    self.wait_until_ms = until_ms;
                }
                stepped
            }
            Err(Obstacle(why)) => {
                tracing::warn!(
                    erasure_id = %self.job.erasure_id, stage = self.stage.as_str(), why,
                    "an erasure waits"
                );
                self.waits_for = Some(why);
                self.wait_until_ms = now_ms + ERASE_RETRY_MS;
                Stepped::WaitUntil(self.wait_until_ms)
            }
        }
    }

    fn work(&mut self, world: &mut EraseWorld<'_>) -> Result<Stepped, Obstacle> {
        match self.stage {
            Stage::Closing => {
                // A crash came between the receipt and the end.
                if let Some(receipt) = receipt(world.disk, self.job.erasure_id)? {
                    self.receipt = Some(Box::new(receipt));
                    return Ok(self.go(Stage::Finishing));
                }
                self.turn = Some(world.people.close(world.disk, &self.job.keys(world.people))?);
                Ok(self.go(Stage::Passing))
            }
            Stage::Passing => Ok(self.pass(world)),
            Stage::Draining => Ok(self.drain(world)),
            Stage::Resting => Ok(self.rest(world)),
            Stage::Naming => self.name(world),
            Stage::Telling => self.tell(world),
            Stage::Deleting => self.delete(world),
            Stage::Letters => self.empty_letters(world),
            Stage::Log => self.empty_entries(world),
            Stage::Proving => self.prove(world),
            Stage::Finishing => self.finish(world),
        }
    }

    fn go(&mut self, stage: Stage) -> Stepped {
        self.stage = stage;
        Stepped::Worked
    }

    fn look_again(world: &EraseWorld<'_>) -> Stepped {
        Stepped::WaitUntil(world.clock.monotonic_ms() + ERASE_POLL_MS)
    }

    /// Waits for the batches that did not know of it.
    fn pass(&mut self, world: &EraseWorld<'_>) -> Stepped {
        let has_passed = |turn: &Turn| turn.has_passed() || active(Bug::PassageNotAwaited);
        if !self.turn.as_ref().is_none_or(has_passed) {
            return Self::look_again(world);
        }
        self.turn = None;
        if self.barrier.is_empty() {
            let lanes = world.log.owned_lanes().into_iter();
            self.barrier = lanes.map(|lane| (lane, world.log.durable_end(lane))).collect();
            return self.go(Stage::Draining);
        }
        // It was the turn of the visitors that were found; the writers rest already.
        self.go(Stage::Telling)
    }

    fn drain(&mut self, world: &EraseWorld<'_>) -> Stepped {
        let is_there = |(lane, end): (&Lane, &u64)| {
            world.writers.committed(*lane).is_some_and(|committed| committed >= *end)
        };
        if !self.barrier.iter().all(is_there) {
            return Self::look_again(world);
        }
        world.writers.ask_to_rest();
        self.go(Stage::Resting)
    }

    fn rest(&mut self, world: &EraseWorld<'_>) -> Stepped {
        if !world.writers.are_at_rest() && !active(Bug::ErasureNotHeld) {
            return Self::look_again(world);
        }
        self.go(if self.job.named { Stage::Telling } else { Stage::Naming })
    }

    /// Finds the user's own visitors, now that all that tells of them is in the base.
    fn name(&mut self, world: &EraseWorld<'_>) -> Result<Stepped, Obstacle> {
        if !active(Bug::CompanionsLeft) {
            self.job.anonymous_ids =
                world.store.companions(self.job.tenant_id, &self.job.user_ids)?;
        }
        self.job.named = true;
        self.job.note_times(world.people);
        if let Err(error) = self.job.write(world.disk) {
            self.job.named = false;
            return Err(error.into());
        }
        self.turn = Some(world.people.close(world.disk, &self.job.keys(world.people))?);
        Ok(self.go(Stage::Passing))
    }

    /// Tells where the person's events stand, and writes down how many there are.
    fn tell(&mut self, world: &EraseWorld<'_>) -> Result<Stepped, Obstacle> {
        let person = self.job.person();
        self.letters = letters_of(&person, world)?;
        let searched = search(&person, world)?;
        if !active(Bug::ErasedPlacesNotTold) {
            let places: Vec<ErasedPlace> =
                searched.pending.iter().chain(&self.letters).copied().collect();
            for places in places.chunks(PLACES_A_STATEMENT) {
                world.store.tell_erased(places, self.job.erasure_id)?;
            }
            world.store.tell_person_erased(&person, self.job.erasure_id)?;
        }
        for table in PersonTable::ALL {
            let rows = world.store.count_person(table, &person)?;
            self.job.count(table.as_str(), rows);
        }
        self.job.count("dead_letters", self.letters.len() as u64);
        self.job.log_entries = self.job.log_entries.max(searched.entries);
        self.job.write(world.disk)?;
        self.table = 0;
        Ok(self.go(Stage::Deleting))
    }

    /// One table a step.
    fn delete(&mut self, world: &EraseWorld<'_>) -> Result<Stepped, Obstacle> {
        if let Some(table) = PersonTable::ALL.get(self.table) {
            world.store.delete_person(*table, &self.job.person())?;
            self.table += 1;
            return Ok(Stepped::Worked);
        }
        for places in self.letters.chunks(PLACES_A_STATEMENT) {
            world.store.delete_letters(places)?;
        }
        Ok(self.go(Stage::Letters))
    }

    fn empty_letters(&mut self, world: &EraseWorld<'_>) -> Result<Stepped, Obstacle> {
        let person = self.job.person();
        for lane in world.log.owned_lanes() {
            if !active(Bug::DeadLettersNotErased) {
                dead_letters::erase(world.disk, lane, &mut |payload| person.owns(payload))?;
            }
        }
        Ok(self.go(Stage::Log))
    }

    fn empty_entries(&mut self, world: &mut EraseWorld<'_>) -> Result<Stepped, Obstacle> {
        let person = Arc::new(self.job.person());
        let erased = world.entries.erase_entries(Box::new(move |it| person.owns(&it.payload)))?;
        self.job.log_segments += erased.segments as u64;
        self.job.log_unreadable = self.job.log_unreadable.max(erased.unreadable as u64);
        self.job.write(world.disk)?;
        Ok(self.go(Stage::Proving))
    }

    /// Looks for everything again, and writes the receipt when nothing is there.
    fn prove(&mut self, world: &EraseWorld<'_>) -> Result<Stepped, Obstacle> {
        let person = self.job.person();
        let mut remaining = BTreeMap::new();
        for table in PersonTable::ALL {
            let rows = world.store.count_person(table, &person)?;
            remaining.insert(table.as_str().to_owned(), rows);
        }
        let letters = letters_of(&person, world)?.len() as u64;
        remaining.insert("dead_letters".to_owned(), letters);
        remaining.insert("log_entries".to_owned(), search(&person, world)?.entries);
        if remaining.values().any(|rows| *rows > 0) {
            self.proofs += 1;
            self.stage = Stage::Telling;
            if self.proofs >= ERASE_PROOFS_MAX {
                tracing::error!(
                    erasure_id = %self.job.erasure_id, ?remaining,
                    "invariant violated: what was erased is still there; run `tidemark verify`"
                );
                return Ok(Stepped::WaitUntil(world.clock.monotonic_ms() + HALT_MS));
            }
            return Ok(Stepped::Worked);
        }
        let person = match (self.job.user_ids.last(), self.job.anonymous_ids.first()) {
            (Some(user_id), _) => world.people.user(self.job.tenant_id, user_id).to_hex(),
            (None, Some(visitor)) => world.people.visitor(self.job.tenant_id, *visitor).to_hex(),
            (None, None) => String::new(),
        };
        self.receipt = Some(Box::new(Receipt {
            erasure_id: self.job.erasure_id,
            tenant_id: self.job.tenant_id,
            selected_by: self.job.selected_by,
            person,
            visitors: self.job.anonymous_ids.len() as u64,
            asked_at_ms: self.job.asked_at_ms,
            finished_at_ms: world.clock.unix_ms().max(self.job.ends_from_ms),
            rows: self.job.rows.clone(),
            log_entries: self.job.log_entries,
            log_segments: self.job.log_segments,
            log_unreadable: self.job.log_unreadable,
            remaining,
        }));
        Ok(self.go(Stage::Finishing))
    }

    /// The receipt, then the person's time, then the job: a crash in between is taken
    /// up by the receipt, and erases nothing that came since.
    fn finish(&mut self, world: &EraseWorld<'_>) -> Result<Stepped, Obstacle> {
        let Some(receipt) = self.receipt.clone() else { return Ok(self.go(Stage::Closing)) };
        receipt.write(world.disk)?;
        let keys = self.job.keys(world.people);
        world.people.finish(world.disk, &keys, receipt.finished_at_ms)?;
        self.job.remove(world.disk)?;
        world.writers.let_go();
        Ok(Stepped::Done(receipt))
    }
}

/// The dead letters of a person, by their places.
fn letters_of(person: &Person, world: &EraseWorld<'_>) -> Result<Vec<ErasedPlace>, Obstacle> {
    let mut places = Vec::new();
    for lane in world.log.owned_lanes() {
        for letter in dead_letters::read(world.disk, lane)? {
            if person.owns(&letter.payload) {
                let log_id = world.log.log_id();
                places.extend(ErasedPlace::of(log_id, lane, letter.offset, &letter.payload));
            }
        }
    }
    Ok(places)
}

/// Looks for a person's entries in all that the log holds, by its reading side: what
/// is appended goes on meanwhile.
fn search(person: &Person, world: &EraseWorld<'_>) -> Result<Searched, Obstacle> {
    let mut searched = Searched::default();
    for lane in world.log.owned_lanes() {
        let committed = world.writers.committed(lane).unwrap_or(0);
        let (mut from, end) = (world.log.begin(lane), world.log.durable_end(lane));
        while from < end {
            let items = world.log.read(lane, from, READ_ENTRIES, READ_BYTES)?;
            let Some(last) = items.last() else { break };
            from = last.offset + 1;
            for item in items {
                let Content::Entry(stored) = &item.content else { continue };
                if !person.owns(&stored.payload) {
                    continue;
                }
                searched.entries += 1;
                if item.offset >= committed {
                    let log_id = world.log.log_id();
                    let place = ErasedPlace::of(log_id, lane, item.offset, &stored.payload);
                    searched.pending.extend(place);
                }
            }
        }
    }
    Ok(searched)
}
