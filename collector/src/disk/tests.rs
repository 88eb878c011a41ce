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
