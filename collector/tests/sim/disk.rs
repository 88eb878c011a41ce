//! A disk that forgets: what was not synced when it crashes is dropped, torn or
//! reordered, by the seed.
//!
//! Rules, the strictest that POSIX allows:
//! * a file's bytes are safe after its sync; of the unsynced tail each sector of
//!   512 bytes survives or becomes zeros, and the length may be anything between;
//! * a name (made, renamed, removed) is safe after its folder's sync; of the
//!   unsynced changes of a folder any subset may survive, in order;
//! * a sync that fails has lost the tail: the next sync's success says nothing of it.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex};

use tidemark_collector::disk::{Appender, Disk};

use crate::boundaries::{Side, is_boundary};
use crate::rng::Rng;
use crate::trace::Trace;

const SECTOR: usize = 512;

#[derive(Clone)]
pub struct SimDisk {
    inner: Arc<Mutex<Inner>>,
}

struct Inner {
    files: BTreeMap<u64, File>,
    next_file: u64,
    /// What a reader sees: path → file; a folder is `None`.
    names: BTreeMap<String, Option<u64>>,
    /// What a crash leaves at least.
    safe_names: BTreeMap<String, Option<u64>>,
    /// Changes of names since their folder's sync, in order.
    unsynced: Vec<Change>,
    capacity: u64,
    /// When the power goes; `None` = never.
    fuse: Option<Fuse>,
    /// Kinds at whose next operation the power goes, once, on that side of it.
    steered: BTreeMap<String, Side>,
    /// Whether the power goes at what is sent as well.
    at_sends: bool,
    /// The next sync of a file fails.
    fail_sync: bool,
    dead: bool,
    generation: u64,
    locked: bool,
    rng: Rng,
    trace: Trace,
    /// Kinds of operation at which the power went.
    crashed_at: BTreeMap<String, u64>,
    /// Kinds of operation seen.
    seen: BTreeMap<String, u64>,
}

enum Fuse {
    /// After so many operations that change something.
    After(u64),
    /// At the next operation of a kind.
    At(String),
}

#[derive(Default)]
struct File {
    bytes: Vec<u8>,
    safe: usize,
}

#[derive(Clone)]
enum Change {
    Made(String, Option<u64>),
    Renamed(String, String, u64),
    Removed(String),
}

impl Change {
    fn folder(&self) -> &str {
        match self {
            Self::Made(path, _) | Self::Renamed(_, path, _) | Self::Removed(path) => folder(path),
        }
    }

    fn apply(&self, names: &mut BTreeMap<String, Option<u64>>) {
        match self {
            Self::Made(path, file) => {
                names.insert(path.clone(), *file);
            }
            Self::Renamed(from, to, file) => {
                if names.get(from) == Some(&Some(*file)) {
                    names.remove(from);
                }
                names.insert(to.clone(), Some(*file));
            }
            Self::Removed(path) => {
                names.remove(path);
            }
        }
    }
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A path without its numbers: `lanes/0/000123.seg` is the kind `lanes/#/#.seg`.
fn kind(operation: &str, path: &str) -> String {
    let mut text = format!("{operation} ");
    let mut in_number = false;
    for part in path.chars() {
        let number = part.is_ascii_hexdigit() && (part.is_ascii_digit() || in_number);
        if !number {
            text.push(part);
        } else if !in_number {
            text.push('#');
        }
        in_number = number;
    }
    text
}

fn crashed() -> io::Error {
    io::Error::other("the power is gone")
}

impl SimDisk {
    pub fn new(mut rng: Rng, trace: Trace) -> Self {
        let rng = rng.fork();
        let inner = Inner {
            files: BTreeMap::new(),
            next_file: 0,
            names: BTreeMap::new(),
            safe_names: BTreeMap::new(),
            unsynced: Vec::new(),
            capacity: u64::MAX / 2,
            fuse: None,
            steered: BTreeMap::new(),
            at_sends: false,
            fail_sync: false,
            dead: false,
            generation: 0,
            locked: false,
            rng,
            trace,
            crashed_at: BTreeMap::new(),
            seen: BTreeMap::new(),
        };
        Self { inner: Arc::new(Mutex::new(inner)) }
    }

    /// The power goes at the `operations`-th change from now.
    pub fn light_fuse(&self, operations: u64) {
        let mut inner = self.inner.lock().unwrap();
        if inner.fuse.is_none() {
            inner.fuse = Some(Fuse::After(operations));
        }
    }

