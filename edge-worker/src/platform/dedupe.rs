//! Asks a dedupe shard, and tells it what became durable.
//!
//! The shard spares the collector work and is never the authority: when it is
//! away, events pass, counted.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use tidemark_core::id::Uuid;
use worker::js_sys::Uint8Array;
use worker::{Delay, Env, Error, Method, Request, RequestInit, Result};

use super::{count, log};
use crate::policy::counters::Dedupe;

/// The Durable Objects' binding.
const BINDING: &str = "DEDUPE";
/// For how long a shard is waited for: a call in the same place takes
/// milliseconds, and the collector finds duplicates anyway.
const DEADLINE: Duration = Duration::from_millis(1_000);

/// Asks which ids a shard knows: one entry an id, or `None` when it is away.
pub(super) async fn check(env: &Env, shard: &str, ids: &[Uuid]) -> Option<Vec<bool>> {
    let known = match call(env, shard, "https://shard/check", ids).await {
        Ok(answer) if answer.len() == ids.len() => {
            Some(answer.iter().map(|known| *known == 1).collect())
        }
        Ok(_) => None,
        Err(error) => {
            log::error("dedupe_check_away", &[("detail", &error.to_string())]);
            None
        }
    };
    count::dedupe(if known.is_some() { Dedupe::Checked } else { Dedupe::CheckAway });
    known
}

/// Tells a shard the ids that are durable downstream.
pub(super) async fn mark(env: &Env, shard: &str, ids: &[Uuid]) {
    let marked = call(env, shard, "https://shard/mark", ids).await;
    if let Err(error) = &marked {
        log::error("dedupe_mark_away", &[("detail", &error.to_string())]);
    }
    count::dedupe(if marked.is_ok() { Dedupe::Marked } else { Dedupe::MarkAway });
}

async fn call(env: &Env, shard: &str, url: &str, ids: &[Uuid]) -> Result<Vec<u8>> {
    let bytes: Vec<u8> = ids.iter().flat_map(|id| id.0).collect();
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_body(Some(Uint8Array::from(bytes.as_slice()).into()));
    let request = Request::new_with_init(url, &init)?;
    let stub = env.durable_object(BINDING)?.get_by_name(shard)?;
    let answer = async {
        let mut response = stub.fetch_with_request(request).await?;
        match response.status_code() {
            200 => response.bytes().await,
            status => Err(Error::from(format!("status {status}"))),
        }
    };
    match select(pin!(answer), pin!(Delay::from(DEADLINE))).await {
        Either::Left((answer, _)) => answer,
        Either::Right(_) => Err(Error::from("deadline")),
    }
}
