//! A ClickHouse that misbehaves as the real one may: it commits and then does
//! not answer, begins a statement late, answers that it did not begin, restarts
//! with statements under way, refuses rows; and never commits half a statement.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use tidemark_collector::clock::Clock as _;
use tidemark_collector::limits::FENCE_GRACE;
use tidemark_collector::place::{Lane, LogId};
use tidemark_collector::record::RecordView;
use tidemark_collector::store::{
    Block, DeadLetter, ErasedPlace, Partition, Person, PersonStore, PersonTable, Piece, Rollup,
    Span, Store, StoreFault, Table,
};
use uuid::Uuid;

use crate::clock::SimClock;
use crate::disk::SimDisk;
use crate::rng::Rng;
use crate::trace::Trace;

/// A row's place, and with it its identity.
pub type Place = (Table, LogId, Lane, u64);

/// What a base row is, to the oracle.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StoredRow {
    pub tenant_id: [u8; 16],
    pub event_id: [u8; 16],
    pub partition: Partition,
    pub payload: Vec<u8>,
}

#[derive(Clone)]
pub struct SimStore {
    inner: Arc<Mutex<Inner>>,
    clock: SimClock,
    /// What the process that sends runs on: its power may go at any statement.
    disk: SimDisk,
}

/// What a rollup holds of one lane of one log.
#[derive(Clone, Debug, Default)]
pub struct Rolled {
    pub watermark: u64,
    /// How often each offset was counted.
    pub counted: BTreeMap<u64, u32>,
    /// Of a rollup that is keyed by a person: whose each was.
    pub payloads: BTreeMap<u64, Vec<u8>>,
}

struct Inner {
    rows: BTreeMap<Place, Vec<StoredRow>>,
    rollups: BTreeMap<(Rollup, LogId, Lane), Rolled>,
    letters: BTreeMap<(LogId, Lane, u64), DeadLetter>,
    erased: BTreeSet<(LogId, Lane, u64)>,
    /// The visitors that were ever named as a user's own.
    companions: BTreeMap<(Uuid, String), BTreeSet<Uuid>>,
    /// Statements that were sent and are not done.
    open: Vec<Open>,
    poison: BTreeSet<[u8; 16]>,
    down: bool,
    calm: bool,
    rng: Rng,
    trace: Trace,
    /// How often each kind of misbehaviour came.
    faults: BTreeMap<&'static str, u64>,
    /// What must never happen, and did.
    violations: Vec<String>,
}

struct Open {
    query_id: String,
    work: Work,
    /// Monotonic time from which the server knows of it.
    begins_at_ms: u64,
}

enum Work {
    Insert(Vec<(Place, StoredRow)>),
    RollUp(Rollup, Vec<Span>),
    Delete(PersonTable, Person),
    Tell(Vec<(LogId, Lane, u64)>),
    DeleteLetters(Vec<(LogId, Lane, u64)>),
}

/// How a statement goes.
#[derive(Clone, Copy)]
enum Fate {
    Done,
    NotBegun,
    LostBefore,
    DoneUnanswered,
    Late,
}

impl SimStore {
    pub fn new(rng: Rng, clock: SimClock, disk: SimDisk, trace: Trace) -> Self {
        let inner = Inner {
            rows: BTreeMap::new(),
            rollups: BTreeMap::new(),
            letters: BTreeMap::new(),
            erased: BTreeSet::new(),
            companions: BTreeMap::new(),
            open: Vec::new(),
            poison: BTreeSet::new(),
            down: false,
            calm: false,
            rng,
            trace,
            faults: BTreeMap::new(),
            violations: Vec::new(),
        };
        Self { inner: Arc::new(Mutex::new(inner)), clock, disk }
    }

