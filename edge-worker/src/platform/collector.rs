//! The signed hop to a tenant's collector.
//!
//! Fails closed: whatever is not 200 with a verdict for every event is no
//! acceptance. A circuit breaker spares a collector that is away; where two keys
//! are set, the one that the collector knows is used. Calls that come in and what
//! comes back out of a hold go the same way, each signed when it is sent.

use std::cell::RefCell;
use std::collections::BTreeMap;

use tidemark_core::hop;
use tidemark_core::id::Uuid;
use tidemark_core::verdict::{Code, EventVerdict};

use worker::web_sys::Request;

use super::calls::Sent;
use super::{calls, count, log};
use crate::policy::breaker::{Breaker, Gate};
use crate::policy::collector_answer::{Away, NoVerdicts, read, told_code};
use crate::policy::config::Config;
use crate::policy::counters::Hop;
use crate::policy::wire::Wire;

/// Bytes of a collector's answer: 500 verdicts of 2 KB.
const ANSWER_MAX_BYTES: u32 = 1_000_000;

/// What an isolate remembers of a collector.
#[derive(Default)]
struct Circuit {
    breaker: Breaker,
    /// The place of the key that it knew last.
    key: usize,
}

thread_local! {
    /// As many as collectors are configured.
    static CIRCUITS: RefCell<BTreeMap<String, Circuit>> = const { RefCell::new(BTreeMap::new()) };
}

/// Forwards a batch and reads the verdicts on it, in order; `request` as in
/// [`calls::send`].
///
/// # Errors
/// Why there are none: the collector does not answer within the deadline, or with
/// something else, or the breaker spares it.
pub(super) async fn forward(
    config: &Config,
    tenant_id: Uuid,
    wire: &Wire,
    request: Option<&Request>,
) -> Result<Vec<EventVerdict<Uuid>>, NoVerdicts> {
    let url = config.forwarding.url(tenant_id);
    let deadline_ms = config.collector_deadline_ms;
    if let Gate::Shut { for_ms } =
        with(url, |circuit| circuit.breaker.ask(super::now_ms(), deadline_ms))
    {
        count::hop(Hop::Spared);
        let retry_after_s = u32::try_from(for_ms.saturating_add(999) / 1_000).unwrap_or(1).max(1);
        return Err(Away { retry_after_s, ..Away::silent() }.into());
    }
    let Some((status, retry_after, answer)) = by_known_key(config, url, wire, request).await else {
        with(url, |circuit| circuit.breaker.failed(super::now_ms()));
        count::hop(Hop::Silent);
        return Err(Away::silent().into());
    };
    let verdicts = read(status, retry_after.as_deref(), &answer);
    if verdicts.is_err() {
        log::error("hop_refused", &[("status", &status.to_string())]);
    }
    let is_at_fault = status >= 500 || (status == 200 && verdicts.is_err());
    with(url, |circuit| match is_at_fault {
        true => circuit.breaker.failed(super::now_ms()),
        false => circuit.breaker.answered(),
    });
    count::hop(if verdicts.is_ok() { Hop::Answered } else { Hop::Refused });
    verdicts
}

fn with<T>(url: &str, change: impl FnOnce(&mut Circuit) -> T) -> T {
    CIRCUITS.with_borrow_mut(|circuits| match circuits.get_mut(url) {
        Some(circuit) => change(circuit),
        None => change(circuits.entry(url.into()).or_default()),
    })
}

/// Sends with the key that was known last; where the collector does not know it,
/// with each other one. `None` where nobody answers.
async fn by_known_key(
    config: &Config,
    url: &str,
    wire: &Wire,
    request: Option<&Request>,
) -> Option<Sent> {
    let keys = &config.forwarding.keys;
    let first = with(url, |circuit| circuit.key);
    let mut last = None;
    for (place, key) in keys.iter().enumerate().cycle().skip(first).take(keys.len()) {
        let answer = match exchange(config, url, key, wire, request).await {
            Ok(answer) => answer,
            Err(error) => {
                log::error("hop_silent", &[("detail", &error)]);
                return None;
            }
        };
        if answer.0 != 401 || told_code(&answer.2) != Some(Code::InvalidSignature) {
            with(url, |circuit| circuit.key = place);
            return Some(answer);
        }
        log::error("hop_key_unknown", &[("key_id", &key.id)]);
        last = Some(answer);
    }
    last
}

async fn exchange(
    config: &Config,
    url: &str,
    key: &hop::Key,
    wire: &Wire,
    request: Option<&Request>,
) -> Result<Sent, String> {
    let signature = hop::sign(key, super::now_ms(), hop::PATH, &wire.bytes);
    calls::send(url, &signature, wire, config.collector_deadline_ms, ANSWER_MAX_BYTES, request)
        .await
}
