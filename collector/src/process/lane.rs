//! One lane's way from the log into ClickHouse, a step at a time.
//!
//! A block is gathered, planned, recorded, sent piece by piece, and committed;
//! then the next. Each step has one outward effect: the disk is written, or one
//! statement is sent, or one question asked. So whatever is killed between two
//! steps, the plan on disk names every statement that may have been sent.
//!
//! What always holds:
//! * a statement is sent only after its plan is durable, and what it holds is
//!   what the plan says, however often it is sent;
//! * after an unknown outcome nothing is sent before the old statement is fenced
//!   and its rows were counted;
//! * blocks are committed in the order of their offsets, and offsets are
//!   released to the log's retention after the commit is durable.
//!
//! Deliberately absent: threads, sleeping, randomness and clocks of its own.

use std::sync::Arc;

use crate::clock::Clock;
use crate::disk::Disk;
use crate::invariants::Invariant;
use crate::limits::{BLOCK_MAX_AGE_MS, BLOCK_MAX_BYTES, BLOCK_MAX_ROWS, FENCE_GRACE, HALT_MS};
use crate::log::{Item, LogError, LogReader};
use crate::place::Lane;
use crate::planted::steps::{Stop, reached};
use crate::planted::{Bug, active};
use crate::store::Store;

use super::breaker::Breaker;
use super::counters::Counters;
use super::dead_letters::DeadLetters;
use super::frontier::Frontier;
use super::open::{OpenError, open};
use super::plan::{Fate, Plan};
use super::split::plan_block;

/// What a writer should do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It did something; step again.
    Worked,
    /// Nothing is to be done before this monotonic time, in milliseconds.
    WaitUntil(u64),
    /// Nothing is to be done before the log has more.
    WaitForEntries,
}

/// The sizes and times of a writer; the defaults are those of [`crate::limits`].
#[derive(Clone, Copy, Debug)]
pub struct WriterOptions {
    /// Rows of a block.
    pub max_rows: usize,
    /// Bytes of a block's records.
    pub max_bytes: usize,
    /// How long a block waits for more after its first entry.
    pub max_age_ms: u64,
    /// How long a statement that was sent may still begin.
    pub fence_grace_ms: u64,
}

