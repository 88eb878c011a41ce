//! A lane, through everything that ClickHouse and a kill may do to it.

use std::sync::atomic::Ordering;

use super::world::{NEW_YEAR_MS, Order, World, entry};
use crate::clock::Clock as _;
use crate::disk::Disk as _;
use crate::log::Content;
use crate::planted::{Bug, plant};
use crate::process::plan::{self, Plan};
use crate::process::{OpenError, Step, dead_letters};
use crate::sealed::SealedError;

fn filled(entries: u64) -> World {
    let world = World::new();
    for _ in 0..entries {
        world.log.push(entry(NEW_YEAR_MS, "u"));
    }
    world
}

fn order(world: &World, orders: &[Order]) {
    world.store.0.lock().unwrap().orders.extend(orders);
}

#[test]
fn a_block_closes_by_its_rows_or_by_its_age() {
    let world = filled(23);
    let mut writer = world.writer();
    world.drain(&mut writer);
    world.assert_exact(23);
    let statements = world.store.0.lock().unwrap().statements.len();
    assert_eq!((statements, writer.committed()), (3, 23));
    assert_eq!(world.clock.monotonic_ms(), 200, "the last block waited for more");
    assert_eq!(world.log.released.load(Ordering::Relaxed), 23);
    assert_eq!(world.step(&mut writer), Step::WaitForEntries);
}

#[test]
fn what_is_released_is_durable() {
    let world = filled(25);
    let mut writer = world.writer();
    loop {
        let step = world.step(&mut writer);
        let recorded = Plan::read(&world.disk, 0).unwrap().map_or(0, |plan| plan.committed);
        assert!(world.log.released.load(Ordering::Relaxed) <= recorded);
        match step {
            Step::Worked => {}
            Step::WaitUntil(until_ms) => world.clock.0.store(until_ms, Ordering::Relaxed),
            Step::WaitForEntries => break,
        }
    }
}

#[test]
fn two_months_are_two_statements() {
    let world = World::new();
    for (at, user) in [(-1, "a"), (0, "b"), (-2, "c")] {
        world.log.push(entry(NEW_YEAR_MS + at, user));
    }
    let mut writer = world.writer();
    world.drain(&mut writer);
    world.assert_exact(3);
    let database = world.store.0.lock().unwrap();
    let partitions: Vec<u32> = database.rows.keys().map(|(_, month, _)| *month).collect();
    assert_eq!(partitions, [202_512, 202_512, 202_601]);
    assert_eq!(database.statements.len(), 2);
    assert!(
        database.statements[0].ends_with("-0-0-3-events_raw-202512"),
        "{:?}",
        database.statements
    );
}

#[test]
fn an_unknown_outcome_is_settled_by_asking() {
    for unknown in [Order::AppliedUnknown, Order::AbsentUnknown, Order::BeginsLate] {
        let world = filled(5);
        order(&world, &[unknown]);
        let mut writer = world.writer();
        world.drain(&mut writer);
        world.assert_exact(5);
        assert_eq!(world.shared.counters.doubts.get(), 1, "{unknown:?}");
        assert!(world.clock.monotonic_ms() >= world.options.fence_grace_ms, "{unknown:?}");
    }
}

#[test]
fn while_clickhouse_is_away_pauses_grow_and_nothing_is_lost() {
    let world = filled(5);
    order(&world, &[Order::NotBegun; 30]);
    let mut writer = world.writer();
    world.drain(&mut writer);
    world.assert_exact(5);
    assert!(world.clock.monotonic_ms() > 30_000, "{}", world.clock.monotonic_ms());
    let statements = world.store.0.lock().unwrap().statements.clone();
    assert_eq!(statements.len(), 31);
    assert!(statements.windows(2).all(|two| two[0] == two[1]), "the same block all the time");
}

