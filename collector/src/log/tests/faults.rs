//! What a damaged, foreign or crowded disk does to the log, case by case.

use std::sync::Arc;

use uuid::Uuid;

use super::disk::{CrashDisk, Random};
use super::world::{Hands, LANES, entry, limits, open, options, read_all};
use crate::clock::Clock;
use crate::disk::Disk;
use crate::log::append::{AppendError, Fullness, Outcome};
use crate::log::{AppendGroup, Content, Item, LogCore, LogReader, OpenError};

const FIRST: &str = "log/events.raw/lane-0000/00000000000000000000.seg";

fn batch(ids: impl IntoIterator<Item = u64>) -> AppendGroup {
    AppendGroup { entries: ids.into_iter().map(|id| entry(id, 0)).collect() }
}

/// Ids of lane 0 alone, a frame each.
fn fill(core: &mut LogCore, ids: std::ops::Range<u64>) {
    for id in ids {
        let result = core.commit(&[batch([id * u64::from(LANES)])]).remove(0);
        assert_eq!(result.unwrap(), [Outcome::Stored]);
    }
}

fn outcomes(core: &mut LogCore, ids: impl IntoIterator<Item = u64>) -> Vec<Outcome> {
    core.commit(&[batch(ids)]).remove(0).unwrap()
}

fn refusal(core: &mut LogCore, ids: impl IntoIterator<Item = u64>) -> AppendError {
    core.commit(&[batch(ids)]).remove(0).unwrap_err()
}

fn ids(items: &[Item]) -> Vec<Option<u64>> {
    let id = |item: &Item| match &item.content {
        Content::Entry(stored) => {
            let id = stored.event_id.as_u128() as u64;
            assert_eq!(stored.payload, entry(id, 0).payload);
            assert_eq!(stored.received_at_ms, 1000 + id as i64);
            assert_eq!(stored.tenant_id, entry(id, 0).tenant_id);
            Some(id)
        }
        Content::Erased | Content::Damaged => None,
    };
    items.iter().map(id).collect()
}

fn new() -> (CrashDisk, Arc<Hands>) {
    let clock = Arc::new(Hands::default());
    clock.pass(1_700_000_000_000);
    (CrashDisk::new(), clock)
}

#[test]
fn a_log_is_appended_read_and_there_again() {
    let (disk, clock) = new();
    let (mut core, recovery) = open(&disk, &clock, limits());
    assert!(recovery.made && recovery.ids == 0);
    assert_eq!(
        outcomes(&mut core, [1, 2, 1, 3]),
        [Outcome::Stored, Outcome::Stored, Outcome::Duplicate, Outcome::Stored]
    );
    assert_eq!(outcomes(&mut core, [3, 4]), [Outcome::Duplicate, Outcome::Stored]);
    let results = core.commit(&[batch([5, 4]), batch([5, 6]), AppendGroup::default()]);
    let results: Vec<_> = results.into_iter().map(Result::unwrap).collect();
    assert_eq!(
        results,
        [
            vec![Outcome::Stored, Outcome::Duplicate],
            vec![Outcome::Duplicate, Outcome::Stored],
            vec![]
        ]
    );
    let log_id = core.reader().log_id();
    drop(core);
    let (mut core, recovery) = open(&disk, &clock, limits());
    assert_eq!((recovery.made, recovery.ids, recovery.ids_of_tail), (false, 6, 6));
    assert_eq!(core.reader().log_id(), log_id);
    let lanes: Vec<_> = read_all(&core.reader()).iter().map(|items| ids(items)).collect();
    assert_eq!(lanes, [vec![Some(3), Some(6)], vec![Some(1), Some(4)], vec![Some(2), Some(5)]]);
    assert_eq!(outcomes(&mut core, 1..=7)[5..], [Outcome::Duplicate, Outcome::Stored]);
    core.snapshot().unwrap();
    drop(core);
    let (_, recovery) = open(&disk, &clock, limits());
    assert_eq!((recovery.ids, recovery.ids_of_tail), (7, 0));
}

