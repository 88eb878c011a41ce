//! One HTTP call to a running collector, over a connection of its own.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, RETRY_AFTER};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Bytes of an answer that are read: 500 verdicts of 300 bytes are 150 kB.
const ANSWER_MAX_BYTES: usize = 2 * 1024 * 1024;

/// What is asked.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// GET or POST.
    pub(super) method: Method,
    /// The path.
    pub(super) path: &'static str,
    /// A further header.
    pub(super) header: Option<(&'static str, String)>,
    /// The body.
    pub(super) body: Bytes,
    /// How long it may take, connection and answer.
    pub(super) within: Duration,
}

/// What came back.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    /// The status.
    pub(super) status: u16,
    /// Seconds that the collector asks to wait.
    pub(super) retry_after_secs: Option<u64>,
    /// The body.
    pub(super) body: Bytes,
}

/// Why nothing came back.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CallError {
    /// Nothing listens there.
    #[error("no connection to {0}: {1}")]
    NoConnection(SocketAddr, String),
    /// It was sent, at least in part, and no answer was understood.
    #[error("no answer from {0}: {1}")]
    NoAnswer(SocketAddr, String),
}

impl Call {
    /// A question.
    pub(super) const fn get(path: &'static str, within: Duration) -> Self {
        Self { method: Method::GET, path, header: None, body: Bytes::new(), within }
    }

    /// Asks, and reads the answer whole.
    pub(super) async fn send(self, to: SocketAddr) -> Result<Answer, CallError> {
        let within = self.within;
        match tokio::time::timeout(within, self.exchange(to)).await {
            Ok(answered) => answered,
            Err(_) => Err(CallError::NoAnswer(to, format!("not within {} s", within.as_secs()))),
        }
    }

    async fn exchange(self, to: SocketAddr) -> Result<Answer, CallError> {
        let unconnected = |why: String| CallError::NoConnection(to, why);
        let stream = match tokio::time::timeout(CONNECT_TIMEOUT, TcpStream::connect(to)).await {
            Ok(connected) => connected.map_err(|error| unconnected(error.to_string()))?,
            Err(_) => return Err(unconnected("not in time".to_owned())),
        };
        let silent = |why: &dyn std::fmt::Display| CallError::NoAnswer(to, why.to_string());
        stream.set_nodelay(true).map_err(|error| silent(&error))?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| silent(&error))?;
        let mut request = Request::builder()
            .method(self.method)
            .uri(self.path)
            .header(HOST, to.to_string())
            .header(CONTENT_TYPE, "application/json");
        if let Some((name, value)) = self.header {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(self.body)).map_err(|error| silent(&error))?;
        let exchange = async {
            let answer = sender.send_request(request).await.map_err(|error| silent(&error))?;
            let status = answer.status().as_u16();
            let header = answer.headers().get(RETRY_AFTER);
            let retry_after_secs =
                header.and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
            let body = Limited::new(answer.into_body(), ANSWER_MAX_BYTES).collect().await;
            let body = body.map_err(|error| silent(&error))?.to_bytes();
            Ok(Answer { status, retry_after_secs, body })
        };
        tokio::pin!(connection);
        tokio::pin!(exchange);
        tokio::select! {
            answer = &mut exchange => answer,
            _ = &mut connection => exchange.await,
        }
    }
}
