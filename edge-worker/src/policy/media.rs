//! Whether a body of this type, encoding and length is read at all.

use tidemark_core::endpoint::media;
use tidemark_core::limits::BATCH_MAX_BYTES;
use tidemark_core::verdict::Code;

use super::call::Call;
use super::decode::Coding;

/// Judges what the headers say about the body. `text/plain` is taken because a
/// beacon of that type needs no preflight.
///
/// # Errors
/// `unsupported_media_type`, `unsupported_encoding` or `body_too_large`.
pub fn check(call: &Call) -> Result<(), Code> {
    if !media::is_taken(call.content_type.as_deref()) {
        return Err(Code::UnsupportedMediaType);
    }
    Coding::of(call.content_encoding.as_deref())?;
    if call.content_length.is_some_and(|bytes| bytes > BATCH_MAX_BYTES as u64) {
        return Err(Code::BodyTooLarge);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(content_type: Option<&str>, encoding: Option<&str>, bytes: u64) -> Result<(), Code> {
        check(&Call {
            content_type: content_type.map(Into::into),
            content_encoding: encoding.map(Into::into),
            content_length: Some(bytes),
            ..Call::default()
        })
    }

    #[test]
    fn json_and_beacons_are_taken() {
        for content_type in
            ["application/json", "text/plain;charset=UTF-8", "Application/JSON ; x=y"]
        {
            assert_eq!(of(Some(content_type), None, 500_000), Ok(()), "{content_type}");
        }
        for encoding in ["identity", "gzip", "deflate"] {
            assert_eq!(of(Some("text/plain"), Some(encoding), 0), Ok(()));
        }
    }

    #[test]
    fn the_rest_is_refused() {
        for content_type in [None, Some(""), Some("text/html"), Some("application/jsonx")] {
            assert_eq!(of(content_type, None, 1), Err(Code::UnsupportedMediaType));
        }
        assert_eq!(of(Some("text/plain"), Some("br"), 1), Err(Code::UnsupportedEncoding));
        assert_eq!(of(Some("text/plain"), None, 500_001), Err(Code::BodyTooLarge));
    }
}
