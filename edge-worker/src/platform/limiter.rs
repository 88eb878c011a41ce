//! The Durable Object that limits: some buckets, in memory while it lives.
//!
//! Its method `charge` takes `<least> <wanted> <per_minute> <bucket>` and returns
//! `<granted> <limit> <remaining> <reset_s> <retry_after_s>`; it throws when it has no
//! room for another bucket. What [`Buckets`] wants kept is written before that.

use std::cell::RefCell;

use worker::wasm_bindgen::JsValue;
use worker::{
    DurableObject, Env, Request, Response, Result, SqlStorageValue, State, durable_object,
    wasm_bindgen,
};

use super::clock::now_ms;
use crate::policy::buckets::{Buckets, ToStore};
use crate::policy::charge_text;

const CREATE: &str = "CREATE TABLE IF NOT EXISTS bucket (
    name TEXT PRIMARY KEY, until_ms REAL NOT NULL) WITHOUT ROWID";
const SELECT: &str = "SELECT name, until_ms FROM bucket WHERE until_ms > ?";
const UPSERT: &str = "INSERT OR REPLACE INTO bucket (name, until_ms) VALUES (?, ?)";
const DELETE: &str = "DELETE FROM bucket WHERE until_ms <= ?";

/// Buckets of one tenant.
#[durable_object]
pub struct Limiter {
    state: State,
    /// `None` until the rows are read.
    buckets: RefCell<Option<Buckets>>,
}

impl DurableObject for Limiter {
    fn new(state: State, _env: Env) -> Self {
        Self { state, buckets: RefCell::new(None) }
    }

    async fn fetch(&self, _request: Request) -> Result<Response> {
        Response::error("called by its method alone", 404)
    }
}

#[wasm_bindgen::prelude::wasm_bindgen(wasm_bindgen = ::worker::wasm_bindgen)]
impl Limiter {
    /// Charges a bucket, by [`charge_text`]; what it wants kept is written before that.
    ///
    /// # Errors
    /// For what is no charge, and when there is no room for another bucket.
    pub fn charge(&self, charge: &[u8]) -> core::result::Result<Vec<u8>, JsValue> {
        let text = core::str::from_utf8(charge).unwrap_or_default();
        let Some((charge, bucket)) = charge_text::read_charge(text) else {
            return Err(JsValue::from_str("no charge"));
        };
        // Precise to a millisecond for 285,000 years.
        let now_ms = now_ms() as f64;
        let mut slot = self.buckets.borrow_mut();
        let mut buckets = match slot.take() {
            Some(buckets) => buckets,
            None => self.load(now_ms)?,
        };
        let charged = buckets.charge(bucket, now_ms, &charge);
        *slot = Some(buckets);
        let Some((charged, to_store)) = charged else {
            return Err(JsValue::from_str("no room for another bucket"));
        };
        self.store(bucket, to_store)?;
        Ok(charge_text::write_charged(&charged).into_bytes())
    }
}

impl Limiter {
    fn load(&self, now_ms: f64) -> Result<Buckets> {
        let mut buckets = Buckets::default();
        self.run(CREATE, Vec::new())?;
        let rows = self.state.storage().sql().exec(SELECT, Some(vec![now_ms.into()]))?;
        for row in rows.raw() {
            let mut columns = row?.into_iter();
            // A number without decimals is read as a whole one.
            let (name, until_ms) = match (columns.next(), columns.next()) {
                (Some(SqlStorageValue::String(name)), Some(SqlStorageValue::Float(ms))) => {
                    (name, ms)
                }
                (Some(SqlStorageValue::String(name)), Some(SqlStorageValue::Integer(ms))) => {
                    (name, ms as f64)
                }
                _ => continue,
            };
            buckets.restore(name, until_ms);
        }
        Ok(buckets)
    }

    fn store(&self, bucket: &str, to_store: ToStore) -> Result<()> {
        if let Some(before_ms) = to_store.forget_before_ms {
            self.run(DELETE, vec![before_ms.into()])?;
        }
        if let Some(until_ms) = to_store.until_ms {
            self.run(UPSERT, vec![bucket.into(), until_ms.into()])?;
        }
        Ok(())
    }

    fn run(&self, sql: &str, bindings: Vec<SqlStorageValue>) -> Result<()> {
        self.state.storage().sql().exec(sql, bindings).map(|_| ())
    }
}
