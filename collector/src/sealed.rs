//! Small files that say what the large ones mean: headers and manifests.
//!
//! A sealed file is one line, `tidemark <kind> v<version> <CRC32C in hex>`, and
//! below it the JSON that the checksum covers; a person can read it, and cannot
//! change it unnoticed. It is replaced whole: after a crash there is the old one
//! or the new one.

use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::disk::{self, Disk};

/// Bytes of a sealed file at most; the largest names a few hundred files.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Why a sealed file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SealedError {
    /// There is none.
    #[error("{path} is not there")]
    Missing {
        /// Its path in the data directory.
        path: String,
    },
    /// It is not what was written.
    #[error("{path} is damaged: {what}")]
    Damaged {
        /// Its path in the data directory.
        path: String,
        /// What about it.
        what: &'static str,
    },
    /// A newer release wrote it.
    #[error(
        "{path} has format {found}, and this release knows {known}: start the release that wrote it, or a newer one"
    )]
    Newer {
        /// Its path in the data directory.
        path: String,
        /// The version in the file.
        found: u16,
        /// The newest version that is known here.
        known: u16,
    },
    /// The disk does not answer.
    #[error("{path} cannot be read")]
    Disk {
        /// Its path in the data directory.
        path: String,
        /// What the disk said.
        source: io::Error,
    },
}

/// Writes a sealed file durably in place of the one before.
///
/// # Errors
/// The disk's; the file before is then still there.
pub fn write<T: Serialize>(
    disk: &dyn Disk,
    path: &str,
    kind: &str,
    version: u16,
    content: &T,
) -> io::Result<()> {
    let mut json = serde_json::to_vec_pretty(content)?;
    json.push(b'\n');
    let mut bytes =
        format!("tidemark {kind} v{version} {:08x}\n", crc32c::crc32c(&json)).into_bytes();
    bytes.extend_from_slice(&json);
    disk::replace(disk, path, &bytes)
}

/// Reads a sealed file of `kind` in a version up to `known`.
///
/// # Errors
/// [`SealedError`].
pub fn read<T: DeserializeOwned>(
    disk: &dyn Disk,
    path: &str,
    kind: &str,
    known: u16,
) -> Result<T, SealedError> {
    let damaged = |what| SealedError::Damaged { path: path.to_owned(), what };
    let bytes = disk.read(path, 0, MAX_BYTES).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => SealedError::Missing { path: path.to_owned() },
        _ => SealedError::Disk { path: path.to_owned(), source },
    })?;
    let line_end = bytes.iter().position(|byte| *byte == b'\n').ok_or(damaged("no first line"))?;
    let (line, json) = (&bytes[..line_end], &bytes[line_end + 1..]);
    let line = std::str::from_utf8(line).map_err(|_| damaged("the first line is no text"))?;
    let mut words = line.split(' ');
    if words.next() != Some("tidemark") || words.next() != Some(kind) {
        return Err(damaged("it is of another kind"));
    }
    let found = words
        .next()
        .and_then(|word| word.strip_prefix('v'))
        .and_then(|word| word.parse::<u16>().ok())
        .ok_or(damaged("no version"))?;
    if found > known {
        return Err(SealedError::Newer { path: path.to_owned(), found, known });
    }
    let checksum = words.next().and_then(|word| u32::from_str_radix(word, 16).ok());
    if checksum != Some(crc32c::crc32c(json)) {
        return Err(damaged("the checksum does not fit"));
    }
    serde_json::from_slice(json).map_err(|_| damaged("it is no such JSON"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

    use super::*;
    use crate::disk::RealDisk;

    #[test]
    fn a_sealed_file_is_read_back_and_says_what_is_wrong_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let disk = RealDisk::open(folder.path()).unwrap();
        let read_it = |known| read::<Vec<u8>>(&disk, "f", "test", known);
        assert!(matches!(read_it(1), Err(SealedError::Missing { .. })));
        write(&disk, "f", "test", 2, &vec![1_u8, 2, 3]).unwrap();
        assert_eq!(read_it(2).unwrap(), [1, 2, 3]);
        assert!(matches!(read_it(1), Err(SealedError::Newer { found: 2, known: 1, .. })));
        assert!(matches!(
            read::<Vec<u8>>(&disk, "f", "other", 2),
            Err(SealedError::Damaged { .. })
        ));
        let whole = disk.read("f", 0, 1000).unwrap();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            disk::replace(&disk, "f", &bytes).unwrap();
            // A flipped version is a newer one or, unread, an older one that the checksum fits.
            match read_it(2) {
                Err(SealedError::Damaged { .. } | SealedError::Newer { .. }) => {}
                other => assert!(line_says_version(at, &whole), "{at}: {other:?}"),
            }
        }
    }

    fn line_says_version(at: usize, whole: &[u8]) -> bool {
        whole[at - 1] == b'v' && whole[at] == b'2'
    }
}
