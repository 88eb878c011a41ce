#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::io::ErrorKind;

use super::{Disk, RealDisk, replace};

#[test]
fn a_file_is_appended_read_cut_and_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let disk = RealDisk::open(folder.path()).unwrap();
    assert!(disk.list("lanes/0").unwrap().is_empty());
    disk.create_folder("lanes/0").unwrap();
    let mut file = disk.create("lanes/0/a").unwrap();
    file.append(b"hello ").unwrap();
    file.append(b"world").unwrap();
    file.sync().unwrap();
    drop(file);
    assert_eq!(disk.create("lanes/0/a").err().unwrap().kind(), ErrorKind::AlreadyExists);
    disk.append("lanes/0/a").unwrap().append(b"!").unwrap();
    assert_eq!(disk.length("lanes/0/a").unwrap(), 12);
    assert_eq!(disk.read("lanes/0/a", 6, 100).unwrap(), b"world!");
    assert_eq!(disk.read("lanes/0/a", 0, 5).unwrap(), b"hello");
    assert!(disk.read("lanes/0/a", 99, 5).unwrap().is_empty());
    disk.truncate("lanes/0/a", 5).unwrap();
    assert_eq!(disk.read("lanes/0/a", 0, 100).unwrap(), b"hello");
    replace(&disk, "lanes/0/a", b"new").unwrap();
    replace(&disk, "lanes/0/a", b"newer").unwrap();
    assert_eq!(disk.read("lanes/0/a", 0, 100).unwrap(), b"newer");
    assert_eq!(disk.list("lanes/0").unwrap(), ["a"]);
    disk.remove("lanes/0/a").unwrap();
    assert_eq!(disk.length("lanes/0/a").unwrap_err().kind(), ErrorKind::NotFound);
    assert!(disk.free_bytes().unwrap() > 0);
}

/// Small and large appends in every order, with and without a sync between them, and from
/// any place of a block on: the file is what was appended, however it was written.
#[test]
fn a_file_is_what_was_appended_in_blocks_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let disk = RealDisk::open(folder.path()).unwrap();
    let mut expected = Vec::new();
    let sizes =
        [64, 70_000, 65_536, 1, 32_768, 40_001, 4_096, 300_000, 262_144, 0, 600_001, 5, 131_072];
    let mut file = disk.create("a").unwrap();
    for (round, size) in sizes.iter().chain(sizes.iter().rev()).enumerate() {
        let bytes: Vec<u8> = (0..*size).map(|at: usize| (at * 31 + round * 7) as u8).collect();
        let from = expected.len() as u64;
        expected.extend_from_slice(&bytes);
        file.append(&bytes).unwrap();
        if round % 3 != 2 {
            file.sync().unwrap();
            file.forget(from, expected.len() as u64);
        }
        if round == 8 {
            file = disk.append("a").unwrap();
        }
        assert_eq!(disk.length("a").unwrap(), expected.len() as u64);
        assert!(disk.read("a", 0, usize::MAX).unwrap() == expected, "round {round}");
    }
}

/// Bytes that begin where a block of memory does, as a large frame's do.
fn in_place(size: usize, seed: usize) -> (Vec<u8>, usize) {
    let mut memory: Vec<u8> = Vec::with_capacity(size + 4096);
    let begin = memory.as_ptr().addr().next_multiple_of(4096) - memory.as_ptr().addr();
    memory.resize(begin, 0);
    memory.extend((0..size).map(|at| (at * 37 + seed * 11) as u8));
    (memory, begin)
}

/// The same where bytes begin with a block in the file, in memory, in both, and in neither.
#[test]
fn a_file_is_what_was_appended_in_place_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let disk = RealDisk::open(folder.path()).unwrap();
    let mut expected = Vec::new();
    let mut file = disk.create("a").unwrap();
    for (round, size) in
        [131_072, 70_000, 700_416, 61_072, 126_976, 65_536, 5, 90_107].into_iter().enumerate()
    {
        let (memory, begin) = in_place(size, round);
        expected.extend_from_slice(&memory[begin..]);
        file.append(&memory[begin..]).unwrap();
        file.sync().unwrap();
        assert!(disk.read("a", 0, usize::MAX).unwrap() == expected, "round {round}");
    }
}

#[test]
fn a_directory_has_one_owner() {
    let folder = tempfile::tempdir().unwrap();
    let disk = RealDisk::open(folder.path()).unwrap();
    let owner = disk.lock().unwrap();
    let second = RealDisk::open(folder.path()).unwrap();
    assert_eq!(second.lock().err().unwrap().kind(), ErrorKind::WouldBlock);
    drop(owner);
    assert!(second.lock().is_ok());
}
