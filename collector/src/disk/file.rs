//! A file that is appended to. What is large goes past the system's memory.
//!
//! A group's frames are written once and read by nobody from here: copying them into
//! pages that the system has to find, to write and to let go costs it more than the disk
//! does. So an append of [`DIRECT_MIN_BYTES`] or more is written in whole blocks with
//! `O_DIRECT`, together with the begun block that it goes on in; the bytes behind the
//! last whole block go by the system's memory as small appends do. What begins where a
//! block does, in the file and in memory, is written from where it is; the rest is copied
//! to where a block may begin.
//!
//! What always holds: the file's length is the bytes that were appended, and nothing is
//! durable before [`sync`](Appender::sync), which also has the disk empty its own memory.
//! The begun block is written again with the same bytes in front, as it is where the
//! system writes its page. A file system that knows no such writes gets ordinary ones.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use super::Appender;
use crate::planted::conditions;

/// What a direct write begins and ends at, in memory and in the file: a page, and a
/// block of every file system that is in use.
const BLOCK_BYTES: usize = 4096;

/// Smaller appends go by the system's memory, which costs less there. It takes longer at
/// worst: an fsync waits for pages to be written, and ext4 then for a thread of its own that
/// says so of the file, on a machine where others want the processor and the disk. A batch
/// of 100 events beside a ClickHouse that merges was durable after 18 ms by pages and after 9
/// by blocks, at the 99th of 100.
#[cfg(target_os = "linux")]
const DIRECT_MIN_BYTES: usize = 32 * 1024;

/// Bytes that are copied to where a direct write can begin, and written, at once: few
/// enough to be in the processor's own memory still.
#[cfg(target_os = "linux")]
const PIECE_BYTES: usize = 256 * 1024;

/// See the module.
pub(super) struct RealFile {
    file: File,
    /// Where the next byte goes.
    at: u64,
    /// Whether the system's memory holds whole pages of what was appended.
    is_cached: bool,
    /// Whether something was appended since the last sync.
    #[cfg(target_os = "linux")]
    is_dirty: bool,
    #[cfg(target_os = "linux")]
    direct: Direct,
}

/// Whether and from where direct writes are done.
#[cfg(target_os = "linux")]
enum Direct {
    /// Nobody has asked yet.
    Untried,
    /// The file system takes them; the memory holds a piece, and a block to align it, once
    /// one was needed.
    From(Vec<u8>),
    /// It does not.
    Refused,
}

impl RealFile {
    /// A file that is open for reading and writing, and is appended to at `at`, its end.
    pub(super) const fn new(file: File, at: u64) -> Self {
        Self {
            file,
            at,
            is_cached: false,
            #[cfg(target_os = "linux")]
            is_dirty: false,
            #[cfg(target_os = "linux")]
            direct: Direct::Untried,
        }
    }

    fn append_cached(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all_at(bytes, self.at)?;
        self.is_cached |= bytes.len() >= BLOCK_BYTES;
        self.at += bytes.len() as u64;
        Ok(())
    }
}

#[cfg(target_os = "linux")]
impl RealFile {
    /// Appends in whole blocks as far as there are any. Pages that are not written yet
    /// would have to be first, so what follows a small append before its sync is small.
    fn append_direct(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.is_dirty || bytes.len() < DIRECT_MIN_BYTES {
            return self.append_cached(bytes);
        }
        if matches!(self.direct, Direct::Untried) {
            self.direct = Direct::From(Vec::new());
        }
        let Direct::From(memory) = &mut self.direct else { return self.append_cached(bytes) };
        let is_in_place = self.at.is_multiple_of(BLOCK_BYTES as u64)
            && bytes.as_ptr().addr().is_multiple_of(BLOCK_BYTES);
        let written = if is_in_place {
            blocks_in_place(&self.file, self.at, bytes)
        } else {
            memory.resize(PIECE_BYTES + BLOCK_BYTES, 0);
            let aligned = memory.as_ptr().align_offset(BLOCK_BYTES).min(BLOCK_BYTES);
            whole_blocks(&self.file, self.at, bytes, &mut memory[aligned..aligned + PIECE_BYTES])
        };
        match written {
            Ok(written) => {
                self.at += written as u64;
                self.append_cached(&bytes[written..])
            }
            Err(error) if is_refusal(&error) => {
                self.direct = Direct::Refused;
                self.append_cached(bytes)
            }
            Err(error) => Err(error),
        }
    }
}

/// What a file system says that takes no direct writes, or only larger ones. Bytes that
/// were written before it said so are written again.
#[cfg(target_os = "linux")]
fn is_refusal(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported)
}

/// Appends the whole blocks of `bytes` at `at`, with what the block that is begun there
/// holds; how many of the bytes that were.
#[cfg(target_os = "linux")]
fn whole_blocks(file: &File, at: u64, bytes: &[u8], piece: &mut [u8]) -> io::Result<usize> {
    let begun = (at % BLOCK_BYTES as u64) as usize;
    let mut block_at = at - begun as u64;
    file.read_exact_at(&mut piece[..begun], block_at)?;
    let end = (begun + bytes.len()) / BLOCK_BYTES * BLOCK_BYTES;
    let mut rest = &bytes[..end - begun];
    let mut filled = begun;
    set_direct(file, true)?;
    let mut write = || {
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(piece.len() - filled));
            piece[filled..filled + now.len()].copy_from_slice(now);
            let length = filled + now.len();
            file.write_all_at(&piece[..length], block_at)?;
            (rest, filled, block_at) = (later, 0, block_at + length as u64);
        }
        Ok(())
    };
    let written = write();
    set_direct(file, false)?;
    written.map(|()| end - begun)
}

/// Appends the whole blocks of `bytes`, which begin where a block does in the file and in
/// memory: at once and from where they are. How many of the bytes that were.
#[cfg(target_os = "linux")]
fn blocks_in_place(file: &File, at: u64, bytes: &[u8]) -> io::Result<usize> {
    let end = bytes.len() / BLOCK_BYTES * BLOCK_BYTES;
    set_direct(file, true)?;
    let written = file.write_all_at(&bytes[..end], at);
    set_direct(file, false)?;
    written.map(|()| end)
}

/// Has the following writes go past the system's memory, or not.
#[cfg(target_os = "linux")]
fn set_direct(file: &File, direct: bool) -> io::Result<()> {
    use rustix::fs::{OFlags, fcntl_setfl};
    Ok(fcntl_setfl(file, if direct { OFlags::DIRECT } else { OFlags::empty() })?)
}

impl Appender for RealFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        {
            let appended = self.append_direct(bytes);
            self.is_dirty = true;
            appended
        }
        #[cfg(not(target_os = "linux"))]
        self.append_cached(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        conditions::slow_sync();
        self.file.sync_data()?;
        #[cfg(target_os = "linux")]
        {
            self.is_dirty = false;
        }
        Ok(())
    }

    /// Whole pages go; the one that the next bytes are appended to stays.
    #[cfg(target_os = "linux")]
    fn forget(&mut self, from: u64, to: u64) {
        if !std::mem::take(&mut self.is_cached) {
            return;
        }
        let from = from - from % BLOCK_BYTES as u64;
        if let Some(length) = std::num::NonZeroU64::new(to.saturating_sub(from)) {
            // A system that does not take the hint keeps the pages.
            let _ =
                rustix::fs::fadvise(&self.file, from, Some(length), rustix::fs::Advice::DontNeed);
        }
    }
}
