//! What is known of a call before its body is read.

use axum::http::{HeaderMap, HeaderName, header};

/// A call's head: its headers, and the keys in its query.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) headers: HeaderMap,
    /// Every `write_key` parameter, decoded.
    pub(super) query_write_keys: Vec<String>,
}

/// The header by which a sender names its call.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

impl Call {
    pub(super) fn new(headers: HeaderMap, query: Option<&str>) -> Self {
        let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        let keys = pairs.filter(|(name, _)| name == "write_key").map(|(_, key)| key.into_owned());
        Self { headers, query_write_keys: keys.collect() }
    }

    /// A header that is text; the first one of several.
    fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(super) fn authorization(&self) -> Option<&str> {
        self.header(header::AUTHORIZATION)
    }

    /// The page's origin; one that is no text is nobody's.
    pub(super) fn origin(&self) -> Option<&str> {
        let origin = self.headers.get(header::ORIGIN)?;
        Some(origin.to_str().unwrap_or("null"))
    }

    pub(super) fn content_type(&self) -> Option<&str> {
        self.header(header::CONTENT_TYPE)
    }

    pub(super) fn user_agent(&self) -> &str {
        self.header(header::USER_AGENT).unwrap_or_default()
    }

    pub(super) fn idempotency_key(&self) -> Option<&str> {
        self.header(IDEMPOTENCY_KEY)
    }
}
