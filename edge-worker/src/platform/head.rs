//! Reads a call's head out of the runtime's request, in one crossing (shim/calls.js).

use worker::url::form_urlencoded;
use worker::web_sys::Request;

use super::calls;
use crate::policy::call::{Call, Runtime, path_and_query};

/// The headers that are read, in the order in which they are told.
const NAMES: &str = "authorization,origin,content-type,content-encoding,content-length,\
idempotency-key,if-none-match,accept-encoding,upgrade,user-agent,sec-ch-ua-mobile,\
sec-ch-ua-platform,sec-gpc,cf-connecting-ip";

/// What stands for a header that is not there.
const ABSENT: &str = "\u{1}";

/// Reads the head.
pub(super) fn read(request: &Request) -> Call {
    let told = calls::head(request, NAMES);
    let mut lines = told.split('\n');
    let mut next = || lines.next().filter(|line| *line != ABSENT).map(String::from);
    let method = next().unwrap_or_default();
    let url = next().unwrap_or_default();
    let (path, query) = path_and_query(&url);
    let (colo, client_ip, country, region) = (next(), next(), next(), next());
    Call {
        method,
        path: String::from(path),
        query_write_keys: form_urlencoded::parse(query.as_bytes())
            .filter(|(name, _)| name == "write_key")
            .map(|(_, key)| key.into_owned())
            .collect(),
        authorization: next(),
        origin: next(),
        content_type: next(),
        // A page that said it by the header would have to ask first, by a preflight.
        content_encoding: next().or_else(|| parameter(query, "encoding")),
        content_length: next().map(|length| length_of(&length)),
        idempotency_key: next(),
        if_none_match: next(),
        accept_encoding: next(),
        upgrade: next(),
        user_agent: next(),
        hint_mobile: next(),
        hint_platform: next(),
        sec_gpc: next(),
        runtime: Runtime { colo, client_ip, country, region, cf_connecting_ip: next() },
    }
}

/// A length as it is told. The runtime takes digits alone: one that is no number here is more than
/// 64 bits tell, and so more than any body may have.
fn length_of(told: &str) -> u64 {
    told.trim().parse().unwrap_or(u64::MAX)
}

/// The first parameter of that name, decoded.
fn parameter(query: &str, wanted: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
}
