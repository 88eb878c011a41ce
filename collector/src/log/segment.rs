//! A segment: one file of a lane, a head of 64 bytes and then frames.
//!
//! Format 2, little endian. The first 16 bytes, and what the checksum covers,
//! are the same in every version to come:
//!
//! | at | holds |
//! |---|---|
//! | 0 | magic `TMSEG\r\n` and a zero |
//! | 8 | version, u16 |
//! | 10 | lane, u16 |
//! | 12 | CRC32C of the head without this field |
//! | 16 | log_id |
//! | 32 | base: offset of the first entry, u64; the file's name holds it as well |
//! | 40 | follows: offset after the last entry of the segment before, u64; below `base` where a repair skipped some |
//! | 48 | the log's time when it was made, Unix milliseconds, i64 |
//! | 56 | zeros |
//!
//! Format 1 is the same, but for [frames](super::frame) that end in zeros.

use bytes::Bytes;
use std::io;

use super::frame::{HEAD_BYTES, Head, MAGIC as FRAME_MAGIC};
use crate::disk::Disk;
use crate::place::{Lane, LogId};

/// Bytes of a segment's head.
pub const SEGMENT_HEAD_BYTES: usize = 64;

const MAGIC: &[u8; 8] = b"TMSEG\r\n\0";
/// The format that is written.
pub const VERSION: u16 = 2;

/// Bytes read at once while a segment is walked through.
const CHUNK_BYTES: usize = 1024 * 1024;

/// The name of the segment that begins at an offset.
pub fn name_of(base: u64) -> String {
    format!("{base:020}.seg")
}

/// The offset in a segment's name.
pub fn base_of(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".seg")?;
    (digits.len() == 20).then(|| digits.parse().ok())?
}

/// A segment's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentHead {
    /// The log.
    pub log_id: LogId,
    /// The lane.
    pub lane: Lane,
    /// Offset of the first entry.
    pub base: u64,
    /// Offset after the last entry of the segment before.
    pub follows: u64,
    /// The log's time when it was made, Unix milliseconds.
    pub made_at_ms: i64,
}

/// What the first bytes of a segment are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadFound {
    /// A head of this format.
    Sound(SegmentHead),
    /// A head of a newer format.
    Newer(u16),
    /// None that can be believed.
    Damaged,
}

impl SegmentHead {
    /// The bytes on disk.
    pub fn to_bytes(self) -> [u8; SEGMENT_HEAD_BYTES] {
        let mut bytes = [0; SEGMENT_HEAD_BYTES];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..10].copy_from_slice(&VERSION.to_le_bytes());
        bytes[10..12].copy_from_slice(&self.lane.to_le_bytes());
        bytes[16..32].copy_from_slice(self.log_id.as_bytes());
        bytes[32..40].copy_from_slice(&self.base.to_le_bytes());
        bytes[40..48].copy_from_slice(&self.follows.to_le_bytes());
        bytes[48..56].copy_from_slice(&self.made_at_ms.to_le_bytes());
        let checksum = checksum(&bytes);
        bytes[12..16].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// What the first bytes of a segment are.
    pub fn read(bytes: &[u8]) -> HeadFound {
        let Some(bytes) = bytes.first_chunk::<SEGMENT_HEAD_BYTES>() else {
            return HeadFound::Damaged;
        };
        let word = |at: usize| u64::from_le_bytes(std::array::from_fn(|byte| bytes[at + byte]));
        let half = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        if bytes[..8] != *MAGIC || bytes[12..16] != checksum(bytes).to_le_bytes() {
            return HeadFound::Damaged;
        }
        if half(8) > VERSION {
            return HeadFound::Newer(half(8));
        }
        HeadFound::Sound(Self {
            log_id: LogId::from_bytes(std::array::from_fn(|byte| bytes[16 + byte])),
            lane: half(10),
            base: word(32),
            follows: word(40),
            made_at_ms: word(48).cast_signed(),
        })
    }
}

fn checksum(head: &[u8; SEGMENT_HEAD_BYTES]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&head[..12]), &head[16..])
}

