//! The Durable Object that keeps bodies in its SQLite database until the collector
//! has taken them.
//!
//! `POST /keep` with bodies as [`join`](crate::policy::hold::held::join) writes them
//! answers 200 once their rows are written: the runtime lets no answer out before
//! the disk has them. 507 when there is no room; nothing is kept then. An alarm
//! drains: it outlives the process, and fires after a restart without any call.
//! [`Drain`] decides when and how much. A row that the collector refuses for good
//! becomes a dead letter: in R2 where that is bound, else it stays here without a
//! time (`due_ms` is null) and takes room until a person has looked at it.

use std::cell::{Cell, RefCell};

use futures_util::StreamExt;
use futures_util::stream::iter;
use worker::{
    DurableObject, Env, Request, Response, Result, ScheduledTime, SqlStorageValue, State,
    durable_object, wasm_bindgen,
};

use super::dead_letters;
use crate::platform::{collector, count, log, now_ms, settings};
use crate::policy::counters::Redelivery;
use crate::policy::forwarding::outbox_max_bytes;
use crate::policy::hold::drain::{AT_ONCE, Drain, FIRST_TRY_MS, MAX_BYTES, Round};
use crate::policy::hold::held::{self, Held};
use crate::policy::hold::redelivery::{Fate, fate, pause_ms};

const CREATE: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS held (id INTEGER PRIMARY KEY AUTOINCREMENT,
        due_ms INTEGER, tries INTEGER NOT NULL, events INTEGER NOT NULL, body BLOB NOT NULL)",
    "CREATE INDEX IF NOT EXISTS held_due ON held (due_ms) WHERE due_ms IS NOT NULL",
];
const SUMS: &str = "SELECT COUNT(*), COALESCE(SUM(LENGTH(body)), 0), COALESCE(SUM(CASE WHEN due_ms IS NULL THEN 0 ELSE events END), 0) FROM held";
const KEEP: &str = "INSERT INTO held (due_ms, tries, events, body) VALUES (?, 0, ?, ?)";
const DUE: &str = "SELECT id, tries, body FROM held WHERE due_ms <= ? ORDER BY due_ms, id LIMIT ?";
const FIRST_DUE: &str = "SELECT MIN(due_ms) FROM held WHERE due_ms IS NOT NULL";
const LATER: &str = "UPDATE held SET due_ms = ?, tries = ? WHERE id = ?";
const BURY: &str = "UPDATE held SET due_ms = NULL WHERE id = ?";
const DELETE: &str = "DELETE FROM held WHERE id = ?";
/// For how long one alarm drains before it lets the next one begin.
const ALARM_MS: i64 = 10_000;
/// When an alarm that could not even read its rows tries again.
const BROKEN_MS: i64 = 60_000;

/// One of a tenant's outboxes.
#[durable_object(alarm)]
pub struct Outbox {
    state: State,
    env: Env,
    max_bytes: u64,
    /// `None` until the rows are counted.
    drain: RefCell<Option<Drain>>,
    /// Whether an alarm is known to be set.
    has_alarm: Cell<bool>,
}

struct Row {
    id: i64,
    tries: u32,
    body: Vec<u8>,
}

impl DurableObject for Outbox {
    fn new(state: State, env: Env) -> Self {
        let set = |name: &str| settings::binding(&env, name);
        let max_bytes = outbox_max_bytes(&set).unwrap_or_else(|error| {
            log::error("misconfigured", &[("detail", &error.to_string())]);
            MAX_BYTES
        });
        Self { state, env, max_bytes, drain: RefCell::new(None), has_alarm: Cell::new(false) }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let bytes = request.bytes().await?;
        let Ok(bodies) = held::part(&bytes) else {
            return Response::error("no bodies that can be kept", 400);
        };
        if !self.keep(&bodies)? {
            return Ok(Response::empty()?.with_status(507));
        }
        self.see_to_alarm(FIRST_TRY_MS).await?;
        Response::empty()
    }

    async fn alarm(&self) -> Result<Response> {
        self.has_alarm.set(false);
        let next_ms = match self.drain().await {
            Ok(next_ms) => next_ms,
            Err(error) => {
                log::error("outbox_failed", &[("detail", &error.to_string())]);
                *self.drain.borrow_mut() = None;
                Some(BROKEN_MS)
            }
        };
        if let Some(in_ms) = next_ms {
            self.has_alarm.set(true);
            self.state.storage().set_alarm(ScheduledTime::from(in_ms)).await?;
        }
        Response::empty()
    }
}

impl Outbox {
    /// Writes the bodies' rows; whether there was room for all of them.
    fn keep(&self, bodies: &[(Held, &[u8])]) -> Result<bool> {
        let lengths = || bodies.iter().map(|(_, bytes)| bytes.len());
        if !self.with(|drain| Ok(drain.has_room(lengths(), self.max_bytes)))? {
            return Ok(false);
        }
        let due_ms = now_ms().saturating_add(FIRST_TRY_MS);
        self.with(|drain| {
            for (held, bytes) in bodies {
                let events = i64::from(held.events);
                self.run(KEEP, vec![due_ms.into(), events.into(), bytes.to_vec().into()])?;
                drain.kept(bytes.len(), held.events);
                count::held(held.events);
            }
            Ok(())
        })?;
        Ok(true)
    }

    /// Sets an alarm where none is set.
    async fn see_to_alarm(&self, in_ms: i64) -> Result<()> {
        if self.has_alarm.replace(true) {
            return Ok(());
        }
        let storage = self.state.storage();
        if storage.get_alarm().await?.is_none() {
            storage.set_alarm(ScheduledTime::from(in_ms)).await?;
        }
        Ok(())
    }

