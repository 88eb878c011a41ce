//! Which tenant an API key reads, and what it may do there.

use std::sync::Arc;

use axum::http::{HeaderMap, header};

use crate::clock::{Clock as _, SystemClock};
use crate::refusal::Refused;
use crate::sites::{Reader, Scope, Sites};

/// Reads the API key of a call.
#[derive(Clone, Debug)]
pub struct ApiKeys(Arc<Sites>);

impl ApiKeys {
    /// The keys of the directory, as it is at each call.
    pub const fn new(sites: Arc<Sites>) -> Self {
        Self(sites)
    }

    /// Who calls, by `Authorization: Bearer`, if the key may do `scope`.
    ///
    /// # Errors
    /// `unknown_api_key` when there is none, several, one that nobody has or one
    /// that is revoked; `scope_missing` when it may not do this.
    pub fn reader(&self, headers: &HeaderMap, scope: Scope) -> Result<Arc<Reader>, Refused> {
        let key = bearer(headers).ok_or(Refused::UnknownApiKey)?;
        let directory = self.0.directory();
        let now_ms = SystemClock::default().unix_ms();
        let reader = directory.reader(key, now_ms).ok_or(Refused::UnknownApiKey)?;
        if reader.may(scope) { Ok(Arc::clone(reader)) } else { Err(Refused::ScopeMissing) }
    }
}

/// The one bearer of a call.
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, key) = value.as_bytes().split_at_checked(7)?;
    (scheme.eq_ignore_ascii_case(b"Bearer ") && !key.is_empty()).then_some(key)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn one_bearer_is_a_key_and_anything_else_is_none() {
        let key = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
            }
            bearer(&headers).map(<[u8]>::to_vec)
        };
        assert_eq!(key(&["Bearer one"]).as_deref(), Some(&b"one"[..]));
        assert_eq!(key(&["bearer two"]).as_deref(), Some(&b"two"[..]));
        for values in [&[][..], &["Bearer "], &["one"], &["Basic one"], &["Bearer"]] {
            assert_eq!(key(values), None, "{values:?}");
        }
        assert_eq!(key(&["Bearer one", "Bearer two"]), None);
    }
}