#[test]
fn reading_keeps_its_bounds_and_positions() {
    let (disk, clock) = new();
    let (mut core, _) = open(&disk, &clock, limits());
    outcomes(&mut core, (0..30).map(|id| id * 3));
    fill(&mut core, 30..60);
    let reader = core.reader();
    assert_eq!((reader.begin(0), reader.durable_end(0)), (0, 60));
    assert_eq!(reader.read(0, 10, 5, usize::MAX).unwrap().len(), 5);
    let one = reader.read(0, 10, 100, 0).unwrap();
    assert_eq!((one.len(), one[0].offset), (1, 10));
    assert_eq!(reader.read(0, 0, usize::MAX, usize::MAX).unwrap().len(), 60);
    assert!(reader.read(0, 60, 9, 9).unwrap().is_empty());
    assert!(reader.read(0, 5, 0, 9).unwrap().is_empty());
    assert_eq!(reader.read(0, 61, 9, 9).unwrap_err().code(), "log_position_beyond_end");
    assert_eq!(reader.release(0, 61).unwrap_err().code(), "log_position_beyond_end");
    assert_eq!(reader.read(LANES, 0, 9, 9).unwrap_err().code(), "lane_not_owned");
}

#[test]
fn a_second_process_is_refused() {
    let (disk, clock) = new();
    let (core, _) = open(&disk, &clock, limits());
    let again = || {
        LogCore::open(Arc::new(disk.clone()), Arc::clone(&clock) as _, &options(limits()))
            .map(|_| ())
    };
    assert_eq!(again().unwrap_err().code(), "data_dir_locked");
    drop(core);
    again().unwrap();
}

#[test]
fn a_newer_format_is_refused_and_named() {
    let (disk, clock) = new();
    let (mut core, _) = open(&disk, &clock, limits());
    fill(&mut core, 0..3);
    core.snapshot().unwrap();
    drop(core);
    let manifest = disk.paths("log/events.raw/index/manifest-").remove(0);
    for path in ["log/events.raw/log", &manifest] {
        let bytes = disk.read(path, 0, 100_000).unwrap();
        let text = String::from_utf8(bytes.clone()).unwrap();
        disk.put(path, text.replacen(" v1 ", " v2 ", 1).as_bytes());
        newer_is_refused(&disk, &clock, path, 1);
        disk.put(path, &bytes);
    }
    let bytes = disk.read(FIRST, 0, 100_000).unwrap();
    let mut newer = bytes.clone();
    newer[8] = 3;
    let checksum = crc32c::crc32c_append(crc32c::crc32c(&newer[..12]), &newer[16..64]);
    newer[12..16].copy_from_slice(&checksum.to_le_bytes());
    disk.put(FIRST, &newer);
    newer_is_refused(&disk, &clock, FIRST, 2);
    disk.put(FIRST, &bytes);
    open(&disk, &clock, limits());
}

fn newer_is_refused(disk: &CrashDisk, clock: &Arc<Hands>, path: &str, newest: u16) {
    let opened = LogCore::open(Arc::new(disk.clone()), Arc::clone(clock) as _, &options(limits()));
    match opened.map(|_| ()) {
        Err(OpenError::Newer { path: named, found, known }) => {
            assert_eq!((named.as_str(), found, known), (path, newest + 1, newest));
        }
        other => panic!("{path}: {other:?}"),
    }
}

#[test]
fn a_damaged_header_is_refused_with_what_to_do() {
    let (disk, clock) = new();
    let (mut core, _) = open(&disk, &clock, limits());
    fill(&mut core, 0..3);
    drop(core);
    let header = disk.read("log/events.raw/log", 0, 9999).unwrap();
    disk.flip("log/events.raw/log", header.len() - 5, 1);
    let refused = || {
        let clock = Arc::clone(&clock) as Arc<dyn Clock>;
        LogCore::open(Arc::new(disk.clone()), clock, &options(limits())).err().unwrap()
    };
    assert_eq!(refused().code(), "log_header_damaged");
    disk.remove("log/events.raw/log").unwrap();
    assert_eq!(refused().code(), "log_header_damaged");
    disk.put("log/events.raw/log", &header);
    open(&disk, &clock, limits());
}