    /// Something is sent, or asked. The sender's power may go before it leaves, or before
    /// its answer is heard; what it is told then it cannot act on any more.
    fn sent<T>(
        &self,
        what: &str,
        work: impl FnOnce(&mut Inner) -> Result<T, StoreFault>,
    ) -> Result<T, StoreFault> {
        let gone = || StoreFault::Unknown("the power is gone".into());
        let unheard = self.disk.send(what).map_err(|_| gone())?;
        let done = work(&mut self.inner.lock().unwrap());
        if unheard { Err(gone()) } else { done }
    }

    /// Rows of this event are refused.
    pub fn refuse(&self, event_id: [u8; 16]) {
        self.inner.lock().unwrap().poison.insert(event_id);
    }

    pub fn set_down(&self, down: bool) {
        self.inner.lock().unwrap().down = down;
    }

    /// It does what it is told, from now on.
    pub fn calm(&self) {
        let mut inner = self.inner.lock().unwrap();
        inner.calm = true;
        inner.down = false;
    }

    /// kill -9: each statement under way is there whole, or not at all.
    pub fn kill(&self) {
        let mut inner = self.inner.lock().unwrap();
        let now = self.clock.monotonic_ms();
        inner.trace.say(format!("store: killed with {} statements", inner.open.len()));
        for open in std::mem::take(&mut inner.open) {
            if open.begins_at_ms <= now && inner.rng.chance(50) {
                inner.apply(&open.work);
            }
        }
        *inner.faults.entry("killed").or_default() += 1;
    }

    /// Time passes in the server: statements that run may end.
    pub fn run(&self) {
        let mut inner = self.inner.lock().unwrap();
        let now = self.clock.monotonic_ms();
        inner.due(now);
        let mut index = 0;
        while index < inner.open.len() {
            if inner.open[index].begins_at_ms <= now && inner.rng.chance(40) {
                let open = inner.open.remove(index);
                inner.trace.say(format!("store: {} ends late", open.query_id));
                inner.apply(&open.work);
            } else {
                index += 1;
            }
        }
    }

    pub fn look<T>(&self, look: impl FnOnce(&Look<'_>) -> T) -> T {
        let inner = self.inner.lock().unwrap();
        look(&Look {
            rows: &inner.rows,
            rollups: &inner.rollups,
            letters: &inner.letters,
            erased: &inner.erased,
            companions: &inner.companions,
            faults: &inner.faults,
            violations: &inner.violations,
            open: inner.open.len(),
        })
    }
}

/// The tables, for the oracle.
pub struct Look<'a> {
    pub rows: &'a BTreeMap<Place, Vec<StoredRow>>,
    pub rollups: &'a BTreeMap<(Rollup, LogId, Lane), Rolled>,
    pub letters: &'a BTreeMap<(LogId, Lane, u64), DeadLetter>,
    pub erased: &'a BTreeSet<(LogId, Lane, u64)>,
    pub companions: &'a BTreeMap<(Uuid, String), BTreeSet<Uuid>>,
    pub faults: &'a BTreeMap<&'static str, u64>,
    pub violations: &'a Vec<String>,
    pub open: usize,
}

impl Inner {
    fn fate(&mut self, query_id: &str) -> Fate {
        if self.down {
            return Fate::NotBegun;
        }
        let fate = match self.rng.below(100) {
            _ if self.calm => Fate::Done,
            0..4 => Fate::NotBegun,
            4..8 => Fate::LostBefore,
            8..14 => Fate::DoneUnanswered,
            14..22 => Fate::Late,
            _ => Fate::Done,
        };
        let name = match fate {
            Fate::Done => return fate,
            Fate::NotBegun => "not begun",
            Fate::LostBefore => "lost before",
            Fate::DoneUnanswered => "done unanswered",
            Fate::Late => "late",
        };
        *self.faults.entry(name).or_default() += 1;
        self.trace.say(format!("store: {query_id} {name}"));
        fate
    }

