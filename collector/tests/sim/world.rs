//! One run: a seed decides who does what next, and what breaks.
//!
//! The process is one log, one writer a lane and one a rollup, stepped in any
//! order. A crash throws all of it away; what the disk kept is opened again.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use tidemark_collector::clock::Clock as _;
use tidemark_collector::limits::FENCE_GRACE;
use tidemark_collector::log::append;
use tidemark_collector::log::erased::{ErasedPeople, Passage};
use tidemark_collector::log::limits::LogLimits;
use tidemark_collector::log::{
    AppendGroup, Entry, Item, LocalReader, LogCore, LogOptions, LogReader as _,
};
use tidemark_collector::place::{Lane, LogId};
use tidemark_collector::process::dead_letters;
use tidemark_collector::process::erase::{EraseWorld, Eraser, Stepped, take_up};
use tidemark_collector::process::{LaneWriter, RollupWriter, Shared, Step, WriterOptions};
use tidemark_collector::record::RecordView;
use tidemark_collector::store::Rollup;
use uuid::Uuid;

use crate::boundaries;
use crate::clients::{Clients, Heard, State};
use crate::clock::SimClock;
use crate::disk::SimDisk;
use crate::erasures::{Erasures, Rest};
use crate::oracle;
use crate::rng::Rng;
use crate::store::SimStore;
use crate::trace::Trace;

/// 2026-11-30 23:40 UTC: the end of a month is near, so that blocks span two partitions.
const BEGIN_MS: i64 = 1_796_082_000_000;

const HOUR_MS: u64 = 3_600_000;

/// Steps of a run before it is calmed.
const STEPS: u64 = 2_500;

/// Steps that a calm system may take to have everything where it belongs.
const CALM_STEPS: u64 = 60_000;

/// Openings that a calm system may take: what hinders the first is gone by the next.
const CALM_OPENINGS: u64 = 20;

/// What a run came to.
pub struct Outcome {
    /// What is wrong; empty when every promise was kept.
    pub wrong: Vec<String>,
    pub events: u64,
    pub crashes: u64,
    pub faults: BTreeMap<&'static str, u64>,
    /// Kinds of disk operation at which the power went, before and after them.
    pub crashed_at: BTreeMap<String, u64>,
    /// Kinds of disk operation that were seen.
    pub seen: BTreeMap<String, u64>,
    pub trace: Trace,
}

/// What a lane's thread does.
fn step_lane(
    lane: &mut LaneWriter,
    resting: bool,
    log: &LocalReader,
    (disk, store, clock): (&SimDisk, &SimStore, &SimClock),
) -> Step {
    if resting && lane.is_between_blocks() {
        return lane.come_to_rest(log, disk, store, clock);
    }
    lane.step(log, disk, store, clock)
}

/// What is on the disk at the end.
#[derive(Default)]
pub struct Kept {
    pub items: Vec<((LogId, Lane), Item)>,
    /// From where to where each lane holds anything.
    pub lanes: BTreeMap<(LogId, Lane), (u64, u64)>,
    pub letters: Vec<Vec<u8>>,
}

impl Process {
    fn rest(&self) -> Rest<'_> {
        let Self { lanes, rollups, shared, resting, .. } = self;
        Rest { lanes, rollups, shared, resting }
    }

    /// What admission does with a call: who was erased stays out.
    fn judge(&self, call: usize, entries: &[Entry]) -> Judged {
        let passage = self.people.enter();
        let is_taken = |entry: &Entry| {
            let view = RecordView::read(&entry.payload).unwrap();
            let visitor = Uuid::from_bytes(view.anonymous_id().0);
            let at_ms = view.occurred_at_ms().min(view.received_at_ms());
            !self.people.covers(entry.tenant_id, view.user_id().unwrap(), visitor, at_ms)
        };
        let taken: Vec<bool> = entries.iter().map(is_taken).collect();
        let kept = entries.iter().zip(&taken).filter(|(_, taken)| **taken);
        let entries = kept.map(|(entry, _)| entry.clone()).collect();
        Judged { call, entries, taken, _passage: passage }
    }
}

impl Judged {
    fn tell(&self, outcomes: &[append::Outcome]) -> Vec<Heard> {
        let mut outcomes = outcomes.iter();
        let told = self.taken.iter().map(|taken| match taken {
            true => outcomes.next().copied().map_or(Heard::Erased, Heard::Outcome),
            false => Heard::Erased,
        });
        told.collect()
    }
}

