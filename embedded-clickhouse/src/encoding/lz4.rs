//! LZ4's frame format, cut into whole units.
//!
//! The decoder of `lz4_flex` reads from a `Read` and cannot stop in the middle of
//! a block and go on later. So bytes are held here until a whole unit (the frame's
//! header, or one block with its checksum) is there.

use std::io::Read;

use bytes::{Buf, Bytes, BytesMut};
use lz4_flex::frame::FrameDecoder;

use super::unpack::Step;

const MAGIC: [u8; 4] = [0x04, 0x22, 0x4d, 0x18];
/// Magic, FLG, BD and the header's checksum.
const HEADER_BYTES: usize = 7;
/// The largest block that the format knows.
const MAX_BLOCK_BYTES: usize = 4 * 1024 * 1024;

/// Unpacks LZ4 frames, one after the other.
pub(super) struct Frames {
    /// Not yet a whole unit.
    pending: BytesMut,
    decoder: FrameDecoder<bytes::buf::Reader<BytesMut>>,
    /// FLG of the frame that has begun.
    frame: Option<u8>,
}

impl Frames {
    pub(super) fn new() -> Self {
        let decoder = FrameDecoder::new(BytesMut::new().reader());
        Self { pending: BytesMut::new(), decoder, frame: None }
    }

    /// Whether the input may end here.
    pub(super) fn is_between(&self) -> bool {
        self.frame.is_none() && self.pending.is_empty()
    }

    /// Takes all of `input` in, and gives what is unpacked so far into `out`.
    pub(super) fn step(&mut self, input: &mut Bytes, out: &mut [u8]) -> Result<Step, ()> {
        self.pending.extend_from_slice(input);
        input.clear();
        loop {
            let written = self.decoder.read(out).map_err(|_| ())?;
            if written > 0 {
                return Ok(Step::Wrote(written));
            }
            let Some(unit) = self.unit()? else { return Ok(Step::Hungry) };
            let unit = self.pending.split_to(unit);
            self.decoder.get_mut().get_mut().extend_from_slice(&unit);
        }
    }

    /// Length of the next unit, once all of it is there.
    fn unit(&mut self) -> Result<Option<usize>, ()> {
        let flag = |flags: u8, bit: u8, bytes: usize| if flags & bit != 0 { bytes } else { 0 };
        let Some(flags) = self.frame else {
            let Some(&[a, b, c, d, flags, ..]) = self.pending.first_chunk::<HEADER_BYTES>() else {
                return Ok(None);
            };
            if [a, b, c, d] != MAGIC {
                return Err(());
            }
            // A content size and a dictionary's id may follow.
            let length = HEADER_BYTES + flag(flags, 0x08, 8) + flag(flags, 0x01, 4);
            if self.pending.len() < length {
                return Ok(None);
            }
            self.frame = Some(flags);
            return Ok(Some(length));
        };
        let Some(size) = self.pending.first_chunk::<4>() else { return Ok(None) };
        let size = u32::from_le_bytes(*size);
        let data = (size & 0x7fff_ffff) as usize;
        if data > MAX_BLOCK_BYTES {
            return Err(());
        }
        // Size 0 ends the frame; checksums of block and content are optional.
        let last = size == 0;
        let length = 4 + data + if last { flag(flags, 0x04, 4) } else { flag(flags, 0x10, 4) };
        if self.pending.len() < length {
            return Ok(None);
        }
        if last {
            self.frame = None;
        }
        Ok(Some(length))
    }
}