/// Killed after each of its steps in turn, under each kind of unknown outcome.
#[test]
fn a_kill_at_any_step_loses_and_doubles_nothing() {
    for unknown in [None, Some(Order::AppliedUnknown), Some(Order::BeginsLate)] {
        for kill_at in 0..40 {
            let world = World::new();
            for at in 0..25 {
                world.log.push(entry(NEW_YEAR_MS - 5 + at, if at == 13 { "bad" } else { "u" }));
            }
            world.store.0.lock().unwrap().poison = Some("bad");
            order(&world, unknown.as_slice());
            let mut writer = world.writer();
            for _ in 0..kill_at {
                if let Step::WaitUntil(until_ms) = world.step(&mut writer) {
                    world.clock.0.store(until_ms, Ordering::Relaxed);
                }
            }
            drop(writer);
            world.log.push(entry(NEW_YEAR_MS, "later"));
            world.drain(&mut world.writer());
            world.assert_exact(26);
            let letters = dead_letters::read(&world.disk, 0).unwrap();
            assert_eq!(letters.iter().map(|letter| letter.offset).collect::<Vec<_>>(), [13]);
        }
    }
}

#[test]
fn a_poison_row_is_found_and_the_rest_lands() {
    let world = World::new();
    for at in 0..10 {
        world.log.push(entry(NEW_YEAR_MS, if at == 3 || at == 9 { "bad" } else { "u" }));
    }
    world.store.0.lock().unwrap().poison = Some("bad");
    order(&world, &[Order::AbsentUnknown]);
    world.drain(&mut world.writer());
    world.assert_exact(10);
    let letters = dead_letters::read(&world.disk, 0).unwrap();
    let told = &world.store.0.lock().unwrap().letters;
    for (letter, told) in letters.iter().zip(told) {
        assert_eq!((letter.offset, letter.code), (told.offset, told.code));
        let view = crate::record::RecordView::read(&letter.payload).unwrap();
        assert_eq!(view.user_id().unwrap(), "bad");
    }
    assert_eq!(letters.iter().map(|letter| letter.offset).collect::<Vec<_>>(), [3, 9]);
}

#[test]
fn a_record_that_cannot_be_read_is_a_dead_letter() {
    let world = filled(2);
    let Content::Entry(mut stored) = entry(NEW_YEAR_MS, "u") else { unreachable!() };
    stored.payload = b"\xffnonsense".to_vec().into();
    world.log.push(Content::Entry(stored));
    world.log.push(Content::Erased);
    world.drain(&mut world.writer());
    let database = world.store.0.lock().unwrap();
    assert_eq!(database.rows.len(), 2);
    assert_eq!((database.letters[0].offset, database.letters[0].code), (2, 0));
    assert_eq!(world.shared.counters.erased.get(), 1);
}

#[test]
fn part_of_a_block_is_a_violation_that_stops_the_lane() {
    let world = filled(6);
    order(&world, &[Order::TornUnknown]);
    let mut writer = world.writer();
    for _ in 0..40 {
        if let Step::WaitUntil(until_ms) = world.step(&mut writer) {
            world.clock.0.store(until_ms, Ordering::Relaxed);
        }
    }
    assert!(world.shared.counters.violations.get() > 0);
    assert_eq!(writer.committed(), 0);
}

#[test]
fn a_lost_plan_is_made_good_by_asking() {
    for damage in [true, false] {
        let world = filled(23);
        world.drain(&mut world.writer());
        if damage {
            world.disk.truncate(&plan::path(0), 40).unwrap();
        } else {
            world.disk.remove(&plan::path(0)).unwrap();
        }
        // Other sizes cut other blocks than those that were sent.
        let world = World {
            options: crate::process::WriterOptions { max_rows: 7, ..world.options },
            ..world
        };
        world.log.push(entry(NEW_YEAR_MS, "new"));
        world.drain(&mut world.writer());
        world.assert_exact(24);
    }
}