struct World {
    rng: Rng,
    trace: Trace,
    clock: SimClock,
    disk: SimDisk,
    store: SimStore,
    clients: Clients,
    process: Option<Process>,
    options: LogOptions,
    erasures: Erasures,
    people_key: [u8; 16],
    crashes: u64,
    /// Nothing breaks by itself any more.
    calm: bool,
    gave_up: Option<String>,
}

struct Process {
    log: LogCore,
    reader: LocalReader,
    lanes: Vec<LaneWriter>,
    rollups: Vec<RollupWriter>,
    shared: Shared,
    people: ErasedPeople,
    eraser: Option<Eraser>,
    /// Whether the writers are asked to rest.
    resting: Cell<bool>,
    /// Batches that are judged and not yet in the log.
    judged: Vec<Judged>,
}

/// A call between admission and the log.
struct Judged {
    call: usize,
    /// Those of its entries that are to be appended.
    entries: Vec<Entry>,
    /// For each of its entries whether it is.
    taken: Vec<bool>,
    _passage: Passage,
}

/// Runs a seed.
pub fn run(seed: u64) -> Outcome {
    let mut rng = Rng::new(seed);
    let trace = Trace::default();
    let clock = SimClock::new(BEGIN_MS);
    let lanes = 1 + rng.below(3) as u16;
    let options = options(&mut rng, lanes);
    let disk = SimDisk::new(rng.fork(), trace.clone());
    if let Some(at) = boundaries::steered(seed) {
        disk.steer(at);
    }
    let mut world = World {
        store: SimStore::new(rng.fork(), clock.clone(), disk.clone(), trace.clone()),
        disk,
        clients: Clients::new(rng.fork(), lanes),
        process: None,
        options,
        erasures: Erasures::new(rng.fork()),
        people_key: rng.bytes16(),
        crashes: 0,
        calm: false,
        gave_up: None,
        clock,
        trace,
        rng,
    };
    for _ in 0..STEPS {
        world.step();
        if world.gave_up.is_some() {
            break;
        }
    }
    world.settle();
    world.outcome()
}

/// Small bounds, so that a short run rotates, snapshots, spills and removes.
fn options(rng: &mut Rng, lanes: u16) -> LogOptions {
    let mut limits = LogLimits {
        segment_max_bytes: 1_000 + rng.below(6_000),
        segment_max_age_ms: (HOUR_MS * (1 + rng.below(4))) as i64,
        retain_max_bytes: rng.below(2) * rng.below(10_000),
        retain_max_ms: (rng.below(3) * HOUR_MS) as i64,
        disk_reserve_bytes: 1_000,
        free_poll_ms: 10,
        rest_after_failure_ms: 10,
        ..LogLimits::default()
    };
    if limits.segment_max_bytes % 4 == 0 {
        // Frames that end where a block does, as large ones do.
        limits.fill_block_from_bytes = 200;
    }
    limits.index.generation_max_ids = 10 + rng.index(60);
    limits.index.regions_per_step = 1_024;
    if rng.chance(50) {
        // Memory for about 270 ids: the oldest go to files.
        limits.index.table_max_bytes = 700_000;
    }
    LogOptions {
        stream: "log/events.raw".into(),
        lanes_if_new: lanes,
        log_id_if_new: Uuid::from_bytes(rng.bytes16()),
        hash_key_if_new: rng.bytes16(),
        preload_if_new: false,
        limits,
    }
}

