//! The listener, its connections, and the way out.

use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;

use crate::engine::Handle;
use crate::http::Service;
use crate::limits::{
    CLOSE_TIME, HEADER_TIMEOUT, MAX_CONNECTIONS, MAX_HEADER_BYTES, SESSION_SWEEP, SHUTDOWN_TIME,
};

/// Serves until SIGTERM or SIGINT, then ends every query and returns. True when
/// all queries have left the engine.
pub(crate) async fn serve(listener: TcpListener, service: Arc<Service>) -> std::io::Result<bool> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let connections = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let graceful = GracefulShutdown::new();
    let sweeper = tokio::spawn(sweep(Arc::clone(&service)));
    loop {
        let accepted = async {
            // Out of places the listener's own queue holds new connections back.
            let place = Arc::clone(&connections).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            accepted = accepted => accepted,
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of file descriptors, mostly: wait for some to come free.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its delay");
        }
        let service = Arc::clone(&service);
        let answer = service_fn(move |request| {
            let service = Arc::clone(&service);
            async move { Ok::<_, std::convert::Infallible>(service.answer(request).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIMEOUT)
            .max_buf_size(MAX_HEADER_BYTES)
            .serve_connection(TokioIo::new(stream), answer);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection broke off");
            }
            drop(place);
        });
    }
    drop(listener);
    sweeper.abort();
    tracing::info!("stopping: running queries are ended");
    let emptied = tokio::time::timeout(SHUTDOWN_TIME, end_all(&service)).await.is_ok();
    let answered = tokio::time::timeout(CLOSE_TIME, graceful.shutdown()).await.is_ok();
    if !answered {
        tracing::warn!("some connections were cut");
    }
    // The engine stops only when no connection to it is left.
    service.sessions.close_all();
    Ok(emptied)
}

/// Ends sessions whose time is over.
async fn sweep(service: Arc<Service>) {
    loop {
        tokio::time::sleep(SESSION_SWEEP).await;
        let sessions = service.sessions.clone();
        // Closing a session may free much; the result is of no interest.
        let _swept = tokio::task::spawn_blocking(move || sessions.sweep()).await;
    }
}

/// Ends every query, those included that begin meanwhile.
async fn end_all(service: &Service) {
    loop {
        let running = service.registry.all();
        if running.is_empty() {
            return;
        }
        running.iter().for_each(Handle::cancel);
        for handle in running {
            handle.end(Arc::clone(&service.engine)).await;
        }
    }
}
