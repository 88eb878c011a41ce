//! Sorted ids in a file: what a snapshot consists of, and where the oldest ids
//! live when memory is short.
//!
//! Format 1, little endian. Pages of 4,096 bytes. The first holds the magic
//! `TMRUN1\r\n`, the run's number (u64) and zeros; each further one up to 255
//! ids of 16 bytes, ascending. A page's last 16 bytes: how many ids (u32), its
//! number in the file (u32), the run's number (its lower 32 bits), and the
//! CRC32C of all before. How many ids the whole run has, the manifest says.
//!
//! A run is written once, synced, and never changed.

use std::io;

use super::filter::Filter;
use super::fingerprint::Fingerprint;
use crate::disk::{Appender, Disk};

const MAGIC: &[u8; 8] = b"TMRUN1\r\n";
const PAGE: usize = 4096;
const TRAILER: usize = 16;
const ID: usize = 16;

/// Ids of a full page.
pub const IDS_PER_PAGE: usize = (PAGE - TRAILER) / ID;

/// Pages read or written at once: 64 × 4 KiB = 256 KiB.
const PAGES_AT_ONCE: usize = 64;

/// Why a run cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It is not what was written.
    #[error("the run {path} is damaged in page {page}")]
    Damaged {
        /// Its path in the data directory.
        path: String,
        /// The page; page 0 is the head.
        page: usize,
    },
    /// The disk does not answer.
    #[error("the run {path} cannot be read")]
    Disk {
        /// Its path in the data directory.
        path: String,
        /// What the disk said.
        source: io::Error,
    },
}

/// Writes a run's ids, in order.
pub struct RunWriter {
    file: Box<dyn Appender>,
    number: u64,
    pages: u32,
    ids: u64,
    last: Option<Fingerprint>,
    page: Vec<u8>,
    buffer: Vec<u8>,
}

impl RunWriter {
    /// Makes the file; a left-over of the name is removed.
    pub fn create(disk: &dyn Disk, path: &str, number: u64) -> io::Result<Self> {
        match disk.remove(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut writer = Self {
            file: disk.create(path)?,
            number,
            pages: 0,
            ids: 0,
            last: None,
            page: Vec::with_capacity(PAGE),
            buffer: Vec::with_capacity(PAGE * PAGES_AT_ONCE),
        };
        writer.page.extend_from_slice(MAGIC);
        writer.page.extend_from_slice(&number.to_le_bytes());
        writer.end_page(0)?;
        Ok(writer)
    }

    /// Adds an id; it must be larger than the one before.
    pub fn push(&mut self, fingerprint: Fingerprint) -> io::Result<()> {
        debug_assert!(self.last < Some(fingerprint), "ids come in order");
        self.last = Some(fingerprint);
        self.page.extend_from_slice(&fingerprint.0.to_le_bytes());
        self.ids += 1;
        if self.page.len() == IDS_PER_PAGE * ID {
            self.end_page(IDS_PER_PAGE as u32)?;
        }
        Ok(())
    }

    /// Ends the file and makes its bytes durable; its name is durable once the
    /// folder is synced. How many ids it holds.
    pub fn finish(mut self) -> io::Result<u64> {
        if !self.page.is_empty() {
            self.end_page((self.page.len() / ID) as u32)?;
        }
        self.file.append(&self.buffer)?;
        self.file.sync()?;
        Ok(self.ids)
    }

    fn end_page(&mut self, ids: u32) -> io::Result<()> {
        self.page.resize(PAGE - TRAILER, 0);
        self.page.extend_from_slice(&ids.to_le_bytes());
        self.page.extend_from_slice(&self.pages.to_le_bytes());
        self.page.extend_from_slice(&(self.number as u32).to_le_bytes());
        let checksum = crc32c::crc32c(&self.page);
        self.page.extend_from_slice(&checksum.to_le_bytes());
        self.buffer.append(&mut self.page);
        self.pages += 1;
        if self.buffer.len() >= PAGE * PAGES_AT_ONCE {
            self.file.append(&self.buffer)?;
            self.buffer.clear();
        }
        Ok(())
    }
}

/// Reads a run of `ids` ids from its beginning, a few pages at a time.
pub struct RunScan {
    path: String,
    number: u64,
    ids: u64,
    page: usize,
    read: u64,
}

impl RunScan {
    /// A scan that has not begun.
    pub const fn new(path: String, number: u64, ids: u64) -> Self {
        Self { path, number, ids, page: 0, read: 0 }
    }

