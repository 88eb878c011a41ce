//! The sites that may send: the collector's signed list, kept in the isolate's
//! memory and in KV. [`Known`] decides when to ask; here it is done.

use std::cell::RefCell;
use std::rc::Rc;

use tidemark_core::hop;
use tidemark_core::validate::{OWN_SCHEMAS_MAX, OWN_SCHEMAS_MAX_BYTES};
use worker::{AbortSignal, Env, Fetch, Headers, Request, RequestInit, RequestRedirect, web_sys};

use super::after::After;
use super::{body, clock, count, log, store};
use crate::policy::answer::Refused;
use crate::policy::collector_answer::Away;
use crate::policy::config::Config;
use crate::policy::counters::Front;
use crate::policy::site_copy::{Answer, KV_KEY, Known, NoList, PATH, Step};
use crate::policy::sites::Sites;

/// How long the collector may take for its list: a call may be waiting.
const DEADLINE_MS: u32 = 3_000;

/// Bytes of a list: 20,000 sites of 400 bytes, and the schemas of their tenants.
const MAX_BYTES: usize = 8_000_000 + OWN_SCHEMAS_MAX_BYTES + 100 * OWN_SCHEMAS_MAX;

thread_local! {
    static KNOWN: RefCell<Known> = RefCell::new(Known::default());
}

/// The sites, for a call that carries a write key, or none yet.
///
/// # Errors
/// `collector_unavailable` when no list is there and none is to be had: the caller
/// keeps its events.
pub(super) async fn current(
    env: &Env,
    config: &Rc<Config>,
    after: After<'_>,
    write_key: Option<&str>,
) -> Result<Rc<Sites>, Refused> {
    if let Some(fixed) = &config.fixed_sites {
        return Ok(Rc::clone(fixed));
    }
    if KNOWN.with_borrow(Known::is_empty) {
        restore(env, config).await;
    }
    let step = || {
        let now_ms = clock::now_ms();
        KNOWN.with_borrow(|known| known.step(now_ms, config.sites_fresh_ms, write_key))
    };
    match step() {
        Step::Use(sites) => Ok(sites),
        Step::UseAndAsk(sites) => {
            KNOWN.with_borrow_mut(|known| known.asking(clock::now_ms()));
            after.run(ask(env.clone(), Rc::clone(config)));
            Ok(sites)
        }
        Step::Ask => {
            KNOWN.with_borrow_mut(|known| known.asking(clock::now_ms()));
            ask(env.clone(), Rc::clone(config)).await;
            match step() {
                Step::Use(sites) | Step::UseAndAsk(sites) => Ok(sites),
                Step::Ask | Step::Away => Err(Away::silent().into()),
            }
        }
        Step::Away => Err(Away::silent().into()),
    }
}

/// Asks the collector, and has the answer kept.
async fn ask(env: Env, config: Rc<Config>) {
    let etag = KNOWN.with_borrow(|known| known.etag().map(String::from));
    let Some(answer) = fetch(&config, etag.as_deref()).await else {
        KNOWN.with_borrow_mut(Known::silent);
        return refused("no answer");
    };
    let keys = std::slice::from_ref(&config.hop_key);
    let now_ms = clock::now_ms();
    match KNOWN.with_borrow_mut(|known| known.answered(answer, keys, now_ms)) {
        Ok(to_store) => {
            count::front(Front::SiteListAnswered);
            let list = KNOWN.with_borrow_mut(|known| known.to_store().filter(|_| to_store));
            if let Some(list) = list {
                store::put(&env, KV_KEY, &list).await;
            }
        }
        Err(no_list) => refused(&no_list.to_string()),
    }
}

fn refused(detail: &str) {
    log::error("site_list_away", &[("detail", detail)]);
    count::front(Front::SiteListAway);
}

async fn restore(env: &Env, config: &Config) {
    let Some(stored) = store::get(env, KV_KEY).await else { return };
    let keys = std::slice::from_ref(&config.hop_key);
    let now_ms = clock::now_ms();
    let restored: Result<(), NoList> =
        KNOWN.with_borrow_mut(|known| known.restore(&stored, keys, now_ms));
    if let Err(no_list) = restored {
        refused(&no_list.to_string());
    }
}

async fn fetch(config: &Config, etag: Option<&str>) -> Option<Answer> {
    let headers = Headers::new();
    let signature = hop::sign(&config.hop_key, clock::now_ms(), PATH, b"");
    headers.set(hop::HEADER, &signature).ok()?;
    if let Some(etag) = etag {
        headers.set("if-none-match", etag).ok()?;
    }
    let mut init = RequestInit::new();
    init.with_headers(headers).with_redirect(RequestRedirect::Manual);
    let request = Request::new_with_init(&config.site_list_url, &init).ok()?;
    let deadline = web_sys::AbortSignal::timeout_with_u32(DEADLINE_MS);
    let fetched = Fetch::Request(request).send_with_signal(&AbortSignal::from(deadline)).await;
    let mut response = fetched.ok()?;
    let header = |name| response.headers().get(name).ok().flatten().unwrap_or_default();
    let (status, etag, signature) = (response.status_code(), header("etag"), header(hop::HEADER));
    let body = body::of_response(&mut response, MAX_BYTES).await.ok()?;
    Some(Answer { status, etag, signature, body: String::from_utf8(body).ok()? })
}
