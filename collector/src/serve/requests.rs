//! What stands around every route: the answers for what is not there, the bound
//! on time, and the line in the log.

use std::time::Instant;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};

use crate::limits::REQUEST_TIMEOUT;
use crate::refusal::Refused;

/// Lays the common layers around routes.
pub(super) fn around(routes: Router) -> Router {
    routes
        .fallback(async || Refused::NotFound)
        .method_not_allowed_fallback(async || Refused::MethodNotAllowed)
        .layer(from_fn(bounded))
        .layer(from_fn(logged))
}

/// Ends a request that takes longer than anything inside of it may.
async fn bounded(request: Request, next: Next) -> Response {
    let answered = tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).await;
    answered.unwrap_or_else(|_| Refused::TookTooLong.into_response())
}

/// One line a request. The query string stays out: it may hold a key.
async fn logged(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::debug!(%method, path, status = response.status().as_u16(), took_ms, "request");
    response
}
