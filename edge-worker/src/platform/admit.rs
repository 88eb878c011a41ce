//! From a plain body to its answer: what a call and a socket's message share.

use std::rc::Rc;

use tidemark_core::batch::{Batch, Form};
use tidemark_core::hash::{Salt, Visit};
use tidemark_core::id::Uuid;
use tidemark_core::judge::{Arrival, Judge, JudgedBatch, Place, Schemas, Site};
use tidemark_core::verdict::answer_json;
use worker::Env;
use worker::web_sys::Request;

use super::after::After;
use super::delivery::Delivery;
use super::settings::Settings;
use super::{analytics, clock, count, dedupe, limits, random, salt, sites};
use crate::policy::answer::{Answer, Refused};
use crate::policy::call::Call;
use crate::policy::caller::Caller;
use crate::policy::collector_answer::Away;
use crate::policy::config::Config;
use crate::policy::data_point::DataPoint;
use crate::policy::plan::Plan;
use crate::policy::route::Words;
use crate::policy::sites::Sites;
use crate::policy::{admission, batch_name, event_id, gpc, salts, shard};

/// Who sends, and how.
pub(super) struct Sender<'a> {
    pub(super) words: Words,
    pub(super) call: &'a Call,
    /// Whose time runs: a call, or nobody's, where a socket's message came.
    pub(super) request: Option<&'a Request>,
    pub(super) env: &'a Env,
    pub(super) after: After<'a>,
    pub(super) settings: &'a Settings,
    pub(super) caller: Caller,
}

impl Sender<'_> {
    /// Admits, judges, deduplicates and forwards the events of a body.
    ///
    /// # Errors
    /// The refusal of all of them.
    pub(super) async fn admit(&self, plain: &[u8], is_counted: bool) -> Result<Answer, Refused> {
        let received_at_ms = clock::now_ms();
        let config = self.settings.config()?;
        let (translated, under_gpc);
        let ((sites, site), mut batch) = match self.words {
            Words::Own(form) => {
                let batch = Batch::read(plain, form)?;
                (self.site(config, batch.write_key.as_deref()).await?, batch)
            }
            Words::Alias(alias) => {
                let read = alias.read(plain)?;
                let (sites, site) = self.site(config, read.write_key()).await?;
                translated = read.to_batch(&site);
                ((sites, site), Batch::read(translated.as_bytes(), Form::Alias)?)
            }
        };
        if !is_counted {
            self.pass_requests(&site).await?;
        }
        let network = self.caller.prefix.as_deref();
        let allowance = limits::charge(self.env, &site, &batch, network).await?;
        let batch_name = batch_name::resolve(self.call, batch.batch_id.as_deref())?;
        let batch_name = batch_name.map(String::from);
        let batch_id = batch.batch_id.take();
        if self.call.sec_gpc.as_deref().is_some_and(gpc::is_on) {
            under_gpc = gpc::rewritten(&batch);
            let (sent_at_ms, clock_offset_ms) = (batch.sent_at_ms, batch.clock_offset_ms);
            batch = Batch::read(under_gpc.as_bytes(), Form::Alias)?;
            (batch.sent_at_ms, batch.clock_offset_ms) = (sent_at_ms, clock_offset_ms);
        }
        let builtin = self.settings.catalogue.as_ref().ok_or_else(Away::silent)?;
        let schemas = &sites.own_schemas.of(site.tenant_id, builtin);
        let arrival = Arrival {
            received_at_ms,
            geo: self.caller.geo.as_deref(),
            client_ip_prefix: network,
            cookieless_id: self.daily_key(&site, received_at_ms).await,
            device_class: Some(self.call.device_class()),
        };
        let judged = self.judge(config, &site, schemas, &batch, batch_name.as_deref(), arrival);
        let mut plan = Plan::new(&judged);
        if !plan.open().is_empty() {
            let delivery = Delivery {
                config: Rc::clone(config),
                env: self.env.clone(),
                shard: shard_of(config, &site, &batch, batch_name.as_deref(), &plan),
                site: site.clone(),
                batch_name,
                received_at_ms,
                judged,
                plan,
                request: self.request.cloned(),
            };
            let shard = delivery.shard.clone();
            let delivered = delivery.run().await;
            dedupe::see_told(self.env, self.after, shard);
            plan = delivered?;
        }
        let mut verdicts = plan.into_verdicts();
        count::verdicts(batch.events.len(), &verdicts);
        analytics::write(self.env, || DataPoint::answered(&site, &verdicts));
        self.words.to_sender(&mut verdicts);
        let answer = Answer::json(200, answer_json(batch_id.as_deref(), &verdicts));
        Ok(answer.with(allowance.map(|left| left.headers()).unwrap_or_default()))
    }

    /// The site of the call's key, or of the one in its body, and the list that it is of.
    async fn site(
        &self,
        config: &Rc<Config>,
        in_batch: Option<&str>,
    ) -> Result<(Rc<Sites>, Site), Refused> {
        let sites = sites::current(self.env, config, self.after, in_batch).await?;
        let site = admission::by_batch(&sites, self.call, in_batch)?.clone();
        Ok((sites, site))
    }

    /// The key that a visitor without consent has today, where the site counts those:
    /// of the day's salt, the network and the agent, never of the full address.
    async fn daily_key(&self, site: &Site, received_at_ms: i64) -> Option<Uuid> {
        let network = self.caller.prefix.as_deref().filter(|_| site.cookieless)?;
        let day = salts::day_of(received_at_ms);
        let salt = salt::of_day(self.env, day).await?;
        Some(Salt::of_tenant(&salt, site.tenant_id).daily_key(&Visit {
            site_id: site.site_id,
            day,
            address: network,
            user_agent: self.call.user_agent.as_deref().unwrap_or_default(),
        }))
    }

    fn judge(
        &self,
        config: &Config,
        site: &Site,
        schemas: &dyn Schemas,
        batch: &Batch<'_>,
        batch_name: Option<&str>,
        arrival: Arrival<'_>,
    ) -> JudgedBatch {
        let salt = config
            .salt_secret
            .as_ref()
            .map(|secret| Salt::of_tenant(secret.as_bytes(), site.tenant_id));
        let pseudonym = salt.map(|salt| move |user_id: &str| salt.pseudonym(user_id));
        let judge = Judge {
            site,
            schemas: Some(schemas),
            place: Place::Public(arrival),
            pseudonym: pseudonym.as_ref().map(|hash| hash as &dyn Fn(&str) -> String),
        };
        judge.batch(batch, &mut |index| match batch_name {
            Some(name) => event_id::derive(site.tenant_id, name, index),
            None => Uuid::v7(arrival.received_at_ms, random::ten_bytes()),
        })
    }
}

/// The shard of a batch: by its one visitor, else by its name, else by its first
/// event.
fn shard_of(
    config: &Config,
    site: &Site,
    batch: &Batch<'_>,
    batch_name: Option<&str>,
    plan: &Plan,
) -> String {
    match shard::one_visitor(batch).or(batch_name) {
        Some(stays_same) => shard::name(site.tenant_id, stays_same, config.dedupe_shards),
        None => {
            let first = plan.open_ids().first().map(ToString::to_string).unwrap_or_default();
            shard::name(site.tenant_id, &first, config.dedupe_shards)
        }
    }
}
