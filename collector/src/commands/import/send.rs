//! Batches to the running collector, by the signed hop, until they are answered.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::Method;
use serde::Deserialize;
use tidemark_core::hop::{self, Key};
use tidemark_core::json::write_string;
use tidemark_core::time::format_rfc3339;
use tidemark_core::verdict::{Code, EventVerdict, Fault, Verdict};

use super::CommandError;
use super::event::{Importer, Ready};
use crate::commands::call::{Answer, Call};
use crate::commands::doctor::reachable;
use crate::config::Config;

/// How long one batch may take.
const BATCH_WITHIN: Duration = Duration::from_secs(60);

/// Seconds to wait where the collector does not say.
const WAIT_SECS: u64 = 2;

/// The longest wait that is taken from the collector, so that a person sees that the
/// command lives.
const WAIT_MAX_SECS: u64 = 60;

/// What sends.
pub(super) struct Sender {
    address: SocketAddr,
    key: Key,
    patience: Duration,
}

#[derive(Deserialize)]
struct Told {
    verdicts: Vec<ToldVerdict>,
}

#[derive(Deserialize)]
struct ToldVerdict {
    verdict: String,
    code: Option<String>,
    pointer: Option<String>,
}

impl Sender {
    /// # Errors
    /// When the configuration has no key of the hop, or no port.
    pub(super) fn new(
        config: &Config,
        address: Option<SocketAddr>,
        patience: Duration,
    ) -> Result<Self, CommandError> {
        let key =
            config.hop.keys.first().ok_or_else(|| {
                CommandError::Wrong("hop.keys has no key to sign with".to_owned())
            })?;
        let address = address.unwrap_or_else(|| reachable(config.server.listen));
        if address.port() == 0 {
            return Err(CommandError::Wrong(
                "server.listen says no port; name the collector by --collector".to_owned(),
            ));
        }
        let key = Key { id: key.id.clone(), secret: key.secret.reveal().as_bytes().to_vec() };
        Ok(Self { address, key, patience })
    }

    /// Sends events until they are answered, a verdict each, in order.
    ///
    /// # Errors
    /// When the collector refuses the call for good, or takes nothing for too long. What
    /// was sent may be stored; sent again it is a duplicate.
    pub(super) async fn send(
        &self,
        importer: &Importer,
        number: u64,
        events: &[Ready],
    ) -> Result<Vec<EventVerdict>, CommandError> {
        let body = body(importer, number, events);
        let begun = Instant::now();
        loop {
            let now_ms = importer.now_ms();
            let signature = hop::sign(&self.key, now_ms, hop::PATH, &body);
            let call = Call {
                method: Method::POST,
                path: hop::PATH,
                header: Some((hop::HEADER, signature)),
                body: body.clone(),
                within: BATCH_WITHIN,
            };
            let (why, wait_secs) = match call.send(self.address).await {
                Ok(answer) if answer.status == 200 => return verdicts(&answer, events.len()),
                Ok(answer) if matches!(answer.status, 429 | 503) => {
                    (told(&answer), answer.retry_after_secs.unwrap_or(WAIT_SECS))
                }
                Ok(answer) => return Err(CommandError::Wrong(told(&answer))),
                Err(error) => (error.to_string(), WAIT_SECS),
            };
            let wait = Duration::from_secs(wait_secs.min(WAIT_MAX_SECS));
            if begun.elapsed() + wait > self.patience {
                return Err(CommandError::Wrong(format!(
                    "{why}, for longer than --patience allows; the same command goes on from here"
                )));
            }
            tokio::time::sleep(wait).await;
        }
    }
}

fn body(importer: &Importer, number: u64, events: &[Ready]) -> Bytes {
    let (tenant_id, site_id) = importer.ids();
    let name = importer.name();
    // The name's beginning is enough to find the import in a log, and is bounded.
    let short: String = name.chars().take(64).collect();
    let mut out =
        String::with_capacity(1024 + events.iter().map(|e| e.text.len() + 1).sum::<usize>());
    out.push_str("{\"batch_id\":");
    write_string(&mut out, &format!("import-{short}-{number}"));
    out.push_str(&format!(
        ",\"tenant_id\":\"{tenant_id}\",\"site_id\":\"{site_id}\",\"received_at\":\""
    ));
    format_rfc3339(importer.now_ms(), &mut out);
    out.push_str("\",\"events\":[");
    for (at, event) in events.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        out.push_str(&event.text);
    }
    out.push_str("]}");
    out.into()
}

/// What a refusal says: its code and words, which hold no value.
fn told(answer: &Answer) -> String {
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let text = |key: &str| body["error"][key].as_str().unwrap_or_default().to_owned();
    format!("the collector answers {} {}: {}", answer.status, text("code"), text("detail"))
}

fn verdicts(answer: &Answer, expected: usize) -> Result<Vec<EventVerdict>, CommandError> {
    let other =
        || CommandError::Wrong("the collector's answer is not a verdict for each event".to_owned());
    let told: Told = serde_json::from_slice(&answer.body).map_err(|_| other())?;
    if told.verdicts.len() != expected {
        return Err(other());
    }
    let verdict = |told: ToldVerdict| {
        let verdict = Verdict::from_name(&told.verdict)?;
        let code = told.code.as_deref().and_then(Code::from_name);
        let pointer = told.pointer.unwrap_or_default();
        let fault = match (verdict, code) {
            (Verdict::Accepted | Verdict::Duplicate, _) => None,
            (_, Some(code)) => Some(Fault::new(code, pointer)),
            // A newer collector's code.
            (_, None) => Some(Fault::new(Code::InvalidBatch, pointer)),
        };
        Some(EventVerdict { event_id: None, verdict, fault })
    };
    told.verdicts.into_iter().map(verdict).collect::<Option<_>>().ok_or_else(other)
}
