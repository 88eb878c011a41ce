//! Which write key a call carries: see [`tidemark_core::endpoint::write_key`].

use tidemark_core::endpoint::write_key;
use tidemark_core::verdict::Code;

use super::call::Call;

/// The one key of a call; `in_batch` is the batch's own, once it is read.
/// `Ok(None)` when the call carries none (yet).
///
/// # Errors
/// `write_key_conflict` when two differ.
pub fn resolve<'a>(call: &'a Call, in_batch: Option<&'a str>) -> Result<Option<&'a str>, Code> {
    let in_query = call.query_write_keys.iter().map(String::as_str);
    write_key::resolve(in_query, call.authorization.as_deref(), in_batch)
}