impl Default for WriterOptions {
    fn default() -> Self {
        Self {
            max_rows: BLOCK_MAX_ROWS,
            max_bytes: BLOCK_MAX_BYTES,
            max_age_ms: BLOCK_MAX_AGE_MS,
            fence_grace_ms: u64::try_from(FENCE_GRACE.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

/// What the writers of one process share.
#[derive(Clone, Debug)]
pub struct Shared {
    /// When failed statements are tried again.
    pub breaker: Arc<Breaker>,
    /// How far the base rows are.
    pub frontier: Arc<Frontier>,
    /// What is counted.
    pub counters: Arc<Counters>,
}

impl Shared {
    /// What a process's writers share; `seed` makes the jitter of their pauses.
    pub fn new(seed: u64) -> Self {
        Self {
            breaker: Arc::new(Breaker::new(seed)),
            frontier: Arc::new(Frontier::new()),
            counters: Arc::new(Counters::default()),
        }
    }
}

/// The outer world of a step.
#[derive(Clone, Copy)]
pub(super) struct World<'a> {
    pub(super) log: &'a dyn LogReader,
    pub(super) disk: &'a dyn Disk,
    pub(super) store: &'a dyn Store,
    pub(super) now_ms: u64,
}

/// Whether the plan on disk is the one in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recorded {
    /// It is.
    Yes,
    /// Only a commit is missing, which is found out by asking if it is lost.
    CommitMissing,
    /// A block or a split is missing: nothing may be sent.
    No,
}

/// What is known of a planned piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is surely not there, and nothing of it runs.
    Absent,
    /// It may be there. Its statement is fenced from this time on.
    Doubt { fence_at_ms: u64 },
    /// Nothing of it runs; whether it is there has to be asked.
    Fenced,
    /// Its one row is in the file of dead letters, and not yet told of.
    Filed,
    /// It is where it belongs.
    Settled,
}

/// Writes one lane. See the module.
#[derive(Debug)]
pub struct LaneWriter {
    pub(super) lane: Lane,
    pub(super) options: WriterOptions,
    pub(super) shared: Shared,
    pub(super) plan: Plan,
    pub(super) recorded: Recorded,
    /// One a piece of the planned block.
    pub(super) standings: Vec<Standing>,
    /// The items of the planned block; empty until they are needed.
    pub(super) items: Vec<Item>,
    pub(super) dead_letters: DeadLetters,
    /// When the first entry of the next block was seen.
    first_seen_ms: Option<u64>,
    /// Failures in a row.
    attempts: u32,
    wait_until_ms: u64,
    /// The breaker's recoveries when ClickHouse failed this lane last; a further one
    /// ends the wait.
    failed_at: Option<u64>,
}

impl LaneWriter {
    /// Takes up a lane where its plan says; a block that is under way is in doubt.
    ///
    /// # Errors
    /// [`OpenError`] when the plan and the log do not go together, or the disk fails.
    pub fn open(
        log: &dyn LogReader,
        disk: &dyn Disk,
        clock: &dyn Clock,
        lane: Lane,
        options: WriterOptions,
        shared: Shared,
    ) -> Result<Self, OpenError> {
        let (plan, recorded) = open(log, disk, lane)?;
        let doubt = Standing::Doubt { fence_at_ms: clock.monotonic_ms() + options.fence_grace_ms };
        let standings =
            plan.block.iter().flat_map(|block| &block.pieces).map(|piece| match piece.fate {
                Fate::Send if active(Bug::RestartNotDoubted) => Standing::Absent,
                Fate::Send => doubt,
                Fate::Bury { .. } => Standing::Absent,
            });
        let standings = standings.collect();
        shared.frontier.begin(lane, plan.committed);
        // What a former process committed is released again: a log that was just
        // opened keeps everything, and would count it as unsent.
        if recorded == Recorded::Yes
            && let Err(error) = log.release(lane, plan.committed)
        {
            tracing::error!(lane, code = error.code(), "the log takes no release");
        }
        Ok(Self {
            lane,
            options,
            shared,
            plan,
            recorded,
            standings,
            items: Vec::new(),
            dead_letters: DeadLetters::new(lane),
            first_seen_ms: None,
            attempts: 0,
            wait_until_ms: 0,
            failed_at: None,
        })
    }

    /// The offset below which everything is committed.
    pub const fn committed(&self) -> u64 {
        self.plan.committed
    }

    /// Whether no block is planned, so that nothing is under way or in doubt.
    pub const fn is_between_blocks(&self) -> bool {
        self.plan.block.is_none()
    }

    /// Whether no block is planned on the disk either: a commit that is not recorded yet
    /// would be asked for after a restart, row by row.
    pub fn is_at_rest(&self) -> bool {
        let recorded = self.recorded == Recorded::Yes || active(Bug::RestNotRecorded);
        self.is_between_blocks() && recorded
    }

    /// Records the last commit, and plans no other block, so that it is
    /// [at rest](Self::is_at_rest).
    pub fn come_to_rest(
        &mut self,
        log: &dyn LogReader,
        disk: &dyn Disk,
        store: &dyn Store,
        clock: &dyn Clock,
    ) -> Step {
        let world = World { log, disk, store, now_ms: clock.monotonic_ms() };
        if world.now_ms < self.wait_until_ms {
            return Step::WaitUntil(self.wait_until_ms);
        }
        if self.is_between_blocks() && !self.is_at_rest() {
            return self.record(world);
        }
        Step::WaitForEntries
    }

