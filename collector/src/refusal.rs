//! Every way in which a call as a whole is refused, and what that means at HTTP.
//!
//! A caller gets a stable code and safe text; the cause goes to the log.
//! `Refused::outcome` is the one place that decides status, whether to try
//! again, and how loud the log is; it has no wildcard, so that a new refusal
//! cannot be forgotten there.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tidemark_core::json;
use tidemark_core::limits::HOP_BATCH_MAX_BYTES;
use tidemark_core::verdict::{Code, Refusal};
use tracing::Level;

use crate::limits::RETRY_AFTER_SECS;
use crate::rate::Limited;

/// The codings that a body may have, as a refusal names them (RFC 9110, 12.5.3).
pub const ACCEPT_ENCODING: &str = "gzip, zstd, br, deflate, identity";

/// What a refusal was caused by, in the words of the part where it arose.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a call is refused.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The body, on the wire or decompressed, is over its bound.
    #[error("the body is over its bound")]
    BodyTooLarge,
    /// The body did not arrive in time.
    #[error("the body did not arrive in time")]
    BodyTimeout,
    /// The connection broke while the body was read.
    #[error("the body cannot be read")]
    BodyBroken,
    /// The Content-Encoding is none of those taken here.
    #[error("the Content-Encoding is not taken")]
    UnsupportedEncoding,
    /// The body is not what its Content-Encoding says.
    #[error("the body does not decompress")]
    InvalidEncoding,
    /// There is no signature, or it does not fit body and key.
    #[error("the signature is missing or does not fit")]
    InvalidSignature,
    /// The signature fits, but its time is too far off.
    #[error("the signature's time is too far off")]
    StaleSignature,
    /// The body is not a batch.
    #[error("the body is no batch: {}", .0.code.as_str())]
    NotABatch(Refusal),
    /// The edge names a tenant that is not configured here.
    #[error("the batch's tenant is not among the configured tenants")]
    UnknownTenant,
    /// The edge received the batch at a time that is still to come.
    #[error("the batch's received_at is more than 24 h ahead")]
    ReceivedInFuture,
    /// A public endpoint does not take the call: its type, key or origin.
    #[error("the call is not admitted: {}", .0.as_str())]
    NotAdmitted(Code),
    /// A person or a tenant has sent too much.
    #[error("too many events in a minute")]
    RateLimited(Limited),
    /// The path takes WebSockets alone.
    #[error("the call asks for no WebSocket")]
    UpgradeRequired,
    /// The call outlived every bound inside of it.
    #[error("the call outlived every bound inside of it")]
    TookTooLong,
    /// As many calls as this process takes are under way.
    #[error("too many calls are under way")]
    Overloaded,
    /// The events cannot be stored now.
    #[error("the events cannot be stored now")]
    NotStored(#[source] Cause),
    /// A question cannot be answered now.
    #[error("the store cannot be asked now")]
    NotAnswered(#[source] Cause),
    /// There is no API key, or no tenant has it.
    #[error("the API key is missing or unknown")]
    UnknownApiKey,
    /// The API key may not do this.
    #[error("the API key lacks the scope")]
    ScopeMissing,
    /// There is nothing at the path.
    #[error("there is nothing at this path")]
    NotFound,
    /// The path does not take the method.
    #[error("the path does not take this method")]
    MethodNotAllowed,
}

/// What a refusal means at HTTP.
struct Outcome {
    code: Code,
    detail: &'static str,
    /// Whether the same call may succeed later.
    retry: bool,
    level: Level,
}

impl Refused {
    fn outcome(&self) -> Outcome {
        let told = |code: Code, retry, level| Outcome { code, detail: code.detail(), retry, level };
        match self {
            Self::BodyTooLarge => Outcome {
                detail: "The body is larger than 2 MB, or grows beyond it when decompressed. Split the batch.",
                ..told(Code::BodyTooLarge, false, Level::INFO)
            },
            Self::BodyTimeout => told(Code::RequestTimeout, true, Level::INFO),
            Self::BodyBroken => told(Code::BodyBroken, false, Level::INFO),
            Self::UnsupportedEncoding => told(Code::UnsupportedEncoding, false, Level::INFO),
            Self::InvalidEncoding => told(Code::InvalidEncoding, false, Level::INFO),
            Self::InvalidSignature => told(Code::InvalidSignature, false, Level::WARN),
            Self::StaleSignature => told(Code::StaleSignature, false, Level::WARN),
            Self::NotABatch(refusal) => told(refusal.code, false, Level::INFO),
            Self::UnknownTenant => Outcome {
                detail: "This collector does not serve the tenant. Make it with `tidemark tenants create`.",
                ..told(Code::InvalidBatch, false, Level::WARN)
            },
            Self::ReceivedInFuture => Outcome {
                detail: "The batch's received_at is more than 24 h ahead. Check both clocks.",
                ..told(Code::InvalidBatch, false, Level::WARN)
            },
            Self::NotAdmitted(code) => told(*code, false, Level::INFO),
            Self::RateLimited(_) => told(Code::RateLimited, true, Level::INFO),
            Self::UpgradeRequired => told(Code::UpgradeRequired, false, Level::DEBUG),
            Self::TookTooLong => told(Code::Timeout, true, Level::ERROR),
            Self::Overloaded => told(Code::Overloaded, true, Level::WARN),
            Self::NotStored(_) => Outcome {
                detail: "The collector cannot make events durable now. Nothing was stored; send again after Retry-After.",
                ..told(Code::StoreUnavailable, true, Level::ERROR)
            },
            Self::NotAnswered(_) => Outcome {
                detail: "The store does not answer. Ask again after Retry-After.",
                ..told(Code::StoreUnavailable, true, Level::ERROR)
            },
            Self::UnknownApiKey => told(Code::UnknownApiKey, false, Level::INFO),
            Self::ScopeMissing => told(Code::ScopeMissing, false, Level::INFO),
            Self::NotFound => told(Code::NotFound, false, Level::DEBUG),
            Self::MethodNotAllowed => told(Code::MethodNotAllowed, false, Level::DEBUG),
        }
    }

    /// A body over its bound: the hop's own words for its 2 MB, the code's for the
    /// 500 KB of a public endpoint.
    pub const fn body_too_large(max_bytes: usize) -> Self {
        if max_bytes == HOP_BATCH_MAX_BYTES {
            Self::BodyTooLarge
        } else {
            Self::NotABatch(Refusal::new(Code::BodyTooLarge))
        }
    }

    /// The stable name on the wire.
    pub fn code(&self) -> &'static str {
        self.outcome().code.as_str()
    }

    /// Every code that a refusal can have, for metrics that exist from the start.
    pub fn codes() -> impl Iterator<Item = &'static str> {
        const BATCH: [Code; 11] = [
            Code::InvalidJson,
            Code::InvalidUtf8,
            Code::InvalidBatch,
            Code::BodyTooLarge,
            Code::TooManyEvents,
            Code::UnsupportedMediaType,
            Code::UnknownWriteKey,
            Code::WriteKeyConflict,
            Code::OriginNotAllowed,
            Code::RateLimited,
            Code::UpgradeRequired,
        ];
        [
            Self::BodyTimeout,
            Self::BodyBroken,
            Self::UnsupportedEncoding,
            Self::InvalidEncoding,
            Self::InvalidSignature,
            Self::StaleSignature,
            Self::Overloaded,
            Self::NotStored(Cause::from("")),
        ]
        .into_iter()
        .map(|refused| refused.code())
        .chain(BATCH.into_iter().map(Code::as_str))
    }

    fn pointer(&self) -> Option<&str> {
        match self {
            Self::NotABatch(refusal) => refusal.pointer.as_deref(),
            Self::UnknownTenant => Some("/tenant_id"),
            Self::ReceivedInFuture => Some("/received_at"),
            _ => None,
        }
    }

    /// Writes the refusal and its causes to the log.
    pub fn log(&self) {
        let Outcome { code, level, .. } = self.outcome();
        let (status, code, cause) = (code.http_status(), code.as_str(), causes(self));
        // tracing wants the level at compile time.
        match level {
            Level::ERROR => tracing::error!(status, code, cause, "refused"),
            Level::WARN => tracing::warn!(status, code, cause, "refused"),
            Level::INFO => tracing::info!(status, code, cause, "refused"),
            _ => tracing::debug!(status, code, cause, "refused"),
        }
    }
}