/// Each bit that flips in a segment costs at most the entries of its frame, is
/// said, and is never passed over in silence.
#[test]
fn a_flipped_bit_is_found_wherever_it_is() {
    let (disk, clock) = new();
    let mut small = limits();
    small.segment_max_bytes = 600;
    let (mut core, _) = open(&disk, &clock, small.clone());
    fill(&mut core, 0..9);
    // Another lane proves that what came before was durable.
    outcomes(&mut core, [1]);
    drop(core);
    let segments = disk.paths("log/events.raw/lane-0000/");
    assert!(segments.len() >= 2, "{segments:?}");
    for path in &segments {
        let bytes = disk.read(path, 0, 100_000).unwrap();
        for at in 0..bytes.len() {
            let bit = (at % 8) as u8;
            disk.flip(path, at, bit);
            let (mut core, recovery) = open(&disk, &clock, small.clone());
            let reader = core.reader();
            let items = read_all(&reader).remove(0);
            let found = ids(&items);
            if !recovery.torn.is_empty() {
                // The head of the lane's last frame: nothing tells it from a torn one.
                assert!(*path == segments[segments.len() - 1] && found.len() == 8, "{path} {at}");
                assert_eq!(disk.paths("log/events.raw/quarantine/torn-").len(), 1);
                drop(core);
                disk.put(path, &bytes);
                remove_all(&disk, "log/events.raw/quarantine/");
                let newest = disk.paths("log/events.raw/lane-0000/").pop().unwrap();
                disk.remove(&newest).unwrap();
                continue;
            }
            assert_eq!(found.len(), 9, "{path} {at}: {found:?}");
            let lost = found.iter().filter(|id| id.is_none()).count();
            let right = found.iter().zip(0..).all(|(id, n)| id.is_none_or(|id| id == n * 3));
            assert!(right && lost <= 1, "{path} {at}: {found:?}");
            let said = !disk.paths("log/events.raw/quarantine/").is_empty();
            assert_eq!(lost > 0, said, "{path} {at}");
            assert_eq!(reader.stats().damaged_entries.get(), lost as u64);
            if lost == 0 || recovery.damages.iter().all(|damage| damage.ids_known) {
                let known = outcomes(&mut core, (0..9).map(|id| id * 3));
                assert_eq!(known, [Outcome::Duplicate; 9], "{path} {at}");
            } else {
                assert!(recovery.ids < 10, "{path} {at}");
            }
            drop(core);
            remove_all(&disk, "log/events.raw/quarantine/");
            disk.put(path, &bytes);
        }
    }
}

fn remove_all(disk: &CrashDisk, beginning: &str) {
    for path in disk.paths(beginning) {
        disk.remove(&path).unwrap();
    }
}

/// The last frame of all cannot be told from a torn one: it is cut, kept aside
/// where it looks whole, and its offsets are not given again.
#[test]
fn a_torn_end_is_cut_at_any_length() {
    let (disk, clock) = new();
    let (mut core, _) = open(&disk, &clock, limits());
    fill(&mut core, 0..4);
    drop(core);
    let bytes = disk.read(FIRST, 0, 100_000).unwrap();
    let whole = bytes.len();
    for length in 0..=whole {
        let (disk, clock) = (CrashDisk::new(), Arc::clone(&clock));
        drop(open(&disk, &clock, limits()));
        disk.put(FIRST, &bytes[..length]);
        let (mut core, recovery) = open(&disk, &clock, limits());
        assert!(recovery.damages.is_empty(), "{length}: {recovery:?}");
        let kept = ids(&read_all(&core.reader())[0]);
        assert!(kept.iter().zip(0..).all(|(id, n)| *id == Some(n * 3)));
        assert_eq!(kept.len() == 4, length == whole);
        fill(&mut core, kept.len() as u64..6);
        drop(core);
        let (core, recovery) = open(&disk, &clock, limits());
        assert!(recovery.damages.is_empty() && recovery.torn.is_empty());
        let items = read_all(&core.reader()).remove(0);
        assert_eq!(ids(&items), (0..6).map(|n| Some(n * 3)).collect::<Vec<_>>());
    }
    disk.flip(FIRST, whole - 1, 0);
    let (mut core, recovery) = open(&disk, &clock, limits());
    assert_eq!(recovery.torn, [0]);
    assert_eq!(disk.paths("log/events.raw/quarantine/torn-").len(), 1);
    fill(&mut core, 3..4);
    let items = read_all(&core.reader()).remove(0);
    assert!(items[3].offset > 4, "{}", items[3].offset);
}

