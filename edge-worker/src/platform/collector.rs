//! The signed hop to the collector.
//!
//! Fails closed: whatever is not 200 with a verdict for every event is no
//! acceptance. A hold that keeps such batches belongs between [`forward`] and
//! its caller; there is none yet, so that the caller hears 503.

use tidemark_core::hop;
use tidemark_core::verdict::EventVerdict;
use worker::js_sys::Uint8Array;
use worker::{
    AbortSignal, Date, Fetch, Headers, Method, Request, RequestInit, RequestRedirect, web_sys,
};

use super::{body, count, log};
use crate::policy::answer::Refused;
use crate::policy::collector_answer::{Away, read};
use crate::policy::config::Config;
use crate::policy::counters::Hop;

/// Forwards a batch and reads the verdicts on it, in order.
///
/// # Errors
/// What the caller hears when the collector does not answer with verdicts within
/// the deadline.
pub(super) async fn forward(config: &Config, batch: &str) -> Result<Vec<EventVerdict>, Refused> {
    let Ok((status, retry_after, answer)) = exchange(config, batch.as_bytes()).await else {
        log::error("hop_silent", &[]);
        count::hop(Hop::Silent);
        return Err(Away::silent().into());
    };
    let verdicts = read(status, retry_after.as_deref(), &answer);
    if verdicts.is_err() {
        log::error("hop_refused", &[("status", &status.to_string())]);
    }
    count::hop(if verdicts.is_ok() { Hop::Answered } else { Hop::Refused });
    verdicts
}

/// Status, `Retry-After` and body of the collector's answer.
type Exchange = (u16, Option<String>, Vec<u8>);

async fn exchange(config: &Config, batch: &[u8]) -> Result<Exchange, worker::Error> {
    let now_ms = i64::try_from(Date::now().as_millis()).unwrap_or(i64::MAX);
    let headers = Headers::new();
    headers.set("content-type", "application/json")?;
    headers.set(hop::HEADER, &hop::sign(&config.hop_key, now_ms, hop::PATH, batch))?;
    let mut init = RequestInit::new();
    init.with_method(Method::Post)
        .with_headers(headers)
        .with_body(Some(Uint8Array::from(batch).into()))
        // Following a redirect would hand the events to whoever it names.
        .with_redirect(RequestRedirect::Manual);
    let request = Request::new_with_init(&config.ingest_url, &init)?;
    let deadline = web_sys::AbortSignal::timeout_with_u32(config.collector_deadline_ms);
    let mut response =
        Fetch::Request(request).send_with_signal(&AbortSignal::from(deadline)).await?;
    let status = response.status_code();
    let retry_after = response.headers().get("retry-after")?;
    let answer = body::of_answer(&mut response)
        .await
        .map_err(|_| worker::Error::from("the answer broke off"))?;
    Ok((status, retry_after, answer))
}
