//! One rollup, brought up to where the lanes' base rows are, a step at a time.
//!
//! A statement adds the base rows of a range of offsets, at most one range a
//! lane, and with them, in the same part, each lane's watermark. So the table
//! itself says what is in it, and there is nothing to record beside it: after a
//! start, and after any unknown outcome, the statement's name is fenced and the
//! watermarks are asked for.
//!
//! What always holds: a range begins at its lane's watermark and ends at most at
//! the base's end; of one rollup at most one statement is under way, and all of
//! them have one name, so that ClickHouse itself refuses a second at once.
//!
//! Deliberately absent: late corrections. What was erased after it was counted
//! stays counted, where the count is not keyed by a person.

use crate::clock::Clock;
use crate::invariants::Invariant;
use crate::limits::{HALT_MS, ROLLUP_EVERY_MS, ROLLUP_MAX_OFFSETS};
use crate::log::LogReader;
use crate::place::{Lane, LogId};
use crate::planted::steps::{Stop, reached};
use crate::planted::{Bug, active};
use crate::store::{Rollup, Span, Store, StoreFault};

use super::lane::{Shared, Step, WriterOptions};

/// Writes one rollup. See the module.
#[derive(Debug)]
pub struct RollupWriter {
    rollup: Rollup,
    fence_grace_ms: u64,
    shared: Shared,
    log_id: LogId,
    /// The log's owners may change: under another epoch nothing is known.
    epoch: u64,
    lanes: Vec<LaneMark>,
    state: State,
    attempts: u32,
    wait_until_ms: u64,
    /// The breaker's recoveries when ClickHouse failed this rollup last; a further
    /// one ends the wait.
    failed_at: Option<u64>,
    /// When the last statement was sent.
    sent_ms: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
struct LaneMark {
    lane: Lane,
    /// `None` until it was asked for.
    mark: Option<u64>,
}

#[derive(Clone, Debug)]
enum State {
    /// Nothing runs; marks are known, or will be asked for.
    Known,
    /// A statement may still run or begin: these were its spans, if it is known.
    Doubt { fence_at_ms: u64, spans: Vec<Span> },
    /// Nothing runs any more; the marks have to be asked for.
    Fenced { spans: Vec<Span> },
}

impl RollupWriter {
    /// A writer that knows nothing yet; a former process's statement may still begin.
    pub fn new(
        rollup: Rollup,
        log: &dyn LogReader,
        clock: &dyn Clock,
        options: WriterOptions,
        shared: Shared,
    ) -> Self {
        let ownership = log.ownership();
        let fence_at_ms = clock.monotonic_ms() + options.fence_grace_ms;
        Self {
            rollup,
            fence_grace_ms: options.fence_grace_ms,
            shared,
            log_id: log.log_id(),
            epoch: ownership.epoch,
            lanes: ownership.lanes.into_iter().map(|lane| LaneMark { lane, mark: None }).collect(),
            state: State::Doubt { fence_at_ms, spans: Vec::new() },
            attempts: 0,
            wait_until_ms: 0,
            failed_at: None,
            sent_ms: None,
        }
    }

    /// The rollup.
    pub const fn rollup(&self) -> Rollup {
        self.rollup
    }

    /// How many committed offsets are not in the rollup yet; `None` until the
    /// watermarks are known.
    pub fn lag(&self) -> Option<u64> {
        self.lanes.iter().try_fold(0_u64, |sum, LaneMark { lane, mark }| {
            let committed = self.shared.frontier.committed(*lane).unwrap_or(0);
            Some(sum + committed.saturating_sub((*mark)?))
        })
    }

    /// Whether no statement of it is under way or in doubt.
    pub const fn is_settled(&self) -> bool {
        matches!(self.state, State::Known)
    }

    /// The statement's name.
    pub fn query_id(&self) -> String {
        format!("tidemark-{}-{}", self.log_id, self.rollup.as_str())
    }

    /// Does the next thing that is to be done, if any.
    pub fn step(&mut self, log: &dyn LogReader, store: &dyn Store, clock: &dyn Clock) -> Step {
        let now_ms = clock.monotonic_ms();
        let ownership = log.ownership();
        if ownership.epoch != self.epoch {
            self.epoch = ownership.epoch;
            self.lanes =
                ownership.lanes.into_iter().map(|lane| LaneMark { lane, mark: None }).collect();
            self.doubt(now_ms, Vec::new());
        }
        if now_ms < self.wait_until_ms && !self.shared.breaker.recovered(self.failed_at) {
            return Step::WaitUntil(self.wait_until_ms);
        }
        match self.state.clone() {
            State::Doubt { fence_at_ms, .. } if now_ms < fence_at_ms => {
                Step::WaitUntil(fence_at_ms)
            }
            State::Doubt { spans, .. } => self.fence(spans, store, now_ms),
            State::Fenced { spans } => self.ask(&spans, store, now_ms),
            State::Known => self.add(store, now_ms),
        }
    }

    fn doubt(&mut self, now_ms: u64, spans: Vec<Span>) {
        self.state = State::Doubt { fence_at_ms: now_ms + self.fence_grace_ms, spans };
    }