    /// One statement, whole.
    fn apply(&mut self, work: &Work) {
        match work {
            Work::Insert(rows) => {
                for (place, row) in rows {
                    self.rows.entry(*place).or_default().push(row.clone());
                }
            }
            Work::RollUp(rollup, spans) => {
                for span in spans {
                    let range = span.range;
                    let first = (Table::EventsRaw, range.log_id, range.lane, range.from);
                    let end = (Table::EventsRaw, range.log_id, range.lane, range.to);
                    let offsets: Vec<(u64, u32, Vec<u8>)> = if range.is_empty() {
                        Vec::new()
                    } else {
                        let rows = self.rows.range(first..end);
                        let rows = rows.filter(|(_, rows)| !rows.is_empty());
                        rows.map(|(place, rows)| {
                            (place.3, rows.len() as u32, rows[0].payload.clone())
                        })
                        .collect()
                    };
                    let rolled =
                        self.rollups.entry((*rollup, range.log_id, range.lane)).or_default();
                    rolled.watermark = rolled.watermark.max(range.to);
                    for (offset, count, payload) in offsets {
                        *rolled.counted.entry(offset).or_default() += count;
                        if is_keyed(*rollup) {
                            rolled.payloads.insert(offset, payload);
                        }
                    }
                }
            }
            Work::Delete(PersonTable::EventsRaw, person) => {
                for rows in self.rows.values_mut() {
                    rows.retain(|row| !is_of(person, &row.payload));
                }
                self.rows.retain(|_, rows| !rows.is_empty());
            }
            Work::Delete(table, person) => {
                let keyed = self.rollups.iter_mut();
                for (_, rolled) in keyed.filter(|((it, ..), _)| it.as_str() == table.as_str()) {
                    let Rolled { counted, payloads, .. } = rolled;
                    counted.retain(|offset, _| !is_of(person, &payloads[offset]));
                    payloads.retain(|offset, _| counted.contains_key(offset));
                }
            }
            Work::Tell(places) => self.erased.extend(places),
            Work::DeleteLetters(places) => {
                self.letters.retain(|place, _| !places.contains(place));
            }
        }
    }

    /// Deletions that begin late begin before whatever comes then: they take the rows
    /// that are there, and none that come later.
    fn due(&mut self, now: u64) {
        let mut index = 0;
        while index < self.open.len() {
            let is_delete = matches!(self.open[index].work, Work::Delete(..));
            if is_delete && self.open[index].begins_at_ms <= now {
                let open = self.open.remove(index);
                self.trace.say(format!("store: {} begins late", open.query_id));
                self.apply(&open.work);
            } else {
                index += 1;
            }
        }
    }

    fn send(&mut self, query_id: &str, work: Work, now: u64) -> Result<(), StoreFault> {
        self.due(now);
        match self.fate(query_id) {
            Fate::Done => {
                self.apply(&work);
                Ok(())
            }
            Fate::NotBegun => Err(StoreFault::NotBegun("down".into())),
            Fate::LostBefore => Err(StoreFault::Unknown("lost".into())),
            Fate::DoneUnanswered => {
                self.apply(&work);
                Err(StoreFault::Unknown("no answer".into()))
            }
            Fate::Late => {
                // It begins within the grace, and ends whenever.
                let grace = u64::try_from(FENCE_GRACE.as_millis()).unwrap_or(u64::MAX);
                let begins_at_ms = now + self.rng.below(grace);
                self.open.push(Open { query_id: query_id.to_owned(), work, begins_at_ms });
                Err(StoreFault::Unknown("timed out".into()))
            }
        }
    }

    fn ask(&mut self) -> Result<(), StoreFault> {
        if self.down || (!self.calm && self.rng.chance(5)) {
            return Err(StoreFault::NotBegun("no answer to a question".into()));
        }
        Ok(())
    }
}

