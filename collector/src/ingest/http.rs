//! `POST /internal/v1/ingest`: the adapter between HTTP and the decisions.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use tidemark_core::hop::{self, Key};
use tidemark_core::verdict::{Code, Verdict, answer_json};
use tokio::sync::Semaphore;

use super::{Admission, body, encoding};
use crate::limits::MAX_INGEST_IN_FLIGHT;
use crate::log::{EventLog, Outcome};
use crate::metrics::Metrics;
use crate::refusal::Refused;

/// Bytes of a signature header: version, key id, time, 64 hex digits, and room.
const SIGNATURE_MAX_BYTES: usize = 512;

/// What the endpoint needs.
pub struct Ingest {
    keys: Vec<Key>,
    admission: Admission,
    log: Arc<dyn EventLog>,
    metrics: Arc<Metrics>,
    slots: Semaphore,
}

impl Ingest {
    /// An endpoint that takes batches signed by `keys` and appends to `log`.
    pub fn new(
        keys: Vec<Key>,
        admission: Admission,
        log: Arc<dyn EventLog>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self { keys, admission, log, metrics, slots: Semaphore::new(MAX_INGEST_IN_FLIGHT) }
    }

    /// From the wire to the answer.
    async fn take(&self, headers: &HeaderMap, body: &mut Body) -> Result<String, Refused> {
        let _slot = self.slots.try_acquire().map_err(|_| Refused::Overloaded)?;
        let signature = signature_of(headers)?;
        let wire = body::read(headers, body).await?;
        self.verify(signature, &wire)?;
        let plain = encoding::decode(coding_of(headers)?, wire)?;
        let mut admitted = self.admission.admit(&plain, now_ms())?;
        drop(plain);
        if !admitted.records.is_empty() {
            let receipt = self
                .log
                .append(admitted.records)
                .await
                .map_err(|error| Refused::NotStored(error.into()))?;
            let accepted =
                admitted.verdicts.iter_mut().filter(|event| event.verdict == Verdict::Accepted);
            for (event, outcome) in accepted.zip(receipt.outcomes) {
                event.verdict = match outcome {
                    Outcome::Stored => Verdict::Accepted,
                };
            }
        }
        self.metrics.batch_answered(&admitted.verdicts);
        Ok(answer_json(admitted.batch_id.as_deref(), &admitted.verdicts))
    }

    fn verify(&self, signature: &str, wire: &[u8]) -> Result<(), Refused> {
        let verified = hop::verify(signature, &self.keys, now_ms(), hop::PATH, wire);
        verified.map(|_| ()).map_err(|code| match code {
            Code::StaleSignature => Refused::StaleSignature,
            _ => Refused::InvalidSignature,
        })
    }
}

/// The routes of the signed hop.
pub fn routes(ingest: Arc<Ingest>) -> Router {
    Router::new().route(hop::PATH, post(handle)).with_state(ingest)
}

async fn handle(State(ingest): State<Arc<Ingest>>, request: Request) -> Response {
    let _in_flight = ingest.metrics.in_flight();
    let (head, mut body) = request.into_parts();
    match ingest.take(&head.headers, &mut body).await {
        Ok(answer) => {
            let json = HeaderValue::from_static("application/json");
            ([(header::CONTENT_TYPE, json)], answer).into_response()
        }
        Err(refused) => {
            ingest.metrics.batch_refused(&refused);
            // One that came too slowly, or broke, has nothing to read away.
            if !matches!(refused, Refused::BodyTimeout | Refused::BodyBroken) {
                body::drain(body).await;
            }
            refused.into_response()
        }
    }
}

/// The one signature header. None or several are refused before the body is read.
pub(super) fn signature_of(headers: &HeaderMap) -> Result<&str, Refused> {
    let mut values = headers.get_all(hop::HEADER).iter();
    match (values.next(), values.next()) {
        (Some(value), None) if value.len() <= SIGNATURE_MAX_BYTES => {
            value.to_str().map_err(|_| Refused::InvalidSignature)
        }
        _ => Err(Refused::InvalidSignature),
    }
}

/// The one Content-Encoding; several lines would be several codings.
fn coding_of(headers: &HeaderMap) -> Result<Option<&str>, Refused> {
    let mut values = headers.get_all(header::CONTENT_ENCODING).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| Refused::UnsupportedEncoding),
        _ => Err(Refused::UnsupportedEncoding),
    }
}

/// The wall clock in Unix milliseconds; a clock before 1970 is 1970.
fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