impl World {
    fn step(&mut self) {
        if self.disk.is_dead() {
            // Whoever pulled the plug may have pulled the process's alone.
            let with_the_machine = self.rng.chance(60);
            self.crash(with_the_machine);
        }
        if self.process.is_none() {
            self.open();
            return;
        }
        let erases = self.process.as_ref().is_some_and(|process| process.eraser.is_some());
        if erases && self.rng.chance(3) {
            self.go_on_erasing();
        }
        match self.rng.below(1000) {
            0..60 => self.new_call(),
            60..150 => self.send(),
            150..520 => self.write(),
            520..690 => self.roll_up(),
            690..694 => self.ask_erasure(),
            694..750 => {
                self.erase();
            }
            750..800 => self.tick(),
            800..925 => {
                let ms = self.rng.below(400);
                self.clock.advance(ms);
            }
            925..931 => {
                let hours = 1 + self.rng.below(30);
                self.trace.say(format!("clock: {hours} hours go by"));
                self.clock.advance(hours * HOUR_MS);
            }
            931..933 => {
                self.trace.say("clock: somebody sets it back".into());
                self.clock.jump(-((self.rng.below(20) * HOUR_MS) as i64));
            }
            933..958 => self.store.run(),
            958..962 => self.store.kill(),
            962..966 => self.store.set_down(true),
            966..976 => self.store.set_down(false),
            976..980 => self.disk.light_fuse(self.rng.below(40)),
            980..988 => self.disk.light_fuse_at_a_kind(),
            988..990 => self.crash(false),
            990..991 => self.crash(true),
            991..994 => self.disk.fail_next_sync(),
            994..997 => self.disk.leave_free(self.rng.below(3_000)),
            _ => self.disk.leave_free(u64::MAX / 4),
        }
    }

    fn open(&mut self) {
        if !self.calm && self.rng.chance(15) {
            self.disk.light_fuse(self.rng.below(12));
        }
        let disk = Arc::new(self.disk.clone());
        let clock = Arc::new(self.clock.clone());
        let (log, recovery) = match LogCore::open(disk, clock, &self.options) {
            Ok(opened) => opened,
            Err(error) => {
                self.trace.say(format!("log: does not open: {error}"));
                self.not_opened(error.code());
                return;
            }
        };
        self.trace.say(format!("log: open: {recovery:?}"));
        let people = ErasedPeople::open(&self.disk, self.people_key);
        let found = people.map_err(|error| error.to_string()).and_then(|people| {
            let jobs = take_up(&self.disk, &people).map_err(|error| error.to_string())?;
            Ok((people, jobs))
        });
        let (people, jobs) = match found {
            Ok(found) => found,
            Err(error) => {
                self.trace.say(format!("erased: not known: {error}"));
                drop(log);
                self.not_opened("erased");
                return;
            }
        };
        if !jobs.is_empty() {
            // As `serve` does: what the process before has sent begins now or never.
            self.clock.advance(u64::try_from(FENCE_GRACE.as_millis()).unwrap());
            self.store.run();
        }
        let under_way = jobs.iter().map(|job| job.erasure_id).collect();
        self.erasures.found(under_way, self.clock.monotonic_ms());
        let reader = log.reader();
        let shared = Shared::new(self.rng.next());
        let options = WriterOptions {
            max_rows: 1 + self.rng.index(12),
            max_age_ms: self.rng.below(300),
            ..WriterOptions::default()
        };
        let mut lanes = Vec::new();
        for lane in reader.owned_lanes() {
            match LaneWriter::open(&reader, &self.disk, &self.clock, lane, options, shared.clone())
            {
                Ok(writer) => lanes.push(writer),
                Err(error) => {
                    self.trace.say(format!("writer: does not open: {error}"));
                    drop(log);
                    self.not_opened("writer");
                    return;
                }
            }
        }
        let rollups = Rollup::ALL
            .into_iter()
            .map(|rollup| RollupWriter::new(rollup, &reader, &self.clock, options, shared.clone()))
            .collect();
        self.process = Some(Process {
            log,
            reader,
            lanes,
            rollups,
            shared,
            people,
            eraser: jobs.into_iter().next().map(Eraser::new),
            resting: Cell::new(false),
            judged: Vec::new(),
        });
    }

    /// Only a dead disk, a full one, or one that failed a sync, excuses it.
    fn not_opened(&mut self, code: &str) {
        self.clients.unanswered();
        if !self.disk.is_dead() && self.rng.chance(40) {
            self.disk.leave_free(u64::MAX / 4);
        }
        if code == "dedupe_index_lost" || code == "log_header_damaged" {
            self.gave_up = Some(format!("the log does not open: {code}"));
        }
    }

    fn new_call(&mut self) {
        for poison in self.clients.make_call(self.clock.unix_ms(), self.clock.monotonic_ms()) {
            self.store.refuse(poison);
        }
    }