    /// Hands the next pages' ids to `each`; false when there are no more.
    ///
    /// # Errors
    /// [`RunError`]; a run that holds other than its number of ids is damaged.
    pub fn next(
        &mut self,
        disk: &dyn Disk,
        mut each: impl FnMut(Fingerprint),
    ) -> Result<bool, RunError> {
        let offset = (self.page * PAGE) as u64;
        let bytes = disk
            .read(&self.path, offset, PAGE * PAGES_AT_ONCE)
            .map_err(|source| RunError::Disk { path: self.path.clone(), source })?;
        if bytes.is_empty() {
            return if self.read == self.ids && self.page > 0 {
                Ok(false)
            } else {
                Err(RunError::Damaged { path: self.path.clone(), page: self.page })
            };
        }
        for page in bytes.chunks(PAGE) {
            let ids = ids_of(page, self.number, self.page, &self.path)?;
            if self.page > 0 {
                ids.for_each(&mut each);
                self.read += (page_ids(page)) as u64;
            }
            self.page += 1;
        }
        Ok(true)
    }
}

/// A run whose ids left memory: its filter, and where its pages begin.
#[derive(Debug)]
pub struct Spilled {
    /// The file's path in the data directory.
    pub path: String,
    /// The run's number.
    pub number: u64,
    /// How many ids it holds.
    pub ids: u64,
    filter: Filter,
    /// The upper 64 bits of each page's first id, ascending.
    fences: Vec<u64>,
    filled: u64,
}

impl Spilled {
    /// A run that is being written or read back: every id has to be told to [`fill`](Self::fill).
    pub fn new(path: String, number: u64, ids: u64) -> Self {
        let count = usize::try_from(ids).unwrap_or(usize::MAX);
        Self {
            path,
            number,
            ids,
            filter: Filter::for_ids(count),
            fences: Vec::with_capacity(count.div_ceil(IDS_PER_PAGE)),
            filled: 0,
        }
    }

    /// Takes the next id, in order.
    pub fn fill(&mut self, fingerprint: Fingerprint) {
        if self.filled.is_multiple_of(IDS_PER_PAGE as u64) {
            self.fences.push((fingerprint.0 >> 64) as u64);
        }
        self.filled += 1;
        self.filter.insert(fingerprint);
    }

    /// Bytes of memory that it holds.
    pub const fn bytes(&self) -> usize {
        self.filter.bytes() + self.fences.capacity() * 8
    }

    /// Bytes of memory that a run of `ids` ids will hold.
    pub const fn bytes_for(ids: usize) -> usize {
        Filter::bytes_for(ids) + ids.div_ceil(IDS_PER_PAGE) * 8
    }

    /// False when the id is surely not in it.
    pub fn may_contain(&self, fingerprint: Fingerprint) -> bool {
        self.filter.may_contain(fingerprint)
    }

    /// Whether the id is in the file: one page is read.
    ///
    /// # Errors
    /// [`RunError`]: then nobody knows.
    pub fn contains(&self, disk: &dyn Disk, fingerprint: Fingerprint) -> Result<bool, RunError> {
        let high = (fingerprint.0 >> 64) as u64;
        let mut fence = self.fences.partition_point(|first| *first <= high);
        // More than one page when ids of equal upper halves straddle a border.
        while fence > 0 {
            if self.page(disk, fence)?.contains(&fingerprint) {
                return Ok(true);
            }
            if self.fences[fence - 1] < high {
                break;
            }
            fence -= 1;
        }
        Ok(false)
    }

    fn page(&self, disk: &dyn Disk, page: usize) -> Result<Vec<Fingerprint>, RunError> {
        let bytes = disk
            .read(&self.path, (page * PAGE) as u64, PAGE)
            .map_err(|source| RunError::Disk { path: self.path.clone(), source })?;
        Ok(ids_of(&bytes, self.number, page, &self.path)?.collect())
    }
}

/// The ids of a page whose trailer is in order.
fn ids_of<'a>(
    page: &'a [u8],
    number: u64,
    at: usize,
    path: &str,
) -> Result<impl Iterator<Item = Fingerprint> + use<'a>, RunError> {
    let damaged = || RunError::Damaged { path: path.to_owned(), page: at };
    if page.len() != PAGE {
        return Err(damaged());
    }
    let (covered, checksum) = page.split_at(PAGE - 4);
    let ids = page_ids(page);
    let fits = word(checksum) == crc32c::crc32c(covered)
        && word(&page[PAGE - 12..]) as usize == at
        && word(&page[PAGE - 8..]) == number as u32
        && ids <= IDS_PER_PAGE
        && (at > 0 || page[..8] == *MAGIC);
    if !fits {
        return Err(damaged());
    }
    Ok(page[..ids * ID]
        .chunks_exact(ID)
        .map(|id| Fingerprint(u128::from_le_bytes(std::array::from_fn(|byte| id[byte])))))
}

fn page_ids(page: &[u8]) -> usize {
    word(&page[PAGE - TRAILER..]) as usize
}

/// The little-endian word at the beginning of four bytes or more.
fn word(bytes: &[u8]) -> u32 {
    u32::from_le_bytes(std::array::from_fn(|at| bytes[at]))
}