/// The power goes at each step of the repair of a torn end, and whatever the disk makes
/// of that: what was never acknowledged is not taken for known, and nothing else is lost.
#[test]
fn a_repair_that_is_interrupted_is_finished() {
    let open_again = |disk: &CrashDisk, clock: &Arc<Hands>| {
        let clock = Arc::clone(clock) as Arc<dyn Clock>;
        LogCore::open(Arc::new(disk.clone()), clock, &options(limits()))
    };
    let mut interrupted = 0;
    for step in 0..40 {
        for seed in 0..16 {
            let (disk, clock) = new();
            let (mut core, _) = open(&disk, &clock, limits());
            fill(&mut core, 0..4);
            drop(core);
            let whole = disk.read(FIRST, 0, 100_000).unwrap().len();
            disk.flip(FIRST, whole - 1, 0);
            disk.crash_in(step);
            let done = open_again(&disk, &clock).is_ok() && !disk.has_crashed();
            interrupted += u64::from(!done);
            disk.restart(&mut Random(seed));
            let (mut core, recovery) = open(&disk, &clock, limits());
            assert!(recovery.damages.is_empty(), "{step} {seed}: {recovery:?}");
            let known = outcomes(&mut core, (0..4).map(|id| id * u64::from(LANES)));
            let [kept @ .., torn] = known.as_slice() else { unreachable!() };
            assert_eq!(*torn, Outcome::Stored, "{step} {seed}: {recovery:?}");
            assert_eq!(*kept, [Outcome::Duplicate; 3], "{step} {seed}: {recovery:?}");
            drop(core);
            let (core, recovery) = open(&disk, &clock, limits());
            assert!(
                recovery.damages.is_empty() && recovery.torn.is_empty(),
                "{step} {seed}: {recovery:?}"
            );
            let items = read_all(&core.reader()).remove(0);
            let found = ids(&items).into_iter().flatten().collect::<Vec<_>>();
            assert_eq!(found, [0, 3, 6, 9], "{step} {seed}");
        }
    }
    assert!(interrupted > 100, "{interrupted}");
}

#[test]
fn a_damaged_snapshot_costs_a_longer_tail_and_nothing_else() {
    let (disk, clock) = new();
    let (mut core, _) = open(&disk, &clock, limits());
    fill(&mut core, 0..20);
    core.snapshot().unwrap();
    fill(&mut core, 20..30);
    core.snapshot().unwrap();
    drop(core);
    let all: Vec<u64> = (0..30).map(|id| id * 3).collect();
    let index = disk.paths("log/events.raw/index/");
    assert_eq!(index.len(), 4, "two manifests, two runs: {index:?}");
    for path in &index {
        let bytes = disk.read(path, 0, 1_000_000).unwrap();
        disk.flip(path, bytes.len() / 2, 3);
        let (mut core, recovery) = open(&disk, &clock, limits());
        // The older manifest is not needed; any other damage is passed over and said.
        assert_eq!(recovery.passed_over.is_empty(), *path == index[0], "{path}: {recovery:?}");
        assert_eq!(recovery.ids, 30, "{path}");
        assert_eq!(outcomes(&mut core, all.clone()), [Outcome::Duplicate; 30]);
        drop(core);
        disk.put(path, &bytes);
    }
}

#[test]
fn without_a_snapshot_and_without_the_whole_log_it_refuses() {
    let (disk, clock) = new();
    let (mut core, _) = open(&disk, &clock, limits());
    fill(&mut core, 0..200);
    let reader = core.reader();
    reader.release(0, 200).unwrap();
    for _ in 0..200 {
        clock.pass(20);
        core.tick();
    }
    assert!(reader.begin(0) > 0);
    drop(core);
    for path in disk.paths("log/events.raw/index/manifest-") {
        disk.flip(&path, 60, 1);
    }
    let refused =
        LogCore::open(Arc::new(disk.clone()), Arc::clone(&clock) as _, &options(limits()));
    let refused = refused.err().unwrap();
    assert_eq!(refused.code(), "dedupe_index_lost");
    assert!(refused.to_string().contains("backup"), "{refused}");
}

#[test]
fn a_failed_write_is_taken_back_and_a_later_crash_does_not_bring_it_back() {
    for ahead in 0..8 {
        let (disk, clock) = new();
        let (mut core, _) = open(&disk, &clock, limits());
        assert_eq!(outcomes(&mut core, [0, 1, 2]), [Outcome::Stored; 3]);
        disk.fail_in(ahead);
        let result = core.commit(&[batch([3, 4, 5]), batch([0]), batch([0, 3])]);
        let failed = result[0].is_err();
        assert_eq!(failed, ahead < 6, "{ahead}: three writes and three syncs");
        assert_eq!(result[1].as_ref().unwrap(), &[Outcome::Duplicate]);
        assert_eq!(result[2].is_err(), failed);
        if failed {
            assert_eq!(core.reader().durable_end(0), 1);
            assert_eq!(outcomes(&mut core, [3, 4, 5]), [Outcome::Stored; 3]);
        }
        drop(core);
        disk.restart(&mut Random(ahead));
        let (core, _) = open(&disk, &clock, limits());
        let lanes: Vec<_> = read_all(&core.reader()).iter().map(|items| ids(items)).collect();
        assert_eq!(lanes, [vec![Some(0), Some(3)], vec![Some(1), Some(4)], vec![Some(2), Some(5)]]);
    }
}

