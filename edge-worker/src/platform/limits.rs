//! How many events a person and a tenant may send: charged at the objects that
//! limit, before anything is judged.
//!
//! Where an object is away the batch passes, counted: limits protect the service,
//! and an outage of them must cost nobody an event.

use std::cell::RefCell;

use tidemark_core::batch::Batch;
use tidemark_core::judge::Site;
use tidemark_core::verdict::Code;
use worker::Env;

use super::{calls, clock, count, log};
use crate::policy::answer::Refused;
use crate::policy::charge_text;
use crate::policy::counters::Front;
use crate::policy::credit::{self, Credit};
use crate::policy::payer::{self, Payer};
use crate::policy::rate::{Allowance, Charge, Charged};
use crate::policy::shares::{Shares, Spend};

/// The Durable Objects' binding.
const BINDING: &str = "LIMITS";

/// For how long an object's answer is waited for.
const DEADLINE_MS: u32 = 1_000;

thread_local! {
    static SHARES: RefCell<Shares> = RefCell::new(Shares::default());
    static CREDIT: RefCell<Credit> = RefCell::new(Credit::default());
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
    let payer = payer::of_batch(site, batch, network);
    let spent = CREDIT.with_borrow_mut(|credit| {
        credit.spend(clock::now_ms(), payer.id, events, payer.per_minute)
    });
    let owed = match spent {
        credit::Spend::Passed(allowance) => {
            count::front(Front::EventsPassed);
            return Ok(Some(allowance));
        }
        credit::Spend::Ask(owed) => owed,
    };
    let wanted = events.saturating_add(owed);
    let wanted = Charge { least: events, wanted, per_minute: payer.per_minute };
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
    let text = charge_text::write_charge(charge, &payer.bucket());
    let object = payer.object();
    let answer = calls::call(env, BINDING, &object, "charge", text.as_bytes(), None, DEADLINE_MS);
    let detail = match answer.await {
        Ok(answer) => {
            match core::str::from_utf8(&answer).ok().and_then(charge_text::read_charged) {
                Some(charged) => return Some(charged),
                None => String::from("no answer to the question"),
            }
        }
        Err(error) => error,
    };
    log::error("limits_away", &[("detail", &detail)]);
    count::front(Front::EventsAway);
    None
}
