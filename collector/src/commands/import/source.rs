//! The file that is imported: its format, its content unpacked, its digest.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;
use sha2::{Digest as _, Sha256};
use tidemark_core::hash::push_hex;

use super::mapping::Mapping;
use super::records::Records;
use super::{CommandError, Format};

/// Bytes that are asked for at once.
const READ_BYTES: usize = 256 * 1024;

/// Bytes that a zstd frame may look back: 128 MiB, what its command line writes with
/// `--long`. It is the most memory that a file can make this use.
const ZSTD_WINDOW_LOG_MAX: u32 = 27;

/// A file, or standard input.
pub(super) struct Source {
    path: Option<PathBuf>,
    packing: Packing,
    format: Format,
    bytes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packing {
    None,
    Gzip,
    Zstd,
}

impl Source {
    /// Looks at the file, and at its name.
    ///
    /// # Errors
    /// When it is not there, or neither its name nor an option says its format.
    pub(super) fn of(path: &Path, format: Option<Format>) -> Result<Self, CommandError> {
        if path.as_os_str() == "-" {
            let Some(format) = format else { return Err(unsaid(path)) };
            return Ok(Self { path: None, packing: Packing::None, format, bytes: 0 });
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        let packed = [(".gz", Packing::Gzip), (".zst", Packing::Zstd), (".zstd", Packing::Zstd)];
        let (inner, packing) = packed
            .into_iter()
            .find_map(|(end, packing)| Some((name.strip_suffix(end)?, packing)))
            .unwrap_or((&name, Packing::None));
        let by_name = match inner.rsplit_once('.').map(|(_, end)| end) {
            Some("csv") => Some(Format::Csv),
            Some("ndjson" | "jsonl" | "json") => Some(Format::Ndjson),
            _ => None,
        };
        let format = format.or(by_name).ok_or_else(|| unsaid(path))?;
        let found = std::fs::metadata(path).map_err(|source| unreadable(path, source))?;
        Ok(Self { path: Some(path.to_owned()), packing, format, bytes: found.len() })
    }

    pub(super) const fn format(&self) -> Format {
        self.format
    }

    pub(super) const fn is_file(&self) -> bool {
        self.path.is_some()
    }

    /// Its length as it is on the disk; 0 when it is not known.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// A file beside it; of standard input, one in the current folder.
    pub(super) fn beside(&self, what: &str) -> PathBuf {
        let mut name = match &self.path {
            Some(path) => path.as_os_str().to_owned(),
            None => "import".into(),
        };
        name.push(format!(".{what}"));
        PathBuf::from(name)
    }

    /// SHA-256 of the content, unpacked: the same content is the same import, however
    /// it is packed.
    ///
    /// # Errors
    /// When it cannot be read, or is not packed as its name says.
    pub(super) fn digest(&self) -> Result<String, CommandError> {
        let (mut content, _) = self.open()?;
        let mut digest = Sha256::new();
        loop {
            let piece = content.fill_buf().map_err(|source| self.broken(source))?;
            if piece.is_empty() {
                break;
            }
            digest.update(piece);
            let length = piece.len();
            content.consume(length);
        }
        let mut hex = String::with_capacity(64);
        push_hex(&mut hex, &digest.finalize());
        Ok(hex)
    }

    /// Reads the content's records.
    ///
    /// # Errors
    /// When it cannot be opened, or a column is missing.
    pub(super) fn records(&self, mapping: Mapping) -> Result<Records, CommandError> {
        let (content, read) = self.open()?;
        let name = self.name();
        match self.format {
            Format::Ndjson => Ok(Records::lines(content, read, name)),
            Format::Csv => Records::csv(content, read, name, mapping),
        }
    }

    fn open(&self) -> Result<(Box<dyn BufRead + Send>, Arc<AtomicU64>), CommandError> {
        let read = Arc::new(AtomicU64::new(0));
        let Some(path) = &self.path else {
            let counted = Counted { inner: io::stdin(), read: Arc::clone(&read) };
            return Ok((Box::new(BufReader::with_capacity(READ_BYTES, counted)), read));
        };
        let file = File::open(path).map_err(|source| unreadable(path, source))?;
        let counted = Counted { inner: file, read: Arc::clone(&read) };
        let plain = BufReader::with_capacity(READ_BYTES, counted);
        let content: Box<dyn BufRead + Send> = match self.packing {
            Packing::None => Box::new(plain),
            Packing::Gzip => {
                Box::new(BufReader::with_capacity(READ_BYTES, MultiGzDecoder::new(plain)))
            }
            Packing::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(plain)
                    .map_err(|source| unreadable(path, source))?;
                decoder
                    .window_log_max(ZSTD_WINDOW_LOG_MAX)
                    .map_err(|source| unreadable(path, source))?;
                Box::new(BufReader::with_capacity(READ_BYTES, decoder))
            }
        };
        Ok((content, read))
    }

    fn name(&self) -> String {
        self.path.as_ref().map_or_else(|| "standard input".to_owned(), |p| p.display().to_string())
    }

    fn broken(&self, source: io::Error) -> CommandError {
        CommandError::Read { input: self.name(), source }
    }
}

fn unsaid(path: &Path) -> CommandError {
    CommandError::Wrong(format!(
        "what does {} hold? Say --format ndjson or --format csv",
        path.display()
    ))
}

fn unreadable(path: &Path, source: io::Error) -> CommandError {
    CommandError::Read { input: path.display().to_string(), source }
}

/// Counts what is read of the file itself, for the bar.
struct Counted<R> {
    inner: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
