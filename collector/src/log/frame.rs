//! A frame: what one group commit appends to one lane.
//!
//! Format 2, little endian. A head of 48 bytes:
//!
//! | at | holds |
//! |---|---|
//! | 0 | magic `TMFR` |
//! | 4 | CRC32C of log_id (16 bytes), lane (u16), and the head from byte 8 |
//! | 8 | offset of the first entry, u64 |
//! | 16 | number of the group, u64: grows by each commit of the log |
//! | 24 | the log's time, Unix milliseconds, i64 |
//! | 32 | entries, u32 |
//! | 36 | bytes of the body, u32 |
//! | 40 | CRC32C of the ids |
//! | 44 | CRC32C of the body |
//!
//! Then 16 bytes an entry, the fingerprint of its id; then the body: for each
//! entry tenant_id, event_id (16 bytes each), received_at (Unix milliseconds,
//! i64), the payload's length (u32, the highest bit set when it was erased), the
//! payload. Ids stand twice, under two checksums, so that one flipped bit may
//! lose an entry, and never the knowledge that it was here.
//!
//! An erased entry keeps its length and its fingerprint; tenant, id, time and
//! payload are zeros.
//!
//! Behind the last entry the body may end in zeros, less than a block of the disk: so a
//! large frame ends where a block does, and the next one can be written in whole blocks.
//! Format 1 has none.

use bytes::Bytes;
use uuid::Uuid;

use super::entry::{Content, Entry, Item, Stored};
use super::limits::FRAME_MAX_BYTES;
use crate::dedupe::{Fingerprint, HashKey};
use crate::place::{Lane, LogId};

/// Bytes of a frame's head.
pub const HEAD_BYTES: usize = 48;
/// The first bytes of a frame.
pub const MAGIC: [u8; 4] = *b"TMFR";

/// Bytes of a block: what the zeros behind a frame fill up.
pub const BLOCK_BYTES: usize = 4096;

const ID_BYTES: usize = 16;
const ENTRY_BYTES: usize = 44;
const ERASED: u32 = 1 << 31;

/// What the checksums of a lane's frames begin with.
pub fn seed_of(log_id: LogId, lane: Lane) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(log_id.as_bytes()), &lane.to_le_bytes())
}

/// A frame's head, whose checksum fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Offset of the first entry.
    pub first_offset: u64,
    /// The group that wrote it.
    pub group: u64,
    /// The log's time then, Unix milliseconds.
    pub logged_at_ms: i64,
    /// Entries.
    pub count: u32,
    /// Bytes of the body.
    pub body_bytes: u32,
    ids_checksum: u32,
    body_checksum: u32,
}

impl Head {
    /// The head at the beginning of `bytes`, when there is a sound one.
    pub fn read(bytes: &[u8], seed: u32) -> Option<Self> {
        let head = bytes.get(..HEAD_BYTES)?;
        if head[..4] != MAGIC || u32_at(head, 4) != crc32c::crc32c_append(seed, &head[8..]) {
            return None;
        }
        let head = Self {
            first_offset: u64_at(head, 8),
            group: u64_at(head, 16),
            logged_at_ms: u64_at(head, 24).cast_signed(),
            count: u32_at(head, 32),
            body_bytes: u32_at(head, 36),
            ids_checksum: u32_at(head, 40),
            body_checksum: u32_at(head, 44),
        };
        (head.count > 0 && head.bytes() <= FRAME_MAX_BYTES as u64).then_some(head)
    }

    fn write(&self, seed: u32, into: &mut [u8]) {
        into[..4].copy_from_slice(&MAGIC);
        into[8..16].copy_from_slice(&self.first_offset.to_le_bytes());
        into[16..24].copy_from_slice(&self.group.to_le_bytes());
        into[24..32].copy_from_slice(&self.logged_at_ms.to_le_bytes());
        into[32..36].copy_from_slice(&self.count.to_le_bytes());
        into[36..40].copy_from_slice(&self.body_bytes.to_le_bytes());
        into[40..44].copy_from_slice(&self.ids_checksum.to_le_bytes());
        into[44..48].copy_from_slice(&self.body_checksum.to_le_bytes());
        let checksum = crc32c::crc32c_append(seed, &into[8..HEAD_BYTES]);
        into[4..8].copy_from_slice(&checksum.to_le_bytes());
    }

    /// Bytes of the whole frame.
    pub const fn bytes(&self) -> u64 {
        HEAD_BYTES as u64 + self.count as u64 * ID_BYTES as u64 + self.body_bytes as u64
    }

    /// The offset after the last entry.
    pub const fn end_offset(&self) -> u64 {
        self.first_offset + self.count as u64
    }

    const fn body_at(&self) -> usize {
        HEAD_BYTES + self.count as usize * ID_BYTES
    }

    /// The fingerprints of a whole frame, when their checksum fits; else what
    /// the entries themselves give, when theirs does.
    pub fn ids(&self, frame: &Bytes, key: &HashKey) -> Option<Vec<Fingerprint>> {
        let ids = frame.get(HEAD_BYTES..self.body_at())?;
        if crc32c::crc32c(ids) == self.ids_checksum {
            let ids = ids.chunks_exact(ID_BYTES);
            return Some(ids.map(|id| Fingerprint(u128::from_le_bytes(array(id)))).collect());
        }
        let items = self.items(frame)?;
        let ids = items.iter().map(|item| match &item.content {
            Content::Entry(stored) => Some(key.fingerprint(stored.tenant_id, stored.event_id)),
            Content::Erased | Content::Damaged => None,
        });
        ids.collect()
    }

