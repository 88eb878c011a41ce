//! Content-Encoding: what a body becomes before it is parsed.
//!
//! A bomb costs at most the body's own bound: nothing larger is ever allocated,
//! and what does not fit ends the decoder. (Brotli's window is beside that: at most
//! 16 MB, and a thread decodes one body at a time.) A trailer's or a frame's size is
//! a hint and no more, because a body that is cut short, or is something else,
//! ends in any bytes.

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use bytes::Bytes;
use libdeflater::{DecompressionError, Decompressor, crc32};

use crate::limits::DECOMPRESSION_MAX_RATIO;
use crate::refusal::Refused;

/// Bytes of the shortest gzip member: ten of head, eight of trailer, two of data.
const GZIP_MIN_BYTES: usize = 20;

/// Bytes of a gzip member's trailer: its CRC-32 and its size modulo 2^32.
const TRAILER_BYTES: usize = 8;

/// Bytes of the shortest zlib stream: two of head, four of checksum, two of data.
const ZLIB_MIN_BYTES: usize = 8;

/// Decodes a body. Absent and `identity` are the body itself; `gzip` is one member,
/// `zstd` one frame or several, `br` and `deflate` one stream.
///
/// # Errors
/// `unsupported_encoding` for another coding, or several; `body_too_large` for more
/// than `max_bytes` or 200 times the wire's bytes; `invalid_encoding` for what is
/// not what it says, is cut short, or has anything behind it.
pub(super) fn decode(
    coding: Option<&str>,
    wire: Bytes,
    max_bytes: usize,
) -> Result<Bytes, Refused> {
    let coding = coding.map_or("identity", str::trim);
    let bound = max_bytes.min(wire.len().saturating_mul(DECOMPRESSION_MAX_RATIO));
    let decoder = [
        ("gzip", gunzip as fn(&[u8], usize) -> Result<Vec<u8>, Broken>),
        ("x-gzip", gunzip),
        ("zstd", unzstd),
        ("br", unbrotli),
        ("deflate", inflate),
    ]
    .into_iter()
    .find(|(name, _)| coding.eq_ignore_ascii_case(name));
    match decoder {
        None if coding.eq_ignore_ascii_case("identity") => Ok(wire),
        None => Err(Refused::UnsupportedEncoding),
        Some((_, decode)) => decode(&wire, bound).map(Bytes::from).map_err(|broken| match broken {
            Broken::TooLarge => Refused::body_too_large(max_bytes),
            Broken::Invalid => Refused::InvalidEncoding,
        }),
    }
}

/// Why a body does not decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Broken {
    /// It is more than its bound.
    TooLarge,
    /// It is not what its coding says.
    Invalid,
}

fn gunzip(wire: &[u8], bound: usize) -> Result<Vec<u8>, Broken> {
    let trailer = wire.last_chunk::<TRAILER_BYTES>().filter(|_| wire.len() >= GZIP_MIN_BYTES);
    let trailer = trailer.ok_or(Broken::Invalid)?;
    let [c0, c1, c2, c3, size @ ..] = *trailer;
    let claimed = usize::try_from(u32::from_le_bytes(size)).unwrap_or(usize::MAX);
    let mut plain = vec![0; claimed.min(bound)];
    let written =
        Decompressor::new().gzip_decompress(wire, &mut plain).map_err(|error| match error {
            // More than its own trailer says is broken, and not large.
            DecompressionError::InsufficientSpace if claimed > bound => Broken::TooLarge,
            DecompressionError::InsufficientSpace | DecompressionError::BadData => Broken::Invalid,
        })?;
    plain.truncate(written);
    let is_its_trailer =
        written == claimed && crc32(&plain) == u32::from_le_bytes([c0, c1, c2, c3]);
    if !is_its_trailer || has_more(wire, trailer, written) {
        return Err(Broken::Invalid);
    }
    Ok(plain)
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

/// `deflate` is zlib's stream (RFC 9110, 8.4.1.2). It says no size: its checksum,
/// which ends it, shows that nothing follows.
fn inflate(wire: &[u8], bound: usize) -> Result<Vec<u8>, Broken> {
    let checksum = wire.last_chunk::<4>().filter(|_| wire.len() >= ZLIB_MIN_BYTES);
    let checksum = u32::from_be_bytes(*checksum.ok_or(Broken::Invalid)?);
    let mut plain = vec![0; bound];
    let written =
        Decompressor::new().zlib_decompress(wire, &mut plain).map_err(|error| match error {
            DecompressionError::InsufficientSpace => Broken::TooLarge,
            DecompressionError::BadData => Broken::Invalid,
        })?;
    plain.truncate(written);
    // Something behind that ends in this checksum again: see `has_more`.
    let more = |(_, front): (&u8, &[u8])| {
        front.windows(4).any(|bytes| bytes == checksum.to_be_bytes())
            && Decompressor::new().zlib_decompress(front, &mut vec![0; written]).is_ok()
    };
    if libdeflater::adler32(&plain) != checksum || wire.split_last().is_some_and(more) {
        return Err(Broken::Invalid);
    }
    Ok(plain)
}

fn unzstd(wire: &[u8], bound: usize) -> Result<Vec<u8>, Broken> {
    if wire.is_empty() {
        return Err(Broken::Invalid);
    }
    let mut plain = vec![0; bound];
    let decompressor = zstd::bulk::Decompressor::new();
    let written = decompressor
        .and_then(|mut decompressor| decompressor.decompress_to_buffer(wire, &mut plain))
        .map_err(|error| match error.to_string().contains("too small") {
            true => Broken::TooLarge,
            false => Broken::Invalid,
        })?;
    plain.truncate(written);
    Ok(plain)
}

fn unbrotli(wire: &[u8], bound: usize) -> Result<Vec<u8>, Broken> {
    let alloc = StandardAlloc::default;
    let mut state = BrotliState::new(alloc(), alloc(), alloc());
    let mut plain = vec![0; bound];
    let (mut left, mut at) = (wire.len(), 0);
    let (mut room, mut written, mut total) = (plain.len(), 0, 0);
    let result = BrotliDecompressStream(
        &mut left,
        &mut at,
        wire,
        &mut room,
        &mut written,
        &mut plain,
        &mut total,
        &mut state,
    );
    match result {
        BrotliResult::ResultSuccess if left == 0 => {
            plain.truncate(written);
            Ok(plain)
        }
        BrotliResult::NeedsMoreOutput => Err(Broken::TooLarge),
        BrotliResult::ResultSuccess
        | BrotliResult::NeedsMoreInput
        | BrotliResult::ResultFailure => Err(Broken::Invalid),
    }
}

#[cfg(test)]
mod tests;