    fn fence(&mut self, spans: Vec<Span>, store: &dyn Store, now_ms: u64) -> Step {
        if let Err(until_ms) = self.shared.breaker.admit(now_ms) {
            return Step::WaitUntil(until_ms);
        }
        if !active(Bug::RollupNotFenced)
            && let Err(fault) = store.fence(&self.query_id())
        {
            return self.failed(&fault, now_ms);
        }
        self.succeeded();
        self.state = State::Fenced { spans };
        Step::Worked
    }

    /// Asks for one lane's watermark at a time, so that a step is one question.
    fn ask(&mut self, spans: &[Span], store: &dyn Store, now_ms: u64) -> Step {
        let Some(unknown) = self.lanes.iter_mut().find(|lane| lane.mark.is_none()) else {
            self.state = State::Known;
            return Step::Worked;
        };
        if let Err(until_ms) = self.shared.breaker.admit(now_ms) {
            return Step::WaitUntil(until_ms);
        }
        let lane = unknown.lane;
        reached(Stop::RollupAsk);
        let mark = match store.watermark(self.rollup, self.log_id, lane) {
            Ok(mark) => mark,
            Err(fault) => return self.failed(&fault, now_ms),
        };
        let mark = match self.shared.frontier.committed(lane) {
            Some(committed) if active(Bug::WatermarkForgotten) => committed,
            _ => mark,
        };
        let doubted = spans.iter().find(|span| span.range.lane == lane);
        if doubted.is_some_and(|span| mark != span.range.from && mark != span.range.to) {
            self.shared.counters.violations.add(Invariant::MarksFollowBase);
            tracing::error!(
                invariant = Invariant::MarksFollowBase.name(),
                rollup = self.rollup.as_str(), lane, mark, log_id = %self.log_id,
                "invariant violated: the watermark is neither before nor after its range; \
                 run `tidemark verify`"
            );
            self.failed_at = None;
            self.wait_until_ms = now_ms + HALT_MS;
            return Step::WaitUntil(self.wait_until_ms);
        }
        unknown.mark = Some(mark);
        self.succeeded();
        Step::Worked
    }

    /// Adds what the base has and the rollup has not.
    fn add(&mut self, store: &dyn Store, now_ms: u64) -> Step {
        let spans = self.spans();
        if spans.is_empty() {
            return Step::WaitForEntries;
        }
        let due_ms = self.sent_ms.map_or(0, |sent_ms| sent_ms + ROLLUP_EVERY_MS);
        if now_ms < due_ms {
            return Step::WaitUntil(due_ms);
        }
        if let Err(until_ms) = self.shared.breaker.admit(now_ms) {
            return Step::WaitUntil(until_ms);
        }
        self.sent_ms = Some(now_ms);
        reached(Stop::RollupSend);
        let sent = store.roll_up(self.rollup, &spans, &self.query_id());
        reached(Stop::RollupSent);
        match sent {
            Ok(()) => {
                self.succeeded();
                self.shared.counters.rollups.add(1);
                self.moved(&spans);
                Step::Worked
            }
            Err(fault @ StoreFault::NotBegun(_)) => self.failed(&fault, now_ms),
            Err(fault) => {
                self.shared.counters.doubts.add(1);
                if active(Bug::WatermarkNotAsked) {
                    self.moved(&spans);
                    return Step::Worked;
                }
                for lane in &mut self.lanes {
                    if spans.iter().any(|span| span.range.lane == lane.lane) {
                        lane.mark = None;
                    }
                }
                self.doubt(now_ms, spans);
                self.failed(&fault, now_ms)
            }
        }
    }

    /// What comes next, lane by lane, within the bound of one statement.
    fn spans(&self) -> Vec<Span> {
        let mut left = ROLLUP_MAX_OFFSETS;
        let mut spans = Vec::with_capacity(self.lanes.len());
        for LaneMark { lane, mark } in &self.lanes {
            let Some(mark) = *mark else { continue };
            let mark = match mark {
                0 => 0,
                mark if active(Bug::RollupGap) => mark + 1,
                mark if active(Bug::RollupOverlap) => mark - 1,
                mark => mark,
            };
            if let Some(span) = self.shared.frontier.span(self.log_id, *lane, mark, left) {
                left -= span.range.len();
                spans.push(span);
            }
        }
        spans
    }

    fn moved(&mut self, spans: &[Span]) {
        for span in spans {
            if let Some(lane) = self.lanes.iter_mut().find(|lane| lane.lane == span.range.lane) {
                lane.mark = Some(span.range.to);
            }
        }
    }

    fn succeeded(&mut self) {
        self.attempts = 0;
        self.shared.breaker.succeeded();
    }

    fn failed(&mut self, fault: &StoreFault, now_ms: u64) -> Step {
        tracing::warn!(rollup = self.rollup.as_str(), %fault, "a rollup waits");
        self.shared.counters.failures.add(1);
        self.attempts = self.attempts.saturating_add(1);
        self.wait_until_ms = now_ms + self.shared.breaker.failed(now_ms, self.attempts);
        self.failed_at = Some(self.shared.breaker.recoveries());
        Step::WaitUntil(self.wait_until_ms)
    }
}