#[test]
fn it_is_full_before_the_disk_is() {
    let (disk, clock) = new();
    let mut few = limits();
    few.unsent_max_bytes = 2_000;
    let (mut core, _) = open(&disk, &clock, few);
    fill(&mut core, 0..3);
    disk.set_free(999);
    clock.pass(11);
    core.tick();
    assert!(matches!(refusal(&mut core, [33]), AppendError::Full(Fullness::Disk)));
    assert_eq!(
        outcomes(&mut core, [3]),
        [Outcome::Duplicate],
        "what is there is told all the same"
    );
    disk.set_free(1000);
    clock.pass(11);
    core.tick();
    fill(&mut core, 11..30);
    clock.pass(11);
    core.tick();
    assert!(matches!(refusal(&mut core, [999]), AppendError::Full(Fullness::Unsent)));
    let reader = core.reader();
    reader.release(0, reader.durable_end(0)).unwrap();
    clock.pass(11);
    core.tick();
    assert_eq!(outcomes(&mut core, [999]), [Outcome::Stored]);
    assert_eq!(core.reader().stats().refused_full.get(), 2);
}

#[test]
fn the_index_is_full_when_neither_memory_nor_filters_have_room() {
    let (disk, clock) = new();
    let mut tight = limits();
    tight.index.table_max_bytes = 700_000;
    tight.index.filters_max_bytes = 0;
    let (mut core, _) = open(&disk, &clock, tight);
    let mut refused = None;
    for id in 0..500 {
        match core.commit(&[batch([id])]).remove(0) {
            Ok(_) => assert!(refused.is_none()),
            Err(error) => refused = Some(error),
        }
        clock.pass(1);
        core.tick();
    }
    assert!(matches!(refused, Some(AppendError::Full(Fullness::Index))), "{refused:?}");
    let stats = core.reader().stats();
    // Over by what one group brought, at most.
    assert!(stats.id_bytes.get() < stats.index_max_bytes.get() + 10_000);
}

#[test]
fn a_batch_that_breaks_a_bound_is_unfit_and_its_neighbours_live() {
    let (disk, clock) = new();
    let (mut core, _) = open(&disk, &clock, limits());
    let mut wrong_lane = batch([1]);
    wrong_lane.entries[0].lane = LANES;
    let mut large = batch([2]);
    large.entries[0].payload = vec![0; super::super::limits::PAYLOAD_MAX_BYTES + 1].into();
    let many = batch(10..2000);
    let results = core.commit(&[wrong_lane, batch([3]), large, many]);
    assert_eq!(results[1].as_ref().unwrap(), &[Outcome::Stored]);
    for at in [0, 2, 3] {
        let error = results[at].as_ref().unwrap_err();
        assert!(!error.may_be_tried_again() && error.code() == "append_unfit");
    }
    assert_eq!(outcomes(&mut core, [1, 2]), [Outcome::Stored; 2], "their ids were not learnt");
}

#[test]
fn what_was_released_goes_by_size_and_by_age_and_its_ids_stay() {
    let (disk, clock) = new();
    let mut short = limits();
    short.retain_max_ms = 1_000_000;
    let (mut core, _) = open(&disk, &clock, short.clone());
    fill(&mut core, 0..150);
    let reader = core.reader();
    let settle = |core: &mut LogCore| {
        for _ in 0..100 {
            clock.pass(11);
            core.tick();
        }
    };
    settle(&mut core);
    assert_eq!(reader.begin(0), 0, "nothing goes that was not released");
    reader.release(0, 140).unwrap();
    settle(&mut core);
    let begin = reader.begin(0);
    assert!(begin > 0 && begin < 140, "{begin}");
    assert!(reader.stats().log_bytes.get() < 20_000);
    reader.release(0, 150).unwrap();
    clock.pass(2_000_000);
    settle(&mut core);
    assert_eq!(reader.begin(0), 150);
    assert_eq!(reader.durable_end(0), 150);
    drop(core);
    let (mut core, _) = open(&disk, &clock, short);
    assert_eq!(core.reader().durable_end(0), 150);
    assert_eq!(outcomes(&mut core, (0..150).map(|id| id * 3)), [Outcome::Duplicate; 150]);
    fill(&mut core, 150..151);
    assert_eq!(read_all(&core.reader())[0][0].offset, 150);
}

