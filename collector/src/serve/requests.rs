//! What stands around every route: the answers for what is not there, the bound
//! on time, and what is noted of each: a line in the log, and its time.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};

use crate::limits::REQUEST_TIMEOUT;
use crate::metrics::{Endpoint, Metrics};
use crate::refusal::Refused;

/// Lays the common layers around routes.
pub(super) fn around(routes: Router, metrics: Arc<Metrics>) -> Router {
    routes
        .fallback(async || Refused::NotFound)
        .method_not_allowed_fallback(async || Refused::MethodNotAllowed)
        .layer(from_fn_with_state(metrics, noted))
}

/// One line and one time a request. The query string stays out: it may hold a key.
async fn noted(State(metrics): State<Arc<Metrics>>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let endpoint = endpoint_of(request.method(), request.uri().path());
    // Few logs say so much, and who writes none needs no words for it.
    let told = tracing::enabled!(tracing::Level::DEBUG)
        .then(|| (request.method().clone(), request.uri().path().to_owned()));
    let response = bounded(request, next).await;
    let (took, status) = (begun.elapsed(), response.status().as_u16());
    metrics.answered(endpoint, status, took);
    if let Some((method, path)) = told {
        let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        tracing::debug!(%method, path, status, took_ms, "request");
    }
    response
}

/// Ends a request that takes longer than anything inside of it may.
async fn bounded(request: Request, next: Next) -> Response {
    let answered = tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).await;
    answered.unwrap_or_else(|_| Refused::TookTooLong.into_response())
}

/// Whatever is posted is events; the alias paths need no list here.
fn endpoint_of(method: &Method, path: &str) -> Endpoint {
    if path == "/metrics" || path == "/health" || path.starts_with("/health/") {
        Endpoint::Probe
    } else if *method == Method::POST {
        Endpoint::Ingest
    } else {
        Endpoint::Query
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_posted_is_events_and_what_is_asked_is_a_query() {
        for (method, path, endpoint) in [
            (Method::POST, "/internal/v1/ingest", Endpoint::Ingest),
            (Method::POST, "/v1/track", Endpoint::Ingest),
            (Method::GET, "/v1/stats", Endpoint::Query),
            (Method::GET, "/health/ready", Endpoint::Probe),
            (Method::GET, "/metrics", Endpoint::Probe),
            (Method::GET, "/healthy", Endpoint::Query),
        ] {
            assert_eq!(endpoint_of(&method, path), endpoint, "{path}");
        }
    }
}
