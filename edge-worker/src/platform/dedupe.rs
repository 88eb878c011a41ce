//! Claims ids at a dedupe shard, and tells it how the claim ended.
//!
//! The shard is never the authority: when it is away, events pass, counted.

use tidemark_core::id::Uuid;
use worker::Env;

use super::{calls, count, log};
use crate::policy::counters::Dedupe;

/// The Durable Objects' binding.
const BINDING: &str = "DEDUPE";
/// For how long a shard's answer is waited for: a call in the same place takes
/// milliseconds, and the collector finds duplicates anyway.
const DEADLINE_MS: u32 = 1_000;

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
        let mut answer = self.call("claim", DEADLINE_MS, ids).await;
        if let Ok((202, _)) = answer {
            count::dedupe(Dedupe::Waited);
            answer = self.call("await", lease_ms.saturating_add(DEADLINE_MS), ids).await;
        }
        let claimed = match answer {
            Ok((200, known)) if known.len() == ids.len() => {
                Claimed::Granted(known.iter().map(|known| *known == 1).collect())
            }
            Ok((429, _)) => Claimed::Busy,
            Ok((status, _)) => away(&format!("status {status}")),
            Err(error) => away(&error),
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
        let settled = match self.call("settle", DEADLINE_MS, durable).await {
            Ok((200, _)) => Dedupe::Settled,
            answer => {
                let detail = match answer {
                    Ok((status, _)) => format!("status {status}"),
                    Err(error) => error,
                };
                log::error("dedupe_settle_away", &[("detail", &detail)]);
                Dedupe::SettleAway
            }
        };
        count::dedupe(settled);
    }

    /// Status and body of the shard's answer.
    async fn call(
        &self,
        what: &str,
        deadline_ms: u32,
        ids: &[Uuid],
    ) -> Result<(u16, Vec<u8>), String> {
        let bytes: Vec<u8> = [self.token].iter().chain(ids).flat_map(|id| id.0).collect();
        calls::ask(self.env, BINDING, self.name, what, &bytes, deadline_ms).await
    }
}

fn away(detail: &str) -> Claimed {
    log::error("dedupe_claim_away", &[("detail", detail)]);
    Claimed::Away
}