    /// Does the next thing that is to be done, if any.
    pub fn step(
        &mut self,
        log: &dyn LogReader,
        disk: &dyn Disk,
        store: &dyn Store,
        clock: &dyn Clock,
    ) -> Step {
        let world = World { log, disk, store, now_ms: clock.monotonic_ms() };
        if world.now_ms < self.wait_until_ms && !self.shared.breaker.recovered(self.failed_at) {
            return Step::WaitUntil(self.wait_until_ms);
        }
        if self.recorded == Recorded::No && !active(Bug::PlanNotRecorded) {
            return self.record(world);
        }
        match self.standings.iter().position(|standing| *standing != Standing::Settled) {
            Some(index) => self.settle(index, world),
            None if self.plan.block.is_some() => self.commit(),
            None => self.gather(world),
        }
    }

    /// Looks for the next block, and plans it when it is due.
    fn gather(&mut self, world: World<'_>) -> Step {
        let from = self.plan.committed;
        let end = world.log.durable_end(self.lane);
        if end <= from {
            self.first_seen_ms = None;
            return self.idle(world, Step::WaitForEntries);
        }
        let due_ms = *self.first_seen_ms.get_or_insert(world.now_ms) + self.options.max_age_ms;
        if end - from < self.options.max_rows as u64 && world.now_ms < due_ms {
            // The plan of the block that is gathered takes the last commit along.
            return Step::WaitUntil(due_ms);
        }
        let begin = world.log.begin(self.lane);
        if begin > from {
            self.shared.counters.lost.add(begin - from);
            self.violated(
                Invariant::EveryPlaceIsAccountedFor,
                "the log no longer holds what was never committed",
                (from, begin),
            );
            self.skip_to(begin);
            return Step::Worked;
        }
        let read = world.log.read(self.lane, from, self.options.max_rows, self.options.max_bytes);
        let items = match read {
            Ok(items) => items,
            Err(error) => return self.unreadable(&error, world),
        };
        let Some(to) = items.last().map(|last| last.offset + 1) else {
            // Offsets that a repair left unused.
            self.skip_to(end);
            return Step::Worked;
        };
        if to >= end {
            self.first_seen_ms = None;
        }
        let (block, absent) = plan_block(self.plan.range(from, to), &items);
        self.shared.counters.erased.add(absent.erased);
        self.shared.counters.damaged.add(absent.damaged);
        if absent.damaged > 0 {
            tracing::error!(
                lane = self.lane,
                from,
                to,
                damaged = absent.damaged,
                "the log's disk did not keep these entries; they are counted as lost"
            );
        }
        let standing = if from < self.plan.unsure_below {
            Standing::Doubt { fence_at_ms: world.now_ms }
        } else {
            Standing::Absent
        };
        self.standings = block
            .pieces
            .iter()
            .map(|piece| if piece.fate == Fate::Send { standing } else { Standing::Absent })
            .collect();
        self.items = items;
        self.plan.block = Some(block);
        self.recorded = Recorded::No;
        if active(Bug::CommitRecordedFirst) {
            let planned = self.plan.clone();
            self.plan = Plan { committed: to, block: None, ..planned.clone() };
            let step = self.record(world);
            self.plan = planned;
            return step;
        }
        Step::Worked
    }

    /// Before waiting, a commit is recorded that no next plan took along.
    fn idle(&mut self, world: World<'_>, wait: Step) -> Step {
        match self.recorded {
            Recorded::Yes => wait,
            Recorded::CommitMissing | Recorded::No => self.record(world),
        }
    }

