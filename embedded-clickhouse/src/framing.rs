//! ClickHouse's own block framing, both ways.
//!
//! A block is a checksum (16 bytes: CityHash128 of version 1.0.2 over all that
//! follows, its two halves low word first), a method byte, the length of method
//! byte, lengths and data together (u32 LE), the uncompressed length (u32 LE),
//! and the data. Methods served: LZ4 (0x82) and none (0x02).
//!
//! Nothing is allocated for a block before its lengths are within bounds, and
//! no byte is handed on before its checksum matched.

use bytes::{Buf, Bytes, BytesMut};

use crate::exception::{Code, Exception};
use crate::limits::{MAX_BLOCK_BYTES, OUT_BLOCK_BYTES};

const CHECKSUM_BYTES: usize = 16;
const HEADER_BYTES: usize = 9;
const LZ4: u8 = 0x82;
const NONE: u8 = 0x02;

/// Reads blocks from a body that arrives in pieces of any size.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    pending: BytesMut,
}

impl Decoder {
    /// Takes in the next piece of the body.
    pub(crate) fn push(&mut self, piece: &[u8]) {
        self.pending.extend_from_slice(piece);
    }

    /// Returns the content of the next whole block, or `None` until it is there.
    pub(crate) fn next_block(&mut self) -> Result<Option<Bytes>, Exception> {
        let Some(header) = self.pending.get(CHECKSUM_BYTES..CHECKSUM_BYTES + HEADER_BYTES) else {
            return Ok(None);
        };
        let mut fields = header;
        let method = fields.get_u8();
        let framed = fields.get_u32_le() as usize;
        let size = fields.get_u32_le() as usize;
        if method != LZ4 && method != NONE {
            return Err(Exception::new(
                Code::UnknownCompressionMethod,
                format!(
                    "Unknown compression method 0x{method:02x}: LZ4 (0x82) and NONE (0x02) are served"
                ),
            ));
        }
        if !(HEADER_BYTES..=MAX_BLOCK_BYTES).contains(&framed) || size > MAX_BLOCK_BYTES {
            return Err(Exception::new(
                Code::TooLargeSizeCompressed,
                format!(
                    "A compressed block of {framed} bytes ({size} uncompressed) is out of bounds (at most {MAX_BLOCK_BYTES})"
                ),
            ));
        }
        if self.pending.len() < CHECKSUM_BYTES + framed {
            self.pending.reserve(CHECKSUM_BYTES + framed - self.pending.len());
            return Ok(None);
        }
        let mut expected = self.pending.split_to(CHECKSUM_BYTES);
        let block = self.pending.split_to(framed).freeze();
        if checksum(&block) != expected.get_u128_le() {
            return Err(Exception::new(
                Code::ChecksumDoesntMatch,
                "Checksum doesn't match: corrupted data in a compressed block",
            ));
        }
        let data = block.slice(HEADER_BYTES..);
        if method == NONE {
            return if data.len() == size { Ok(Some(data)) } else { Err(wrong_size()) };
        }
        // `size` is bounded above, so a header cannot make this allocate more.
        let plain = lz4_flex::block::decompress(&data, size).map_err(|_| wrong_size())?;
        if plain.len() == size { Ok(Some(plain.into())) } else { Err(wrong_size()) }
    }

    /// Says whether the body may end here: no block has begun.
    pub(crate) fn finish(&self) -> Result<(), Exception> {
        if self.pending.is_empty() {
            return Ok(());
        }
        Err(Exception::new(
            Code::CannotReadAllData,
            format!(
                "The body ends inside a compressed block ({} bytes of it are there)",
                self.pending.len()
            ),
        ))
    }
}

fn wrong_size() -> Exception {
    Exception::new(
        Code::IncorrectData,
        "A compressed block does not have the size that its header says",
    )
}

/// Frames content as LZ4 blocks of at most `OUT_BLOCK_BYTES` each.
pub(crate) fn encode(content: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(content.len() / 2 + 64);
    for piece in content.chunks(OUT_BLOCK_BYTES) {
        let data = lz4_flex::block::compress(piece);
        let mut block = Vec::with_capacity(HEADER_BYTES + data.len());
        block.push(LZ4);
        // Both fit: a piece is at most OUT_BLOCK_BYTES, and LZ4 adds under 1 %.
        block.extend_from_slice(
            &u32::try_from(HEADER_BYTES + data.len()).unwrap_or(0).to_le_bytes(),
        );
        block.extend_from_slice(&u32::try_from(piece.len()).unwrap_or(0).to_le_bytes());
        block.extend_from_slice(&data);
        out.extend_from_slice(&checksum(&block).to_le_bytes());
        out.extend_from_slice(&block);
    }
    out.into()
}

fn checksum(block: &[u8]) -> u128 {
    cityhash_rs::cityhash_102_128(block).rotate_right(64)
}

#[cfg(test)]
mod tests;
