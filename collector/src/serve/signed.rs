//! What an operator's calls share: signed with a key of the hop over path and body,
//! JSON in and out.

use std::sync::Arc;

use axum::Json;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tidemark_core::hop::{self, Key};
use tidemark_core::verdict::{Code, Refusal};

use crate::clock::{Clock as _, SystemClock};
use crate::metrics::Metrics;
use crate::refusal::Refused;

/// What such a call comes to.
pub(super) type Answer = Result<(StatusCode, Value), Refused>;

/// Whose calls are taken.
pub(super) struct Signed {
    pub(super) keys: Vec<Key>,
    pub(super) metrics: Arc<Metrics>,
}

impl Signed {
    /// The body of a call, when it is signed.
    ///
    /// # Errors
    /// `invalid_signature`, `stale_signature`, and `invalid_json` for a body that is not
    /// what the path takes.
    pub(super) fn read<T: DeserializeOwned>(
        &self,
        headers: &HeaderMap,
        path: &str,
        body: &[u8],
    ) -> Result<T, Refused> {
        let mut values = headers.get_all(hop::HEADER).iter();
        let signature = match (values.next(), values.next()) {
            (Some(value), None) => value.to_str().map_err(|_| Refused::InvalidSignature)?,
            _ => return Err(Refused::InvalidSignature),
        };
        let now_ms = SystemClock::new().unix_ms();
        hop::verify(signature, &self.keys, now_ms, path, body).map_err(|code| match code {
            Code::StaleSignature => Refused::StaleSignature,
            _ => Refused::InvalidSignature,
        })?;
        let read = serde_json::from_slice(body);
        read.map_err(|_| Refused::NotABatch(Refusal::new(Code::InvalidJson)))
    }

    /// The response. Nobody between keeps what is told of one person.
    pub(super) fn answered(&self, answer: Answer) -> Response {
        match answer {
            Ok((status, body)) => {
                ([(header::CACHE_CONTROL, "no-store")], (status, Json(body))).into_response()
            }
            Err(refused) => {
                self.metrics.batch_refused(&refused);
                refused.into_response()
            }
        }
    }
}
