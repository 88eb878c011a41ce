//! The Durable Object that remembers event ids: rows in its SQLite database,
//! held in memory while it lives.
//!
//! Each call carries 16 bytes that name a claim, and ids of 16 bytes. `POST /claim`
//! answers 200 and a byte an id: 1 is known, 0 is the caller's until it settles;
//! or 202 where another call has one of them, and nothing was claimed. `POST /await`
//! is the same, but waits instead of answering 202. Both answer 429 when too much
//! is under way. `POST /settle` ends the claim; its ids are durable. What [`Window`]
//! decides is written before the caller hears of it; when writing fails, memory is
//! thrown away and read again. [`Claims`] are in memory alone.

use std::cell::{Cell, RefCell};

use std::pin::pin;
use std::time::Duration;

use futures_channel::oneshot;
use futures_util::future::select;
use worker::{
    Delay, DurableObject, Env, Request, Response, Result, ScheduledTime, SqlStorageValue, State,
    durable_object, wasm_bindgen,
};

use super::clock::now_ms;
use super::{log, settings};
use crate::policy::claims::{Claim, Claims, Token};
use crate::policy::config::{CLAIM_LEASE_MS, ConfigError, claim_lease_ms, dedupe_window_ms};
use crate::policy::window::{Entry, Id, WINDOW_MS, Window, read_ids};

const CREATE: &str = "CREATE TABLE IF NOT EXISTS marked (
    row INTEGER PRIMARY KEY, marked_at_ms INTEGER NOT NULL, ids BLOB NOT NULL)";
const SELECT: &str = "SELECT row, marked_at_ms, ids FROM marked ORDER BY row";
const INSERT: &str = "INSERT INTO marked (row, marked_at_ms, ids) VALUES (?, ?, ?)";
const DELETE: &str = "DELETE FROM marked WHERE row <= ?";

/// One shard of a tenant's dedupe window.
#[durable_object(alarm)]
pub struct DedupeShard {
    state: State,
    window_ms: i64,
    /// `None` until the rows are read.
    window: RefCell<Option<Window>>,
    /// What is on its way; a waiter is woken by the drop of its sender.
    claims: RefCell<Claims<oneshot::Sender<()>>>,
    /// Whether a purge is known to be scheduled.
    purge_scheduled: Cell<bool>,
}

impl DurableObject for DedupeShard {
    fn new(state: State, env: Env) -> Self {
        let set = |name: &str| settings::binding(&env, name);
        let window_ms = valid_or(WINDOW_MS, dedupe_window_ms(&set));
        let lease_ms = valid_or(CLAIM_LEASE_MS, claim_lease_ms(&set));
        Self {
            state,
            window_ms,
            window: RefCell::new(None),
            claims: RefCell::new(Claims::new(lease_ms.into())),
            purge_scheduled: Cell::new(false),
        }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let body = read_ids(&request.bytes().await?);
        let Some((token, ids)) = body.split_first() else {
            return Response::error("no claim is named", 400);
        };
        match request.path().as_str() {
            "/claim" => answer(self.claim(token, ids)?),
            "/await" => self.claim_when_free(token, ids).await,
            "/settle" => self.settle(token, ids).await,
            _ => Response::error("not found", 404),
        }
    }

    async fn alarm(&self) -> Result<Response> {
        self.with_window(|window| {
            if let Some(row) = window.purge(now_ms()) {
                self.run(DELETE, vec![row.into()])?;
            }
            Ok(())
        })?;
        self.purge_scheduled.set(false);
        self.schedule_purge().await?;
        Response::empty()
    }
}

impl DedupeShard {
    fn claim(&self, token: &Token, ids: &[Id]) -> Result<Claim> {
        let mut claims = self.claims.borrow_mut();
        self.with_window(|window| Ok(claims.claim(now_ms(), *token, ids, |id| window.knows(id))))
    }

