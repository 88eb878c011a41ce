//! A log, a clock and a ClickHouse in memory, for the writers' own tests.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tidemark_core::json::Tape;
use uuid::Uuid;

use crate::clock::Clock;
use crate::disk::{Appender, Disk};
use crate::log::{Content, Item, LogError, LogReader, Ownership, Stored};
use crate::place::{Lane, LogId, Range};
use crate::process::{LaneWriter, OpenError, Shared, Step, WriterOptions};
use crate::record::{Encoder, Record};
use crate::store::{Block, DeadLetter, Piece, Rollup, Span, Store, StoreFault};

pub const LOG_ID: LogId = Uuid::from_u128(42);
/// 1 January 2026, 00:00 UTC: the first moment of a partition.
pub const NEW_YEAR_MS: i64 = 1_767_225_600_000;

/// An entry that was received then, whose user_id is `user`.
pub fn entry(received_at_ms: i64, user: &str) -> Content {
    let attributes = Tape::read_text(r#"{"x":1}"#).unwrap();
    let record = Record {
        received_at_ms,
        occurred_at_ms: received_at_ms,
        expires_at: u32::MAX,
        event_name: "ui.clicked".into(),
        user_id: user.into(),
        attributes: Some(attributes.root()),
        ..Record::default()
    };
    let mut payload = Vec::new();
    Encoder::new().event(&record, &mut payload);
    Content::Entry(Stored {
        tenant_id: Uuid::nil(),
        event_id: Uuid::nil(),
        received_at_ms,
        payload: Bytes::from(payload),
    })
}

#[derive(Default)]
pub struct Log {
    pub items: Mutex<Vec<Item>>,
    pub begin: AtomicU64,
    pub released: AtomicU64,
}

impl Log {
    pub fn push(&self, content: Content) {
        let mut items = self.items.lock().unwrap();
        let offset = items.last().map_or(0, |item| item.offset + 1);
        items.push(Item { offset, content });
    }
}

impl LogReader for Log {
    fn log_id(&self) -> LogId {
        LOG_ID
    }

    fn ownership(&self) -> Ownership {
        Ownership { epoch: 0, lanes: vec![0] }
    }

    fn durable_end(&self, _lane: Lane) -> u64 {
        self.items.lock().unwrap().last().map_or(0, |item| item.offset + 1)
    }

    fn begin(&self, _lane: Lane) -> u64 {
        self.begin.load(Ordering::Relaxed)
    }

    fn read(
        &self,
        _lane: Lane,
        from: u64,
        max_entries: usize,
        _max_bytes: usize,
    ) -> Result<Vec<Item>, LogError> {
        let items = self.items.lock().unwrap();
        let after = items.iter().filter(|item| item.offset >= from);
        Ok(after.take(max_entries).cloned().collect())
    }

    fn release(&self, _lane: Lane, offset: u64) -> Result<(), LogError> {
        self.released.fetch_max(offset, Ordering::Relaxed);
        Ok(())
    }
}

#[derive(Default)]
pub struct ManualClock(pub AtomicU64);

impl Clock for ManualClock {
    fn unix_ms(&self) -> i64 {
        NEW_YEAR_MS
    }

    fn monotonic_ms(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What one statement meets; without an order it succeeds.
#[derive(Clone, Copy, Debug)]
pub enum Order {
    /// Applied, and the answer is lost.
    AppliedUnknown,
    /// Not applied, and the answer is lost.
    AbsentUnknown,
    /// Not applied yet; applied when it is fenced, or at `late`.
    BeginsLate,
    /// Turned away.
    NotBegun,
    /// Half of the rows are applied: what ClickHouse never does.
    TornUnknown,
}

#[derive(Default)]
pub struct Database {
    /// How often each offset of each table is there, in its partition.
    pub rows: BTreeMap<(&'static str, u32, u64), u32>,
    pub orders: VecDeque<Order>,
    pub late: Vec<Vec<(&'static str, u32, u64)>>,
    pub statements: Vec<String>,
    pub letters: Vec<DeadLetter>,
    /// Rows of this user are refused.
    pub poison: Option<&'static str>,
    pub marks: BTreeMap<(Rollup, Lane), u64>,
    /// How often each offset is in each rollup.
    pub rolled: BTreeMap<(Rollup, Lane, u64), u32>,
    pub late_rolls: Vec<(Rollup, Vec<Span>)>,
}

#[derive(Default)]
pub struct ClickHouse(pub Mutex<Database>);

impl Database {
    fn apply(&mut self, rows: Vec<(&'static str, u32, u64)>) {
        for row in rows {
            *self.rows.entry(row).or_default() += 1;
        }
    }

    fn roll(&mut self, rollup: Rollup, spans: &[Span]) {
        for span in spans {
            let Range { lane, from, to, .. } = span.range;
            for offset in from..to {
                *self.rolled.entry((rollup, lane, offset)).or_default() += 1;
            }
            let mark = self.marks.entry((rollup, lane)).or_default();
            *mark = (*mark).max(to);
        }
    }

    /// Statements that were sent and have not begun: they begin now.
    pub fn begin_late(&mut self) {
        for rows in std::mem::take(&mut self.late) {
            self.apply(rows);
        }
        for (rollup, spans) in std::mem::take(&mut self.late_rolls) {
            self.roll(rollup, &spans);
        }
    }
}

impl Store for ClickHouse {
    fn insert(&self, block: &Block<'_>) -> Result<(), StoreFault> {
        let mut database = self.0.lock().unwrap();
        database.statements.push(block.query_id.to_owned());
        let table = block.piece.table.as_str();
        let rows: Vec<_> =
            block.rows.iter().map(|row| (table, block.piece.partition.0, row.offset)).collect();
        let poisoned = block.rows.iter().any(|row| {
            let view = crate::record::RecordView::read(row.payload).unwrap();
            Some(view.user_id().unwrap()) == database.poison
        });
        let unknown = || Err(StoreFault::Unknown("the connection broke".into()));
        match database.orders.pop_front() {
            Some(Order::NotBegun) => Err(StoreFault::NotBegun("nobody is there".into())),
            Some(Order::AbsentUnknown) => unknown(),
            Some(Order::BeginsLate) => {
                database.late.push(rows);
                unknown()
            }
            Some(Order::TornUnknown) => {
                let half = rows.len() / 2;
                database.apply(rows.into_iter().take(half).collect());
                unknown()
            }
            _ if poisoned => {
                Err(StoreFault::Refused { code: 117, reason: "INCORRECT_DATA".into() })
            }
            Some(Order::AppliedUnknown) => {
                database.apply(rows);
                unknown()
            }
            None => {
                database.apply(rows);
                Ok(())
            }
        }
    }

    fn rows_of(&self, piece: &Piece) -> Result<u64, StoreFault> {
        let database = self.0.lock().unwrap();
        let Range { from, to, .. } = piece.range;
        let (table, partition) = (piece.table.as_str(), piece.partition.0);
        let inside = database.rows.range((table, partition, from)..(table, partition, to));
        Ok(inside.map(|(_, times)| u64::from(*times)).sum())
    }

    fn roll_up(&self, rollup: Rollup, spans: &[Span], query_id: &str) -> Result<(), StoreFault> {
        let mut database = self.0.lock().unwrap();
        database.statements.push(query_id.to_owned());
        let unknown = || Err(StoreFault::Unknown("the connection broke".into()));
        match database.orders.pop_front() {
            Some(Order::NotBegun) => Err(StoreFault::NotBegun("nobody is there".into())),
            Some(Order::AppliedUnknown) => {
                database.roll(rollup, spans);
                unknown()
            }
            Some(Order::BeginsLate) => {
                database.late_rolls.push((rollup, spans.to_vec()));
                unknown()
            }
            Some(Order::AbsentUnknown | Order::TornUnknown) => unknown(),
            None => {
                database.roll(rollup, spans);
                Ok(())
            }
        }
    }

    fn watermark(&self, rollup: Rollup, log_id: LogId, lane: Lane) -> Result<u64, StoreFault> {
        assert_eq!(log_id, LOG_ID);
        Ok(self.0.lock().unwrap().marks.get(&(rollup, lane)).copied().unwrap_or(0))
    }

    fn fence(&self, _query_id: &str) -> Result<(), StoreFault> {
        self.0.lock().unwrap().begin_late();
        Ok(())
    }

    fn dead_letter(&self, letters: &[DeadLetter]) -> Result<(), StoreFault> {
        self.0.lock().unwrap().letters.extend_from_slice(letters);
        Ok(())
    }
}

/// All of it, with a lane's writer that can be killed and started again.
pub struct World {
    pub disk: MemoryDisk,
    pub log: Log,
    pub clock: ManualClock,
    pub store: ClickHouse,
    pub options: WriterOptions,
    pub shared: Shared,
}

impl World {
    pub fn new() -> Self {
        let options = WriterOptions { max_rows: 10, ..WriterOptions::default() };
        let world = Self {
            disk: MemoryDisk::default(),
            log: Log::default(),
            clock: ManualClock::default(),
            store: ClickHouse::default(),
            options,
            shared: Shared::new(1),
        };
        // The first start, before anything is in the log.
        world.drain(&mut world.writer());
        world
    }

    pub fn writer(&self) -> LaneWriter {
        self.try_writer().unwrap()
    }

    pub fn try_writer(&self) -> Result<LaneWriter, OpenError> {
        let (options, shared) = (self.options, self.shared.clone());
        LaneWriter::open(&self.log, &self.disk, &self.clock, 0, options, shared)
    }

    pub fn step(&self, writer: &mut LaneWriter) -> Step {
        writer.step(&self.log, &self.disk, &self.store, &self.clock)
    }

    /// Steps, letting time pass, until there is nothing left to do.
    pub fn drain(&self, writer: &mut LaneWriter) {
        for _ in 0..100_000 {
            match self.step(writer) {
                Step::Worked => {}
                Step::WaitUntil(until_ms) => self.clock.0.store(until_ms, Ordering::Relaxed),
                Step::WaitForEntries => return,
            }
        }
        panic!("it never comes to rest");
    }

    /// Every offset below `end` is in the table exactly once, save the buried.
    pub fn assert_exact(&self, end: u64) {
        let mut database = self.store.0.lock().unwrap();
        database.begin_late();
        let buried: Vec<u64> = database.letters.iter().map(|letter| letter.offset).collect();
        for offset in 0..end {
            let times: u32 = database
                .rows
                .iter()
                .filter(|((_, _, at), _)| *at == offset)
                .map(|(_, times)| *times)
                .sum();
            assert_eq!(times, u32::from(!buried.contains(&offset)), "offset {offset}");
        }
        assert_eq!(self.shared.counters.violations.get(), 0);
    }
}

/// Files in memory, durable at once: what a crash does to a disk is for the
/// simulation, and here the writers are killed between two steps.
#[derive(Clone, Default)]
pub struct MemoryDisk(pub Arc<Mutex<BTreeMap<String, Vec<u8>>>>);

impl MemoryDisk {
    pub fn file(&self, path: &str) -> io::Result<Vec<u8>> {
        self.0.lock().unwrap().get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Disk for MemoryDisk {
    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let files = self.0.lock().unwrap();
        let inside = files.keys().filter_map(|path| path.strip_prefix(folder)?.strip_prefix('/'));
        Ok(inside.map(str::to_owned).collect())
    }

    fn create_folder(&self, _folder: &str) -> io::Result<()> {
        Ok(())
    }

    fn length(&self, path: &str) -> io::Result<u64> {
        Ok(self.file(path)?.len() as u64)
    }

    fn read(&self, path: &str, offset: u64, max: usize) -> io::Result<Vec<u8>> {
        let bytes = self.file(path)?;
        Ok(bytes.into_iter().skip(usize::try_from(offset).unwrap()).take(max).collect())
    }

    fn create(&self, path: &str) -> io::Result<Box<dyn Appender>> {
        self.0.lock().unwrap().insert(path.to_owned(), Vec::new());
        self.append(path)
    }

    fn append(&self, path: &str) -> io::Result<Box<dyn Appender>> {
        self.file(path)?;
        Ok(Box::new(MemoryFile(self.clone(), path.to_owned())))
    }

    fn truncate(&self, path: &str, length: u64) -> io::Result<()> {
        let length = usize::try_from(length).unwrap();
        self.0.lock().unwrap().get_mut(path).unwrap().truncate(length);
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let bytes = self.file(from)?;
        let mut files = self.0.lock().unwrap();
        files.remove(from);
        files.insert(to.to_owned(), bytes);
        Ok(())
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        self.file(path)?;
        self.0.lock().unwrap().remove(path);
        Ok(())
    }

    fn sync_folder(&self, _folder: &str) -> io::Result<()> {
        Ok(())
    }

    fn free_bytes(&self) -> io::Result<u64> {
        Ok(u64::MAX)
    }

    fn lock(&self) -> io::Result<Box<dyn Send + Sync>> {
        Ok(Box::new(()))
    }
}

struct MemoryFile(MemoryDisk, String);

impl Appender for MemoryFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.0.lock().unwrap().get_mut(&self.1).unwrap().extend_from_slice(bytes);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}
