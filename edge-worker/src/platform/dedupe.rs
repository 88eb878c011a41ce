//! Claims ids at a dedupe shard, and tells it how the claims ended.
//!
//! A shard that lives in this isolate is not called for a claim: its memory is asked.
//! The shard is never the authority: when it is away, events pass, counted. How a claim
//! ended is told along with the next one, or a little later ([`Settlements`]).

use std::cell::RefCell;
use std::time::Duration;

use futures_util::future::join_all;
use tidemark_core::id::Uuid;
use worker::{Delay, Env};

use super::after::After;
use super::{calls, clock, count, dedupe_shard, log};
use crate::policy::counters::Dedupe;
use crate::policy::settlements::{Settled, Settlements, TELL_AFTER_MS, Tell};
use crate::policy::window::Id;

/// The Durable Objects' binding.
const BINDING: &str = "DEDUPE";
/// For how long a shard's answer is waited for: a call in the same place takes
/// milliseconds, and the collector finds duplicates anyway.
const DEADLINE_MS: u32 = 1_000;

thread_local! {
    static SETTLEMENTS: RefCell<Settlements> = RefCell::new(Settlements::default());
}

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
        let wanted: Vec<Id> = ids.iter().map(|id| id.0).collect();
        if let Some(known) = dedupe_shard::claim_near(self.name, self.token.0, &wanted) {
            count::dedupe(Dedupe::ClaimedNear);
            return Claimed::Granted(known);
        }
        let body: Vec<u8> = [self.token].iter().chain(ids).flat_map(|id| id.0).collect();
        let settled = SETTLEMENTS.with_borrow_mut(|settlements| settlements.take(self.name));
        let more = settled.as_ref().map(|settled| settled.bytes.as_slice());
        let mut answer = self.call("claim", &body, more, DEADLINE_MS).await;
        if let Some(settled) = &settled {
            told(settled, answer.as_ref().err());
        }
        if answer.as_ref().is_ok_and(|answer| answer.first() == Some(&PENDING)) {
            count::dedupe(Dedupe::Waited);
            SETTLEMENTS.with_borrow_mut(|settlements| settlements.begin_waiting(self.name));
            let patience_ms = lease_ms.saturating_add(DEADLINE_MS);
            // What this isolate ended meanwhile may be what is waited for.
            tell(self.env, self.name).await;
            answer = self.call("wait", &body, None, patience_ms).await;
            SETTLEMENTS.with_borrow_mut(|settlements| settlements.end_waiting(self.name));
        }
        let claimed = match answer.as_deref().map(<[u8]>::split_first) {
            Ok(Some((&GRANTED, known))) if known.len() == ids.len() => {
                Claimed::Granted(known.iter().map(|known| *known == 1).collect())
            }
            Ok(Some((&FULL, _))) => Claimed::Busy,
            Ok(_) => away("no answer to the question"),
            Err(error) => away(error),
        };
        count::dedupe(match claimed {
            Claimed::Granted(_) => Dedupe::Claimed,
            Claimed::Away => Dedupe::ClaimAway,
            Claimed::Busy => Dedupe::Busy,
        });
        claimed
    }

    /// Ends the claim: these ids are durable downstream, the others are free again.
    /// The shard hears of it by [`see_told`], or before.
    pub(super) fn settle(&self, durable: &[Uuid]) {
        let durable: Vec<Id> = durable.iter().map(|id| id.0).collect();
        SETTLEMENTS
            .with_borrow_mut(|settlements| settlements.end(self.name, self.token.0, &durable));
    }

    async fn call(
        &self,
        method: &str,
        body: &[u8],
        more: Option<&[u8]>,
        deadline_ms: u32,
    ) -> Result<Vec<u8>, String> {
        calls::call(self.env, BINDING, self.name, method, body, more, deadline_ms).await
    }
}

/// What the first byte of a shard's answer says; one byte an id follows a grant.
pub(super) const GRANTED: u8 = 0;
/// Another call has one of the ids.
pub(super) const PENDING: u8 = 1;
/// Too much is under way.
pub(super) const FULL: u8 = 2;

/// Sees to it that a shard hears of what a call has ended there.
pub(super) fn see_told(env: &Env, after: After<'_>, name: String) {
    match SETTLEMENTS.with_borrow_mut(|settlements| settlements.tell(&name, clock::now_ms())) {
        Tell::NotByMe => {}
        Tell::Now => {
            let env = env.clone();
            after.run(async move { tell(&env, &name).await });
        }
        Tell::Later => after.run(tell_all_later(env.clone())),
    }
}

async fn tell_all_later(env: Env) {
    Delay::from(Duration::from_millis(TELL_AFTER_MS)).await;
    let all = SETTLEMENTS.with_borrow_mut(Settlements::take_all);
    join_all(all.iter().map(|(name, settled)| settle(&env, name, settled))).await;
}

async fn tell(env: &Env, name: &str) {
    let settled = SETTLEMENTS.with_borrow_mut(|settlements| settlements.take(name));
    if let Some(settled) = settled {
        settle(env, name, &settled).await;
    }
}

async fn settle(env: &Env, name: &str, settled: &Settled) {
    let answer = calls::call(env, BINDING, name, "settle", &settled.bytes, None, DEADLINE_MS).await;
    told(settled, answer.as_ref().err());
}

/// Counts what was told, or was not: the claims then end with their leases.
fn told(settled: &Settled, error: Option<&String>) {
    if let Some(detail) = error {
        log::error("dedupe_settle_away", &[("detail", detail)]);
    }
    for _ in 0..settled.claims {
        count::dedupe(if error.is_none() { Dedupe::Settled } else { Dedupe::SettleAway });
    }
}

fn away(detail: &str) -> Claimed {
    log::error("dedupe_claim_away", &[("detail", detail)]);
    Claimed::Away
}
