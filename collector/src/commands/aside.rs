//! Where a command's result goes: standard output, or a file that is whole or not
//! there.
//!
//! A file is written aside, synced, and renamed when everything is in it. A command
//! that fails or is stopped leaves what had the name before.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tidemark_core::hash::push_hex;

use super::CommandError;

/// A place for bytes.
pub(super) struct Sink {
    to: To,
    bytes: u64,
    digest: Sha256,
}

enum To {
    Standard,
    File { aside: Aside, file: File },
}

/// The file while it is written; it goes with this, unless it was renamed.
struct Aside {
    path: PathBuf,
    target: PathBuf,
    done: bool,
}

/// What was written.
#[derive(Clone, Debug)]
pub(super) struct Written {
    /// How many bytes.
    pub(super) bytes: u64,
    /// SHA-256 of them, hex.
    pub(super) sha256: String,
}

impl Sink {
    /// Opens a file, or standard output where none is named.
    ///
    /// # Errors
    /// When the file is there already and `replace` is not said, or cannot be made.
    pub(super) fn open(target: Option<&Path>, replace: bool) -> Result<Self, CommandError> {
        let to = match target {
            None => To::Standard,
            Some(target) => open_aside(target, replace)?,
        };
        Ok(Self { to, bytes: 0, digest: Sha256::new() })
    }

    /// Whether a person would see the bytes.
    pub(super) fn is_terminal(&self) -> bool {
        matches!(self.to, To::Standard) && io::stdout().is_terminal()
    }

    /// Writes; `false` when nobody reads standard output any more.
    ///
    /// # Errors
    /// When the file or standard output cannot be written.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<bool, CommandError> {
        let written = match &mut self.to {
            To::Standard => io::stdout().lock().write_all(bytes),
            To::File { file, .. } => file.write_all(bytes),
        };
        match (written, &self.to) {
            (Ok(()), _) => {
                self.bytes += bytes.len() as u64;
                self.digest.update(bytes);
                Ok(true)
            }
            (Err(error), To::Standard) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
            (Err(error), To::Standard) => Err(CommandError::Write(error)),
            (Err(source), To::File { aside, .. }) => Err(used(&aside.path, source)),
        }
    }

    /// Makes the file whole under its name.
    ///
    /// # Errors
    /// When it cannot be synced or renamed; the old one is then still there.
    pub(super) fn finish(self) -> Result<Written, CommandError> {
        let mut sha256 = String::with_capacity(64);
        push_hex(&mut sha256, &self.digest.finalize());
        let written = Written { bytes: self.bytes, sha256 };
        match self.to {
            To::Standard => match io::stdout().lock().flush() {
                Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                    return Err(CommandError::Write(error));
                }
                _ => {}
            },
            To::File { mut aside, file } => {
                file.sync_all().map_err(|source| used(&aside.path, source))?;
                drop(file);
                fs::rename(&aside.path, &aside.target)
                    .map_err(|source| used(&aside.target, source))?;
                aside.done = true;
                sync_folder(&aside.target)?;
            }
        }
        Ok(written)
    }
}

fn open_aside(target: &Path, replace: bool) -> Result<To, CommandError> {
    if target.is_dir() {
        return Err(CommandError::Wrong(format!("{} is a folder; name a file", target.display())));
    }
    if !replace && target.exists() {
        return Err(CommandError::Wrong(format!(
            "{} is there already; --force replaces it",
            target.display()
        )));
    }
    let mut name = target.as_os_str().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let path = PathBuf::from(name);
    let file = new_private(&path).map_err(|source| used(&path, source))?;
    Ok(To::File { aside: Aside { path, target: target.to_owned(), done: false }, file })
}

/// A new file that only its owner may read: it holds people's data.
fn new_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn sync_folder(path: &Path) -> Result<(), CommandError> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|source| used(folder, source))
}

fn used(path: &Path, source: io::Error) -> CommandError {
    CommandError::Use { path: path.display().to_string(), source }
}

impl Drop for Aside {
    fn drop(&mut self) {
        if !self.done {
            // It is aside: what remains harms nobody, and there is nobody to tell.
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap();
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_file_is_whole_or_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("out");
        let mut sink = Sink::open(Some(&target), false).unwrap();
        assert!(sink.write(b"half").unwrap());
        drop(sink);
        assert!(names(folder.path()).is_empty());
        let mut sink = Sink::open(Some(&target), false).unwrap();
        sink.write(b"abc").unwrap();
        let written = sink.finish().unwrap();
        assert_eq!(written.bytes, 3);
        // FIPS 180-2, B.1.
        assert!(written.sha256.starts_with("ba7816bf8f01cfea"));
        assert_eq!(names(folder.path()), ["out"]);
    }

    #[test]
    fn what_is_there_stays_until_it_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("out");
        fs::write(&target, "old").unwrap();
        assert!(Sink::open(Some(&target), false).is_err());
        let mut sink = Sink::open(Some(&target), true).unwrap();
        sink.write(b"new").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"old");
        sink.finish().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"new");
        assert!(Sink::open(Some(folder.path()), true).is_err());
    }
}
