//! One statement over one connection of its own.
//!
//! What changes ClickHouse goes by here and not by the client's pool, because a
//! doubt is settled by knowing two things exactly: whether anything was sent,
//! and that the connection is closed once nobody waits for the answer. A
//! connection costs a tenth of a millisecond, and there are some twenty
//! statements a second.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Body;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::error::Exception;
use crate::config;
use crate::limits::{CONNECT_TIMEOUT, STATEMENT_ANSWER_MAX_BYTES};

/// Where ClickHouse is, and as whom.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    url: String,
    database: String,
    user: String,
    password: config::Secret,
    /// Whether bytes on the way cost more than compressing them.
    pub(super) compress: bool,
}

/// What became of a request.
#[derive(Debug)]
pub(super) enum Failure {
    /// Nothing was sent.
    NotSent(String),
    /// ClickHouse answered with an exception, in words that may quote a value.
    Exception(Exception),
    /// It was sent, at least in part, and no answer was understood.
    NoAnswer(String),
}

impl Endpoint {
    pub(super) fn new(config: &config::ClickHouse) -> Self {
        let local = ["://127.0.0.1", "://localhost", "://[::1]"];
        Self {
            url: config.url.clone(),
            database: config.database.clone(),
            user: config.user.clone(),
            password: config.password.clone(),
            compress: !local.iter().any(|host| config.url.contains(host)),
        }
    }

    /// Sends one statement and waits for its end. Dropping the future, as when
    /// `within` has passed, closes the connection.
    pub(super) async fn post<B>(
        &self,
        settings: &[(&str, &str)],
        body: B,
        within: Duration,
    ) -> Result<(), Failure>
    where
        B: Body<Data = Bytes, Error = Infallible> + Send + 'static,
    {
        let not_sent = |error: &dyn std::fmt::Display| Failure::NotSent(error.to_string());
        let uri: Uri = self.url.parse().map_err(|error| not_sent(&error))?;
        let host = uri.host().ok_or_else(|| not_sent(&"clickhouse.url has no host"))?;
        let port = uri.port_u16().unwrap_or(8123);
        let address = (host.trim_matches(['[', ']']), port);
        let connecting = TcpStream::connect(address);
        let stream = match tokio::time::timeout(CONNECT_TIMEOUT, connecting).await {
            Ok(connected) => connected.map_err(|error| not_sent(&error))?,
            Err(_) => return Err(not_sent(&"no connection in time")),
        };
        // An answer must not wait for a delayed acknowledgement of the body's end.
        stream.set_nodelay(true).map_err(|error| not_sent(&error))?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| not_sent(&error))?;
        let mut path = String::from("/?database=");
        push_encoded(&mut path, &self.database);
        for (name, value) in settings {
            path.push('&');
            path.push_str(name);
            path.push('=');
            push_encoded(&mut path, value);
        }
        let request = Request::post(path)
            .header(HOST, format!("{host}:{port}"))
            .header(CONTENT_TYPE, "application/octet-stream")
            .header("X-ClickHouse-User", &self.user)
            .header("X-ClickHouse-Key", self.password.reveal())
            .body(body)
            .map_err(|error| not_sent(&error))?;
        let exchange = async {
            let answer = sender.send_request(request).await?;
            let status = answer.status();
            let words = Limited::new(answer.into_body(), STATEMENT_ANSWER_MAX_BYTES)
                .collect()
                .await
                .map(http_body_util::Collected::to_bytes);
            Ok::<_, hyper::Error>((status, words))
        };
        // Both live here: dropping this future closes the socket.
        let exchange = async {
            tokio::pin!(connection);
            tokio::pin!(exchange);
            tokio::select! {
                answer = &mut exchange => answer,
                _ = &mut connection => exchange.await,
            }
        };
        match tokio::time::timeout(within, exchange).await {
            Err(_) => Err(Failure::NoAnswer("no answer in time".to_owned())),
            Ok(Err(error)) => Err(Failure::NoAnswer(error.to_string())),
            Ok(Ok((status, words))) => read(status, words.ok().as_deref()),
        }
    }
}

/// What an answer says. An exception after the status line stands in the body.
fn read(status: StatusCode, words: Option<&[u8]>) -> Result<(), Failure> {
    let Some(words) = words else {
        return Err(Failure::NoAnswer("the answer broke off".to_owned()));
    };
    let words = String::from_utf8_lossy(words);
    if status == StatusCode::OK && !words.contains("DB::Exception") {
        return Ok(());
    }
    let exception = Exception::read(&words);
    if exception.code.is_none() {
        return Err(Failure::NoAnswer(format!("status {status} without ClickHouse's code")));
    }
    Err(Failure::Exception(exception))
}

/// Appends a query's value, percent-encoded.
fn push_encoded(path: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') {
            path.push(char::from(byte));
        } else {
            path.push('%');
            for nibble in [byte >> 4, byte & 15] {
                path.push(char::from(b"0123456789ABCDEF"[usize::from(nibble)]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_done_an_exception_or_nothing_known() {
        assert!(read(StatusCode::OK, Some(b"")).is_ok());
        let words = b"Code: 117. DB::Exception: x (INCORRECT_DATA)";
        for status in [StatusCode::OK, StatusCode::BAD_REQUEST] {
            let failure = read(status, Some(words));
            assert!(matches!(failure, Err(Failure::Exception(e)) if e.code == Some(117)));
        }
        for (status, words) in [(StatusCode::BAD_GATEWAY, Some(&b"oh"[..])), (StatusCode::OK, None)]
        {
            assert!(matches!(read(status, words), Err(Failure::NoAnswer(_))), "{status}");
        }
    }

    #[test]
    fn values_cannot_leave_their_place() {
        let mut path = String::new();
        push_encoded(&mut path, "a&b=c ä?/#");
        assert_eq!(path, "a%26b%3Dc%20%C3%A4%3F%2F%23");
    }
}