/// What stands at a place of a segment.
#[derive(Clone, Debug)]
pub enum Found {
    /// A frame whose head is sound; the body may not be.
    Frame {
        /// Where it begins.
        at: u64,
        /// Its head.
        head: Head,
        /// All of it.
        frame: Bytes,
    },
    /// Bytes that are no frame.
    Bad {
        /// Where they begin.
        at: u64,
        /// How many they are.
        length: u64,
        /// The offset that should have stood there.
        from: u64,
        /// The offset at which a sound head follows; none when none does.
        to: Option<u64>,
        /// The head that stands there, when it is sound and its frame is cut short.
        cut: Option<Head>,
    },
    /// The end.
    End,
}

/// Walks through a segment's frames.
pub struct Walk<'a> {
    disk: &'a dyn Disk,
    path: &'a str,
    seed: u32,
    /// Bytes of the file that count.
    length: u64,
    at: u64,
    offset: u64,
    chunk: Bytes,
    chunk_at: u64,
    chunk_bytes: usize,
}

impl<'a> Walk<'a> {
    /// A walk over the first `length` bytes of a file, from the frame at `at`,
    /// whose first entry has `offset`.
    pub fn new(
        disk: &'a dyn Disk,
        path: &'a str,
        seed: u32,
        length: u64,
        at: u64,
        offset: u64,
    ) -> Self {
        Self {
            disk,
            path,
            seed,
            length,
            at,
            offset,
            chunk: Bytes::new(),
            chunk_at: 0,
            chunk_bytes: CHUNK_BYTES,
        }
    }

    /// Reads so many bytes at once; for who wants only a few frames.
    #[must_use]
    pub const fn in_chunks_of(mut self, bytes: usize) -> Self {
        self.chunk_bytes = bytes;
        self
    }

    /// Where the next frame begins, and the offset of its first entry.
    pub const fn place(&self) -> (u64, u64) {
        (self.at, self.offset)
    }

    /// What stands at the present place, and goes behind it.
    ///
    /// # Errors
    /// The disk's.
    pub fn next(&mut self) -> io::Result<Found> {
        if self.at >= self.length {
            return Ok(Found::End);
        }
        let at = self.at;
        let mut cut = None;
        if let Some(head) = Head::read(&self.bytes(at, HEAD_BYTES)?, self.seed)
            && head.first_offset == self.offset
        {
            if at + head.bytes() <= self.length {
                let length = usize::try_from(head.bytes()).unwrap_or(usize::MAX);
                let frame = self.bytes(at, length)?;
                if frame.len() == length {
                    self.at += head.bytes();
                    self.offset = head.end_offset();
                    return Ok(Found::Frame { at, head, frame });
                }
            }
            cut = Some(head);
        }
        let from = self.offset;
        let next = self.search(at + 1)?;
        (self.at, self.offset) = next.unwrap_or((self.length, from));
        let to = next.map(|(_, offset)| offset);
        Ok(Found::Bad { at, length: self.at - at, from, to, cut })
    }

    /// The next sound head of a frame that fits and does not go back.
    fn search(&mut self, from: u64) -> io::Result<Option<(u64, u64)>> {
        let mut at = from;
        while at + HEAD_BYTES as u64 <= self.length {
            let bytes = self.bytes(at, CHUNK_BYTES)?;
            let last = bytes.len().saturating_sub(HEAD_BYTES);
            let candidates = (0..=last).filter(|place| bytes[*place..].starts_with(&FRAME_MAGIC));
            for place in candidates {
                if let Some(head) = Head::read(&bytes[place..], self.seed)
                    && head.first_offset >= self.offset
                    && at + place as u64 + head.bytes() <= self.length
                {
                    return Ok(Some((at + place as u64, head.first_offset)));
                }
            }
            if bytes.len() < HEAD_BYTES {
                break;
            }
            at += last as u64 + 1;
        }
        Ok(None)
    }

    /// `length` bytes at a place, fewer at the end of what counts.
    fn bytes(&mut self, at: u64, length: usize) -> io::Result<Bytes> {
        let left = usize::try_from(self.length - at).unwrap_or(usize::MAX);
        let length = length.min(left);
        let skip = usize::try_from(at.wrapping_sub(self.chunk_at)).unwrap_or(usize::MAX);
        if at < self.chunk_at || skip.saturating_add(length) > self.chunk.len() {
            let wanted = length.max(self.chunk_bytes).min(left);
            self.chunk = Bytes::from(self.disk.read(self.path, at, wanted)?);
            self.chunk_at = at;
            return Ok(self.chunk.slice(..length.min(self.chunk.len())));
        }
        Ok(self.chunk.slice(skip..skip + length))
    }
}