    /// Makes the plan durable, and then tells the log what it may let go.
    fn record(&mut self, world: World<'_>) -> Step {
        if active(Bug::ReleasedBeforeRecorded) {
            let planned = self.plan.block.as_ref().map_or(self.plan.committed, |block| block.to);
            let _ = world.log.release(self.lane, planned);
        }
        reached(Stop::PlanWrite);
        if let Err(error) = self.plan.write(world.disk) {
            tracing::error!(lane = self.lane, %error, "the plan cannot be written");
            return self.pause(HALT_MS / 30, world);
        }
        reached(Stop::PlanWritten);
        self.shared.counters.plans.add(1);
        self.recorded = Recorded::Yes;
        if let Err(error) = world.log.release(self.lane, self.plan.committed) {
            tracing::error!(lane = self.lane, code = error.code(), "the log takes no release");
        }
        Step::Worked
    }

    /// Every piece is settled: the block is done.
    fn commit(&mut self) -> Step {
        reached(Stop::BlockCommit);
        let Some(block) = self.plan.block.take() else { return Step::Worked };
        let sent = block.pieces.iter().filter(|piece| piece.fate == Fate::Send);
        let times = sent
            .map(|planned| (planned.piece.received_from_ms, planned.piece.received_to_ms))
            .reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)));
        self.plan.committed = block.to;
        self.recorded = Recorded::CommitMissing;
        self.standings.clear();
        self.items.clear();
        self.shared.counters.blocks.add(1);
        self.shared.frontier.commit(self.lane, block.from, block.to, times);
        Step::Worked
    }

    /// Offsets that hold nothing for ClickHouse are committed as they are.
    fn skip_to(&mut self, offset: u64) {
        let from = self.plan.committed;
        self.plan.committed = offset;
        self.recorded = Recorded::CommitMissing;
        self.shared.frontier.commit(self.lane, from, offset, None);
    }

    /// The items of the planned block, read again after a restart.
    pub(super) fn reload(&mut self, world: World<'_>) -> Result<(), Step> {
        let Some(block) = &self.plan.block else { return Ok(()) };
        if !self.items.is_empty() {
            return Ok(());
        }
        let (from, to) = (block.from, block.to);
        let mut items: Vec<Item> = Vec::new();
        let mut next = from;
        while next < to {
            let left = usize::try_from(to - next).unwrap_or(usize::MAX);
            let more = match world.log.read(self.lane, next, left, self.options.max_bytes) {
                Ok(more) => more,
                Err(error) => return Err(self.unreadable(&error, world)),
            };
            let Some(last) = more.last() else { break };
            next = last.offset + 1;
            items.extend(more.into_iter().filter(|item| item.offset < to));
        }
        self.items = items;
        Ok(())
    }

    fn unreadable(&mut self, error: &LogError, world: World<'_>) -> Step {
        tracing::error!(lane = self.lane, code = error.code(), %error, "the log cannot be read");
        self.pause(HALT_MS / 30, world)
    }

    /// Says that a promise does not hold. It never may; whoever reads this has
    /// found a mistake in this program, or in what somebody did beside it.
    pub(super) fn violated(&self, invariant: Invariant, what: &str, (from, to): (u64, u64)) {
        self.shared.counters.violations.add(invariant);
        tracing::error!(
            invariant = invariant.name(), lane = self.lane, log_id = %self.plan.log_id, from, to,
            "invariant violated: {what}; run `tidemark verify`"
        );
    }

    /// ClickHouse did as it was asked.
    pub(super) fn succeeded(&mut self) {
        self.attempts = 0;
        self.shared.breaker.succeeded();
    }

    /// ClickHouse did not: tries again later.
    pub(super) fn failed(&mut self, world: World<'_>) -> Step {
        self.shared.counters.failures.add(1);
        self.attempts = self.attempts.saturating_add(1);
        let pause_ms = self.shared.breaker.failed(world.now_ms, self.attempts);
        let step = self.pause(pause_ms, world);
        self.failed_at = Some(self.shared.breaker.recoveries());
        step
    }

    pub(super) fn pause(&mut self, pause_ms: u64, world: World<'_>) -> Step {
        self.failed_at = None;
        self.wait_until_ms = world.now_ms.saturating_add(pause_ms);
        Step::WaitUntil(self.wait_until_ms)
    }
}
