//! The index against a model: a map of ids to the time they came, through
//! restarts, spills, failing disks and long times.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::collections::HashMap;
use std::sync::Arc;

use proptest::prelude::*;
use uuid::Uuid;

use super::{Fingerprint, Index, IndexLimits, Lookup, Stepped};
use crate::disk::{Disk, RealDisk};

const DAY_MS: i64 = 24 * 3_600_000;

/// What happens to an index.
#[derive(Clone, Debug)]
enum Act {
    /// Ids come, those known left out as the log does.
    Come(u16, u8),
    /// Time passes, in hours.
    Pass(u16),
    /// Some steps are done.
    Step(u8),
    /// The process ends, and another opens the index; the log tells the tail.
    Restart,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        5 => (0..600_u16, 1..40_u8).prop_map(|(from, count)| Act::Come(from, count)),
        1 => (0..60_u16).prop_map(Act::Pass),
        4 => (1..30_u8).prop_map(Act::Step),
        1 => Just(Act::Restart),
    ]
}

fn id(number: u64) -> Fingerprint {
    let word = |seed: u64| {
        (number + 1).wrapping_mul(seed).rotate_left(23).wrapping_mul(0xbf58_476d_1ce4_e5b9)
    };
    let high = u128::from(word(0x9e37_79b9_7f4a_7c15));
    Fingerprint((high << 64) | u128::from(word(0xd6e8_feb8_6659_fd93)))
}

/// The log, as far as the index knows it: ids in order, with the time they came.
struct Log {
    entries: Vec<(u64, i64)>,
    now_ms: i64,
}

fn limits(table_max_bytes: usize) -> IndexLimits {
    IndexLimits {
        table_max_bytes,
        filters_max_bytes: 1 << 20,
        generation_max_ids: 50,
        regions_per_step: 512,
        ..IndexLimits::default()
    }
}

fn open(disk: &Arc<dyn Disk>, log: &Log, table_max_bytes: usize) -> Index {
    disk.create_folder("index").unwrap();
    let opened = Index::open(disk, "index", Uuid::nil(), &[0], limits(table_max_bytes)).unwrap();
    assert_eq!(opened.passed_over, Vec::<String>::new());
    let mut index = opened.index;
    let tail = &log.entries[usize::try_from(opened.positions[0]).unwrap()..];
    index.insert(tail.iter().map(|(number, _)| id(*number)));
    index.opened(log.now_ms);
    index
}

/// What was told within nine days is known; what never came is not.
fn check(index: &Index, log: &Log, model: &HashMap<u64, i64>) {
    let numbers: Vec<u64> = (0..700).collect();
    let ids: Vec<_> = numbers.iter().map(|number| id(*number)).collect();
    let mut found = Lookup::default();
    index.lookup(&ids, &mut found);
    assert!(found.unsure.is_empty());
    for (number, known) in numbers.iter().zip(&found.known) {
        match model.get(number) {
            Some(came_ms) if log.now_ms - came_ms <= 9 * DAY_MS => {
                assert!(known, "{number} is forgotten after {} ms", log.now_ms - came_ms);
            }
            // Forgotten by whole generations, and by and by.
            Some(_) => {}
            None => assert!(!known, "{number} never came"),
        }
    }
}

fn run(acts: Vec<Act>, table_max_bytes: usize) {
    let folder = tempfile::tempdir().unwrap();
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::open(folder.path()).unwrap());
    let mut log = Log { entries: Vec::new(), now_ms: 1_700_000_000_000 };
    let mut model = HashMap::new();
    let mut index = open(&disk, &log, table_max_bytes);
    for act in acts {
        match act {
            Act::Come(from, count) => {
                let numbers = u64::from(from)..u64::from(from) + u64::from(count);
                let ids: Vec<_> = numbers.clone().map(id).collect();
                let mut found = Lookup::default();
                index.lookup(&ids, &mut found);
                let new = numbers.zip(found.known).filter(|(_, known)| !known);
                let new: Vec<u64> = new.map(|(number, _)| number).collect();
                index.insert(new.iter().map(|number| id(*number)));
                for number in new {
                    model.insert(number, log.now_ms);
                    log.entries.push((number, log.now_ms));
                }
            }
            Act::Pass(hours) => log.now_ms += i64::from(hours) * 3_600_000,
            Act::Step(steps) => {
                for _ in 0..steps {
                    if index.wants_to_close(log.now_ms) && !index.is_behind() {
                        index.close_generation(vec![log.entries.len() as u64], log.now_ms);
                    }
                    index.step(log.now_ms).unwrap();
                }
            }
            Act::Restart => index = open(&disk, &log, table_max_bytes),
        }
        check(&index, &log, &model);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn it_is_a_set_with_a_window(acts in proptest::collection::vec(act(), 1..60)) {
        run(acts, usize::MAX / 2);
    }

    #[test]
    fn it_is_the_same_set_when_the_oldest_live_in_files(
        acts in proptest::collection::vec(act(), 1..60),
    ) {
        run(acts, 500_000);
    }
}

