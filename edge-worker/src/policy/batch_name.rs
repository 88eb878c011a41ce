//! What a sender calls its batch: see [`tidemark_core::endpoint::batch_name`].

use tidemark_core::endpoint::batch_name;
use tidemark_core::verdict::Code;

use super::call::Call;

/// The name of a call's batch: `batch_id`, else the header `Idempotency-Key`.
///
/// # Errors
/// `invalid_batch` for a header that is too long, used or not.
pub fn resolve<'a>(call: &'a Call, batch_id: Option<&'a str>) -> Result<Option<&'a str>, Code> {
    batch_name::resolve(call.idempotency_key.as_deref(), batch_id)
}
