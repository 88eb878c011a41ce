//! A log, its senders and its reader in one thread, and a model of what must hold.
//!
//! Everything follows from a seed: batches of ids from a small set, so that many
//! come twice; a reader that reads on, remembers its place and releases; a disk
//! that fails at times, a machine whose power goes, a clock that jumps. After
//! every step the model is compared; [`Wrong`] says what does not hold.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use uuid::Uuid;

use super::disk::{CrashDisk, Random};
use crate::clock::Clock;
use crate::dedupe::IndexLimits;
use crate::log::append::Outcome;
use crate::log::limits::LogLimits;
use crate::log::{
    AppendGroup, Content, Entry, LocalReader, LogCore, LogOptions, LogReader, Recovery,
};
use crate::place::Lane;

/// Lanes of the log under test.
pub const LANES: u16 = 3;

/// Ids that the senders use; few, so that many come twice.
const IDS: u64 = 400;

/// What does not hold.
pub type Wrong = String;

/// A clock with hands.
#[derive(Default)]
pub struct Hands {
    pub wall: AtomicI64,
    pub monotonic: AtomicU64,
}

impl Hands {
    pub fn pass(&self, ms: u64) {
        self.wall.fetch_add(ms as i64, Ordering::Relaxed);
        self.monotonic.fetch_add(ms, Ordering::Relaxed);
    }
}

impl Clock for Hands {
    fn unix_ms(&self) -> i64 {
        self.wall.load(Ordering::Relaxed)
    }

    fn monotonic_ms(&self) -> u64 {
        self.monotonic.load(Ordering::Relaxed)
    }
}

pub fn tenant() -> Uuid {
    Uuid::from_u128(7)
}

/// The entry of an id: its payload says which attempt it was.
pub fn entry(id: u64, attempt: u64) -> Entry {
    Entry {
        tenant_id: tenant(),
        event_id: Uuid::from_u128(u128::from(id)),
        lane: (id % u64::from(LANES)) as Lane,
        received_at_ms: 1000 + id as i64,
        payload: format!("{id}/{attempt}/{}", "x".repeat((id % 90) as usize)).into(),
    }
}

pub fn limits() -> LogLimits {
    LogLimits {
        segment_max_bytes: 4_000,
        segment_max_age_ms: 1_000_000,
        fill_block_from_bytes: 1_000,
        unsent_max_bytes: 1_000_000,
        disk_reserve_bytes: 1000,
        retain_max_bytes: 9_000,
        retain_max_ms: 10_000_000_000,
        free_poll_ms: 10,
        rest_after_failure_ms: 10,
        index: IndexLimits {
            table_max_bytes: usize::MAX / 2,
            generation_max_ids: 40,
            regions_per_step: 1024,
            ..IndexLimits::default()
        },
    }
}

/// Memory for about 270 ids: the oldest go to files.
pub fn little_memory() -> LogLimits {
    let mut limits = limits();
    limits.index.table_max_bytes = 700_000;
    limits
}

pub fn options(limits: LogLimits) -> LogOptions {
    let mut options = LogOptions::events_raw(Uuid::from_u128(99), [3; 16]);
    options.lanes_if_new = LANES;
    options.limits = limits;
    options
}

pub fn open(disk: &CrashDisk, clock: &Arc<Hands>, limits: LogLimits) -> (LogCore, Recovery) {
    LogCore::open(Arc::new(disk.clone()), Arc::clone(clock) as _, &options(limits)).unwrap()
}

/// Everything that a log holds, by lane.
pub fn read_all(reader: &LocalReader) -> Vec<Vec<crate::log::Item>> {
    let mut lanes = Vec::new();
    for lane in reader.owned_lanes() {
        let (mut items, mut from) = (Vec::new(), reader.begin(lane));
        loop {
            let more = reader.read(lane, from, 7, 300).unwrap();
            let Some(last) = more.last() else { break };
            from = last.offset + 1;
            items.extend(more);
        }
        lanes.push(items);
    }
    lanes
}

