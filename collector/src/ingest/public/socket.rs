//! Events over a WebSocket: a message is a body, and is answered by a message.
//!
//! A message holds a batch or a single event, as its path takes them over HTTP,
//! and is answered with the same JSON: verdicts, or `{"error":…}`, which carries
//! `retry_after_s` where the same message may be taken later. One message is
//! worked on at a time; the next one waits in the connection. Whoever sends
//! nothing is asked (ping) and, without a word for [`SOCKET_IDLE_TIMEOUT`],
//! left.
//!
//! It ends with one of these codes: 1001 the process stops, 1008 the key or the
//! page may not send, 1009 a message is larger than 500 KB, 4408 nothing was heard.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use tidemark_core::batch::Form;
use tidemark_core::endpoint::alias::Alias;
use tidemark_core::endpoint::origin;
use tidemark_core::limits::BATCH_MAX_BYTES;
use tidemark_core::verdict::Code;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::Instant;

use super::admission;
use super::call::Call;
use super::handle::{Origin, Public, Words, write_headers};
use crate::limits::{SOCKET_IDLE_TIMEOUT, SOCKET_PING_INTERVAL, SOCKET_SEND_TIMEOUT};
use crate::refusal::Refused;

/// The process stops; connect again.
const CLOSE_STOPPING: u16 = 1001;
/// The key or the page may not send.
const CLOSE_POLICY: u16 = 1008;
/// A message is over its bound.
const CLOSE_TOO_LARGE: u16 = 1009;
/// Nothing was heard for too long.
const CLOSE_IDLE: u16 = 4408;

/// How long a socket may be silent.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// After how long it is asked, again and again, whether it is there.
    pub ping: Duration,
    /// After how long without a word it is left.
    pub idle: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { ping: SOCKET_PING_INTERVAL, idle: SOCKET_IDLE_TIMEOUT }
    }
}

/// The paths of sockets, and in which words each is spoken to.
pub const SOCKET_PATHS: [(&str, Words); 2] = [
    ("/v1/events/ws", Words::Own(Form::BatchOrEvent)),
    ("/api/v1/analytics/events/ws", Words::Alias(Alias::Envelope)),
];

pub(super) fn routes() -> Router<Arc<Public>> {
    let mut routes = Router::new();
    for (path, words) in SOCKET_PATHS {
        let open = move |State(public): State<Arc<Public>>,
                         uri: Uri,
                         headers: HeaderMap,
                         upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
                         request: Request| async move {
            let peer = request.extensions().get().copied();
            let origin = public.origin_of(peer.as_ref(), &headers);
            let call = Call::new(headers, uri.query());
            // A call that asks for no socket is told so by axum.
            match upgrade {
                Ok(upgrade) => open(public, words, call, origin, upgrade),
                Err(rejection) => refuse_upgrade(&rejection),
            }
        };
        routes = routes.route(path, any(open));
    }
    routes
}

/// A call that is no handshake: the path takes nothing else.
fn refuse_upgrade(rejection: &WebSocketUpgradeRejection) -> Response {
    tracing::debug!(cause = %rejection, "no handshake of a WebSocket");
    Refused::UpgradeRequired.into_response()
}

fn open(
    public: Arc<Public>,
    words: Words,
    call: Call,
    origin: Origin,
    upgrade: WebSocketUpgrade,
) -> Response {
    let now_ms = public.pipeline.now_ms();
    let admitted = admission::by_key(&public.sites.directory(), &call, now_ms)
        .map_err(Refused::NotAdmitted)
        .and_then(|()| {
            Arc::clone(&public.sockets).try_acquire_owned().map_err(|_| Refused::Overloaded)
        });
    let cors = origin::cors_headers(call.origin());
    let mut response = match admitted {
        Ok(place) => upgrade
            .max_message_size(BATCH_MAX_BYTES)
            .max_frame_size(BATCH_MAX_BYTES)
            .on_upgrade(move |socket| serve(public, words, call, origin, socket, place)),
        Err(refused) => {
            public.pipeline.metrics.batch_refused(&refused);
            refused.into_response()
        }
    };
    write_headers(response.headers_mut(), cors);
    response
}

