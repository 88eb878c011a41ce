//! Reads a call's head out of the runtime's request.

use worker::Request;
use worker::url::form_urlencoded;

use crate::policy::call::{Call, path_and_query};

/// Reads the head.
pub(super) fn read(request: &Request) -> Call {
    let url = request.inner().url();
    let (path, query) = path_and_query(&url);
    let headers = request.headers();
    let header = |name| headers.get(name).ok().flatten();
    Call {
        method: request.method().to_string(),
        path: String::from(path),
        query_write_keys: form_urlencoded::parse(query.as_bytes())
            .filter(|(name, _)| name == "write_key")
            .map(|(_, key)| key.into_owned())
            .collect(),
        authorization: header("authorization"),
        origin: header("origin"),
        content_type: header("content-type"),
        // A page that said it by the header would have to ask first, by a preflight.
        content_encoding: header("content-encoding").or_else(|| parameter(query, "encoding")),
        content_length: header("content-length").and_then(|length| length.parse().ok()),
        idempotency_key: header("idempotency-key"),
        if_none_match: header("if-none-match"),
        accept_encoding: header("accept-encoding"),
        upgrade: header("upgrade"),
        user_agent: header("user-agent"),
        hint_mobile: header("sec-ch-ua-mobile"),
        hint_platform: header("sec-ch-ua-platform"),
        sec_gpc: header("sec-gpc"),
    }
}

/// The first parameter of that name, decoded.
fn parameter(query: &str, wanted: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
}
