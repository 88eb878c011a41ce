//! A rollup, through everything that ClickHouse and a kill may do to it.

use std::sync::atomic::Ordering;

use super::world::{LOG_ID, NEW_YEAR_MS, Order, World, entry};
use crate::limits::ROLLUP_EVERY_MS;
use crate::planted::{Bug, plant};
use crate::process::{RollupWriter, Step};
use crate::store::{Rollup, Store as _};

const ROLLUP: Rollup = Rollup::DailyMetrics;

fn writer(world: &World) -> RollupWriter {
    RollupWriter::new(ROLLUP, &world.log, &world.clock, world.options, world.shared.clone())
}

fn step(world: &World, writer: &mut RollupWriter) -> Step {
    let step = writer.step(&world.log, &world.store, &world.clock);
    if let Step::WaitUntil(until_ms) = step {
        world.clock.0.store(until_ms, Ordering::Relaxed);
    }
    step
}

fn drain(world: &World, writer: &mut RollupWriter) {
    for _ in 0..10_000 {
        if step(world, writer) == Step::WaitForEntries {
            return;
        }
    }
    panic!("it never comes to rest");
}

fn assert_exact(world: &World, end: u64) {
    world.store.0.lock().unwrap().begin_late();
    let database = world.store.0.lock().unwrap();
    let expected: Vec<u32> = vec![1; usize::try_from(end).unwrap()];
    let times: Vec<u32> = (0..end)
        .map(|offset| database.rolled.get(&(ROLLUP, 0, offset)).copied().unwrap_or(0))
        .collect();
    assert_eq!(times, expected);
    drop(database);
    assert_eq!(world.store.watermark(ROLLUP, LOG_ID, 0).unwrap(), end);
    assert_eq!(world.shared.counters.violations.get(), 0);
}

fn push(world: &World, entries: u64) {
    for _ in 0..entries {
        world.log.push(entry(NEW_YEAR_MS, "u"));
    }
    world.drain(&mut world.writer());
}

#[test]
fn a_rollup_follows_the_base_and_no_faster_than_it_should() {
    let world = World::new();
    let mut rollup = writer(&world);
    assert_eq!(rollup.lag(), None);
    drain(&world, &mut rollup);
    for round in 1..5 {
        push(&world, 25);
        assert_eq!(rollup.lag(), Some(25));
        drain(&world, &mut rollup);
        assert_exact(&world, 25 * round);
    }
    assert_eq!(world.shared.counters.rollups.get(), 4, "several blocks a statement");
    assert!(world.clock.0.load(Ordering::Relaxed) >= 3 * ROLLUP_EVERY_MS);
}

#[test]
fn a_kill_at_any_step_counts_nothing_twice() {
    for unknown in [Order::AppliedUnknown, Order::AbsentUnknown, Order::BeginsLate, Order::NotBegun]
    {
        for kill_at in 0..20 {
            let world = World::new();
            push(&world, 12);
            world.store.0.lock().unwrap().orders.extend([unknown]);
            let mut rollup = writer(&world);
            for _ in 0..kill_at {
                step(&world, &mut rollup);
            }
            drop(rollup);
            let orders = std::mem::take(&mut world.store.0.lock().unwrap().orders);
            push(&world, 5);
            world.store.0.lock().unwrap().orders = orders;
            drain(&world, &mut writer(&world));
            assert_exact(&world, 17);
        }
    }
}

#[test]
fn a_watermark_inside_of_a_range_is_a_violation() {
    let world = World::new();
    push(&world, 12);
    let mut rollup = writer(&world);
    world.store.0.lock().unwrap().orders.push_back(Order::AbsentUnknown);
    for _ in 0..20 {
        step(&world, &mut rollup);
        if world.shared.counters.doubts.get() > 0 {
            world.store.0.lock().unwrap().marks.insert((ROLLUP, 0), 7);
            break;
        }
    }
    for _ in 0..20 {
        step(&world, &mut rollup);
    }
    assert!(world.shared.counters.violations.get() > 0);
    assert!(world.store.0.lock().unwrap().rolled.is_empty());
}

#[test]
fn planted_mistakes_are_seen() {
    let bugs = [
        Bug::WatermarkNotAsked,
        Bug::WatermarkForgotten,
        Bug::RollupGap,
        Bug::RollupOverlap,
        Bug::RollupNotFenced,
    ];
    for bug in bugs {
        let caught = std::panic::catch_unwind(|| {
            let _planted = plant(bug);
            a_kill_at_any_step_counts_nothing_twice();
            a_rollup_follows_the_base_and_no_faster_than_it_should();
        });
        assert!(caught.is_err(), "{bug:?} was not seen");
    }
}
