//! One call with events, from its head to its answer.

use std::rc::Rc;

use futures_util::FutureExt;
use tidemark_core::batch::{Batch, Form};
use tidemark_core::hash::Salt;
use tidemark_core::id::Uuid;
use tidemark_core::judge::{Arrival, Judge, JudgedBatch, Place, Schemas, Site};
use tidemark_core::verdict::answer_json;
use worker::{Context, Date, Env, Request};

use super::delivery::Delivery;
use super::{analytics, body, count, random, settings};
use crate::policy::answer::{Answer, Refused};
use crate::policy::call::Call;
use crate::policy::collector_answer::Away;
use crate::policy::config::Config;
use crate::policy::data_point::DataPoint;
use crate::policy::plan::Plan;
use crate::policy::{admission, batch_name, client, event_id, shard};

/// Where a call came from, as far as somebody trustworthy says so.
struct Origin {
    geo: Option<String>,
    ip_prefix: Option<String>,
}

/// Admits, judges, deduplicates and forwards a call's events.
///
/// # Errors
/// The refusal of the whole call.
pub(super) async fn ingest(
    form: Form,
    request: Request,
    call: &Call,
    env: &Env,
    context: &Context,
) -> Result<Answer, Refused> {
    let received_at_ms = i64::try_from(Date::now().as_millis()).unwrap_or(i64::MAX);
    let settings = settings::of(env);
    let config = settings.config()?;
    admission::by_head(config, call)?;
    let origin = origin_of(&request, config);
    let body = body::of_request(request, call).await?;
    let batch = Batch::read(&body, form)?;
    let site = admission::by_batch(config, call, batch.write_key.as_deref())?;

    let batch_name = batch_name::resolve(call, batch.batch_id.as_deref())?;
    let schemas = settings.catalogue.as_ref().ok_or_else(Away::silent)?;
    let judged = judge(config, site, schemas, &batch, batch_name, &origin, received_at_ms);
    let mut plan = Plan::new(&judged);
    if !plan.open().is_empty() {
        let delivery = Delivery {
            config: Rc::clone(config),
            env: env.clone(),
            site: site.clone(),
            shard: shard_of(site, &batch, batch_name, &plan),
            batch_name: batch_name.map(Into::into),
            received_at_ms,
            judged,
            plan,
        };
        let delivery = delivery.run().boxed_local().shared();
        // A caller that hangs up must not end it half-way.
        context.wait_until(delivery.clone().map(|_| ()));
        plan = delivery.await?;
    }
    let verdicts = plan.verdicts();
    count::verdicts(batch.events.len(), &verdicts);
    analytics::write(env, DataPoint::answered(site, &verdicts));
    Ok(Answer::json(200, answer_json(batch.batch_id.as_deref(), &verdicts)))
}

fn judge(
    config: &Config,
    site: &Site,
    schemas: &dyn Schemas,
    batch: &Batch<'_>,
    batch_name: Option<&str>,
    origin: &Origin,
    received_at_ms: i64,
) -> JudgedBatch {
    let salt = config
        .salt_secret
        .as_ref()
        .map(|secret| Salt::of_tenant(secret.as_bytes(), site.tenant_id));
    let pseudonym = salt.map(|salt| move |user_id: &str| salt.pseudonym(user_id));
    let judge = Judge {
        site,
        schemas: Some(schemas),
        place: Place::Public(Arrival {
            received_at_ms,
            geo: origin.geo.as_deref(),
            client_ip_prefix: origin.ip_prefix.as_deref(),
            cookieless_id: None,
        }),
        pseudonym: pseudonym.as_ref().map(|hash| hash as &dyn Fn(&str) -> String),
    };
    judge.batch(batch, &mut |index| match batch_name {
        Some(name) => event_id::derive(site.tenant_id, name, index),
        None => Uuid::v7(received_at_ms, random::ten_bytes()),
    })
}

/// The shard of a batch: by its one visitor, else by its name, else by its first
/// event.
fn shard_of(site: &Site, batch: &Batch<'_>, batch_name: Option<&str>, plan: &Plan) -> String {
    match shard::one_visitor(&batch.events).or(batch_name) {
        Some(stays_same) => shard::name(site.tenant_id, stays_same),
        None => {
            let first = plan.open_ids().first().map(ToString::to_string).unwrap_or_default();
            shard::name(site.tenant_id, &first)
        }
    }
}

/// On Cloudflare the runtime vouches for place and address; elsewhere only a
/// header that the operator named does, because any caller can send any other.
fn origin_of(request: &Request, config: &Config) -> Origin {
    let cf = request.cf();
    let header = match (&config.client_ip_header, cf) {
        (Some(named), _) => Some(named.as_str()),
        (None, Some(_)) => Some("cf-connecting-ip"),
        (None, None) => None,
    };
    let address = header.and_then(|name| request.headers().get(name).ok().flatten());
    Origin {
        geo: cf.and_then(|cf| client::geo(cf.country().as_deref(), cf.region_code().as_deref())),
        ip_prefix: address.as_deref().and_then(client::ip_prefix),
    }
}
