//! What the log, the dedupe index and the planner need of a file system.
//!
//! They are state machines over [`Disk`] and [`Clock`](crate::clock::Clock), so
//! that one source runs on a real disk and under the simulation, which loses,
//! tears and reorders whatever was not synced when it crashes.
//!
//! What always holds: a path is relative to the data directory and uses `/`;
//! bytes are durable only after [`Appender::sync`], and a file's name (made,
//! renamed or removed) only after [`Disk::sync_folder`] of its folder.
//!
//! Deliberately absent: reading and writing at once, memory maps, locks on
//! ranges. Nothing here decides anything.

mod file;
mod real;
mod timed;

use std::io;

pub use real::RealDisk;
pub use timed::TimedDisk;

/// A directory tree that can lose what was not synced.
pub trait Disk: Send + Sync {
    /// The names of the files and folders in a folder, sorted; none when the
    /// folder is not there.
    fn list(&self, folder: &str) -> io::Result<Vec<String>>;

    /// Makes a folder and those above it. Durable after the parents are synced.
    fn create_folder(&self, folder: &str) -> io::Result<()>;

    /// Length of a file in bytes. `NotFound` when it is not there.
    fn length(&self, path: &str) -> io::Result<u64>;

    /// Up to `max` bytes from `offset`; fewer only at the file's end.
    fn read(&self, path: &str, offset: u64, max: usize) -> io::Result<Vec<u8>>;

    /// Makes a new file. `AlreadyExists` when there is one.
    fn create(&self, path: &str) -> io::Result<Box<dyn Appender>>;

    /// Opens a file to append at its end.
    fn append(&self, path: &str) -> io::Result<Box<dyn Appender>>;

    /// Cuts a file to `length` bytes and syncs it.
    fn truncate(&self, path: &str, length: u64) -> io::Result<()>;

    /// Renames a file over whatever has the new name, atomically.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, path: &str) -> io::Result<()>;

    /// Makes the names in a folder durable: what was made, renamed, removed.
    fn sync_folder(&self, folder: &str) -> io::Result<()>;

    /// Bytes that may still be written.
    fn free_bytes(&self) -> io::Result<u64>;

    /// Takes the directory for this process until the guard is dropped.
    /// `WouldBlock` when another process has it.
    fn lock(&self) -> io::Result<Box<dyn Send + Sync>>;
}

/// A file that is only ever appended to.
pub trait Appender: Send {
    /// Appends all bytes; durable after [`sync`](Self::sync).
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Makes everything appended so far durable.
    fn sync(&mut self) -> io::Result<()>;

    /// A hint: the durable bytes `[from, to)` are not read again soon, so that the
    /// system's memory is better used for others.
    fn forget(&mut self, from: u64, to: u64) {
        let _ = (from, to);
    }
}

/// Writes a small file so that after a crash there is the old one or the new
/// one, whole. Beside it stands `<path>.new` while this runs.
///
/// # Errors
/// The disk's own; the old file is then still there.
pub fn replace(disk: &dyn Disk, path: &str, bytes: &[u8]) -> io::Result<()> {
    let new = [path, ".new"].concat();
    match disk.remove(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = disk.create(&new)?;
    file.append(bytes)?;
    file.sync()?;
    drop(file);
    disk.rename(&new, path)?;
    disk.sync_folder(path.rsplit_once('/').map_or("", |(folder, _)| folder))
}

#[cfg(test)]
mod tests;
