//! Who may send: each cheap check before the dearer one.

use std::sync::Arc;

use tidemark_core::endpoint::{media, origin, write_key};
use tidemark_core::verdict::Code;

use super::call::Call;
use crate::sites::{Directory, Sender};

/// Judges a call by its head alone, before its body is read: type and, as far as
/// the head carries a key, key and origin.
///
/// # Errors
/// The refusal's code.
pub(super) fn by_head(directory: &Directory, call: &Call, now_ms: i64) -> Result<(), Code> {
    if !media::is_taken(call.content_type()) {
        return Err(Code::UnsupportedMediaType);
    }
    by_key(directory, call, now_ms)
}

/// Judges key and origin, as far as the head carries a key.
///
/// # Errors
/// The refusal's code.
pub(super) fn by_key(directory: &Directory, call: &Call, now_ms: i64) -> Result<(), Code> {
    match key_of(call, None)? {
        Some(key) => sender(directory, call, key, now_ms).map(|_| ()),
        None => Ok(()),
    }
}

/// Finds the site of a call, once its batch is read.
///
/// # Errors
/// `write_key_conflict`, `unknown_write_key` (none at all included) or
/// `origin_not_allowed`.
pub(super) fn by_batch(
    directory: &Directory,
    call: &Call,
    key_in_batch: Option<&str>,
    now_ms: i64,
) -> Result<Arc<Sender>, Code> {
    let key = key_of(call, key_in_batch)?.ok_or(Code::UnknownWriteKey)?;
    sender(directory, call, key, now_ms)
}

/// Whether a browser may send a call like this one from that page: by the key's
/// site, or, where the preflight carries no key, by any site.
///
/// # Errors
/// `origin_not_allowed` or `unknown_write_key`.
pub(super) fn by_preflight(directory: &Directory, call: &Call, now_ms: i64) -> Result<(), Code> {
    match (key_of(call, None)?, call.origin()) {
        (_, None) => Err(Code::OriginNotAllowed),
        (Some(key), Some(_)) => sender(directory, call, key, now_ms).map(|_| ()),
        (None, Some(origin)) if directory.any_site_lists(origin) => Ok(()),
        (None, Some(_)) => Err(Code::OriginNotAllowed),
    }
}

fn key_of<'a>(call: &'a Call, in_batch: Option<&'a str>) -> Result<Option<&'a str>, Code> {
    let in_query = call.query_write_keys.iter().map(String::as_str);
    write_key::resolve(in_query, call.authorization(), in_batch)
}

fn sender(directory: &Directory, call: &Call, key: &str, now_ms: i64) -> Result<Arc<Sender>, Code> {
    let sender = directory.sender(key, now_ms).ok_or(Code::UnknownWriteKey)?;
    match call.origin() {
        Some(page) if !origin::is_listed(&sender.site.origins, page) => Err(Code::OriginNotAllowed),
        _ => Ok(Arc::clone(sender)),
    }
}
