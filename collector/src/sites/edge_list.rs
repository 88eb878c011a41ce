//! The list of sites as the edge reads it: docs/sites.md describes its shape.

use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tidemark_core::hash::push_hex;
use tidemark_core::judge::Site;

use super::{Directory, SitesError};
use crate::schemas::Listed;

/// The body of the list, and the tag that changes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EdgeList {
    /// A JSON array with one entry a site and write key; where tenants have schemas of
    /// their own, an object with both. An edge that knows no schemas reads the former.
    pub body: String,
    /// A strong entity tag, with its quotes.
    pub etag: String,
}

/// The list where there are schemas.
#[derive(Serialize)]
struct WithSchemas<'a> {
    sites: &'a [&'a Site],
    schemas: &'a [Listed],
}

impl EdgeList {
    /// The list of what may send at an instant, and the schemas in use beside Tidemark's.
    ///
    /// # Errors
    /// When a site's settings are no JSON, which no version has written.
    pub fn of(directory: &Directory, schemas: &[Listed], now_ms: i64) -> Result<Self, SitesError> {
        let sites = &directory.sending(now_ms);
        let body = match schemas {
            [] => serde_json::to_string(sites),
            schemas => serde_json::to_string(&WithSchemas { sites, schemas }),
        };
        let body = body
            .map_err(|_| SitesError::Unreadable(String::from("a site's settings are no JSON")))?;
        let mut etag = String::from("\"");
        push_hex(&mut etag, &Sha256::digest(&body));
        etag.push('"');
        Ok(Self { body, etag })
    }
}
