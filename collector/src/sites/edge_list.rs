//! The list of sites as the edge reads it: docs/sites.md describes its shape.

use sha2::{Digest as _, Sha256};
use tidemark_core::hash::push_hex;

use super::{Directory, SitesError};

/// The body of the list, and the tag that changes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EdgeList {
    /// A JSON array: one entry a site and write key.
    pub body: String,
    /// A strong entity tag, with its quotes.
    pub etag: String,
}

impl EdgeList {
    /// The list of what may send at an instant.
    ///
    /// # Errors
    /// When a site's settings are no JSON, which no version has written.
    pub fn of(directory: &Directory, now_ms: i64) -> Result<Self, SitesError> {
        let body = serde_json::to_string(&directory.sending(now_ms))
            .map_err(|_| SitesError::Unreadable(String::from("a site's settings are no JSON")))?;
        let mut etag = String::from("\"");
        push_hex(&mut etag, &Sha256::digest(&body));
        etag.push('"');
        Ok(Self { body, etag })
    }
}
