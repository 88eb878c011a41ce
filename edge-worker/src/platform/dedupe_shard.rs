//! The Durable Object that remembers event ids: rows in its SQLite database,
//! held in memory while it lives.
//!
//! `claim` and `wait` carry 16 bytes that name a claim, and ids of 16 bytes. The answer
//! is a byte ([`GRANTED`], [`PENDING`], [`FULL`]), and for a grant one more an id: 1 is
//! known, 0 is the caller's until it settles. `wait` waits instead of saying
//! [`PENDING`]. `settle` ends claims, and marks the ids of theirs that are durable; a
//! `claim` may bring such ends along. Each is told the object's name, by which its memory is
//! found from then on by calls that are handled in the same isolate ([`claim_near`]): a
//! claim is a matter of memory alone, and a call costs as much as reading the batch.
//!
//! What is marked is known at once and committed then, or, where the operator says so, a little later with all that is
//! marked until then: a commit is dear, and what a killed object forgets costs the
//! collector a duplicate that it finds by itself (docs/adr/0015). When a commit fails,
//! memory is thrown away and read again. [`Claims`] are in memory alone.

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::{Rc, Weak};
use std::time::Duration;

use futures_channel::oneshot;
use futures_util::future::select;
use worker::js_sys::{Promise, Uint8Array};
use worker::wasm_bindgen::JsValue;
use worker::wasm_bindgen_futures::future_to_promise;
use worker::{
    Delay, DurableObject, Env, Request, Response, Result, ScheduledTime, SqlStorageValue, State,
    durable_object, wasm_bindgen,
};

use super::clock::now_ms;
use super::dedupe::{FULL, GRANTED, PENDING};
use super::{count, log, random, settings};
use crate::policy::claims::{Claim, Claims, Token};
use crate::policy::config::{
    CLAIM_LEASE_MS, ConfigError, claim_lease_ms, dedupe_commit_ms, dedupe_window_ms,
};
use crate::policy::counters::Dedupe;
use crate::policy::id_hash::IdHash;
use crate::policy::near::Near;
use crate::policy::settlements;
use crate::policy::window::{Entry, Id, WINDOW_MS, Window, read_ids};

const CREATE: &str = "CREATE TABLE IF NOT EXISTS marked (
    row INTEGER PRIMARY KEY, marked_at_ms INTEGER NOT NULL, ids BLOB NOT NULL)";
const SELECT: &str = "SELECT row, marked_at_ms, ids FROM marked ORDER BY row";
const INSERT: &str = "INSERT INTO marked (row, marked_at_ms, ids) VALUES (?, ?, ?)";
const DELETE: &str = "DELETE FROM marked WHERE row <= ?";

/// Ids that do not wait: 400 KB of rows.
const COMMIT_IDS: usize = 25_000;
/// Rows that do not wait: some milliseconds of SQLite.
const COMMIT_ROWS: usize = 500;

thread_local! {
    static NEAR: RefCell<Near<Weak<Shard>>> = RefCell::default();
}

/// Claims ids at a shard that lives in this isolate: one entry an id, whether it is known.
/// `None` where the shard has to be called: it is elsewhere, has not read its rows, or
/// another call is in the way. Never does what belongs to the object's own calls: reads no
/// rows, wakes nobody.
pub(super) fn claim_near(name: &str, token: Token, ids: &[Id]) -> Option<Vec<bool>> {
    let now_ms = now_ms();
    let shard = NEAR.with_borrow(|near| near.find(name, now_ms).and_then(Weak::upgrade))?;
    let window = shard.window.borrow();
    let window = window.as_ref()?;
    shard.claims.borrow_mut().claim_quietly(now_ms, token, ids, |id| window.knows(id))
}

/// One shard of a tenant's dedupe window.
#[durable_object(alarm)]
pub struct DedupeShard {
    shard: Rc<Shard>,
}

struct Shard {
    state: State,
    /// How ids are hashed, by a key of this object's own.
    hash: IdHash,
    window_ms: i64,
    /// For how long rows wait for others, to be committed together: a commit is an
    /// `fsync`, and costs as much CPU as ten claims.
    commit_after_ms: u64,
    /// `None` until the rows are read.
    window: RefCell<Option<Window>>,
    /// What is on its way; a waiter is woken by the drop of its sender.
    claims: RefCell<Claims<oneshot::Sender<()>>>,
    /// What the window has and storage has not yet.
    unwritten: RefCell<Unwritten>,
    /// Whether a commit is on its way.
    is_committing: Cell<bool>,
    /// Whether a purge is known to be scheduled.
    purge_scheduled: Cell<bool>,
}

