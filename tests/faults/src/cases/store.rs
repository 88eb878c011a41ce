//! ClickHouse that applies and does not answer, and ClickHouse that is away.

use std::fs;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tidemark_stack::stack::until;
use tidemark_stack::{Binaries, Process, Random};

use super::proxy;
use crate::sender::Habits;
use crate::world::World;

/// Resident memory that a collector may have while ClickHouse is away: the index and
/// the queues are bounded, and everything else waits on the disk.
const MEMORY_MAX_BYTES: u64 = 512 * 1024 * 1024;

/// Batches, and the events of each, that are taken while ClickHouse is away: 50,000.
const BACKLOG_BATCHES: u64 = 125;
const BACKLOG_BATCH: u64 = 400;

/// Statements are applied and their connections lost: each is found to be there, and
/// none is sent a second time.
pub fn lost_answers(binaries: &Binaries) -> Result<String> {
    let mut random = Random::new(7, 6);
    let mut world = World::new(binaries)?;
    let (address, losses) = proxy::start(world.clickhouse.address)?;
    let config = world.folder.path().join("tidemark.toml");
    let text = fs::read_to_string(&config)?;
    let (direct, through) = (world.clickhouse.address.to_string(), address.to_string());
    fs::write(&config, text.replace(&direct, &through))?;
    world.start()?;
    world.send(&mut random, 3, Habits { batch_max: 12, pause_max_ms: 40, held_one_in: 10 });
    for _ in 0..4 {
        losses.to_lose.store(2, Ordering::SeqCst);
        let before = losses.lost.load(Ordering::SeqCst);
        until("two answers lost", || Ok(losses.lost.load(Ordering::SeqCst) >= before + 2))?;
        std::thread::sleep(Duration::from_millis(random.below(1_500)));
    }
    losses.to_lose.store(0, Ordering::SeqCst);
    world.finish_sending()?;
    world.until_written()?;
    let doubts = world.tidemark.metric("tidemark_writer_doubts_total")?.unwrap_or(0.0);
    ensure!(doubts >= 1.0, "no statement was doubted");
    world.must_be_exact()?;
    let lost = losses.lost.load(Ordering::SeqCst);
    Ok(format!("{lost} answers lost, {doubts} doubts, {} events once", world.book.count()))
}

/// ClickHouse is away while senders go on: they are answered, memory is bounded, and
/// afterwards it is caught up with at least three times as fast as more comes.
pub fn clickhouse_away(binaries: &Binaries) -> Result<String> {
    let mut random = Random::new(7, 7);
    let mut world = World::started(binaries)?;
    world.send(&mut random, 4, Habits { batch_max: 20, pause_max_ms: 60, held_one_in: 0 });
    until("some rows", || Ok(world.rows() > 100))?;
    world.clickhouse.kill()?;
    let (away, begun) = (Instant::now(), world.book.count());
    let mut resident = 0;
    while away.elapsed() < Duration::from_secs(10) {
        let usage = world.tidemark.process.as_ref().map(Process::usage);
        resident = resident.max(usage.unwrap_or_default().resident_bytes);
        std::thread::sleep(Duration::from_millis(100));
    }
    // A backlog that takes ClickHouse seconds, beside what the senders bring.
    world.send_some(&mut random, BACKLOG_BATCHES, BACKLOG_BATCH);
    let taken = world.book.count() - begun;
    ensure!(taken >= 50_000, "only {taken} events were taken while ClickHouse was away");
    let usage = world.tidemark.process.as_ref().map(Process::usage);
    resident = resident.max(usage.unwrap_or_default().resident_bytes);
    ensure!(resident < MEMORY_MAX_BYTES, "{resident} bytes resident");

    world.clickhouse.start()?;
    world.clickhouse.until_ready()?;
    // From the first block that lands, so that the breaker's pause is not in it.
    let rows = world.rows();
    until("the first block", || Ok(world.rows() > rows))?;
    let (begun, first, arrived) = (Instant::now(), world.rows(), world.book.count());
    until("caught up", || Ok(world.rows() + 400 >= world.book.count() as u64))?;
    let took = begun.elapsed();
    let drained = world.rows().saturating_sub(first);
    let arrived = (world.book.count() - arrived) as u64;
    ensure!(drained >= 3 * arrived, "{drained} drained while {arrived} came ({took:?})");
    world.must_be_exact()?;
    Ok(format!(
        "{taken} events taken while it was away, at most {} MB resident; {drained} drained while \
         {arrived} came",
        resident / 1_048_576
    ))
}

/// A collector with a log starts while ClickHouse is away: what it has is kept, what
/// comes is taken or refused as a whole, and all is there when ClickHouse is back.
pub fn clickhouse_away_at_the_start(binaries: &Binaries) -> Result<String> {
    let mut random = Random::new(7, 8);
    let mut world = World::started(binaries)?;
    world.send_some(&mut random, 10, 10);
    world.clickhouse.kill()?;
    world.send_some(&mut random, 10, 10);
    world.tidemark.kill()?;
    world.tidemark.start()?;
    world.send(&mut random, 2, Habits { batch_max: 10, pause_max_ms: 50, held_one_in: 0 });
    std::thread::sleep(Duration::from_secs(2));
    let taken = world.book.count();
    world.clickhouse.start()?;
    world.must_be_exact()?;
    Ok(format!("{taken} events before it was back, {} in all, once", world.book.count()))
}
