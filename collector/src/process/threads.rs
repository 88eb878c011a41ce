//! The writers' threads: they step, wait, and stop.
//!
//! One thread a lane, because a lane waits for its own statements, and one for
//! all rollups, which share ClickHouse's patience rather than its cores. Nothing
//! here decides anything; what a thread was doing when it is stopped or killed is
//! in the lane's plan.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::clock::Clock;
use crate::disk::Disk;
use crate::limits::{HALT_MS, WRITER_POLL};
use crate::log::LogReader;
use crate::metrics::WriterSnapshot;
use crate::place::Lane;
use crate::store::{Rollup, SchemaGate, Store};

use super::erase::Resting;
use super::lane::{LaneWriter, Shared, Step, WriterOptions};
use super::open::OpenError;
use super::rollup::RollupWriter;

/// How often a writer that pauses looks whether ClickHouse is back.
const WRITER_LOOK: Duration = Duration::from_millis(250);

/// What the writers work on.
#[derive(Clone)]
pub struct Parts {
    /// Where entries come from.
    pub log: Arc<dyn LogReader>,
    /// Where plans and dead letters are kept.
    pub disk: Arc<dyn Disk>,
    /// Where rows go.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Open while the tables are there; nothing is sent before.
    pub gate: Arc<SchemaGate>,
    /// Sizes and times.
    pub options: WriterOptions,
}

/// The running writers of a process.
pub struct Writers {
    shared: Shared,
    rollup_lag: Arc<AtomicU64>,
    signal: Arc<Signal>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// Wakes and stops the threads.
#[derive(Default)]
struct Signal {
    stop: AtomicBool,
    /// Lanes plan no further block, and rollups add nothing, while this is set.
    hold: AtomicBool,
    /// How many lanes' threads there are.
    lanes: AtomicUsize,
    /// How many of them have come to rest because of it.
    lanes_held: AtomicUsize,
    /// Whether the rollups have, which they do after the lanes.
    rollups_held: AtomicBool,
    generation: Mutex<u64>,
    woken: Condvar,
}

/// Starts a writer for every lane that this process owns, and the rollups.
/// `seed` makes the jitter of pauses.
///
/// # Errors
/// [`OpenError`] when a lane's plan and the log do not go together, or a thread
/// cannot be made; nothing runs then.
pub fn spawn(parts: &Parts, seed: u64) -> Result<Writers, OpenError> {
    let shared = Shared::new(seed);
    let mut lanes = Vec::new();
    for lane in parts.log.owned_lanes() {
        let (log, disk, clock) = (&*parts.log, &*parts.disk, &*parts.clock);
        let writer = LaneWriter::open(log, disk, clock, lane, parts.options, shared.clone())?;
        lanes.push((lane, writer));
    }
    let mut writers = Writers {
        shared: shared.clone(),
        rollup_lag: Arc::default(),
        signal: Arc::default(),
        threads: Mutex::default(),
    };
    for (lane, writer) in lanes {
        let (parts, signal) = (parts.clone(), Arc::clone(&writers.signal));
        let (end, asked) = (parts.log.durable_end(lane), shared.clone());
        let work = move || {
            if is_ours(lane, end, &parts, &signal, &asked) {
                write_lane(writer, &parts, &signal);
            }
        };
        writers.signal.lanes.fetch_add(1, Ordering::SeqCst);
        writers.thread(format!("lane-{lane}"), work)?;
    }
    let rollups = Rollup::ALL.map(|rollup| {
        RollupWriter::new(rollup, &*parts.log, &*parts.clock, parts.options, shared.clone())
    });
    let (parts, signal) = (parts.clone(), Arc::clone(&writers.signal));
    let lag = Arc::clone(&writers.rollup_lag);
    writers.thread("rollups".to_owned(), move || write_rollups(rollups, &parts, &signal, &lag))?;
    Ok(writers)
}

impl Writers {
    fn thread(
        &mut self,
        name: String,
        work: impl FnOnce() + Send + 'static,
    ) -> Result<(), OpenError> {
        match std::thread::Builder::new().name(name).spawn(work) {
            Ok(thread) => {
                self.threads.get_mut().unwrap_or_else(PoisonError::into_inner).push(thread);
                Ok(())
            }
            Err(error) => {
                self.signal.stop();
                Err(OpenError::Disk(error))
            }
        }
    }

    /// What they count.
    pub const fn shared(&self) -> &Shared {
        &self.shared
    }