/// Changes that wait to be committed: at most [`COMMIT_IDS`] in [`COMMIT_ROWS`], and what
/// one call brings.
#[derive(Default)]
struct Unwritten {
    rows: Vec<Entry>,
    /// Ids of these rows.
    ids: usize,
    /// Rows up to this one go.
    forget_up_to_row: Option<i64>,
}

impl DurableObject for DedupeShard {
    fn new(state: State, env: Env) -> Self {
        let set = |name: &str| settings::binding(&env, name);
        let window_ms = valid_or(WINDOW_MS, dedupe_window_ms(&set));
        let commit_after_ms = valid_or(0, dedupe_commit_ms(&set));
        let lease_ms = valid_or(CLAIM_LEASE_MS, claim_lease_ms(&set));
        let hash = IdHash::new(u128::from_be_bytes(random::sixteen_bytes()));
        Self {
            shard: Rc::new(Shard {
                state,
                hash,
                window_ms,
                commit_after_ms,
                window: RefCell::new(None),
                claims: RefCell::new(Claims::new(lease_ms.into(), hash)),
                unwritten: RefCell::default(),
                is_committing: Cell::new(false),
                purge_scheduled: Cell::new(false),
            }),
        }
    }

    async fn fetch(&self, _request: Request) -> Result<Response> {
        Response::error("called by its methods alone", 404)
    }

    async fn alarm(&self) -> Result<Response> {
        self.shard.purge().await?;
        Response::empty()
    }
}

#[wasm_bindgen::prelude::wasm_bindgen(wasm_bindgen = ::worker::wasm_bindgen)]
impl DedupeShard {
    /// Takes up how other claims ended, and claims ids: a token, then the ids. Returns
    /// [`GRANTED`] with a byte an id, [`PENDING`] or [`FULL`].
    ///
    /// # Errors
    /// When the rows cannot be read.
    pub fn claim(
        &self,
        body: &[u8],
        settled: Option<Vec<u8>>,
        name: Option<String>,
    ) -> core::result::Result<Vec<u8>, JsValue> {
        match settled {
            Some(settled) => drop(self.settle(&settled, name)?),
            None => self.is_called(name),
        }
        let body = read_ids(body);
        let Some((token, ids)) = body.split_first() else {
            return Err(JsValue::from_str("no claim is named"));
        };
        Ok(answer(self.shard.claim(token, ids)?))
    }

    /// Claims, and waits while another call has one of the ids.
    pub fn wait(&self, body: &[u8]) -> Promise {
        let shard = Rc::clone(&self.shard);
        let body = read_ids(body);
        future_to_promise(async move {
            let Some((token, ids)) = body.split_first() else {
                return Err(JsValue::from_str("no claim is named"));
            };
            let claimed = answer(shard.claim_when_free(token, ids).await?);
            Ok(Uint8Array::from(claimed.as_slice()).into())
        })
    }

    /// Ends claims: marks what is durable, and frees the rest.
    ///
    /// # Errors
    /// When the rows cannot be read.
    pub fn settle(
        &self,
        settled: &[u8],
        name: Option<String>,
    ) -> core::result::Result<Vec<u8>, JsValue> {
        self.is_called(name);
        let mut marked = Ok(());
        for (token, durable) in settlements::read(settled) {
            marked = marked.and(self.shard.mark(&durable));
            // Whatever became of the rows: who waits must not wait for the lease.
            self.shard.claims.borrow_mut().release(&token);
        }
        marked?;
        self.shard.commit_soon();
        Ok(Vec::new())
    }
}

impl DedupeShard {
    fn is_called(&self, name: Option<String>) {
        if let Some(name) = name {
            let shard = Rc::downgrade(&self.shard);
            NEAR.with_borrow_mut(|near| near.called(&name, shard, now_ms()));
        }
    }
}

impl Shard {
    fn claim(&self, token: &Token, ids: &[Id]) -> Result<Claim> {
        let mut claims = self.claims.borrow_mut();
        self.with_window(|window| Ok(claims.claim(now_ms(), *token, ids, |id| window.knows(id))))
    }