impl Store for SimStore {
    fn insert(&self, block: &Block<'_>) -> Result<(), StoreFault> {
        self.sent(&format!("insert {}", block.piece.table.as_str()), |inner| {
            let piece = block.piece;
            inner.trace.say(format!(
                "store: insert {} of {} rows",
                block.query_id,
                block.rows.len()
            ));
            if piece.rows != block.rows.len() as u64 {
                inner.violations.push(format!("{} says {} rows", block.query_id, piece.rows));
            }
            let mut rows = Vec::new();
            let mut poisoned = false;
            for row in block.rows {
                let view = RecordView::read(row.payload).expect("what the log holds can be read");
                let place = (piece.table, piece.range.log_id, piece.range.lane, row.offset);
                if !(piece.range.from..piece.range.to).contains(&row.offset) {
                    inner
                        .violations
                        .push(format!("{} has a row outside its range", block.query_id));
                }
                poisoned |= inner.poison.contains(&view.event_id().0);
                rows.push((
                    place,
                    StoredRow {
                        tenant_id: view.tenant_id().0,
                        event_id: view.event_id().0,
                        partition: piece.partition,
                        payload: row.payload.to_vec(),
                    },
                ));
            }
            if poisoned && !inner.down {
                *inner.faults.entry("refused").or_default() += 1;
                return Err(StoreFault::Refused { code: 117, reason: "INCORRECT_DATA".into() });
            }
            inner.send(block.query_id, Work::Insert(rows), self.clock.monotonic_ms())
        })
    }

    fn rows_of(&self, piece: &Piece) -> Result<u64, StoreFault> {
        self.sent("count rows", |inner| {
            inner.ask()?;
            let range = piece.range;
            let first = (piece.table, range.log_id, range.lane, range.from);
            let end = (piece.table, range.log_id, range.lane, range.to);
            let rows = inner.rows.range(first..end).flat_map(|(_, rows)| rows);
            let count = rows.filter(|row| row.partition == piece.partition).count() as u64;
            inner.trace.say(format!("store: {} has {count} rows", piece.query_id()));
            Ok(count)
        })
    }

    fn roll_up(&self, rollup: Rollup, spans: &[Span], query_id: &str) -> Result<(), StoreFault> {
        self.sent(&format!("roll up {}", rollup.as_str()), |inner| {
            inner.trace.say(format!("store: roll up {query_id}"));
            inner.send(query_id, Work::RollUp(rollup, spans.to_vec()), self.clock.monotonic_ms())
        })
    }

    fn watermark(&self, rollup: Rollup, log_id: LogId, lane: Lane) -> Result<u64, StoreFault> {
        self.sent("watermark", |inner| {
            inner.ask()?;
            Ok(inner.rollups.get(&(rollup, log_id, lane)).map_or(0, |rolled| rolled.watermark))
        })
    }

    fn fence(&self, query_id: &str) -> Result<(), StoreFault> {
        self.sent("fence", |inner| {
            inner.ask()?;
            let now = self.clock.monotonic_ms();
            // What runs is ended: it may have been done just before.
            let mut index = 0;
            while index < inner.open.len() {
                if inner.open[index].query_id == query_id && inner.open[index].begins_at_ms <= now {
                    let open = inner.open.remove(index);
                    let done = inner.rng.chance(50);
                    inner.trace.say(format!("store: fence {query_id}, done before: {done}"));
                    if done {
                        inner.apply(&open.work);
                    }
                } else {
                    index += 1;
                }
            }
            Ok(())
        })
    }

    fn dead_letter(&self, letters: &[DeadLetter]) -> Result<(), StoreFault> {
        self.sent("dead letter", |inner| {
            inner.ask()?;
            for letter in letters {
                inner.letters.insert((letter.log_id, letter.lane, letter.offset), letter.clone());
            }
            if !inner.calm && inner.rng.chance(10) {
                return Err(StoreFault::Unknown("no answer to a letter".into()));
            }
            Ok(())
        })
    }
}