    /// How many durable entries of a lane are not in ClickHouse yet.
    pub fn lag(&self, log: &dyn LogReader, lane: Lane) -> u64 {
        let committed = self.shared.frontier.committed(lane).unwrap_or(0);
        log.durable_end(lane).saturating_sub(committed)
    }

    /// How many committed offsets the rollup that is furthest behind lacks.
    pub fn rollup_lag(&self) -> u64 {
        self.rollup_lag.load(Ordering::Relaxed)
    }

    /// What they have done, and where they are, for the metrics.
    pub fn snapshot(&self, log: &dyn LogReader) -> WriterSnapshot {
        let counters = &self.shared.counters;
        WriterSnapshot {
            blocks: counters.blocks.get(),
            rows: counters.rows.get(),
            doubts: counters.doubts.get(),
            found_there: counters.found_there.get(),
            found_absent: counters.found_absent.get(),
            failures: counters.failures.get(),
            dead_letters: counters.dead_letters.get(),
            erased: counters.erased.get(),
            damaged: counters.damaged.get(),
            lost: counters.lost.get(),
            violations: counters.violations.by_invariant(),
            old_copies: counters.old_copies.get(),
            rollups: counters.rollups.get(),
            lag: log.owned_lanes().into_iter().map(|lane| self.lag(log, lane)).sum(),
            rollup_lag: self.rollup_lag(),
            breaker_open: self.shared.breaker.is_open(),
        }
    }

    /// Says that the log has more, so that nobody waits for the next look.
    pub fn wake(&self) {
        self.signal.wake();
    }

    /// How an erasure has them rest: every lane commits the block that it has
    /// planned and plans no other, then every rollup comes to where the lanes are.
    pub fn resting(&self) -> Rest {
        Rest { shared: self.shared.clone(), signal: Arc::clone(&self.signal) }
    }

    /// Stops after the steps under way. Returns whether they ended within the
    /// time; what did not is taken up by its plan at the next start.
    pub fn stop(&self, within: Duration) -> bool {
        self.signal.stop();
        let deadline = Instant::now() + within;
        let threads =
            std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            while !thread.is_finished() {
                if Instant::now() >= deadline {
                    return false;
                }
                std::thread::sleep(Duration::from_millis(5));
            }
            if thread.join().is_err() {
                tracing::error!("a writer's thread has panicked");
            }
        }
        true
    }
}

/// The writers' rest, for [`super::erase`].
#[derive(Clone)]
pub struct Rest {
    shared: Shared,
    signal: Arc<Signal>,
}

impl Resting for Rest {
    fn committed(&self, lane: Lane) -> Option<u64> {
        self.shared.frontier.committed(lane)
    }

    fn ask_to_rest(&self) {
        self.signal.hold.store(true, Ordering::SeqCst);
        self.signal.wake();
    }

    fn are_at_rest(&self) -> bool {
        self.signal.lanes_rest() && self.signal.rollups_held.load(Ordering::SeqCst)
    }

    fn let_go(&self) {
        self.signal.hold.store(false, Ordering::SeqCst);
        self.signal.wake();
    }
}

impl Signal {
    fn wake(&self) {
        *self.generation.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.woken.notify_all();
    }

    fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
        self.wake();
    }

    fn held(&self) -> bool {
        self.hold.load(Ordering::SeqCst)
    }

    fn lanes_rest(&self) -> bool {
        self.held() && self.lanes_held.load(Ordering::SeqCst) == self.lanes.load(Ordering::SeqCst)
    }

    /// A lane rests while the writers are held.
    fn rest_lane(&self) {
        if !self.held() {
            return;
        }
        self.lanes_held.fetch_add(1, Ordering::SeqCst);
        self.wake();
        self.until_let_go();
        self.lanes_held.fetch_sub(1, Ordering::SeqCst);
    }

    /// The rollups rest while the writers are held, once the lanes do.
    fn rest_rollups(&self) {
        self.rollups_held.store(true, Ordering::SeqCst);
        self.until_let_go();
        self.rollups_held.store(false, Ordering::SeqCst);
    }

    fn until_let_go(&self) {
        while self.held() && !self.stopped() {
            self.wait(WRITER_POLL, true);
        }
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Waits for the time to pass, or for a stop; with `for_more`, also for a wake.
    fn wait(&self, time: Duration, for_more: bool) {
        let deadline = Instant::now() + time;
        let mut generation = self.generation.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = *generation;
        while !self.stopped() && (!for_more || *generation == seen) {
            let Some(left) = deadline.checked_duration_since(Instant::now()) else { return };
            if left.is_zero() {
                return;
            }
            generation = match self.woken.wait_timeout(generation, left) {
                Ok((guard, _)) => guard,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }

    /// Waits as a step has said.
    fn follow(&self, step: Step, clock: &dyn Clock) {
        match step {
            Step::Worked => {}
            Step::WaitForEntries => self.wait(WRITER_POLL, true),
            Step::WaitUntil(until_ms) => {
                let left_ms = until_ms.saturating_sub(clock.monotonic_ms());
                // What ends the wait early is another writer's success.
                self.wait(Duration::from_millis(left_ms).min(WRITER_LOOK), false);
            }
        }
    }
}

/// Whether ClickHouse knows no more of a lane than its log held at the start. One that
/// does is told of an old copy of the log: what it would be sent now stands at places
/// that are taken, and would be taken for what is there. The lane then writes nothing.
fn is_ours(lane: Lane, end: u64, parts: &Parts, signal: &Signal, shared: &Shared) -> bool {
    let log_id = parts.log.log_id();
    let mut attempts = 0;
    let mut told = false;
    while !signal.stopped() {
        if !parts.gate.is_open() {
            signal.wait(WRITER_POLL, false);
            continue;
        }
        match parts.store.watermark(Rollup::MinuteCounts, log_id, lane) {
            Ok(mark) if mark <= end => {
                shared.breaker.succeeded();
                return true;
            }
            Ok(mark) => {
                if !std::mem::replace(&mut told, true) {
                    shared.counters.old_copies.add(1);
                }
                tracing::error!(
                    lane, %log_id, mark, end,
                    "ClickHouse has more of this log than data.dir: it is an old copy, and this lane \
                     writes nothing. Stop; put the folders log and process of data.dir aside; start \
                     with --log-was-lost"
                );
                signal.wait(Duration::from_millis(HALT_MS), false);
            }
            Err(_) => {
                shared.counters.failures.add(1);
                attempts += 1;
                let pause_ms = shared.breaker.failed(parts.clock.monotonic_ms(), attempts);
                signal.wait(Duration::from_millis(pause_ms), false);
            }
        }
    }
    false
}

fn write_lane(mut writer: LaneWriter, parts: &Parts, signal: &Signal) {
    while !signal.stopped() {
        if !parts.gate.is_open() {
            signal.wait(WRITER_POLL, false);
            continue;
        }
        if writer.is_at_rest() {
            signal.rest_lane();
        }
        let (log, disk, store) = (&*parts.log, &*parts.disk, &*parts.store);
        let step = if signal.held() && writer.is_between_blocks() {
            writer.come_to_rest(log, disk, store, &*parts.clock)
        } else {
            writer.step(log, disk, store, &*parts.clock)
        };
        signal.follow(step, &*parts.clock);
    }
}

fn write_rollups<const N: usize>(
    mut rollups: [RollupWriter; N],
    parts: &Parts,
    signal: &Signal,
    lag: &AtomicU64,
) {
    while !signal.stopped() {
        if !parts.gate.is_open() {
            signal.wait(WRITER_POLL, false);
            continue;
        }
        let has_come = |rollup: &RollupWriter| rollup.is_settled() && rollup.lag() == Some(0);
        // The lanes are asked first: their rest says that the base moves no more.
        if signal.lanes_rest() && rollups.iter().all(has_come) {
            signal.rest_rollups();
        }
        let mut next = Step::WaitForEntries;
        for rollup in &mut rollups {
            let step = rollup.step(&*parts.log, &*parts.store, &*parts.clock);
            next = sooner(next, step);
            if signal.stopped() {
                return;
            }
        }
        let behind = rollups.iter().filter_map(RollupWriter::lag).max().unwrap_or(0);
        lag.store(behind, Ordering::Relaxed);
        signal.follow(next, &*parts.clock);
    }
}

/// Which of two is to be done first. Entries may come any time, so that waiting
/// for them is bounded by the poll, and an hour of waiting is not.
const fn sooner(one: Step, other: Step) -> Step {
    match (one, other) {
        (Step::Worked, _) | (_, Step::Worked) => Step::Worked,
        (Step::WaitForEntries, _) | (_, Step::WaitForEntries) => Step::WaitForEntries,
        (Step::WaitUntil(one), Step::WaitUntil(other)) => {
            Step::WaitUntil(if one < other { one } else { other })
        }
    }
}