    /// Whether the body of a whole frame is what was written.
    pub fn body_is_sound(&self, frame: &Bytes) -> bool {
        frame.get(self.body_at()..).is_some_and(|body| crc32c::crc32c(body) == self.body_checksum)
    }

    /// The items of a whole frame; none when its body is not what was written.
    pub fn items(&self, frame: &Bytes) -> Option<Vec<Item>> {
        if self.body_is_sound(frame) { self.items_of_sound(frame) } else { None }
    }

    /// The items of a whole frame whose body is known to be what was written.
    pub fn items_of_sound(&self, frame: &Bytes) -> Option<Vec<Item>> {
        let mut items = Vec::with_capacity(self.count as usize);
        let mut at = self.body_at();
        for offset in self.first_offset..self.end_offset() {
            let entry = frame.get(at..at + ENTRY_BYTES)?;
            let length = u32_at(entry, 40);
            let payload_at = at + ENTRY_BYTES;
            at = payload_at + (length & !ERASED) as usize;
            if at > frame.len() {
                return None;
            }
            let content = if length & ERASED == 0 {
                Content::Entry(Stored {
                    tenant_id: Uuid::from_bytes(array(entry)),
                    event_id: Uuid::from_bytes(array(&entry[16..])),
                    received_at_ms: u64_at(entry, 32).cast_signed(),
                    payload: frame.slice(payload_at..at),
                })
            } else {
                Content::Erased
            };
            items.push(Item { offset, content });
        }
        let rest = frame.get(at..)?;
        (rest.len() < BLOCK_BYTES && rest.iter().all(|byte| *byte == 0)).then_some(items)
    }

    /// The frame with the entries for which `matches` says so erased, and how
    /// many they were; none when there are none.
    pub fn erased(
        &self,
        frame: &Bytes,
        seed: u32,
        matches: &mut dyn FnMut(&Stored) -> bool,
    ) -> Option<(Vec<u8>, usize)> {
        let mut written = Vec::new();
        let mut count = 0;
        let mut at = self.body_at();
        for item in self.items(frame)? {
            let length = (u32_at(&frame[at..], 40) & !ERASED) as usize;
            if let Content::Entry(stored) = &item.content
                && matches(stored)
            {
                if written.is_empty() {
                    written.extend_from_slice(frame);
                }
                count += 1;
                written[at..at + ENTRY_BYTES + length].fill(0);
                let marked = u32_at(&frame[at..], 40) | ERASED;
                written[at + 40..at + 44].copy_from_slice(&marked.to_le_bytes());
            }
            at += ENTRY_BYTES + length;
        }
        if count == 0 {
            return None;
        }
        let head = Self { body_checksum: crc32c::crc32c(&written[self.body_at()..]), ..*self };
        head.write(seed, &mut written);
        Some((written, count))
    }
}

/// Where and when a frame is written.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    /// Offset of the first entry.
    pub first_offset: u64,
    /// The group.
    pub group: u64,
    /// The log's time, Unix milliseconds.
    pub logged_at_ms: i64,
    /// Where in its file it begins, if it is to end where a block does.
    pub block_from: Option<u64>,
}

/// Appends a frame of `entries` to `buffer`: one copy of each payload, and one
/// pass of the checksum over it. Gives back its head; the frame is the last
/// [`Head::bytes`] of the buffer. One that begins and ends where blocks of the disk do
/// begins at such a place of the memory as well, behind some zeros: so it can be written
/// from where it is.
pub fn write<'a, E>(buffer: &mut Vec<u8>, seed: u32, stamp: Stamp, entries: E) -> Head
where
    E: Iterator<Item = (&'a Entry, Fingerprint)> + Clone,
{
    let bytes = entries.clone().map(|(entry, _)| ID_BYTES + ENTRY_BYTES + entry.payload.len());
    buffer.reserve(HEAD_BYTES + bytes.sum::<usize>() + 2 * BLOCK_BYTES);
    if stamp.block_from.is_some_and(|from| from.is_multiple_of(BLOCK_BYTES as u64)) {
        let end = buffer.as_ptr().addr() + buffer.len();
        buffer.resize(buffer.len() + end.next_multiple_of(BLOCK_BYTES) - end, 0);
    }
    let begin = buffer.len();
    buffer.resize(begin + HEAD_BYTES, 0);
    let mut count = 0;
    for (_, fingerprint) in entries.clone() {
        buffer.extend_from_slice(&fingerprint.0.to_le_bytes());
        count += 1;
    }
    let body = buffer.len();
    for (entry, _) in entries {
        buffer.extend_from_slice(entry.tenant_id.as_bytes());
        buffer.extend_from_slice(entry.event_id.as_bytes());
        buffer.extend_from_slice(&entry.received_at_ms.to_le_bytes());
        // Payloads and frames are bounded far below 2^31.
        buffer.extend_from_slice(&(entry.payload.len() as u32).to_le_bytes());
        buffer.extend_from_slice(&entry.payload);
    }
    if let Some(from) = stamp.block_from {
        let over = (from % BLOCK_BYTES as u64) as usize + buffer.len() - begin;
        buffer.resize(buffer.len() + over.next_multiple_of(BLOCK_BYTES) - over, 0);
    }
    let head = Head {
        first_offset: stamp.first_offset,
        group: stamp.group,
        logged_at_ms: stamp.logged_at_ms,
        count,
        body_bytes: (buffer.len() - body) as u32,
        ids_checksum: crc32c::crc32c(&buffer[begin + HEAD_BYTES..body]),
        body_checksum: crc32c::crc32c(&buffer[body..]),
    };
    head.write(seed, &mut buffer[begin..begin + HEAD_BYTES]);
    head
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    std::array::from_fn(|at| bytes[at])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array(&bytes[at..]))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array(&bytes[at..]))
}