    /// One group commit of some calls.
    fn send(&mut self) {
        let now_ms = self.clock.monotonic_ms();
        let mut picked = Vec::new();
        for _ in 0..=self.rng.below(5) {
            if let Some(call) = self.clients.pick(now_ms) {
                picked.push(call);
            }
        }
        let Some(process) = self.process.as_mut() else { return };
        for call in picked {
            let made = &mut self.clients.calls[call];
            if made.state == State::Waiting {
                made.state = State::Sent;
            }
            let judged = process.judge(call, &made.entries);
            process.judged.push(judged);
        }
        // Between admission and the log there may be a while.
        if process.judged.is_empty() || self.rng.chance(10) {
            return;
        }
        let mut judged = std::mem::take(&mut process.judged);
        if process.eraser.is_some() {
            // One call's thread may be slower than its neighbours', and an erasure pass it by.
            let mut rng = self.rng.fork();
            (process.judged, judged) = judged.into_iter().partition(|_| rng.chance(60));
            if judged.is_empty() {
                return;
            }
        }
        let groups: Vec<AppendGroup> =
            judged.iter().map(|it| AppendGroup { entries: it.entries.clone() }).collect();
        let picked: Vec<usize> = judged.iter().map(|it| it.call).collect();
        self.trace.say(format!("log: commit calls {picked:?}"));
        let results = process.log.commit(&groups);
        // The answer reaches its sender, or the process dies first.
        let heard = !self.rng.chance(3);
        for (judged, result) in judged.into_iter().zip(results) {
            let call = judged.call;
            match result {
                Ok(outcomes) if heard => {
                    let told = judged.tell(&outcomes);
                    self.trace.say(format!("log: call {call}: {told:?}"));
                    self.clients.answered(call, &told);
                }
                Ok(_) => {}
                Err(error) => self.trace.say(format!("log: call {call}: {}", error.code())),
            }
        }
        self.clients.unanswered();
    }

    fn ask_erasure(&mut self) {
        let Some(process) = self.process.as_mut() else { return };
        if process.eraser.is_some() {
            return;
        }
        let asked = self.erasures.ask(
            (&self.disk, &process.people),
            &self.clock,
            &self.clients,
            &self.store,
        );
        self.trace.say(format!("erasure: asked {:?}", asked.as_ref().map(|job| job.is_ok())));
        process.eraser = asked.and_then(Result::ok).map(Eraser::new);
    }

    /// A step of the erasure; true when there is none.
    fn erase(&mut self) -> bool {
        let Some(process) = self.process.as_mut() else { return false };
        let Some(eraser) = process.eraser.as_mut() else { return true };
        let stage = eraser.stage();
        let rest = Rest {
            lanes: &process.lanes,
            rollups: &process.rollups,
            shared: &process.shared,
            resting: &process.resting,
        };
        let stepped = eraser.step(&mut EraseWorld {
            log: &process.reader,
            entries: &mut process.log,
            people: &process.people,
            writers: &rest,
            store: &self.store,
            disk: &self.disk,
            clock: &self.clock,
        });
        self.trace.say(format!("erasure: {}: {:?}", stage.as_str(), eraser.waits_for()));
        if let Stepped::Done(receipt) = stepped {
            process.eraser = None;
            self.erasures.done(&receipt, self.clock.monotonic_ms());
        }
        false
    }

    fn write(&mut self) {
        let Some(process) = self.process.as_mut() else { return };
        let index = self.rng.index(process.lanes.len());
        let resting = process.resting.get();
        let lane = &mut process.lanes[index];
        step_lane(lane, resting, &process.reader, (&self.disk, &self.store, &self.clock));
    }

    fn roll_up(&mut self) {
        let Some(process) = self.process.as_mut() else { return };
        let index = self.rng.index(process.rollups.len());
        if process.rest().has_come() {
            return;
        }
        process.rollups[index].step(&process.reader, &self.store, &self.clock);
    }

    fn tick(&mut self) {
        let ticks = 1 + self.rng.below(10);
        if let Some(process) = self.process.as_mut() {
            for _ in 0..ticks {
                process.log.tick();
            }
        }
    }

    /// A while in which everybody works: an erasure needs all of them to come to rest,
    /// which a random order would seldom bring about between two crashes.
    fn go_on_erasing(&mut self) {
        for _ in 0..60 {
            self.clock.advance(60);
            self.store.run();
            let Some(process) = self.process.as_mut() else { return };
            let (resting, has_come) = (process.resting.get(), process.rest().has_come());
            for lane in &mut process.lanes {
                let parts = (&self.disk, &self.store, &self.clock);
                step_lane(lane, resting, &process.reader, parts);
            }
            for rollup in process.rollups.iter_mut().filter(|_| !has_come) {
                rollup.step(&process.reader, &self.store, &self.clock);
            }
            if self.erase() || self.disk.is_dead() {
                return;
            }
        }
    }

