//! Erasures, as an operator asks for them: two calls, signed as the hop is.
//!
//! `POST /internal/v1/erasures` with `{"tenant_id", "user_id" or "anonymous_id"}`
//! begins one, and answers when it is durable; `POST /internal/v1/erasures/status` with
//! `{"tenant_id", "erasure_id"}` tells how far it is, and gives the receipt. The
//! signature covers path and body, and asking twice is harmless.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::post;
use serde::Deserialize;
use serde_json::{Value, json};
use tidemark_core::hash::Salt;
use tidemark_core::id;
use tidemark_core::time::format_rfc3339;
use tidemark_core::verdict::{Code, Refusal};
use uuid::Uuid;

use super::signed::{Answer, Signed};
use crate::clock::{Clock as _, SystemClock};
use crate::config::Secret;
use crate::limits::{ERASURE_BODY_MAX_BYTES, ERASURES_PATH, ERASURES_STATUS_PATH};
use crate::process::erase::{AskError, Receipt, Request, SelectedBy, Service, Status};
use crate::refusal::Refused;
use crate::sites::Sites;
use crate::store::Person;

/// What the endpoints need.
pub(super) struct Erasures {
    pub(super) signed: Arc<Signed>,
    pub(super) service: Arc<Service>,
    pub(super) sites: Arc<Sites>,
    pub(super) salt_secret: Option<Secret>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    tenant_id: Uuid,
    user_id: Option<String>,
    anonymous_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Followed {
    tenant_id: Uuid,
    erasure_id: Uuid,
}

/// The routes of the erasures.
pub(super) fn routes(erasures: Erasures) -> Router {
    Router::new()
        .route(ERASURES_PATH, post(ask))
        .route(ERASURES_STATUS_PATH, post(follow))
        .layer(DefaultBodyLimit::max(ERASURE_BODY_MAX_BYTES))
        .with_state(Arc::new(erasures))
}

async fn ask(State(erasures): State<Arc<Erasures>>, headers: HeaderMap, body: Bytes) -> Response {
    let of_thread = Arc::clone(&erasures);
    let answer = tokio::task::spawn_blocking(move || of_thread.ask(&headers, &body)).await;
    erasures.signed.answered(answer.unwrap_or_else(|error| Err(Refused::NotAnswered(error.into()))))
}

async fn follow(
    State(erasures): State<Arc<Erasures>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let of_thread = Arc::clone(&erasures);
    let answer = tokio::task::spawn_blocking(move || of_thread.follow(&headers, &body)).await;
    erasures.signed.answered(answer.unwrap_or_else(|error| Err(Refused::NotAnswered(error.into()))))
}

impl Erasures {
    fn ask(&self, headers: &HeaderMap, body: &Bytes) -> Answer {
        let asked: Asked = self.signed.read(headers, ERASURES_PATH, body)?;
        let tenant = id::Uuid(asked.tenant_id.into_bytes());
        if self.sites.directory().tenant(tenant).is_none() {
            return Err(Refused::UnknownTenant);
        }
        let secret = self.salt_secret.as_ref();
        let salt = secret.map(|secret| Salt::of_tenant(secret.reveal().as_bytes(), tenant));
        let person = match (&asked.user_id, &asked.anonymous_id) {
            (Some(user_id), None) => Person::of_user(asked.tenant_id, user_id, salt.as_ref()),
            (None, Some(visitor)) => Person::of_visitor(asked.tenant_id, visitor),
            _ => None,
        };
        let nobody = || Refused::NotABatch(Refusal::at(Code::InvalidBatch, "/user_id"));
        let person = person.ok_or_else(nobody)?;
        let erasure_id = fresh_id()?;
        let erasure_id =
            self.service.ask(&Request { erasure_id, person }).map_err(|error| match error {
                AskError::Full => Refused::Overloaded,
                AskError::Disk(_) => Refused::NotStored(error.into()),
            })?;
        Ok((StatusCode::ACCEPTED, json!({"erasure_id": erasure_id, "state": "waiting"})))
    }

    fn follow(&self, headers: &HeaderMap, body: &Bytes) -> Answer {
        let Followed { tenant_id, erasure_id } =
            self.signed.read(headers, ERASURES_STATUS_PATH, body)?;
        let status = self
            .service
            .status(erasure_id)
            .map_err(|error| Refused::NotAnswered(error.into()))?
            .ok_or(Refused::NotFound)?;
        let told = match status {
            Status::Waiting => json!({"erasure_id": erasure_id, "state": "waiting"}),
            Status::UnderWay(stage, waits_for) => json!({
                "erasure_id": erasure_id,
                "state": "under_way",
                "stage": stage.as_str(),
                "waits_for": waits_for,
            }),
            Status::Done(receipt) if receipt.tenant_id == tenant_id => json!({
                "erasure_id": erasure_id,
                "state": "done",
                "receipt": to_json(&receipt),
            }),
            Status::Done(_) => return Err(Refused::NotFound),
        };
        Ok((StatusCode::OK, told))
    }
}

fn fresh_id() -> Result<Uuid, Refused> {
    let mut random = [0; 10];
    getrandom::fill(&mut random).map_err(|error| Refused::NotStored(Box::new(error)))?;
    Ok(Uuid::from_bytes(id::Uuid::v7(SystemClock::new().unix_ms(), random).0))
}

fn to_json(receipt: &Receipt) -> Value {
    let time = |ms: i64| {
        let mut text = String::new();
        format_rfc3339(ms, &mut text);
        text
    };
    json!({
        "erasure_id": receipt.erasure_id,
        "tenant_id": receipt.tenant_id,
        "selected_by": match receipt.selected_by {
            SelectedBy::UserId => "user_id",
            SelectedBy::AnonymousId => "anonymous_id",
        },
        "person": receipt.person,
        "visitors": receipt.visitors,
        "asked_at": time(receipt.asked_at_ms),
        "finished_at": time(receipt.finished_at_ms),
        "rows": receipt.rows,
        "log": {
            "entries": receipt.log_entries,
            "segments": receipt.log_segments,
            "unreadable": receipt.log_unreadable,
        },
        "remaining": receipt.remaining,
    })
}
