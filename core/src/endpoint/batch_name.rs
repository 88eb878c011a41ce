//! What a sender calls its batch: `batch_id`, else the header `Idempotency-Key`.
//!
//! The header stands for a batch_id on the hop, and therefore has its bounds.

use crate::limits::ID_MAX_BYTES;
use crate::verdict::Code;

/// The name of a call's batch. An empty header is none.
///
/// # Errors
/// `invalid_batch` for a header of more than 256 bytes, used or not.
pub fn resolve<'a>(
    idempotency_key: Option<&'a str>,
    batch_id: Option<&'a str>,
) -> Result<Option<&'a str>, Code> {
    let header = idempotency_key.map(str::trim).filter(|key| !key.is_empty());
    if header.is_some_and(|key| key.len() > ID_MAX_BYTES) {
        return Err(Code::InvalidBatch);
    }
    Ok(batch_id.or(header))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_stands_in_within_its_bounds() {
        let longest = "k".repeat(ID_MAX_BYTES);
        let too_long = "k".repeat(ID_MAX_BYTES + 1);
        for (header, batch_id, expected) in [
            (None, None, Ok(None)),
            (Some("k"), None, Ok(Some("k"))),
            (Some("k"), Some("b"), Ok(Some("b"))),
            (Some(""), None, Ok(None)),
            (Some(" "), Some("b"), Ok(Some("b"))),
            (Some(longest.as_str()), None, Ok(Some(longest.as_str()))),
            (Some(too_long.as_str()), None, Err(Code::InvalidBatch)),
            (Some(too_long.as_str()), Some("b"), Err(Code::InvalidBatch)),
        ] {
            assert_eq!(resolve(header, batch_id), expected);
        }
    }
}
