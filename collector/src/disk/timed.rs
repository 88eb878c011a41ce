//! A disk that tells how long each sync of a file took: an answer waits for one.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Appender, Disk};

/// Who hears the times.
type Told = Arc<dyn Fn(Duration) + Send + Sync>;

/// The same disk, observed.
#[derive(Clone)]
pub struct TimedDisk<D> {
    disk: D,
    told: Told,
}

impl<D: Disk> TimedDisk<D> {
    /// Tells `told` the time of each sync of a file, also of one that failed.
    pub fn new(disk: D, told: impl Fn(Duration) + Send + Sync + 'static) -> Self {
        Self { disk, told: Arc::new(told) }
    }

    fn observed(&self, file: Box<dyn Appender>) -> Box<dyn Appender> {
        Box::new(TimedFile { file, told: Arc::clone(&self.told) })
    }
}

impl<D: Disk> Disk for TimedDisk<D> {
    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        self.disk.list(folder)
    }

    fn create_folder(&self, folder: &str) -> io::Result<()> {
        self.disk.create_folder(folder)
    }

    fn length(&self, path: &str) -> io::Result<u64> {
        self.disk.length(path)
    }

    fn read(&self, path: &str, offset: u64, max: usize) -> io::Result<Vec<u8>> {
        self.disk.read(path, offset, max)
    }

    fn create(&self, path: &str) -> io::Result<Box<dyn Appender>> {
        Ok(self.observed(self.disk.create(path)?))
    }

    fn append(&self, path: &str) -> io::Result<Box<dyn Appender>> {
        Ok(self.observed(self.disk.append(path)?))
    }

    fn truncate(&self, path: &str, length: u64) -> io::Result<()> {
        self.disk.truncate(path, length)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        self.disk.remove(path)
    }

    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        self.disk.sync_folder(folder)
    }

    fn free_bytes(&self) -> io::Result<u64> {
        self.disk.free_bytes()
    }

    fn lock(&self) -> io::Result<Box<dyn Send + Sync>> {
        self.disk.lock()
    }
}

struct TimedFile {
    file: Box<dyn Appender>,
    told: Told,
}

impl Appender for TimedFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.append(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        let begun = Instant::now();
        let synced = self.file.sync();
        (self.told)(begun.elapsed());
        synced
    }

    fn forget(&mut self, from: u64, to: u64) {
        self.file.forget(from, to);
    }
}