#[test]
fn an_erased_entry_keeps_its_place_and_its_id() {
    let (disk, clock) = new();
    let (mut core, _) = open(&disk, &clock, limits());
    fill(&mut core, 0..100);
    let reader = core.reader();
    let before = reader.read(0, 0, 3, 9999).unwrap();
    let person = |stored: &crate::log::Stored| stored.event_id.as_u128().is_multiple_of(10);
    let erasure = core.erase(&mut |stored| person(stored)).unwrap();
    assert_eq!(erasure.erased, 10);
    assert!(erasure.segments > 1 && erasure.unreadable == 0);
    assert_eq!(core.erase(&mut |stored| person(stored)).unwrap().erased, 0);
    let check = |items: &[Item]| {
        assert_eq!(items.len(), 100);
        for (item, id) in items.iter().zip((0..100).map(|id| id * 3)) {
            assert_eq!(item.offset, id / 3);
            assert_eq!(item.content == Content::Erased, id % 10 == 0, "{id}");
        }
    };
    check(&read_all(&reader)[0]);
    assert!(matches!(before[0].content, Content::Entry(_)));
    for path in disk.paths("log/") {
        let bytes = disk.read(&path, 0, 1_000_000).unwrap();
        let needle = entry(30, 0).payload;
        assert!(!bytes.windows(needle.len()).any(|window| window == needle), "{path}");
    }
    drop(core);
    disk.restart(&mut Random(1));
    let (mut core, recovery) = open(&disk, &clock, limits());
    assert!(recovery.damages.is_empty());
    check(&read_all(&core.reader())[0]);
    assert_eq!(outcomes(&mut core, (0..100).map(|id| id * 3)), [Outcome::Duplicate; 100]);
}

#[test]
fn an_erasure_that_is_cut_short_leaves_every_segment_whole() {
    for ahead in 0..40 {
        let (disk, clock) = new();
        let (mut core, _) = open(&disk, &clock, limits());
        fill(&mut core, 0..60);
        disk.crash_in(ahead);
        let done = core.erase(&mut |_| true).is_ok();
        drop(core);
        disk.restart(&mut Random(ahead));
        let (mut core, recovery) = open(&disk, &clock, limits());
        assert!(recovery.damages.is_empty(), "{ahead}");
        let items = read_all(&core.reader()).remove(0);
        assert_eq!(items.len(), 60);
        assert!(!done || items.iter().all(|item| item.content == Content::Erased));
        core.erase(&mut |_| true).unwrap();
        let items = read_all(&core.reader()).remove(0);
        assert!(items.iter().all(|item| item.content == Content::Erased));
    }
}

#[test]
fn a_log_that_stands_in_for_another_takes_nothing_before_it_knows_the_ids() {
    let (disk, clock) = new();
    let mut options = options(limits());
    options.preload_if_new = true;
    let open = || LogCore::open(Arc::new(disk.clone()), Arc::clone(&clock) as _, &options).unwrap();
    let (mut core, recovery) = open();
    assert!(recovery.wants_preload);
    assert!(matches!(refusal(&mut core, [1]), AppendError::NotReady));
    let ids = |range: std::ops::Range<u64>| {
        range.map(|id| (super::world::tenant(), Uuid::from_u128(u128::from(id))))
    };
    core.preload(ids(0..100)).unwrap();
    drop(core);
    let (mut core, recovery) = open();
    assert!(recovery.wants_preload, "it was not finished");
    core.preload(ids(0..60)).unwrap();
    core.preload(ids(60..100)).unwrap();
    core.finish_preload().unwrap();
    assert_eq!(outcomes(&mut core, [99, 100]), [Outcome::Duplicate, Outcome::Stored]);
    drop(core);
    disk.restart(&mut Random(5));
    let (mut core, recovery) = open();
    assert!(!recovery.wants_preload);
    assert_eq!(outcomes(&mut core, 0..101), [Outcome::Duplicate; 101]);
}
