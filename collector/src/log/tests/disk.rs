//! A disk in memory that loses, at a crash, some of what was not synced.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::disk::{Appender, Disk};

/// A disk that crashes or fails at a chosen operation. Clones are the same disk.
#[derive(Clone, Default)]
pub struct CrashDisk(Arc<Mutex<State>>, Arc<AtomicBool>);

#[derive(Default)]
struct State {
    /// The names as they are, and as a crash leaves them at least.
    live: BTreeMap<String, usize>,
    durable: BTreeMap<String, usize>,
    files: Vec<FileState>,
    operations: u64,
    crash_at: Option<u64>,
    fail_at: Option<u64>,
    free: u64,
}

#[derive(Clone, Default)]
struct FileState {
    live: Vec<u8>,
    durable: usize,
}

/// A small source of random numbers (SplitMix64).
#[derive(Clone)]
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let word = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

impl CrashDisk {
    pub fn new() -> Self {
        let disk = Self::default();
        disk.state().free = u64::MAX;
        disk
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// The power goes at the `ahead`-th changing operation from now.
    pub fn crash_in(&self, ahead: u64) {
        let mut state = self.state();
        state.crash_at = Some(state.operations + ahead);
    }

    /// One changing operation fails, the `ahead`-th from now.
    pub fn fail_in(&self, ahead: u64) {
        let mut state = self.state();
        state.fail_at = Some(state.operations + ahead);
    }

    pub fn has_crashed(&self) -> bool {
        let state = self.state();
        state.crash_at.is_some_and(|at| state.operations >= at)
    }

    pub fn set_free(&self, free: u64) {
        self.state().free = free;
    }

    /// The machine is on again: what was synced is there, and some of the rest.
    pub fn restart(&self, random: &mut Random) {
        let mut state = self.state();
        (state.crash_at, state.fail_at) = (None, None);
        let mut names = state.durable.clone();
        for (name, file) in state.live.clone() {
            if state.durable.get(&name) != Some(&file) && random.below(2) == 0 {
                names.insert(name, file);
            }
        }
        for name in state.durable.clone().keys() {
            if !state.live.contains_key(name) && random.below(2) == 0 {
                names.remove(name);
            }
        }
        state.live = names.clone();
        state.durable = names;
        for file in &mut state.files {
            let pending = file.live.len() - file.durable;
            if pending == 0 {
                continue;
            }
            match random.below(4) {
                0 => file.live.truncate(file.durable),
                1 => {
                    let kept = file.durable + random.below(pending as u64 + 1) as usize;
                    file.live.truncate(kept);
                }
                2 => {
                    // The length is there, a part of the bytes is not.
                    let from = file.durable + random.below(pending as u64) as usize;
                    let to = from + random.below((file.live.len() - from) as u64 + 1) as usize;
                    file.live[from..to].fill(0);
                }
                _ => {}
            }
            file.durable = file.live.len();
        }
    }

    /// The process is gone, the machine is not: nothing is lost, nothing is synced.
    pub fn kill(&self) {
        let mut state = self.state();
        (state.crash_at, state.fail_at) = (None, None);
    }

    /// Flips one bit of a file.
    pub fn flip(&self, path: &str, at: usize, bit: u8) {
        let mut state = self.state();
        let file = state.live[path];
        state.files[file].live[at] ^= 1 << bit;
    }

    pub fn put(&self, path: &str, bytes: &[u8]) {
        let mut state = self.state();
        let file = state.files.len();
        state.files.push(FileState { live: bytes.to_vec(), durable: bytes.len() });
        state.live.insert(path.to_owned(), file);
        state.durable.insert(path.to_owned(), file);
    }

    /// Every file whose path begins so.
    pub fn paths(&self, beginning: &str) -> Vec<String> {
        let state = self.state();
        state.live.keys().filter(|path| path.starts_with(beginning)).cloned().collect()
    }

    /// Counts a changing operation; true when it takes place.
    fn change(&self) -> io::Result<MutexGuard<'_, State>> {
        let mut state = self.state();
        let crashed = state.crash_at.is_some_and(|at| state.operations >= at);
        let fails = state.fail_at == Some(state.operations);
        state.operations += 1;
        if crashed || fails {
            return Err(io::Error::other(if crashed { "the power is gone" } else { "it failed" }));
        }
        Ok(state)
    }
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

impl State {
    fn file(&self, path: &str) -> io::Result<usize> {
        self.live.get(path).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Disk for CrashDisk {
    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let state = self.state();
        let names = state.live.keys().filter(|path| folder_of(path) == folder);
        Ok(names.map(|path| path[folder.len()..].trim_start_matches('/').to_owned()).collect())
    }

    fn create_folder(&self, _folder: &str) -> io::Result<()> {
        Ok(())
    }

    fn length(&self, path: &str) -> io::Result<u64> {
        let state = self.state();
        Ok(state.files[state.file(path)?].live.len() as u64)
    }

    fn read(&self, path: &str, offset: u64, max: usize) -> io::Result<Vec<u8>> {
        let state = self.state();
        let bytes = &state.files[state.file(path)?].live;
        let from = bytes.len().min(offset as usize);
        let to = bytes.len().min(from.saturating_add(max));
        Ok(bytes[from..to].to_vec())
    }

    fn create(&self, path: &str) -> io::Result<Box<dyn Appender>> {
        let mut state = self.change()?;
        if state.live.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let file = state.files.len();
        state.files.push(FileState::default());
        state.live.insert(path.to_owned(), file);
        drop(state);
        Ok(Box::new(CrashFile(self.clone(), file)))
    }

    fn append(&self, path: &str) -> io::Result<Box<dyn Appender>> {
        let file = self.state().file(path)?;
        Ok(Box::new(CrashFile(self.clone(), file)))
    }

    fn truncate(&self, path: &str, length: u64) -> io::Result<()> {
        let mut state = self.change()?;
        let file = state.file(path)?;
        let file = &mut state.files[file];
        file.live.truncate(length as usize);
        file.durable = file.live.len();
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.change()?;
        let file = state.file(from)?;
        state.live.remove(from);
        state.live.insert(to.to_owned(), file);
        Ok(())
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        let mut state = self.change()?;
        state.file(path)?;
        state.live.remove(path);
        Ok(())
    }

    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        let mut state = self.change()?;
        let live = state.live.clone();
        state.durable.retain(|path, _| folder_of(path) != folder);
        let of_folder = live.into_iter().filter(|(path, _)| folder_of(path) == folder);
        state.durable.extend(of_folder);
        Ok(())
    }

    fn free_bytes(&self) -> io::Result<u64> {
        Ok(self.state().free)
    }

    fn lock(&self) -> io::Result<Box<dyn Send + Sync>> {
        if self.1.swap(true, Ordering::SeqCst) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(Box::new(Owner(Arc::clone(&self.1))))
    }
}

struct Owner(Arc<AtomicBool>);

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

struct CrashFile(CrashDisk, usize);

impl Appender for CrashFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self.0.change() {
            Ok(mut state) => {
                state.files[self.1].live.extend_from_slice(bytes);
                Ok(())
            }
            Err(error) => {
                // A write that fails may have written a part.
                let half = &bytes[..bytes.len() / 2];
                self.0.state().files[self.1].live.extend_from_slice(half);
                Err(error)
            }
        }
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.0.change()?;
        let file = &mut state.files[self.1];
        file.durable = file.live.len();
        Ok(())
    }
}