    /// Claims, and waits while another call has one of the ids.
    async fn claim_when_free(&self, token: &Token, ids: &[Id]) -> Result<Response> {
        let asked_at_ms = now_ms();
        loop {
            let behind = match self.claim(token, ids)? {
                Claim::Pending { behind } => behind,
                decided => return answer(decided),
            };
            let (waiter, woken) = oneshot::channel();
            let now_ms = now_ms();
            let ask_again = self.claims.borrow_mut().wait(now_ms, asked_at_ms, &behind, waiter);
            let Some(at_ms) = ask_again else { return answer(Claim::Full) };
            // At least one: a timer may fire a little before the clock shows it.
            let left_ms = u64::try_from(at_ms.saturating_sub(now_ms)).unwrap_or_default().max(1);
            select(woken, pin!(Delay::from(Duration::from_millis(left_ms)))).await;
        }
    }

    async fn settle(&self, token: &Token, durable: &[Id]) -> Result<Response> {
        let marked = self.mark(durable);
        // Whatever became of the rows: who waits must not wait for the lease.
        self.claims.borrow_mut().release(token);
        marked?;
        if !durable.is_empty() {
            self.schedule_purge().await?;
        }
        Response::empty()
    }

    fn mark(&self, ids: &[Id]) -> Result<()> {
        self.with_window(|window| {
            let Some(marked) = window.mark(now_ms(), ids) else { return Ok(()) };
            let Entry { row, marked_at_ms, ids } = marked.entry;
            self.run(INSERT, vec![row.into(), marked_at_ms.into(), ids.concat().into()])?;
            match marked.forget_up_to_row {
                Some(row) => self.run(DELETE, vec![row.into()]),
                None => Ok(()),
            }
        })
    }

    /// Sees to it that what is marked is forgotten in time, once an instance:
    /// afterwards each purge schedules the next.
    async fn schedule_purge(&self) -> Result<()> {
        if self.purge_scheduled.replace(true) {
            return Ok(());
        }
        let storage = self.state.storage();
        let due_ms = self.with_window(|window| Ok(window.purge_due_ms(now_ms())))?;
        if let (Some(due_ms), None) = (due_ms, storage.get_alarm().await?) {
            // An offset in milliseconds, by the binding's own definition.
            let offset_ms = due_ms.saturating_sub(now_ms()).max(0);
            storage.set_alarm(ScheduledTime::from(offset_ms)).await?;
        } else if due_ms.is_none() {
            self.purge_scheduled.set(false);
        }
        Ok(())
    }

    /// Lends the window, read from its rows where it is not in memory.
    fn with_window<T>(&self, decide: impl FnOnce(&mut Window) -> Result<T>) -> Result<T> {
        let mut slot = self.window.borrow_mut();
        let mut window = match slot.take() {
            Some(window) => window,
            None => self.load()?,
        };
        let decided = decide(&mut window);
        // After a failure the slot stays empty: memory must not say more than
        // the rows do.
        if decided.is_ok() {
            *slot = Some(window);
        }
        decided
    }

    fn load(&self) -> Result<Window> {
        let mut window = Window::new(self.window_ms);
        self.run(CREATE, Vec::new())?;
        for row in self.state.storage().sql().exec(SELECT, None)?.raw() {
            let mut columns = row?.into_iter();
            if let (
                Some(SqlStorageValue::Integer(row)),
                Some(SqlStorageValue::Integer(marked_at_ms)),
                Some(SqlStorageValue::Blob(ids)),
            ) = (columns.next(), columns.next(), columns.next())
            {
                window.restore(Entry { row, marked_at_ms, ids: read_ids(&ids) });
            }
        }
        Ok(window)
    }

    fn run(&self, sql: &str, bindings: Vec<SqlStorageValue>) -> Result<()> {
        self.state.storage().sql().exec(sql, bindings).map(|_| ())
    }
}

fn answer(claim: Claim) -> Result<Response> {
    match claim {
        Claim::Granted(known) => Response::from_bytes(known.into_iter().map(u8::from).collect()),
        Claim::Pending { .. } => Ok(Response::empty()?.with_status(202)),
        Claim::Full => Ok(Response::empty()?.with_status(429)),
    }
}

fn valid_or<T>(default: T, setting: Result<T, ConfigError>) -> T {
    setting.unwrap_or_else(|error| {
        log::error("misconfigured", &[("detail", &error.to_string())]);
        default
    })
}