    /// The power goes at the first operation of each of these kinds, and now and then at
    /// what is sent.
    pub fn steer(&self, at: BTreeMap<String, Side>) {
        let mut inner = self.inner.lock().unwrap();
        inner.steered = at;
        inner.at_sends = true;
    }

    /// A statement or a question leaves for ClickHouse. The power may go before it does
    /// (`Err`), or before its answer is heard (`Ok(true)`).
    pub fn send(&self, what: &str) -> io::Result<bool> {
        let mut inner = self.inner.lock().unwrap();
        if inner.at_sends { inner.change("send", what) } else { Ok(false) }
    }

    /// The power goes at the next boundary of some kind that was seen before, so that
    /// what seldom happens is crashed at as well: another fuse seldom replaces this one.
    pub fn light_fuse_at_a_kind(&self) {
        let mut inner = self.inner.lock().unwrap();
        if matches!(inner.fuse, Some(Fuse::At(_))) && inner.rng.chance(85) {
            return;
        }
        let kinds: Vec<String> =
            inner.seen.keys().filter(|kind| is_boundary(kind)).cloned().collect();
        let index = inner.rng.index(kinds.len());
        inner.fuse = kinds.into_iter().nth(index).map(Fuse::At);
    }

    /// No crash and no failure comes by itself any more.
    pub fn calm(&self) {
        let mut inner = self.inner.lock().unwrap();
        inner.fuse = None;
        inner.steered.clear();
        inner.fail_sync = false;
        inner.capacity = u64::MAX / 2;
    }

    pub fn fail_next_sync(&self) {
        self.inner.lock().unwrap().fail_sync = true;
    }

    /// Leaves so many bytes free.
    pub fn leave_free(&self, bytes: u64) {
        let mut inner = self.inner.lock().unwrap();
        inner.capacity = inner.used() + bytes;
    }

    pub fn is_dead(&self) -> bool {
        self.inner.lock().unwrap().dead
    }

    /// The process died, the machine did not: what was written is there.
    pub fn kill_process(&self) {
        let mut inner = self.inner.lock().unwrap();
        inner.generation += 1;
        inner.locked = false;
        inner.dead = false;
        inner.trace.say("disk: process killed".into());
    }

    /// The machine died: what was not synced is dropped, torn or reordered.
    pub fn power_loss(&self) {
        self.inner.lock().unwrap().lose_power();
    }

    pub fn crashed_at(&self) -> BTreeMap<String, u64> {
        self.inner.lock().unwrap().crashed_at.clone()
    }

    pub fn seen(&self) -> BTreeMap<String, u64> {
        self.inner.lock().unwrap().seen.clone()
    }
}

impl Inner {
    fn used(&self) -> u64 {
        self.names
            .values()
            .flatten()
            .filter_map(|file| self.files.get(file))
            .map(|file| file.bytes.len() as u64)
            .sum()
    }

    fn file(&self, path: &str) -> io::Result<u64> {
        match self.names.get(path) {
            Some(Some(file)) => Ok(*file),
            _ => Err(ErrorKind::NotFound.into()),
        }
    }

    /// Counts a change. The power may go before it (`Err`), or after it (`Ok(true)`).
    fn change(&mut self, operation: &str, path: &str) -> io::Result<bool> {
        if self.dead {
            return Err(crashed());
        }
        let kind = kind(operation, path);
        *self.seen.entry(kind.clone()).or_default() += 1;
        if let Some(side) = self.steered.remove(&kind) {
            return self.lose_at(side, &kind, path);
        }
        match self.fuse.as_mut() {
            None => return Ok(false),
            Some(Fuse::After(0)) => {}
            Some(Fuse::After(left)) => {
                *left -= 1;
                return Ok(false);
            }
            Some(Fuse::At(wanted)) if *wanted == kind => {}
            Some(Fuse::At(_)) => return Ok(false),
        }
        self.fuse = None;
        let side = if self.rng.chance(50) { Side::Before } else { Side::After };
        self.lose_at(side, &kind, path)
    }

    fn lose_at(&mut self, side: Side, kind: &str, path: &str) -> io::Result<bool> {
        let name = side.name();
        self.trace.say(format!("disk: power goes {name} {kind} ({path})"));
        *self.crashed_at.entry(format!("{name} {kind}")).or_default() += 1;
        self.dead = true;
        if side == Side::Before { Err(crashed()) } else { Ok(true) }
    }