    /// The process dies, and with the machine what was not synced.
    fn crash(&mut self, with_the_machine: bool) {
        self.crashes += 1;
        self.process = None;
        if with_the_machine {
            self.disk.power_loss();
        } else {
            self.disk.kill_process();
        }
        self.clients.unanswered();
    }

    /// Nothing breaks any more: everything that was sent is answered and carried on.
    fn settle(&mut self) {
        if self.gave_up.is_some() {
            return;
        }
        self.trace.say("everything calms down".into());
        self.calm = true;
        if self.disk.is_dead() {
            self.crash(true);
        }
        self.disk.calm();
        self.store.calm();
        self.store.set_down(false);
        let mut openings = 0;
        for _ in 0..CALM_STEPS {
            self.clock.advance(20);
            self.store.run();
            let Some(process) = self.process.as_mut() else {
                openings += 1;
                if openings > CALM_OPENINGS {
                    self.gave_up = Some("it does not open on a calm disk".into());
                    return;
                }
                self.open();
                if self.gave_up.is_some() {
                    return;
                }
                continue;
            };
            self.clients.drop_old(self.clock.monotonic_ms());
            let waiting: Vec<usize> = self.clients.waiting().collect();
            // Whoever was between admission and the log is sent again.
            process.judged.clear();
            self.clients.unanswered();
            if let Some(call) = waiting.first() {
                let judged = process.judge(*call, &self.clients.calls[*call].entries);
                let group = AppendGroup { entries: judged.entries.clone() };
                match process.log.commit(&[group]).pop() {
                    Some(Ok(outcomes)) => self.clients.answered(*call, &judged.tell(&outcomes)),
                    Some(Err(error)) => {
                        self.trace.say(format!("log: call {call}: {}", error.code()));
                    }
                    None => {}
                }
            }
            process.log.tick();
            let mut idle = waiting.is_empty();
            let resting = process.resting.get();
            for writer in &mut process.lanes {
                let parts = (&self.disk, &self.store, &self.clock);
                idle &= step_lane(writer, resting, &process.reader, parts) == Step::WaitForEntries;
            }
            let has_come = process.rest().has_come();
            for rollup in process.rollups.iter_mut().filter(|_| !has_come) {
                let step = rollup.step(&process.reader, &self.store, &self.clock);
                idle &= step == Step::WaitForEntries;
            }
            idle &= self.erase();
            if idle && self.store.look(|tables| tables.open) == 0 {
                return;
            }
        }
        self.gave_up = Some("it does not come to rest".into());
    }

    /// What the log and the files of dead letters hold.
    fn kept(&self) -> Kept {
        let mut kept = Kept::default();
        let Some(process) = &self.process else { return kept };
        for lane in process.reader.owned_lanes() {
            let (mut from, end) = (process.reader.begin(lane), process.reader.durable_end(lane));
            kept.lanes.insert((process.reader.log_id(), lane), (from, end));
            while from < end {
                let items = process.reader.read(lane, from, 1_000, usize::MAX / 2).unwrap();
                let Some(last) = items.last() else { break };
                from = last.offset + 1;
                let log_id = process.reader.log_id();
                kept.items.extend(items.into_iter().map(|item| ((log_id, lane), item)));
            }
            let letters = dead_letters::read(&self.disk, lane).unwrap();
            kept.letters.extend(letters.into_iter().map(|letter| letter.payload));
        }
        kept
    }

    fn outcome(self) -> Outcome {
        let mut wrong = Vec::new();
        wrong.extend(self.gave_up.clone());
        if wrong.is_empty() {
            let kept = self.kept();
            wrong = self.store.look(|tables| {
                let mut wrong = oracle::judge(&self.clients, &self.erasures, tables);
                wrong.extend(oracle::judge_erasures(&self.erasures, &kept, &self.disk, tables));
                wrong.extend(oracle::judge_lanes(&kept, tables));
                wrong
            });
        }
        Outcome {
            wrong,
            events: self.clients.told.len() as u64,
            crashes: self.crashes,
            faults: self.store.look(|tables| tables.faults.clone()),
            crashed_at: self.disk.crashed_at(),
            seen: self.disk.seen(),
            trace: self.trace,
        }
    }
}
