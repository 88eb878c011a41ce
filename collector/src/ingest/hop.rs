//! `POST /internal/v1/ingest`: the adapter between HTTP and the decisions.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use tidemark_core::hop::{self, Key};
use tidemark_core::limits::HOP_BATCH_MAX_BYTES;
use tidemark_core::verdict::{Code, answer_json};

use super::{Pipeline, body, encoding};
use crate::limits::BODY_MAX_BYTES;
use crate::refusal::Refused;

/// Bytes of a signature header: version, key id, time, 64 hex digits, and room.
const SIGNATURE_MAX_BYTES: usize = 512;

/// What the endpoint needs.
pub struct SignedHop {
    keys: Vec<Key>,
    pipeline: Arc<Pipeline>,
}

impl SignedHop {
    /// An endpoint that takes batches signed by `keys`.
    pub const fn new(keys: Vec<Key>, pipeline: Arc<Pipeline>) -> Self {
        Self { keys, pipeline }
    }

    /// From the wire to the answer.
    async fn take(&self, headers: &HeaderMap, body: &mut Body) -> Result<String, Refused> {
        let _slot = self.pipeline.slot()?;
        let signature = signature_of(headers)?;
        let wire = body::read(headers, body, BODY_MAX_BYTES, self.pipeline.body_timeout).await?;
        self.verify(signature, &wire)?;
        let plain = encoding::decode(coding_of(headers)?, wire, HOP_BATCH_MAX_BYTES)?;
        let mut collected = self.pipeline.collect()?.for_body(plain.len());
        let now_ms = self.pipeline.now_ms();
        let mut admitted = self.pipeline.admission.admit_hop(&plain, now_ms, &mut collected)?;
        drop(plain);
        self.pipeline.store(collected, &mut admitted.verdicts).await?;
        Ok(answer_json(admitted.batch_id.as_deref(), &admitted.verdicts))
    }

    fn verify(&self, signature: &str, wire: &[u8]) -> Result<(), Refused> {
        let now_ms = self.pipeline.now_ms();
        let verified = hop::verify(signature, &self.keys, now_ms, hop::PATH, wire);
        verified.map(|_| ()).map_err(|code| match code {
            Code::StaleSignature => Refused::StaleSignature,
            _ => Refused::InvalidSignature,
        })
    }
}

/// The routes of the signed hop.
pub fn hop_routes(hop: SignedHop) -> Router {
    Router::new().route(hop::PATH, post(handle)).with_state(Arc::new(hop))
}

async fn handle(State(hop): State<Arc<SignedHop>>, request: Request) -> Response {
    let metrics = &hop.pipeline.metrics;
    let _in_flight = metrics.in_flight();
    let (head, mut body) = request.into_parts();
    match hop.take(&head.headers, &mut body).await {
        Ok(answer) => {
            let json = HeaderValue::from_static("application/json");
            ([(header::CONTENT_TYPE, json)], answer).into_response()
        }
        Err(refused) => {
            metrics.batch_refused(&refused);
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
pub(super) fn coding_of(headers: &HeaderMap) -> Result<Option<&str>, Refused> {
    let mut values = headers.get_all(header::CONTENT_ENCODING).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| Refused::UnsupportedEncoding),
        _ => Err(Refused::UnsupportedEncoding),
    }
}
