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
        content_encoding: header("content-encoding"),
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
