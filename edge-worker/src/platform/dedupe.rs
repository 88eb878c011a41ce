//! Claims ids at a dedupe shard, and tells it how the claim ended.
//!
//! The shard is never the authority: when it is away, events pass, counted.

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
/// For how long a shard's answer is waited for: a call in the same place takes
/// milliseconds, and the collector finds duplicates anyway.
const DEADLINE: Duration = Duration::from_millis(1_000);

/// What a call hears of its ids.
pub(super) enum Claimed {
    /// One entry an id: whether it is known. The others are this call's to forward.
    Granted(Vec<bool>),
    /// The shard does not answer.
    Away,
    /// Another call has had them for too long, or too much is under way.
    Busy,
}

/// A shard, and the claim that one call makes there.
pub(super) struct Shard<'a> {
    pub(super) env: &'a Env,
    pub(super) name: &'a str,
    /// The claim's name.
    pub(super) token: Uuid,
}

impl Shard<'_> {
    /// Claims ids. While another call has one of them, waits inside of the shard
    /// until that call has settled, for a lease at most.
    pub(super) async fn claim(&self, lease_ms: u32, ids: &[Uuid]) -> Claimed {
        let mut answer = self.call("claim", DEADLINE, ids).await;
        if let Ok((202, _)) = answer {
            count::dedupe(Dedupe::Waited);
            let lease = Duration::from_millis(lease_ms.into());
            answer = self.call("await", lease.saturating_add(DEADLINE), ids).await;
        }
        let claimed = match answer {
            Ok((200, known)) if known.len() == ids.len() => {
                Claimed::Granted(known.iter().map(|known| *known == 1).collect())
            }
            Ok((429, _)) => Claimed::Busy,
            Ok((status, _)) => away(&format!("status {status}")),
            Err(error) => away(&error.to_string()),
        };
        count::dedupe(match claimed {
            Claimed::Granted(_) => Dedupe::Claimed,
            Claimed::Away => Dedupe::ClaimAway,
            Claimed::Busy => Dedupe::Busy,
        });
        claimed
    }

    /// Ends the claim: these ids are durable downstream, the others are free again.
    pub(super) async fn settle(&self, durable: &[Uuid]) {
        let settled = match self.call("settle", DEADLINE, durable).await {
            Ok((200, _)) => Dedupe::Settled,
            answer => {
                let detail = match answer {
                    Ok((status, _)) => format!("status {status}"),
                    Err(error) => error.to_string(),
                };
                log::error("dedupe_settle_away", &[("detail", &detail)]);
                Dedupe::SettleAway
            }
        };
        count::dedupe(settled);
    }

    /// Status and body of the shard's answer.
    async fn call(&self, what: &str, deadline: Duration, ids: &[Uuid]) -> Result<(u16, Vec<u8>)> {
        let bytes: Vec<u8> = [self.token].iter().chain(ids).flat_map(|id| id.0).collect();
        let mut init = RequestInit::new();
        init.with_method(Method::Post).with_body(Some(Uint8Array::from(bytes.as_slice()).into()));
        let request = Request::new_with_init(&format!("https://shard/{what}"), &init)?;
        let stub = self.env.durable_object(BINDING)?.get_by_name(self.name)?;
        let answer = async {
            let mut response = stub.fetch_with_request(request).await?;
            Ok((response.status_code(), response.bytes().await?))
        };
        match select(pin!(answer), pin!(Delay::from(deadline))).await {
            Either::Left((answer, _)) => answer,
            Either::Right(_) => Err(Error::from("deadline")),
        }
    }
}

fn away(detail: &str) -> Claimed {
    log::error("dedupe_claim_away", &[("detail", detail)]);
    Claimed::Away
}
