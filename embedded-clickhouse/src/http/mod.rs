//! The HTTP interface: one request in, one answer out.
//!
//! A request goes through these in order: `guard` (no web pages), the path,
//! `params`, `auth`, `body`, `reader` (for who may only read), then `query`, which
//! sends it down one of the ways that `sql` tells apart: `result` (statements, with
//! or without a result), `insert` (an INSERT with data) or `kill`. The answer is
//! headed by `answer`, and its body is a `stream`, after `hold` where it waits.

mod answer;
mod auth;
mod body;
mod guard;
mod hold;
mod insert;
mod kill;
mod params;
mod query;
mod reader;
mod result;
mod stream;

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::{Method, Request, Response, StatusCode};
use tokio::sync::Semaphore;

pub(crate) use auth::{Account, Accounts};
pub(crate) use stream::AnswerBody;

use crate::engine::{Engine, Registry, Sessions};
use crate::limits::MAX_RUNNING;

/// What every request shares.
pub(crate) struct Service {
    pub(crate) engine: Arc<Engine>,
    pub(crate) registry: Registry,
    pub(crate) sessions: Sessions,
    accounts: Accounts,
    /// Whether the listener is on loopback, where only local names are right.
    loopback: bool,
    /// A permit a running query.
    running: Arc<Semaphore>,
}

impl Service {
    pub(crate) fn new(engine: Arc<Engine>, accounts: Accounts, loopback: bool) -> Self {
        Self {
            engine,
            registry: Registry::default(),
            sessions: Sessions::default(),
            accounts,
            loopback,
            running: Arc::new(Semaphore::new(MAX_RUNNING)),
        }
    }

    /// Answers one request; a failure is an answer too.
    pub(crate) async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> Response<AnswerBody> {
        if let Some(reason) = guard::from_a_page(request.headers(), self.loopback) {
            return answer::plain(StatusCode::FORBIDDEN, &format!("{reason}\n"));
        }
        let (method, uri) = (request.method(), request.uri());
        let reads = matches!(*method, Method::GET | Method::HEAD);
        match uri.path() {
            "/ping" | "/replicas_status" if reads => answer::plain(StatusCode::OK, "Ok.\n"),
            "/" if reads && uri.query().is_none_or(str::is_empty) => {
                answer::plain(StatusCode::OK, "Ok.\n")
            }
            "/" | "/query" if reads || *method == Method::POST => {
                query::answer(&self, request).await
            }
            "/" | "/query" | "/ping" | "/replicas_status" => {
                answer::plain(StatusCode::METHOD_NOT_ALLOWED, "GET, HEAD and POST are served\n")
            }
            _ => answer::plain(
                StatusCode::NOT_FOUND,
                "There is no such path: use / for queries and /ping for health checks\n",
            ),
        }
    }
}
