//! What happens to a batch's events once they are judged: claimed at the shard,
//! forwarded, settled.
//!
//! Goes on when the caller hangs up, because a claim that nobody settles would
//! keep the caller's next try waiting.

use std::rc::Rc;

use tidemark_core::id::Uuid;
use tidemark_core::judge::{JudgedBatch, Site};
use worker::Env;

use super::dedupe::{Claimed, Shard};
use super::{collector, random};
use crate::policy::answer::Refused;
use crate::policy::collector_answer::Away;
use crate::policy::config::Config;
use crate::policy::hop_body;
use crate::policy::plan::Plan;

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
}

impl Delivery {
    /// Delivers the open events of the plan, and settles them. The shard remembers
    /// what is durable before the caller hears of it, so that whatever is sent
    /// again afterwards is known.
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
        let name = self.batch_name.as_deref();
        let hop = hop_body::write(&self.site, name, self.received_at_ms, &self.judged, &open);
        let durable = collector::forward(&self.config, &hop)
            .await
            .and_then(|answer| self.plan.settle(&answer).map_err(|_| Away::silent().into()));
        shard.settle(durable.as_deref().unwrap_or_default()).await;
        durable.map(|_| self.plan)
    }
}
