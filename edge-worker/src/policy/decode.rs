//! A body as it comes off the wire, made plain a chunk at a time.
//!
//! Always true: nothing beyond the bounds is ever held, however small what makes
//! it is: [`BATCH_MAX_BYTES`] on the wire, as many when decompressed, and
//! [`MAX_RATIO`] times the wire's bytes. One gzip member or one zlib stream is a
//! body; what is cut short, damaged or followed by anything is none. One coding
//! alone is taken: a body that is compressed twice would be a bomb's best hiding
//! place, and nobody's need.

use flate2::{Decompress, FlushDecompress, Status};
use tidemark_core::limits::BATCH_MAX_BYTES;
use tidemark_core::verdict::Code;

/// How many bytes one compressed byte may become, as at the collector. A batch of
/// 500 clicks of one page becomes 17, one of 500 equal long texts 103, a bomb
/// 1,032.
pub const MAX_RATIO: usize = 200;

/// Bytes that are decompressed at a time.
const STEP_BYTES: usize = 16 * 1024;

/// zlib's window: 32 KB, the largest that either coding knows.
const WINDOW_BITS: u8 = 15;

/// The codings that are taken, as `Accept-Encoding` tells them.
pub const ACCEPTED: &str = "gzip, deflate";

/// How a body is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// It is plain.
    Identity,
    /// One gzip member (RFC 1952).
    Gzip,
    /// One zlib stream (RFC 9110, 8.4.1.2, and RFC 1950).
    Deflate,
}

impl Coding {
    /// Reads `Content-Encoding`.
    ///
    /// # Errors
    /// `unsupported_encoding` for another coding, or more than one.
    pub fn of(content_encoding: Option<&str>) -> Result<Self, Code> {
        let named = content_encoding.unwrap_or_default().trim();
        for (name, coding) in [
            ("", Self::Identity),
            ("identity", Self::Identity),
            ("gzip", Self::Gzip),
            ("x-gzip", Self::Gzip),
            ("deflate", Self::Deflate),
        ] {
            if named.eq_ignore_ascii_case(name) {
                return Ok(coding);
            }
        }
        Err(Code::UnsupportedEncoding)
    }
}

/// A body that is being read.
pub struct Decoder {
    wire_bytes: usize,
    plain: Vec<u8>,
    stage: Stage,
}

enum Stage {
    Plain,
    Inflating(Decompress),
    /// The end: nothing may follow.
    Ended,
}

impl Decoder {
    /// Nothing has come yet; `expected_bytes` is what the wire's length says.
    pub fn new(coding: Coding, expected_bytes: Option<u64>) -> Self {
        let expected = expected_bytes.and_then(|bytes| usize::try_from(bytes).ok());
        let stage = match coding {
            Coding::Identity => Stage::Plain,
            Coding::Gzip => Stage::Inflating(Decompress::new_gzip(WINDOW_BITS)),
            Coding::Deflate => Stage::Inflating(Decompress::new(true)),
        };
        let plain = Vec::with_capacity(expected.unwrap_or_default().min(BATCH_MAX_BYTES));
        Self { wire_bytes: 0, plain, stage }
    }

    /// Takes a chunk of the wire.
    ///
    /// # Errors
    /// `body_too_large` over a bound, `invalid_encoding` for what is not what it
    /// should be. Nothing more is to be read then.
    pub fn push(&mut self, chunk: &[u8]) -> Result<(), Code> {
        self.wire_bytes = self.wire_bytes.saturating_add(chunk.len());
        if self.wire_bytes > BATCH_MAX_BYTES {
            return Err(Code::BodyTooLarge);
        }
        match &mut self.stage {
            Stage::Plain => self.plain.extend_from_slice(chunk),
            Stage::Inflating(inflating) => {
                let bound = BATCH_MAX_BYTES.min(self.wire_bytes.saturating_mul(MAX_RATIO));
                match inflate(inflating, chunk, &mut self.plain, bound)? {
                    Some(used) if used < chunk.len() => return Err(Code::InvalidEncoding),
                    Some(_) => self.stage = Stage::Ended,
                    None => {}
                }
            }
            Stage::Ended if chunk.is_empty() => {}
            Stage::Ended => return Err(Code::InvalidEncoding),
        }
        Ok(())
    }

    /// The whole body, once the wire has ended.
    ///
    /// # Errors
    /// `invalid_encoding` for one that was cut short.
    pub fn finish(self) -> Result<Vec<u8>, Code> {
        match self.stage {
            Stage::Plain | Stage::Ended => Ok(self.plain),
            Stage::Inflating(_) => Err(Code::InvalidEncoding),
        }
    }
}

/// Inflates a chunk. How much of it was used when the stream has ended, and `None`
/// while it has not.
fn inflate(
    inflating: &mut Decompress,
    chunk: &[u8],
    plain: &mut Vec<u8>,
    bound: usize,
) -> Result<Option<usize>, Code> {
    let start = inflating.total_in();
    let used = |inflating: &Decompress| {
        usize::try_from(inflating.total_in().saturating_sub(start)).unwrap_or(usize::MAX)
    };
    let mut step = [0; STEP_BYTES];
    loop {
        let rest = chunk.get(used(inflating)..).unwrap_or_default();
        let before = inflating.total_out();
        let status = inflating
            .decompress(rest, &mut step, FlushDecompress::None)
            .map_err(|_| Code::InvalidEncoding)?;
        let written = usize::try_from(inflating.total_out().saturating_sub(before));
        let written = step.get(..written.unwrap_or(usize::MAX)).unwrap_or_default();
        if plain.len().saturating_add(written.len()) > bound {
            return Err(Code::BodyTooLarge);
        }
        plain.extend_from_slice(written);
        match status {
            Status::StreamEnd => return Ok(Some(used(inflating))),
            // It stops for want of room, or of more to read.
            _ if written.len() == STEP_BYTES => {}
            Status::Ok if used(inflating) < chunk.len() => {}
            Status::Ok | Status::BufError => return Ok(None),
        }
    }
}

#[cfg(test)]
mod tests;
