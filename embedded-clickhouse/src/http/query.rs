//! From a request to the way that its statement takes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use hyper::body::Incoming;
use hyper::header::ACCEPT_ENCODING;
use hyper::{Method, Request, Response};
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

use super::answer::Head;
use super::body::{Body, read_form};
use super::params::Params;
use super::stream::{AnswerBody, Packing};
use super::{Service, insert, kill, reader, result};
use crate::encoding::Coding;
use crate::engine::{Lease, MARKER, Role, Ticket};
use crate::exception::{Code, Exception};
use crate::limits::{MAX_INSERT_HEAD_BYTES, MAX_WAIT, REPLACE_WAIT};
use crate::sql::{InsertHead, Statement, has_word, read_insert, rewrite_processes};

/// A request that has been admitted, with what its answer needs.
pub(super) struct Asked {
    pub(super) service: Arc<Service>,
    pub(super) params: Params,
    pub(super) query_id: String,
    /// The coding that the client takes an answer in.
    accepts: Option<Coding>,
    pub(super) begun: Instant,
}

impl Asked {
    /// The answer's heading, for a result in `format`.
    pub(super) fn head<'h>(&'h self, format: &'h str) -> Head<'h> {
        Head {
            about: self.service.engine.about(),
            query_id: &self.query_id,
            format,
            packing: self.packing(),
            progress: self.params.switch("send_progress_in_http_headers").unwrap_or(false),
        }
    }

    /// How the answer goes over the wire. `enable_http_compression` is on unless a
    /// request turns it off, as on servers of this version.
    pub(super) fn packing(&self) -> Packing {
        match self.accepts {
            _ if self.params.compress => Packing::Framed,
            Some(coding) if self.params.switch("enable_http_compression") != Some(false) => {
                Packing::Coded(coding)
            }
            _ => Packing::Plain,
        }
    }

    /// Whether nothing may be changed by this request.
    pub(super) fn reads_only(&self) -> bool {
        self.params.session.role == Role::Reader
            || self.params.setting("readonly").is_some_and(|value| value != "0")
    }

    /// Leases the session that the request names.
    pub(super) fn lease(&self) -> Result<Option<Lease>, Exception> {
        self.service.sessions.lease(self.params.session.role, &self.params.kept)
    }

    /// Registers the query. With `replace_running_query=1` one of the same user
    /// that runs under its id is ended first.
    pub(super) async fn ticket(&self) -> Result<Ticket, Exception> {
        let (registry, role) = (&self.service.registry, self.params.session.role);
        if self.params.switch("replace_running_query") == Some(true)
            && let Some(running) = registry.find(&self.query_id)
            && running.role() == role
        {
            let wait = self.params.setting("replace_running_query_max_wait_ms");
            let wait =
                wait.and_then(|ms| ms.parse().ok()).map_or(REPLACE_WAIT, Duration::from_millis);
            let ended = running.end(Arc::clone(&self.service.engine));
            // One that does not end in time is told by the refusal of its id.
            let _late = tokio::time::timeout(wait, ended).await;
        }
        registry.begin(&self.query_id, role)
    }

    /// The format of results whose statement names none.
    pub(super) fn default_format(&self) -> &str {
        self.params.default_format.as_deref().unwrap_or("TabSeparated")
    }

    /// Waits for one of the places of running queries; code 202 after too long.
    pub(super) async fn place(&self) -> Result<OwnedSemaphorePermit, Exception> {
        let running = Arc::clone(&self.service.running);
        match tokio::time::timeout(MAX_WAIT, running.acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(Exception::new(
                Code::TooManySimultaneousQueries,
                format!(
                    "Too many simultaneous queries: no place became free within {} s",
                    MAX_WAIT.as_secs()
                ),
            )),
        }
    }
}