#[test]
fn a_plan_beyond_its_log_and_one_of_a_newer_release_are_refused() {
    let world = filled(5);
    world.drain(&mut world.writer());
    world.log.items.lock().unwrap().truncate(3);
    let refused = world.try_writer().unwrap_err();
    assert!(matches!(refused, OpenError::BeyondLog { committed: 5, end: 3, .. }), "{refused}");
    let text = String::from_utf8(world.disk.file(&plan::path(0)).unwrap()).unwrap();
    let newer = text.replacen("plan v1", "plan v9", 1).into_bytes();
    world.disk.0.lock().unwrap().insert(plan::path(0), newer);
    let refused = world.try_writer().unwrap_err();
    assert!(matches!(refused, OpenError::Plan(SealedError::Newer { found: 9, .. })), "{refused}");
}

#[test]
fn offsets_that_hold_nothing_are_passed() {
    let world = filled(2);
    world.log.items.lock().unwrap()[1].offset = 7;
    world.drain(&mut world.writer());
    assert_eq!(world.shared.frontier.committed(0), Some(8));
    let database = world.store.0.lock().unwrap();
    assert_eq!(database.rows.keys().map(|(_, _, offset)| *offset).collect::<Vec<_>>(), [0, 7]);
}

#[test]
fn what_was_erased_or_damaged_after_the_plan_is_left_out() {
    let world = filled(6);
    order(&world, &[Order::AbsentUnknown]);
    let mut writer = world.writer();
    while world.shared.counters.doubts.get() == 0 {
        if let Step::WaitUntil(until_ms) = world.step(&mut writer) {
            world.clock.0.store(until_ms, Ordering::Relaxed);
        }
    }
    drop(writer);
    world.log.items.lock().unwrap()[2].content = Content::Erased;
    world.log.items.lock().unwrap()[4].content = Content::Damaged;
    world.drain(&mut world.writer());
    let database = world.store.0.lock().unwrap();
    let there: Vec<u64> = database.rows.keys().map(|(_, _, offset)| *offset).collect();
    assert_eq!(there, [0, 1, 3, 5]);
    let counters = &world.shared.counters;
    assert_eq!(
        (counters.erased.get(), counters.damaged.get(), counters.violations.get()),
        (1, 1, 0)
    );
}

/// Each planted mistake of the lane's writer shows in some run.
#[test]
fn planted_mistakes_are_seen() {
    let bugs = [
        Bug::PlanNotRecorded,
        Bug::RangeChangedOnRetry,
        Bug::CommitBeforeOutcome,
        Bug::ProbeSkipped,
        Bug::FenceSkipped,
        Bug::RestartNotDoubted,
        Bug::CommitRecordedFirst,
        Bug::PartitionForgotten,
        Bug::BisectLosesNeighbour,
        Bug::DeadLetterNotFiled,
        Bug::ReleasedBeforeRecorded,
    ];
    for bug in bugs {
        let caught = std::panic::catch_unwind(|| {
            let _planted = plant(bug);
            a_kill_at_any_step_loses_and_doubles_nothing();
            an_unknown_outcome_is_settled_by_asking();
            what_is_released_is_durable();
            late_entries_join_no_block_that_was_sent();
        });
        assert!(caught.is_err(), "{bug:?} was not seen");
    }
}

#[test]
fn late_entries_join_no_block_that_was_sent() {
    for kill_at in 0..20 {
        let world = filled(2);
        order(&world, &[Order::AbsentUnknown, Order::AppliedUnknown]);
        let mut writer = world.writer();
        for _ in 0..kill_at {
            world.log.push(entry(NEW_YEAR_MS, "late"));
            if let Step::WaitUntil(until_ms) = world.step(&mut writer) {
                world.clock.0.store(until_ms, Ordering::Relaxed);
            }
        }
        drop(writer);
        world.drain(&mut world.writer());
        world.assert_exact(2 + kill_at);
    }
}
