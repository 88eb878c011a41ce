//! `GET /internal/v1/sites`: the list of sites, with the schemas of tenants' own, for an edge
//! that holds a hop key.
//!
//! The request is signed over its path and an empty body; the answer over the
//! path and its own body, by the same key, so that an edge believes no list that
//! somebody else wrote. A 304 has no body: it is signed over its entity tag,
//! because the signature of the request itself would pass for one over nothing.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tidemark_core::hop::{self, Key};
use tidemark_core::verdict::Code;

use super::hop::signature_of;
use crate::clock::{Clock, SystemClock};
use crate::metrics::Metrics;
use crate::refusal::Refused;
use crate::schemas::Registry;
use crate::sites::{EdgeList, Sites};

/// Where the list is.
pub const SITE_LIST_PATH: &str = "/internal/v1/sites";

/// What the endpoint needs.
struct SiteList {
    keys: Vec<Key>,
    sites: Arc<Sites>,
    schemas: Arc<Registry>,
    metrics: Arc<Metrics>,
    clock: SystemClock,
}

/// The route of the list.
pub fn site_list_routes(
    keys: Vec<Key>,
    sites: Arc<Sites>,
    schemas: Arc<Registry>,
    metrics: Arc<Metrics>,
) -> Router {
    let list = SiteList { keys, sites, schemas, metrics, clock: SystemClock::new() };
    Router::new().route(SITE_LIST_PATH, get(handle)).with_state(Arc::new(list))
}

async fn handle(State(list): State<Arc<SiteList>>, headers: HeaderMap) -> Response {
    list.answer(&headers).unwrap_or_else(|refused| {
        list.metrics.batch_refused(&refused);
        refused.into_response()
    })
}

impl SiteList {
    fn answer(&self, headers: &HeaderMap) -> Result<Response, Refused> {
        let now_ms = self.clock.unix_ms();
        let signature = signature_of(headers)?;
        let key =
            hop::verify(signature, &self.keys, now_ms, SITE_LIST_PATH, b"").map_err(|code| {
                match code {
                    Code::StaleSignature => Refused::StaleSignature,
                    _ => Refused::InvalidSignature,
                }
            })?;
        let list = EdgeList::of(&self.sites.directory(), &self.schemas.listed(), now_ms)
            .map_err(|error| Refused::NotAnswered(error.into()))?;
        let known = headers
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .any(|tags| is_among(&list.etag, tags.as_bytes()));
        let (status, body, signed) = if known {
            (StatusCode::NOT_MODIFIED, String::new(), list.etag.as_bytes())
        } else {
            (StatusCode::OK, list.body.clone(), list.body.as_bytes())
        };
        let signature = hop::sign(key, now_ms, SITE_LIST_PATH, signed);
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        let text = |text: &str| HeaderValue::from_str(text).ok();
        let json = (!known).then_some("application/json");
        for (name, value) in [
            (header::CONTENT_TYPE.as_str(), json.and_then(text)),
            (header::ETAG.as_str(), text(&list.etag)),
            (header::CACHE_CONTROL.as_str(), text("private, no-cache")),
            (hop::HEADER, text(&signature)),
        ] {
            match value {
                Some(value) => headers.insert(name, value),
                None => headers.remove(name),
            };
        }
        Ok(response)
    }
}

/// Whether a tag is among those of an `If-None-Match`; weak ones compare alike.
fn is_among(etag: &str, tags: &[u8]) -> bool {
    tags.split(|byte| *byte == b',').any(|tag| {
        let tag = tag.trim_ascii();
        let tag = tag.strip_prefix(b"W/").unwrap_or(tag);
        tag == etag.as_bytes() || tag == b"*"
    })
}

#[cfg(test)]
mod tests {
    use super::is_among;

    #[test]
    fn a_tag_is_found_in_any_form() {
        for tags in ["\"a\"", "W/\"a\"", "\"b\" , \"a\"", "*"] {
            assert!(is_among("\"a\"", tags.as_bytes()), "{tags}");
        }
        for tags in ["a", "\"b\"", "", "\"a\"x"] {
            assert!(!is_among("\"a\"", tags.as_bytes()), "{tags}");
        }
    }
}
