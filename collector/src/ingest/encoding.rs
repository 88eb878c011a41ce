//! Content-Encoding: what a verified body becomes before it is parsed.
//!
//! A bomb costs at most the body's own bound: nothing larger is ever allocated,
//! and what does not fit ends the decoder. The trailer's size is a hint and no
//! more, because a body that is cut short, or no gzip at all, ends in any bytes.

use bytes::Bytes;
use libdeflater::{DecompressionError, Decompressor, crc32};
use tidemark_core::limits::HOP_BATCH_MAX_BYTES;

use crate::limits::DECOMPRESSION_MAX_RATIO;
use crate::refusal::Refused;

/// Bytes of the shortest gzip member: ten of head, eight of trailer, two of data.
const GZIP_MIN_BYTES: usize = 20;

/// Bytes of a gzip member's trailer: its CRC-32 and its size modulo 2^32.
const TRAILER_BYTES: usize = 8;

/// Decodes a body. Absent and `identity` are the body itself; `gzip` is one member.
///
/// # Errors
/// `unsupported_encoding` for another coding, `body_too_large` for more than
/// 2 MB or 200 times the wire's bytes, `invalid_encoding` for what is no gzip, is
/// cut short, or has anything behind its one member.
pub(super) fn decode(coding: Option<&str>, wire: Bytes) -> Result<Bytes, Refused> {
    match coding.map(str::trim) {
        None => Ok(wire),
        Some(coding) if coding.eq_ignore_ascii_case("identity") => Ok(wire),
        Some(coding) if coding.eq_ignore_ascii_case("gzip") => gunzip(&wire),
        Some(_) => Err(Refused::UnsupportedEncoding),
    }
}

fn gunzip(wire: &[u8]) -> Result<Bytes, Refused> {
    let trailer = wire.last_chunk::<TRAILER_BYTES>().filter(|_| wire.len() >= GZIP_MIN_BYTES);
    let trailer = trailer.ok_or(Refused::InvalidEncoding)?;
    let [c0, c1, c2, c3, size @ ..] = *trailer;
    let claimed = usize::try_from(u32::from_le_bytes(size)).unwrap_or(usize::MAX);
    let bound = HOP_BATCH_MAX_BYTES.min(wire.len().saturating_mul(DECOMPRESSION_MAX_RATIO));
    let mut plain = vec![0; claimed.min(bound)];
    let written =
        Decompressor::new().gzip_decompress(wire, &mut plain).map_err(|error| match error {
            // More than its own trailer says is broken, and not large.
            DecompressionError::InsufficientSpace if claimed > bound => Refused::BodyTooLarge,
            DecompressionError::InsufficientSpace | DecompressionError::BadData => {
                Refused::InvalidEncoding
            }
        })?;
    plain.truncate(written);
    let is_its_trailer =
        written == claimed && crc32(&plain) == u32::from_le_bytes([c0, c1, c2, c3]);
    if !is_its_trailer || has_more(wire, trailer, written) {
        return Err(Refused::InvalidEncoding);
    }
    Ok(plain.into())
}

/// Whether something follows the first member, which would be lost.
///
/// The decoder reads one member of `size` bytes, and does not say where it ended.
/// One that ended early has left this trailer before the last byte; only where
/// those eight bytes are found is the decoder asked again, with one byte less.
fn has_more(wire: &[u8], trailer: &[u8; TRAILER_BYTES], size: usize) -> bool {
    let Some((_, front)) = wire.split_last() else { return false };
    front.windows(TRAILER_BYTES).any(|bytes| bytes == trailer)
        && Decompressor::new().gzip_decompress(front, &mut vec![0; size]).is_ok()
}

#[cfg(test)]
mod tests {
    use libdeflater::{CompressionLvl, Compressor};

    use super::*;

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut compressor = Compressor::new(CompressionLvl::default());
        let mut out = vec![0; compressor.gzip_compress_bound(plain.len())];
        let written = compressor.gzip_compress(plain, &mut out).unwrap();
        out.truncate(written);
        out
    }

    fn code(result: Result<Bytes, Refused>) -> &'static str {
        result.unwrap_err().code()
    }

    #[test]
    fn gzip_and_identity_give_the_plain_body() {
        let plain = br#"{"events":[]}"#;
        for (coding, wire) in [
            (None, plain.to_vec()),
            (Some("identity"), plain.to_vec()),
            (Some("gzip"), gzip(plain)),
            (Some(" GZIP "), gzip(plain)),
        ] {
            assert_eq!(decode(coding, wire.into()).unwrap().as_ref(), plain, "{coding:?}");
        }
    }

    #[test]
    fn other_codings_are_named_as_unsupported() {
        for coding in ["br", "zstd", "deflate", "gzip, gzip", ""] {
            let result = decode(Some(coding), Bytes::from_static(b"x"));
            assert_eq!(code(result), "unsupported_encoding", "{coding}");
        }
    }

    #[test]
    fn a_bomb_is_refused_before_memory_is_spent() {
        let many_zeros = gzip(&vec![b' '; HOP_BATCH_MAX_BYTES + 1]);
        assert_eq!(code(decode(Some("gzip"), many_zeros.into())), "body_too_large");
        let steep = gzip(&vec![b' '; 1_000_000]);
        assert_eq!(code(decode(Some("gzip"), steep.into())), "body_too_large");
    }

    #[test]
    fn a_trailer_that_lies_is_refused() {
        let mut lying = gzip(b"twenty bytes of text, and some more");
        let size = lying.len() - 4;
        lying[size..].copy_from_slice(&3_u32.to_le_bytes());
        assert_eq!(code(decode(Some("gzip"), lying.into())), "invalid_encoding");
    }

    #[test]
    fn what_is_cut_short_or_no_gzip_is_not_called_large() {
        let text: String = (0..2_000).map(|number| format!("{{\"number\":{number}}},")).collect();
        let good = gzip(text.as_bytes());
        for length in 0..good.len() {
            let cut = Bytes::copy_from_slice(&good[..length]);
            assert_eq!(code(decode(Some("gzip"), cut)), "invalid_encoding", "{length}");
        }
        for other in [text.into_bytes(), vec![0xff; 100], vec![0; 64], b"{}".to_vec(), Vec::new()] {
            assert_eq!(code(decode(Some("gzip"), other.into())), "invalid_encoding");
        }
    }

    #[test]
    fn nothing_may_follow_the_member() {
        let good = gzip(br#"{"events":[]}"#);
        let trailer = good[good.len() - TRAILER_BYTES..].to_vec();
        let other = gzip(br#"{"events":{}}"#);
        for tail in [
            b"x".to_vec(),
            vec![0; 8],
            other,
            // These end in the trailer of the first member.
            good.clone(),
            trailer.clone(),
            [b"{\"events\":[1]}".to_vec(), trailer].concat(),
        ] {
            let wire = [good.clone(), tail].concat();
            assert_eq!(code(decode(Some("gzip"), wire.into())), "invalid_encoding");
        }
    }
}