pub struct World {
    pub disk: CrashDisk,
    clock: Arc<Hands>,
    random: Random,
    core: Option<LogCore>,
    attempts: u64,
    limits: LogLimits,
    /// Ids that were told to be there, by either outcome, with the time.
    told: BTreeMap<u64, u64>,
    /// Payloads that were ever handed in, by id.
    tried: BTreeMap<u64, BTreeSet<Vec<u8>>>,
    /// What the reader took, by id; and its place in each lane, which survives it.
    taken: BTreeMap<u64, Vec<Vec<u8>>>,
    places: Vec<u64>,
}

impl World {
    pub fn new(seed: u64, limits: LogLimits) -> Result<Self, Wrong> {
        let mut world = Self {
            disk: CrashDisk::new(),
            clock: Arc::new(Hands::default()),
            random: Random(seed),
            core: None,
            attempts: 0,
            limits,
            told: BTreeMap::new(),
            tried: BTreeMap::new(),
            taken: BTreeMap::new(),
            places: vec![0; usize::from(LANES)],
        };
        world.clock.pass(1_700_000_000_000);
        world.open()?;
        Ok(world)
    }

    /// Runs `steps` steps, and then looks at everything once more.
    pub fn run(seed: u64, steps: u64, limits: LogLimits) -> Result<(), Wrong> {
        let mut world = Self::new(seed, limits)?;
        for _ in 0..steps {
            world.step()?;
        }
        world.restart(true)?;
        world.take_all()?;
        world.send_told_again()
    }

    fn step(&mut self) -> Result<(), Wrong> {
        match self.random.below(100) {
            0..=54 => self.commit()?,
            55..=74 => {
                self.clock.pass(11);
                self.core_mut().tick();
            }
            75..=86 => {
                self.take(5)?;
            }
            87..=89 => self.disk.fail_in(self.random.below(12)),
            90..=93 => self.disk.crash_in(self.random.below(25)),
            94..=95 => {
                let machine = self.random.below(2) == 0;
                self.restart(machine)?;
            }
            96 => {
                let jump = self.random.below(40 * 24 * 3_600_000) as i64 - 20 * 24 * 3_600_000;
                self.clock.wall.fetch_add(jump, Ordering::Relaxed);
            }
            97 => self.clock.pass(self.random.below(12 * 3_600_000)),
            _ => {
                // What the snapshot cannot write now it writes later.
                let _ = self.core_mut().snapshot();
            }
        }
        if self.disk.has_crashed() {
            // The power went, or only the process, and the machine keeps what it had.
            let machine = self.random.below(2) == 0;
            self.restart(machine)?;
        }
        Ok(())
    }

    fn core_mut(&mut self) -> &mut LogCore {
        self.core.as_mut().unwrap()
    }

    fn commit(&mut self) -> Result<(), Wrong> {
        let mut groups = Vec::new();
        for _ in 0..=self.random.below(3) {
            let mut group = AppendGroup::default();
            for _ in 0..=self.random.below(6) {
                self.attempts += 1;
                let id = self.random.below(IDS);
                let entry = entry(id, self.attempts);
                self.tried.entry(id).or_default().insert(entry.payload.to_vec());
                group.entries.push(entry);
            }
            groups.push(group);
        }
        let crash_before = self.disk.has_crashed();
        let results = self.core_mut().commit(&groups);
        for (group, result) in groups.iter().zip(results) {
            let Ok(outcomes) = result else { continue };
            if outcomes.len() != group.entries.len() {
                return Err("not one outcome an entry".into());
            }
            for (entry, outcome) in group.entries.iter().zip(outcomes) {
                let id = entry.event_id.as_u128() as u64;
                let known = self.told.insert(id, self.clock.monotonic_ms()).is_some();
                if known && outcome == Outcome::Stored {
                    return Err(format!("{id} is stored twice"));
                }
                if crash_before && !known {
                    return Err(format!("{id} was told without power"));
                }
            }
        }
        Ok(())
    }