    fn rename_or_make(&mut self, change: Change) {
        change.apply(&mut self.names);
        self.unsynced.push(change);
    }

    fn lose_power(&mut self) {
        // Names first: each unsynced change survives or not, in order.
        let mut names = self.safe_names.clone();
        for change in std::mem::take(&mut self.unsynced) {
            if self.rng.chance(50) {
                change.apply(&mut names);
            }
        }
        // A name below a folder that is gone is gone.
        let folders = names.clone();
        names.retain(|path, _| {
            let above = folder(path);
            above.is_empty() || matches!(folders.get(above), Some(None))
        });
        self.names = names.clone();
        self.safe_names = names;
        for file in self.files.values_mut() {
            let tail = file.bytes.len() - file.safe;
            let kept = match self.rng.below(4) {
                0 => 0,
                1 => tail,
                _ => self.rng.index(tail + 1),
            };
            file.bytes.truncate(file.safe + kept);
            if self.rng.chance(30) {
                let mut at = file.safe;
                while at < file.bytes.len() {
                    let end = ((at / SECTOR + 1) * SECTOR).min(file.bytes.len());
                    if self.rng.chance(40) {
                        file.bytes[at..end].fill(0);
                    }
                    at = end;
                }
            }
            file.safe = file.bytes.len();
        }
        self.generation += 1;
        self.locked = false;
        self.dead = false;
        self.fuse = None;
        self.trace.say("disk: power came back".into());
    }
}

struct SimFile {
    disk: SimDisk,
    file: u64,
    path: String,
    generation: u64,
}

impl Appender for SimFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut inner = self.disk.inner.lock().unwrap();
        if inner.generation != self.generation {
            return Err(crashed());
        }
        if inner.used() + bytes.len() as u64 > inner.capacity {
            let room = inner.capacity.saturating_sub(inner.used()) as usize;
            inner.trace.say(format!("disk: full at {}", self.path));
            let part = &bytes[..room.min(bytes.len())];
            if let Some(file) = inner.files.get_mut(&self.file) {
                file.bytes.extend_from_slice(part);
            }
            return Err(ErrorKind::StorageFull.into());
        }
        let goes = inner.change("append", &self.path);
        let kept = match goes {
            Ok(false) => bytes.len(),
            _ => inner.rng.index(bytes.len() + 1),
        };
        if let Some(file) = inner.files.get_mut(&self.file) {
            file.bytes.extend_from_slice(&bytes[..kept]);
        }
        if matches!(goes, Ok(false)) { Ok(()) } else { Err(crashed()) }
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut inner = self.disk.inner.lock().unwrap();
        if inner.generation != self.generation {
            return Err(crashed());
        }
        let goes = inner.change("sync", &self.path)?;
        if std::mem::take(&mut inner.fail_sync) {
            // The pages are marked clean, and what they held may never be written.
            inner.trace.say(format!("disk: sync of {} fails", self.path));
            let lost = inner.rng.chance(50);
            if let Some(file) = inner.files.get_mut(&self.file)
                && lost
            {
                let safe = file.safe;
                file.bytes[safe..].fill(0);
                file.safe = file.bytes.len();
            }
            return Err(io::Error::other("the disk failed"));
        }
        inner.trace.say(format!("disk: sync {}", self.path));
        if let Some(file) = inner.files.get_mut(&self.file) {
            file.safe = file.bytes.len();
        }
        if goes { Err(crashed()) } else { Ok(()) }
    }
}

impl Disk for SimDisk {
    fn list(&self, folder_path: &str) -> io::Result<Vec<String>> {
        let inner = self.inner.lock().unwrap();
        if inner.dead {
            return Err(crashed());
        }
        let names = inner.names.keys().filter(|path| folder(path) == folder_path);
        Ok(names.map(|path| path.rsplit('/').next().unwrap_or(path).to_owned()).collect())
    }

    fn create_folder(&self, folder: &str) -> io::Result<()> {
        let mut inner = self.inner.lock().unwrap();
        let mut path = String::new();
        for part in folder.split('/').filter(|part| !part.is_empty()) {
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(part);
            if !inner.names.contains_key(&path) {
                let goes = inner.change("create_folder", &path)?;
                inner.rename_or_make(Change::Made(path.clone(), None));
                if goes {
                    return Err(crashed());
                }
            }
        }
        Ok(())
    }