    async fn claim_when_free(&self, token: &Token, ids: &[Id]) -> Result<Claim> {
        let asked_at_ms = now_ms();
        loop {
            let behind = match self.claim(token, ids)? {
                Claim::Pending { behind } => behind,
                decided => return Ok(decided),
            };
            let (waiter, woken) = oneshot::channel();
            let now_ms = now_ms();
            let ask_again = self.claims.borrow_mut().wait(now_ms, asked_at_ms, &behind, waiter);
            let Some(at_ms) = ask_again else { return Ok(Claim::Full) };
            // At least one: a timer may fire a little before the clock shows it.
            let left_ms = u64::try_from(at_ms.saturating_sub(now_ms)).unwrap_or_default().max(1);
            select(woken, pin!(Delay::from(Duration::from_millis(left_ms)))).await;
        }
    }

    fn mark(&self, ids: &[Id]) -> Result<()> {
        self.with_window(|window| {
            if let Some(marked) = window.mark(now_ms(), ids) {
                let mut unwritten = self.unwritten.borrow_mut();
                unwritten.ids = unwritten.ids.saturating_add(marked.entry.ids.len());
                unwritten.rows.push(marked.entry);
                unwritten.forget_up_to_row =
                    marked.forget_up_to_row.max(unwritten.forget_up_to_row);
            }
            Ok(())
        })
    }

    /// Commits what is marked in a moment, together with what is marked until then.
    fn commit_soon(self: &Rc<Self>) {
        let (rows, ids) = {
            let unwritten = self.unwritten.borrow();
            (unwritten.rows.len(), unwritten.ids)
        };
        let is_first = rows > 0 && !self.is_committing.replace(true);
        let is_full = rows >= COMMIT_ROWS || ids >= COMMIT_IDS;
        let wait_ms = if is_full { 0 } else { self.commit_after_ms };
        if !is_first && wait_ms > 0 {
            return;
        }
        let shard = Rc::clone(self);
        self.state.wait_until(async move {
            if wait_ms > 0 {
                Delay::from(Duration::from_millis(wait_ms)).await;
                shard.is_committing.set(false);
            }
            let done = match shard.commit() {
                Ok(()) => shard.schedule_purge().await,
                failed => failed,
            };
            if let Err(error) = done {
                log::error("dedupe_commit_failed", &[("detail", &error.to_string())]);
            }
        });
    }

    /// Writes what is not written, in one turn, which is one transaction.
    fn commit(&self) -> Result<()> {
        let Unwritten { rows, forget_up_to_row, .. } = self.unwritten.take();
        if rows.is_empty() && forget_up_to_row.is_none() {
            return Ok(());
        }
        let written = rows
            .into_iter()
            .filter(|entry| forget_up_to_row.is_none_or(|last| entry.row > last))
            .try_for_each(|Entry { row, marked_at_ms, ids }| {
                self.run(INSERT, vec![row.into(), marked_at_ms.into(), ids.concat().into()])
            });
        let written = written.and_then(|()| match forget_up_to_row {
            Some(row) => self.run(DELETE, vec![row.into()]),
            None => Ok(()),
        });
        match written {
            Ok(()) => count::dedupe(Dedupe::Committed),
            // Memory must not say for long what the rows do not.
            Err(_) => drop(self.window.take()),
        }
        written
    }

    async fn purge(&self) -> Result<()> {
        self.commit()?;
        self.with_window(|window| {
            if let Some(row) = window.purge(now_ms()) {
                self.run(DELETE, vec![row.into()])?;
            }
            Ok(())
        })?;
        self.purge_scheduled.set(false);
        self.schedule_purge().await
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
        let mut window = Window::new(self.window_ms, self.hash);
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

fn answer(claim: Claim) -> Vec<u8> {
    match claim {
        Claim::Granted(known) => {
            std::iter::once(GRANTED).chain(known.into_iter().map(u8::from)).collect()
        }
        Claim::Pending { .. } => vec![PENDING],
        Claim::Full => vec![FULL],
    }
}

fn valid_or<T>(default: T, setting: Result<T, ConfigError>) -> T {
    setting.unwrap_or_else(|error| {
        log::error("misconfigured", &[("detail", &error.to_string())]);
        default
    })
}