/// An error and everything that it was caused by, in one line.
pub fn causes(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let text = next.to_string();
        // Some errors quote their source; once is enough.
        if !line.contains(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        cause = next.source();
    }
    line
}

impl Refused {
    /// The answer's body, `{"error":{"code","detail","pointer"?}}`; where there are
    /// no headers, with `retry_after_s`.
    pub fn to_json(&self, without_headers: bool) -> String {
        let Outcome { code, detail, .. } = self.outcome();
        let mut body = String::from("{\"error\":{\"code\":");
        json::write_string(&mut body, code.as_str());
        body.push_str(",\"detail\":");
        json::write_string(&mut body, detail);
        if let Some(pointer) = self.pointer() {
            body.push_str(",\"pointer\":");
            json::write_string(&mut body, pointer);
        }
        if let Some(seconds) = self.retry_after_s().filter(|_| without_headers) {
            body.push_str(",\"retry_after_s\":");
            json::write_u64(&mut body, seconds);
        }
        body.push_str("}}");
        body
    }

    /// After how many seconds the same call may be made again.
    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::RateLimited(limited) => Some(u64::from(limited.retry_after_s)),
            _ => self.outcome().retry.then_some(RETRY_AFTER_SECS),
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        self.log();
        let Outcome { code, .. } = self.outcome();
        let status =
            StatusCode::from_u16(code.http_status()).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
        let json = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        let mut response = (status, json, self.to_json(false)).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after_s() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        match &self {
            Self::UnknownApiKey => {
                let bearer = HeaderValue::from_static("Bearer");
                headers.insert(header::WWW_AUTHENTICATE, bearer);
            }
            Self::UnsupportedEncoding => {
                let taken = HeaderValue::from_static(ACCEPT_ENCODING);
                headers.insert(header::ACCEPT_ENCODING, taken);
            }
            Self::UpgradeRequired => {
                headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            }
            Self::RateLimited(limited) => limited.allowance.write(headers),
            _ => {}
        }
        response
    }
}
