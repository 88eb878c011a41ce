//! One call with events: its head, its body, its answer.

use worker::web_sys::Request;
use worker::{Context, Env};

use super::admit::Sender;
use super::after::After;
use super::{body, caller, settings, sites};
use crate::policy::admission;
use crate::policy::answer::{Answer, Refused};
use crate::policy::call::Call;
use crate::policy::route::Words;

/// Admits, judges, deduplicates and forwards a call's events.
///
/// # Errors
/// The refusal of the whole call.
pub(super) async fn ingest(
    words: Words,
    request: &Request,
    call: &Call,
    env: &Env,
    context: &Context,
) -> Result<Answer, Refused> {
    let settings = settings::of(env);
    let config = settings.config()?;
    let key = admission::by_head(call)?;
    let after = After::Call(context);
    let sites = sites::current(env, config, after, key).await?;
    let site = admission::by_key(&sites, call)?;
    let caller = caller::of(request, call, config);
    let timed = Some(request);
    let sender = Sender { words, call, request: timed, env, after, settings: &settings, caller };
    if let Some(site) = site {
        sender.pass_requests(site).await?;
    }
    let body = body::of_request(request, call, config.body_deadline_ms).await?;
    sender.admit(&body, site.is_some()).await
}
