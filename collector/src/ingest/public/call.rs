//! What is known of a call before its body is read.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use tidemark_core::endpoint::agent::{self, Heard};
use tidemark_core::noticed::DeviceClass;

/// A call's head: its headers, and the keys in its query.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) headers: HeaderMap,
    /// Every `write_key` parameter, decoded.
    pub(super) query_write_keys: Vec<String>,
}

/// The header by which a sender names its call.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The client hints by which a device is classed.
const HINT_MOBILE: HeaderName = HeaderName::from_static("sec-ch-ua-mobile");
const HINT_PLATFORM: HeaderName = HeaderName::from_static("sec-ch-ua-platform");

impl Call {
    /// Takes a head apart. The parameter `encoding` stands for `Content-Encoding` where
    /// there is none: a page that sent the header would have to ask first, by a preflight.
    pub(super) fn new(mut headers: HeaderMap, query: Option<&str>) -> Self {
        let mut query_write_keys = Vec::new();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            if name == "write_key" {
                query_write_keys.push(value.into_owned());
            } else if name == "encoding"
                && !headers.contains_key(header::CONTENT_ENCODING)
                && let Ok(coding) = HeaderValue::from_str(&value)
            {
                headers.insert(header::CONTENT_ENCODING, coding);
            }
        }
        Self { headers, query_write_keys }
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

    /// The kind of device that it comes from, as far as its head tells.
    pub(super) fn device_class(&self) -> DeviceClass {
        agent::class_of(&Heard {
            user_agent: self.header(header::USER_AGENT),
            mobile: self.header(HINT_MOBILE),
            platform: self.header(HINT_PLATFORM),
            is_page: self.headers.contains_key(header::ORIGIN),
        })
    }

    pub(super) fn idempotency_key(&self) -> Option<&str> {
        self.header(IDEMPOTENCY_KEY)
    }
}