    /// Drains rounds until nothing is due, nothing gets through, or it is time for
    /// others. In how many milliseconds it goes on; `None` when nothing is left.
    async fn drain(&self) -> Result<Option<i64>> {
        let began_ms = now_ms();
        loop {
            let rows = self.due(self.with(|drain| Ok(drain.round()))?)?;
            let nothing_was_due = rows.is_empty();
            let mut round = Round::default();
            let mut tries = iter(rows).map(|row| self.try_one(row)).buffer_unordered(AT_ONCE);
            while let Some(is_gone) = tries.next().await {
                let count = if is_gone? { &mut round.gone } else { &mut round.stay };
                *count = count.saturating_add(1);
            }
            let now_ms = now_ms();
            let first_due_ms = self.first_due()?;
            let next_ms = self.with(|drain| {
                drain.after(round);
                Ok(drain.next_round_ms(now_ms, first_due_ms))
            })?;
            let Some(next_ms) = next_ms else { return Ok(None) };
            let in_ms = next_ms.saturating_sub(now_ms).max(1);
            let is_long = now_ms.saturating_sub(began_ms) > ALARM_MS;
            if nothing_was_due || in_ms > 1 || is_long {
                return Ok(Some(in_ms));
            }
        }
    }

    /// Forwards one body; whether its row is gone.
    async fn try_one(&self, row: Row) -> Result<bool> {
        let settings = settings::of(&self.env);
        let (Ok(config), Ok(held)) = (settings.config(), Held::from_bytes(&row.body)) else {
            return match settings.config {
                Ok(_) => self.bury(&row, 0).await,
                Err(_) => self.put_off(&row),
            };
        };
        let answer = collector::forward(config, held.tenant_id, &held.wire, None).await;
        match (fate(held.events, &answer), &answer) {
            (Fate::Delivered, Ok(verdicts)) => {
                self.forget(&row, held.events)?;
                count::redelivered(verdicts);
                Ok(true)
            }
            (Fate::Dead, _) => self.bury(&row, held.events).await,
            (Fate::Later | Fate::Delivered, _) => self.put_off(&row),
        }
    }

    fn put_off(&self, row: &Row) -> Result<bool> {
        count::redelivery(Redelivery::Later);
        let tries = row.tries.saturating_add(1);
        let due_ms = now_ms().saturating_add(pause_ms(tries));
        self.run(LATER, vec![due_ms.into(), i64::from(tries).into(), row.id.into()])?;
        Ok(false)
    }

    async fn bury(&self, row: &Row, events: u16) -> Result<bool> {
        if dead_letters::is_bound(&self.env) {
            let id = format!("{}-{}", self.state.id(), row.id);
            if !dead_letters::put(&self.env, &id, &row.body).await {
                return self.put_off(row);
            }
            self.forget(row, events)?;
        } else {
            log::error("hold_dead_letter", &[("id", &row.id.to_string())]);
            count::dead_letter(events);
            self.run(BURY, vec![row.id.into()])?;
            self.with(|drain| {
                drain.buried(events);
                Ok(())
            })?;
        }
        Ok(true)
    }

    fn forget(&self, row: &Row, events: u16) -> Result<()> {
        self.run(DELETE, vec![row.id.into()])?;
        self.with(|drain| {
            drain.gone(row.body.len(), events);
            Ok(())
        })
    }

    fn due(&self, limit: u32) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        for row in self.rows(DUE, vec![now_ms().into(), i64::from(limit).into()])? {
            let mut columns = row?.into_iter();
            if let (
                Some(SqlStorageValue::Integer(id)),
                Some(SqlStorageValue::Integer(tries)),
                Some(SqlStorageValue::Blob(body)),
            ) = (columns.next(), columns.next(), columns.next())
            {
                rows.push(Row { id, tries: u32::try_from(tries).unwrap_or(u32::MAX), body });
            }
        }
        Ok(rows)
    }

    fn first_due(&self) -> Result<Option<i64>> {
        let first = self.rows(FIRST_DUE, Vec::new())?.next().transpose()?;
        Ok(match first.and_then(|columns| columns.into_iter().next()) {
            Some(SqlStorageValue::Integer(due_ms)) => Some(due_ms),
            _ => None,
        })
    }

    /// Lends what is known of the rows, counted where it is not in memory, and tells
    /// it to the gauges.
    fn with<T>(&self, decide: impl FnOnce(&mut Drain) -> Result<T>) -> Result<T> {
        let mut slot = self.drain.borrow_mut();
        let mut drain = match slot.take() {
            Some(drain) => drain,
            None => self.counted()?,
        };
        let decided = decide(&mut drain);
        count::outbox(&self.state.id().to_string(), &drain);
        // After a failure memory must not say more than the rows do.
        if decided.is_ok() {
            *slot = Some(drain);
        }
        decided
    }

    fn counted(&self) -> Result<Drain> {
        for statement in CREATE {
            self.run(statement, Vec::new())?;
        }
        let sums = self.rows(SUMS, Vec::new())?.next().transpose()?.unwrap_or_default();
        let mut sums = sums.into_iter().map(|sum| match sum {
            SqlStorageValue::Integer(sum) => u64::try_from(sum).unwrap_or_default(),
            _ => 0,
        });
        let mut next = || sums.next().unwrap_or_default();
        Ok(Drain::restored(next(), next(), next()))
    }

    fn rows(
        &self,
        sql: &str,
        bindings: Vec<SqlStorageValue>,
    ) -> Result<impl Iterator<Item = Result<Vec<SqlStorageValue>>>> {
        Ok(self.state.storage().sql().exec(sql, bindings)?.raw())
    }

    fn run(&self, sql: &str, bindings: Vec<SqlStorageValue>) -> Result<()> {
        self.state.storage().sql().exec(sql, bindings).map(|_| ())
    }
}