    /// The reader takes some of each lane, remembers its place, and releases.
    fn take(&mut self, max: usize) -> Result<bool, Wrong> {
        let reader = self.core_mut().reader();
        let mut more = false;
        for lane in 0..LANES {
            let place = self.places[usize::from(lane)];
            if place < reader.begin(lane) && place > 0 {
                return Err(format!("lane {lane} was removed before it was read"));
            }
            let items = reader.read(lane, place, max, 500).map_err(|error| error.to_string())?;
            let mut next = place;
            for item in items {
                if item.offset < next {
                    return Err(format!("lane {lane} goes back to {}", item.offset));
                }
                next = item.offset + 1;
                more = true;
                match item.content {
                    Content::Entry(stored) => {
                        let id = stored.event_id.as_u128() as u64;
                        self.taken.entry(id).or_default().push(stored.payload.to_vec());
                    }
                    other => return Err(format!("{other:?} at {lane}/{}", item.offset)),
                }
            }
            self.places[usize::from(lane)] = next;
            if self.random.below(3) > 0 {
                reader.release(lane, next).map_err(|error| error.to_string())?;
            }
        }
        Ok(more)
    }

    fn restart(&mut self, machine: bool) -> Result<(), Wrong> {
        self.core = None;
        if machine {
            self.disk.restart(&mut self.random);
        } else {
            self.disk.kill();
        }
        self.clock.monotonic.store(self.random.below(1000), Ordering::Relaxed);
        self.open()
    }

    fn open(&mut self) -> Result<(), Wrong> {
        let disk = Arc::new(self.disk.clone());
        let clock = Arc::clone(&self.clock);
        let (core, recovery) = LogCore::open(disk, clock as _, &options(self.limits.clone()))
            .map_err(|error| error.to_string())?;
        if !recovery.damages.is_empty() {
            return Err(format!("damage where there is none: {:?}", recovery.damages));
        }
        if !recovery.passed_over.is_empty() {
            return Err(format!("passed over where all is sound: {:?}", recovery.passed_over));
        }
        self.core = Some(core);
        self.check()
    }

    /// Nothing that was told is missing, and nothing is there twice or altered.
    fn check(&mut self) -> Result<(), Wrong> {
        let reader = self.core_mut().reader();
        let mut there: BTreeMap<u64, Vec<Vec<u8>>> = self.taken.clone();
        for lane in 0..LANES {
            let mut from = self.places[usize::from(lane)];
            if from < reader.begin(lane) && from > 0 {
                return Err(format!("lane {lane} was removed before it was released"));
            }
            loop {
                let items =
                    reader.read(lane, from, 50, 100_000).map_err(|error| error.to_string())?;
                let Some(last) = items.last() else { break };
                from = last.offset + 1;
                for item in items {
                    let Content::Entry(stored) = item.content else {
                        return Err(format!("{:?} at {lane}/{}", item.content, item.offset));
                    };
                    let id = stored.event_id.as_u128() as u64;
                    there.entry(id).or_default().push(stored.payload.to_vec());
                }
            }
        }
        for id in self.told.keys() {
            match there.get(id).map(Vec::len) {
                Some(1) => {}
                count => return Err(format!("{id} was told and is there {count:?} times")),
            }
        }
        for (id, payloads) in &there {
            if payloads.len() > 1 {
                return Err(format!("{id} is there {} times", payloads.len()));
            }
            if !self.tried.get(id).is_some_and(|tried| tried.contains(&payloads[0])) {
                return Err(format!("{id} is not what was sent"));
            }
        }
        Ok(())
    }

    fn take_all(&mut self) -> Result<(), Wrong> {
        while self.take(100)? {}
        Ok(())
    }

    /// Whatever was told is a duplicate when it comes again, for as long as ids live.
    fn send_told_again(&mut self) -> Result<(), Wrong> {
        for id in self.told.clone().into_keys() {
            let group = AppendGroup { entries: vec![entry(id, u64::MAX)] };
            let result = self.core_mut().commit(&[group]).remove(0);
            if !matches!(result.as_deref(), Ok([Outcome::Duplicate])) {
                return Err(format!("{id} sent again is {result:?}"));
            }
        }
        Ok(())
    }
}
