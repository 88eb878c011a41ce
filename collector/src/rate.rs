//! What is told of a rate: how much it is, how much is left, and when again.

use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// What is told of the rate that has least left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Events in a minute.
    pub limit: u32,
    /// Events that may be sent at once.
    pub remaining: u32,
    /// Seconds until the whole limit may be sent at once.
    pub reset_s: u32,
}

/// A call that is over a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limited {
    /// What is told of the rate.
    pub allowance: Allowance,
    /// After how many seconds the same call passes, if nothing else is sent.
    pub retry_after_s: u32,
}

impl Allowance {
    /// Writes the rate's headers, as the IETF's draft names them (RateLimit header
    /// fields for HTTP, 06).
    pub fn write(&self, headers: &mut HeaderMap) {
        for (name, value) in [
            ("ratelimit-limit", self.limit),
            ("ratelimit-remaining", self.remaining),
            ("ratelimit-reset", self.reset_s),
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
        }
    }
}
