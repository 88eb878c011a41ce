//! What happens to a batch's events once they are judged: claimed at the shard,
//! forwarded, or held, and settled.
//!
//! Goes on when the caller hangs up (shim/worker.js), because a claim that nobody settles would
//! keep the caller's next try waiting.

use std::rc::Rc;

use tidemark_core::id::Uuid;
use tidemark_core::judge::{JudgedBatch, Site};
use worker::Env;
use worker::web_sys::Request;

use super::dedupe::{Claimed, Shard};
use super::hold::{self, NotKept};
use super::{calls, collector, random};
use crate::policy::answer::Refused;
use crate::policy::collector_answer::{Away, NoVerdicts};
use crate::policy::config::Config;
use crate::policy::hop_body;
use crate::policy::plan::Plan;
use crate::policy::wire::Wire;

/// A judged batch with everything that delivering it needs.
pub(super) struct Delivery {
    pub(super) config: Rc<Config>,
    pub(super) env: Env,
    pub(super) site: Site,
    pub(super) shard: String,
    pub(super) batch_name: Option<String>,
    pub(super) received_at_ms: i64,
    pub(super) judged: JudgedBatch,
    pub(super) plan: Plan,
    /// The call that brought it, and with which it ends.
    pub(super) request: Option<Request>,
}

impl Delivery {
    /// Delivers the open events of the plan, and settles them. The shard hears of what
    /// is durable with the next claim; until then this one holds, so that whatever is
    /// sent again afterwards is known, or waits.
    ///
    /// # Errors
    /// What the caller hears when the events are not stored.
    pub(super) async fn run(mut self) -> Result<Plan, Refused> {
        let token = Uuid::v7(self.received_at_ms, random::ten_bytes());
        let shard = Shard { env: &self.env, name: &self.shard, token };
        match shard.claim(self.config.claim_lease_ms, &self.plan.open_ids()).await {
            Claimed::Granted(known) => {
                self.plan.settle_known(&known);
            }
            Claimed::Away => {}
            Claimed::Busy => return Err(Away::overloaded().into()),
        }
        let open = self.plan.open();
        if open.is_empty() {
            return Ok(self.plan);
        }
        let wire = self.write(&open);
        let tenant_id = self.site.tenant_id;
        let answer =
            collector::forward(&self.config, tenant_id, &wire, self.request.as_ref()).await;
        let settled = answer.and_then(|answer| {
            self.plan.settle(answer).map_err(|_| NoVerdicts::Away(Away::silent()))
        });
        let durable = match settled {
            Ok(durable) => Ok(durable),
            Err(NoVerdicts::Away(away)) => match self.hold(wire, &open, away).await {
                Ok(()) => Ok(self.plan.settle_held()),
                Err(away) => Err(away.into()),
            },
            Err(none) => Err(none.into()),
        };
        shard.settle(durable.as_deref().unwrap_or_default());
        durable.map(|_| self.plan)
    }

    /// Keeps the open events until the collector is back.
    ///
    /// # Errors
    /// What the caller hears when they are not kept.
    async fn hold(&self, wire: Wire, open: &[usize], away: Away) -> Result<(), Away> {
        let kind = hold::kind(&self.config, &self.env).ok_or(away)?;
        let batch = hold::Batch {
            tenant_id: self.site.tenant_id,
            now_ms: super::now_ms(),
            events: open,
            wire,
            write: &|events| self.write(events),
        };
        hold::keep(kind, &self.env, batch).await.map_err(|not| match not {
            NotKept::Full => Away::hold_is_full(),
            NotKept::Away => away,
        })
    }

    /// The hop's body of some of the events.
    fn write(&self, events: &[usize]) -> Wire {
        let name = self.batch_name.as_deref();
        let body = hop_body::write(&self.site, name, self.received_at_ms, &self.judged, events);
        Wire::of(&body, calls::gzip)
    }
}
