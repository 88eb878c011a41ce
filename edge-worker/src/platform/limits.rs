//! How many events a person and a tenant may send: charged at the objects that
//! limit, before anything is judged.
//!
//! Where an object is away the batch passes, counted: limits protect the service,
//! and an outage of them must cost nobody an event.

use std::cell::RefCell;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use tidemark_core::batch::Batch;
use tidemark_core::judge::Site;
use tidemark_core::verdict::Code;
use worker::{Delay, Env, Error, Method, Request, RequestInit, Result};

use super::{clock, count, log};
use crate::policy::answer::Refused;
use crate::policy::charge_text;
use crate::policy::counters::Front;
use crate::policy::payer::{self, Payer};
use crate::policy::rate::{Allowance, Charge, Charged};
use crate::policy::shares::{Shares, Spend};

/// The Durable Objects' binding.
const BINDING: &str = "LIMITS";

/// For how long an object's answer is waited for.
const DEADLINE: Duration = Duration::from_millis(1_000);

thread_local! {
    static SHARES: RefCell<Shares> = RefCell::new(Shares::default());
}

/// Charges a batch. Returns what is told of the rate that it was charged to; nothing
/// when nobody says.
///
/// # Errors
/// `rate_limited` when the person, or the tenant, is over.
pub(super) async fn charge(
    env: &Env,
    site: &Site,
    batch: &Batch<'_>,
    network: Option<&str>,
) -> core::result::Result<Option<Allowance>, Refused> {
    let events = u32::try_from(batch.events.len()).unwrap_or(u32::MAX);
    if events == 0 {
        return Ok(None);
    }
    charge_tenant(env, site, events).await?;
    let payer = payer::of_batch(site, &batch.events, network);
    let wanted = Charge { least: events, wanted: events, per_minute: payer.per_minute };
    match ask(env, &payer, &wanted).await {
        Some(charged) if charged.granted >= events => {
            count::front(Front::EventsPassed);
            Ok(Some(charged.allowance))
        }
        Some(charged) => {
            SHARES.with_borrow_mut(|shares| shares.give_back(site.tenant_id, events));
            count::front(Front::EventsPersonOver);
            Err(over(&charged))
        }
        None => Ok(None),
    }
}

async fn charge_tenant(env: &Env, site: &Site, events: u32) -> core::result::Result<(), Refused> {
    let tenant = payer::tenant(site);
    let spent = SHARES.with_borrow_mut(|shares| {
        shares.spend(clock::now_ms(), site.tenant_id, events, tenant.per_minute)
    });
    let refused = match spent {
        Spend::Passed => return Ok(()),
        Spend::Refused(charged) => charged,
        Spend::Ask(charge) => {
            let Some(charged) = ask(env, &tenant, &charge).await else { return Ok(()) };
            let passes = SHARES.with_borrow_mut(|shares| {
                shares.asked(clock::now_ms(), site.tenant_id, events, charged)
            });
            if passes {
                return Ok(());
            }
            charged
        }
    };
    count::front(Front::EventsTenantOver);
    Err(over(&refused))
}

fn over(charged: &Charged) -> Refused {
    Refused {
        retry_after_s: Some(charged.retry_after_s.max(1)),
        allowance: Some(charged.allowance),
        ..Code::RateLimited.into()
    }
}

/// What an object says of a charge; `None` when it is away.
async fn ask(env: &Env, payer: &Payer, charge: &Charge) -> Option<Charged> {
    let detail = match fetch(env, payer, charge).await {
        Ok((200, text)) => match charge_text::read_charged(&text) {
            Some(charged) => return Some(charged),
            None => String::from("no answer to the question"),
        },
        Ok((status, _)) => format!("status {status}"),
        Err(error) => error.to_string(),
    };
    log::error("limits_away", &[("detail", &detail)]);
    count::front(Front::EventsAway);
    None
}

async fn fetch(env: &Env, payer: &Payer, charge: &Charge) -> Result<(u16, String)> {
    let text = charge_text::write_charge(charge, &payer.bucket);
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_body(Some(text.into()));
    let request = Request::new_with_init("https://limits/charge", &init)?;
    let stub = env.durable_object(BINDING)?.get_by_name(&payer.object)?;
    let answer = async {
        let mut response = stub.fetch_with_request(request).await?;
        Ok((response.status_code(), response.text().await?))
    };
    match select(pin!(answer), pin!(Delay::from(DEADLINE))).await {
        Either::Left((answer, _)) => answer,
        Either::Right(_) => Err(Error::from("deadline")),
    }
}