/// After the window, and the steps that follow it, nothing is left: neither in
/// memory nor on disk.
#[test]
fn what_is_older_than_the_window_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::open(folder.path()).unwrap());
    let mut log = Log { entries: Vec::new(), now_ms: 1_700_000_000_000 };
    let mut index = open(&disk, &log, 500_000);
    for number in 0..300 {
        index.insert([id(number)]);
        log.entries.push((number, log.now_ms));
        if index.wants_to_close(log.now_ms) {
            index.close_generation(vec![log.entries.len() as u64], log.now_ms);
        }
        while index.step(log.now_ms).unwrap() == Stepped::Worked {}
    }
    index.close_generation(vec![300], log.now_ms);
    while index.step(log.now_ms).unwrap() == Stepped::Worked {}
    let before = index.size();
    assert!(before.ids > 0 && before.spilled_ids > 0, "{before:?}");
    for (days, left) in [(9, 300), (10, 0)] {
        let now_ms = log.now_ms + days * DAY_MS;
        while index.step(now_ms).unwrap() == Stepped::Worked {}
        let size = index.size();
        assert_eq!(size.ids as u64 + size.spilled_ids, left, "after {days} days");
    }
    index.restate();
    while index.step(log.now_ms + 10 * DAY_MS).unwrap() == Stepped::Worked {}
    let mut found = Lookup::default();
    index.lookup(&(0..300).map(id).collect::<Vec<_>>(), &mut found);
    assert!(!found.known.contains(&true));
    let runs = |name: &String| name.starts_with("run-");
    let named_by_the_older_manifest =
        disk.list("index").unwrap().iter().filter(|n| runs(n)).count();
    index.insert([id(1000)]);
    index.close_generation(vec![301], log.now_ms + 10 * DAY_MS);
    while index.step(log.now_ms + 10 * DAY_MS).unwrap() == Stepped::Worked {}
    let left = disk.list("index").unwrap().iter().filter(|name| runs(name)).count();
    assert_eq!(left, 1, "of {named_by_the_older_manifest}");
}

/// A page of a file that cannot be believed makes its ids unsure, and no others.
#[test]
fn an_unreadable_file_makes_unsure_and_never_guesses() {
    let folder = tempfile::tempdir().unwrap();
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::open(folder.path()).unwrap());
    let log = Log { entries: Vec::new(), now_ms: 1_700_000_000_000 };
    let mut index = open(&disk, &log, 500_000);
    for number in 0..300 {
        index.insert([id(number)]);
        if index.wants_to_close(log.now_ms) {
            index.close_generation(vec![number], log.now_ms);
        }
        while index.step(log.now_ms).unwrap() == Stepped::Worked {}
    }
    let spilled = index.size().spilled_ids;
    assert!(spilled > 0);
    for name in disk.list("index").unwrap().iter().filter(|name| name.starts_with("run-")) {
        let path = folder.path().join("index").join(name);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[4096 + 40] ^= 4;
        std::fs::write(&path, bytes).unwrap();
    }
    let mut found = Lookup::default();
    index.lookup(&(0..300).map(id).collect::<Vec<_>>(), &mut found);
    assert_eq!(found.unsure.len() as u64, spilled);
    let known = found.known.iter().filter(|known| **known).count() as u64;
    assert_eq!(known, 300 - spilled);
    assert!(found.error.is_some());
}
