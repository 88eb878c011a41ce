//! A disk that tears, damages, and is slow.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tidemark_stack::stack::until;
use tidemark_stack::{Binaries, Process, Random};

use crate::sender::Habits;
use crate::world::World;

/// The log's segments, and their lengths.
fn segments(data: &Path) -> Result<BTreeMap<PathBuf, u64>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![data.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "seg") {
                found.insert(path, entry.metadata()?.len());
            }
        }
    }
    Ok(found)
}

/// Files that were kept aside.
fn quarantined(data: &Path) -> usize {
    let folder = data.join("log/events.raw/quarantine");
    let other = data.join("events.raw/quarantine");
    [folder, other].iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().count()
}

/// A group was written and not synced, the process died, and of one lane's frame half
/// is on the disk: it is cut off, said, and what its sender sends again is accepted.
pub fn torn_write(binaries: &Binaries) -> Result<String> {
    let mut random = Random::new(7, 2);
    let mut world = World::new(binaries)?;
    let stop_at = world.tidemark.file_variable("TIDEMARK_STOP_AT", "stop-at");
    world.start()?;
    world.send_some(&mut random, 10, 20);
    let mut torn = 0;
    for cut in [1, 2, 3] {
        let before = segments(&world.tidemark.data())?;
        fs::write(&stop_at, "log.sync")?;
        world.send(&mut random, 1, Habits { batch_max: 40, pause_max_ms: 0, held_one_in: 0 });
        until("between write and sync", || {
            Ok(world.tidemark.process.as_ref().is_some_and(Process::is_stopped))
        })?;
        world.tidemark.kill()?;
        for (path, length) in segments(&world.tidemark.data())? {
            let durable = before.get(&path).copied().unwrap_or(0);
            if length > durable {
                // A quarter, a half, three quarters of what was written.
                let file = OpenOptions::new().write(true).open(&path)?;
                file.set_len(durable + (length - durable) * cut / 4)?;
                torn += 1;
            }
        }
        world.start()?;
        world.finish_sending()?;
    }
    ensure!(torn > 0, "nothing was written before the sync");
    world.must_be_exact()?;
    Ok(format!("{torn} torn frames, {} events are there once", world.book.count()))
}

/// A bit of a durable entry is another: its frame's entries are counted as lost and
/// kept aside, and everything else is there.
pub fn flipped_bit(binaries: &Binaries) -> Result<String> {
    let mut random = Random::new(7, 3);
    let mut world = World::started(binaries)?;
    world.send_some(&mut random, 5, 20);
    world.until_written()?;
    // From here on the log alone has them.
    world.clickhouse.kill()?;
    let before = segments(&world.tidemark.data())?;
    world.send_some(&mut random, 30, 20);
    world.tidemark.kill()?;
    let (path, length) = segments(&world.tidemark.data())?
        .into_iter()
        .max_by_key(|(path, length)| length - before.get(path).copied().unwrap_or(0))
        .context("there is no segment")?;
    let durable = before.get(&path).copied().unwrap_or(0);
    let at = durable + (length - durable) / 2;
    let file = OpenOptions::new().read(true).write(true).open(&path)?;
    let mut byte = [0];
    file.read_exact_at(&mut byte, at)?;
    file.write_all_at(&[byte[0] ^ 0x10], at)?;
    world.start()?;

    // What is missing once the rest is there is what the collector says is lost.
    let acked = world.book.count() as u64;
    let damaged = || -> Result<u64> {
        let said = world.tidemark.metric("tidemark_writer_damaged_total")?.unwrap_or(0.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
        Ok(said as u64)
    };
    until("all but the damaged in events_raw", || {
        Ok(damaged()? > 0 && world.rows() + damaged()? == acked)
    })
    .with_context(|| world.tidemark.log_end(20))?;
    let lost_count = damaged()?;
    let there = world.clickhouse.query("SELECT event_id FROM tidemark.events_raw")?;
    let there: BTreeSet<&str> = there.lines().collect();
    let acked = world.book.acked.lock().map(|acked| acked.clone()).unwrap_or_default();
    let lost: BTreeSet<String> =
        acked.into_iter().map(|event| event.id).filter(|id| !there.contains(id.as_str())).collect();
    ensure!(lost.len() as u64 == lost_count, "{} lost, {lost_count} said", lost.len());
    ensure!(lost.len() <= 20, "{} events of one frame", lost.len());
    let log = world.tidemark.log();
    ensure!(log.contains("log_damaged"), "nothing is said");
    ensure!(quarantined(&world.tidemark.data()) > 0, "nothing is kept aside");
    // And it serves.
    world.send_some(&mut random, 5, 20);
    world.must_be_exact_without(&lost)?;
    Ok(format!("{} entries lost with one frame, said, kept aside; the rest is there", lost.len()))
}

/// Each fsync takes 30 ms: batches that come meanwhile share the next.
pub fn slow_disk(binaries: &Binaries) -> Result<String> {
    let mut random = Random::new(7, 4);
    let mut world = World::new(binaries)?;
    let delay = world.tidemark.file_variable("TIDEMARK_SYNC_DELAY_MS", "delay");
    world.start()?;
    fs::write(&delay, "30")?;
    world.send(&mut random, 12, Habits { batch_max: 4, pause_max_ms: 5, held_one_in: 0 });
    std::thread::sleep(Duration::from_secs(4));
    // Killed once while it is slow.
    world.tidemark.kill()?;
    world.tidemark.start()?;
    std::thread::sleep(Duration::from_secs(3));
    fs::remove_file(&delay)?;
    world.must_be_exact()?;
    let later = world.book.later.load(Ordering::Relaxed);
    Ok(format!("{} events are there once, {later} answers said later", world.book.count()))
}
