//! The Durable Object that remembers event ids: rows in its SQLite database,
//! held in memory while it lives.
//!
//! `POST /check` and `POST /mark` with ids of 16 bytes; a check answers a byte an
//! id, 1 where it is known. What [`Window`] decides is written before the caller
//! hears of it; when writing fails, memory is thrown away and read again.

use std::cell::{Cell, RefCell};

use worker::{
    Date, DurableObject, Env, Request, Response, Result, ScheduledTime, SqlStorageValue, State,
    durable_object, wasm_bindgen,
};

use super::{log, settings};
use crate::policy::config::dedupe_window_ms;
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
    /// Whether a purge is known to be scheduled.
    purge_scheduled: Cell<bool>,
}

impl DurableObject for DedupeShard {
    fn new(state: State, env: Env) -> Self {
        let window_ms = dedupe_window_ms(&|name| settings::binding(&env, name))
            .inspect_err(|error| log::error("misconfigured", &[("detail", &error.to_string())]))
            .unwrap_or(WINDOW_MS);
        Self { state, window_ms, window: RefCell::new(None), purge_scheduled: Cell::new(false) }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let ids = read_ids(&request.bytes().await?);
        match request.path().as_str() {
            "/check" => {
                let known = self.with_window(|window| {
                    Ok(ids.iter().map(|id| u8::from(window.knows(id))).collect())
                })?;
                Response::from_bytes(known)
            }
            "/mark" => {
                self.mark(&ids)?;
                self.schedule_purge().await?;
                Response::empty()
            }
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

fn now_ms() -> i64 {
    i64::try_from(Date::now().as_millis()).unwrap_or(i64::MAX)
}