/// Answers a request for a query.
pub(super) async fn answer(
    service: &Arc<Service>,
    request: Request<Incoming>,
) -> Response<AnswerBody> {
    let begun = Instant::now();
    let (parts, incoming) = request.into_parts();
    let mut asked = Asked {
        service: Arc::clone(service),
        params: Params::default(),
        query_id: Uuid::new_v4().hyphenated().to_string(),
        accepts: parts
            .headers
            .get(ACCEPT_ENCODING)
            .and_then(|value| value.to_str().ok())
            .and_then(Coding::accepted),
        begun,
    };
    let url_query = parts.uri.query().unwrap_or_default();
    let admitted = Params::read(url_query, &parts.headers).and_then(|mut params| {
        params.session.role = service.accounts.admit(&parts.headers, &params)?;
        let body = Body::new(incoming, &parts.headers, params.decompress)?;
        Ok((params, body))
    });
    let (params, mut body) = match admitted {
        Ok(admitted) => admitted,
        Err(error) => {
            tracing::warn!(code = error.code, "a request was refused");
            return asked.head("TabSeparated").failed(&error);
        }
    };
    asked.params = params;
    if parts.method != Method::POST && asked.params.setting("readonly").is_none_or(|v| v == "0") {
        // As on the server: a GET reads. 2 still lets a query bring settings.
        asked.params.session.settings.push(("readonly".to_owned(), "2".to_owned()));
    }
    let form = read_form(&mut body, &parts.headers, &mut asked.params).await;
    let form = form.and_then(|_| match asked.params.session.role {
        Role::Owner => Ok(()),
        Role::Reader => reader::confine(&service.engine, &mut asked.params),
    });
    if let Some(query_id) = &asked.params.query_id {
        asked.query_id.clone_from(query_id);
    }
    let answered = match form {
        Ok(()) => send(&asked, &mut body).await,
        Err(error) => Err(error),
    };
    let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    match answered {
        Ok(response) => {
            tracing::debug!(query_id = asked.query_id, took_ms, "answered");
            response
        }
        Err(error) => {
            tracing::info!(query_id = asked.query_id, code = error.code, took_ms, "failed");
            body.drain().await;
            asked.head(asked.default_format()).failed(&error)
        }
    }
}

/// Reads as much as tells the statement's way, and takes it there.
async fn send(asked: &Asked, body: &mut Body) -> Result<Response<AnswerBody>, Exception> {
    let mut text = BytesMut::from(asked.params.query.as_bytes());
    if !text.is_empty() {
        // The server joins a URL's query and the body with a line end.
        text.extend_from_slice(b"\n");
    }
    let mut complete = false;
    loop {
        match read_insert(&text, complete) {
            InsertHead::Data(_) if asked.reads_only() => return Err(readonly()),
            InsertHead::Data(found) => {
                unmarked(&found.sql)?;
                let data = text.split_off(found.data_at).freeze();
                body.hold(data);
                return insert::answer(asked, found, body).await;
            }
            InsertHead::Infile => {
                return Err(Exception::new(
                    Code::SupportIsDisabled,
                    "INSERT … FROM INFILE reads files of the client, which HTTP does not offer",
                ));
            }
            InsertHead::Unfinished if text.len() > MAX_INSERT_HEAD_BYTES => {
                return Err(Exception::new(
                    Code::QueryIsTooLarge,
                    format!(
                        "An INSERT's data begins within its first {MAX_INSERT_HEAD_BYTES} bytes"
                    ),
                ));
            }
            InsertHead::Unfinished => match body.next().await? {
                Some(piece) => text.extend_from_slice(&piece),
                None => complete = true,
            },
            InsertHead::Other => {
                body.collect(&mut text).await?;
                return statement(asked, text.freeze()).await;
            }
        }
    }
}

/// Takes a complete statement down its way.
async fn statement(asked: &Asked, text: Bytes) -> Result<Response<AnswerBody>, Exception> {
    unmarked(&text)?;
    if asked.params.session.role == Role::Reader {
        reader::examine(&text)?;
    }
    let text = match rewrite_processes(&text) {
        Some(rewritten) => rewritten.into(),
        None => text,
    };
    match Statement::of(&text, asked.default_format()) {
        Statement::Empty => Err(Exception::new(Code::SyntaxError, "Syntax error: Empty query.")),
        Statement::Several => Err(Exception::new(
            Code::SyntaxError,
            "Syntax error (Multi-statements are not allowed): one statement a request.",
        )),
        Statement::File => Err(Exception::new(
            Code::IntoOutfileNotAllowed,
            "INTO OUTFILE is not allowed over HTTP",
        )),
        Statement::Kill(found) => kill::answer(asked, &found).await,
        Statement::Output(output) => {
            result::stream(asked, text, Some(output), asked.lease()?).await
        }
        // In a session `readonly` cannot be set for one query and taken back, and
        // a reader has no session of its own: what is not a question is refused.
        Statement::Command
            if asked.reads_only()
                && (asked.params.kept.id.is_some()
                    || asked.params.session.role == Role::Reader) =>
        {
            Err(readonly())
        }
        Statement::Command => result::stream(asked, text, None, asked.lease()?).await,
    }
}

/// What a statement that changes something hears where nothing may be changed.
pub(super) fn readonly() -> Exception {
    Exception::new(Code::Readonly, "Cannot execute query in readonly mode.")
}

/// Refuses a statement that names the setting which its own id is kept in.
fn unmarked(sql: &[u8]) -> Result<(), Exception> {
    if has_word(sql, MARKER) {
        return Err(Exception::new(
            Code::BadArguments,
            format!("{MARKER} is in use by the embedded ClickHouse itself"),
        ));
    }
    Ok(())
}
