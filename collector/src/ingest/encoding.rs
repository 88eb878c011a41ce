//! Content-Encoding: what a verified body becomes before it is parsed.
//!
//! A bomb costs at most the body's own bound: the size that gzip's trailer
//! claims is held against it before anything is allocated, and more than was
//! claimed is an error of the decoder.

use bytes::Bytes;
use libdeflater::{Decompressor, crc32};
use tidemark_core::limits::HOP_BATCH_MAX_BYTES;

use crate::limits::DECOMPRESSION_MAX_RATIO;
use crate::refusal::Refused;

/// Bytes of the shortest gzip member: ten of head, eight of trailer, two of data.
const GZIP_MIN_BYTES: usize = 20;

/// Decodes a body. Absent and `identity` are the body itself; `gzip` is one member.
///
/// # Errors
/// `unsupported_encoding` for another coding, `body_too_large` for more than
/// 2 MB or 200 times the wire's bytes, `invalid_encoding` for broken gzip.
pub(super) fn decode(coding: Option<&str>, wire: Bytes) -> Result<Bytes, Refused> {
    match coding.map(str::trim) {
        None => Ok(wire),
        Some(coding) if coding.eq_ignore_ascii_case("identity") => Ok(wire),
        Some(coding) if coding.eq_ignore_ascii_case("gzip") => gunzip(&wire),
        Some(_) => Err(Refused::UnsupportedEncoding),
    }
}

fn gunzip(wire: &[u8]) -> Result<Bytes, Refused> {
    let trailer = wire.last_chunk::<8>().filter(|_| wire.len() >= GZIP_MIN_BYTES);
    let [c0, c1, c2, c3, s0, s1, s2, s3] = *trailer.ok_or(Refused::InvalidEncoding)?;
    let claimed =
        usize::try_from(u32::from_le_bytes([s0, s1, s2, s3])).map_err(|_| Refused::BodyTooLarge)?;
    if claimed > HOP_BATCH_MAX_BYTES || claimed > wire.len().saturating_mul(DECOMPRESSION_MAX_RATIO)
    {
        return Err(Refused::BodyTooLarge);
    }
    let mut plain = vec![0; claimed];
    let written = Decompressor::new()
        .gzip_decompress(wire, &mut plain)
        .map_err(|_| Refused::InvalidEncoding)?;
    plain.truncate(written);
    // The decoder ends with the first member; when the last trailer is another
    // one's, something was sent that would be lost.
    if crc32(&plain) != u32::from_le_bytes([c0, c1, c2, c3]) {
        return Err(Refused::InvalidEncoding);
    }
    Ok(plain.into())
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
    fn broken_gzip_is_refused() {
        let good = gzip(br#"{"events":[]}"#);
        let two = [good.clone(), gzip(br#"{"events":{}}"#)].concat();
        for broken in
            [b"".to_vec(), b"{}".to_vec(), vec![0; 64], good[..good.len() - 1].to_vec(), two]
        {
            assert_eq!(code(decode(Some("gzip"), broken.into())), "invalid_encoding");
        }
    }
}
