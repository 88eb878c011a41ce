//! Accepts connections within bounds, and lets them finish at the end.
//!
//! Written out instead of `axum::serve`, which bounds neither the number of
//! connections nor the time that a client may take for its headers.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use tower::Service;

use crate::ingest::public::Peer;
use crate::limits::{
    HEAD_MAX_BYTES, HEADER_TIMEOUT, HEADERS_MAX, READ_BUFFER_MAX_BYTES, SHUTDOWN_GRACE,
};

/// Streams of one HTTP/2 connection: an edge's parallel batches, and no flood.
const HTTP2_MAX_STREAMS: u32 = 64;

/// How long to wait after the system refused a connection for want of something.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves, `at_most` so many connections at once, until `stop` is done and what is under way
/// has finished, or its time is up. One too many waits in the system's queue until another
/// ends. A connection that has become a socket is nobody's here: `sockets_closed`
/// resolves when they have ended.
pub(super) async fn serve(
    listener: TcpListener,
    routes: Router,
    at_most: usize,
    stop: impl Future<Output = ()>,
    sockets_closed: impl Future<Output = ()>,
) {
    let graceful = GracefulShutdown::new();
    let builder = Arc::new(builder());
    let slots = Arc::new(Semaphore::new(at_most));
    tokio::pin!(stop);
    loop {
        let (stream, peer, slot) = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &slots) => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // The client is gone already, or the process is out of
                    // files: neither ends the service.
                    tracing::warn!(cause = %error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
        };
        let service = TowerToHyperService::new(OfPeer { routes: routes.clone(), peer });
        let connection =
            builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned();
        let watched = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = watched.await {
                tracing::debug!(cause = %error, "connection ended");
            }
            drop(slot);
        });
    }
    drop(listener);
    if tokio::time::timeout(SHUTDOWN_GRACE, async {
        tokio::join!(graceful.shutdown(), sockets_closed)
    })
    .await
    .is_err()
    {
        tracing::warn!(grace_s = SHUTDOWN_GRACE.as_secs(), "some requests did not finish in time");
    }
}

/// The next connection, once there is room for it.
async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> io::Result<(TcpStream, Peer, OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, address) = listener.accept().await?;
    // Answers are small and complete: waiting to fill a packet only delays them.
    stream.set_nodelay(true)?;
    Ok((stream, Peer(address), slot))
}

/// The routes, with the other end of the connection noted on each request.
#[derive(Clone)]
struct OfPeer {
    routes: Router,
    peer: Peer,
}

impl Service<Request<Incoming>> for OfPeer {
    type Response = <Router as Service<Request<Incoming>>>::Response;
    type Error = <Router as Service<Request<Incoming>>>::Error;
    type Future = <Router as Service<Request<Incoming>>>::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Service::<Request<Incoming>>::poll_ready(&mut self.routes, context)
    }

    fn call(&mut self, mut request: Request<Incoming>) -> Self::Future {
        request.extensions_mut().insert(self.peer);
        self.routes.call(request)
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(READ_BUFFER_MAX_BYTES)
        .max_headers(HEADERS_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(HEAD_MAX_BYTES).unwrap_or(u32::MAX))
        .max_concurrent_streams(HTTP2_MAX_STREAMS)
        .keep_alive_interval(HEADER_TIMEOUT)
        .keep_alive_timeout(HEADER_TIMEOUT);
    builder
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

    use std::net::SocketAddr;

    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::sync::oneshot;

    use super::*;

    const ANSWER: &[u8] = b"served";

    async fn ask(stream: &mut TcpStream) {
        stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    }

    /// Reads until the answer's body has come.
    async fn answered(stream: &mut TcpStream) {
        let mut heard = Vec::new();
        while !heard.ends_with(ANSWER) {
            assert_ne!(stream.read_buf(&mut heard).await.unwrap(), 0, "closed unanswered");
        }
    }

    async fn connect(address: SocketAddr) -> TcpStream {
        TcpStream::connect(address).await.unwrap()
    }

    #[tokio::test]
    async fn one_connection_too_many_waits_until_another_ends() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let routes = Router::new().route("/", get(async || ANSWER));
        let stopped = async {
            let _ = stopped.await;
        };
        let serving = tokio::spawn(serve(listener, routes, 2, stopped, std::future::ready(())));

        let [mut first, mut second, mut third] =
            [connect(address).await, connect(address).await, connect(address).await];
        for served in [&mut first, &mut second] {
            ask(served).await;
            answered(served).await;
        }
        ask(&mut third).await;
        // Long enough for an answer to anybody who is let in.
        for _ in 0..50 {
            ask(&mut second).await;
            answered(&mut second).await;
        }
        let unheard = third.try_read(&mut [0; 1]).unwrap_err();
        assert_eq!(unheard.kind(), io::ErrorKind::WouldBlock);
        drop(first);
        answered(&mut third).await;

        drop((second, third));
        stop.send(()).unwrap();
        serving.await.unwrap();
    }
}
