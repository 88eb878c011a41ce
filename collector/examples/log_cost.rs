//! What the log and its dedupe index cost: bytes an id, and CPU an event.
//!
//! `cargo run --release -p tidemark-collector --example log_cost [millions of ids]`
//!
//! Prints lines for a person and, last, one JSON object. CPU time is this
//! process's own (user and system), so that neighbours on the machine do not
//! count; nanoseconds that are measured by the clock are said to be so.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement prints, and what fails ends it"
)]

use std::io;
use std::sync::Arc;
use std::time::Instant;

use tidemark_collector::clock::SystemClock;
use tidemark_collector::dedupe::{Fingerprint, Index, IndexLimits, Lookup, Stepped};
use tidemark_collector::disk::{Appender, Disk, RealDisk};
use tidemark_collector::log::{AppendGroup, Entry, LogCore, LogOptions, lane_of};
use uuid::Uuid;

/// Ids looked up and inserted at once, as a group commit of five batches does.
const GROUP: u64 = 500;
const EVENTS: u64 = 400_000;
const PAYLOAD_BYTES: usize = 768;

fn main() {
    let millions: u64 = std::env::args().nth(1).map_or(10, |word| word.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let (stored, appended) = (append_cost(&NoDisk), {
        let disk = RealDisk::open(&folder.path().join("log")).unwrap();
        append_cost(&disk)
    });
    println!("log and dedupe, batches of 100, without a disk: {stored:.3} µs CPU an event");
    println!("log and dedupe, batches of 100, disk and fsync: {appended:.3} µs CPU an event");
    let memory = memory(millions);
    let spill = spill(folder.path());
    println!(
        "{{\"cpu_us_per_event\":{stored:.3},\"cpu_us_per_event_with_disk\":{appended:.3},{memory},{spill}}}"
    );
}

/// CPU microseconds an event: groups of 5 batches of 100, one in 50 a duplicate.
fn append_cost(disk: &(impl Disk + Clone + 'static)) -> f64 {
    let mut options = LogOptions::events_raw(Uuid::from_u128(1), [7; 16]);
    options.limits.disk_reserve_bytes = 0;
    let clock = Arc::new(SystemClock::new());
    let (mut core, _) = LogCore::open(Arc::new(disk.clone()), clock, &options).unwrap();
    let payload = vec![b'x'; PAYLOAD_BYTES];
    let make = |number: u64| {
        let tenant_id = Uuid::from_u128(5);
        let event_id = Uuid::from_u128(u128::from(number - number % 50 / 49));
        let session = Uuid::from_u128(u128::from(number / 7));
        let lane = lane_of(tenant_id, tenant_id, Some(session), None, event_id, 4);
        Entry { tenant_id, event_id, lane, received_at_ms: 0, payload: payload.clone().into() }
    };
    let mut cpu = 0.0;
    for first in (0..EVENTS).step_by(500) {
        let batch = |at: u64| AppendGroup { entries: (at..at + 100).map(make).collect() };
        let groups: Vec<_> = (first..first + 500).step_by(100).map(batch).collect();
        let begun = cpu_us();
        for result in core.commit(&groups) {
            result.unwrap();
        }
        core.tick();
        cpu += cpu_us() - begun;
    }
    cpu / EVENTS as f64
}

fn id(number: u64) -> Fingerprint {
    let word = |number: u64| {
        let word = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    };
    Fingerprint((u128::from(word(number * 2)) << 64) | u128::from(word(number * 2 + 1)))
}

fn index(disk: &Arc<dyn Disk>, limits: IndexLimits) -> Index {
    disk.create_folder("index").unwrap();
    Index::open(disk, "index", Uuid::nil(), &[0], limits).unwrap().index
}

/// Memory and time of ids in memory.
fn memory(millions: u64) -> String {
    let disk: Arc<dyn Disk> = Arc::new(NoDisk);
    let limits = IndexLimits { table_max_bytes: usize::MAX, ..IndexLimits::default() };
    let before = resident_bytes();
    let mut index = index(&disk, limits);
    let mut found = Lookup::default();
    let (mut insert_us, mut marks) = (0.0, Vec::new());
    for million in 0..millions + 1 {
        let begun = cpu_us();
        for first in (million * 1_000_000..(million + 1) * 1_000_000).step_by(GROUP as usize) {
            let ids: Vec<_> = (first..first + GROUP).map(id).collect();
            index.lookup(&ids, &mut found);
            assert!(!found.known.contains(&true));
            index.insert(ids);
        }
        insert_us = (cpu_us() - begun) / 1e6;
        marks.push((index.size().bytes, resident_bytes() - before));
    }
    let ids = index.size().ids as f64;
    let at = millions as usize;
    let (told, resident) = marks[at - 1];
    let further = (marks[at].0 - told) as f64 / 1e6;
    let worst = marks.windows(2).map(|two| (two[1].0 - two[0].0) as f64 / 1e6).fold(0.0, f64::max);
    let (mut known_ns, mut rounds) = (0.0, 0);
    for first in (0..1_000_000).step_by(GROUP as usize) {
        let ids: Vec<_> = (first..first + GROUP).map(|n| id(n * 7919 % (ids as u64))).collect();
        let begun = Instant::now();
        index.lookup(&ids, &mut found);
        known_ns += begun.elapsed().as_nanos() as f64;
        assert!(!found.known.contains(&false));
        rounds += GROUP;
    }
    let one_by_one = {
        let begun = Instant::now();
        for number in 0..200_000 {
            index.lookup(&[id(number * 7919 % (ids as u64))], &mut found);
        }
        begun.elapsed().as_nanos() as f64 / 200_000.0
    };
    let known_ns = known_ns / rounds as f64;
    let millions_ids = millions * 1_000_000;
    let per_id = told as f64 / millions_ids as f64;
    println!(
        "{millions} million ids: {per_id:.2} bytes an id told, {:.2} resident; a further one {further:.2}, at worst over a million {worst:.2}",
        resident as f64 / millions_ids as f64
    );
    println!(
        "lookup and insert of a new id: {insert_us:.3} µs CPU; lookup of a known one, by the clock: {known_ns:.0} ns in groups of {GROUP}, {one_by_one:.0} ns one by one"
    );
    println!("the whole process: {:.0} MB", resident_bytes() as f64 / 1e6);
    format!(
        "\"ids\":{millions_ids},\"bytes_per_id\":{per_id:.2},\"bytes_per_further_id\":{further:.2},\
         \"resident_bytes\":{},\"new_id_us\":{insert_us:.3},\"known_id_ns\":{known_ns:.0}",
        resident_bytes()
    )
}

/// Ids that went to files: memory, and time of what is looked up there.
fn spill(folder: &std::path::Path) -> String {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::open(&folder.join("spill")).unwrap());
    let limits = IndexLimits {
        table_max_bytes: 40 << 20,
        filters_max_bytes: 40 << 20,
        generation_max_ids: 120_000,
        ..IndexLimits::default()
    };
    let mut index = index(&disk, limits);
    let mut found = Lookup::default();
    for first in (0..6_000_000).step_by(GROUP as usize) {
        index.insert((first..first + GROUP).map(id));
        if index.wants_to_close(0) && !index.is_behind() {
            index.close_generation(vec![first], 0);
        }
        while index.step(0).unwrap() == Stepped::Worked {}
    }
    let size = index.size();
    let per_id = size.filter_bytes as f64 / size.spilled_ids as f64;
    let time = |from: u64, count: u64, known: bool, found: &mut Lookup| {
        let begun = cpu_us();
        for first in (from..from + count).step_by(GROUP as usize) {
            let ids: Vec<_> = (first..first + GROUP).map(id).collect();
            index.lookup(&ids, found);
            assert!(!found.known.contains(&!known));
        }
        (cpu_us() - begun) / count as f64
    };
    let new_us = time(10_000_000, 400_000, false, &mut found);
    let known_us = time(0, 100_000, true, &mut found);
    println!(
        "{} ids in files: {per_id:.2} bytes of memory an id; a new id costs {new_us:.3} µs CPU, one of a file {known_us:.3}",
        size.spilled_ids
    );
    format!(
        "\"spilled_ids\":{},\"filter_bytes_per_id\":{per_id:.2},\"new_id_us_with_files\":{new_us:.3},\"file_id_us\":{known_us:.3}",
        size.spilled_ids
    )
}

/// CPU time of this process, microseconds.
fn cpu_us() -> f64 {
    let times = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    times.tv_sec as f64 * 1e6 + times.tv_nsec as f64 / 1e3
}

fn resident_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap();
    status.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

/// A disk that keeps nothing: what is left is our own work.
#[derive(Clone)]
struct NoDisk;

impl Disk for NoDisk {
    fn list(&self, _: &str) -> io::Result<Vec<String>> {
        Ok(Vec::new())
    }
    fn create_folder(&self, _: &str) -> io::Result<()> {
        Ok(())
    }
    fn length(&self, _: &str) -> io::Result<u64> {
        Err(io::ErrorKind::NotFound.into())
    }
    fn read(&self, _: &str, _: u64, _: usize) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }
    fn create(&self, _: &str) -> io::Result<Box<dyn Appender>> {
        Ok(Box::new(Self))
    }
    fn append(&self, _: &str) -> io::Result<Box<dyn Appender>> {
        Ok(Box::new(Self))
    }
    fn truncate(&self, _: &str, _: u64) -> io::Result<()> {
        Ok(())
    }
    fn rename(&self, _: &str, _: &str) -> io::Result<()> {
        Ok(())
    }
    fn remove(&self, _: &str) -> io::Result<()> {
        Ok(())
    }
    fn sync_folder(&self, _: &str) -> io::Result<()> {
        Ok(())
    }
    fn free_bytes(&self) -> io::Result<u64> {
        Ok(u64::MAX)
    }
    fn lock(&self) -> io::Result<Box<dyn Send + Sync>> {
        Ok(Box::new(()))
    }
}

impl Appender for NoDisk {
    fn append(&mut self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }
    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}