async fn serve(
    public: Arc<Public>,
    words: Words,
    call: Call,
    origin: Origin,
    mut socket: WebSocket,
    _place: OwnedSemaphorePermit,
) {
    let mut stop = public.stop.clone();
    let mut heard_at = Instant::now();
    let mut ping = tokio::time::interval(public.patience.ping);
    ping.tick().await;
    let close = loop {
        let message = tokio::select! {
            // What has been sent is answered before the end.
            biased;
            message = socket.recv() => message,
            () = told(&mut stop) => break Some((CLOSE_STOPPING, "stopping")),
            _ = ping.tick() => {
                if heard_at.elapsed() >= public.patience.idle {
                    break Some((CLOSE_IDLE, "nothing was heard"));
                }
                if !send(&mut socket, Message::Ping(bytes::Bytes::new())).await {
                    break None;
                }
                continue;
            }
        };
        heard_at = Instant::now();
        let text = match &message {
            Some(Ok(Message::Text(text))) => text.as_bytes(),
            Some(Ok(Message::Binary(bytes))) => bytes.as_ref(),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
            Some(Ok(Message::Close(_))) | None => break None,
            Some(Err(error)) => break close_of(error),
        };
        let (answer, close) = public.message(words, &call, &origin, text).await;
        if !send(&mut socket, Message::Text(answer.into())).await {
            break None;
        }
        if let Some(close) = close {
            break Some(close);
        }
    };
    if let Some((code, reason)) = close {
        let frame = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
        send(&mut socket, Message::Close(Some(frame))).await;
        linger(&mut socket).await;
    }
}

/// Resolves once the process is to stop.
async fn told(stop: &mut watch::Receiver<bool>) {
    // Whoever could tell is gone with the process.
    drop(stop.wait_for(|stop| *stop).await);
}

/// What is told of a connection that cannot be read on; nothing of one that is
/// gone.
fn close_of(error: &axum::Error) -> Option<(u16, &'static str)> {
    let text = error.to_string();
    text.contains("too long").then_some((CLOSE_TOO_LARGE, "a message is larger than 500 KB"))
}

/// Hears the other side's end, so that ours arrives before the connection goes.
async fn linger(socket: &mut WebSocket) {
    let rest = async { while let Some(Ok(_)) = socket.recv().await {} };
    let _ = tokio::time::timeout(SOCKET_SEND_TIMEOUT, rest).await;
}

/// Whether the other side has taken a message in time.
async fn send(socket: &mut WebSocket, message: Message) -> bool {
    let sent = tokio::time::timeout(SOCKET_SEND_TIMEOUT, socket.send(message)).await;
    matches!(sent, Ok(Ok(())))
}

impl Public {
    /// The answer to one message, and how the socket ends after it.
    async fn message(
        &self,
        words: Words,
        call: &Call,
        origin: &Origin,
        text: &[u8],
    ) -> (String, Option<(u16, &'static str)>) {
        let _in_flight = self.pipeline.metrics.in_flight();
        let answered = match self.pipeline.slot() {
            Ok(_slot) => self.admit(words, call, origin, text).await,
            Err(refused) => Err(refused),
        };
        match answered {
            Ok(answer) => (answer.json, None),
            Err(refused) => {
                self.pipeline.metrics.batch_refused(&refused);
                refused.log();
                let ends = matches!(
                    refused,
                    Refused::NotAdmitted(Code::UnknownWriteKey | Code::OriginNotAllowed)
                );
                (refused.to_json(true), ends.then_some((CLOSE_POLICY, "not admitted")))
            }
        }
    }
}

/// Longer than two pings, so that one may be lost.
const _: () = assert!(SOCKET_IDLE_TIMEOUT.as_secs() > 2 * SOCKET_PING_INTERVAL.as_secs());

const _: () = assert!(SOCKET_SEND_TIMEOUT.as_secs() < Duration::from_secs(30).as_secs());
