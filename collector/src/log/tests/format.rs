//! The format on disk: what an earlier release wrote is read, and what is written is
//! version 2, byte for byte.
//!
//! A change of the format makes a new version, a fixture of its own beside this
//! one, and the reading of this one stays. `TIDEMARK_UPDATE_FIXTURES=1` writes the
//! fixture anew, for the version that is written.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::world::{Hands, LANES, entry, limits, options, read_all};
use crate::disk::RealDisk;
use crate::log::append::Outcome;
use crate::log::{AppendGroup, Content, LogCore, LogReader};

fn fixture(version: u16) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/log-v{version}"))
}

fn open(folder: &Path) -> LogCore {
    open_with(folder, 700)
}

fn open_with(folder: &Path, segment_max_bytes: u64) -> LogCore {
    let clock = Arc::new(Hands::default());
    clock.pass(1_767_225_600_000);
    let mut limits = limits();
    limits.segment_max_bytes = segment_max_bytes;
    // Some of the frames end where a block does.
    limits.fill_block_from_bytes = 60;
    let disk = Arc::new(RealDisk::open(folder).unwrap());
    LogCore::open(disk, clock, &options(limits)).unwrap().0
}

fn batch(ids: std::ops::Range<u64>) -> AppendGroup {
    AppendGroup { entries: ids.map(|id| entry(id, 1)).collect() }
}

/// A log with several segments a lane, a snapshot, a tail, and an erased entry.
fn write(folder: &Path) {
    let mut core = open(folder);
    for from in (0..24).step_by(6) {
        core.commit(&[batch(from..from + 3), batch(from + 3..from + 6)]);
    }
    core.snapshot().unwrap();
    core.commit(&[batch(24..30)]);
    core.erase(&mut |stored| stored.event_id.as_u128() == 4).unwrap();
}

fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for file in fs::read_dir(next).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().unwrap() != "lock" {
                let name = path.strip_prefix(folder).unwrap().to_path_buf();
                files.push((name, fs::read(path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

#[test]
fn what_is_written_is_format_2_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    if std::env::var_os("TIDEMARK_UPDATE_FIXTURES").is_some() {
        for (name, bytes) in files(folder.path()) {
            let path = fixture(2).join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }
    let (written, kept) = (files(folder.path()), files(&fixture(2)));
    let names = |files: &[(PathBuf, Vec<u8>)]| -> Vec<PathBuf> {
        files.iter().map(|(name, _)| name.clone()).collect()
    };
    assert_eq!(names(&written), names(&kept));
    for ((name, written), (_, kept)) in written.iter().zip(&kept) {
        assert!(written == kept, "{} is written otherwise", name.display());
    }
}

#[test]
fn a_log_of_format_1_is_read() {
    is_read(1);
}

#[test]
fn a_log_of_format_2_is_read() {
    let blocks = |(path, bytes): &&(PathBuf, Vec<u8>)| {
        path.extension().is_some_and(|ending| ending == "seg") && bytes.len() % 4096 == 0
    };
    assert!(files(&fixture(2)).iter().filter(blocks).count() > 2, "no frame ends with its block");
    is_read(2);
}

fn is_read(version: u16) {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files(&fixture(version)) {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let mut core = open(folder.path());
    assert_eq!(core.reader().log_id().as_u128(), 99);
    for (lane, items) in (0..).zip(read_all(&core.reader())) {
        assert_eq!(items.len(), 10);
        for (item, place) in items.iter().zip(0..) {
            let wrote = entry(place * u64::from(LANES) + lane, 1);
            match &item.content {
                Content::Entry(stored) => {
                    assert_eq!(stored.event_id, wrote.event_id);
                    assert_eq!(stored.payload, wrote.payload);
                    assert_eq!(stored.received_at_ms, wrote.received_at_ms);
                }
                Content::Erased => assert_eq!(wrote.event_id.as_u128(), 4),
                Content::Damaged => panic!("damage at {lane}/{place}"),
            }
        }
    }
    let known = core.commit(&[batch(0..31)]).remove(0).unwrap();
    assert_eq!(known[..30], [Outcome::Duplicate; 30]);
    assert_eq!(known[30], Outcome::Stored);
}

/// It may be of format 1, whose readers know no zeros behind a frame.
#[test]
fn a_segment_that_was_there_is_gone_on_with_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let over_blocks = || -> Vec<usize> {
        let is_segment = |path: &Path| path.extension().is_some_and(|ending| ending == "seg");
        let segments = files(folder.path()).into_iter().filter(|(path, _)| is_segment(path));
        segments.map(|(_, bytes)| bytes.len() % 4096).collect()
    };
    let mut core = open_with(folder.path(), 1_000_000);
    core.commit(&[batch(24..30)]);
    core.commit(&[batch(30..36)]);
    drop(core);
    assert_eq!(over_blocks(), [0; LANES as usize]);
    let mut core = open_with(folder.path(), 1_000_000);
    core.commit(&[batch(36..42)]);
    assert!(over_blocks().iter().all(|over| *over > 0), "{:?}", over_blocks());
    assert_eq!(read_all(&core.reader()).iter().map(Vec::len).sum::<usize>(), 18);
}