impl PersonStore for SimStore {
    fn companions(&self, tenant_id: Uuid, user_ids: &[String]) -> Result<Vec<Uuid>, StoreFault> {
        self.sent("companions", |inner| {
            inner.ask()?;
            let mut users: BTreeMap<Uuid, BTreeSet<String>> = BTreeMap::new();
            for row in inner.rows.values().flatten() {
                let view = RecordView::read(&row.payload).unwrap();
                let (user, visitor) = (view.user_id().unwrap(), view.anonymous_id().0);
                if row.tenant_id == *tenant_id.as_bytes() && !user.is_empty() && visitor != [0; 16]
                {
                    users.entry(Uuid::from_bytes(visitor)).or_default().insert(user.to_owned());
                }
            }
            users.retain(|_, users| users.iter().all(|user| user_ids.contains(user)));
            for user in user_ids {
                let known = inner.companions.entry((tenant_id, user.clone())).or_default();
                known.extend(users.keys());
            }
            Ok(users.into_keys().collect())
        })
    }

    fn count_person(&self, table: PersonTable, person: &Person) -> Result<u64, StoreFault> {
        self.sent(&format!("count {}", table.as_str()), |inner| {
            inner.ask()?;
            let now = self.clock.monotonic_ms();
            inner.due(now);
            let count = match table {
                PersonTable::EventsRaw => {
                    let rows = inner.rows.values().flatten();
                    rows.filter(|row| is_of(person, &row.payload)).count()
                }
                keyed => {
                    let of_table =
                        inner.rollups.iter().filter(|((it, ..), _)| it.as_str() == keyed.as_str());
                    let payloads = of_table.flat_map(|(_, rolled)| rolled.payloads.values());
                    payloads.filter(|payload| is_of(person, payload)).count()
                }
            };
            Ok(count as u64)
        })
    }

    fn tell_person_erased(&self, person: &Person, _: Uuid) -> Result<(), StoreFault> {
        self.sent("tell person", |inner| {
            let mine = inner.rows.iter().filter(|((table, ..), rows)| {
                *table == Table::EventsRaw && rows.iter().any(|row| is_of(person, &row.payload))
            });
            let places =
                mine.map(|((_, log_id, lane, offset), _)| (*log_id, *lane, *offset)).collect();
            inner.send("erased places", Work::Tell(places), self.clock.monotonic_ms())
        })
    }

    fn tell_erased(&self, places: &[ErasedPlace], _: Uuid) -> Result<(), StoreFault> {
        self.sent("tell places", |inner| {
            inner.send("erased places", Work::Tell(places_of(places)), self.clock.monotonic_ms())
        })
    }

    fn delete_person(&self, table: PersonTable, person: &Person) -> Result<(), StoreFault> {
        self.sent(&format!("delete {}", table.as_str()), |inner| {
            inner.trace.say(format!("store: delete from {}", table.as_str()));
            let work = Work::Delete(table, person.clone());
            inner.send(&format!("delete {}", table.as_str()), work, self.clock.monotonic_ms())
        })
    }

    fn delete_letters(&self, places: &[ErasedPlace]) -> Result<(), StoreFault> {
        self.sent("delete letters", |inner| {
            let work = Work::DeleteLetters(places_of(places));
            inner.send("delete letters", work, self.clock.monotonic_ms())
        })
    }
}

fn places_of(places: &[ErasedPlace]) -> Vec<(LogId, Lane, u64)> {
    places.iter().map(|place| (place.log_id, place.lane, place.offset)).collect()
}

/// Whether a rollup has a row a person.
pub fn is_keyed(rollup: Rollup) -> bool {
    PersonTable::ALL.iter().any(|table| table.as_str() == rollup.as_str())
}

/// Whether a row is a person's; told apart from how the collector tells it.
pub fn is_of(person: &Person, payload: &[u8]) -> bool {
    let view = RecordView::read(payload).unwrap();
    let user = view.user_id().unwrap();
    let visitor = Uuid::from_bytes(view.anonymous_id().0);
    view.tenant_id().0 == *person.tenant_id.as_bytes()
        && if user.is_empty() {
            !visitor.is_nil() && person.anonymous_ids.contains(&visitor)
        } else {
            person.user_ids.iter().any(|it| it == user)
        }
}