    fn length(&self, path: &str) -> io::Result<u64> {
        let inner = self.inner.lock().unwrap();
        if inner.dead {
            return Err(crashed());
        }
        let file = inner.file(path)?;
        Ok(inner.files.get(&file).map_or(0, |file| file.bytes.len() as u64))
    }

    fn read(&self, path: &str, offset: u64, max: usize) -> io::Result<Vec<u8>> {
        let inner = self.inner.lock().unwrap();
        if inner.dead {
            return Err(crashed());
        }
        let file = inner.file(path)?;
        let bytes = inner.files.get(&file).map_or(&[][..], |file| &file.bytes);
        let from = (offset as usize).min(bytes.len());
        Ok(bytes[from..from.saturating_add(max).min(bytes.len())].to_vec())
    }

    fn create(&self, path: &str) -> io::Result<Box<dyn Appender>> {
        let mut inner = self.inner.lock().unwrap();
        if inner.names.contains_key(path) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let above = folder(path);
        if !above.is_empty() && inner.names.get(above) != Some(&None) {
            return Err(ErrorKind::NotFound.into());
        }
        let goes = inner.change("create", path)?;
        let file = inner.next_file;
        inner.next_file += 1;
        inner.files.insert(file, File::default());
        inner.rename_or_make(Change::Made(path.to_owned(), Some(file)));
        if goes {
            return Err(crashed());
        }
        let generation = inner.generation;
        drop(inner);
        Ok(Box::new(SimFile { disk: self.clone(), file, path: path.to_owned(), generation }))
    }

    fn append(&self, path: &str) -> io::Result<Box<dyn Appender>> {
        let inner = self.inner.lock().unwrap();
        if inner.dead {
            return Err(crashed());
        }
        let file = inner.file(path)?;
        let generation = inner.generation;
        drop(inner);
        Ok(Box::new(SimFile { disk: self.clone(), file, path: path.to_owned(), generation }))
    }

    fn truncate(&self, path: &str, length: u64) -> io::Result<()> {
        let mut inner = self.inner.lock().unwrap();
        let file = inner.file(path)?;
        let goes = inner.change("truncate", path)?;
        if let Some(file) = inner.files.get_mut(&file) {
            file.bytes.resize(length as usize, 0);
            file.safe = file.bytes.len();
        }
        if goes { Err(crashed()) } else { Ok(()) }
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut inner = self.inner.lock().unwrap();
        let file = inner.file(from)?;
        let goes = inner.change("rename", to)?;
        inner.rename_or_make(Change::Renamed(from.to_owned(), to.to_owned(), file));
        if goes { Err(crashed()) } else { Ok(()) }
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        let mut inner = self.inner.lock().unwrap();
        inner.file(path)?;
        let goes = inner.change("remove", path)?;
        inner.rename_or_make(Change::Removed(path.to_owned()));
        if goes { Err(crashed()) } else { Ok(()) }
    }

    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        let mut inner = self.inner.lock().unwrap();
        let goes = inner.change("sync_folder", folder)?;
        inner.trace.say(format!("disk: sync_folder {folder}"));
        let (synced, unsynced): (Vec<_>, Vec<_>) =
            std::mem::take(&mut inner.unsynced).into_iter().partition(|it| it.folder() == folder);
        for change in &synced {
            change.apply(&mut inner.safe_names);
        }
        inner.unsynced = unsynced;
        if goes { Err(crashed()) } else { Ok(()) }
    }

    fn free_bytes(&self) -> io::Result<u64> {
        let inner = self.inner.lock().unwrap();
        Ok(inner.capacity.saturating_sub(inner.used()))
    }

    fn lock(&self) -> io::Result<Box<dyn Send + Sync>> {
        let mut inner = self.inner.lock().unwrap();
        if inner.locked {
            return Err(ErrorKind::WouldBlock.into());
        }
        inner.locked = true;
        let generation = inner.generation;
        drop(inner);
        Ok(Box::new(Lock { disk: self.clone(), generation }))
    }
}

struct Lock {
    disk: SimDisk,
    generation: u64,
}

impl Drop for Lock {
    fn drop(&mut self) {
        let mut inner = self.disk.inner.lock().unwrap();
        if inner.generation == self.generation {
            inner.locked = false;
        }
    }
}
